"""Making what OceanBase searches by: a column of vectors, an index on it, and one on words.

Such statements cannot be undone and end a transaction. So each step may be repeated, and what is half-made is
not used: ``meta`` says what is complete, and until then searches rank in this process.
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
# Seconds before what met another transaction is tried again.
_PAUSE = 0.1


class AsyncBuilder:
    """Builds for one collection; of several processes that begin at once, one does and the others wait.

    Args:
        driver: opens connections; those of the pool may be too few.
        sql: the collection's statements.
    """

    def __init__(self, driver: AsyncDriver, sql: OceanBaseSQL) -> None:
        self._driver = driver
        self._sql = sql

    async def words(self) -> None:
        """Give a collection of an older schema the columns and indexes that it lacks, and fill them."""
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
        """Make vectors of this length findable by the server, and no others."""
        if dimension > MAX_INDEXED_DIMENSION:
            return
        async with self._alone() as worker:
            if await _progress(worker, self._sql, "near") == str(dimension):
                return
            if await _progress(worker, self._sql, "near_column") != str(dimension):
                await self._make_near(worker, dimension)
            after = -1
            # From here on every write of a memory also fills the column, so these are all that lack it.
            while found := await _fetch(worker, self._sql.unplaced(dimension, after, _CHUNK)):
                ids = [values[0] for values in found]
                await self._write(worker, [self._sql.fill_near(dimension, ids)])
                after = ids[-1]
            await self._note(worker, "near", str(dimension))

    async def _make_near(self, worker: AsyncConnection, dimension: int) -> None:
        # If this is interrupted, no search uses the column that is there then.
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
        """Run statements in a transaction of their own, in turn with all who write memories."""
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

        With a write while an index is created, seekdb ends one of the two with an internal error.
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
