"""Build OceanBase's search indexes: a vector column, an index on it, a table of further windows, and words.

They are built once the memories of a user fit into no cache, since writing them takes several times as long
as writing the memories. DDL cannot be rolled back, and ends a transaction. So every step is repeatable, and
incomplete indexes are not used: ``meta`` records which are complete, and until then searches rank in this
process. While they are built, the collection is written to as usual.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
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

    async def build(self, stopping: Callable[[], bool]) -> None:
        """Add what is missing; what is begun when it has to stop is completed by the next call."""
        async with self._alone(stopping) as worker:
            if worker is None:
                return
            progress = await self._progress(worker)
            dimension = int(progress.get("dimension") or 0)
            if dimension > MAX_INDEXED_DIMENSION:
                # Without the index, the words would be of no use.
                return
            if progress.get("words") != "1":
                await self._words(worker, progress, stopping)
            if dimension and progress.get("near") != str(dimension) and not stopping():
                await self._near(worker, progress, dimension, stopping)
            if dimension and progress.get("windows") != str(dimension) and not stopping():
                await self._windows(worker, progress, dimension, stopping)

    async def _words(
        self, worker: AsyncConnection, progress: Mapping[str, str], stopping: Callable[[], bool]
    ) -> None:
        if progress.get("words_column") != "1":
            for statement in self._sql.create_words(*await self._there(worker)):
                await self._define(worker, statement)
            await self._note(worker, "words_column", "1")
        after = -1
        # From here on, every write fills the columns too, so only these rows lack them.
        while found := await _fetch(worker, self._sql.wordless(after, _CHUNK)):
            if stopping():
                return
            lengths = {memory_id: sum(frequencies) for memory_id, frequencies in found}
            await self._write(worker, [self._sql.fill_words(lengths)])
            after = found[-1][0]
        await self._write(worker, [self._sql.completing("words", "1")])

    async def _near(
        self,
        worker: AsyncConnection,
        progress: Mapping[str, str],
        dimension: int,
        stopping: Callable[[], bool],
    ) -> None:
        """Build the index for vectors of this length in place of any other."""
        if progress.get("near_column") != str(dimension):
            drop = self._sql.drop_near(*await self._there(worker))
            await self._make(worker, "near", dimension, [*drop, *self._sql.create_near(dimension)])
        lacking = partial(self._sql.unplaced, dimension)
        await self._fill(worker, "near", dimension, lacking, self._sql.fill_near, stopping)

    async def _windows(
        self,
        worker: AsyncConnection,
        progress: Mapping[str, str],
        dimension: int,
        stopping: Callable[[], bool],
    ) -> None:
        """Build the table of further windows for vectors of this length in place of any other."""
        if progress.get("windows_column") != str(dimension):
            tables = await _fetch(worker, self._sql.windows_tables())
            await self._make(worker, "windows", dimension, self._sql.create_windows(dimension, tables))
        lacking = partial(self._sql.windowless, dimension)
        await self._fill(worker, "windows", dimension, lacking, self._sql.fill_windows, stopping)

    async def _make(
        self, worker: AsyncConnection, name: str, dimension: int, statements: Sequence[str]
    ) -> None:
        """Define what vectors are then copied into."""
        # If this is interrupted, searches do not use what is incomplete.
        await self._note(worker, name, "")
        await self._note(worker, f"{name}_column", "")
        for statement in statements:
            await self._define(worker, statement)
        await self._note(worker, f"{name}_column", str(dimension))

    async def _fill(
        self,
        worker: AsyncConnection,
        name: str,
        dimension: int,
        lacking: Callable[[int, int], Fragment],
        fill: Callable[[int, Sequence[int]], Fragment],
        stopping: Callable[[], bool],
    ) -> None:
        """Copy the vectors of the rows that a query returns, given the last id and their number."""
        after = -1
        while found := await _fetch(worker, lacking(after, _CHUNK)):
            if stopping():
                return
            ids = [values[0] for values in found]
            await self._write(worker, [fill(dimension, ids)])
            after = ids[-1]
        await self._write(worker, [self._sql.completing(name, str(dimension))])

    async def _progress(self, worker: AsyncConnection) -> dict[str, str]:
        return dict(await worker.fetch(self._sql.building))

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
    async def _alone(self, stopping: Callable[[], bool]) -> AsyncIterator[AsyncConnection | None]:
        """Lend a connection for statements of any length while no other process builds.

        It is ``None`` if another one did until this one has to stop.
        """
        async with self._connected() as holder, self._connected() as worker:
            held = await self._hold(holder, self._sql.lock_building, stopping)
            yield worker if held else None
            await holder.rollback()

    async def _define(self, worker: AsyncConnection, statement: str) -> None:
        """Run a statement that changes the table, while a transaction blocks every write.

        If a write runs while an index is created, seekdb ends one of them with an internal error.
        """
        async with self._connected() as holder:
            await self._hold(holder, self._sql.lock_sequence)
            await worker.execute(statement)
            await holder.commit()

    async def _hold(
        self, connection: AsyncConnection, lock: str, stopping: Callable[[], bool] = lambda: False
    ) -> bool:
        while not stopping():
            try:
                await connection.begin()
                await connection.fetch(lock)
            except TransactionAbortedError:
                await connection.rollback()
                await async_sleep(_PAUSE)
            else:
                return True
        return False

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
