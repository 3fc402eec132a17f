"""The assistant's sentences: kept only when they tell of something it did for this person."""

from __future__ import annotations

import re

from .reading import Reading

_DONE = re.compile(
    r"(?:\w+[,!.]? )?(?:i(?:'ve| have)(?: just| now| already)? |i (?:just |also )?)"
    r"(?:booked|reserved|scheduled|ordered|cancell?ed|rescheduled|purchased|bought|paid|registered|enrolled|signed you|"
    r"sent|emailed|submitted|renewed|transferred)\b",
    re.IGNORECASE,
)
_YOURS = re.compile(
    r"your (?:\w+ ){0,3}(?:order|reservation|booking|flight|ticket|appointment|confirmation|reference|case|tracking|"
    r"membership|subscription|account|policy|invoice|refund|delivery|package)(?: \w+){0,3} (?:is|was|has|will|are|were)\b",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"我?已(?:经)?(?:为您|帮您|为你|帮你|替您|替你)?(?:预订|预定|订|安排|取消|购买|发送|登记|注册)")


def read(sentence: str) -> Reading | None:
    """Judge a sentence of the assistant: ``"I've booked table 4 for Friday."`` is an event, advice is nothing."""
    plain = sentence.replace("\u2019", "'")
    if plain.endswith(("?", "\uff1f")):
        return None
    if _DONE.match(plain) or _YOURS.match(plain) or _CHINESE.search(sentence):
        return Reading(sentence, "event")
    return None
