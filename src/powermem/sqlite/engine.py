"""What the SQLite store does, one blocking call each."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..changes import Change, Outcome
from ..clock import now as clock_now
from ..errors import EmbeddingMismatchError, StoreError
from ..filters import Expression
from ..ranking.weights import Weights
from ..sql.queue import QueueSQL
from ..sql.schema import SCHEMA_VERSION, TABLES, sqlite_migrations, sqlite_schema
from ..sql.sqlite import SQLiteSQL
from ..sql.steps import Steps
from ..types import (
    EmbedderIdentity,
    Embedding,
    HistoryEntry,
    Hit,
    Row,
    Scope,
    SearchRequest,
    Statistics,
    Stored,
    Turn,
)
from .connection import Database, translate
from .mover import Mover
from .partitions import Partitions
from .reader import Reader
from .searcher import Searcher
from .steps import run
from .writer import Writer

T = TypeVar("T")

_logger = logging.getLogger("powermem")

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
        self._writer = Writer(collection, self.queue)
        self._reader = Reader(collection)
        self._mover = Mover(collection)
        self._partitions = Partitions(collection, cache_bytes, exact_rows)
        self._searcher = Searcher(self._partitions, self._reader, weights or Weights())
        self._accesses: Counter[int] = Counter()
        self._accesses_lock = threading.Lock()
        self._switches: int | None = None
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
            if self._accesses:
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
        version = int(self._meta(connection, "schema_version") or 0)
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
            self._set_meta(connection, "schema_version", SCHEMA_VERSION)

    def _forget_deletions(self, connection: sqlite3.Connection) -> None:
        listed: int = connection.execute(f"SELECT count(*) FROM {self._c}_deleted").fetchone()[0]
        if listed > _MAX_LISTED_DELETIONS:
            connection.execute(f"DELETE FROM {self._c}_deleted")
            self._set_meta(connection, "deleted_before", self._sequence(connection))

    def _meta(self, connection: sqlite3.Connection, key: str) -> int | str | None:
        found = connection.execute(f"SELECT value FROM {self._c}_meta WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def _set_meta(self, connection: sqlite3.Connection, key: str, value: int | str) -> None:
        connection.execute(f"INSERT OR REPLACE INTO {self._c}_meta VALUES (?, ?)", (key, value))

    def _sequence(self, connection: sqlite3.Connection) -> int:
        sequence: int = connection.execute(
            f"SELECT value FROM {self._c}_meta WHERE key = 'sequence'"
        ).fetchone()[0]
        return sequence

    def identify(self, identity: EmbedderIdentity) -> None:
        """Check that the vectors here come from this embedder, and remember it when there are none yet.

        Raises:
            EmbeddingMismatchError: the collection holds vectors of another one.
        """
        with self._database.reading() as connection:
            stored = self._identity(connection)
            switches = self._count_switches(connection)
        if stored is None:
            if identity.dimension is None or self.read_only:
                return
            with self._database.writing() as connection:
                stored = self._identity(connection)
                if stored is None:
                    self._set_identity(connection, identity, identity.dimension)
                    stored = identity
                switches = self._count_switches(connection)
        if not stored.accepts(identity):
            raise EmbeddingMismatchError(
                f"{self._database.path}: collection {self._c!r} holds vectors of {stored}, but the "
                f"configured embedder is {identity}; configure the former again, or move the memories to the "
                "new one with reembed()"
            )
        self._switches = switches

    def identity(self) -> EmbedderIdentity | None:
        """Return whose vectors these are; ``None`` when there are none yet."""
        with self._database.reading() as connection:
            return self._identity(connection)

    def _count_switches(self, connection: sqlite3.Connection) -> int:
        return int(self._meta(connection, "switches") or 0)

    def _check_embedder(self, connection: sqlite3.Connection) -> None:
        # Another process may have moved the memories to another embedder since this one was let in.
        if self._switches is not None and self._count_switches(connection) != self._switches:
            raise EmbeddingMismatchError(
                f"{self._database.path}: collection {self._c!r} was moved to the vectors of "
                f"{self._identity(connection)} while it was open; configure that embedder and open it again"
            )

    def _set_identity(
        self, connection: sqlite3.Connection, identity: EmbedderIdentity, dimension: int
    ) -> None:
        self._set_meta(connection, "embedder", identity.provider)
        self._set_meta(connection, "model", identity.model)
        self._set_meta(connection, "dimension", dimension)

    def _identity(self, connection: sqlite3.Connection) -> EmbedderIdentity | None:
        dimension = self._meta(connection, "dimension")
        if dimension is None:
            return None
        return EmbedderIdentity(
            str(self._meta(connection, "embedder")), str(self._meta(connection, "model")), int(dimension)
        )

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
        with self._accesses_lock:
            accesses, self._accesses = self._accesses, Counter()
        try:
            with self._database.writing() as connection:
                connection.executemany(
                    f"UPDATE {self._c}_records SET access_count = access_count + ? WHERE id = ?",
                    [(times, memory_id) for memory_id, times in accesses.items()],
                )
                if batches:
                    self._check_embedder(connection)
                results = self._writer.apply(connection, batches) if batches else []
        except BaseException:
            with self._accesses_lock:
                self._accesses.update(accesses)
            raise
        self.commits += 1
        return [
            translate(result, self._database.path) if isinstance(result, sqlite3.Error) else result
            for result in results
        ]

    def touch(self, ids: Sequence[int]) -> None:
        """Count accesses. They are written with the next commit or on close, so a search never writes."""
        if self.read_only:
            return
        with self._accesses_lock:
            self._accesses.update(ids)

    def _with_accesses(self, rows: Sequence[Row]) -> None:
        with self._accesses_lock:
            for row in rows:
                row.access_count += self._accesses.get(row.id, 0)

    def get_many(self, ids: Sequence[int]) -> dict[int, Row]:
        """Return the rows that exist, by id."""
        with self._database.reading() as connection:
            rows = self._reader.get_many(connection, ids)
        self._with_accesses(list(rows.values()))
        return rows

    def list_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        *,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
    ) -> tuple[list[Row], int]:
        """Return a page of current rows and how many there are in all."""
        with self._database.reading() as connection:
            rows, total = self._reader.list_rows(
                connection,
                scope,
                expression,
                now=clock_now(),
                sort_by=sort_by,
                descending=descending,
                limit=limit,
                offset=offset,
            )
        self._with_accesses(rows)
        return rows, total

    def count(self, scope: Scope, expression: Expression | None) -> int:
        """Return how many current rows there are."""
        with self._database.reading() as connection:
            return self._reader.count(connection, scope, expression, now=clock_now())

    def users(self) -> list[str]:
        """Return every user id, sorted."""
        with self._database.reading() as connection:
            return self._reader.users(connection)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        """Return what happened to a memory, oldest first."""
        with self._database.reading() as connection:
            return self._reader.history(connection, memory_id)

    def turns(self, memory_id: int) -> list[Turn]:
        """Return the source turns that a memory came from."""
        with self._database.reading() as connection:
            return self._reader.turns(connection, memory_id)

    def recall_request(self, scope: Scope, key: str) -> str | None:
        """Return the kept result of an earlier call with the same key."""
        with self._database.reading() as connection:
            return self._reader.recall_request(connection, scope, key)

    def statistics(self, scope: Scope, since: int | None) -> Statistics:
        """Count what a scope holds."""
        if self._accesses and not self.read_only:
            try:
                self.apply([])
            except StoreError as error:
                # They wait for the next commit, and what is stored can be counted all the same.
                _logger.warning("how often memories were found could not be stored: %s", error)
        with self._database.reading() as connection:
            return self._reader.statistics(connection, scope, now=clock_now(), since=since)

    def reset(self) -> None:
        """Drop the collection's tables and make them anew, in one transaction."""
        with self._database.writing() as connection:
            switches = self._count_switches(connection)
            for table in TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {self._c}_{table}")
            for statement in self._schema:
                connection.execute(statement)
            # Caches of other processes must not take the new first commits for ones that they know.
            self._set_meta(connection, "sequence", clock_now())
            self._set_meta(connection, "deleted_before", clock_now())
            self._set_meta(connection, "switches", switches)
        self._partitions.clear()

    def search(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        """Answer several searches that see the same moment."""
        with self._database.reading() as connection:
            self._check_embedder(connection)
            answers = self._searcher.search(connection, requests, self._sequence(connection))
        self._with_accesses([hit.row for hits in answers for hit in hits])
        return answers

    def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool
    ) -> list[Stored]:
        """Return the next memories by id, current or not, with what belongs to them."""
        with self._database.reading() as connection:
            found = self._mover.scan(connection, scope, expression, after, limit, vectors=vectors)
        self._with_accesses([stored.row for stored in found])
        return found

    def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return the next source turns by id."""
        with self._database.reading() as connection:
            return self._mover.scan_turns(connection, scope, after, limit)

    def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns with these ids."""
        with self._database.reading() as connection:
            return self._mover.get_turns(connection, ids)

    def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        """Return the next history entries by id whose memory was deleted."""
        with self._database.reading() as connection:
            return self._mover.scan_deleted(connection, after, limit)

    def prepare_switch(self, identity: EmbedderIdentity) -> int:
        """Make room for another embedder's vectors; return how many memories need one.

        Vectors that an earlier, interrupted call has put aside for the same embedder stay.
        """
        with self._database.writing() as connection:
            if self._meta(connection, "shadow") != str(identity):
                self._mover.discard(connection)
                self._set_meta(connection, "shadow", str(identity))
            self._mover.prepare(connection)
            return self._mover.count_missing(connection, every=self._identity(connection) != identity)

    def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        """Return a page of the memories that have no vector of this embedder yet."""
        with self._database.writing() as connection:
            self._mover.prepare(connection)
            return self._mover.missing(connection, after, limit, every=self._identity(connection) != identity)

    def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until all are there."""
        with self._database.writing() as connection:
            self._mover.prepare(connection)
            self._mover.keep(connection, embeddings)

    def switch(self, identity: EmbedderIdentity) -> bool:
        """Replace the vectors by those put aside, in one transaction, unless one is missing."""
        assert identity.dimension is not None
        with self._database.writing() as connection:
            self._mover.prepare(connection)
            former = self._identity(connection)
            if self._mover.count_missing(connection, every=former != identity):
                return False
            self._mover.swap(connection)
            self._set_meta(connection, "shadow", "")
            # Every cache, here and in other processes, must read the vectors anew.
            sequence = self._sequence(connection) + 1
            self._set_meta(connection, "sequence", sequence)
            self._set_meta(connection, "deleted_before", sequence)
            if former == identity:
                return True
            self._set_identity(connection, identity, identity.dimension)
            if former is not None:
                self._set_meta(connection, "switches", self._count_switches(connection) + 1)
        self._switches = None
        return True
