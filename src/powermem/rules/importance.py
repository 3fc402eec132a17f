"""How much a fact matters, by plain rules."""

from __future__ import annotations

import re

_BASE = {
    "identity": 0.8,
    "instruction": 0.8,
    "relationship": 0.65,
    "preference": 0.6,
    "plan": 0.55,
    "event": 0.5,
    "fact": 0.4,
}
_GRAVE = re.compile(
    r"\b(?:always|never|important\w*|must|allerg\w+|died|passed away|death|married|wedding|born|birthday|pregnant|divorc\w+"
    r"|diagnos\w+|disease|surgery|emergency|deadline|favou?rite|hate|love)\b|重要|过敏|一定|必须|去世|结婚|生日|最",
    re.IGNORECASE,
)
_HEDGED = re.compile(r"\b(?:maybe|perhaps|might|probably|kind of|sort of|not sure|i think|i guess)\b|可能|也许|大概", re.IGNORECASE)


def importance(text: str, kind: str, *, remembered: bool) -> float:
    """Weigh a fact.

    Args:
        text: the fact.
        kind: its kind.
        remembered: whether the speaker asked for it to be remembered.

    Returns:
        0 to 1: the kind's base, 0.1 more for grave words, 0.15 less for doubt, and at least 0.85 when asked for.
    """
    weight = _BASE[kind] + (0.1 if _GRAVE.search(text) else 0.0) - (0.15 if _HEDGED.search(text) else 0.0)
    return round(max(weight, 0.85) if remembered else weight, 2)
