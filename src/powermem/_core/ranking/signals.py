"""The signals of a score besides cosine and full text. Each is a function of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..clock import DAY
from ..query.search import Cues, Period
from ..text.flags import SIGNALLED
from ..text.terms import query_terms, term_id
from .columns import BoolArray, FloatArray, IntArray, group_starts
from .turns import Beside, Links
from .weights import Weights


class Rankable(Protocol):
    """Rows that can be ranked: those of a partition, or those that a server sent."""

    @property
    def valid_from(self) -> IntArray:
        """Since when each row is true, microseconds UTC; shape (n,)."""

    def runs(self, rows: IntArray) -> IntArray:
        """Return the code of the run of each of these rows, -1 for none; same shape."""

    def beside(self, rows: IntArray, span: int) -> Beside:
        """Return the turns shortly before and after rows in their runs; see `Beside`."""

    def links(self, span: int) -> Links | None:
        """Return the turns beside all rows, if these are few."""

    def voices(self, rows: IntArray) -> IntArray:
        """Return the code of the speaker of each of these rows; same shape."""

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows a speaker named by one of these terms said, shape (n,), or ``None``."""


class Lexical(Protocol):
    """The full text of rows with respect to one query."""

    @property
    def scores(self) -> FloatArray:
        """How well each row matches, 0 to 1; shape (n,)."""

    @property
    def lengths(self) -> FloatArray:
        """The number of terms of each row, with repeats; shape (n,)."""

    @property
    def mean(self) -> float:
        """Their mean over all rows that the search could find."""

    @property
    def documents(self) -> int:
        """The number of these rows."""

    @property
    def words(self) -> Sequence[int]:
        """The id of each word of the query; shape (words,)."""

    @property
    def weights(self) -> FloatArray:
        """The weight of each word of the query, larger for a rare one; shape (words,)."""

    def gains(self, rows: IntArray) -> FloatArray:
        """Return the gain of each word of the query in some rows; shape (words, rows).

        Args:
            rows: ascending.
        """

    def having(self, terms: Sequence[int], rows: IntArray) -> BoolArray:
        """Return which rows contain which terms; shape (terms, rows).

        Args:
            terms: any term ids.
            rows: ascending.
        """

    def flags(self, rows: IntArray) -> BoolArray:
        """Return which rows have each of `SIGNALLED`; shape (flags, rows)."""


# A word in a nearby turn counts this share for each turn of distance.
_FADING = 0.7
# Outside the period of a query, the signal falls to 37 % within a week, or within the period's own length if
# longer.
_LEAST_SCALE = 7 * DAY


class Linked(Rankable, Protocol):
    """Rows that are linked with the turns before and after them."""

    def lines(self, rows: IntArray, span: int) -> npt.NDArray[np.intp]:
        """Return the turn at each step from each row, the number of all rows for none; see `Turns.lines`."""


class Nearby(Protocol):
    """Which rows that take part were said shortly after each other in one run."""

    @property
    def span(self) -> int:
        """The greatest distance."""

    def most(self, values: FloatArray, factors: FloatArray, by: np.ufunc) -> FloatArray:
        """Return the maximum of the values of the rows beside each row.

        Args:
            values: not negative; shape (rows, ...).
            factors: for each distance, from 0 up to `span`, what its values are combined with.
            by: how, such as ``np.multiply``.

        Returns:
            Same shape; zero for a row with none beside it.
        """

    def paired(self) -> int:
        """Return the number of rows with a row beside them."""

    def differing(self, codes: IntArray) -> float:
        """Return the share of the turns next to each other with different codes; 0 without any.

        Args:
            codes: shape (rows,).
        """


