"""BM25 over postings in numpy arrays, with the statistics of exactly the rows that are visible to the query.

Postings are stored in immutable segments. New rows form a new, small segment, and segments of similar size
are merged, so that adding a row is cheap and a query visits few segments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..text.flags import SIGNALLED
from .columns import BoolArray, FloatArray

Occurrences = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Positions, and the index of the term at each; both of shape (m,)."""

K1 = 1.2
"""Saturation of the term frequency; the usual value (Robertson and Zaragoza 2009, "The Probabilistic
Relevance Framework: BM25 and Beyond", section 3.5)."""
B = 0.75
"""Weight of the document length; same source."""


def weight(documents: int, frequency: int) -> float:
    """Return the weight of a term that occurs in ``frequency`` of ``documents`` documents (idf)."""
    # The "+ 1" of log1p keeps it above zero for a term that occurs in most documents.
    return math.log1p((documents - frequency + 0.5) / (frequency + 0.5))


def weigh(
    terms: Sequence[int], forms: Mapping[int, int], documents: int, frequencies: Sequence[int]
) -> tuple[list[int], npt.NDArray[np.intp], FloatArray]:
    """Group the terms of a query into words, and return the weight of each word (idf).

    A word is as rare as the most common of its forms.

    Args:
        terms: distinct term ids.
        forms: maps further forms of a word, such as stems, to the id of the word.
        documents: the number of rows that the query could find.
        frequencies: in how many of them each term occurs.

    Returns:
        The id of each word, the index of each term's word, shape (terms,), and the weights, shape (words,).
    """
    words, word_of, common = list(terms), list(range(len(terms))), list(frequencies)
    if forms:
        number: dict[int, int] = {}
        word_of = [number.setdefault(forms.get(term, term), len(number)) for term in terms]
        words, common = list(number), [0] * len(number)
        for word, frequency in zip(word_of, frequencies, strict=True):
            common[word] = max(common[word], frequency)
    weights = [weight(documents, frequency) if documents else 0.0 for frequency in common]
    return words, np.array(word_of, dtype=np.intp), np.array(weights, dtype=np.float32)


def damping(lengths: FloatArray, mean: float) -> FloatArray:
    """Return BM25's length normalization of each row, the summand below the fraction line; shape (n,)."""
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32, copy=False)


def saturation(times: FloatArray, damping: FloatArray, source: float) -> FloatArray:
    """Return the contribution of a term of weight 1 to the scores of rows.

    A count of zero in ``times`` means that only the message behind the row has the term: it contributes
    ``source``.
    """
    saturated: FloatArray = np.float32(K1 + 1) * times / (times + damping)
    if source:
        saturated += np.float32(source) * (times == 0)
    return saturated


def strongest(
    rows: npt.NDArray[np.integer[Any]], words: npt.NDArray[np.integer[Any]], gained: FloatArray
) -> tuple[npt.NDArray[np.integer[Any]], FloatArray]:
    """Reduce several forms of one word in a row to the one with the highest gain.

    Args:
        rows: the row of each occurrence.
        words: the index of its word; same shape.
        gained: its gain; same shape.

    Returns:
        The rows, one entry for each word in each row, and the gains.
    """
    if not len(rows):
        return rows, gained
    order = np.lexsort((words, rows))
    rows, words = rows[order], words[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(words, prepend=-1))
    return rows[first], np.maximum.reduceat(gained[order], first)


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return the positions at which ``words`` has terms of the query, of which there is at least one."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]


# Up to this many rows, the postings of a term are brought together by their places rather than as slices, and
# what they contribute is computed for all terms.
_FEW = 1 << 12
# Up to this many rows, the gains of all words are kept as a matrix until the best rows are known.
_KNOWN = 1 << 15
# Sorting larger segments would need more temporary memory than the queries gain.
_MAX_SEGMENT = 1 << 15


