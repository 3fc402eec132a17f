"""Choose the candidates of a search in a single pass over its rows, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappush, heappushpop
from typing import Any

MATCHED = 2000
"""The most rows that are scored for their words: those with the rarest terms."""


class Tally:
    """Collects statistics of all rows, and the candidates among them.

    Args:
        terms: distinct term ids of the query.
        nearest: the number of rows to choose by their vectors.

    Attributes:
        documents: the number of rows.
        length: the number of their terms, with repeats.
        frequencies: in how many of them each term occurs.
    """

    def __init__(self, terms: Sequence[int], nearest: int) -> None:
        self.documents = 0
        self.length = 0
        self.frequencies = dict.fromkeys(terms, 0)
        self._terms = terms
        self._most = nearest
        # A heap of (cosine, -id) with the smallest cosine first; of equal cosines the oldest rows are kept.
        self._nearest: list[tuple[float, int]] = []
        self._having: dict[int, list[int]] = {term: [] for term in terms}

    def add(self, rows: Iterable[tuple[int, Sequence[Any]]]) -> None:
        """Add rows.

        Args:
            rows: each an id with its length, its cosine or ``None``, and for each term whether the row
                contains it.
        """
        for memory_id, (length, cosine, *has) in rows:
            self.documents += 1
            self.length += length
            if cosine is not None:
                pair = (cosine, -memory_id)
                if len(self._nearest) < self._most:
                    heappush(self._nearest, pair)
                else:
                    heappushpop(self._nearest, pair)
            for term, there in zip(self._terms, has, strict=True):
                if there:
                    self.frequencies[term] += 1
                    if self.frequencies[term] <= MATCHED:
                        self._having[term].append(memory_id)

    def chosen(self) -> set[int]:
        """Return the ids of the candidates."""
        ids = {-negative for _, negative in self._nearest}
        for term in rarest(self.frequencies):
            ids.update(self._having[term])
        return ids


def rarest(frequencies: Mapping[int, int]) -> list[int]:
    """Return the terms whose rows are scored: the rarest with at most `MATCHED` rows, at least one."""
    room = MATCHED
    chosen: list[int] = []
    for term, frequency in sorted(frequencies.items(), key=lambda item: item[1]):
        if frequency and (not chosen or frequency <= room):
            chosen.append(term)
            room -= frequency
    return chosen