class Pairs(NamedTuple):
    """`Nearby` as pairs, each in both orders.

    Attributes:
        rows: the first row of each pair, ascending; shape (m,).
        others: the second row; shape (m,).
        distances: the distance in turns; shape (m,).
        starts: where the pairs of each row begin; shape (rows with pairs,).
        span: the greatest distance.
    """

    rows: IntArray
    others: IntArray
    distances: IntArray
    starts: IntArray
    span: int

    @classmethod
    def of(cls, partition: Rankable, rows: IntArray, visible: BoolArray, span: int) -> Pairs:
        """Return the pairs of visible rows with at least one of ``rows``, by their numbers."""
        places, distances, others = partition.beside(rows, span)
        seen = visible[others]
        one, other, distances = rows[places[seen]], others[seen], distances[seen]
        both = np.concatenate([one, other]), np.concatenate([other, one])
        # Without duplicates and sorted by the first row: a pair is encoded as one number.
        _, kept = np.unique(both[0] * len(visible) + both[1], return_index=True)
        first = both[0][kept]
        distances = np.concatenate([distances, distances])[kept]
        return cls(first, both[1][kept], distances, group_starts(first), span)

    def among(self, rows: IntArray) -> Pairs:
        """Return the pairs as indexes into ``rows``, which is ascending and contains both ends of each."""
        return self._replace(rows=np.searchsorted(rows, self.rows), others=np.searchsorted(rows, self.others))

    def most(self, values: FloatArray, factors: FloatArray, by: np.ufunc) -> FloatArray:
        """See `Nearby`."""
        found = np.zeros_like(values)
        if len(self.rows):
            scale = factors[self.distances].reshape(-1, *[1] * (values.ndim - 1))
            each = by(values[self.others], scale)
            found[self.rows[self.starts]] = np.maximum.reduceat(each, self.starts, axis=0)
        return found

    def paired(self) -> int:
        """See `Nearby`."""
        return len(self.starts)

    def differing(self, codes: IntArray) -> float:
        """See `Nearby`."""
        next_to = self.distances == 1
        if not next_to.any():
            return 0.0
        return float((codes[self.rows[next_to]] != codes[self.others[next_to]]).mean())


class Lines(NamedTuple):
    """`Nearby` as the row at each step from each row.

    Attributes:
        others: the index of the row there, the number of rows for none; see `Turns.lines`.
        span: the greatest distance.
    """

    others: npt.NDArray[np.intp]
    span: int

    @classmethod
    def of(
        cls, partition: Linked, pool: IntArray, chosen: BoolArray, visible: BoolArray, span: int
    ) -> tuple[IntArray, Lines]:
        """Return the rows that take part, ascending, and which of them are beside each other.

        Args:
            partition: the source of the rows.
            pool: visible ones.
            chosen: which rows these are, and behind the last row False, for none; shape (n + 1,).
            visible: which rows may be found; shape (n,).
            span: the greatest distance.
        """
        links = partition.links(span) if span else None
        if links is not None:
            beside = chosen[links.others]
            taking_part = np.logical_or.reduce(beside, axis=0)
            taking_part |= chosen[:-1]
            taking_part &= visible
            rows = taking_part.nonzero()[0]
            if len(rows) == len(visible):
                # All do, as of most small users. A pair needs one of the pool.
                beside |= chosen[:-1]
                return rows, cls(np.where(beside, links.others, len(rows)), span)
            others = links.others[:, rows]
        else:
            taking_part = chosen.copy()
            taking_part[partition.lines(pool, span)] = True
            taking_part = taking_part[:-1]
            taking_part &= visible
            rows = taking_part.nonzero()[0]
            others = partition.lines(rows, span)
        # Nor may anybody be hidden.
        kept = chosen[others]
        kept |= chosen[rows]
        kept &= _padded(taking_part)[others]
        place = np.empty(len(chosen), dtype=np.intp)
        place[rows] = np.arange(len(rows))
        return rows, cls(np.where(kept, place[others], len(rows)), span)

    def most(self, values: FloatArray, factors: FloatArray, by: np.ufunc) -> FloatArray:
        """See `Nearby`."""
        if not self.span:
            return np.zeros_like(values)
        each = _padded(values).take(self.others, axis=0)
        # On both sides at each distance.
        nearer = np.maximum(each[: self.span], each[self.span :])
        by(nearer, factors[1:].reshape(-1, *[1] * values.ndim), out=nearer)
        most: FloatArray = np.maximum.reduce(nearer, axis=0)
        return most

    def paired(self) -> int:
        """See `Nearby`."""
        there = self.others < self.others.shape[1]
        return int(np.count_nonzero(np.logical_or.reduce(there, axis=0)))

    def differing(self, codes: IntArray) -> float:
        """See `Nearby`."""
        if not self.span:
            return 0.0
        lines = self.others[:: self.span]
        there = lines < len(codes)
        number = int(np.count_nonzero(there))
        if not number:
            return 0.0
        there &= _padded(codes)[lines] != codes
        return int(np.count_nonzero(there)) / number


@lru_cache(maxsize=16)
def _faded(span: int) -> FloatArray:
    faded: FloatArray = np.float32(_FADING) ** np.arange(span + 1, dtype=np.float32)
    return faded


@lru_cache(maxsize=16)
def _distances(span: int) -> FloatArray:
    return np.arange(span + 1, dtype=np.float32)


