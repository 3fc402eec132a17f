"""Check the arguments of public methods: their values, and whether they fit the signature."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, wraps
from pathlib import Path
from types import FunctionType
from typing import IO, Any, TypeAlias, TypeVar
from uuid import UUID

from ..errors import InvalidInputError
from ..types import ProgressRecord, TaskStatus
from .ids import MAX_ID
from .masking import shown
from .text.cleaning import check_text
from .values import Scope

Id: TypeAlias = str | int | UUID
"""An id of a user, an agent, a run or an actor, as it may be passed."""

Moment: TypeAlias = str | datetime | int | float
"""A point in time, as it may be passed; see `clock.parse`."""

File: TypeAlias = str | os.PathLike[str] | IO[Any]
"""A path, or an open file of text or bytes."""

Item: TypeAlias = str | Mapping[str, Any] | Iterable[Any]
"""One item of ``add_many``."""

Listener: TypeAlias = Callable[[ProgressRecord], object]
"""A callback for the progress of a call; may be async where the memory is."""

Observer: TypeAlias = Callable[[TaskStatus], object]
"""A callback for tasks that are done; it gets what ``get_status`` returns."""

MAX_ID_LENGTH = 128
"""The longest id of a user, agent, run or actor, and the longest memory type: the narrowest column of any
store."""

MAX_KEY_LENGTH = 256
"""Longest idempotency key, for the same reason."""


_Class = TypeVar("_Class", bound=type)


class Keep:
    """The type of ``KEEP``."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = Keep()
"""The default of arguments that leave a value unchanged, where ``None`` removes it."""

MAX_COUNT = (1 << 63) - 1
"""Larger counts are cut to this one; no store holds as many rows."""

MAX_SPAN = 20
"""The most turns before and after a result that a search adds."""

SORT_COLUMNS = ("created_at", "updated_at", "valid_from", "id")


def check_id(value: object, name: str) -> str | None:
    """Return an id as a string; integers and UUIDs are converted.

    Raises:
        InvalidInputError: it is blank (which would otherwise mean all users), too long, or of another type.
    """
    if value is None:
        return None
    if type(value) is str:
        return _checked_id(value, name)
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 64:
            raise InvalidInputError(f"{name}: expected a string, got an integer beyond 64 bits")
        value = str(value)
    if isinstance(value, UUID):
        value = str(value)
    if not isinstance(value, str):
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got {shown(value)}")
    # It may be a member of a string enumeration, which some drivers would write by its name.
    return _checked_id(str.__str__(value), name)


# Cached, since the same few ids come with every call; errors are not.
@lru_cache(maxsize=1024)
def _checked_id(value: str, name: str) -> str:
    if not value.strip():
        raise InvalidInputError(f"{name}: must not be blank; leave it out to mean no {name}")
    if len(value) > MAX_ID_LENGTH:
        raise InvalidInputError(f"{name}: at most {MAX_ID_LENGTH} characters, got {len(value)}")
    if "\x00" in value:
        raise InvalidInputError(f"{name}: must not hold a NUL character")
    return check_text(value, name)


def read_id(value: object, name: str) -> int | None:
    """Return an id of powermem's as an integer, or ``None`` for a string or number that cannot be one.

    Raises:
        InvalidInputError: it is neither an integer nor a string.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise InvalidInputError(f"{name}: expected an integer or a string, got {shown(value)}")
    return parse_id(value)


def parse_id(value: object) -> int | None:
    """Return an id given as an integer or a decimal string; ``None`` for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        value = int(text)
    if isinstance(value, int) and 0 < value <= MAX_ID:
        return value
    return None


def check_scope(user_id: object, agent_id: object, run_id: object) -> Scope:
    """Return the scope of checked ids."""
    return Scope(check_id(user_id, "user_id"), check_id(agent_id, "agent_id"), check_id(run_id, "run_id"))


def is_theirs(scope: Scope, whose: Scope) -> bool:
    """Return whether a scope belongs to the user, agent and run of ``whose``, where ``None`` matches all."""
    return all(wanted in (None, own) for wanted, own in zip(whose, scope, strict=True))