@dataclass(frozen=True, slots=True)
class Segment:
    """The postings of rows ``first`` up to ``first + count``: for each term its rows, ascending.

    Rows are relative to ``first``, in the smallest type that holds them.
    """

    first: int
    count: int
    terms: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.unsignedinteger[Any]]
    frequencies: npt.NDArray[np.uint8]

    @property
    def span(self) -> slice:
        """The rows of this segment among all rows."""
        return slice(self.first, self.first + self.count)

    def find(self, terms: npt.NDArray[np.uint64]) -> _Found | None:
        """Return the postings of the terms that occur here, or ``None``."""
        if not len(self.terms):
            return None
        places = self.terms.searchsorted(terms)
        numbers = (self.terms.take(places, mode="clip") == terms).nonzero()[0]
        if not len(numbers):
            return None
        places = places[numbers]
        starts = self.starts[places]
        sizes = self.starts[places + 1] - starts
        if self.count > _FEW:
            slices = list(map(slice, starts.tolist(), (starts + sizes).tolist()))
            return _Found(self, numbers, places, sizes, slices)
        ends = sizes.cumsum()
        where = (starts - ends + sizes).repeat(sizes)
        where += np.arange(len(where))
        return _Found(self, numbers, places, sizes, where)


class _Found(NamedTuple):
    """The postings of some terms in a segment.

    Attributes:
        segment: the segment.
        numbers: the indexes, among the terms looked up, of those that occur.
        places: their indexes among the terms of the segment.
        sizes: the number of postings of each.
        where: the places of the postings in the segment.
    """

    segment: Segment
    numbers: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.int64]
    where: npt.NDArray[np.int64] | list[slice]

    def of(self, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what a column of the segment's postings has for these, term by term."""
        if isinstance(self.where, list):
            return np.concatenate([column[part] for part in self.where])
        return column[self.where]


def _segment(
    first: int,
    count: int,
    terms: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int64],
    frequencies: npt.NDArray[np.uint8],
) -> Segment:
    # A stable sort, so that the rows of a term stay ascending.
    order = np.argsort(terms, kind="stable")
    terms = terms[order]
    unique, starts = np.unique(terms, return_index=True)
    narrow = rows[order].astype(np.min_scalar_type(count))
    return Segment(
        first, count, unique, np.append(starts, len(terms)).astype(np.int64), narrow, frequencies[order]
    )


def _merge(left: Segment, right: Segment) -> Segment:
    return _segment(
        left.first,
        left.count + right.count,
        np.concatenate([np.repeat(s.terms, np.diff(s.starts)) for s in (left, right)]),
        np.concatenate([left.rows, right.rows.astype(np.int64) + left.count]),
        np.concatenate([left.frequencies, right.frequencies]),
    )


_Added: TypeAlias = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]


