"""BM25 over postings in numpy arrays, with the statistics of exactly the rows that are visible to the query.

Postings are stored in immutable segments. New rows form a new, small segment, and segments of similar size
are merged, so that adding a row is cheap and a query visits few segments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .columns import BoolArray, FloatArray, IntArray

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
    terms: Sequence[int], forms: Mapping[int, int], documents: int, frequencies: Mapping[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Group the terms of a query into words, and return the weight of each word.

    A word is as rare as the most common of its forms.

    Args:
        terms: distinct term ids.
        forms: maps further forms of a word, such as stems, to the id of the word.
        documents: the number of rows that the query could find.
        frequencies: in how many of them each term occurs.

    Returns:
        The index of each term's word, shape (terms,), and the weights, shape (words,).
    """
    if not forms:
        word_of = list(range(len(terms)))
        common = [frequencies.get(term, 0) for term in terms]
    else:
        numbers = {word: index for index, word in enumerate(words_of(terms, forms))}
        word_of = [numbers[forms.get(term, term)] for term in terms]
        common = [0] * len(numbers)
        for word, term in zip(word_of, terms, strict=True):
            common[word] = max(common[word], frequencies.get(term, 0))
    weights = [weight(documents, frequency) if documents else 0.0 for frequency in common]
    return np.array(word_of, dtype=np.intp), np.array(weights, dtype=np.float32)


def words_of(terms: Sequence[int], forms: Mapping[int, int]) -> list[int]:
    """Return the ids of the words of a query, whose further forms are mapped to them."""
    return list(dict.fromkeys(forms.get(term, term) for term in terms)) if forms else list(terms)


def damping(lengths: FloatArray, mean: float) -> FloatArray:
    """Return BM25's length normalization of each row, the summand below the fraction line; shape (n,)."""
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32, copy=False)


def gain(
    weight: float | npt.NDArray[np.floating[Any]], times: FloatArray, damping: FloatArray, source: float
) -> FloatArray:
    """Return the contribution of a term to the scores of rows, or of several terms to one row.

    A count of zero in ``times`` means that only the message behind the row has the term: it contributes
    ``source`` times its weight in a row of mean length.
    """
    gained: FloatArray = weight * np.float32(K1 + 1) * times / (times + damping)
    behind = times == 0
    if behind.any():
        gained += behind * (weight * np.float32(source))
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Scale sums of gains so that a row of mean length with every word once has 1, the maximum."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


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


# Up to this many rows, the postings of a term are brought together by their places rather than as slices.
_FEW = 1 << 12
# Up to this many rows, the gains of all postings are kept until the best rows are known.
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
        places[places == len(self.terms)] = 0
        numbers = (self.terms[places] == terms).nonzero()[0]
        if not len(numbers):
            return None
        places = places[numbers]
        starts, stops = self.starts[places], self.starts[places + 1]
        if self.count <= _FEW:
            sizes = stops - starts
            ends = sizes.cumsum()
            where = (starts - ends + sizes).repeat(sizes)
            where += np.arange(len(where))
            return _Found(self, numbers, sizes, self.rows[where], self.frequencies[where])
        parts = list(map(slice, starts.tolist(), stops.tolist()))
        return _Found(
            self,
            numbers,
            stops - starts,
            np.concatenate([self.rows[part] for part in parts]),
            np.concatenate([self.frequencies[part] for part in parts]),
        )


class _Found(NamedTuple):
    """The postings of some terms in a segment, concatenated.

    Attributes:
        segment: the segment.
        numbers: the indexes, among the terms looked up, of those that occur.
        sizes: the number of postings of each.
        rows: the row of each posting, relative to the segment's first one.
        frequencies: the number of occurrences of the term in that row.
    """

    segment: Segment
    numbers: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.int64]
    rows: npt.NDArray[np.unsignedinteger[Any]]
    frequencies: npt.NDArray[np.uint8]


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


