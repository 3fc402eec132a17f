"""Entering or awaiting a memory in the way of the other colour is refused with the right way to write it."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from ..errors import InvalidInputError

_Class = TypeVar("_Class", bound=type)


def async_refuse_misuse(cls: _Class) -> _Class:
    """Explain a ``with`` without ``async``, and an ``await`` of the object itself."""
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
    """Explain an ``async with``, and an ``await`` of the object itself."""
    name = cls.__name__
    refuse(cls, f"write `with {name}(...) as memory:`, or use AsyncMemory", "__aenter__", "__aexit__")
    refuse(cls, f"{name} is not awaited; use AsyncMemory in async code", "__await__")
    return cls


def refuse(cls: type, message: str, *names: str) -> None:
    """Let methods of a class raise; set here, so that type checkers still see that there are none."""

    def refused(*_: Any) -> NoReturn:
        raise InvalidInputError(message)

    for name in names:
        setattr(cls, name, refused)
