"""Build pgvector's index once a search needs it, while memories are read and written."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from ..._concurrency import AsyncEvent, AsyncWorker
from ..._core.sql.postgres import PostgresSQL
from ..._drivers.base import AsyncConnection, AsyncDriver
from ...errors import StoreError
from .server.pool import AsyncPool, AsyncReader

# Seconds that a build which was cancelled has to end.
_PATIENCE = 10.0


class AsyncVectorIndex:
    """The HNSW index of a collection.

    It slows every write down by an order of magnitude, and most collections need none: users whose memories
    fit into the cache are searched without it, and so are scopes that are small enough to compare every
    vector.

    Args:
        driver: opens the connection of a build, which has no timeout.
        pool: cancels a build.
        sql: the collection's statements.
    """

    def __init__(self, driver: AsyncDriver, pool: AsyncPool, sql: PostgresSQL) -> None:
        self._driver = driver
        self._pool = pool
        self._sql = sql
        self._worker = AsyncWorker("powermem-index", self._run)
        self._process: int | None = None

    async def ready(self, reader: AsyncReader) -> bool:
        """Return whether the index can be used; if there is none yet, have it built in the background."""
        if not self._sql.indexable:
            return False
        if await reader.fetch(self._sql.index_is_complete):
            return True
        # After a failure, which was logged, the next process tries again.
        if self._worker.error is None:
            self._worker.start()
        return False

    async def build(self) -> None:
        """Build what is missing of the index, except what another process is building."""
        async with self._connected() as connection:
            found = await connection.fetch("SELECT pg_backend_pid()")
            self._process = found[0][0]
            try:
                for (name,) in await connection.fetch(self._sql.broken_indexes):
                    await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                parts = [name for (name,) in await connection.fetch(self._sql.parts)]
                for statement in self._sql.create_index(parts):
                    await connection.execute(statement)
            finally:
                self._process = None

    async def close(self) -> None:
        """Cancel a build that is running."""
        if not self._worker.alive:
            return
        self._worker.stop()
        if self._process is not None:
            async with self._pool.reading() as reader:
                await reader.fetch("SELECT pg_cancel_backend(?)", (self._process,))
        await self._worker.join(_PATIENCE)

    async def _run(self, stopping: AsyncEvent) -> None:
        try:
            await self.build()
        except StoreError:
            if not stopping.is_set():
                raise

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        driver = copy.copy(self._driver)
        driver.server = replace(driver.server, statement_timeout=0)
        connection = await driver.connect()
        try:
            yield connection
        finally:
            await connection.close()
