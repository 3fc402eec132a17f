"""Parse a model's answer as facts and preferences found in a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..text.cleaning import normalize
from ..values import Extracted, FoundPreference
from .answer import Fit, ParseError, parse_answer
from .facts import fit_facts, read_facts

_PREFERENCES = "preferences"
_TEXTS = ("preference", "text", "content")
_REASONS = ("reasoning", "reason", "evidence")
_KINDS = ("type", "kind", "preference_type")


def parse_extraction(text: str, *, turns: int) -> Extracted:
    """Parse the facts and preferences in an answer.

    Args:
        text: the answer, ideally in the form of ``EXTRACTION_SCHEMA``. Preferences may be missing.
        turns: number of turns in the conversation.

    Returns:
        Facts and preferences in order, without duplicate texts and malformed items. If not ``complete``, the
        answer was cut off or damaged, and items at its end may be missing.

    Raises:
        ParseError: there is no answer, all items are malformed, or the answer was cut off in its first fact.
            "Nothing to remember" counts only in the requested form, or as an empty list and nothing else.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'facts'")
    value = parsed.value
    preferences = []
    if isinstance(value, dict) and _PREFERENCES in value:
        preferences = _read_preferences(value[_PREFERENCES])
        # Without them, a list of facts under another name is the only list, and is recognized.
        value = _without_preferences(value)
    facts = read_facts(value, turns=turns) if value else []
    if not parsed.complete and not facts and not preferences:
        raise ParseError("the answer was cut short before the first fact was complete", cut=True)
    return Extracted(facts, preferences, parsed.complete)


def _fit(value: Any) -> Fit:
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
    text = _first(item, _TEXTS)
    explicit = _first(item, _KINDS).lower().startswith("explicit")
    kind = "explicit_preference" if explicit else "implicit_preference"
    return FoundPreference(kind, text, _first(item, _REASONS)) if text else None


def _first(item: Mapping[Any, Any], keys: tuple[str, ...]) -> str:
    return next((item[key].strip() for key in keys if isinstance(item.get(key), str)), "")
