"""Checks of the arguments of public methods: whether they fit, and what many methods share."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from .cleaning import check_text
from .errors import InvalidInputError
from .masking import shown
from .types import Scope

Id: TypeAlias = str | int | UUID
"""What users may give as an id of a user, an agent, a run or an actor."""

Moment: TypeAlias = str | datetime | int | float
"""What users may give as a moment; see ``clock.parse``."""

MAX_ID_LENGTH = 128
"""Longest id of a user, agent, run or actor, and memory type: what the narrowest store's column holds."""

MAX_KEY_LENGTH = 256
"""Longest idempotency key, for the same reason."""


_Class = TypeVar("_Class", bound=type)


class Keep:
    """The type of ``KEEP``."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = Keep()
"""Stands for "leave it as it is", where ``None`` means something else."""

MAX_COUNT = (1 << 63) - 1
"""What is beyond is the same as no limit: no store holds so many rows."""

SORT_COLUMNS = ("created_at", "updated_at", "id")


def check_id(value: object, name: str) -> str | None:
    """Return an id as a string; integers and UUIDs become their usual text.

    Raises:
        InvalidInputError: it is blank, too long, or of another type. A blank id is an error, since it would
            otherwise mean "everybody".
    """
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 64:
            raise InvalidInputError(f"{name}: expected a string, got an integer beyond 64 bits")
        value = str(value)
    if isinstance(value, UUID):
        value = str(value)
    if not isinstance(value, str):
        raise InvalidInputError(f"{name}: expected a string, an integer or a UUID, got {shown(value)}")
    if type(value) is not str:
        # A member of an enumeration: drivers write some of them by their names.
        value = str.__str__(value)
    if not value.strip():
        raise InvalidInputError(f"{name}: must not be blank; leave it out to mean no {name}")
    if len(value) > MAX_ID_LENGTH:
        raise InvalidInputError(f"{name}: at most {MAX_ID_LENGTH} characters, got {len(value)}")
    if "\x00" in value:
        raise InvalidInputError(f"{name}: must not hold a NUL character")
    return check_text(value, name)


def read_id(value: object, name: str) -> int | None:
    """Return an id that powermem gave, or ``None`` for a text or a number that cannot be one.

    Raises:
        InvalidInputError: it is neither an integer nor a string.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise InvalidInputError(f"{name}: expected an integer or a string, got {shown(value)}")
    return parse_id(value)


def parse_id(value: object) -> int | None:
    """Read an id given as an integer or as its decimal string; anything else is ``None``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        value = int(text)
    if isinstance(value, int) and 0 < value < 1 << 63:
        return value
    return None


def check_scope(user_id: object, agent_id: object, run_id: object) -> Scope:
    """Return the checked ids."""
    return Scope(check_id(user_id, "user_id"), check_id(agent_id, "agent_id"), check_id(run_id, "run_id"))


def is_theirs(scope: Scope, whose: Scope) -> bool:
    """Tell whether what has a scope belongs to the user and the agent that are named, as far as any are."""
    return whose.user_id in (None, scope.user_id) and whose.agent_id in (None, scope.agent_id)


def check_text_given(value: object, name: str, longest: int | None = None) -> str:
    """Return a text that is not blank, stripped.

    Raises:
        InvalidInputError: it is blank, longer than ``longest`` characters or not a string.
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
    """Return an integer that is at least ``least``, as large as any store can count."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(f"{name}: expected an integer, got {shown(value)}")
    if value < least:
        raise InvalidInputError(f"{name}: must be at least {least}, got {shown(value)}")
    return min(value, MAX_COUNT)


def check_limit(limit: object, top_k: object, *, least: int) -> int:
    """Return how many results are wanted; ``top_k`` is another name for ``limit`` and wins."""
    if top_k is None:
        return check_count(limit, "limit", least=least)
    return check_count(top_k, "top_k", least=least)


def check_share(value: object, name: str) -> float | None:
    """Return a number from 0 to 1, or ``None``."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvalidInputError(f"{name}: expected a number from 0 to 1, got {shown(value)}")
    return _as_float(value)


