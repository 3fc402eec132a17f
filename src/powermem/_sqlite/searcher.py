"""Answer searches from the partitions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .._core.clock import now as clock_now
from .._core.query.search import Hit, SearchRequest
from .._core.ranking.fusion import Ranked
from .._core.ranking.partition import Partition
from .._core.ranking.search import Search, cosines
from .._core.ranking.weights import Weights
from .._core.sql.queries import Queries
from .partitions import Partitions
from .steps import run

# Searches that share a pass over the vectors. While they are ranked, another thread makes the next pass.
_TOGETHER = 8


class Searcher:
    """Searches of one user share a pass over the vectors."""

    def __init__(self, partitions: Partitions, queries: Queries, weights: Weights) -> None:
        self._partitions = partitions
        self._queries = queries
        self._weights = weights
        # Only one, since each thread that runs Python code slows down the event loop.
        self._turn = threading.Lock()

    def search(self, connection: sqlite3.Connection, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        """Answer searches inside a read transaction."""
        freshness = self._partitions.freshness(connection)
        ranked: list[list[tuple[int, Ranked]]] = [[] for _ in requests]
        groups: dict[str | None, list[int]] = {}
        for i, request in enumerate(requests):
            groups.setdefault(request.scope.user_id, []).append(i)
        for user_id, members in groups.items():
            with self._partitions.fresh(connection, user_id, freshness) as partition:
                if not len(partition):
                    continue
                # With codes, one pass for several searches is no faster than a pass for each.
                step = 1 if partition.coded else _TOGETHER
                for start in range(0, len(members), step):
                    together = members[start : start + step]
                    scores = cosines(partition, [requests[i].embedding for i in together])
                    with self._turn:
                        for i, dense in zip(together, scores, strict=True):
                            ranked[i] = self._rank(connection, partition, requests[i], dense)
        with self._turn:
            lists = [[memory_id for memory_id, _ in best] for best in ranked]
            rows = run(connection, self._queries.get_each(lists))
            # A partition may contain a memory that this transaction does not see yet.
            return [
                [Hit(of[id_], one.score, one.parts) for id_, one in best if id_ in of]
                for best, of in zip(ranked, rows, strict=True)
            ]

    def _rank(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        request: SearchRequest,
        dense: npt.NDArray[np.float32] | None,
    ) -> list[tuple[int, Ranked]]:
        only = None
        if request.expression is not None:
            only = run(connection, self._queries.matching(request.scope, request.expression))
        search = Search(partition, request, dense, weights=self._weights, only=only, now=clock_now())
        if unsure := search.unsure():
            search.rescore(run(connection, self._queries.embeddings(unsure)))
        return search.ranked()
