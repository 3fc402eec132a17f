"""Parse a model's answer as facts and preferences found in a conversation."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from ..clock import from_date
from ..inputs import MAX_ID_LENGTH
from ..patterns import Pattern
from ..prompts.extraction import KINDS
from ..text.cleaning import normalize
from ..values import Extracted, Fact, FoundPreference
from .answer import Fit, ParseError, parse_answer
from .topics import read_categories, read_tags, read_title

_CONTAINERS = ("facts", "fact", "items", "results", "memory", "memories", "data")
_TEXTS = ("text", "fact", "memory", "content", "statement")
_WORD = Pattern(r"\w")
_NOBODY = frozenset(("", "null", "none", "unknown", "n/a"))
_DAY = Pattern(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T\s].*)?)?)?", re.DOTALL)
# Keys of lists that cannot be facts.
_OTHERWISE = Pattern(
    r"error|warn|messag|conversation|turn|question|required|choice|note|reason|thought|source", re.IGNORECASE
)
_FAILURES = ("error", "errors")
_DEFAULT_IMPORTANCE = 0.5
# A longer text is no name. A speaker becomes an id, whose length the stores limit.
_LONGEST_NAME = MAX_ID_LENGTH
_MOST_ENTITIES = 64
# Of the unknown categories, a warning shows this many, and of each this many characters.
_MOST_SHOWN = 5
_SHOWN = 40


def fit_facts(value: Any) -> Fit:
    """Return how well the facts of a value match ``EXTRACTION_SCHEMA``."""
    if isinstance(value, list):
        return Fit.LOOSE if any(map(_text_of, value)) else Fit.NO if value else Fit.BARE
    if not isinstance(value, dict):
        return Fit.NO
    items = value.get("facts")
    if isinstance(items, list):
        if items:
            return Fit.EXACT if any(map(_text_of, items)) else Fit.NO
        # The reply of a server that failed does not mean that there are no facts.
        return Fit.NO if any(value.get(name) for name in _FAILURES) else Fit.EMPTY
    try:
        return Fit.LOOSE if any(map(_text_of, _items(value))) else Fit.NO
    except ParseError:
        return Fit.NO


def read_facts(value: Any, *, turns: int, categories: Collection[str] = ()) -> list[Fact]:
    """Read the facts in a parsed answer.

    Args:
        value: the value, ideally in the form of ``EXTRACTION_SCHEMA``.
        turns: number of turns in the conversation.
        categories: the names of the allowed categories.

    Returns:
        The facts in order, without duplicate texts and malformed items.

    Raises:
        ParseError: there is no list of facts, or every item in it is malformed.
    """
    items = _items(value)
    facts: dict[str, Fact] = {}
    for item in items:
        fact = _fact(item, turns, categories)
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
    # A single fact. The keys "fact" and "memory" may hold either a list or a text.
    if _text_of(value) and not isinstance(value.get("facts"), list):
        return [value]
    for key in _CONTAINERS:
        if key in value:
            inner = value[key]
            return [inner] if isinstance(inner, str) else _items(inner)
    inner = list(value.values())
    # Numbered facts, or a list under a name that the model made up.
    if inner and all(isinstance(item, Mapping) and _text_of(item) for item in inner):
        return inner
    if len(inner) == 1 and isinstance(inner[0], list) and not _OTHERWISE.search(str(next(iter(value)))):
        return inner[0]
    raise ParseError(f"expected the key 'facts', got {', '.join(map(repr, list(value)[:5]))}")


def _text_of(item: Any) -> str:
    """Return the text of a fact; ``""`` for anything else, such as a turn of the conversation."""
    if isinstance(item, str):
        text = item
    elif isinstance(item, Mapping) and "role" not in item:
        text = next((item[key] for key in _TEXTS if isinstance(item.get(key), str)), "")
    else:
        return ""
    text = text.strip()
    # Only dots and brackets are placeholders of the example in the prompt.
    return "" if text.lower() in _NOBODY or _WORD.search(text) is None else text


def _fact(item: Any, turns: int, categories: Collection[str]) -> Fact | None:
    text = _text_of(item)
    if not text:
        return None
    item = {} if isinstance(item, str) else item
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
        title=read_title(item.get("title")),
        tags=read_tags(item.get("tags")),
        categories=read_categories(item.get("categories"), categories)[0],
    )


def _category_warnings(value: Any, categories: Collection[str]) -> list[str]:
    """Return a sentence for the categories in an answer that are not allowed."""
    found = [item.get("categories") for item in _items(value) if isinstance(item, Mapping)] if value else []
    others = dict.fromkeys(name for given in found for name in read_categories(given, categories)[1])
    if not others:
        return []
    shown = ", ".join(repr(name[:_SHOWN]) for name in list(others)[:_MOST_SHOWN])
    return [f"left out categories that are not among the configured ones: {shown}"]


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
    # Not math.isfinite, which raises OverflowError for an integer of 400 digits.
    return int(value) if abs(value) < 1e9 and value == int(value) else None


def _importance(value: Any) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _DEFAULT_IMPORTANCE
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < math.inf:
        return _DEFAULT_IMPORTANCE
    return float(min(1.0, max(0.0, value)))


def _moment(value: Any) -> int | None:
    """Read a date. A year or month means its first day; the time of a timestamp is ignored."""
    if isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999:
        value = str(value)
    if not isinstance(value, str):
        return None
    match = _DAY.fullmatch(value.strip())
    if match is None:
        return None
    try:
        return from_date(date(*(int(part or 1) for part in match.groups())))
    except (ValueError, OverflowError):
        return None


def _names(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(name for name in map(_name, names) if name))[:_MOST_ENTITIES]


def _name(value: Any) -> str | None:
    if not isinstance(value, str) or value.strip().lower() in _NOBODY:
        return None
    name = value.strip()
    return name if len(name) <= _LONGEST_NAME else None


_PREFERENCES = "preferences"
_PREFERENCE_TEXTS = ("preference", "text", "content")
_REASONS = ("reasoning", "reason", "evidence")
_KINDS = ("type", "kind", "preference_type")


def parse_extraction(text: str, *, turns: int, categories: Collection[str] = ()) -> Extracted:
    """Parse the facts and preferences in an answer.

    Args:
        text: the answer, ideally in the form of ``EXTRACTION_SCHEMA``. Preferences may be missing.
        turns: number of turns in the conversation.
        categories: the names of the allowed categories. Others are left out, with a warning; without any, all
            are, without one.

    Returns:
        Facts and preferences in order, without duplicate texts and malformed items. If not ``complete``, the
        answer was cut off or damaged, and items at its end may be missing.

    Raises:
        ParseError: there is no answer, all items are malformed, or the answer was cut off in its first fact.
            "Nothing to remember" counts only in the requested form, or as an empty list and nothing else.
    """
    parsed = parse_answer(text, _fit_extraction, "an object with a list 'facts'")
    value = parsed.value
    preferences = []
    if isinstance(value, dict) and _PREFERENCES in value:
        preferences = _read_preferences(value[_PREFERENCES])
        # Without them, a list of facts under another name is the only list, and is recognized.
        value = _without_preferences(value)
    facts = read_facts(value, turns=turns, categories=categories) if value else []
    if not parsed.complete and not facts and not preferences:
        raise ParseError("the answer was cut short before the first fact was complete", cut=True)
    warnings = tuple(_category_warnings(value, categories)) if categories else ()
    return Extracted(facts, preferences, parsed.complete, warnings)


def _fit_extraction(value: Any) -> Fit:
    if not isinstance(value, dict) or _PREFERENCES not in value:
        return fit_facts(value)
    form = fit_facts(_without_preferences(value))
    if form in (Fit.NO, Fit.EMPTY) and _read_preferences(value[_PREFERENCES]):
        facts = value.get("facts", [])
        return Fit.EXACT if facts == [] else Fit.NO
    return form


def _without_preferences(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != _PREFERENCES}


def _read_preferences(value: Any) -> list[FoundPreference]:
    """Read preferences, without duplicate texts and malformed items.

    A preference without a type counts as implicit, which claims less.
    """
    found: dict[str, FoundPreference] = {}
    for item in value if isinstance(value, list) else [value]:
        preference = _preference(item)
        if preference is not None:
            found.setdefault(normalize(preference.text), preference)
    return list(found.values())


def _preference(item: Any) -> FoundPreference | None:
    if not isinstance(item, Mapping):
        return None
    text = _first(item, _PREFERENCE_TEXTS)
    explicit = _first(item, _KINDS).lower().startswith("explicit")
    kind = "explicit_preference" if explicit else "implicit_preference"
    return FoundPreference(kind, text, _first(item, _REASONS)) if text else None


def _first(item: Mapping[Any, Any], keys: tuple[str, ...]) -> str:
    return next((item[key].strip() for key in keys if isinstance(item.get(key), str)), "")
