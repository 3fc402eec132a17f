"""The in-memory partitions of a collection, loaded from its tables and kept as fresh as the file.

Every commit gets a number (``sequence``), whoever makes it. A partition knows the last number it has seen;
when the file has a higher one, the rows that changed since are read. So a search sees what any process has
committed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..ranking.partition import Partition, PartitionRows

_CHUNK = 512


@dataclass(slots=True)
class _Entry:
    """A partition, how fresh it is, and the lock of whoever uses it."""

    user_id: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    partition: Partition | None = None
    sequence: int = -1
    size: int = 0


class Partitions:
    """Least recently used partitions are dropped when all together exceed the limit.

    Args:
        collection: whose tables.
        limit_bytes: how much memory all may take together.
        exact_rows: a partition with more rows keeps one bit of each dimension, not the vectors.
    """

    def __init__(self, collection: str, limit_bytes: int, exact_rows: int) -> None:
        self._c = collection
        self._exact_rows = exact_rows
        self._limit = limit_bytes
        self._entries: OrderedDict[str | None, _Entry] = OrderedDict()
        self._total = 0
        self._lock = threading.Lock()

    @contextmanager
    def fresh(
        self, connection: sqlite3.Connection, user_id: str | None, sequence: int
    ) -> Iterator[Partition]:
        """Lend the partition of a user, or of everybody for ``None``, brought up to date.

        Args:
            connection: inside a read transaction.
            user_id: whose memories.
            sequence: the number of the last commit that this transaction sees.
        """
        with self._lock:
            entry = self._entries.setdefault(user_id, _Entry(user_id))
            self._entries.move_to_end(user_id)
        with entry.lock:
            # A transaction that began before the last refresh sees less than the partition holds; that is as
            # if it had begun a moment later.
            if (
                entry.partition is None
                or self._outgrown(entry.partition)
                or entry.sequence < self._oldest(connection)
            ):
                entry.partition = self._load(connection, user_id)
                entry.sequence = sequence
                self._resize(entry)
            elif entry.sequence < sequence:
                self._refresh(connection, entry, sequence)
                self._resize(entry)
            yield entry.partition

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._total = 0

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        with self._lock:
            return self._total

    def _resize(self, entry: _Entry) -> None:
        assert entry.partition is not None
        size = entry.partition.nbytes
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

    def _oldest(self, connection: sqlite3.Connection) -> int:
        # What was deleted before this commit is no longer listed, so older partitions cannot be brought up to
        # date.
        oldest: int = connection.execute(
            f"SELECT value FROM {self._c}_meta WHERE key = 'deleted_before'"
        ).fetchone()[0]
        return oldest

    def _outgrown(self, partition: Partition) -> bool:
        return partition.wasteful or (not partition.coded and len(partition) > 2 * self._exact_rows)

    def _load(self, connection: sqlite3.Connection, user_id: str | None) -> Partition:
        found = connection.execute(f"SELECT value FROM {self._c}_meta WHERE key = 'dimension'").fetchone()
        where, values = ("1", []) if user_id is None else ("r.user_id = ?", [user_id])
        count: int = connection.execute(
            f"SELECT count(*) FROM {self._c}_records r WHERE {where}", values
        ).fetchone()[0]
        partition = Partition(found[0] if found else None, coded=count > self._exact_rows)
        if partition.vectors is not None:
            partition.vectors.reserve(count)
        self._append(connection, partition, where, values)
        return partition

    def _refresh(self, connection: sqlite3.Connection, entry: _Entry, sequence: int) -> None:
        partition = entry.partition
        assert partition is not None
        deleted = connection.execute(
            f"SELECT id FROM {self._c}_deleted WHERE sequence > ?", (entry.sequence,)
        )
        partition.remove([row[0] for row in deleted])
        where = "r.sequence > ?"
        values: list[Any] = [entry.sequence]
        if entry.user_id is not None:
            where, values = where + " AND r.user_id = ?", [*values, entry.user_id]
        if partition.dimension is None:
            # The first vector of the collection may be among the changes.
            found = connection.execute(f"SELECT 1 FROM {self._c}_meta WHERE key = 'dimension'").fetchone()
            if found:
                entry.partition = self._load(connection, entry.user_id)
                entry.sequence = sequence
                return
        self._append(connection, partition, where, values)
        entry.sequence = sequence

    def _append(
        self, connection: sqlite3.Connection, partition: Partition, where: str, values: list[Any]
    ) -> None:
        cursor = connection.execute(
            "SELECT r.id, r.agent_id, r.run_id, r.actor_id, r.valid_from, r.valid_to, r.expires_at, "
            "v.embedding, v.terms, v.frequencies "
            f"FROM {self._c}_records r JOIN {self._c}_vectors v ON v.id = r.id WHERE {where}",
            values,
        )
        blank = bytes(4 * (partition.dimension or 0))
        while chunk := cursor.fetchmany(_CHUNK):
            partition.append(_columns(chunk, blank))


def _columns(rows: Iterable[Any], blank: bytes) -> PartitionRows:
    ids, agents, runs, actors, begins, ends, expiries, embeddings, terms, frequencies = zip(
        *rows, strict=True
    )
    return PartitionRows(
        ids=list(ids),
        agents=list(agents),
        runs=list(runs),
        actors=list(actors),
        valid_from=list(begins),
        valid_to=list(ends),
        expires_at=list(expiries),
        embeddings=b"".join([embedding or blank for embedding in embeddings]) if blank else b"",
        terms=b"".join(terms),
        frequencies=b"".join(frequencies),
        sizes=[len(counts) for counts in frequencies],
    )
