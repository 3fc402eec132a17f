"""Dates of numbers, whose order is found out from all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from ...errors import InvalidInputError


class Numbers(NamedTuple):
    """The three numbers of a date, as written, and whether dots or a language say that the day comes "
    "first."""

    first: int
    second: int
    third: int

    def date(self, *, day_first: bool) -> tuple[int, int, int]:
        """Return year, month and day."""
        if self.first > 31:
            return self.first, self.second, self.third
        year = self.third + 2000 if self.third < 100 else self.third
        # Buddhist years, on phones in Thailand.
        year = year - 543 if year > 2400 else year
        return (year, self.second, self.first) if day_first else (year, self.first, self.second)

    @property
    def year_first(self) -> bool:
        """Whether the year comes first."""
        return self.first > 31


class Order:
    """Finds out whether days or months come first in the dates of a file, given in their order.

    Args:
        given: what the user says.
    """

    def __init__(self, given: bool | None) -> None:
        self._given = given
        self._last: Numbers | None = None
        self._days = self._months = 0
        self._same = True
        self._example: Numbers | None = None
        self._before: dict[bool, tuple[int, int, int]] = {}
        self._backwards = {True: 0, False: 0}
        self._wrong = {True: 0, False: 0}
        self._latest = {True: (0, 0, 0), False: (0, 0, 0)}

    def see(self, numbers: Numbers) -> None:
        """Take a date into account."""
        if numbers == self._last or numbers.year_first:
            return
        self._last = numbers
        self._days += numbers.first > 12
        self._months += numbers.second > 12
        if numbers.first != numbers.second:
            self._same = False
            self._example = self._example or numbers
        for day_first in (True, False):
            date = numbers.date(day_first=day_first)
            if _is_date(date):
                self._backwards[day_first] += date < self._before.get(day_first, date)
                self._before[day_first] = date
                self._latest[day_first] = max(self._latest[day_first], date)
            else:
                self._wrong[day_first] += 1

    def day_first(self, *, hint: bool | None, written: str, until: datetime) -> bool:
        """Return whether days come first.

        Args:
            hint: what the way of writing says, such as dots, if anything.
            written: how dates are written, for the error; such as ``"/"``.
            until: dates after it are no dates of this file.

        Raises:
            InvalidInputError: the dates can be read both ways.
        """
        if self._given is not None:
            return self._given
        if self._days or self._months:
            return self._days >= self._months
        if self._same:
            return True
        if hint is not None:
            return hint
        for measure in (self._future(until), self._backwards):
            if bool(measure[True]) != bool(measure[False]):
                return not measure[True]
        shown = written.join(map(str, self._example or ()))
        raise InvalidInputError(
            f"the dates can be read in two ways: {shown} may have the day first or the month first, and no "
            "date of the file decides; give --date-order day-first or --date-order month-first "
            "(day_first=True or False)"
        )

    def _future(self, until: datetime) -> dict[bool, int]:
        last = (until.year, until.month, until.day)
        return {day_first: int(self._latest[day_first] > last) for day_first in (True, False)}


def _is_date(date: Sequence[int]) -> bool:
    try:
        datetime(*date)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True
