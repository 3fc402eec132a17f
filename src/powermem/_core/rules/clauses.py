"""What a sentence tells before it asks: "I moved to Rome, can you suggest a gym?" tells "I moved to Rome."

Also contractions that were typed without their apostrophe.
"""

from __future__ import annotations

import re

from ..patterns import Pattern
from .sentences import phrases

__all__ = ["QUESTION", "spelled", "told"]

# "Any tips for Rome"; most questions are recognized by their question mark.
QUESTION = phrases(
    r"""
    (?:what|where|who|whom|whose|which|why|how)(?:'s|'re)? (?:is|are|was|were|do|does|did|can|could|should
    |would|will|have|has|had|about|to|many|much|long|often|come)
    | (?:what|which|how) \w+ (?:is|are|do|does|did|can|should|would) | what's | where's | who's
    | (?:do|does|did|is|are|was|were|can|could|will|would|should|shall|have|has|may) (?:you|i|it|there|we
    |they|he|she|this|that|the|my|your) | when (?:is|are|was|were|do|does|did|can|should|will|would)
    | i(?:'m| am| was|'ve been)? (?:just )?(?:wonder|wondering|curious|asking)
    | (?:any|got any) (?:idea|tip|suggestion|advice|plan|recommendation|thought)s?
    """
)
# In the middle of a sentence these may be relative: "Tom, who is a nurse, ...".
_RELATIVE = phrases("who | whose | whom | which | where | when")
_ASKS_FOR = phrases(
    r"""
    (?:please|pls|kindly) \w+
    | (?:i'm|i am|i was|i've been)(?: (?:just|still|also|really|kinda|a bit|kind of|now|now))*
    (?:not (?:really |entirely |quite |completely |totally )?sure|unsure|wondering|curious|asking|confused
    |having (?:trouble|difficulty|difficulties|a hard time|issues|problems)|struggling to|getting stuck
    |stuck on|hoping you|hoping to get (?:some|your)|looking for (?:some )?(?:advice|tips|help|suggestions))
    | i (?:don't|do not) (?:really )?(?:know|understand|get) (?:how|if|what|why|whether|which|where)
    | i(?:'d| would)? (?:just |also |really )?(?:want|need|like|love) (?:you to|your|help|some help|some
    advice|advice|some guidance|to (?:make sure|ensure|know|understand how|see (?:how|if|what)|hear your))
    | (?:let|tell|show|give|help|remind) me | any (?:\w+ )?(?:tips|ideas|advice|suggestions|thoughts)
    | (?:what|how) (?:if|about) | (?:what|how)(?: \w+)?(?: (?:is|are|can|should|do|does|would)\b|'s)
    """
)
_LINK = Pattern(r"(?:(?:and|but|so|then|also|or|though|because|now|maybe)\b,? ?)*", re.IGNORECASE)
_BOUNDARY = Pattern(
    r"[,;:\u2014\u2013]\s+|\s-+\s"
    r"|\s(?=(?:and|but|so) (?:i(?:'m| am|'ve|'d| was| don't| want| need| would)|what|how|can|could|would|do)"
    r"\b)"
    r"|\s(?=(?:can|could|would) you\b)",
    re.IGNORECASE,
)
_LEAST_WORDS = 3


def told(sentence: str) -> str:
    """Return the sentence without a question, a request or a doubt at its end.

    If nothing is asked, or nothing is told before that, the sentence is returned as it is.
    """
    plain = sentence.replace("\u2019", "'")
    asked = plain.rstrip("!)\"' ").endswith("?")
    relative = None
    for boundary in _BOUNDARY.finditer(plain):
        link = _LINK.match(plain, boundary.end())
        start = link.end() if link else boundary.end()
        if not (_ASKS_FOR.match(plain, start) or QUESTION.match(plain, start)):
            continue
        if _RELATIVE.match(plain, start):
            relative = boundary.start() if asked else None
            continue
        return _head(sentence, boundary.start())
    return sentence if relative is None else _head(sentence, relative)


def _head(sentence: str, end: int) -> str:
    head = sentence[:end].rstrip(" ,;:-\u2014\u2013")
    return f"{head}." if len(head.split()) >= _LEAST_WORDS else sentence


_BARE = {
    "im": "i'm", "ive": "i've", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "cant": "can't",
    "cannot": "can't", "wont": "won't", "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't",
    "werent": "weren't", "havent": "haven't", "hasnt": "hasn't", "hadnt": "hadn't", "couldnt": "couldn't",
    "wouldnt": "wouldn't", "shouldnt": "shouldn't", "youre": "you're", "theyre": "they're", "weve": "we've",
    "thats": "that's", "whats": "what's", "hes": "he's", "shes": "she's", "theres": "there's", "u": "you",
    "ur": "your",
}  # fmt: skip
_BARE_WORD = Pattern(rf"\b(?:{'|'.join(_BARE)})\b(?!')", re.IGNORECASE)


def spelled(text: str) -> str:
    """Return a text with straight apostrophes, also in contractions typed without them: "im" is "i'm"."""
    return _BARE_WORD.sub(lambda match: _BARE[match[0].lower()], text.replace("\u2019", "'"))
