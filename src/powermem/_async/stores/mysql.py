"""The store on MySQL or MariaDB; the one on OceanBase or seekdb builds on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._concurrency import AsyncBatcher, async_to_thread
from ..._drivers.base import AsyncDriver, MissingTableError
from ..._drivers.embedded import EmbeddedSeekDB
from ...filters import Expression
from ...ranking.weights import Weights
from ...sql.collection import passes
from ...sql.dialects import Fragment
from ...sql.embedder import EmbedderSQL
from ...sql.mysql import SEARCHED, MySQLSQL
from ...sql.rows import COLUMNS, scope_condition
from ...sql.steps import Steps
from ...types import Hit, Row, Scope, SearchRequest
from .cached import AsyncCachedSearch, AsyncTables, Freshness
from .pool import AsyncPool
from .server import AsyncServerStore
from .steps import async_run

_CHUNK = 1000
_MAX_SEARCHES_PER_PASS = 16


class AsyncMySQLStore(AsyncServerStore):
    """Memories on a server that speaks MySQL's protocol, ranked in this process.

    The number of the last commit is locked by all who write, before all else. So commits become visible in
    the order of their numbers, whoever has seen one has seen all before it, and no two wait for each other in
    a circle, which OceanBase takes long to notice. Nobody writes while another embedder takes over, either.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        weights: how much each part of a score counts.
        name: of the store, for messages.
        cache_bytes: how much memory the searched parts may take.
        embedded: starts the server, where it is this program's own.
        most: how many connections there may be.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    _sql: MySQLSQL

    def __init__(
        self,
        driver: AsyncDriver,
        sql: MySQLSQL,
        weights: Weights,
        *,
        name: str = "mysql",
        cache_bytes: int = 1 << 30,
        embedded: EmbeddedSeekDB | None = None,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        super().__init__(driver, sql, most=most, recycle=recycle, timeout=timeout)
        self.name = name
        self._driver = driver
        self._embedded = embedded
        self._cached = self._cache(weights, cache_bytes)
        self._searches: AsyncBatcher[SearchRequest, list[Hit] | None] = AsyncBatcher(
            self._pass, max_size=_MAX_SEARCHES_PER_PASS, max_running=2
        )

    def _cache(self, weights: Weights, cache_bytes: int) -> AsyncCachedSearch:
        tables = AsyncMySQLTables(self._pool, self._sql, self._embedder)
        return AsyncCachedSearch(tables, weights, cache_bytes=cache_bytes)

    async def open(self) -> None:
        if self._embedded is not None:
            self._driver.server = await async_to_thread(self._embedded.start, self._driver.server)
        try:
            await super().open()
        except BaseException:
            await self._stop()
            raise

    async def close(self) -> None:
        try:
            await self._searches.close()
            await super().close()
        finally:
            await self._cached.close()
            await self._stop()

    async def _stop(self) -> None:
        if self._embedded is not None:
            await async_to_thread(self._embedded.stop)

    def _prepare(self) -> Steps[None]:
        try:
            yield from self._sql.enter()
        except MissingTableError:
            # There is nothing to lock yet. Two may create the schema at once: its statements allow for that.
            return

    async def reset(self) -> None:
        await super().reset()
        self._cached.clear()

    async def _search(self, request: SearchRequest) -> list[Hit]:
        hits = await self._searches.submit(request)
        assert hits is not None, "this server cannot search by itself"
        return hits

    async def _pass(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception | None]:
        return list(await self._cached.search(requests))


class AsyncMySQLTables(AsyncTables):
    """The tables of a collection.

    Args:
        pool: whose connections to use.
        sql: the collection's statements.
        embedder: whose vectors the collection holds.
    """

    def __init__(self, pool: AsyncPool, sql: MySQLSQL, embedder: EmbedderSQL) -> None:
        self._pool = pool
        self._sql = sql
        self._embedder = embedder

    async def freshness(self) -> Freshness:
        async with self._pool.reading() as reader:
            found = dict(await reader.fetch(self._sql.progress))
            await async_run(reader, self._embedder.refuse(found.get("switches")))
        return self._read(found)

    def _read(self, progress: Mapping[str, str]) -> Freshness:
        dimension = progress.get("dimension")
        return Freshness(
            int(progress["sequence"]),
            int(progress["trimmed"]),
            None if dimension is None else int(dimension),
        )

    async def size(self, user_id: str | None) -> int:
        where = _of(user_id)
        found = await self._fetch(f"SELECT count(*) FROM {self._sql.records} WHERE {where.sql}", where.values)
        number: int = found[0][0]
        return number

    async def page(self, user_id: str | None, after: int, limit: int) -> Sequence[Sequence[Any]]:
        where = _of(user_id)
        return await self._fetch(
            f"SELECT {SEARCHED} FROM {self._sql.records} WHERE {where.sql} AND id > ? ORDER BY id LIMIT ?",
            (*where.values, after, limit),
        )

    async def changed(self, user_id: str | None, since: int) -> list[int]:
        where = _of(user_id)
        found = await self._fetch(
            f"SELECT DISTINCT memory_id FROM {self._sql.changes} WHERE {where.sql} AND sequence > ?",
            (*where.values, since),
        )
        return [values[0] for values in found]

    async def chosen(self, user_id: str | None, ids: Sequence[int]) -> Sequence[Sequence[Any]]:
        return await self._among(SEARCHED, user_id, ids)

    async def embeddings(self, user_id: str | None, ids: Sequence[int]) -> dict[int, bytes]:
        found = await self._among("id, embedding", user_id, ids)
        return {memory_id: embedding for memory_id, embedding in found if embedding is not None}

    async def matching(self, scope: Scope, expression: Expression) -> list[int]:
        where, narrowed = scope_condition(scope), self._sql.narrow(expression)
        found = await self._fetch(
            f"SELECT {COLUMNS}, {narrowed.doubt} FROM {self._sql.records} "
            f"WHERE {where.sql} AND ({narrowed.sql})",
            (*where.values, *narrowed.values),
        )
        return [
            values[0] for values in found if not values[-1] or passes(expression, self._sql.to_row(values))
        ]

    async def get_each(self, chosen: Sequence[Sequence[int]]) -> list[dict[int, Row]]:
        ids = list({memory_id for one in chosen for memory_id in one})
        found = {values[0]: values for values in await self._among(COLUMNS, None, ids)}
        return [
            {memory_id: self._sql.to_row(found[memory_id]) for memory_id in one if memory_id in found}
            for one in chosen
        ]

    async def _among(self, columns: str, user_id: str | None, ids: Sequence[int]) -> list[tuple[Any, ...]]:
        where = _of(user_id)
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), _CHUNK):
            chosen = self._sql.among("id", ids[start : start + _CHUNK])
            rows += await self._fetch(
                f"SELECT {columns} FROM {self._sql.records} WHERE {where.sql} AND {chosen.sql}",
                (*where.values, *chosen.values),
            )
        return rows

    async def _fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        async with self._pool.reading() as reader:
            return await reader.fetch(sql, values)


def _of(user_id: str | None) -> Fragment:
    return Fragment("1 = 1") if user_id is None else Fragment("user_id = ?", (user_id,))
