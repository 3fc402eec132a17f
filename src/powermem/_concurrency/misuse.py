"""Errors that show the right spelling when a memory is used the way of the other colour."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from ..errors import InvalidInputError

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
