"""Adapters for what callers pass in: iterables to read and callbacks to call."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Callable, Iterable
from typing import Generic, TypeAlias, TypeVar

from ..errors import InvalidInputError

T = TypeVar("T")
A = TypeVar("A")

AsyncItems: TypeAlias = Iterable[T] | AsyncIterable[T]
"""Types that ``AsyncFeed`` accepts."""

Items: TypeAlias = Iterable[T]
"""Types that ``Feed`` accepts."""

END = object()
"""Returned by ``take`` when there are no more items."""

_EXPECTED = "items: expected an iterable, such as a list or a generator, got "


class AsyncFeed(Generic[T]):
    """Take items one by one from an iterable or an async iterable.

    Args:
        items: the source; nothing is read ahead.

    Raises:
        InvalidInputError: ``items`` is neither.
    """

    def __init__(self, items: AsyncItems[T]) -> None:
        if isinstance(items, AsyncIterable):
            self._later = aiter(items)
            self._now = None
        else:
            _check(items)
            self._now = iter(items)

    async def take(self) -> T | object:
        """Return the next item, or ``END``."""
        if self._now is not None:
            return next(self._now, END)
        return await anext(self._later, END)


class Feed(Generic[T]):
    """Take items one by one from an iterable.

    Args:
        items: the source; nothing is read ahead.

    Raises:
        InvalidInputError: ``items`` is not iterable.
    """

    def __init__(self, items: Items[T]) -> None:
        _check(items)
        self._now = iter(items)

    def take(self) -> T | object:
        """Return the next item, or ``END``."""
        return next(self._now, END)


def _check(items: object) -> None:
    # Iterable too, but only into characters, byte values or keys, which is never what was meant.
    if isinstance(items, (str, bytes, dict)) or not isinstance(items, Iterable):
        raise InvalidInputError(f"{_EXPECTED}{type(items).__name__}")


async def async_call(fn: Callable[[A], object], value: A) -> object:
    """Call a function that may be async, and return its result."""
    result = fn(value)
    return await result if inspect.isawaitable(result) else result


def call(fn: Callable[[A], object], value: A) -> object:
    """Call a function, and return its result."""
    return fn(value)