class Postings:
    """A full-text index of rows 0, 1, 2, ... in the order in which they were added."""

    def __init__(self) -> None:
        self._segments: tuple[Segment, ...] = ()
        # Rows added since the last query; the next one turns them into a segment.
        self._added: list[_Added] | None = None
        self._waiting = 0
        self._lengths: FloatArray = np.empty(0, dtype=np.float32)
        self._count = 0
        # Which rows have each of `SIGNALLED`, of the rows that there were when that was last asked for.
        self._flags = np.zeros((len(SIGNALLED), 0), dtype=np.bool_)
        self._statistics: Statistics | None = None

    @classmethod
    def of(cls, segments: Sequence[Segment], lengths: FloatArray) -> Postings:
        """Return the index of what `settled` gave."""
        postings = cls()
        postings._segments, postings._lengths, postings._count = tuple(segments), lengths, len(lengths)
        return postings

    def settled(self) -> tuple[Sequence[Segment], FloatArray]:
        """Return the segments and the length of each row, none of which will change."""
        self._settle()
        return self._segments, self._lengths

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """The bytes of the postings."""
        self._settle()
        columns = sum(
            s.terms.nbytes + s.starts.nbytes + s.rows.nbytes + s.frequencies.nbytes for s in self._segments
        )
        if self._count <= _FEW:
            columns += sum(4 * (len(s.terms) + len(s.rows)) for s in self._segments)
        return columns + self._count * 8

    def append(
        self,
        terms: npt.NDArray[np.uint64],
        frequencies: npt.NDArray[np.uint8],
        sizes: npt.NDArray[np.int64],
    ) -> None:
        """Add rows.

        Args:
            terms: the concatenated term ids of all rows.
            frequencies: the number of occurrences of each in its row; same shape.
            sizes: the number of terms of each row; shape (rows,).
        """
        if len(sizes):
            if self._added is None:
                self._added = []
            self._added.append((terms, frequencies, sizes))
            self._count += len(sizes)
            self._waiting += len(sizes)
            if self._waiting >= _MAX_SEGMENT:
                self._settle()

    def _settle(self) -> None:
        if not self._added:
            return
        # Everything is computed before the first assignment, so that an error changes nothing.
        terms, frequencies, sizes = (np.concatenate(column) for column in zip(*self._added, strict=True))
        first, count = self._count - len(sizes), len(sizes)
        bounds = np.concatenate(([0], np.cumsum(sizes)))
        sums = np.concatenate(([0], np.cumsum(frequencies, dtype=np.int64)))
        lengths = (sums[bounds[1:]] - sums[bounds[:-1]]).astype(np.float32)
        lengths = np.concatenate([self._lengths, lengths])
        rows = np.repeat(np.arange(count), sizes)
        segments = [*self._segments, _segment(first, count, terms, rows, frequencies)]
        while len(segments) > 1 and self._mergeable(*segments[-2:]):
            right = segments.pop()
            segments.append(_merge(segments.pop(), right))
        self._lengths, self._segments, self._added, self._waiting = lengths, tuple(segments), None, 0

    def _mergeable(self, left: Segment, right: Segment) -> bool:
        return left.count < 2 * right.count and left.count + right.count <= _MAX_SEGMENT

    def match(
        self,
        terms: Sequence[int],
        visible: BoolArray,
        forms: Mapping[int, int] | None = None,
        source: float = 0.0,
    ) -> Matches:
        """Return how well each row matches the words of a query; for the arguments see `Matches`.

        Document frequencies, the number of documents and the mean length include visible rows only, so that
        memories of other users and deleted ones have no effect.
        """
        self._settle()
        statistics = self._statistics
        if statistics is None or statistics.visible is not visible or len(visible) != self._count:
            statistics = Statistics(self._lengths, visible)
            # One that nobody can change is that of most searches, and comes again.
            if not visible.flags.writeable:
                self._statistics = statistics
        else:
            statistics.kept = self._count <= _FEW
        return Matches(self._segments, statistics, terms, forms or {}, source, self.flags)

    def flags(self) -> BoolArray:
        """Return which rows have each of `SIGNALLED`, which is kept for the next call; shape (flags, n)."""
        self._settle()
        done = self._flags.shape[1]
        if done < self._count:
            flags = np.zeros((len(SIGNALLED), self._count), dtype=np.bool_)
            flags[:, :done] = self._flags
            late = [segment for segment in self._segments if segment.first + segment.count > done]
            for found in _find(late, SIGNALLED):
                rows = found.of(found.segment.rows).astype(np.intp) + found.segment.first
                flags[found.numbers.repeat(found.sizes), rows] = True
            self._flags = flags
        return self._flags


