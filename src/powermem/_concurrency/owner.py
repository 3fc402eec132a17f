"""Bind an object to the event loop and process that used it first, and to code of its colour."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from itertools import repeat
from typing import Any, NoReturn, TypeVar

from ..errors import ClosedError, InvalidInputError
from .signals import running_loop

# What runs the caller's code: its event loop, or ``None`` outside of any; for threads an object that stands
# for the process. Every call of a memory asks for it, so for threads it is a single call of C.
async_residence: Callable[[], object | None] = running_loop
residence: Callable[[], object | None] = repeat(object()).__next__


def async_has_ended(place: object) -> bool:
    """Return whether the event loop that ``async_residence`` returned is closed."""
    return isinstance(place, asyncio.AbstractEventLoop) and place.is_closed()


def has_ended(place: object) -> bool:
    """Return ``False``: the process is running."""
    return False


class AsyncOwner:
    """Restrict an object to one event loop in one process."""

    _loop: asyncio.AbstractEventLoop | None = None
    _process = 0

    def check(self) -> None:
        """Record the caller's event loop and process, or compare them with those recorded before.

        Raises:
            ClosedError: the object belongs to another event loop, or to the parent of a forked process.
        """
        loop = asyncio.get_running_loop()
        process = os.getpid()
        if self._loop is loop and self._process == process:
            return
        if self._loop is None:
            self._loop, self._process = loop, process
            return
        if self._process != process:
            raise ClosedError(_forked("AsyncMemory", self._process))
        state = "closed" if self._loop.is_closed() else "still open"
        raise ClosedError(
            f"this AsyncMemory belongs to another event loop, which is {state}; "
            "make one AsyncMemory per event loop"
        )

    @property
    def forked(self) -> bool:
        """Whether the object belongs to the process that forked this one."""
        return self._process not in (0, os.getpid())

    def release(self) -> None:
        """Forget the owner; the next call of ``check`` records a new one."""
        self._loop, self._process = None, 0


class Owner:
    """Restrict an object to one process; every thread of it may use the object."""

    _process = 0

    def check(self) -> None:
        """Record the caller's process, or compare it with the one recorded before.

        Raises:
            ClosedError: the object belongs to the parent of a forked process.
        """
        process = os.getpid()
        if self._process == process:
            return
        if self._process:
            raise ClosedError(_forked("Memory", self._process))
        self._process = process

    @property
    def forked(self) -> bool:
        """Whether the object belongs to the process that forked this one."""
        return self._process not in (0, os.getpid())

    def release(self) -> None:
        """Forget the owner; the next call of ``check`` records a new one."""
        self._process = 0


def _forked(name: str, process: int) -> str:
    return f"this {name} belongs to process {process}, which was forked; make one {name} in each process"


_Class = TypeVar("_Class", bound=type)


def async_refuse_misuse(cls: _Class) -> _Class:
    """Make ``with`` and ``await`` on an async class raise an error that shows the right spelling."""
    name = cls.__name__
    refuse(
        cls,
        f"write `async with {name}(...) as memory:`, or use Memory in code that is not async",
        "__enter__",
        "__exit__",
    )
    refuse(cls, f"{name}(...) is not awaited, its methods are: `await memory.search(...)`", "__await__")
    return cls


def refuse_misuse(cls: _Class) -> _Class:
    """Make ``async with`` and ``await`` on a sync class raise an error that shows the right spelling."""
    name = cls.__name__
    refuse(cls, f"write `with {name}(...) as memory:`, or use AsyncMemory", "__aenter__", "__aexit__")
    refuse(cls, f"{name} is not awaited; use AsyncMemory in async code", "__await__")
    return cls


def refuse(cls: type, message: str, *names: str) -> None:
    """Add methods that raise to a class; added at run time, so that type checkers still report the misuse."""

    def refused(*_: Any) -> NoReturn:
        raise InvalidInputError(message)

    for name in names:
        setattr(cls, name, refused)
