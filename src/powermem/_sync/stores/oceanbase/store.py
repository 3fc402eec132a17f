# Generated from src/powermem/_async/stores/oceanbase/store.py by scripts/run_unasync.py; edit that file instead.
"""The store on OceanBase or seekdb: small scopes are ranked here, large ones through the server's indexes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ...._core.clock import now as clock_now
from ...._core.query.search import Hit, SearchRequest
from ...._core.ranking.weights import Weights
from ...._core.sql.oceanbase import OceanBaseSQL
from ...._core.values import EmbedderIdentity
from ...._drivers.base import Driver
from ..mysql import MySQLStore
from ..steps import run
from .indexes import Builder
from .search import IndexedSearch

_REMEMBERED = 10_000


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
        # Users with too many memories to rank here, the most recent ones last.
        self._large: OrderedDict[str | None, None] = OrderedDict()

    def _migrate(self) -> None:
        super()._migrate()
        if (self._progress()).get("words") != "1":
            self._builder.words()

    def identify(self, identity: EmbedderIdentity) -> None:
        super().identify(identity)
        self._build(identity)

    def switch(self, identity: EmbedderIdentity, *, everything: bool) -> bool:
        switched = super().switch(identity, everything=everything)
        if switched:
            self._build(identity)
        return switched

    def _build(self, identity: EmbedderIdentity) -> None:
        dimension = identity.dimension
        if dimension is not None and (self._progress()).get("near") != str(dimension):
            self._builder.near(dimension)

    def _progress(self) -> dict[str, str]:
        return dict(self._fetch(self._sql.progress, ()))

    def _search(self, request: SearchRequest) -> list[Hit]:
        user_id = request.scope.user_id
        while True:
            if user_id not in self._large:
                hits = self._searches.submit(request)
                if hits is not None:
                    return hits
                self._large[user_id] = None
                if len(self._large) > _REMEMBERED:
                    self._large.popitem(last=False)
            found = self._search_indexed(request)
            if found is not None:
                return found
            self._large.pop(user_id, None)

    def _search_indexed(self, request: SearchRequest) -> list[Hit] | None:
        """Answer a search with the server's indexes, or return ``None`` while there are none."""
        if request.embedding is None and request.terms is None:
            return []
        with self._pool.reading() as reader:
            progress = dict(reader.fetch(self._sql.progress))
            run(reader, self._embedder.refuse(progress.get("switches")))
            if not self._sql.complete(progress):
                return None
            documents, ranked = self._indexed.search(reader, request, clock_now())
            scope = request.scope
            all_of_it = scope[1:] == (None, None) and request.expression is None and request.as_of is None
            if documents <= self._sql.held // 2 and all_of_it:
                # The user has fewer memories by now; the next search counts them.
                self._large.pop(scope.user_id, None)
            ids = [memory_id for memory_id, _ in ranked]
            rows = run(reader, self._queries.get_many(ids, request.scope.user_id))
        # A memory may have been deleted between two queries.
        return [Hit(rows[one], score.score, score.details()) for one, score in ranked if one in rows]
