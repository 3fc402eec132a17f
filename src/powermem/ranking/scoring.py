"""One search over rows that a database server found."""

from __future__ import annotations

from collections.abc import Mapping

from ..types import SearchRequest
from .found import Found, FoundWords
from .fusion import Ranked, combine, pool_size, rank
from .growing import FloatArray
from .selection import best
from .weights import Weights


class Scoring:
    """Scores rows, and those again with the turns that were said beside them.

    Args:
        request: what is asked for: by its vector, its terms or both.
        weights: how much each part of a score counts.
        now: the present moment, microseconds UTC.
        documents: how many rows the search could find; ``None`` when the visible rows here are all.
        length: how many terms they have together, counted with repetition.
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

    def leading(self, found: Found) -> list[int]:
        """Return the rows that are to take part in the boosts, best first."""
        dense, words = self._arms(found)
        base = combine(dense, None if words is None else words.scores, self._weights)
        rows: list[int] = best(base, found.visible, pool_size(self._request.limit)).tolist()
        return rows

    def ranked(self, found: Found) -> list[tuple[int, Ranked]]:
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
            explain=request.explain,
        )
        least = request.threshold
        return [(found.ids[one.row], one) for one in answer if least is None or one.score >= least]

    def _arms(self, found: Found) -> tuple[FloatArray | None, FoundWords | None]:
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
