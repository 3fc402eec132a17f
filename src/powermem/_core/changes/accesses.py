"""Count accesses to memories until they are written to the store."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..values import Row


class Accesses:
    """Access counts by memory id; safe for tasks and threads."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, ids: Iterable[int]) -> None:
        """Count one access of each memory."""
        with self._lock:
            # As an iterator, since `Counter.update` would interpret a mapping as counts.
            self._counts.update(iter(ids))

    def take(self) -> Mapping[int, int]:
        """Return all counts, and reset them to zero."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Mapping[int, int]) -> None:
        """Add counts that were taken but could not be written."""
        with self._lock:
            self._counts.update(counts)

    def include(self, rows: Sequence[Row]) -> None:
        """Add the counts that are not written yet to those of rows."""
        if not self._counts:
            return
        with self._lock:
            for row in rows:
                row.access_count += self._counts.get(row.id, 0)
