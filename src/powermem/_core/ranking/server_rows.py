"""The rows that a database server found for one search, as columns for the ranking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappush, heappushpop
from typing import Any

import numpy as np
import numpy.typing as npt

from ..text.flags import SIGNALLED
from ..text.terms import query_terms
from . import bm25
from .columns import BoolArray, FloatArray, IntArray
from .turns import Beside


class ServerRows:
    """Columns of the rows, in the order in which the server sent them.

    Args:
        rows: rows of id, user, run, actor, valid_from, visible, cosine, length, words and frequencies. Cosine
            is ``None`` for a row without a vector; words and frequencies are ``None`` for one without a term
            of the query.
        beside: maps a row to (distance in turns, row) of the turns beside it; ``None`` if the rows are whole
            runs, from which these can be computed.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[Any]],
        beside: Mapping[int, list[tuple[int, int]]] | None = None,
    ) -> None:
        columns = list(zip(*rows, strict=True)) if rows else [()] * 10
        self.ids: Sequence[int] = columns[0]
        self.users: Sequence[str] = columns[1]
        self.run_ids: Sequence[str] = columns[2]
        codes: dict[str, int] = {"": -1}
        numbers = [codes.setdefault(run, len(codes)) for run in self.run_ids]
        self._runs = np.array(numbers, dtype=np.int64)
        self._actors: Sequence[str | None] = columns[3]
        self._begins = np.array(columns[4], dtype=np.int64)
        self.visible: BoolArray = np.array(columns[5], dtype=np.bool_)
        self._cosines: Sequence[float | None] = columns[6]
        self.lengths = np.array(columns[7], dtype=np.float32)
        words: Sequence[bytes | None] = columns[8]
        frequencies: Sequence[bytes | None] = columns[9]
        # The terms of all rows, concatenated.
        self._ids_of_words = np.frombuffer(b"".join(one or b"" for one in words), dtype=np.uint64)
        self._counts = np.frombuffer(b"".join(one or b"" for one in frequencies), dtype=np.uint8)
        self._row_of_word = np.repeat(np.arange(len(words)), [len(one or b"") for one in frequencies])
        self._beside = beside

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def valid_from(self) -> npt.NDArray[np.int64]:
        """Since when each row is true, microseconds UTC; shape (n,)."""
        return self._begins

    def dense(self) -> FloatArray:
        """Return the cosines; a row without a vector has 0."""
        cosines = np.array(self._cosines, dtype=np.float32)
        return np.nan_to_num(cosines, copy=False, nan=0.0)

    def lexical(
        self,
        terms: Sequence[int],
        forms: Mapping[int, int] | None = None,
        source: float = 0.0,
        *,
        documents: int | None = None,
        mean: float = 0.0,
        frequencies: Mapping[int, int] | None = None,
    ) -> ServerWords:
        """Return the full-text matches of a query.

        Args:
            terms: distinct term ids of the query.
            forms: maps further forms of a word, such as stems, to the id of the word.
            source: see `bm25.saturation`.
            documents: the number of rows that the search could find; ``None`` if these are the visible rows
                here.
            mean: their mean length.
            frequencies: in how many of them each term occurs.
        """
        visible = self.visible
        if documents is None:
            documents = int(np.count_nonzero(visible))
            mean = float(self.lengths[visible].mean()) if documents else 0.0
        places, which = self._occurrences(terms)
        rows = self._row_of_word[places]
        if frequencies is None:
            counted = np.bincount(which[visible[rows]], minlength=len(terms)).tolist()
            frequencies = dict(zip(terms, counted, strict=True))
        counts = [frequencies.get(term, 0) for term in terms]
        ids, word_of, weights = bm25.weigh(terms, forms or {}, documents, counts)
        words = word_of[which]
        against = bm25.damping(self.lengths, mean)[rows]
        times = self._counts[places].astype(np.float32)
        shares = weights / np.float32(float(weights.sum()) or 1.0)
        gained = np.zeros((len(weights), len(self)), dtype=np.float32)
        np.maximum.at(gained, (words, rows), shares[words] * bm25.saturation(times, against, source))
        return ServerWords(self, gained, ids, weights, mean, documents)

    def having(self, terms: Sequence[int]) -> BoolArray:
        """Return which rows contain which terms; shape (terms, n)."""
        has = np.zeros((len(terms), len(self)), dtype=np.bool_)
        places, which = self._occurrences(terms)
        has[which, self._row_of_word[places]] = True
        return has

    def _occurrences(self, terms: Sequence[int]) -> bm25.Occurrences:
        if terms:
            return bm25.occurrences(terms, self._ids_of_words)
        none = np.empty(0, dtype=np.intp)
        return none, none

    def voices(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the code of the speaker of each of these rows; same shape."""
        codes: dict[str | None, int] = {}
        return np.array(
            [codes.setdefault(self._actors[row], len(codes)) for row in rows.tolist()], dtype=np.int64
        )

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows a speaker named by one of these terms said, shape (n,), or ``None``."""
        wanted = set(terms)
        named = {actor for actor in set(self._actors) if actor and not wanted.isdisjoint(query_terms(actor))}
        return np.array([actor in named for actor in self._actors], dtype=np.bool_) if named else None

    def runs(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the code of the run of each of these rows, -1 for none; same shape."""
        return self._runs[rows]

    def links(self, span: int) -> None:
        """Return ``None``: these rows are searched once."""

    def beside(self, rows: npt.NDArray[np.int64], span: int) -> Beside:
        """Return the turns shortly before and after rows in their runs; see `Beside`."""
        if self._beside is None:
            return self._told_apart(rows, span)
        found = [
            (place, distance, other)
            for place, row in enumerate(rows.tolist())
            for distance, other in self._beside.get(row, ())
        ]
        return Beside(*np.array(found, dtype=np.int64).reshape(-1, 3).T)

    def _told_apart(self, rows: npt.NDArray[np.int64], span: int) -> Beside:
        """Compute the turns beside rows from whole runs."""
        runs = self._runs
        order = np.lexsort((np.array(self.ids, dtype=np.int64), self._begins, runs))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        steps = np.array([step for step in range(-span, span + 1) if step], dtype=np.int64)
        others = place[rows][:, None] + steps
        inside = (others >= 0) & (others < len(order))
        others = order[np.where(inside, others, 0)]
        own = runs[rows][:, None]
        places, which = np.nonzero(inside & (own != -1) & (runs[others] == own))
        return Beside(places, np.abs(steps)[which], others[places, which])


class ServerWords:
    """The full-text matches of one query.

    Args:
        found: the rows.
        gained: the gain of each word in each row; shape (words, n).
        words: the ids of the words; shape (words,).
        weights: the weight of each; shape (words,).
        mean: the mean length of the rows that the search could find.
        documents: the number of these.

    Attributes:
        scores: how well each row matches, 0 to 1; shape (n,).
    """

    def __init__(
        self,
        found: ServerRows,
        gained: FloatArray,
        words: Sequence[int],
        weights: FloatArray,
        mean: float,
        documents: int,
    ) -> None:
        self._found = found
        self.lengths = found.lengths
        self.mean = mean
        self.documents = documents
        self.words = words
        self.weights = weights
        self._gained = gained
        self.scores: FloatArray = np.minimum(gained.sum(axis=0), np.float32(1))

    def gains(self, rows: IntArray) -> FloatArray:
        """Return the gain of each word in some rows; see `Lexical`."""
        return self._gained[:, rows]

    def flags(self, rows: IntArray) -> BoolArray:
        """Return which rows have each of `SIGNALLED`; see `Lexical`."""
        return self._found.having(SIGNALLED)[:, rows]

    def having(self, terms: Sequence[int], rows: IntArray) -> BoolArray:
        """Return which rows contain which terms; see `Lexical`."""
        return self._found.having(terms)[:, rows]


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
