"""Dates in a sentence: finding them, and writing out those that depend on when it was said."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple

from ..clock import MONTHS, WEEKDAYS, from_date, to_datetime
from . import relative

_NUMBERS = {
    "a couple of": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_MONTH_NUMBER = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_NUMBER = r"\d{1,3}|" + "|".join(name.replace(" ", r"\s+") for name in _NUMBERS)
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY_PART = r"(?:\s+(?:morning|afternoon|evening|night))?"

_RELATIVE = re.compile(
    rf"""\b(?: (?P<before>the\s+day\s+before\s+yesterday)|(?P<after>the\s+day\s+after\s+tomorrow)
    |(?P<yesterday>yesterday{_DAY_PART}|last\s+night)|(?P<today>today|tonight|this\s+(?:morning
    |afternoon|evening))|(?P<tomorrow>tomorrow{_DAY_PART})|(?P<which>last|this\s+past|this|next
    |this\s+coming)\s+ (?P<what>week(?:end)?|month|year|(?:mon|tues|wednes|thurs|fri|satur
    |sun)day){_DAY_PART}|(?P<count>{_NUMBER})\s+(?P<unit>day|week|weekend|month|year)s?\s+ago
    |in\s+(?P<ahead>{_NUMBER})\s+(?P<span>day|week|month|year)s?(?:'\s+time)? )\b(?!\s*\()(?!'s\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ABSOLUTE = re.compile(
    rf"""(?<![\w.-])(?: (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})|(?P<day>\d{{1,2}})(?:st|nd|rd
    |th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>\d{{4}})
    |{_MONTH.replace("month", "month2")}\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{{4}})
    |{_MONTH.replace("month", "month3")},?\s+(?:of\s+)?(?P<year3>\d{{4}})|(?:in|since
    |during)\s+(?P<year4>(?:19|20)\d{{2}}) )(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_DIGIT = re.compile(r"\d")
_CHINESE = re.compile(
    "(?P<days>大前天|前天|昨天|昨晚|一昨日|昨日|今天|今晚|今早|今日|明天|明早|明晚|明日|大后天|后天)"
    "|(?P<week>上|这|本|下)个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])?(?!末)"
    "|(?P<month>上|这|本|下)个?月|(?P<year>前年|去年|今年|明年|后年)"
    r"|(?P<count>\d{1,3}|[一二两三四五六七八九十]|十[一二])(?P<unit>天|日|周|个?星期|个?礼拜|个月|年)(?:以|之)?前"
)
_CHINESE_ABSOLUTE = re.compile(r"(?P<year>\d{4})年(?:(?P<month>\d{1,2})月(?:(?P<day>\d{1,2})[日号])?)?")
_CHINESE_DAYS = {"大前": -3, "前": -2, "一昨": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_CHINESE_SIDES = {"上": -1, "这": 0, "本": 0, "下": 1}
_CHINESE_NUMBERS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
    "十一": 11, "十二": 12,
}  # fmt: skip
_CHINESE_UNITS = {"天": "day", "日": "day", "月": "month", "年": "year"}
_CHINESE_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2}


class Dated(NamedTuple):
    """A sentence with its dates written out, and when the thing happens (microseconds, UTC)."""

    text: str
    event_at: int | None


class Found(NamedTuple):
    """A date in a sentence.

    Attributes:
        end: where its words end.
        day: its first day.
        days: how many days it means.
        words: what to add to the sentence; ``None`` when the date is written out.
    """

    end: int
    day: date
    days: int
    words: str | None


def resolve(
    sentence: str, sent_at: int | None, utc_offset: int | None = None, *, future: bool = False
) -> Dated:
    """Write out the dates of a sentence that depend on when it was said.

    Args:
        sentence: such as ``"I went hiking yesterday"``.
        sent_at: when it was said, microseconds UTC; ``None`` leaves such dates as they are.
        utc_offset: how many seconds the speaker's clock was ahead of UTC.
        future: whether the sentence is a plan, so that "in two weeks" is a date and not a length of time.

    Returns:
        The sentence with each date behind the words it explains, ``"I went hiking yesterday (7 May
        2023)"``, and the first day of the first date in it.
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
        sentence: in English, Chinese or a language of `relative`.
        today: the day on which it was said; ``None`` leaves out dates that depend on it.
        future: see `resolve`.
    """
    # A written date has digits and a Chinese one is not ASCII, so most sentences need one pass.
    found = list(_absolute(sentence)) if _DIGIT.search(sentence) else []
    if today is not None:
        found.extend(_relative(sentence, today, future))
        if not sentence.isascii():
            found.extend(_chinese(sentence, today))
        if not found:
            found.extend(_foreign(sentence, today))
    return sorted(found, key=lambda item: item.end)


def _absolute(sentence: str) -> Iterable[Found]:
    for match in _ABSOLUTE.finditer(sentence):
        if match["iso"]:
            year, month, day = match["iso"].split("-")
        else:
            name = match["month"] or match["month2"] or match["month3"]
            year = match["year"] or match["year2"] or match["year3"] or match["year4"]
            month, day = str(_MONTH_NUMBER[name.lower()]) if name else "", match["day"] or match["day2"] or ""
        yield from _written_out(match.end(), year, month, day)
    for match in _CHINESE_ABSOLUTE.finditer(sentence):
        yield from _written_out(match.end(), *(part or "" for part in match.groups()))


def _written_out(end: int, year: str, month: str, day: str) -> Iterable[Found]:
    """Yield a date of which the day, or the month too, may be left open."""
    first = _date(int(year), int(month or 1), int(day or 1))
    if first is not None:
        yield Found(end, first, 1 if day else length("month" if month else "year", first), None)


def length(unit: str, first: date) -> int:
    """Return how many days a week, weekend, month or year has that begins on a day; 1 for a day."""
    if unit == "month":
        return monthrange(first.year, first.month)[1]
    if unit == "year":
        return 365 + isleap(first.year)
    return {"week": 7, "weekend": 2}.get(unit, 1)


def _relative(sentence: str, today: date, future: bool) -> Iterable[Found]:
    for match in _RELATIVE.finditer(sentence):
        if match["which"]:
            found = _named(" ".join(match["which"].lower().split()), match["what"].lower(), today)
        elif match["unit"]:
            found = _distance(-_count(match["count"]), match["unit"].lower(), today)
        elif match["span"]:
            found = _distance(_count(match["ahead"]), match["span"].lower(), today) if future else None
        else:
            names = ("before", "yesterday", "today", "tomorrow", "after")
            days = next(offset for offset, name in enumerate(names, -2) if match[name])
            found = _exact(_shifted(today, days))
        if found is not None:
            yield Found(match.end(), found.first, found.days, f" ({found.words})")


class _Span(NamedTuple):
    """Days in a row, and what to call them."""

    first: date
    days: int
    words: str


def _named(which: str, what: str, today: date) -> _Span | None:
    """Resolve "last week", "this month", "next Friday"."""
    side = -1 if which in ("last", "this past") else 1 if which in ("next", "this coming") else 0
    monday = _shifted(today, -today.weekday())
    if monday is None:
        return None
    if what == "week":
        return _prefixed("week of", _shifted(monday, 7 * side), 7)
    if what == "weekend":
        # On a Sunday "last weekend" is the one before.
        return _prefixed("weekend of", _shifted(monday, 5 + 7 * side), 2)
    if what in ("month", "year"):
        return _distance(side, what, today)
    weekday = next(number for number, name in enumerate(WEEKDAYS) if name.lower() == what)
    if which == "this":
        return _exact(_shifted(monday, weekday))
    if side < 0:
        return _exact(_shifted(today, -((today.weekday() - weekday - 1) % 7 + 1)))
    if which == "next" and weekday > today.weekday():
        # Said on a Monday, "next Friday" is in four days to some and in eleven to others.
        return None
    return _exact(_shifted(today, (weekday - today.weekday() - 1) % 7 + 1))


def _distance(count: int, unit: str, today: date) -> _Span | None:
    """Resolve so many days, weeks, months or years before or after today."""
    if unit == "day":
        return _exact(_shifted(today, count))
    if unit == "week":
        return _prefixed("around", _shifted(today, 7 * count), 1)
    if unit == "weekend":
        monday = _shifted(today, 7 * count - today.weekday())
        return None if monday is None else _prefixed("weekend of", _shifted(monday, 5), 2)
    if unit == "month":
        months = today.year * 12 + today.month - 1 + count
        first = _date(months // 12, months % 12 + 1, 1)
        return None if first is None else _Span(first, length(unit, first), _month(first))
    first = _date(today.year + count, 1, 1)
    return None if first is None else _Span(first, length(unit, first), str(first.year))


def _foreign(sentence: str, today: date) -> Iterable[Found]:
    for meant in relative.find(sentence):
        kind = meant.what if meant.what in ("week", "weekend", "month", "year") else "day"
        if meant.days is not None:
            span = _exact(_shifted(today, meant.days))
        elif meant.distance:
            span = _distance(meant.distance, meant.what, today)
            kind = "around" if kind == "week" else kind
        else:
            span = _named(meant.which, meant.what, today)
        if span is not None:
            yield Found(meant.end, span.first, span.days, f" ({meant.write(kind, span.first)})")


def _chinese(sentence: str, today: date) -> Iterable[Found]:
    for match in _CHINESE.finditer(sentence):
        day: date | None
        days = 1
        write: Callable[[date], str] = _chinese_day
        if match["days"]:
            day = _shifted(today, _CHINESE_DAYS[match["days"][:-1]])
        elif match["week"]:
            weekday = "一二三四五六日".find((match["weekday"] or "一").replace("天", "日"))
            day = _shifted(today, 7 * _CHINESE_SIDES[match["week"]] - today.weekday() + weekday)
            if not match["weekday"]:
                days, write = 7, _chinese_week
        elif match["month"]:
            months = today.year * 12 + today.month - 1 + _CHINESE_SIDES[match["month"]]
            day = _date(months // 12, months % 12 + 1, 1)
            days, write = length("month", day or today), _chinese_month
        elif match["count"]:
            count = _CHINESE_NUMBERS.get(match["count"]) or int(match["count"])
            unit = _CHINESE_UNITS.get(match["unit"][-1], "week")
            span = _distance(-count, unit, today)
            day, days = (None, 1) if span is None else (span.first, span.days)
            write = {"month": _chinese_month, "year": _chinese_year}.get(unit, _chinese_day)
        else:
            day = _date(today.year + _CHINESE_YEARS[match["year"][0]], 1, 1)
            days, write = length("year", day or today), _chinese_year
        if day is not None:
            yield Found(match.end(), day, days, f"\uff08{write(day)}\uff09")


def _chinese_year(day: date) -> str:
    return f"{day.year}年"


def _chinese_month(day: date) -> str:
    return f"{day.year}年{day.month}月"


def _chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_week(day: date) -> str:
    return f"{_chinese_day(day)}那周"


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _exact(day: date | None) -> _Span | None:
    return _prefixed("", day, 1)


def _prefixed(prefix: str, day: date | None, days: int) -> _Span | None:
    if day is None:
        return None
    return _Span(day, days, f"{prefix} {day.day} {_month(day)}".strip())


def _count(word: str) -> int:
    number = " ".join(word.lower().split())
    return _NUMBERS[number] if number in _NUMBERS else int(number)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        # "31 June 2023": a date that does not exist is no date.
        return None


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
