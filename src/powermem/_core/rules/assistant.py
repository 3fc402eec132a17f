"""The assistant's sentences: keep those that report something done for the user."""

from __future__ import annotations

import re

from .reading import Reading, phrases

# "I've booked table 4 for Friday."
_DONE = phrases(
    """
    booked | reserved | scheduled | ordered | cancell?ed | rescheduled | purchased | bought | paid
    | registered | enrolled | signed you | sent | emailed | submitted | renewed | transferred
    """,
    before=r"(?:\w+[,!.]? )?(?:i(?:'ve| have)(?: just| now| already)? |i (?:just |also )?)",
)
# "Your flight on Monday has been cancelled."
_YOURS = phrases(
    """
    order | reservation | booking | flight | ticket | appointment | confirmation | reference | case
    | tracking | membership | subscription | account | policy | invoice | refund | delivery | package
    """,
    before=r"your (?:\w+ ){0,3}",
    after=r"(?: \w+){0,3} (?:is|was|has|will|are|were)\b",
)
_DONE_CHINESE = re.compile(
    "我?已经?(?:为您|帮您|为你|帮你|替您|替你)?(?:预订|预定|订|安排|取消|购买|发送|登记|注册)"
)


def read(sentence: str) -> Reading | None:
    """Classify a sentence: ``"I've booked table 4 for Friday."`` is an event; advice gives ``None``."""
    plain = sentence.replace("\u2019", "'")
    if plain.endswith(("?", "\uff1f")):
        return None
    if _DONE.match(plain) or _YOURS.match(plain) or _DONE_CHINESE.search(sentence):
        return Reading(sentence, "event")
    return None
