"""A model's answer, read as facts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from ..clock import from_date
from ..prompts import KINDS
from ..text import normalize
from ..types import Fact
from .answer import ParseError

_CONTAINERS = ("facts", "fact", "items", "results", "memory", "memories", "data")
_TEXTS = ("text", "fact", "memory", "content", "statement")
_NOBODY = frozenset(("", "null", "none", "unknown", "n/a"))
_DAY = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T\s].*)?)?)?", re.DOTALL)
_DEFAULT_IMPORTANCE = 0.5


def read_facts(value: Any, *, turns: int) -> list[Fact]:
    """Read the facts in a value that ``parse_json`` gave.

    Args:
        value: best in the form of ``EXTRACTION_SCHEMA``.
        turns: how many turns the conversation had.

    Returns:
        The facts in order, each text once. An item that is malformed by itself is left out.

    Raises:
        ParseError: there is no list of facts, or every item in it is malformed.
    """
    items = _items(value)
    facts: dict[str, Fact] = {}
    for item in items:
        fact = _fact(item, turns)
        if fact is not None:
            facts.setdefault(normalize(fact.text), fact)
    if items and not facts:
        raise ParseError(f"none of the {len(items)} facts has a text")
    return list(facts.values())


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        raise ParseError(f"expected an object with a list of facts, got {type(value).__name__}")
    if not value:
        return []
    # An object that is itself a fact; "fact" and "memory" may name either the list or the text.
    if any(isinstance(value.get(key), str) for key in _TEXTS) and not isinstance(value.get("facts"), list):
        return [value]
    for key in _CONTAINERS:
        if key in value:
            inner = value[key]
            if inner is None:
                return []
            return [inner] if isinstance(inner, str) else _items(inner)
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    if len(value) == len(lists) == 1:
        return lists[0]
    raise ParseError(f"expected the key 'facts', got {', '.join(map(repr, list(value)[:5]))}")


def _fact(item: Any, turns: int) -> Fact | None:
    if isinstance(item, str):
        item = {"text": item}
    if not isinstance(item, Mapping):
        return None
    text = next((item[key].strip() for key in _TEXTS if isinstance(item.get(key), str)), "")
    if not text:
        return None
    kind = item.get("kind")
    kind = kind.strip().lower() if isinstance(kind, str) else ""
    return Fact(
        text=text,
        turn=_turn(item.get("turn"), turns),
        kind=kind if kind in KINDS else "fact",
        importance=_importance(item.get("importance")),
        event_at=_moment(item.get("event_date")),
        entities=_names(item.get("entities")),
        speaker=_name(item.get("speaker")),
    )


def _turn(value: Any, turns: int) -> int | None:
    number = whole(value)
    return number if number is not None and 0 <= number < turns else None


def whole(value: Any) -> int | None:
    """Read a whole number that a model may have written as ``3``, ``3.0`` or ``"3"``."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if math.isfinite(value) and value == int(value) else None


def _importance(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _DEFAULT_IMPORTANCE
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        return _DEFAULT_IMPORTANCE
    return float(min(1.0, max(0.0, value)))


def _moment(value: Any) -> int | None:
    """Read a date; a part of one is its first day, and of a moment the day is meant that is written there."""
    if isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999:
        value = str(value)
    if not isinstance(value, str):
        return None
    match = _DAY.fullmatch(value.strip())
    if match is None:
        return None
    try:
        return from_date(date(*(int(part or 1) for part in match.groups())))
    except ValueError:
        return None


def _names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(name for name in map(_name, names) if name))


def _name(value: Any) -> str | None:
    if not isinstance(value, str) or value.strip().lower() in _NOBODY:
        return None
    return value.strip()
