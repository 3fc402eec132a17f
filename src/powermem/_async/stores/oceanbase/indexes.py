"""Build OceanBase's search indexes: a vector column, an index on it, and one on words.

DDL cannot be rolled back, and ends a transaction. So every step is repeatable, and incomplete indexes are not
used: ``meta`` records which are complete, and until then searches rank in this process.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from ...._concurrency import async_sleep
from ...._core.sql.dialects import Fragment
from ...._core.sql.oceanbase import MAX_INDEXED_DIMENSION, OceanBaseSQL
from ...._core.sql.steps import TransactionAbortedError
from ...._drivers.base import AsyncConnection, AsyncDriver

_CHUNK = 500
# Seconds before a retry after a conflict.
_PAUSE = 0.1


class AsyncBuilder:
    """Builds the indexes of a collection; of several processes, one builds and the others wait.

    Args:
        driver: opens connections; those of the pool may be too few.
        sql: the collection's statements.
    """

    def __init__(self, driver: AsyncDriver, sql: OceanBaseSQL) -> None:
        self._driver = driver
        self._sql = sql

    async def words(self) -> None:
        """Add missing columns and indexes to a collection of an older schema, and fill them."""
        async with self._alone() as worker:
            if await _progress(worker, self._sql, "words") != "0":
                return
            async with self._unwritten():
                for statement in self._sql.create_words(*await self._there(worker)):
                    await worker.execute(statement)
            after = -1
            while found := await _fetch(worker, self._sql.wordless(after, _CHUNK)):
                lengths = {memory_id: sum(frequencies) for memory_id, frequencies in found}
                await self._write(worker, [self._sql.fill_words(lengths)])
                after = found[-1][0]
            await self._note(worker, "words", "1")

    async def near(self, dimension: int) -> None:
        """Build the index for vectors of this length in place of any other."""
        if dimension > MAX_INDEXED_DIMENSION:
            return
        async with self._alone() as worker:
            if await _progress(worker, self._sql, "near") == str(dimension):
                return
            if await _progress(worker, self._sql, "near_column") != str(dimension):
                await self._make_near(worker, dimension)
            after = -1
            # From here on, every write fills the column too, so only these rows lack it.
            while found := await _fetch(worker, self._sql.unplaced(dimension, after, _CHUNK)):
                ids = [values[0] for values in found]
                await self._write(worker, [self._sql.fill_near(dimension, ids)])
                after = ids[-1]
            await self._note(worker, "near", str(dimension))

    async def _make_near(self, worker: AsyncConnection, dimension: int) -> None:
        # If this is interrupted, searches do not use the incomplete column.
        await self._note(worker, "near", "")
        await self._note(worker, "near_column", "")
        async with self._unwritten() as holder:
            drop = self._sql.drop_near(*await self._there(worker))
            for statement in (*drop, *self._sql.create_near(dimension)):
                await worker.execute(statement)
            await holder.execute(self._sql.setting(), ("near_column", str(dimension)))

    async def _there(self, worker: AsyncConnection) -> tuple[set[str], set[str]]:
        columns = await _fetch(worker, self._sql.columns())
        keys = await _fetch(worker, self._sql.keys())
        return {values[0] for values in columns}, {values[0] for values in keys}

    async def _note(self, worker: AsyncConnection, name: str, value: str) -> None:
        await self._write(worker, [Fragment(self._sql.setting(), (name, value))])

    async def _write(self, worker: AsyncConnection, statements: Sequence[Fragment]) -> None:
        """Run statements in their own transaction, serialized with all writes of memories."""
        while True:
            try:
                await worker.begin()
                await worker.fetch(self._sql.lock_sequence)
                for statement in statements:
                    await worker.execute(statement.sql, statement.values)
                await worker.commit()
            except TransactionAbortedError:
                await worker.rollback()
                await async_sleep(_PAUSE)
            else:
                return

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for statements of any length while no other process builds."""
        async with self._connected() as holder, self._connected() as worker:
            await self._hold(holder, self._sql.lock_building)
            yield worker
            await holder.rollback()

    @asynccontextmanager
    async def _unwritten(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection in a transaction that blocks every write.

        If a write runs while an index is created, seekdb ends one of them with an internal error.
        """
        async with self._connected() as holder:
            await self._hold(holder, self._sql.lock_sequence)
            yield holder
            await holder.commit()

    async def _hold(self, connection: AsyncConnection, lock: str) -> None:
        while True:
            try:
                await connection.begin()
                await connection.fetch(lock)
            except TransactionAbortedError:
                await connection.rollback()
                await async_sleep(_PAUSE)
            else:
                return

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        driver = copy.copy(self._driver)
        driver.server = replace(driver.server, statement_timeout=0)
        connection = await driver.connect()
        try:
            yield connection
        finally:
            await connection.close()


async def _fetch(connection: AsyncConnection, query: Fragment) -> list[tuple[Any, ...]]:
    return await connection.fetch(query.sql, query.values)


async def _progress(connection: AsyncConnection, sql: OceanBaseSQL, name: str) -> str | None:
    found = dict(await connection.fetch(sql.progress))
    return found.get(name)
