"""One search over a partition, in steps between which the store reads its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..query.search import SearchRequest
from .codes import Codes
from .columns import FloatArray
from .fusion import Ranked, candidates, combine, highest, pool_size, rank
from .partition import Partition, PartitionRows
from .weights import Weights
from .windows import best_cosines, split

# The number of rows preselected by their bits. Among a million rows with real embeddings they included 99.9 %
# of the ten nearest; a quarter as many, 99.3 %.
_LIKELY = 16_000


def columns(rows: Iterable[Sequence[Any]], dimension: int | None) -> PartitionRows:
    """Convert table rows to columns.

    Args:
        rows: at least one row of id, agent, run, actor, valid_from, valid_to, expires_at, embedding, terms
            and frequencies.
        dimension: length of the vectors, or ``None`` without vectors.
    """
    ids, agents, runs, actors, begins, ends, expiries, embeddings, terms, frequencies = zip(
        *rows, strict=True
    )
    blank = bytes(4 * (dimension or 0))
    vectors = b"".join([embedding or blank for embedding in embeddings]) if blank else b""
    further, windows = b"", None
    if len(vectors) != len(blank) * len(ids):
        vectors, further, windows = split(embeddings, len(blank))
    return PartitionRows(
        ids=list(ids),
        agents=list(agents),
        runs=list(runs),
        actors=list(actors),
        valid_from=list(begins),
        valid_to=list(ends),
        expires_at=list(expiries),
        embeddings=vectors,
        terms=b"".join(terms),
        frequencies=b"".join(frequencies),
        sizes=[len(counts) for counts in frequencies],
        further=further,
        windows=windows,
    )


def cosines(partition: Partition, embeddings: Sequence[bytes | None]) -> list[FloatArray | None]:
    """Return the cosines of each query with every row, in one pass; ``None`` for a query without a vector."""
    given = [embedding for embedding in embeddings if embedding is not None]
    if not given or partition.dimension is None:
        return [None] * len(embeddings)
    queries = np.frombuffer(b"".join(given), dtype=np.float32).reshape(len(given), partition.dimension)
    scores = iter(partition.dense(queries))
    return [None if embedding is None else next(scores) for embedding in embeddings]


class Search:
    """One search. The partition must not change until it is done.

    Args:
        partition: the partition of the request's user.
        request: the request.
        dense: its cosines with every row, estimates if the partition is coded, or ``None`` for full text
            alone.
        weights: the weight of each part of a score.
        only: the ids that pass the request's filter, or ``None`` without one.
        now: the current time in microseconds.
    """

    def __init__(
        self,
        partition: Partition,
        request: SearchRequest,
        dense: FloatArray | None,
        *,
        weights: Weights,
        only: Sequence[int] | None,
        now: int,
    ) -> None:
        self._partition = partition
        self._request = request
        self._dense = dense
        self._weights = weights.plain() if request.similarity else weights
        self._now = now
        self._visible = partition.visible(
            now,
            agent=request.scope.agent_id,
            run=request.scope.run_id,
            as_of=request.as_of,
            include_expired=request.include_expired,
            only=None if only is None else np.array(only, dtype=np.int64),
        )
        self._lexical = (
            None
            if request.terms is None
            else partition.postings.match(request.terms, self._visible, request.forms, self._weights.source)
        )

    def unsure(self) -> list[int]:
        """Return the ids whose vectors `rescore` needs; none if the partition holds the vectors."""
        codes, query = self._partition.vectors, self._request.embedding
        if self._dense is None or query is None or not isinstance(codes, Codes):
            return []
        weights, limit = self._weights, self._request.limit
        words = None if self._lexical is None else self._lexical.scores
        likely = highest(
            combine(self._dense, words, weights), self._visible, max(_LIKELY, 20 * pool_size(limit))
        )
        dense = self._partition.refined(np.frombuffer(query, dtype=np.float32), likely)
        self._visible = candidates(
            self._partition,
            self._visible,
            likely,
            combine(dense, None if words is None else words[likely], weights),
            limit=limit,
            weights=weights,
        )
        ids: list[int] = self._partition.ids[self._visible].tolist()
        return ids

    def rescore(self, vectors: Mapping[int, bytes]) -> None:
        """Replace the estimates of the unsure rows by exact cosines."""
        query = self._request.embedding
        if self._dense is None or query is None:
            return
        rows = np.flatnonzero(self._visible)
        blank = bytes(len(query))
        stored = [vectors.get(memory_id, blank) for memory_id in self._partition.ids[rows].tolist()]
        self._dense[rows] = best_cosines(np.frombuffer(query, dtype=np.float32), stored)

    def ranked(self) -> list[tuple[int, Ranked]]:
        """Return the ids of the best rows with their scores, best first."""
        if self._dense is None and self._lexical is None:
            return []
        threshold = self._request.threshold
        found = rank(
            self._partition,
            self._visible,
            self._dense,
            self._lexical,
            limit=self._request.limit,
            now=self._now,
            cues=self._request.cues,
            weights=self._weights,
            owner=self._request.scope.user_id,
            explain=self._request.explain,
        )
        ids = self._partition.ids
        return [(int(ids[one.row]), one) for one in found if threshold is None or one.score >= threshold]
