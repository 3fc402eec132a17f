"""Flags in the full-text index: is a memory a question, who said it, does it tell a time, when was its event?

A flag is indexed as a term that occurs zero times, so that it changes neither the length of a memory nor its
score; the signals of the ranking look it up.
"""

from __future__ import annotations

import re

from ..clock import MONTHS, to_datetime
from ..patterns import Pattern
from .terms import term_id, terms

ASKS = "?"
"""The flag of a text that asks and tells nothing. It cannot be confused with a word, since words have letters
or digits."""
FROM_ASSISTANT = "role:assistant"
"""The flag of an assistant's message. No word has a colon between letters."""
TELLS_TIME = "@"
"""The flag of a text that mentions a time."""
SIGNALLED = (term_id(FROM_ASSISTANT), term_id(ASKS), term_id(TELLS_TIME))
"""The terms of the flags that are signals of every search."""

# Introductions: the name is that of the person whose memories these are, or of the speaker.
_INTRODUCES = Pattern(
    r"\b(?:my|user(?:'s)?|his|her|their)\s+(?:full |first )?name(?:\s+is|'s|:)\s+([A-Z][\w'-]*)"
    r"|\b(?:[Ii] am|[Ii]'m) called ([A-Z][\w'-]*)|我(?:的名字)?叫([\u4e00-\u9fff]{2,3})"
    r"|(?:je m'appelle|me llamo|mi chiamo|ich hei\u00dfe|mein Name ist|me chamo)\s+([A-Z][\w'-]*)",
)
# A sentence with the mark that ends it.
_SENTENCE = Pattern(r"[^.!?\u3002\uff01\uff1f\u061f\u037e\n]+[.!?\u3002\uff01\uff1f\u061f\u037e]*")
_MARK = Pattern(r"[?\uff1f\u061f\u037e]")
# The least length of a statement beside a question: "Thanks!" and "Oh wow." tell nothing.
_LEAST_WORDS = 4
_LEAST_DENSE = 6
# A note in brackets may follow the question mark, as in "Is this you? [photo of a dog]".
_ASKS = Pattern(r"[?\uff1f\u061f\u037e]['\"\u2019\u201d)*\s]*(?:\[[^\]]*\]\s*)?\Z")
_ENGLISH = (
    r"\b(?:yesterday|today|tonight|tomorrow|last|next|ago|since|weeks?|months?|years?|weekend|morning"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|january|february|march|april|june|july|august|september|october|november|december|\d{4})\b"
)
_CHINESE = (
    r"昨|明天|今天|前天|后天|去年|今年|明年|上周|下周|上个?月|下个?月"
    r"|星期|周[一二三四五六日]|[年月日]前|\d[年月日号]"
)
_TELLS_TIME = Pattern(f"{_ENGLISH}|{_CHINESE}", re.IGNORECASE)
# The ASCII part, for lower-case text: four times as fast.
_TELLS_TIME_IN_ASCII = Pattern(_ENGLISH)


def of(text: str) -> list[str]:
    """Return the flags of a text."""
    found = of_sentences(text)
    if tells_time(text):
        found.append(TELLS_TIME)
    return found


def of_sentences(text: str) -> list[str]:
    """Return the flags that depend on more than one word."""
    found: list[str] = []
    if text.isascii() and "?" not in text and "name" not in text and "call" not in text:
        # As most texts.
        return found
    if _ASKS.search(text[-300:]) and not _tells(text):
        found.append(ASKS)
    found += map(introduced, _names_introduced(text))
    return found


def tells_time(text: str) -> bool:
    """Return whether a text mentions a time. In ASCII, a text does so if one of its words does."""
    found = _TELLS_TIME_IN_ASCII.search(text.lower()) if text.isascii() else _TELLS_TIME.search(text)
    return found is not None


def introduced(name: str) -> str:
    """Return the flag of a text that introduces a person by this name, such as "my name is Ana".

    Args:
        name: the term of one word of the name.
    """
    return f"name:{name}"


def _names_introduced(text: str) -> list[str]:
    names = [name for match in _INTRODUCES.finditer(text) for name in match.groups() if name]
    return [term for name in names for term in terms(name)]


def _tells(text: str) -> bool:
    """Return whether a text that ends with a question also states something."""
    for sentence in _SENTENCE.findall(text):
        words = 0 if _MARK.search(sentence) else len(sentence.split())
        dense = not sentence.isascii() and len(sentence) >= _LEAST_DENSE * max(words, 1)
        if words >= _LEAST_WORDS or (words and dense):
            return True
    return False


def of_event(moment: int) -> list[str]:
    """Return the flags of an event: the name of its month, its year and its ISO date.

    Args:
        moment: the time of the event, microseconds UTC.
    """
    day = to_datetime(moment)
    return [*terms(MONTHS[day.month - 1]), str(day.year), str(day.date())]
