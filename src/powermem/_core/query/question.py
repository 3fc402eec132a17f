"""Read a query: the words to look for, and cues such as a time, a quotation or the person it is about."""

from __future__ import annotations

import re
from datetime import date, timedelta, timezone, tzinfo
from typing import NamedTuple

from ..clock import MONTHS, from_date, local_time, to_datetime
from ..patterns import Pattern
from ..rules.dates import Found, find_dates, length
from ..text.flags import introduced
from ..text.indexing import Sought, query_ids
from ..text.terms import first_person_terms, honorific_terms, query_terms, term_id
from .search import Cues, Period

_QUOTED = Pattern('"([^"]{2,200})"|\u201c([^\u201d]{2,200})\u201d|\u300c([^\u300d]{2,200})\u300d')
_ASKS_WHEN = Pattern(
    r"\s*(?:when|how\s+long|since\s+when|(?:what|which|in\s+which|on\s+which)\s+(?:date|day|month|year)"
    r"|wann|quand|cu[a\u00e1]ndo|quando|когда)\b|什么时候|何时|哪天|哪年|哪一[天年]|几[月号点]|多久|いつ|언제",
    re.IGNORECASE,
)
# The person asked about: the subject of "did Ana", the owner in "Ana's".
_AUXILIARY = "did|does|do|has|have|had|is|was|are|were|will|would|can|could|should|might|may"
_NAME = r"[A-Z][\w-]*(?:\s[A-Z][\w-]*)?"
_CAPITALIZED = Pattern(r"(?<=[\w,;:] )[A-Z][\w-]*")
_SUBJECT = Pattern(rf"\b({_AUXILIARY}) ({_NAME})\b(?!')")
_OWNER = Pattern(rf"(?<!^)\b{_NAME}'s\b")


class Question(NamedTuple):
    """A query that has been read.

    Attributes:
        sought: the terms for full text.
        cues: further signals found in the query.
        voiced: the query in the first person, or ``None`` if it is not about a named person.
    """

    sought: Sought
    cues: Cues
    voiced: str | None


def read(query: str, now: int, zone: tzinfo = timezone.utc) -> Question:
    """Read a query in any language.

    Args:
        query: as the user wrote it.
        now: the current time, microseconds UTC; "last May" is the one before it.
        zone: the time zone of the user, in which "yesterday" is meant.
    """
    sought = query_ids(query)
    phrases = []
    for quoted in _QUOTED.finditer(query):
        words = query_terms(next(filter(None, quoted.groups())))
        if len(words) > 1:
            phrases.append([term_id(word) for word in words])
    others, family = honorific_terms(query)
    return Question(
        sought=sought,
        cues=Cues(
            sought.words,
            phrases,
            find_period(query, now, zone),
            bool(_ASKS_WHEN.match(query)),
            [term_id(term) for term in first_person_terms(query)],
            (list(map(term_id, others)), list(map(term_id, family))),
            _names(query),
        ),
        voiced=voiced(query),
    )


def _names(query: str) -> dict[int, int]:
    """Return the words of names in a query, and the flags of texts that introduce these persons."""
    found = _CAPITALIZED.findall(query.replace("\u2019", "'"))
    return {term_id(name): term_id(introduced(name)) for word in found for name in query_terms(word)}


def voiced(query: str) -> str | None:
    """Put an English question about a person into the first person.

    The answer to "Where did Ana go?" was said as "I went to Rome", whose embedding is nearer to that of
    "Where did I go?". Only the subject and a possessive change; other names stay.

    Args:
        query: such as ``"What is Ana's favourite tea?"``.

    Returns:
        ``"What is my favourite tea?"``, or ``None`` if nothing changes.
    """
    plain = query.replace("\u2019", "'")
    if asked := _SUBJECT.search(plain):
        name = re.escape(asked[2])
        changed = re.sub(rf"\b({_AUXILIARY}) {name}\b(?!')", r"\1 I", re.sub(rf"\b{name}'s\b", "my", plain))
    else:
        changed = _OWNER.sub("my", plain, count=1)
    return None if changed == plain else changed


# A month without a year. In a statement it stays as it is, since it may be in the future; a query means the
# last one. "May" counts only after a word that makes it a month.
_MONTH = Pattern(
    rf"\b(?:(?P<before>in|last|this|during|since|of|early|late)\s+)?(?P<month>{'|'.join(MONTHS)})\b(?!\s*,?\s*\d)",
    re.IGNORECASE,
)
_FEW = 31


def find_period(query: str, now: int, zone: tzinfo = timezone.utc) -> Period | None:
    """Return the first period that a query names ("in 2022", "two weeks ago", "两周前"), or ``None``.

    Args:
        query: the query.
        now: the current time, microseconds UTC; a month without a year is the last one that has begun.
        zone: the time zone whose days are meant.
    """
    today = to_datetime(*local_time(now, zone)).date()
    found = find_dates(query, today)
    named = found[0] if found else _month(query, today)
    if named is None:
        return None
    first, days = named.day, named.days
    try:
        last = first + timedelta(days=days)
    except OverflowError:
        return None
    return Period(from_date(first, zone), from_date(last, zone), _terms(first, days))


def _month(query: str, today: date) -> Found | None:
    for match in _MONTH.finditer(query):
        name = match["month"].capitalize()
        if name == "May" and not match["before"]:
            continue
        number = MONTHS.index(name) + 1
        year = today.year if number <= today.month else today.year - 1
        if (match["before"] or "").lower() == "last" and number == today.month:
            year -= 1
        first = date(year, number, 1)
        return Found(match.end(), first, length("month", first), None)
    return None


def _terms(first: date, days: int) -> tuple[int, ...]:
    """Return the ids of the terms that `flags.of_event` gives to events in a period."""
    if days <= _FEW:
        names = [str(first + timedelta(days=day)) for day in range(days)]
    elif days <= 366:
        names = [str(first.year)]
    else:
        return ()
    return tuple(term_id(name) for name in names)
