"""Days in English, also those that only the tense of the sentence tells: "on Friday", "in June"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from ...clock import MONTHS, WEEKDAYS
from ...patterns import Pattern
from ...text.prefilter import Prefilter
from .spans import Found, Span, date_of, distance, exact, length, named, shifted, written_month

MONTH_NUMBER = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_NUMBERS = {
    "a couple of": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_NUMBER = r"\d{1,3}|" + "|".join(name.replace(" ", r"\s+") for name in _NUMBERS)
_DAY_PART = r"(?:\s+(?:morning|afternoon|evening|night))?"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"

_RELATIVE = Pattern(
    rf"""\b(?: (?P<before>the\s+day\s+before\s+yesterday)|(?P<after>the\s+day\s+after\s+tomorrow)
    |(?P<yesterday>yesterday{_DAY_PART}|last\s+night)|(?P<today>today|tonight|this\s+(?:morning
    |afternoon|evening))|(?P<tomorrow>tomorrow{_DAY_PART})|(?P<which>last|this\s+past|this|next
    |this\s+coming)\s+ (?P<what>week(?:end)?|month|year|{_WEEKDAY}){_DAY_PART}
    |(?P<count>{_NUMBER})\s+(?P<unit>day|week|weekend|month|year)s?\s+ago
    |in\s+(?P<ahead>{_NUMBER})\s+(?P<span>day|week|month|year)s?(?:'\s+time)? )\b(?!\s*\()(?!'s\b)""",
    re.IGNORECASE | re.VERBOSE,
)
# Without a year or a week: only the tense tells which one is meant.
_MONTH = "|".join(MONTHS)
_BY_TENSE = Pattern(
    rf"""\b(?: on\s+(?P<weekday>{_WEEKDAY}){_DAY_PART}
    |(?:on\s+)?(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})
    |(?P<month2>{_MONTH})\s+(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?
    |(?P<which>last|this|next)\s+(?P<month3>{_MONTH})
    |in\s+(?P<month4>{_MONTH}) )\b(?!\s*\()(?!'s\b)(?!,?\s+(?:of\s+)?\d{{4}}\b)(?!\s*[-\u2013]\s*\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_FUTURE = Pattern(
    r"\b(?:will|won't|shall|going\s+to|gonna|\w+'ll|planning|plan\s+to|scheduled"
    r"|booked\s+for|due"
    r"|(?:i|we|he|she|they|it|who)(?:'m|'re|'s|\s+am|\s+are|\s+is)\s+(?:\w+ly\s+)?(?!being"
    r"|having)\w+ing"
    r"|is\s+(?:turning|moving|getting|leaving|starting|arriving|coming|flying|visiting"
    r"|opening|retiring)"
    r"|(?:leaves?|arrives?|starts?|begins?|departs?|lands?|expires?|opens|moves?|flies"
    r"|fly)\s+(?:on|in|for|at|to|tomorrow)"
    r"|i\s+(?:start|leave|fly|begin|arrive)\b|back\s+on|appointment|deadline|wedding\s+is"
    r"|flight\s+(?:is|leaves))\b",
    re.IGNORECASE,
)
_PAST = Pattern(
    r"\b(?:was|were|did|didn't|had|went|got|met|saw|bought|came|took|left|began|broke|lost"
    r"|found|made|gave|ran|won|quit"
    r"|started|moved|married|finished|passed|became|built|wrote|sold|felt|flew|drove|ate"
    r"|taught|spent|sent|paid|fell"
    r"|hurt|cut|read|heard|told|said|learnt|graduated|been|(?!(?:need|used|bed|red|wed|fed"
    r"|led|hundred|speed|seed)\b)\w{2,}ed)\b",
    re.IGNORECASE,
)
# A past verb whose date is that of what was arranged: "I signed up for the race in October" says nothing of
# when. Of what was bought or reserved, "in June" may be either; "on 12 June" is the day of the trip.
_AGREED = Pattern(
    r"\b(?:signed\s+up\s+(?:for|to)|rsvp(?:'d|ed)|(?:was|were|got|been)\s+(?:invited|asked)\s+to|invited"
    r"|(?:agreed|decided|promised|planned|arranged|offered|hoped|volunteered|committed)\s+to)\b",
    re.IGNORECASE,
)
_RESERVED = Pattern(
    r"\b(?:booked|reserved|scheduled|rented|hired|(?:bought|got|ordered)\s+(?:\w+\s+){0,3}tickets?)\b",
    re.IGNORECASE,
)
# What comes again every year or week has no date of its own.
_RECURS = Pattern(
    r"\b(?:birthday|anniversary|born|every|each|always|usually|often|normally|sometimes"
    r"|never|holiday|christmas|would|could|should)\b",
    re.IGNORECASE,
)

# For the first two.
_MAY_MATCH = Prefilter(
    f"day week month year night tomorrow morning afternoon evening {' '.join(MONTHS).lower()}"
)


def relative(sentence: str, today: date, future: bool) -> Iterable[Found]:
    """Yield the days of a sentence that depend on the day on which it was said.

    Args:
        sentence: in English.
        today: the day on which it was said.
        future: whether the sentence is a plan.
    """
    if not _MAY_MATCH.allows(sentence):
        return
    for match in _RELATIVE.finditer(sentence):
        span = _meant(match, sentence, today, future)
        if span is not None:
            yield Found(match.end(), span.first, span.days, f" ({span.words})")
    yield from _by_tense(sentence, today, future)


def _meant(match: re.Match[str], sentence: str, today: date, future: bool) -> Span | None:
    if match["which"]:
        return named(" ".join(match["which"].lower().split()), match["what"].lower(), today)
    if match["unit"]:
        return distance(-_count(match["count"]), match["unit"].lower(), today)
    if match["span"]:
        ahead = future or (_FUTURE.search(sentence) is not None and _PAST.search(sentence) is None)
        return distance(_count(match["ahead"]), match["span"].lower(), today) if ahead else None
    names = ("before", "yesterday", "today", "tomorrow", "after")
    days = next(offset for offset, name in enumerate(names, -2) if match[name])
    return exact(shifted(today, days))


def _by_tense(sentence: str, today: date, future: bool) -> Iterable[Found]:
    matches = list(_BY_TENSE.finditer(sentence))
    if not matches:
        return
    plain = sentence.replace("\u2019", "'")
    rest, agreed = _AGREED.subn("", plain)
    rest, reserved = _RESERVED.subn("", rest)
    ahead = future or bool(agreed or reserved) or _FUTURE.search(rest) is not None
    past = not future and _PAST.search(rest) is not None
    if ahead == past or _RECURS.search(plain):
        # "this" and "last" need no tense.
        matches = [match for match in matches if match["which"]]
    elif reserved and not future:
        matches = [match for match in matches if not match["month4"]]
    for match in matches:
        side = {"last": -1, "this": 0, "next": 1}.get((match["which"] or "").lower(), 1 if ahead else -1)
        span = _nearest_weekday(match, today, side) if match["weekday"] else _nearest(match, today, side)
        if span is not None:
            yield Found(match.end(), span.first, span.days, f" ({span.words})")


def _nearest_weekday(match: re.Match[str], today: date, side: int) -> Span | None:
    weekday = [name.lower() for name in WEEKDAYS].index(match["weekday"].lower())
    if weekday == today.weekday():
        # Said on the same weekday, it may be today.
        return None
    ahead = (weekday - today.weekday()) % 7
    return exact(shifted(today, ahead if side > 0 else ahead - 7))


def _nearest(match: re.Match[str], today: date, side: int) -> Span | None:
    """Return the next or the last day or month of a name: "on 2 June" said in March is that of this year."""
    name = match["month"] or match["month2"] or match["month3"] or match["month4"]
    month = MONTH_NUMBER[name[:3].lower()]
    day = match["day"] or match["day2"]
    if not day and month == today.month and side:
        return None
    if match["which"] and side > 0 and month > today.month:
        # "Next June" said in March may be in three months or in fifteen.
        return None
    first = _in_year(today.year, month, day)
    if first is not None and side and (first < today) == (side > 0) and first != today:
        first = _in_year(today.year + side, month, day)
    if first is None:
        return None
    return exact(first) if day else Span(first, length("month", first), written_month(first))


def _in_year(year: int, month: int, day: str | None) -> date | None:
    return date_of(year, month, int(day or 1))


def _count(word: str) -> int:
    number = " ".join(word.lower().split())
    return _NUMBERS[number] if number in _NUMBERS else int(number)
