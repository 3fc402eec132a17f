"""BM25 over postings kept in numpy, with the statistics of exactly the rows that are visible to the query.

Postings live in segments that are never changed: new rows make a new small segment, and segments of like size
are merged, so that adding a row costs little and a query looks into few segments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import bm25

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]

# Sorting more rows at once would take more memory for a moment than it saves time in the queries.
_MAX_SEGMENT = 1 << 15


@dataclass(frozen=True, slots=True)
class _Segment:
    """The postings of rows ``first`` up to ``first + count``: for each term its rows, ascending."""

    first: int
    count: int
    terms: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.uint8]

    def find(self, terms: npt.NDArray[np.uint64]) -> list[slice | None]:
        """Return where the postings of each term are, ``None`` for one that it has not."""
        at = np.searchsorted(self.terms, terms)
        at[at == len(self.terms)] = 0
        known = (self.terms[at] == terms).tolist() if len(self.terms) else [False] * len(terms)
        bounds = zip(self.starts[at].tolist(), self.starts[at + 1].tolist(), strict=True)
        return [slice(*ends) if found else None for found, ends in zip(known, bounds, strict=True)]


def _segment(
    first: int,
    count: int,
    terms: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int32],
    frequencies: npt.NDArray[np.uint8],
) -> _Segment:
    # The sort is stable, so the rows of one term stay ascending.
    order = np.argsort(terms, kind="stable")
    terms = terms[order]
    unique, starts = np.unique(terms, return_index=True)
    return _Segment(
        first, count, unique, np.append(starts, len(terms)).astype(np.int64), rows[order], frequencies[order]
    )


def _merge(left: _Segment, right: _Segment) -> _Segment:
    return _segment(
        left.first,
        left.count + right.count,
        np.concatenate([np.repeat(s.terms, np.diff(s.starts)) for s in (left, right)]),
        np.concatenate([left.rows, right.rows]),
        np.concatenate([left.frequencies, right.frequencies]),
    )


class Postings:
    """An index of terms over rows 0, 1, 2 ... in the order in which they were added."""

    def __init__(self) -> None:
        self._segments: list[_Segment] = []
        # Rows added since the last query; they become one segment when the next one comes.
        self._added: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]] = []
        self._waiting = 0
        self._lengths: FloatArray = np.empty(0, dtype=np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Bytes held by the postings."""
        self._settle()
        return (
            sum(
                s.terms.nbytes + s.starts.nbytes + s.rows.nbytes + s.frequencies.nbytes
                for s in self._segments
            )
            + self._count * 8
        )

    def append(
        self,
        terms: npt.NDArray[np.uint64],
        frequencies: npt.NDArray[np.uint8],
        sizes: npt.NDArray[np.int64],
    ) -> None:
        """Add rows.

        Args:
            terms: the term ids of all rows, one after the other.
            frequencies: how often each occurs in its row; same shape.
            sizes: how many terms each row has; shape (rows,).
        """
        if len(sizes):
            self._added.append((terms, frequencies, sizes))
            self._count += len(sizes)
            self._waiting += len(sizes)
            if self._waiting >= _MAX_SEGMENT // 2:
                self._settle()

    def _settle(self) -> None:
        if not self._added:
            return
        terms, frequencies, sizes = (np.concatenate(column) for column in zip(*self._added, strict=True))
        self._added.clear()
        self._waiting = 0
        first, count = self._count - len(sizes), len(sizes)
        bounds = np.concatenate(([0], np.cumsum(sizes)))
        sums = np.concatenate(([0], np.cumsum(frequencies, dtype=np.int64)))
        lengths = (sums[bounds[1:]] - sums[bounds[:-1]]).astype(np.float32)
        self._lengths = np.concatenate([self._lengths, lengths])
        rows = np.repeat(np.arange(first, first + count, dtype=np.int32), sizes)
        self._segments.append(_segment(first, count, terms, rows, frequencies))
        while len(self._segments) > 1 and self._mergeable(*self._segments[-2:]):
            right = self._segments.pop()
            self._segments.append(_merge(self._segments.pop(), right))

    def _mergeable(self, left: _Segment, right: _Segment) -> bool:
        return left.count < 2 * right.count and left.count + right.count <= _MAX_SEGMENT

    def scores(self, terms: Sequence[int], visible: BoolArray) -> FloatArray:
        """Return how well each row matches the terms, 0 to 1.

        The score is BM25 relative to a row of mean length that holds every term of the query once: such a row
        scores 1, and what would score more scores 1 as well. Document frequencies, the number of documents
        and the mean length count visible rows only, so what another user stored, or what was deleted, changes
        nothing.

        Args:
            terms: distinct term ids of the query.
            visible: shape (n,), the rows that may be found.

        Returns:
            Shape (n,), float32; rows that are not visible may hold any value.
        """
        self._settle()
        total = np.zeros(self._count, dtype=np.float32)
        documents = int(np.count_nonzero(visible))
        if not documents or not terms:
            return total
        lengths = self._lengths
        damping = bm25.damping(lengths, float(lengths[visible].mean()))
        best = 0.0
        asked = np.array(terms, dtype=np.uint64)
        parts_of = [segment.find(asked) for segment in self._segments]
        for parts in zip(*parts_of, strict=True):
            found = [(s, part) for s, part in zip(self._segments, parts, strict=True) if part is not None]
            frequency = sum(int(np.count_nonzero(visible[s.rows[part]])) for s, part in found)
            weight = bm25.weight(documents, frequency)
            best += weight
            for segment, part in found:
                rows = segment.rows[part]
                times = segment.frequencies[part].astype(np.float32)
                total[rows] += bm25.gain(weight, times, damping[rows])
        return bm25.relative(total, best)