def check_sort(sort_by: object, order: object) -> tuple[str, bool]:
    """Return the column to sort by and whether it goes down."""
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


def check_rate(value: object, name: str) -> float | None:
    """Return a positive number, or ``None``."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise InvalidInputError(f"{name}: expected a positive number, got {shown(value)}")
    return _as_float(value)


def check_seconds(value: object, name: str) -> float | None:
    """Return a number that is not negative, or ``None``."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise InvalidInputError(f"{name}: expected a number of seconds, or None, got {shown(value)}")
    return _as_float(value)


def check_amount(value: object, name: str) -> float:
    """Return a number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise InvalidInputError(f"{name}: expected a number that is not negative, got {shown(value)}")
    return _as_float(value)


def check_callback(value: object, name: str) -> None:
    """Refuse what is neither ``None`` nor can be called."""
    if value is not None and not callable(value):
        raise InvalidInputError(f"{name}: expected a function, got {shown(value)}")


def check_path(value: object, name: str) -> Path:
    """Return a path that an operating system can be asked for, also when the program changes its folder.

    Raises:
        InvalidInputError: it is blank, of another type, holds a NUL character or half of a surrogate pair, or
            is relative to a folder that does not exist any more.
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
        # Not normalised: beyond a symbolic link, `..` is another folder than it seems.
        return Path(text).absolute()
    except FileNotFoundError:
        raise _gone(name) from None


def absolute(path: str, name: str) -> str:
    """Return a path that means the same file when the program changes its folder.

    Raises:
        InvalidInputError: it is relative to a folder that does not exist any more.
    """
    try:
        return os.path.abspath(path)
    except FileNotFoundError:
        raise _gone(name) from None


def _gone(name: str) -> InvalidInputError:
    return InvalidInputError(
        f"{name}: the current folder was removed; change to another one (os.chdir), or give an absolute path"
    )


def _as_float(value: float) -> float:
    # No store and no clock counts further.
    return float(min(value, MAX_COUNT))


def named(public: str) -> Callable[[_Class], _Class]:
    """Give the public methods of a class, inherited ones too, the name that users call them by.

    A call with arguments that do not fit then raises ``InvalidInputError``, and no ``TypeError`` that names
    the class a method happens to stand in. Signatures stay as they are.

    Args:
        public: how users write the class, such as ``"Memory"``.
    """

    def rename(cls: _Class) -> _Class:
        for name in dir(cls):
            made = inspect.getattr_static(cls, name)
            if isinstance(made, FunctionType) and (name == "__init__" or not name.startswith("_")):
                call = public if name == "__init__" else f"{public}.{name}"
                wrapped = _awaited(made, call) if inspect.iscoroutinefunction(made) else _called(made, call)
                wrapped.__qualname__ = f"{public}.{name}"
                setattr(cls, name, wrapped)
        # Set here, so that type checkers still know which attributes there are.
        setattr(cls, "__getattr__", _lacking(public, dir(cls)))  # noqa: B010
        return cls

    return rename


def _lacking(public: str, names: list[str]) -> Callable[[object, str], Any]:
    known = [name for name in names if not name.startswith("_")]

    def __getattr__(self: object, name: str) -> Any:
        if name.startswith("_"):
            # Asked for by protocols, such as those of pickle and of shells.
            raise AttributeError(f"{public} has no {name!r}")
        from .missing import explain_attribute

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
    # When the arguments do not fit, the method was never entered, so its frame is not in the traceback.
    if error.__traceback__ is None or error.__traceback__.tb_next is not None:
        return
    signature = inspect.signature(made)
    bound = signature.replace(parameters=list(signature.parameters.values())[1:])
    # Imported here, because only a call that does not fit needs it.
    from .calls import explain

    raise InvalidInputError(explain(call, bound, given[1:], by_name)) from None
