# Generated from src/powermem/_async/stores/oceanbase/store.py by scripts/run_unasync.py; edit that file instead.
"""The store on OceanBase or seekdb: users whose memories fit into the cache are searched in this process, and
the others by the server's indexes."""

from __future__ import annotations

import logging
from typing import Any

from ...._concurrency import Event, Worker
from ...._core.clock import now as clock_now
from ...._core.query.search import Hit, SearchRequest
from ...._core.ranking.weights import Weights
from ...._core.sql.oceanbase import OceanBaseSQL
from ...._drivers.base import Driver
from ....errors import StoreError
from ..mysql import MySQLStore
from ..steps import run
from .indexes import Builder
from .search import IndexedSearch

_logger = logging.getLogger("powermem")

# Seconds that closing waits for a statement that builds an index.
_PATIENCE = 5.0
# Seconds until a build that failed is tried again; a server under load refuses some for want of memory.
_RETRIES = (1.0, 10.0, 60.0)


class OceanBaseStore(MySQLStore):
    """Memories on OceanBase or seekdb.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        weights: how much each part of a score counts.
        options: as `MySQLStore` takes them.
    """

    _sql: OceanBaseSQL

    def __init__(self, driver: Driver, sql: OceanBaseSQL, weights: Weights, **options: Any) -> None:
        super().__init__(driver, sql, weights, **options)
        self._indexed = IndexedSearch(sql, weights)
        self._builder = Builder(driver, sql)
        self._indexer = Worker("powermem-indexes", self._build)

    def close(self) -> None:
        if not self._indexer.join(0):
            self._indexer.stop()
            self._indexer.join(_PATIENCE)
        super().close()

    def _pass(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception | None]:
        answers = super()._pass(requests)
        if self._cached.crowded():
            self._indexer.start()
        return answers

    def _build(self, stopping: Event) -> None:
        for pause in (*_RETRIES, None):
            try:
                return self._builder.build(stopping.is_set)
            except StoreError as error:
                # Until there are indexes, searches of large users go on in this process.
                _logger.warning("the indexes of the server could not be built: %s", error)
            if pause is None or stopping.wait(pause):
                return

    def _search(self, request: SearchRequest) -> list[Hit]:
        while True:
            hits = self._searches.submit(request)
            if hits is None:
                hits = self._search_indexed(request)
            # There may be no indexes any more, since the collection was moved to another embedder.
            if hits is not None:
                return hits

    def _search_indexed(self, request: SearchRequest) -> list[Hit] | None:
        """Answer a search with the server's indexes, or return ``None`` while there are none."""
        if request.embedding is None and request.terms is None:
            return []
        with self._pool.reading() as reader:
            progress = dict(reader.fetch(self._sql.progress))
            run(reader, self._embedder.refuse(progress.get("switches")))
            if not self._sql.complete(progress):
                return None
            ranked = self._indexed.search(reader, request, clock_now())
            ids = [memory_id for memory_id, _ in ranked]
            rows = run(reader, self._queries.get_many(ids, request.scope.user_id))
        # A memory may have been deleted between two queries.
        return [Hit(rows[one], score.score, score.parts) for one, score in ranked if one in rows]
