"""The candidates of a search whose rows pass by once, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappush, heappushpop
from typing import Any

MATCHED = 2000
"""So many rows are scored for their words at most: those with the rarest terms."""


class Tally:
    """What has to be known of all rows, and the best of them before boosts.

    Args:
        terms: distinct term ids of the query.
        nearest: how many rows to keep for their vectors.

    Attributes:
        documents: how many rows there were.
        length: how many terms they have together, counted with repetition.
        frequencies: in how many of them each term occurs.
    """

    def __init__(self, terms: Sequence[int], nearest: int) -> None:
        self.documents = 0
        self.length = 0
        self.frequencies = dict.fromkeys(terms, 0)
        self._terms = terms
        self._most = nearest
        # The farthest of the nearest first, as pairs of (cosine, -id): of equals the oldest stay.
        self._nearest: list[tuple[float, int]] = []
        self._having: dict[int, list[int]] = {term: [] for term in terms}

    def add(self, rows: Iterable[tuple[int, Sequence[Any]]]) -> None:
        """Count rows.

        Args:
            rows: ids, each with: length, cosine or ``None``, and for each term whether the row has it.
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
        """Return the ids of the rows worth scoring."""
        ids = {-negative for _, negative in self._nearest}
        for term in rarest(self.frequencies):
            ids.update(self._having[term])
        return ids


def rarest(frequencies: Mapping[int, int]) -> list[int]:
    """Return the terms whose rows are scored: the rarest, as many as there is room for, and at least one."""
    room = MATCHED
    chosen: list[int] = []
    for term, frequency in sorted(frequencies.items(), key=lambda item: item[1]):
        if frequency and (not chosen or frequency <= room):
            chosen.append(term)
            room -= frequency
    return chosen
