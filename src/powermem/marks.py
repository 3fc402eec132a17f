"""What full text notes of a memory beside its words: that it asks, that it tells a time, and of which days.

A mark is indexed like a word that occurs zero times, so it changes neither the length of a memory nor how
well it matches; a ranking that wants to know looks it up.
"""

from __future__ import annotations

import re

from .clock import MONTHS, to_datetime
from .text import terms

ASKS = "?"
"""The mark of a question. No word is written so, since a word has a letter or a digit."""
TELLS_TIME = "@"
"""The mark of a text with words for a time."""

# A note in brackets behind a question, such as one of a picture that came with it, changes nothing.
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
# The same for what can be in ASCII, in lower case: four times as fast.
_TELLS_TIME_IN_ASCII = re.compile(_ENGLISH)


def of(text: str) -> list[str]:
    """Return the marks of a text."""
    found = []
    if _ASKS.search(text[-300:]):
        found.append(ASKS)
    if _TELLS_TIME_IN_ASCII.search(text.lower()) if text.isascii() else _TELLS_TIME.search(text):
        found.append(TELLS_TIME)
    return found


def of_event(moment: int) -> list[str]:
    """Return the marks of something that happens on a day: its month's name, its year and its ISO date.

    Args:
        moment: when it happens, microseconds UTC.
    """
    day = to_datetime(moment)
    return [*terms(MONTHS[day.month - 1]), str(day.year), str(day.date())]