def _padded(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values with zeros behind the last row, which stands for none."""
    padded = np.zeros((len(values) + 1, *values.shape[1:]), dtype=values.dtype)
    padded[:-1] = values
    return padded


def coverage(gains: FloatArray, nearby: Nearby) -> FloatArray:
    """Return how much more of the query each row covers together with the turns around it.

    Args:
        gains: the gain of each word in each row; shape (words, rows).
        nearby: which of these rows are beside each other.

    Returns:
        Shape (rows,): the sum over all words of the amount by which the best nearby turn exceeds the row
        itself.
    """
    own = np.ascontiguousarray(gains.T)
    around = nearby.most(own, _faded(nearby.span), np.multiply)
    around -= own
    lifted: FloatArray = np.add.reduce(np.maximum(around, 0, out=around), axis=1)
    return lifted


def beside(base: FloatArray, strong: BoolArray, nearby: Nearby) -> FloatArray:
    """Return for each row the best score of a strong turn beside it, divided by the distance.

    Args:
        base: the rows' scores; shape (rows,).
        strong: which of them may lift others; shape (rows,).
        nearby: which of these rows are beside each other.
    """
    return nearby.most(base * strong, _distances(nearby.span), np.divide)


def same_run(base: FloatArray, strong: BoolArray, runs: IntArray) -> FloatArray:
    """Return for each row the score of the best other strong row of its run, or zero.

    Args:
        base: the rows' scores; shape (rows,).
        strong: which of them may lift others; shape (rows,).
        runs: the code of each row's run, -1 for none; shape (rows,).
    """
    order = np.argsort(runs, kind="stable")
    starts = group_starts(runs[order])
    groups = np.empty(len(runs), dtype=np.intp)
    groups[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(runs)))
    return best_other(base, strong, order, starts, groups, runs < 0)


def best_other(
    base: FloatArray,
    strong: BoolArray,
    order: npt.NDArray[Any],
    starts: npt.NDArray[Any],
    groups: npt.NDArray[Any],
    alone: BoolArray,
) -> FloatArray:
    """Do as `same_run`, with the rows by run; for the last four arguments see `Links`."""
    lifting = np.where(strong, base, np.float32(0))
    # The best and the second-best row of each run: the best one gets the score of the second.
    first = np.maximum.reduceat(lifting[order], starts)
    most = first[groups]
    is_first = lifting == most
    lifting[is_first] = 0
    second = np.maximum.reduceat(lifting[order], starts)
    tied = np.add.reduceat(is_first[order], starts, dtype=np.int64) > 1
    np.copyto(second, first, where=tied)
    found: FloatArray = np.where(base >= most, second[groups], most)
    found[alone] = 0
    return found


def quoting(lexical: Lexical, rows: IntArray, phrases: Sequence[Sequence[int]]) -> BoolArray:
    """Return which rows contain all words of a phrase that is quoted in the query."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for phrase in phrases:
        found |= lexical.having(phrase, rows).all(axis=0)
    return found


def within(lexical: Lexical | None, rows: IntArray, begins: IntArray, period: Period) -> FloatArray:
    """Return how close each row is to a period, 0 to 1; 1 if it or its event is within the period.

    Args:
        lexical: the rows' full text.
        rows: ascending.
        begins: since when each of them is true, microseconds UTC; shape (rows,).
        period: the period.
    """
    outside = np.maximum(np.maximum(period.start - begins, begins - period.end + 1), 0)
    scale = max(period.end - period.start, _LEAST_SCALE)
    near: FloatArray = np.exp(-outside / scale).astype(np.float32)
    if lexical is not None and period.terms:
        near[lexical.having(period.terms, rows).any(axis=0)] = 1.0
    return near


def retention(age_us: IntArray, days: float) -> FloatArray:
    """Return exp(-age / days), Ebbinghaus's forgetting curve; an age in the future counts as zero."""
    age = np.maximum(age_us, 0) / (-DAY * days)
    return np.exp(age, out=age).astype(np.float32)


def of_speaker(lexical: Lexical, rows: IntArray, cues: Cues) -> BoolArray:
    """Return which rows are in the first person, or name nobody else where that is what tells."""
    own = lexical.having(cues.own, rows).any(axis=0)
    others, exceptions = cues.others
    if others:
        named = lexical.having(others, rows).any(axis=0)
        own |= ~named | lexical.having(exceptions, rows).any(axis=0)
    return own


def looked_up(cues: Cues, weights: Weights) -> list[int]:
    """Return the ids of the terms that signals look up in addition to those of the query."""
    if weights.similarity:
        return []
    wanted = [*SIGNALLED, *cues.names.values()]
    if cues.period is not None:
        wanted += cues.period.terms
    wanted += [*cues.own, *cues.others[0], *cues.others[1]]
    return wanted


def of_rows(
    partition: Rankable,
    lexical: Lexical | None,
    rows: IntArray,
    cues: Cues,
    spoken: BoolArray | None,
    flags: BoolArray | None,
) -> dict[str, npt.NDArray[Any]]:
    """Return the signals that depend on a single row and on words, keyed by name; none without full text.

    Args:
        partition: the source of the rows.
        lexical: their full text; ``None`` for a search without.
        rows: ascending.
        cues: further signals found in the query.
        spoken: which of all rows a speaker named in the query said; ``None`` for none.
        flags: which of ``rows`` have each of `SIGNALLED`; ``None`` without full text.
    """
    found: dict[str, npt.NDArray[Any]] = {
        "speaker": np.zeros(len(rows), dtype=np.bool_) if spoken is None else spoken[rows]
    }
    if cues.period is not None:
        near = within(lexical, rows, partition.valid_from[rows], cues.period)
        # A period that holds most of the other rows tells nothing of this one.
        others = (near.sum() - near) / np.float32(max(len(near) - 1, 1))
        found["period"] = near * (1 - others)
    if lexical is None or flags is None:
        return found
    length = np.log1p(lexical.lengths[rows])
    length -= np.float32(math.log1p(lexical.mean))
    found["length"] = length
    found["role"], found["asking"], moment = flags
    if cues.when:
        found["moment"] = moment
    if cues.own or cues.others[0]:
        found["own"] = of_speaker(lexical, rows, cues)
    if cues.phrases:
        found["phrase"] = quoting(lexical, rows, cues.phrases)
    return found


def words(gains: FloatArray, weights: FloatArray, worth: FloatArray) -> dict[str, FloatArray]:
    """Return how well rows match the words of a query: ``lexical`` (BM25) and ``share``.

    Args:
        gains: the gain of each word in each row; see `Lexical`.
        weights: the weight of each word; shape (words,).
        worth: what each word is worth, 0 to 1; shape (words,).

    Returns:
        Two arrays of shape (rows,), both 0 to 1: BM25 relative to a row of mean length with every word once,
        and the share of the words, by their weights, that a row has.
    """
    kept = weights * worth
    total = float(np.add.reduce(kept))
    if not total:
        nothing = np.zeros(gains.shape[1], dtype=np.float32)
        return {"lexical": nothing, "share": nothing}
    scale = np.float32(float(np.add.reduce(weights)) / total)
    return {
        "lexical": np.minimum(np.einsum("w,wr->r", worth * scale, gains), np.float32(1)),
        # Gains are not negative.
        "share": np.einsum("w,wr->r", kept / np.float32(total), np.sign(gains)),
    }


def worth(
    partition: Rankable,
    lexical: Lexical,
    rows: IntArray,
    cues: Cues,
    spoken: BoolArray | None,
    owner: str | None,
) -> FloatArray:
    """Return what each word of a query is worth in this scope, 0 to 1; shape (words,).

    The name of the person whose memories these are, or of the speaker of most of them, tells nothing: it is
    in the question and not in the answer. That of one friend of theirs tells much.

    Args:
        partition: the source of the rows.
        lexical: their full text.
        rows: those that take part, ascending.
        cues: the names in the query, among other things.
        spoken: which of all rows a speaker named in the query said; ``None`` for none.
        owner: the user whose memories are searched, if it is one.
    """
    worth = np.ones(len(lexical.words), dtype=np.float32)
    if spoken is None and not cues.names:
        return worth
    named = {word: index for index, word in enumerate(lexical.words)}
    for term in cues.words if spoken is not None else ():
        by = partition.spoken_by([term]) if term_id(term) in named else None
        if by is not None:
            # Whole up to half of the rows, and nothing from four fifths on.
            share = np.count_nonzero(by[rows]) / len(rows)
            worth[named[term_id(term)]] = min(1.0, max(0.0, (0.8 - share) / 0.3))
    if cues.names:
        own = frozenset(map(term_id, query_terms(owner))) if owner else frozenset()
        introduced = lexical.having(list(cues.names.values()), rows).any(axis=1)
        for name, known in zip(cues.names, introduced.tolist(), strict=True):
            if name in named and (known or name in own):
                worth[named[name]] = 0.0
    # A query of nothing but such a name still looks for it.
    return worth if worth.any() else np.ones_like(worth)


def dialogue(partition: Rankable, rows: IntArray, assistant: BoolArray | None, nearby: Nearby) -> float:
    """Return the share of the turns beside each other that are not of the same speaker; 0 without runs.

    Args:
        partition: the source of the rows.
        rows: those that take part, ascending.
        assistant: which of them an assistant said, if that is known; same shape.
        nearby: which of these rows are beside each other.
    """
    voices = partition.voices(rows) * 2
    if assistant is not None:
        voices += assistant
    return nearby.differing(voices)
