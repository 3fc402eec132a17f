"""BM25 over postings kept in numpy, with the statistics of exactly the rows that are visible to the query.

Postings live in segments that are never changed: new rows make a new small segment, and segments of like size
are merged, so that adding a row costs little and a query looks into few segments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    def find(self, term: int) -> slice | None:
        """Return where the postings of ``term`` are, or ``None``."""
        at = int(np.searchsorted(self.terms, np.uint64(term)))
        if at == len(self.terms) or int(self.terms[at]) != term:
            return None
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


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

    def match(self, terms: Sequence[int], visible: BoolArray, source: float = 0.0) -> Matches:
        """Return how well each row matches the terms of a query.

        Document frequencies, the number of documents and the mean length count visible rows only, so what
        another user stored, or what was deleted, changes nothing.

        Args:
            terms: distinct term ids of the query.
            visible: shape (n,), the rows that may be found.
            source: see `bm25.gain`.
        """
        self._settle()
        return Matches(self._segments, self._lengths, terms, visible, source)


class Matches:
    """The rows that have terms of a query, until rows are added.

    Args:
        segments: the postings of all rows.
        lengths: how many terms each row has, counted with repetition; shape (n,).
        terms: distinct term ids of the query.
        visible: the rows that may be found; shape (n,).
        source: see `bm25.gain`.

    Attributes:
        scores: BM25 relative to a row of mean length that holds every term of the query once, which scores 1
            as what would score more does; shape (n,). Rows that are not visible may hold any value.
    """

    def __init__(
        self,
        segments: Sequence[_Segment],
        lengths: FloatArray,
        terms: Sequence[int],
        visible: BoolArray,
        source: float,
    ) -> None:
        self._segments = segments
        self._terms = terms
        self._source = source
        self._weights = [0.0] * len(terms)
        self._best = 0.0
        total = np.zeros(len(lengths), dtype=np.float32)
        documents = int(np.count_nonzero(visible))
        self._damping = bm25.damping(lengths, float(lengths[visible].mean()) if documents else 0.0)
        if documents:
            self._score(total, documents, visible)
        self.scores: FloatArray = bm25.relative(total, self._best)

    def _score(self, total: FloatArray, documents: int, visible: BoolArray) -> None:
        for number, term in enumerate(self._terms):
            found = [(s, part) for s in self._segments if (part := s.find(term)) is not None]
            frequency = sum(int(np.count_nonzero(visible[s.rows[part]])) for s, part in found)
            weight = self._weights[number] = bm25.weight(documents, frequency)
            self._best += weight
            for segment, part in found:
                rows = segment.rows[part]
                times = segment.frequencies[part].astype(np.float32)
                total[rows] += bm25.gain(weight, times, self._damping[rows], self._source)

    def gains(self, rows: npt.NDArray[np.int64]) -> FloatArray:
        """Return what each term adds to the score of some rows; see ``Lexical``."""
        gained = np.zeros((len(self._terms), len(rows)), dtype=np.float32)
        for number, segment, where, places in self._meet(self._terms, rows):
            times = segment.frequencies[places].astype(np.float32)
            against = self._damping[rows[where]]
            gained[number, where] = bm25.gain(self._weights[number], times, against, self._source)
        return gained / np.float32(self._best or 1.0)

    def having(self, terms: Sequence[int], rows: npt.NDArray[np.int64]) -> BoolArray:
        """Return which of some rows have which of some terms; see ``Lexical``."""
        has = np.zeros((len(terms), len(rows)), dtype=np.bool_)
        for number, _, where, _ in self._meet(terms, rows):
            has[number, where] = True
        return has

    def _meet(
        self, terms: Sequence[int], rows: npt.NDArray[np.int64]
    ) -> Iterator[tuple[int, _Segment, npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
        """Yield for each term and segment: number of the term, segment, places among ``rows``, and places of
        the same rows in the segment."""
        for segment in self._segments:
            low, high = np.searchsorted(rows, (segment.first, segment.first + segment.count))
            inside = rows[low:high]
            if not len(inside):
                continue
            for number, term in enumerate(terms):
                part = segment.find(term)
                if part is None:
                    continue
                known = segment.rows[part]
                at = np.minimum(np.searchsorted(known, inside), len(known) - 1)
                met = np.flatnonzero(known[at] == inside)
                yield number, segment, low + met, part.start + at[met]
