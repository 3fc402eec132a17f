"""The partitions of a collection in SQLite, shared by the threads that search."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from .._core.ranking.partition import Entry, Partition, PartitionCache
from .._core.sql.embedder import EmbedderSQL
from .._core.sql.partitions import Freshness, PartitionLoader
from .._core.sql.sqlite import SQLiteSQL
from ..errors import StoreError
from .partition_files import PartitionFiles, Saved
from .sharing import SharedLock, SharedLocks
from .steps import run

LEAST_SAVED = 20_000
"""Smaller partitions are read from the tables in a tenth of a second, and have no file."""
# A partition is saved again after changes to this part of its rows; while it is in use this one, and
# when it was just read from its file, since each change takes longer to read from the tables, this one.
_MUCH, _SOME = 4, 16


class Partitions:
    """A cache of partitions, which evicts the least recently used ones.

    Args:
        sql: the collection.
        embedder: the embedder of the stored vectors.
        limit_bytes: maximum memory of all partitions.
        exact_rows: a larger partition keeps one bit per dimension instead of the vectors.
        files: where large ones are saved, or ``None``.
        least_saved: the number of rows from which on one is saved.
    """

    def __init__(
        self,
        sql: SQLiteSQL,
        embedder: EmbedderSQL,
        limit_bytes: int,
        exact_rows: int,
        files: PartitionFiles | None = None,
        least_saved: int = LEAST_SAVED,
    ) -> None:
        self._sql = sql
        self._files = files
        self._least_saved = least_saved
        self._unsaved: dict[str | None, Entry[SharedLock]] = {}
        self._cache = PartitionCache(limit_bytes, SharedLocks(), exact_rows=exact_rows)
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
                if entry.partition is None:
                    self._read_file(connection, entry, freshness)
                if entry.partition is None or entry.sequence < freshness.sequence:
                    run(connection, self._loader.update(entry, freshness))
                    self._note_unsaved(entry, _MUCH)

    def _read_file(
        self, connection: sqlite3.Connection, entry: Entry[SharedLock], freshness: Freshness
    ) -> None:
        """Fill an entry from its file and bring it up to date, if there is a good file."""
        entry.saved = 0
        saved = self._find_saved(connection, entry.user_id)
        if saved is None or not self._fits(saved, freshness):
            return
        partition = Partition.of(saved.arrays, saved.values, self._cache.exact(freshness.dimension))
        entry.partition, entry.sequence, entry.saved = partition, saved.sequence, partition.drift
        run(connection, self._loader.update(entry, freshness))
        if entry.partition is not partition:
            entry.saved = 0
        elif len(partition) != connection.execute(*self._sql.size(entry.user_id)).fetchone()[0]:
            # Rows were written or deleted past this library.
            entry.partition, entry.saved = None, 0
            return
        self._cache.resize(entry)
        self._note_unsaved(entry, _SOME)

    def _find_saved(self, connection: sqlite3.Connection, user_id: str | None) -> Saved | None:
        if self._files is None or not self._files.holds(user_id):
            return None
        found = connection.execute(
            f"SELECT value FROM {self._sql.meta} WHERE key = ?", (self._files.key(user_id),)
        ).fetchone()
        return None if found is None else self._files.read(user_id, found[0])

    def _fits(self, saved: Saved, freshness: Freshness) -> bool:
        """Return whether a partition of today would have vectors, or codes, as the saved one has."""
        dimension, rows, windows = (saved.values[name] for name in ("dimension", "rows", "windows"))
        coded = self._cache.codes(dimension, rows) or (
            windows is not None and rows + windows > self._cache.exact(dimension)
        )
        return bool(dimension == freshness.dimension and saved.values["coded"] == coded)

    def _note_unsaved(self, entry: Entry[SharedLock], part: int) -> None:
        partition = entry.partition
        if self._files is None or partition is None or len(partition) < self._least_saved:
            return
        if not entry.saved or partition.drift - entry.saved > len(partition) // part:
            self._unsaved[entry.user_id] = entry

    @property
    def unsaved(self) -> bool:
        """Whether `save` has something to do."""
        return bool(self._unsaved)

    def save(self, commit: Callable[[str, str], None], stopped: Callable[[], bool]) -> None:
        """Write the large partitions that have no file, or one that is too old.

        Args:
            commit: stores a key of ``meta`` and its value in a transaction of its own.
            stopped: whether to leave it.

        Raises:
            OSError: a file cannot be written.
        """
        while self._unsaved and self._files is not None and not stopped():
            user_id, entry = self._unsaved.popitem()
            # Alone, since it sorts what searches would have sorted; then others may change the partition.
            with entry.lock.exclusive():
                if entry.partition is None:
                    continue
                image, sequence, entry.saved = entry.partition.image(), entry.sequence, entry.partition.drift
            token = self._files.write(user_id, image, sequence, stopped)
            if token is not None:
                commit(self._files.key(user_id), token)

    def remove_files(self, user_ids: Iterable[str | None]) -> None:
        """Remove what is saved of these users, and with any of them what is saved of all."""
        if self._files is not None:
            for user_id in user_ids:
                self._files.remove(user_id)

    def clear_files(self) -> None:
        """Remove all that is saved."""
        if self._files is not None:
            self._files.clear()

    def clear(self) -> None:
        """Drop every partition."""
        self._cache.clear()

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        return self._cache.nbytes