class Postings:
    """A full-text index of rows 0, 1, 2, ... in the order in which they were added."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        # Rows added since the last query; the next one turns them into a segment.
        self._added: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]] = []
        self._waiting = 0
        self._lengths: FloatArray = np.empty(0, dtype=np.float32)
        self._count = 0
        # For some terms, which rows have them; of the rows that there were when one was last asked for.
        self._having: dict[int, BoolArray] = {}

    @classmethod
    def of(cls, segments: Sequence[Segment], lengths: FloatArray) -> Postings:
        """Return the index of what `settled` gave."""
        postings = cls()
        postings._segments, postings._lengths, postings._count = list(segments), lengths, len(lengths)
        return postings

    def settled(self) -> tuple[list[Segment], FloatArray]:
        """Return the segments and the length of each row, none of which will change."""
        self._settle()
        return self._segments, self._lengths

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """The bytes of the postings."""
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
            terms: the concatenated term ids of all rows.
            frequencies: the number of occurrences of each in its row; same shape.
            sizes: the number of terms of each row; shape (rows,).
        """
        if len(sizes):
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
        self._lengths, self._segments, self._added, self._waiting = lengths, segments, [], 0

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
        return Matches(self._segments, self._lengths, visible, terms, forms or {}, source, self.having)

    def having(self, term: int) -> BoolArray:
        """Return which rows have a term, which is kept for the next call; shape (n,)."""
        self._settle()
        known = self._having.get(term)
        if known is not None and len(known) == self._count:
            return known
        column = np.zeros(self._count, dtype=np.bool_)
        done = 0 if known is None else len(known)
        if known is not None:
            column[:done] = known
        late = [segment for segment in self._segments if segment.first + segment.count > done]
        for found in _find(late, [term]):
            column[found.rows.astype(np.intp) + found.segment.first] = True
        self._having[term] = column
        return column


