"""Days and periods relative to the day on which they are named."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta
from typing import NamedTuple

from ...clock import MONTHS, WEEKDAYS


class Found(NamedTuple):
    """A date in a sentence.

    Attributes:
        end: offset just behind its words.
        day: its first day.
        days: its length in days.
        words: the text to insert after it; ``None`` if the date is complete as written.
    """

    end: int
    day: date
    days: int
    words: str | None


class Span(NamedTuple):
    """Consecutive days, and how to write them in English."""

    first: date
    days: int
    words: str


def length(unit: str, first: date) -> int:
    """Return the length in days of the week, weekend, month, year or day that begins on a day."""
    if unit == "month":
        return monthrange(first.year, first.month)[1]
    if unit == "year":
        return 365 + isleap(first.year)
    return {"week": 7, "weekend": 2}.get(unit, 1)


def named(which: str, what: str, today: date) -> Span | None:
    """Resolve "last week", "this month", "next Friday".

    Args:
        which: ``"last"``, ``"this past"``, ``"this"``, ``"next"`` or ``"this coming"``.
        what: ``"week"``, ``"weekend"``, ``"month"``, ``"year"`` or an English weekday, in lower case.
        today: the day on which it was said.
    """
    # Last, this or next week; of a weekday: before today, in this week, or after today.
    side = -1 if which in ("last", "this past") else 1 if which in ("next", "this coming") else 0
    monday = shifted(today, -today.weekday())
    if monday is None:
        return None
    if what == "week":
        return _prefixed("week of", shifted(monday, 7 * side), 7)
    if what == "weekend":
        # Said on a Sunday, "last weekend" is not the one that is under way.
        return _prefixed("weekend of", shifted(monday, 5 + 7 * side), 2)
    if what in ("month", "year"):
        return distance(side, what, today)
    weekday = next(number for number, name in enumerate(WEEKDAYS) if name.lower() == what)
    if which == "this":
        return exact(shifted(monday, weekday))
    if side < 0:
        return exact(shifted(today, -((today.weekday() - weekday - 1) % 7 + 1)))
    if which == "next" and weekday > today.weekday():
        # Ambiguous: said on a Monday, some mean the Friday in four days, others the one in eleven.
        return None
    return exact(shifted(today, (weekday - today.weekday() - 1) % 7 + 1))


def distance(count: int, unit: str, today: date) -> Span | None:
    """Resolve "two weeks ago" (-2, "week") or "in three months" (3, "month")."""
    if unit == "day":
        return exact(shifted(today, count))
    if unit == "week":
        return _prefixed("around", shifted(today, 7 * count), 1)
    if unit == "weekend":
        monday = shifted(today, 7 * count - today.weekday())
        return None if monday is None else _prefixed("weekend of", shifted(monday, 5), 2)
    if unit == "month":
        months = today.year * 12 + today.month - 1 + count
        first = date_of(months // 12, months % 12 + 1, 1)
        return None if first is None else Span(first, length(unit, first), written_month(first))
    first = date_of(today.year + count, 1, 1)
    return None if first is None else Span(first, length(unit, first), str(first.year))


def exact(day: date | None) -> Span | None:
    """Return a single day, or ``None`` if there is no such day."""
    return _prefixed("", day, 1)


def _prefixed(prefix: str, day: date | None, days: int) -> Span | None:
    if day is None:
        return None
    return Span(day, days, f"{prefix} {day.day} {written_month(day)}".strip())


def written_month(day: date) -> str:
    """Return ``"May 2023"``."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def date_of(year: int, month: int, day: int) -> date | None:
    """Return a day, or ``None`` if there is none, such as "31 June 2023"."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def shifted(day: date, days: int) -> date | None:
    """Return the day so many days later, or ``None`` beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
