"""Counting which memories were read, until it is worth writing down."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..values import Row


class Accesses:
    """Counts by id; safe to share between tasks and between threads."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, ids: Iterable[int]) -> None:
        """Count one access of each memory."""
        with self._lock:
            # A mapping would be taken for counts.
            self._counts.update(iter(ids))

    def take(self) -> Mapping[int, int]:
        """Return all counts and start again from zero."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Mapping[int, int]) -> None:
        """Count again what was taken but could not be written."""
        with self._lock:
            self._counts.update(counts)

    def include(self, rows: Sequence[Row]) -> None:
        """Add what is not written yet to the rows' own counts."""
        if not self._counts:
            return
        with self._lock:
            for row in rows:
                row.access_count += self._counts.get(row.id, 0)
