"""The blocking engine of the SQLite store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .._core.changes.writes import Change, DeleteWhere, Outcome
from .._core.query.search import Hit, SearchRequest
from .._core.ranking.weights import Weights
from .._core.results.records import Accesses
from .._core.sql.apply import Writer
from .._core.sql.embedder import EmbedderSQL
from .._core.sql.migration import find_version, migrate
from .._core.sql.queries import Queries
from .._core.sql.queue import QueueSQL
from .._core.sql.sqlite import SQLiteSQL
from .._core.sql.steps import Steps
from ..errors import StoreError
from .connection import Database, translate
from .partition_files import PartitionFiles
from .partitions import LEAST_SAVED, Partitions
from .searcher import Searcher
from .steps import run

T = TypeVar("T")

_MAX_LISTED_DELETIONS = 10_000


class Engine:
    """One collection in one database file. Thread-safe.

    Args:
        path: the file, or ``":memory:"``.
        collection: prefix of the tables.
        timeout: seconds to wait for another process's write.
        wal: whether to use a write-ahead log, so that reads continue during a write.
        synchronous: ``"full"`` survives a power failure, ``"normal"`` a killed process.
        cache_bytes: maximum memory for cached partitions.
        exact_rows: larger scopes are searched by codes of one bit per dimension, and only their best
            candidates are scored exactly.
        weights: the weights of the parts of a score.
        saving: whether large partitions are saved in files beside the database.
        least_saved: the number of memories from which on a partition is saved.
    """

    def __init__(
        self,
        path: str,
        collection: str,
        *,
        timeout: float = 30.0,
        wal: bool = True,
        synchronous: str = "normal",
        cache_bytes: int = 1 << 30,
        exact_rows: int = 250_000,
        weights: Weights | None = None,
        saving: bool = True,
        least_saved: int = LEAST_SAVED,
    ) -> None:
        self._database = Database(path, timeout=timeout, wal=wal, synchronous=synchronous)
        self._c = collection
        self.sql = SQLiteSQL(collection)
        self.queue = QueueSQL(self.sql)
        self.embedder = EmbedderSQL(self.sql, path)
        self._writer = Writer(self.sql, self.queue, self.embedder)
        self.queries = Queries(self.sql)
        files = None
        if saving and not self._database.in_memory:
            files = PartitionFiles(self._database.file, collection, self.sql.schema_version)
        self._partitions = Partitions(
            self.sql, self.embedder, cache_bytes, exact_rows, files=files, least_saved=least_saved
        )
        self._searcher = Searcher(self._partitions, self.queries, weights or Weights())
        self.accesses = Accesses()
        self.commits = 0

    @property
    def cached_bytes(self) -> int:
        """Memory taken by cached partitions, in bytes."""
        return self._partitions.nbytes

    def open(self) -> None:
        """Open the file and migrate its schema."""
        self._database.open()
        try:
            if self._database.read_only:
                with self._database.reading() as connection:
                    self._check_schema(connection)
            else:
                with self._database.writing() as connection:
                    run(connection, migrate(self.sql, self.embedder))
                    self._forget_deletions(connection)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Write pending access counts and close the file, even if writing fails."""
        try:
            if self.accesses:
                self.apply([])
        finally:
            self._partitions.clear()
            self._database.close()

    @property
    def read_only(self) -> bool:
        """Whether the file is read-only."""
        return self._database.read_only

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        """Refuse a read-only file whose schema would have to be migrated."""
        version = run(connection, find_version(self.sql, self.embedder))
        if version != self.sql.schema_version:
            state = "is not there" if version is None else f"has schema {version}"
            raise StoreError(
                f"{self._database.path}: collection {self._c!r} {state}, and the file cannot be written to "
                f"give it schema {self.sql.schema_version}; check the permissions of file and folder"
            )

    def _forget_deletions(self, connection: sqlite3.Connection) -> None:
        listed: int = connection.execute(f"SELECT count(*) FROM {self._c}_deleted").fetchone()[0]
        if listed > _MAX_LISTED_DELETIONS:
            connection.execute(f"DELETE FROM {self._c}_deleted")
            run(connection, self.embedder.set_meta("deleted_before", self._sequence(connection)))

    def _sequence(self, connection: sqlite3.Connection) -> int:
        sequence: int = connection.execute(
            f"SELECT value FROM {self._c}_meta WHERE key = 'sequence'"
        ).fetchone()[0]
        return sequence

    def transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps in their own transaction."""
        with self._database.writing() as connection:
            return run(connection, work(*args))

    def ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps that only read, on one snapshot."""
        with self._database.reading() as connection:
            return run(connection, work(*args))

    def apply(self, batches: Sequence[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        """Apply the batches of several callers in one transaction; on return it is committed."""
        accesses = self.accesses.take()
        try:
            with self._database.writing() as connection:
                results = run(connection, self._writer.write(batches, accesses))
        except BaseException:
            self.accesses.put_back(accesses)
            raise
        self.commits += 1
        self._remove_files(batches)
        return [
            translate(result, self._database.path) if isinstance(result, sqlite3.Error) else result
            for result in results
        ]

    def search(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        """Answer several searches on one snapshot."""
        with self._database.reading() as connection:
            return self._searcher.search(connection, requests)

    def forget_partitions(self) -> None:
        """Drop the cached partitions and their files; the next search loads what it needs."""
        self._partitions.clear()
        self._partitions.clear_files()

    def _remove_files(self, batches: Sequence[Sequence[Change]]) -> None:
        """Remove what is saved of users whose memories were all deleted."""
        for changes in batches:
            # Such a deletion is the only change of its caller.
            if len(changes) == 1 and isinstance(changes[0], DeleteWhere):
                self._partitions.remove_files([changes[0].scope.user_id])

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether `checkpoint` should be called."""
        return self._database.checkpoint_is_due

    def checkpoint(self) -> None:
        """Copy the log into the file, beside readers and the writer."""
        self._database.checkpoint()

    @property
    def unsaved(self) -> bool:
        """Whether there are partitions that `save_partitions` would save."""
        return self._partitions.unsaved and not self.read_only

    def save_partitions(self, stopped: Callable[[], bool]) -> None:
        """Save large partitions beside the database, so that the next process need not build them.

        Args:
            stopped: asked now and then whether to leave it.

        Raises:
            StoreError: a file or the database cannot be written.
        """
        try:
            self._partitions.save(self._set_meta, stopped)
        except OSError as error:
            raise StoreError(
                f"{self._database.path}: the search data of a user could not be saved beside it ({error}); "
                "set vector_store.config.partition_files to false to do without"
            ) from error

    def _set_meta(self, name: str, value: str) -> None:
        self.transact(self.embedder.set_meta, name, value)