class Matches:
    """The full-text matches of a query; valid until rows are added.

    Args:
        segments: the postings of all rows.
        lengths: the number of terms in each row, with repeats; shape (n,).
        visible: the rows that may be found; shape (n,).
        terms: distinct term ids of the query.
        forms: maps further forms of a word, such as stems, to the id of the word.
        source: see `gain`.
        flags: returns for a term which rows have it; shape (n,).

    Attributes:
        scores: BM25 relative to a row of mean length that contains every word of the query once, at most 1;
            shape (n,). Rows that are not visible have arbitrary values.
        lengths: as given.
        mean: the mean length of the visible rows.
        words: the ids of the query's words; shape (words,).
        weights: the weight of each; shape (words,).
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        lengths: FloatArray,
        visible: BoolArray,
        terms: Sequence[int],
        forms: Mapping[int, int],
        source: float,
        flags: Callable[[int], BoolArray],
    ) -> None:
        self.lengths = lengths
        self._flags = flags
        self._source = source
        self._found = _find(segments, terms)
        self._segments = segments
        self.documents = documents = int(np.count_nonzero(visible))
        everything = documents == len(visible)
        self.mean = float((lengths if everything else lengths[visible]).mean()) if documents else 0.0
        frequencies = _frequencies(self._found, len(terms), None if everything else visible)
        rarity = dict(zip(terms, frequencies, strict=True))
        self._word_of, self.weights = weigh(terms, forms, documents, rarity)
        self.words = words_of(terms, forms)
        self._alike = bool(forms)
        # The gains of each segment while there are few rows, since `gains` would compute most of them again.
        self._known: list[tuple[IntArray, IntArray, FloatArray]] | None = (
            [] if len(lengths) <= _KNOWN else None
        )
        self._best = float(self.weights.sum())
        total = np.zeros(len(lengths), dtype=np.float32)
        # Segment by segment, whose arrays fit into a core's cache.
        for found in self._found if documents else ():
            total[found.segment.span] = self._gained(found)
        self.scores: FloatArray = relative(total, self._best)

    def _gained(self, found: _Found) -> FloatArray:
        """Return the total gain of each row of a segment."""
        rows, times = found.rows.astype(np.intp), found.frequencies.astype(np.float32)
        words = np.repeat(self._word_of[found.numbers], found.sizes)
        damped = damping(self.lengths[found.segment.span], self.mean)
        gained = gain(self.weights[words], times, damped[rows], self._source)
        if self._known is not None:
            self._known.append((words, rows + found.segment.first, gained))
        if self._alike:
            places, most = strongest(rows, words, gained)
            return np.bincount(places, most, found.segment.count).astype(np.float32)
        return np.bincount(rows, gained, found.segment.count).astype(np.float32)

    def gains(self, rows: npt.NDArray[np.int64]) -> FloatArray:
        """Return the gain of each word in some rows; see `Lexical`."""
        if self._known is not None:
            return self._known_gains(self._known, rows)
        gained = np.zeros((len(self.weights), len(rows)), dtype=np.float32)
        damped = damping(self.lengths[rows], self.mean)
        numbers, where, times = _meet(self._found, rows)
        words = self._word_of[numbers]
        added = gain(self.weights[words], times.astype(np.float32), damped[where], self._source)
        # Several forms of a word in one row count once.
        np.maximum.at(gained, (words, where), added)
        return gained / np.float32(self._best or 1.0)

    def _known_gains(
        self, known: Sequence[tuple[IntArray, IntArray, FloatArray]], rows: npt.NDArray[np.int64]
    ) -> FloatArray:
        """Return the gains of some rows from those of all rows."""
        found = np.zeros((len(self.weights), len(rows)), dtype=np.float32)
        place = np.full(len(self.lengths), -1)
        place[rows] = np.arange(len(rows))
        for words, numbers, gained in known:
            where = place[numbers]
            if len(rows) < len(place):
                asked = where >= 0
                words, where, gained = words[asked], where[asked], gained[asked]
            if self._alike:
                np.maximum.at(found, (words, where), gained)
            else:
                found[words, where] = gained
        found /= np.float32(self._best or 1.0)
        return found

    def flagged(self, term: int, rows: npt.NDArray[np.int64]) -> BoolArray:
        """Return which rows have a flag; see `Lexical`."""
        return self._flags(term)[rows]

    def having(self, terms: Sequence[int], rows: npt.NDArray[np.int64]) -> BoolArray:
        """Return which rows contain which terms; see `Lexical`."""
        has = np.zeros((len(terms), len(rows)), dtype=np.bool_)
        numbers, where, _ = _meet(_find(self._segments, terms), rows)
        has[numbers, where] = True
        return has


def _find(segments: Sequence[Segment], terms: Sequence[int]) -> list[_Found]:
    asked = np.array(terms, dtype=np.uint64)
    return [found for segment in segments if (found := segment.find(asked)) is not None]


def _frequencies(every: Sequence[_Found], terms: int, visible: BoolArray | None) -> list[int]:
    """Return the number of visible rows that contain each term; ``None`` means that all are visible."""
    frequencies = np.zeros(terms, dtype=np.int64)
    for found in every:
        if visible is None:
            frequencies[found.numbers] += found.sizes
        else:
            seen = visible[found.segment.span][found.rows]
            starts = np.cumsum(found.sizes) - found.sizes
            frequencies[found.numbers] += np.add.reduceat(seen, starts, dtype=np.int64)
    counts: list[int] = frequencies.tolist()
    return counts


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
        met = np.flatnonzero(asked[found.rows])
        numbers.append(found.numbers[np.searchsorted(np.cumsum(found.sizes), met, side="right")])
        places.append(np.searchsorted(rows, found.rows[met].astype(np.int64) + first))
        times.append(found.frequencies[met])
    return np.concatenate(numbers), np.concatenate(places), np.concatenate(times)