def check_text_given(value: object, name: str, longest: int | None = None) -> str:
    """Return a text, stripped.

    Raises:
        InvalidInputError: it is blank, longer than ``longest`` characters, or not a string.
    """
    if not isinstance(value, str):
        raise InvalidInputError(f"{name}: expected a string, got {type(value).__name__}")
    if not value.strip():
        raise InvalidInputError(f"{name}: must not be blank")
    text = value.strip()
    if longest is not None and len(text) > longest:
        raise InvalidInputError(f"{name}: at most {longest} characters, got {len(text)}")
    return check_text(text, name)


def check_count(value: object, name: str, *, least: int) -> int:
    """Return an integer of at least ``least``, cut to `MAX_COUNT`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{name}: expected an integer, got {shown(value)}")
    if value < least:
        raise InvalidInputError(f"{name}: must be at least {least}, got {shown(value)}")
    return min(value, MAX_COUNT)


def check_limit(limit: object, top_k: object, *, least: int) -> int:
    """Return the number of results; ``top_k`` is a synonym of ``limit`` and takes precedence."""
    if top_k is None:
        return check_count(limit, "limit", least=least)
    return check_count(top_k, "top_k", least=least)


def check_around(value: object) -> int:
    """Return how many turns to add before and after each result."""
    span = check_count(value, "around", least=0)
    if span > MAX_SPAN:
        raise InvalidInputError(f"around: must be at most {MAX_SPAN} turns in each direction, got {span}")
    return span


def check_sort(sort_by: object, order: object) -> tuple[str, bool]:
    """Return the column to sort by, and whether the order is descending."""
    column = "created_at" if sort_by is None else sort_by
    if not isinstance(column, str) or column not in SORT_COLUMNS:
        raise InvalidInputError(f"sort_by: expected one of {', '.join(SORT_COLUMNS)}, got {shown(sort_by)}")
    if not isinstance(order, str) or order not in ("asc", "desc"):
        raise InvalidInputError(f"order: expected 'asc' or 'desc', got {shown(order)}")
    return str(column), order == "desc"


def check_choice(value: object, name: str, choices: Sequence[str]) -> str:
    """Return a value that is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInputError(
            f"{name}: expected one of {', '.join(map(repr, choices))}, got {shown(value)}"
        )
    return str(value)


def check_mode(value: object) -> bool:
    """Return whether ``async_mode`` asks for work in the background."""
    if isinstance(value, bool):
        return value
    return check_choice(value, "async_mode", ("async", "sync")) == "async"


def check_flag(value: object, name: str) -> bool:
    """Return a value that is true or false."""
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name}: expected True or False, got {shown(value)}")
    return value


def check_share(value: object, name: str) -> float | None:
    """Return a number from 0 to 1, or ``None``."""
    fits = value is None or 0 <= _number(value) <= 1
    return _checked(value, name, "a number from 0 to 1", fits)


def check_rate(value: object, name: str) -> float | None:
    """Return a positive number, or ``None``."""
    fits = value is None or 0 < _number(value) < math.inf
    return _checked(value, name, "a positive number", fits)


def check_seconds(value: object, name: str) -> float | None:
    """Return a number that is not negative, or ``None``."""
    fits = value is None or _number(value) >= 0
    return _checked(value, name, "a number of seconds, or None", fits)


def check_amount(value: object, name: str) -> float:
    """Return a finite number that is not negative."""
    fits = 0 <= _number(value) < math.inf
    return _checked(value, name, "a number that is not negative", fits) or 0.0


def check_callback(value: object, name: str) -> None:
    """Refuse a value that is neither ``None`` nor callable."""
    if value is not None and not callable(value):
        raise InvalidInputError(f"{name}: expected a function, got {shown(value)}")


