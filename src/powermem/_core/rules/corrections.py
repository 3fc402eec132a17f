"""Corrections of what was just said: "Wait, no: I moved to Boise", "Sorry, I meant Tuesday"."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..clock import MONTHS, WEEKDAYS
from ..patterns import Pattern
from .sentences import phrases

__all__ = ["Correction", "corrected", "read", "same_frame"]

_FILLER = (
    r"(?:oh|um+|uh+|hm+|er+|ah+|well|ok|okay|so|but|and|oops|whoops|sorry|wait|actually|ugh|haha|lol|hang on"
    r"|hold on)"
)
_SEPARATOR = r"[\s,.!:;\u2026\u2014\u2013-]+"
# Any of these says that something before was wrong; those of the second group need punctuation behind them.
_CUE = phrases(
    rf"""
    (?:wait,? (?:no|actually|sorry|that's (?:wrong|not right)) | (?:no|nope),? (?:wait|sorry|actually
    |scratch that)
    | actually,? (?:no|scratch that|wait) | sorry,? (?:no|wait|actually|i mean|i meant|i misspoke
    |that's wrong|wrong)
    | i mean(?:t(?: to say| to write)?)? | let me correct (?:that|myself) | make (?:that|it)
    | or rather)(?!\w)(?:{_SEPARATOR}|$)
    | (?:(?:scratch|strike|ignore|forget|disregard) (?:that|what i (?:just )?said|the last (?:one|part|bit
    |message)) | correction
    | i misspoke | sorry | i mistyped | typo | my (?:mistake|bad) | i (?:was|got (?:that|it)) wrong
    | (?:that's|that was|this is) (?:wrong|not right|incorrect|a typo|a mistake) | rather | edit | no
    | nope | oops | whoops
    | on second thou?ght | changed my mind | let me rephrase | to be (?:precise|exact
    |correct))(?:\s*[,.!:;\u2026\u2014\u2013-]+\s*|$)
    """,
    after="",
)
# "No" and "oops" alone may answer or comment; these cannot.
_STRONG = phrases(
    r"""
    wait,? (?:no|actually|sorry|that's) | (?:no|nope),? (?:wait|sorry|actually|scratch) | actually,? (?:no
    |scratch|wait)
    | sorry,? (?:no|wait|actually|i mean|i misspoke|that's|wrong) | scratch that | strike that
    | (?:ignore|forget|disregard) (?:that|what i|the last) | correction | i meant | i misspoke
    | i mistyped | typo
    | my (?:mistake|bad)\W | (?:that's|that was|this is) (?:wrong|not right|incorrect|a typo|a mistake)
    | let me correct | make that
    | or rather | i (?:was|got (?:that|it)) wrong | edit:
    """,
    before=r"\b",
    after="",
)
_LEAD = Pattern(rf"{_FILLER}\b(?!\w){_SEPARATOR}", re.IGNORECASE)
_WITHDRAWS = phrases(
    """
    (?:scratch|strike|ignore|forget|disregard)
    (?:that|what i (?:just )?said|the last (?:one|part|bit|message))
    """,
    before=rf"(?:{_FILLER}{_SEPARATOR})*(?:(?:no|nope|please){_SEPARATOR})?",
    after=r"(?:,? (?:please|sorry|lol))?\W*$",
)
_DAY = "|".join((*WEEKDAYS, *(day[:3] for day in WEEKDAYS)))
_MONTH = "|".join(MONTHS)
_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|twenty|thirty|forty"
    "|fifty"
)
# What may stand in place of one another; the first class that both sides have is exchanged.
_CLASSES = (
    Pattern(r"\b\d{1,2}(?::\d\d)? ?(?:am|pm|a\.m\.|p\.m\.)|\b\d{1,2}:\d\d\b", re.IGNORECASE),
    Pattern(rf"\b(?:{_DAY})s?\b", re.IGNORECASE),
    Pattern(
        rf"\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?\b"
        rf"|\b(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})\b"
        r"|\bthe \d{1,2}(?:st|nd|rd|th)\b",
        re.IGNORECASE,
    ),
    Pattern(rf"\b(?:{_MONTH})\b"),
    Pattern(
        rf"[$\u20ac\u00a3]?\b\d[\d,.]*\d[km]?\b|[$\u20ac\u00a3]?\b\d+[km]?\b|\b(?:{_WORDS})\b", re.IGNORECASE
    ),
    Pattern(r"(?<=[\w,] )[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*(?<!['\u2019]s)"),
)
_NAME = Pattern(r"[A-Z][\w'\u2019-]+(?: [A-Z][\w'\u2019-]+)*")
_LEAD_IN = phrases(
    r"""
    it's | it is | it was | that's | that is | that was | they're | make (?:it|that) | the | on | in | at
    | for | to | from | with
    | i meant | i mean | is | was | his name is | her name is | he's called | she's called | called
    """,
    before=r"(?:not \S+,? (?:but|it's|rather) )?",
    after=r"\s+",
)
_AFTERTHOUGHT = Pattern(
    r",? \(?(?:typo|sorry|my bad|my mistake|oops|lol|of course|actually)\)?\W*$", re.IGNORECASE
)
_MOST_WORDS = 6
_PRONOUN = phrases("(?:it|that|this|they|he|she)(?:'s|'re| is| was| are| were)?")


class Correction(NamedTuple):
    """A sentence that corrects.

    Attributes:
        text: what it says instead; empty if it only withdraws.
        sure: whether what was said before is surely wrong.
    """

    text: str
    sure: bool


def read(sentence: str) -> Correction | None:
    """Return what a sentence corrects to, or ``None`` if it corrects nothing."""
    plain = sentence.replace("\u2019", "'")
    if _WITHDRAWS.match(plain):
        return Correction("", True)
    start, cued = 0, False
    while match := _CUE.match(plain, start) or _LEAD.match(plain, start):
        cued = cued or _CUE.match(plain, start) is not None
        start = match.end()
    text = sentence[start:].strip()
    if not cued or not text:
        return None
    text = text[0].upper() + text[1:] if text[:1].islower() and len(text.split()) > 3 else text
    return Correction(text, _STRONG.search(plain[:start] + " ") is not None)


def corrected(fact: str, replacement: str) -> str | None:
    """Exchange the part of a fact that a short correction replaces.

    ``corrected("We meet on Monday at 5.", "Tuesday")`` is ``"We meet on Tuesday at 5."``. ``None`` if it
    is not
    clear what is replaced: the part must be the only one of its class, such as a weekday, a number or a
    name.
    """
    short = _AFTERTHOUGHT.sub("", replacement).split(", not ")[0].split(" not ")[0].strip(" .!,;")
    rejected = replacement[len(short) :]
    while lead := _LEAD_IN.match(short):
        short = short[lead.end() :]
    if not short or len(short.split()) > _MOST_WORDS:
        return None
    for pattern in _CLASSES:
        new = _NAME.match(short) if pattern is _CLASSES[-1] else pattern.search(short)
        if new is None:
            continue
        old = list(pattern.finditer(fact))
        named = [match for match in old if match[0] in rejected]
        if len(named or old) != 1:
            return None
        chosen = (named or old)[0]
        # Only what is left out may be exchanged: "my sister in Rome" corrects more than a place.
        if len(short.split()) - len(new[0].split()) > 1 or chosen[0] == new[0]:
            return None
        return fact[: chosen.start()] + new[0] + fact[chosen.end() :]
    return _with_variant(fact, short)


def _with_variant(fact: str, short: str) -> str | None:
    """Exchange a part that differs only in the middle: "the aisle seat" by "the window seat"."""
    words = short.split()
    if len(words) < 2:
        return None
    same = re.escape(words[-1])
    first = rf"{re.escape(words[0])} " if len(words) > 2 else ""
    found = list(re.finditer(rf"\b{first}[\w-]+ {same}\b", fact, re.IGNORECASE))
    return fact[: found[0].start()] + short + fact[found[0].end() :] if len(found) == 1 else None


def is_short(text: str) -> bool:
    """Return whether a correction names only what replaces a part of what was said."""
    return len(text.split()) <= _MOST_WORDS


def same_frame(first: str, second: str) -> bool:
    """Return whether two sentences differ only in names, numbers and days: "I'm 34." and "I'm 36."."""
    return _frame(first) == _frame(second)


def _frame(text: str) -> str:
    for pattern in _CLASSES:
        text = pattern.sub("_", text)
    return re.sub(r"\W+", " ", text.replace("_", " ")).strip().casefold()


_ITS_SUBJECT = Pattern(
    r"((?:(?:my|our|the|his|her|their) (?:[\w'\u2019-]+ ){0,3}?[\w-]+|[A-Z][\w-]+(?: [A-Z][\w-]+)?))"
    r"(?=(?:'s|\u2019s)? (?:is|are|was|were|has|have|had|isn't|will|works?|lives?|lived|moved|got|starts?"
    r"|leaves?)\b)",
    re.IGNORECASE,
)
_PRONOUN_SUBJECT = Pattern(r"(?:it|that|he|she|they)\b(?=(?:'|\u2019)|\s(?!means))", re.IGNORECASE)


def with_subject(fact: str, correction: str) -> str | None:
    """Give a correction that begins with a pronoun the subject of what it corrects.

    ``with_subject("My sister is a nurse.", "She's a vet.")`` is ``"My sister's a vet."``.
    """
    pronoun = _PRONOUN_SUBJECT.match(correction)
    subject = _ITS_SUBJECT.match(fact)
    return subject[1] + correction[pronoun.end() :] if pronoun and subject else None
