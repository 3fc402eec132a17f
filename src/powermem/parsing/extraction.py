"""A model's answer, read as what was found in a conversation."""

from __future__ import annotations

from typing import Any

from ..types import Extracted
from .answer import Fit, ParseError, parse_answer
from .facts import fit_facts, read_facts
from .preferences import read_preferences

_PREFERENCES = "preferences"


def parse_extraction(text: str, *, turns: int) -> Extracted:
    """Read the facts and preferences in an answer.

    Args:
        text: the answer, best in the form of ``EXTRACTION_SCHEMA``. It may lack preferences.
        turns: how many turns the conversation had.

    Returns:
        Facts and preferences in order, each text once. An item that is malformed by itself is left out. What
        is not ``complete`` may lack any number of them at its end: the answer was cut, or is damaged.

    Raises:
        ParseError: there is no answer, every item in it is malformed, or it was cut before the end of the
            first fact. That there is nothing to remember is an answer only in the form that was asked for, or
            as an empty list and nothing else.
    """
    parsed = parse_answer(text, _fit, "an object with a list 'facts'")
    value = parsed.value
    preferences = []
    if isinstance(value, dict) and _PREFERENCES in value:
        preferences = read_preferences(value[_PREFERENCES])
        # Without them, facts that stand under another name are still the only list.
        value = _without_preferences(value)
    facts = read_facts(value, turns=turns) if value else []
    if not parsed.complete and not facts and not preferences:
        raise ParseError("the answer was cut short before the first fact was complete", cut=True)
    return Extracted(facts, preferences, parsed.complete)


def _fit(value: Any) -> Fit:
    if not isinstance(value, dict) or _PREFERENCES not in value:
        return fit_facts(value)
    form = fit_facts(_without_preferences(value))
    if form in (Fit.NO, Fit.EMPTY) and read_preferences(value[_PREFERENCES]):
        facts = value.get("facts", [])
        return Fit.EXACT if facts == [] else Fit.NO
    return form


def _without_preferences(value: dict[str, Any]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key != _PREFERENCES}
