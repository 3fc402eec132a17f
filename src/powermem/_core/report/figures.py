"""Counts of a user's memories, in all and by month."""

from __future__ import annotations

import heapq
from collections import Counter

from .. import clock
from ..values import Row


class Figures:
    """Counts memories one by one, and keeps which of them are the latest.

    Args:
        latest: how many to keep; more are counted only.
        now: the present moment; microseconds UTC.

    Attributes:
        total: the memories that were counted.
        current: those that hold.
        superseded: those whose place another one took.
        expired: those whose time is over.
        by_type: the current ones by type.
        begun: how many began to hold, by month, such as ``2026-05``.
        ended: how many gave way to another one, by month.
    """

    def __init__(self, latest: int, now: int) -> None:
        self._most = latest
        self._now = now
        self._latest: list[tuple[int, int]] = []
        self.total = self.current = self.superseded = self.expired = 0
        self.by_type: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Count a memory."""
        self.total += 1
        self.begun[month(row.valid_from)] += 1
        if row.valid_to is not None:
            self.superseded += 1
            self.ended[month(row.valid_to)] += 1
        elif row.expires_at is not None and row.expires_at <= self._now:
            self.expired += 1
        else:
            self.current += 1
            self.by_type[row.memory_type or "other"] += 1
        place = (row.valid_from, row.id)
        if len(self._latest) < self._most:
            heapq.heappush(self._latest, place)
        else:
            heapq.heappushpop(self._latest, place)

    def latest(self) -> list[int]:
        """Return the ids of the latest memories, newest first."""
        return [memory_id for _, memory_id in sorted(self._latest, reverse=True)]

    def months_of_latest(self) -> set[str]:
        """Return the months of the latest memories."""
        return {month(begins) for begins, _ in self._latest}

    def months(self) -> list[tuple[str, int, int]]:
        """Return each month in which something changed, newest first, with what began and what ended."""
        return [
            (each, self.begun[each], self.ended[each])
            for each in sorted(self.begun.keys() | self.ended.keys(), reverse=True)
        ]


def month(moment: int) -> str:
    """Return the month of a moment in UTC, such as ``2026-05``."""
    return clock.to_iso(moment)[:7]
