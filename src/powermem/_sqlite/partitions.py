"""The partitions of a collection in SQLite, shared by the threads that search."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from .._core.ranking.partition import Partition, PartitionCache
from .._core.sql.embedder import EmbedderSQL
from .._core.sql.partitions import Freshness, PartitionLoader
from .._core.sql.sqlite import SQLiteSQL
from ..errors import StoreError
from .sharing import SharedLock
from .steps import run


class Partitions:
    """A cache of partitions, which evicts the least recently used ones.

    Args:
        sql: the collection.
        embedder: the embedder of the stored vectors.
        limit_bytes: maximum memory of all partitions.
        exact_rows: a larger partition keeps one bit per dimension instead of the vectors.
    """

    def __init__(self, sql: SQLiteSQL, embedder: EmbedderSQL, limit_bytes: int, exact_rows: int) -> None:
        self._cache = PartitionCache(limit_bytes, SharedLock, exact_rows=exact_rows)
        self._loader = PartitionLoader(sql, embedder, self._cache)

    def freshness(self, connection: sqlite3.Connection) -> Freshness:
        """Return the version of the collection that a read transaction sees."""
        return run(connection, self._loader.freshness())

    @contextmanager
    def fresh(
        self, connection: sqlite3.Connection, user_id: str | None, freshness: Freshness
    ) -> Iterator[Partition]:
        """Lend the up-to-date partition of a user, or of all users for ``None``.

        Other threads may use it at the same time; its rows do not change until all have returned it.

        Args:
            connection: inside a read transaction.
            user_id: whose memories.
            freshness: how far the collection is in this transaction.
        """
        entry = self._cache.entry(user_id)
        while True:
            with entry.lock.shared():
                if entry.partition is not None and entry.sequence >= freshness.sequence:
                    try:
                        yield entry.partition
                    except (StoreError, sqlite3.Error):
                        raise
                    except BaseException:
                        # Searching reorders parts of it. If an error interrupted that, load it again.
                        entry.partition = None
                        raise
                    return
            with entry.lock.exclusive():
                if entry.partition is None or entry.sequence < freshness.sequence:
                    run(connection, self._loader.update(entry, freshness))

    def clear(self) -> None:
        """Drop every partition."""
        self._cache.clear()

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        return self._cache.nbytes