class Statistics:
    """What the scores of all terms depend on: the rows that a search may find.

    Args:
        lengths: the number of terms in each row, with repeats; shape (n,).
        visible: the rows that may be found; shape (n,).

    Attributes:
        lengths: as given.
        visible: as given.
        documents: the number of visible rows.
        mean: their mean length.
        kept: whether to compute what depends on no query for all terms, since searches follow.
    """

    def __init__(self, lengths: FloatArray, visible: BoolArray) -> None:
        self.lengths = lengths
        self.visible = visible
        self.documents = int(np.count_nonzero(visible))
        self._everything = self.documents == len(visible)
        self.mean = (
            float((lengths if self._everything else lengths[visible]).mean()) if self.documents else 0.0
        )
        self.kept = False
        self._frequencies: dict[int, npt.NDArray[np.int64]] = {}
        self._saturations: dict[tuple[int, float], FloatArray] = {}

    def frequencies(self, found: _Found) -> npt.NDArray[np.int64]:
        """Return the number of visible rows that contain each of the terms that were found."""
        if self._everything:
            return found.sizes
        segment = found.segment
        visible = self.visible[segment.span]
        if not self.kept:
            return _sums(visible[found.of(segment.rows)], found.sizes.cumsum() - found.sizes)
        every = self._frequencies.get(segment.first)
        if every is None:
            every = _sums(visible[segment.rows], segment.starts[:-1])
            self._frequencies[segment.first] = every
        return every[found.places]

    def saturation(self, found: _Found, source: float) -> FloatArray:
        """Return the contribution of each posting for a term of weight 1; see `saturation`."""
        segment = found.segment
        if not self.kept:
            return self._saturated(
                segment, found.of(segment.frequencies), found.of(segment.rows).astype(np.intp), source
            )
        every = self._saturations.get((segment.first, source))
        if every is None:
            every = self._saturated(segment, segment.frequencies, segment.rows, source)
            self._saturations[segment.first, source] = every
        return found.of(every)

    def _saturated(
        self, segment: Segment, times: npt.NDArray[np.uint8], rows: npt.NDArray[Any], source: float
    ) -> FloatArray:
        damped = damping(self.lengths[segment.span], self.mean)
        return saturation(times.astype(np.float32), damped[rows], source)


