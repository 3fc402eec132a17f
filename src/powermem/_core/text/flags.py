"""Flags in the full-text index: is a memory a question, does it mention a time, when is its event?

A flag is indexed as a term that occurs zero times, so that it changes neither the length of a memory nor its
score; the boosts of the ranking look it up.
"""

from __future__ import annotations

import re

from ..clock import MONTHS, to_datetime
from .terms import terms

ASKS = "?"
"""The flag of a question. It cannot be confused with a word, since words have letters or digits."""
TELLS_TIME = "@"
"""The flag of a text that mentions a time."""

# A note in brackets may follow the question mark, as in "Is this you? [photo of a dog]".
_ASKS = re.compile(r"[?\uff1f\u061f\u037e]['\"\u2019\u201d)*\s]*(?:\[[^\]]*\]\s*)?\Z")
_ENGLISH = (
    r"\b(?:yesterday|today|tonight|tomorrow|last|next|ago|since|weeks?|months?|years?|weekend|morning"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|march|april|june|july|august|september|october|november|december|\d{4})\b"
)
_CHINESE = (
    r"昨|明天|今天|前天|后天|去年|今年|明年|上周|下周|上个?月|下个?月"
    r"|星期|周[一二三四五六日]|[年月日]前|\d[年月日号]"
)
_TELLS_TIME = re.compile(f"{_ENGLISH}|{_CHINESE}", re.IGNORECASE)
# The ASCII part, for lower-case text: four times as fast.
_TELLS_TIME_IN_ASCII = re.compile(_ENGLISH)


def of(text: str) -> list[str]:
    """Return the flags of a text."""
    found = []
    if _ASKS.search(text[-300:]):
        found.append(ASKS)
    if _TELLS_TIME_IN_ASCII.search(text.lower()) if text.isascii() else _TELLS_TIME.search(text):
        found.append(TELLS_TIME)
    return found


def of_event(moment: int) -> list[str]:
    """Return the flags of an event: the name of its month, its year and its ISO date.

    Args:
        moment: the time of the event, microseconds UTC.
    """
    day = to_datetime(moment)
    return [*terms(MONTHS[day.month - 1]), str(day.year), str(day.date())]
