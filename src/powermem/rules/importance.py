"""How much a fact matters, by plain rules."""

from __future__ import annotations

from .patterns import phrases

_BASE = {
    "identity": 0.8,
    "instruction": 0.8,
    "relationship": 0.65,
    "preference": 0.6,
    "plan": 0.55,
    "event": 0.5,
    "fact": 0.4,
}
_ASKED_FOR = 0.85
_GRAVE = phrases(
    r"""
    \b(?:always|never|important\w*|must|allerg\w+|died|passed away|death|married|wedding|born|birthday
    |pregnant|divorc\w+|diagnos\w+|disease|surgery|emergency|deadline|favou?rite|hate|love)\b | 重要 | 过敏
    | 一定 | 必须 | 去世 | 结婚 | 生日 | 最
    """,
    after="",
)
_HEDGED = phrases(
    r"""
    \b(?:maybe|perhaps|might|probably|kind of|sort of|not sure|i think|i guess)\b | 可能 | 也许 | 大概
    """,
    after="",
)


def importance(text: str, kind: str, *, remembered: bool) -> float:
    """Weigh a fact.

    Args:
        text: the fact.
        kind: its kind.
        remembered: whether the speaker asked for it to be remembered.

    Returns:
        0 to 1: the kind's base, 0.1 more for grave words, 0.15 less for doubt, at least 0.85 when asked for.
    """
    weight = _BASE[kind]
    if _GRAVE.search(text):
        weight += 0.1
    if _HEDGED.search(text):
        weight -= 0.15
    return round(max(weight, _ASKED_FOR) if remembered else weight, 2)
