"""The store on OceanBase or seekdb: users whose memories fit into the cache are searched in this process, and
the others by the server's indexes."""

from __future__ import annotations

import logging
from typing import Any

from ...._concurrency import AsyncEvent, AsyncWorker
from ...._core.clock import now as clock_now
from ...._core.query.search import Hit, SearchRequest
from ...._core.ranking.weights import Weights
from ...._core.sql.oceanbase import OceanBaseSQL
from ...._drivers.base import AsyncDriver
from ....errors import StoreError
from ..mysql import AsyncMySQLStore
from ..steps import async_run
from .indexes import AsyncBuilder
from .search import AsyncIndexedSearch

_logger = logging.getLogger("powermem")

# Seconds that closing waits for a statement that builds an index.
_PATIENCE = 5.0
# Seconds until a build that failed is tried again; a server under load refuses some for want of memory.
_RETRIES = (1.0, 10.0, 60.0)


class AsyncOceanBaseStore(AsyncMySQLStore):
    """Memories on OceanBase or seekdb.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        weights: how much each part of a score counts.
        options: as `AsyncMySQLStore` takes them.
    """

    _sql: OceanBaseSQL

    def __init__(self, driver: AsyncDriver, sql: OceanBaseSQL, weights: Weights, **options: Any) -> None:
        super().__init__(driver, sql, weights, **options)
        self._indexed = AsyncIndexedSearch(sql, weights)
        self._builder = AsyncBuilder(driver, sql)
        self._indexer = AsyncWorker("powermem-indexes", self._build)

    async def close(self) -> None:
        if not await self._indexer.join(0):
            self._indexer.stop()
            await self._indexer.join(_PATIENCE)
        await super().close()

    async def _pass(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception | None]:
        answers = await super()._pass(requests)
        if self._cached.crowded():
            self._indexer.start()
        return answers

    async def _build(self, stopping: AsyncEvent) -> None:
        for pause in (*_RETRIES, None):
            try:
                return await self._builder.build(stopping.is_set)
            except StoreError as error:
                # Until there are indexes, searches of large users go on in this process.
                _logger.warning("the indexes of the server could not be built: %s", error)
            if pause is None or await stopping.wait(pause):
                return

    async def _search(self, request: SearchRequest) -> list[Hit]:
        while True:
            hits = await self._searches.submit(request)
            if hits is None:
                hits = await self._search_indexed(request)
            # There may be no indexes any more, since the collection was moved to another embedder.
            if hits is not None:
                return hits

    async def _search_indexed(self, request: SearchRequest) -> list[Hit] | None:
        """Answer a search with the server's indexes, or return ``None`` while there are none."""
        if request.embedding is None and request.terms is None:
            return []
        async with self._pool.reading() as reader:
            progress = dict(await reader.fetch(self._sql.progress))
            await async_run(reader, self._embedder.refuse(progress.get("switches")))
            if not self._sql.complete(progress):
                return None
            ranked = await self._indexed.search(reader, request, clock_now())
            ids = [memory_id for memory_id, _ in ranked]
            rows = await async_run(reader, self._queries.get_many(ids, request.scope.user_id))
        # A memory may have been deleted between two queries.
        return [Hit(rows[one], score.score, score.parts) for one, score in ranked if one in rows]