def check_path(value: object, name: str) -> Path:
    """Return an absolute path, which stays valid if the program changes its working directory.

    Raises:
        InvalidInputError: it is blank, of another type, no valid file name, or relative to a working
            directory that has been removed.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise InvalidInputError(f"{name}: expected a path, got {shown(value)}")
    text = os.fspath(value)
    if not isinstance(text, str):
        raise InvalidInputError(f"{name}: expected a path of text, got {shown(text)}")
    if not text.strip():
        raise InvalidInputError(f"{name}: must not be blank")
    if "\x00" in text:
        raise InvalidInputError(f"{name}: must not hold a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name}: {shown(text)} cannot be the name of a file") from None
    try:
        # Not normalized, since `..` behind a symbolic link is not the folder that it seems to be.
        return Path(text).absolute()
    except FileNotFoundError:
        raise _gone(name) from None


def absolute(path: str, name: str) -> str:
    """Return an absolute, normalized path.

    Raises:
        InvalidInputError: it is relative to a working directory that has been removed.
    """
    try:
        return os.path.abspath(path)
    except FileNotFoundError:
        raise _gone(name) from None


def _gone(name: str) -> InvalidInputError:
    return InvalidInputError(
        f"{name}: the current folder was removed; change to another one (os.chdir), or give an absolute path"
    )


def _number(value: object) -> float:
    """Return a value that is a number; NaN, which is in no range, for any other."""
    return math.nan if isinstance(value, bool) or not isinstance(value, (int, float)) else value


def _checked(value: Any, name: str, expected: str, fits: bool) -> float | None:
    if not fits:
        raise InvalidInputError(f"{name}: expected {expected}, got {shown(value)}")
    # The cut keeps a huge integer from overflowing a float.
    return None if value is None else float(min(value, MAX_COUNT))


def named(public: str) -> Callable[[_Class], _Class]:
    """Name the public methods of a class, including inherited ones, as users call them.

    A call whose arguments do not fit the signature raises ``InvalidInputError`` instead of a ``TypeError``
    with the name of an internal class. Signatures stay as they are.

    Args:
        public: the public name of the class, such as ``"Memory"``.
    """

    def rename(cls: _Class) -> _Class:
        for name in dir(cls):
            made = inspect.getattr_static(cls, name)
            if isinstance(made, FunctionType) and (name == "__init__" or not name.startswith("_")):
                call = public if name == "__init__" else f"{public}.{name}"
                wrapped = _awaited(made, call) if inspect.iscoroutinefunction(made) else _called(made, call)
                wrapped.__qualname__ = f"{public}.{name}"
                setattr(cls, name, wrapped)
        # Set dynamically, since with a __getattr__ in the class, type checkers would accept any attribute.
        setattr(cls, "__getattr__", _lacking(public, dir(cls)))  # noqa: B010
        return cls

    return rename


def _lacking(public: str, names: list[str]) -> Callable[[object, str], Any]:
    known = [name for name in names if not name.startswith("_")]

    def __getattr__(self: object, name: str) -> Any:
        if name.startswith("_"):
            # Looked up by protocols, such as those of pickle and IPython.
            raise AttributeError(f"{public} has no {name!r}")
        from .hints.names import explain_attribute

        raise AttributeError(explain_attribute(public, name, known))

    return __getattr__


def _called(made: Callable[..., Any], call: str) -> Callable[..., Any]:
    @wraps(made)
    def called(*given: Any, **by_name: Any) -> Any:
        try:
            return made(*given, **by_name)
        except TypeError as error:
            _check_fits(error, call, made, given, by_name)
            raise

    return called


def _awaited(made: Callable[..., Any], call: str) -> Callable[..., Any]:
    @wraps(made)
    async def called(*given: Any, **by_name: Any) -> Any:
        try:
            return await made(*given, **by_name)
        except TypeError as error:
            _check_fits(error, call, made, given, by_name)
            raise

    return called


def _check_fits(
    error: TypeError, call: str, made: Callable[..., Any], given: tuple[Any, ...], by_name: dict[str, Any]
) -> None:
    # If the arguments do not fit, the method was never entered, so its frame is not in the traceback.
    if error.__traceback__ is None or error.__traceback__.tb_next is not None:
        return
    signature = inspect.signature(made)
    bound = signature.replace(parameters=list(signature.parameters.values())[1:])
    # Imported here, since it is needed for errors only.
    from .hints.names import explain

    raise InvalidInputError(explain(call, bound, given[1:], by_name)) from None
