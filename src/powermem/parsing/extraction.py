"""A model's answer, read as what was found in a conversation."""

from __future__ import annotations

from ..types import Extracted
from .answer import ParseError, parse_json
from .facts import read_facts
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
        ParseError: the answer has no list of facts, every item in it is malformed, or it was cut before the
            end of the first fact.
    """
    parsed = parse_json(text)
    value = parsed.value
    preferences = []
    if isinstance(value, dict) and _PREFERENCES in value:
        preferences = read_preferences(value[_PREFERENCES])
        # Without them, facts that stand under another name are still the only list.
        value = {key: inner for key, inner in value.items() if key != _PREFERENCES}
    facts = read_facts(value, turns=turns)
    if not parsed.complete and not facts and not preferences:
        raise ParseError("the answer was cut short before the first fact was complete")
    return Extracted(facts, preferences, parsed.complete)
