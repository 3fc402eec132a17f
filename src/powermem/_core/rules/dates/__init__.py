"""Dates in a sentence: find them, and spell out those that depend on the day they were said.

"I went hiking yesterday" becomes "I went hiking yesterday (7 May 2023)". A word that means something else in
another language, such as the French "hier", counts only in a sentence with other words of its language. What
cannot be known, such as "next Friday" said on a Monday, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ...clock import from_date, to_datetime
from ...patterns import Pattern
from . import english
from .hints import may_name_a_day
from .spans import Found, date_of, length

__all__ = ["Dated", "Found", "find_dates", "length", "resolve"]

_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_ABSOLUTE = Pattern(
    rf"""(?<![\w.-])(?: (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<day>\d{{1,2}})(?:st|nd|rd
    |th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>\d{{4}})
    |{_MONTH.replace("month", "month2")}\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})
    |{_MONTH.replace("month", "month3")},?\s+(?:of\s+)?(?P<year3>\d{{4}})|(?:in|since
    |during)\s+(?P<year4>(?:19|20)\d{{2}}) )(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_EAST_ASIAN_ABSOLUTE = Pattern(
    r"(?P<year>\d{4})[年년]\s?(?:(?P<month>\d{1,2})[月월]\s?(?:(?P<day>\d{1,2})[日号號일])?)?"
)
_DIGIT = Pattern(r"\d")


class Dated(NamedTuple):
    """A sentence with its dates spelled out, and when the event happens (microseconds UTC)."""

    text: str
    event_at: int | None


def resolve(
    sentence: str, sent_at: int | None, utc_offset: int | None = None, *, future: bool = False
) -> Dated:
    """Spell out the dates of a sentence that depend on when it was said.

    Args:
        sentence: such as ``"I went hiking yesterday"``.
        sent_at: when it was said, microseconds UTC; ``None`` leaves relative dates as they are.
        utc_offset: the speaker's offset from UTC in seconds.
        future: whether the sentence is a plan. "I leave in two weeks" names a date; "I learned it in two
            weeks" does not.

    Returns:
        The sentence with each date inserted behind the words it explains, ``"I went hiking yesterday (7 May
        2023)"``, and the first day of its first date.
    """
    today = None if sent_at is None else to_datetime(sent_at, utc_offset).date()
    found = find_dates(sentence, today, future=future)
    text = sentence
    for item in reversed(found):
        if item.words is not None:
            text = text[: item.end] + item.words + text[item.end :]
    first = found[0].day if found else None
    return Dated(text, None if first is None else from_date(first))


def find_dates(sentence: str, today: date | None, *, future: bool = False) -> list[Found]:
    """Find the dates in a sentence, in order.

    Args:
        sentence: in any of the languages of this module.
        today: the day on which it was said; ``None`` finds absolute dates only.
        future: see `resolve`.
    """
    # Absolute dates have digits, so most sentences need a single pass.
    found = list(_absolute(sentence)) if _DIGIT.search(sentence) else []
    if today is not None:
        found.extend(english.relative(sentence, today, future))
        # The words of the other languages are loaded with the first sentence that may be in one of them.
        if not sentence.isascii():
            from .foreign import by_letters, east_asian

            found.extend(east_asian(sentence, today))
            if not found:
                found.extend(by_letters(sentence, today))
        if not found and may_name_a_day(sentence):
            from .foreign import in_latin_letters

            found.extend(in_latin_letters(sentence, today))
    return sorted(found, key=lambda item: item.end)


def _absolute(sentence: str) -> Iterable[Found]:
    for match in _ABSOLUTE.finditer(sentence):
        if match["iso"]:
            year, month, day = match["iso"].split("-")
        else:
            name = match["month"] or match["month2"] or match["month3"]
            year = match["year"] or match["year2"] or match["year3"] or match["year4"]
            month = str(english.MONTH_NUMBER[name.lower()]) if name else ""
            day = match["day"] or match["day2"] or ""
        yield from _written_out(match.end(), year, month, day)
    for match in _EAST_ASIAN_ABSOLUTE.finditer(sentence):
        yield from _written_out(match.end(), *(part or "" for part in match.groups()))


def _written_out(end: int, year: str, month: str, day: str) -> Iterable[Found]:
    """Yield a date, a whole month (no day) or a whole year (no month)."""
    first = date_of(int(year), int(month or 1), int(day or 1))
    if first is not None:
        yield Found(end, first, 1 if day else length("month" if month else "year", first), None)
