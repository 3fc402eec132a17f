"""One search over the rows that a database server found."""

from __future__ import annotations

from collections.abc import Mapping

from ..query.search import SearchRequest
from .columns import FloatArray
from .fusion import Ranked, best, combine, pool_size, rank
from .server_rows import ServerRows, ServerWords
from .weights import Weights


class ServerSearch:
    """Scores rows: first to choose those whose neighbours have to be read, then together with these.

    Args:
        request: the request, with a vector, terms or both.
        weights: the weight of each part of a score.
        now: the current time, microseconds UTC.
        documents: the number of rows that the search could find; ``None`` if these are the visible rows here.
        length: the number of their terms, with repeats.
        frequencies: in how many of them each term occurs.
    """

    def __init__(
        self,
        request: SearchRequest,
        weights: Weights,
        now: int,
        *,
        documents: int | None = None,
        length: int = 0,
        frequencies: Mapping[int, int] | None = None,
    ) -> None:
        self._request = request
        self._weights = weights
        self._now = now
        self._documents = documents
        self._mean = length / documents if documents else 0.0
        self._frequencies = frequencies

    def leading(self, found: ServerRows) -> list[int]:
        """Return the rows that take part, best first."""
        dense, words = self._arms(found)
        base = combine(dense, None if words is None else words.scores, self._weights)
        rows: list[int] = best(base, found.visible, pool_size(self._request.limit)).tolist()
        return rows

    def ranked(self, found: ServerRows) -> list[tuple[int, Ranked]]:
        """Return the ids of the best rows with their scores, best first."""
        if not len(found):
            return []
        dense, words = self._arms(found)
        request = self._request
        answer = rank(
            found,
            found.visible,
            dense,
            words,
            limit=request.limit,
            now=self._now,
            cues=request.cues,
            weights=self._weights,
            owner=request.scope.user_id,
            explain=request.explain,
        )
        least = request.threshold
        return [(found.ids[one.row], one) for one in answer if least is None or one.score >= least]

    def _arms(self, found: ServerRows) -> tuple[FloatArray | None, ServerWords | None]:
        request = self._request
        dense = None if request.embedding is None else found.dense()
        if request.terms is None:
            return dense, None
        words = found.lexical(
            request.terms,
            request.forms,
            self._weights.source,
            documents=self._documents,
            mean=self._mean,
            frequencies=self._frequencies,
        )
        return dense, words
