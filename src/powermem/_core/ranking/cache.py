"""The cache of partitions in memory.

The lock of an entry must be held while its partition is used; the store chooses the kind of lock. The entries
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
    """A partition, its freshness and its lock.

    Attributes:
        user_id: the user whose memories it holds; ``None`` for those of all users.
        lock: to be held while any of the other attributes is read or changed.
        partition: ``None`` until it is loaded.
        sequence: the number of the last commit that it includes.
        size: its size in bytes as accounted for by the cache.
    """

    user_id: str | None
    lock: Lock
    partition: Partition | None = None
    sequence: int = -1
    size: int = 0


class PartitionCache(Generic[Lock]):
    """A cache that evicts the least recently used partitions.

    Args:
        limit_bytes: the total size allowed.
        make_lock: creates the lock of an entry.
        exact_rows: a partition with more rows holds codes instead of vectors.
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
        """Return an empty partition with space for ``rows`` rows.

        It is coded if these are too many or their vectors exceed the limit of the cache.
        """
        coded = rows > self._exact_rows or self._too_large(rows, dimension)
        partition = Partition(dimension, coded=coded)
        if partition.vectors is not None:
            partition.vectors.reserve(rows)
        return partition

    def outgrown(self, partition: Partition) -> bool:
        """Return whether a partition should be rebuilt: with codes, or without its hidden rows."""
        if partition.wasteful or partition.coded:
            return partition.wasteful
        # Twice the limit of `make`, since vectors that are already in memory are better than codes.
        rows = len(partition)
        return rows > 2 * self._exact_rows or self._too_large(rows, partition.dimension)

    def _too_large(self, rows: int, dimension: int | None) -> bool:
        return rows * (dimension or 0) * 4 > self._limit

    def resize(self, entry: Entry[Lock]) -> None:
        """Account for an entry that has just been filled, and evict others until all fit."""
        size = 0 if entry.partition is None else entry.partition.nbytes
        with self._lock:
            if self._entries.get(entry.user_id) is not entry:
                # It was evicted while it was being filled, and is released when its search is done.
                return
            self._total += size - entry.size
            entry.size = size
            for key in list(self._entries):
                # The one in use stays even if it alone is too large: the search has already loaded it.
                if self._total <= self._limit or key == entry.user_id:
                    return
                self._total -= self._entries.pop(key).size

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
            self._total = 0
