"""Which partitions stay in memory.

A store brings its own kind of lock: whoever uses a partition holds the lock of its entry, while the entries
themselves are guarded here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .partition import Partition

Lock = TypeVar("Lock")


@dataclass(slots=True)
class Entry(Generic[Lock]):
    """A partition, how fresh it is, and the lock of whoever uses it.

    Attributes:
        user_id: whose memories it holds; everybody's for ``None``.
        lock: to be held while anything here is read or changed.
        partition: ``None`` until it was loaded.
        sequence: number of the last commit that it has seen.
        size: bytes it takes, as counted by the cache.
    """

    user_id: str | None
    lock: Lock
    partition: Partition | None = None
    sequence: int = -1
    size: int = 0


class PartitionCache(Generic[Lock]):
    """Least recently used partitions are dropped when all together exceed the limit.

    Args:
        limit_bytes: how much memory all may take together.
        make_lock: makes the lock of an entry.
        exact_rows: a partition with more rows keeps codes, not the vectors.
    """

    def __init__(self, limit_bytes: int, make_lock: Callable[[], Lock], *, exact_rows: int) -> None:
        self._limit = limit_bytes
        self._exact_rows = exact_rows
        self._make_lock = make_lock
        self._entries: OrderedDict[str | None, Entry[Lock]] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        with self._lock:
            return self._total

    def entry(self, user_id: str | None) -> Entry[Lock]:
        """Return the entry of a user, which may not be loaded yet."""
        with self._lock:
            entry = self._entries.get(user_id)
            if entry is None:
                entry = self._entries[user_id] = Entry(user_id, self._make_lock())
            self._entries.move_to_end(user_id)
            return entry

    def make(self, dimension: int | None, rows: int) -> Partition:
        """Return an empty partition with room for so many rows, which come next.

        It is coded when the vectors would be too many, or would not fit into the memory.
        """
        coded = rows > self._exact_rows or self._too_large(rows, dimension)
        partition = Partition(dimension, coded=coded)
        if partition.vectors is not None:
            partition.vectors.reserve(rows)
        return partition

    def outgrown(self, partition: Partition) -> bool:
        """Tell whether a partition had better be built anew: coded, or without the rows that are hidden."""
        if partition.wasteful or partition.coded:
            return partition.wasteful
        # Twice, since vectors that are in memory already are better than codes.
        rows = len(partition)
        return rows > 2 * self._exact_rows or self._too_large(rows, partition.dimension)

    def _too_large(self, rows: int, dimension: int | None) -> bool:
        return rows * (dimension or 0) * 4 > self._limit

    def resize(self, entry: Entry[Lock]) -> None:
        """Count an entry that was just filled anew, and drop others until all fit."""
        size = 0 if entry.partition is None else entry.partition.nbytes
        with self._lock:
            if self._entries.get(entry.user_id) is not entry:
                # It was dropped while it was being filled, and goes when this search is done.
                return
            self._total += size - entry.size
            entry.size = size
            for key in list(self._entries):
                # The one in use stays even when it alone is too large: the search has paid for it already.
                if self._total <= self._limit or key == entry.user_id:
                    return
                self._total -= self._entries.pop(key).size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._total = 0
