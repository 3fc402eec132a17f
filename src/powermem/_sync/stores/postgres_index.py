# Generated from src/powermem/_async/stores/postgres_index.py by scripts/run_unasync.py; edit that file instead.
"""Build pgvector's index once a search needs it, while memories are read and written."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..._concurrency import Event, Worker
from ..._core.sql.postgres import PostgresSQL
from ..._drivers.base import Connection, Driver
from ...errors import StoreError
from .server.pool import Pool, Reader

# Seconds that a build which was cancelled has to end.
_PATIENCE = 10.0


class VectorIndex:
    """The HNSW index of a collection.

    It slows every write down by an order of magnitude, and most collections need none: users whose memories
    fit into the cache are searched without it, and so are scopes that are small enough to compare every
    vector.

    Args:
        driver: opens the connection of a build, which has no timeout.
        pool: cancels a build.
        sql: the collection's statements.
    """

    def __init__(self, driver: Driver, pool: Pool, sql: PostgresSQL) -> None:
        self._driver = driver
        self._pool = pool
        self._sql = sql
        self._worker = Worker("powermem-index", self._run)
        self._process: int | None = None

    def ready(self, reader: Reader) -> bool:
        """Return whether the index can be used; if there is none yet, have it built in the background."""
        if not self._sql.indexable:
            return False
        if reader.fetch(self._sql.index_is_complete):
            return True
        # After a failure, which was logged, the next process tries again.
        if self._worker.error is None:
            self._worker.start()
        return False

    def build(self) -> None:
        """Build what is missing of the index, except what another process is building."""
        with self._connected() as connection:
            found = connection.fetch("SELECT pg_backend_pid()")
            self._process = found[0][0]
            try:
                for (name,) in connection.fetch(self._sql.broken_indexes):
                    connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                parts = [name for (name,) in connection.fetch(self._sql.parts)]
                for statement in self._sql.create_index(parts):
                    connection.execute(statement)
            finally:
                self._process = None

    def close(self) -> None:
        """Cancel a build that is running."""
        if not self._worker.alive:
            return
        self._worker.stop()
        if self._process is not None:
            with self._pool.reading() as reader:
                reader.fetch("SELECT pg_cancel_backend(?)", (self._process,))
        self._worker.join(_PATIENCE)

    def _run(self, stopping: Event) -> None:
        try:
            self.build()
        except StoreError:
            if not stopping.is_set():
                raise

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        driver = copy.copy(self._driver)
        driver.server = replace(driver.server, statement_timeout=0)
        connection = driver.connect()
        try:
            yield connection
        finally:
            connection.close()
