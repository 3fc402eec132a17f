"""Turn pydantic's errors into one readable error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from powermem.errors import ConfigError

from .._core.hints.suggestions import shown_name, unknown_key
from .._core.masking import MASK, is_key, is_secret, shown
from .fields import Section, spellings
from .ignored import Path, keys_at, sections_in

_SHOWN = 60
_EXPECTED = (
    (r"int_.*", "an integer"),
    (r"float_.*", "a number"),
    (r"finite_number", "a finite number"),
    (r"bool_.*", "true or false"),
    (r"string_(type|sub_type|unicode)", "text"),
    (r"(dict|mapping|model|model_attributes|dataclass)_type", "a mapping of keys to values"),
    (r"(list|tuple|set|iterable)_type", "a list"),
    (r"invalid_key", "keys that are text"),
)
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


class Problem(NamedTuple):
    """One error: its path, a message, and the environment variable it came from."""

    path: tuple[str, ...]
    message: str
    variable: str = ""

    def __str__(self) -> str:
        where = ".".join(MASK if is_key(part) else part[:_SHOWN] for part in self.path)
        return f"{self.variable} ({where}): {self.message}" if self.variable else f"{where}: {self.message}"


class InvalidConfig(ConfigError, public=ConfigError):
    """A `ConfigError` with a list of problems; its text has one per line."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def problems(error: ValidationError, root: type[Section], data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Translate pydantic's errors.

    Args:
        error: what validating ``data`` as ``root`` raised.
        root: the class of the whole configuration.
        data: the user's input.

    Returns:
        The problems in the order found. Their texts contain no secrets.
    """
    found = error.errors(include_url=False)
    return tuple(_problem(dict(detail), root, data) for detail in found)


def got(value: object, path: Iterable[object]) -> str:
    """Return ``", got ..."`` for a wrong value, or ``""`` if it must not be shown."""
    if any(is_secret(str(part)) for part in path):
        return ""
    if isinstance(value, (str, int, float)) or value is None:
        return f", got {shown(value)}"
    if isinstance(value, Mapping):
        return ", got a mapping"
    if isinstance(value, (list, tuple, set)):
        return ", got a list"
    return f", got {type(value).__name__}"


def _problem(detail: dict[str, Any], root: type[Section], data: Mapping[str, Any]) -> Problem:
    path = tuple(str(part) for part in detail["loc"])
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(path, _unknown_key(detail["loc"], root, data))
    if kind == "missing":
        return Problem(path, "required, but not given")
    if kind == "value_error":
        complaint = str(context["error"])
        unnamed = complaint.startswith("expected") and ", got " not in complaint
        said = got(detail["input"], path) if unnamed else ""
        return Problem(path, complaint + said)
    said = f"expected {_expectation(kind, context, detail['msg'])}{got(detail['input'], path)}"
    field = root.field_named(path[0]) if len(path) == 1 else None
    owner = None if field is None else root.child(field, data)
    if isinstance(detail["input"], str) and owner is not None and "provider" in owner.model_fields:
        said += f"; write {{'provider': {shown_name(detail['input'])}}}"
    return Problem(path, said)


def _expectation(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "literal_error":
        return f"one of {context['expected']}".replace(" or ", ", ")
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"a number of {words} {context[key]:g}"
    named = next((text for pattern, text in _EXPECTED if re.fullmatch(pattern, kind)), None)
    return named or message


def _unknown_key(loc: tuple[int | str, ...], root: type[Section], data: Mapping[str, Any]) -> str:
    owner, path, provider = root, tuple[str, ...](), ""
    given: object = data
    for part in loc[:-1]:
        field = owner.field_named(part) if isinstance(part, str) else None
        if field is not None:
            below, provider = owner.child(field, given), owner.chosen(given)
            owner, path = below or owner, (*path, field)
        given = _entry(given, part)
    key = str(loc[-1])
    field = owner.field_named(key)
    if field is not None:
        return f"the same setting is also given as another of {', '.join(spellings(owner, field))}; keep one"
    inner = owner.child("config", given) if "config" in owner.model_fields else None
    return unknown_key(key, _allowed(owner, path, provider), () if inner is None else inner.keys())


def _allowed(owner: type[Section], path: Path, provider: str = "") -> list[str]:
    return list(dict.fromkeys((*owner.keys(), *keys_at(path, provider), *sections_in(path))))


def _entry(data: object, part: int | str) -> object:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data):
        return data[part]
    return None
