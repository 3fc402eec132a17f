"""The time that a query names: "last May", "in 2022", "two weeks ago", "两周前"."""

from __future__ import annotations

import re
from datetime import date, timedelta, timezone, tzinfo

from .clock import MONTHS, from_date, local_time, to_datetime
from .rules.dates import Found, find_dates, length
from .text import term_id
from .types import Period

# A month without a year, which a statement does not resolve: it may be to come. "May" only with a word before
# it that makes it a month.
_MONTH = re.compile(
    rf"\b(?:(?P<before>in|last|this|during|since|of|early|late)\s+)?(?P<month>{'|'.join(MONTHS)})\b(?!\s*,?\s*\d)",
    re.IGNORECASE,
)
_FEW = 31


def find(query: str, now: int, zone: tzinfo = timezone.utc) -> Period | None:
    """Return the first time that a query names, or ``None``.

    Args:
        query: in English or Chinese.
        now: the present moment, microseconds UTC; a month without a year is the last one that has begun.
        zone: where it is asked: its days are meant.
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
    """Return the ids of the terms by which a memory tells of something in a time; see ``marks.of_event``."""
    if days <= _FEW:
        names = [str(first + timedelta(days=day)) for day in range(days)]
    elif days <= 366:
        names = [str(first.year)]
    else:
        return ()
    return tuple(term_id(name) for name in names)
