"""What the SQLite store does, one blocking call each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..accesses import Accesses
from ..changes import Change, Outcome
from ..errors import StoreError
from ..ranking.weights import Weights
from ..sql.apply import Writer
from ..sql.embedder import EmbedderSQL
from ..sql.queries import Queries
from ..sql.queue import QueueSQL
from ..sql.schema import SCHEMA_VERSION, sqlite_migrations, sqlite_schema
from ..sql.sqlite import SQLiteSQL
from ..sql.steps import Steps
from ..types import Hit, SearchRequest
from .connection import Database, translate
from .partitions import Partitions
from .searcher import Searcher
from .steps import run

T = TypeVar("T")

_MAX_LISTED_DELETIONS = 10_000


class Engine:
    """One collection in one database file. Safe to call from several threads.

    Args:
        path: the file, or ``":memory:"``.
        collection: prefix of the tables.
        timeout: seconds to wait for another process's write.
        wal: whether readers go on while somebody writes.
        synchronous: ``"full"`` also survives a power cut; ``"normal"`` a killed process.
        cache_bytes: how much memory the searched parts may take.
        exact_rows: scopes with more rows are searched by codes of one bit for each dimension, and their best
            candidates scored exactly.
        weights: how much each part of a score counts.
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
    ) -> None:
        self._database = Database(path, timeout=timeout, wal=wal, synchronous=synchronous)
        self._c = collection
        self._schema = sqlite_schema(collection)
        self.sql = SQLiteSQL(collection)
        self.queue = QueueSQL(self.sql)
        self.path = path
        self.embedder = EmbedderSQL(self.sql, path)
        self._writer = Writer(self.sql, self.queue, self.embedder)
        self.queries = Queries(self.sql)
        self._partitions = Partitions(self.sql, self.embedder, cache_bytes, exact_rows)
        self._searcher = Searcher(self._partitions, self.queries, weights or Weights())
        self.accesses = Accesses()
        self.commits = 0

    @property
    def cached_bytes(self) -> int:
        """How much memory the searched parts take."""
        return self._partitions.nbytes

    def open(self) -> None:
        """Open the file and bring its schema to this version."""
        self._database.open()
        try:
            if self._database.read_only:
                with self._database.reading() as connection:
                    self._check_schema(connection)
            else:
                with self._database.writing() as connection:
                    self._migrate(connection)
                    self._forget_deletions(connection)
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        """Write what is pending and close the file, also when the writing fails."""
        try:
            if self.accesses:
                self.apply([])
        finally:
            self._partitions.clear()
            self._database.close()

    @property
    def read_only(self) -> bool:
        """Whether the file cannot be written."""
        return self._database.read_only

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        """Refuse a file that would have to be changed before it can be read."""
        version = self._version(connection)
        if version != SCHEMA_VERSION:
            state = "is not there" if version is None else f"has schema {version}"
            raise StoreError(
                f"{self._database.path}: collection {self._c!r} {state}, and the file cannot be written to "
                f"give it schema {SCHEMA_VERSION}; check the permissions of file and folder"
            )

    def _version(self, connection: sqlite3.Connection) -> int | None:
        """Return the version of the schema, or ``None`` when there is no such collection."""
        exists = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (f"{self._c}_meta",)
        ).fetchone()
        if not exists:
            return None
        version = int(run(connection, self.embedder.meta("schema_version")) or 0)
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._database.path}: collection {self._c!r} was written by a newer powermem "
                f"(schema {version}, this one knows {SCHEMA_VERSION}); upgrade powermem"
            )
        return version

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = self._version(connection)
        if version is None:
            for statement in self._schema:
                connection.execute(statement)
            return
        migrations = sqlite_migrations(self._c)
        for step in range(version, SCHEMA_VERSION):
            for statement in migrations[step]:
                connection.execute(statement)
        if version < SCHEMA_VERSION:
            run(connection, self.embedder.set_meta("schema_version", SCHEMA_VERSION))

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
        """Run steps in a transaction of their own."""
        with self._database.writing() as connection:
            return run(connection, work(*args))

    def ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps that only read; all see one moment."""
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
        return [
            translate(result, self._database.path) if isinstance(result, sqlite3.Error) else result
            for result in results
        ]

    def search(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        """Answer several searches that see the same moment."""
        with self._database.reading() as connection:
            return self._searcher.search(connection, requests)

    def forget_partitions(self) -> None:
        """Let the next search load what it needs."""
        self._partitions.clear()