def _sums(seen: BoolArray, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    sums: npt.NDArray[np.int64] = np.add.reduceat(seen, starts, dtype=np.int64)
    return sums


class Matches:
    """The full-text matches of a query; valid until rows are added.

    Args:
        segments: the postings of all rows.
        statistics: of the rows that may be found.
        terms: distinct term ids of the query.
        forms: maps further forms of a word, such as stems, to the id of the word.
        source: see `saturation`.
        flags: returns which rows have each of `SIGNALLED`; shape (flags, n).

    Attributes:
        scores: BM25 relative to a row of mean length that contains every word of the query once, at most 1;
            shape (n,). Rows that are not visible have arbitrary values.
        lengths: the number of terms in each row, with repeats; shape (n,).
        mean: the mean length of the visible rows.
        documents: the number of these.
        words: the ids of the query's words; shape (words,).
        weights: the weight of each; shape (words,).
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        statistics: Statistics,
        terms: Sequence[int],
        forms: Mapping[int, int],
        source: float,
        flags: Callable[[], BoolArray],
    ) -> None:
        self.lengths, self.mean = statistics.lengths, statistics.mean
        self.documents = statistics.documents
        self._statistics = statistics
        self._segments = segments
        self._flags = flags
        self._source = source
        self._found = _find(segments, terms)
        frequencies = np.zeros(len(terms), dtype=np.int64)
        for found in self._found:
            frequencies[found.numbers] += statistics.frequencies(found)
        self.words, self._word_of, self.weights = weigh(terms, forms, self.documents, frequencies.tolist())
        self._alike = bool(forms)
        best = float(np.add.reduce(self.weights))
        # As parts of the best score.
        self._shares = self.weights / np.float32(best or 1.0)
        self._gained: FloatArray | None = None
        if len(self.lengths) <= _KNOWN:
            self._gained = self._all_gains()
            total = np.add.reduce(self._gained, axis=0)
        else:
            total = np.zeros(len(self.lengths), dtype=np.float32)
            # Segment by segment, whose arrays fit into a core's cache.
            for found in self._found if self.documents else ():
                total[found.segment.span] = self._total(found)
        self.scores: FloatArray = np.minimum(total, np.float32(1), out=total)

    def _all_gains(self) -> FloatArray:
        """Return the gain of each word in each row; shape (words, n)."""
        gained = np.zeros((len(self.words), len(self.lengths)), dtype=np.float32)
        flat = gained.reshape(-1)
        for found in self._found:
            words = self._word_of[found.numbers]
            gains = self._shares[words].repeat(found.sizes)
            gains *= self._statistics.saturation(found, self._source)
            places = (words * len(self.lengths) + found.segment.first).repeat(found.sizes)
            places += found.of(found.segment.rows)
            if self._alike:
                np.maximum.at(flat, places, gains)
            else:
                flat[places] = gains
        return gained

    def _total(self, found: _Found) -> FloatArray:
        """Return the total gain of each row of a segment."""
        rows: npt.NDArray[np.integer[Any]] = found.of(found.segment.rows).astype(np.intp)
        words = self._word_of[found.numbers].repeat(found.sizes)
        gained = self._shares[words] * self._statistics.saturation(found, self._source)
        if self._alike:
            rows, gained = strongest(rows, words, gained)
        return np.bincount(rows, gained, found.segment.count).astype(np.float32)

    def gains(self, rows: npt.NDArray[np.int64]) -> FloatArray:
        """Return the gain of each word in some rows; see `Lexical`."""
        if self._gained is not None:
            if len(rows) == len(self.lengths):
                # Word by word for each row, as the rows are copied below.
                return np.asfortranarray(self._gained)
            return self._gained[:, rows]
        gained = np.zeros((len(self.words), len(rows)), dtype=np.float32)
        damped = damping(self.lengths[rows], self.mean)
        numbers, where, times = _meet(self._found, rows)
        words = self._word_of[numbers]
        added = self._shares[words] * saturation(times.astype(np.float32), damped[where], self._source)
        # Several forms of a word in one row count once.
        np.maximum.at(gained, (words, where), added)
        return gained

    def flags(self, rows: npt.NDArray[np.int64]) -> BoolArray:
        """Return which rows have each of `SIGNALLED`; see `Lexical`."""
        flags = self._flags()
        return flags if len(rows) == flags.shape[1] else flags[:, rows]

    def having(self, terms: Sequence[int], rows: npt.NDArray[np.int64]) -> BoolArray:
        """Return which rows contain which terms; see `Lexical`."""
        has = np.zeros((len(terms), len(rows)), dtype=np.bool_)
        numbers, where, _ = _meet(_find(self._segments, terms), rows)
        has[numbers, where] = True
        return has


def _find(segments: Sequence[Segment], terms: Sequence[int]) -> list[_Found]:
    asked = np.array(terms, dtype=np.uint64)
    return [found for segment in segments if (found := segment.find(asked)) is not None]


def _meet(
    every: Sequence[_Found], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
    """Return the postings in some rows, which are ascending.

    Returns:
        The index of the term, the index of the row among ``rows``, and the frequency, each of shape (m,).
    """
    numbers, places, times = [rows[:0]], [rows[:0]], [np.empty(0, dtype=np.uint8)]
    for found in every:
        first, count = found.segment.first, found.segment.count
        low, high = np.searchsorted(rows, (first, first + count)).tolist()
        if low == high:
            continue
        asked = np.zeros(count, dtype=np.bool_)
        asked[rows[low:high] - first] = True
        having = found.of(found.segment.rows)
        met = asked[having].nonzero()[0]
        numbers.append(found.numbers[np.searchsorted(np.cumsum(found.sizes), met, side="right")])
        places.append(np.searchsorted(rows, having[met].astype(np.int64) + first))
        times.append(found.of(found.segment.frequencies)[met])
    return np.concatenate(numbers), np.concatenate(places), np.concatenate(times)
