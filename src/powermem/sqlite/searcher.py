"""Answering searches from the partitions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..clock import now as clock_now
from ..ranking.fusion import Ranked, Weights, candidates, rank
from ..ranking.partition import Partition
from ..types import Hit, SearchRequest
from .partitions import Partitions
from .reader import Reader

# So many candidates are scored exactly where only one bit of each dimension is in memory.
_RESCORED = 1000


class Searcher:
    """Searches of one user share a pass over the vectors."""

    def __init__(self, partitions: Partitions, reader: Reader, weights: Weights) -> None:
        self._partitions = partitions
        self._reader = reader
        self._weights = weights
        self._plain = replace(weights, speaker=0.0, neighbour=0.0, recency=0.0)
        # Two threads that both run Python code let an event loop beside them wait for its turn twice as long.
        self._turn = threading.Lock()

    def search(
        self, connection: sqlite3.Connection, requests: Sequence[SearchRequest], sequence: int
    ) -> list[list[Hit]]:
        """Answer searches inside a read transaction that sees the commits up to ``sequence``."""
        answers: list[list[Hit]] = [[] for _ in requests]
        groups: dict[str | None, list[int]] = {}
        for i, request in enumerate(requests):
            groups.setdefault(request.scope.user_id, []).append(i)
        for user_id, members in groups.items():
            with self._partitions.fresh(connection, user_id, sequence) as partition:
                if not len(partition):
                    continue
                cosines = _cosines(partition, [requests[i].embedding for i in members])
                for i, dense in zip(members, cosines, strict=True):
                    with self._turn:
                        answers[i] = self._answer(connection, partition, requests[i], dense)
        return answers

    def _answer(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        request: SearchRequest,
        dense: npt.NDArray[np.float32] | None,
    ) -> list[Hit]:
        only = None
        if request.expression is not None:
            ids = self._reader.matching(connection, request.scope, request.expression)
            only = np.array(ids, dtype=np.int64)
        now = clock_now()
        visible = partition.visible(
            now,
            agent=request.scope.agent_id,
            run=request.scope.run_id,
            as_of=request.as_of,
            include_expired=request.include_expired,
            only=only,
        )
        lexical = None if request.terms is None else partition.postings.scores(request.terms, visible)
        if dense is None and lexical is None:
            return []
        weights = self._weights if request.boosts else self._plain
        if dense is not None and partition.coded:
            count = max(_RESCORED, 10 * request.limit)
            visible = candidates(partition, visible, dense, lexical, count=count, weights=weights)
            self._rescore(connection, partition, request.embedding or b"", dense, np.flatnonzero(visible))
        ranked = rank(
            partition,
            visible,
            dense,
            lexical,
            limit=request.limit,
            now=now,
            words=request.words,
            weights=weights,
        )
        if request.threshold is not None:
            ranked = [one for one in ranked if one.score >= request.threshold]
        return self._hits(connection, partition, ranked)

    def _rescore(
        self,
        connection: sqlite3.Connection,
        partition: Partition,
        query: bytes,
        dense: npt.NDArray[np.float32],
        rows: npt.NDArray[np.int64],
    ) -> None:
        """Put the exact cosines of some rows in the place of the estimates."""
        ids = partition.ids[rows]
        vectors = self._reader.embeddings(connection, ids.tolist())
        blank = bytes(len(query))
        flat = b"".join(vectors.get(memory_id, blank) for memory_id in ids.tolist())
        matrix = np.frombuffer(flat, dtype=np.float32).reshape(len(rows), -1)
        dense[rows] = np.vecdot(matrix, np.frombuffer(query, dtype=np.float32))

    def _hits(
        self, connection: sqlite3.Connection, partition: Partition, ranked: Sequence[Ranked]
    ) -> list[Hit]:
        ids = [int(partition.ids[one.row]) for one in ranked]
        rows = self._reader.get_many(connection, ids)
        return [
            Hit(rows[memory_id], one.score, one.details())
            for memory_id, one in zip(ids, ranked, strict=True)
            # A partition may already know of a memory that this transaction does not see yet.
            if memory_id in rows
        ]


def _cosines(
    partition: Partition, embeddings: Sequence[bytes | None]
) -> list[npt.NDArray[np.float32] | None]:
    """Return the cosines of each query that has a vector with every row, in one pass over the rows."""
    given = [embedding for embedding in embeddings if embedding is not None]
    if not given or partition.dimension is None:
        return [None] * len(embeddings)
    queries = np.frombuffer(b"".join(given), dtype=np.float32).reshape(len(given), partition.dimension)
    scores = iter(partition.dense(queries))
    return [None if embedding is None else next(scores) for embedding in embeddings]
