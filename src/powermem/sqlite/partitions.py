"""The in-memory partitions of a collection, loaded from its tables and kept as fresh as the file.

Every commit gets a number (``sequence``), whoever makes it. A partition knows the last number it has seen;
when the file has a higher one, the rows that changed since are read. So a search sees what any process has
committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import StoreError
from ..ranking.cache import Entry, PartitionCache
from ..ranking.partition import Partition
from ..ranking.search import columns
from .sharing import SharedLock

_CHUNK = 512


class Partitions:
    """Least recently used partitions are dropped when all together exceed the limit.

    Args:
        collection: whose tables.
        limit_bytes: how much memory all may take together.
        exact_rows: a partition with more rows keeps one bit of each dimension, not the vectors.
    """

    def __init__(self, collection: str, limit_bytes: int, exact_rows: int) -> None:
        self._c = collection
        self._cache = PartitionCache(limit_bytes, SharedLock, exact_rows=exact_rows)

    @contextmanager
    def fresh(
        self, connection: sqlite3.Connection, user_id: str | None, sequence: int
    ) -> Iterator[Partition]:
        """Lend the partition of a user, or of everybody for ``None``, brought up to date.

        Others may use it at the same time; nobody changes its rows meanwhile.

        Args:
            connection: inside a read transaction.
            user_id: whose memories.
            sequence: the number of the last commit that this transaction sees.
        """
        entry = self._cache.entry(user_id)
        while True:
            with entry.lock.shared():
                if entry.partition is not None and entry.sequence >= sequence:
                    try:
                        yield entry.partition
                    except (StoreError, sqlite3.Error):
                        raise
                    except BaseException:
                        # Searching puts parts of it in order; what an error has cut short is loaded again.
                        entry.partition = None
                        raise
                    return
            with entry.lock.exclusive():
                if entry.sequence < sequence or entry.partition is None:
                    self._update(connection, entry, sequence)
                    self._cache.resize(entry)

    def _update(self, connection: sqlite3.Connection, entry: Entry[SharedLock], sequence: int) -> None:
        # Until it is whole again there is none: an error on the way makes the next search load it.
        partition, entry.partition = entry.partition, None
        if (
            partition is None
            or self._cache.outgrown(partition)
            or entry.sequence < self._oldest(connection)
            or not self._refresh(connection, entry, partition)
        ):
            partition = self._load(connection, entry.user_id)
        entry.sequence = sequence
        entry.partition = partition

    def clear(self) -> None:
        """Forget everything."""
        self._cache.clear()

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        return self._cache.nbytes

    def _oldest(self, connection: sqlite3.Connection) -> int:
        # What was deleted before this commit is no longer listed, so older partitions cannot be brought up to
        # date.
        oldest: int = connection.execute(
            f"SELECT value FROM {self._c}_meta WHERE key = 'deleted_before'"
        ).fetchone()[0]
        return oldest

    def _load(self, connection: sqlite3.Connection, user_id: str | None) -> Partition:
        found = connection.execute(f"SELECT value FROM {self._c}_meta WHERE key = 'dimension'").fetchone()
        where, values = ("1", []) if user_id is None else ("r.user_id = ?", [user_id])
        count: int = connection.execute(
            f"SELECT count(*) FROM {self._c}_records r WHERE {where}", values
        ).fetchone()[0]
        partition = self._cache.make(found[0] if found else None, count)
        self._append(connection, partition, where, values)
        return partition

    def _refresh(
        self, connection: sqlite3.Connection, entry: Entry[SharedLock], partition: Partition
    ) -> bool:
        """Bring a partition up to date; ``False`` when it has to be loaded again instead."""
        if partition.dimension is None:
            # The first vector of the collection may be among the changes.
            found = connection.execute(f"SELECT 1 FROM {self._c}_meta WHERE key = 'dimension'").fetchone()
            if found:
                return False
        deleted = connection.execute(
            f"SELECT id FROM {self._c}_deleted WHERE sequence > ?", (entry.sequence,)
        )
        partition.remove([row[0] for row in deleted])
        where = "r.sequence > ?"
        values: list[Any] = [entry.sequence]
        if entry.user_id is not None:
            where, values = where + " AND r.user_id = ?", [*values, entry.user_id]
        self._append(connection, partition, where, values)
        return True

    def _append(
        self, connection: sqlite3.Connection, partition: Partition, where: str, values: list[Any]
    ) -> None:
        cursor = connection.execute(
            "SELECT r.id, r.agent_id, r.run_id, r.actor_id, r.valid_from, r.valid_to, r.expires_at, "
            "v.embedding, v.terms, v.frequencies "
            f"FROM {self._c}_records r JOIN {self._c}_vectors v ON v.id = r.id WHERE {where}",
            values,
        )
        while chunk := cursor.fetchmany(_CHUNK):
            partition.append(columns(chunk, partition.dimension))
