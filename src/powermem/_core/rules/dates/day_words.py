"""How languages with words between spaces name days: a table for each, and one way to read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from ...clock import WEEKDAYS
from ...patterns import Pattern
from .spans import Found, Span, distance, exact, named, shifted


@dataclass(frozen=True)
class DayWords:
    """How one language names days. All words are patterns; lists of them are separated by spaces.

    Attributes:
        own: words that mark a sentence as being in this language.
        days: words for single days, keyed by their distance from today: ``{-1: "gestern"}``.
        units: the words for ``day``, ``week``, ``weekend``, ``month`` and ``year``.
        weekdays: Monday first.
        before: words in front of a unit, keyed by ``last``, ``this``, ...: "letzte Woche".
        after: the same for words behind a unit: "la semaine dernière".
        ago: the form of a distance in the past; ``{}`` stands for number and unit: ``"vor {}"``.
        ahead: the same for the future.
        numbers: one, two, ...
        months: January first, as in a date.
        day: format of a day, with ``{day}``, ``{month}`` and ``{year}``.
        month: format of a month.
        prefixes: what precedes the day for ``around``, ``week`` and ``weekend``.
        spans: whole words for other distances, keyed by number and unit: ``{"-2 week": "أسبوعين"}``.
        alone: whether a unit without a number stands for one: "неделю назад".
        months_alone: the names of months without a day, if they differ.
        both_ways: words whose direction the tense decides, keyed by their distance: the Hindi "कल".
        past, future: what marks a sentence as being in that tense, for ``both_ways``.
        edges: characters of the script that are no word characters to `re`.
    """

    own: str
    days: Mapping[int, str]
    units: Mapping[str, str]
    weekdays: str
    ago: str
    ahead: str
    numbers: str
    months: str
    day: str
    month: str
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    months_alone: str = ""
    both_ways: Mapping[int, str] = field(default_factory=dict)
    past: str = "(?!)"
    future: str = "(?!)"
    edges: str = ""

    @cached_property
    def _own_words(self) -> Pattern:
        return Pattern(rf"\b(?:{self.own})(?!\w)", re.IGNORECASE)

    @cached_property
    def _pattern(self) -> Pattern:
        # Groups: day0, day1, ... for words of `days`; both0, ... and span0, ... alike; s and u (side, unit)
        # with the suffix "b" or "a" for a side before or behind the unit; n and d (number, unit) with "p" or
        # "f" for the past or the future.
        weekday_or_unit = "|".join(
            [*(words for name, words in self.units.items() if name != "day"), *self.weekdays.split()]
        )
        number = "|".join([r"\d{1,3}", *self.numbers.split()])
        count = rf"(?:(?P<nX>{number})\s+)?" if self.alone else rf"(?P<nX>{number})\s+"
        distances = rf"{count}(?P<dX>{'|'.join(self.units.values())})"
        parts = [f"(?P<day{place}>{pattern})" for place, pattern in enumerate(self.days.values())]
        parts += [f"(?P<both{place}>{pattern})" for place, pattern in enumerate(self.both_ways.values())]
        parts += [f"(?P<span{place}>{pattern})" for place, pattern in enumerate(self.spans.values())]
        if self.before:
            parts.append(rf"(?P<sb>{'|'.join(self.before.values())})\s+(?P<ub>{weekday_or_unit})")
        if self.after:
            parts.append(rf"(?P<ua>{weekday_or_unit})\s+(?P<sa>{'|'.join(self.after.values())})")
        for form, key in ((self.ago, "p"), (self.ahead, "f")):
            parts.append(form.replace("{}", distances.replace("X>", f"{key}>")))
        edge = rf"[\w{self.edges}]"
        return Pattern(rf"(?<!{edge})(?:{'|'.join(parts)})(?!{edge})(?!\s*\()", re.IGNORECASE)

    def evidence(self, sentence: str) -> int:
        """Return the number of words that mark a sentence as being in this language."""
        return len(self._own_words.findall(sentence))

    def find(self, sentence: str, today: date) -> Iterable[Found]:
        """Yield the days that a sentence of this language names."""
        for match in self._pattern.finditer(sentence):
            kind, span = self._meant(match, sentence, today)
            if span is not None:
                yield Found(match.end(), span.first, span.days, f" ({self.write(kind, span.first)})")

    def _meant(self, match: re.Match[str], sentence: str, today: date) -> tuple[str, Span | None]:
        groups = {name: words for name, words in match.groupdict().items() if words}
        name, _ = next(iter(groups.items()))
        if name.startswith("day"):
            return "day", exact(shifted(today, list(self.days)[int(name[3:])]))
        if name.startswith("both"):
            return "day", self._by_tense(list(self.both_ways)[int(name[4:])], sentence, today)
        if name.startswith("span"):
            count, unit = list(self.spans)[int(name[4:])].split()
            return _written(unit), distance(int(count), unit, today)
        for key, sides in (("b", self.before), ("a", self.after)):
            if side := groups.get(f"s{key}"):
                unit = self._unit(groups[f"u{key}"])
                kind = unit if unit in ("week", "weekend", "month", "year") else "day"
                return kind, named(_key_of(sides, side), unit, today)
        key, sign = ("p", -1) if "dp" in groups else ("f", 1)
        unit = self._unit(groups[f"d{key}"])
        return _written(unit), distance(sign * self._number(groups.get(f"n{key}")), unit, today)

    def _by_tense(self, days: int, sentence: str, today: date) -> Span | None:
        past = re.search(self.past, sentence) is not None
        future = re.search(self.future, sentence) is not None
        if past == future:
            return None
        return exact(shifted(today, -days if past else days))

    def _unit(self, words: str) -> str:
        for name, weekday in zip(WEEKDAYS, self.weekdays.split(), strict=True):
            if re.fullmatch(weekday, words, re.IGNORECASE):
                return name.lower()
        return _key_of(self.units, words)

    def _number(self, words: str | None) -> int:
        if words is None:
            return 1
        if words.isdecimal():
            return int(words)
        names = enumerate(self.numbers.split(), 1)
        return next(number for number, name in names if re.fullmatch(name, words, re.IGNORECASE))

    def write(self, kind: str, day: date) -> str:
        """Format a date.

        Args:
            kind: ``"day"``, ``"around"``, ``"week"``, ``"weekend"``, ``"month"`` or ``"year"``.
            day: its first day.
        """
        if kind == "year":
            return str(day.year)
        names = self.months_alone if kind == "month" and self.months_alone else self.months
        form = self.month if kind == "month" else self.day
        written = form.format(day=day.day, month=names.split()[day.month - 1], year=day.year)
        return f"{self.prefixes.get(kind, '')} {written}".strip()


def _written(unit: str) -> str:
    """Return how a distance in a unit is written: weeks only roughly."""
    return "around" if unit == "week" else unit


def _key_of(patterns: Mapping[str, str], words: str) -> str:
    return next(key for key, pattern in patterns.items() if re.fullmatch(pattern, words, re.IGNORECASE))
