"""The boosts: small additions to a score. Each is a function of its own; a weight of zero disables it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..clock import DAY
from ..query.search import Cues, Period
from ..text.flags import ASKS, TELLS_TIME
from ..text.terms import term_id
from .columns import BoolArray, FloatArray, IntArray
from .turns import Beside
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

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows a speaker named by one of these terms said, shape (n,), or ``None``."""


class Lexical(Protocol):
    """The full text of rows with respect to one query."""

    @property
    def scores(self) -> FloatArray:
        """How well each row matches, 0 to 1; shape (n,)."""

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


# A word in a nearby turn counts this share for each turn of distance.
_FADING = 0.7
# Outside the period of a query, the boost falls to 37 % within a week, or within the period's own length if
# longer.
_LEAST_SCALE = 7 * DAY


class Nearby(NamedTuple):
    """Pairs of rows of one run that were said shortly after each other; each pair occurs in both orders.

    Attributes:
        rows: the first row of each pair, ascending; shape (m,).
        others: the second row; shape (m,).
        distances: the distance in turns; shape (m,).
    """

    rows: IntArray
    others: IntArray
    distances: IntArray

    @classmethod
    def of(cls, partition: Rankable, rows: IntArray, visible: BoolArray, span: int) -> Nearby:
        """Return the pairs of visible rows with at least one of ``rows``."""
        places, distances, others = partition.beside(rows, span)
        seen = visible[others]
        one, other, distances = rows[places[seen]], others[seen], distances[seen]
        both = np.concatenate([one, other]), np.concatenate([other, one])
        # Without duplicates and sorted by the first row: a pair is encoded as one number.
        _, kept = np.unique(both[0] * len(visible) + both[1], return_index=True)
        return cls(both[0][kept], both[1][kept], np.concatenate([distances, distances])[kept])

    def among(self, rows: IntArray) -> Nearby:
        """Return the pairs as indexes into ``rows``, which is ascending and contains both ends of each."""
        return Nearby(np.searchsorted(rows, self.rows), np.searchsorted(rows, self.others), self.distances)

    def most(self, values: npt.NDArray[np.floating[Any]], length: int) -> FloatArray:
        """Return the maximum of the values of each row's pairs.

        Args:
            values: not negative; shape (m, ...).
            length: the number of rows.

        Returns:
            Shape (length, ...); zero for a row without a pair.
        """
        found = np.zeros((length, *values.shape[1:]), dtype=np.float32)
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            found[self.rows[starts]] = np.maximum.reduceat(values, starts, axis=0)
        return found


def coverage(gains: FloatArray, nearby: Nearby) -> FloatArray:
    """Return how much more of the query each row covers together with the turns around it.

    Args:
        gains: the gain of each word in each row; shape (words, rows).
        nearby: pairs of indexes of these rows.

    Returns:
        Shape (rows,): the sum over all words of the amount by which the best nearby turn exceeds the row
        itself.
    """
    own = np.ascontiguousarray(gains.T)
    fading = np.float32(_FADING) ** nearby.distances[:, None].astype(np.float32)
    around = nearby.most(own[nearby.others] * fading, len(own))
    lifted: FloatArray = np.maximum(around - own, 0).sum(axis=1)
    return lifted


def beside(base: FloatArray, strong: BoolArray, nearby: Nearby) -> FloatArray:
    """Return for each row the best score of a strong turn beside it, divided by the distance.

    Args:
        base: the rows' scores; shape (rows,).
        strong: which of them may boost others; shape (rows,).
        nearby: pairs of indexes of these rows.
    """
    lifting = np.where(strong, base, np.float32(0))
    return nearby.most(lifting[nearby.others] / nearby.distances.astype(np.float32), len(base))


def same_run(base: FloatArray, strong: BoolArray, runs: IntArray) -> FloatArray:
    """Return for each row the score of the best other strong row of its run, or zero.

    Args:
        base: the rows' scores; shape (rows,).
        strong: which of them may boost others; shape (rows,).
        runs: the code of each row's run, -1 for none; shape (rows,).
    """
    # The best and the second-best row of each run: the best one gets the score of the second.
    lifting = np.flatnonzero(strong & (runs >= 0))
    lifting = lifting[np.argsort(-base[lifting], kind="stable")]
    names, best = np.unique(runs[lifting], return_index=True)
    others = np.delete(lifting, best)
    having, second = np.unique(runs[others], return_index=True)
    first_scores, second_scores = base[lifting[best]], np.zeros(len(names), dtype=np.float32)
    second_scores[np.searchsorted(names, having)] = base[others[second]]
    found = np.zeros(len(base), dtype=np.float32)
    if len(names):
        run = np.minimum(np.searchsorted(names, runs), len(names) - 1)
        scores = np.where(base >= first_scores[run], second_scores[run], first_scores[run])
        np.copyto(found, scores, where=names[run] == runs)
    return found


def spoken(partition: Rankable, rows: IntArray, words: frozenset[str]) -> BoolArray:
    """Return which rows were said by a speaker named in the query."""
    by = partition.spoken_by(words)
    return np.zeros(len(rows), dtype=np.bool_) if by is None else by[rows]


def quoting(lexical: Lexical, rows: IntArray, phrases: Sequence[Sequence[int]]) -> BoolArray:
    """Return which rows contain all words of a phrase that is quoted in the query."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for phrase in phrases:
        found |= lexical.having(phrase, rows).all(axis=0)
    return found


def flagged(lexical: Lexical, rows: IntArray, flag: str) -> BoolArray:
    """Return which rows have a flag of `flags`."""
    found: BoolArray = lexical.having([term_id(flag)], rows)[0]
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
    near = np.exp(-outside / scale).astype(np.float32)
    if lexical is not None and period.terms:
        near[lexical.having(period.terms, rows).any(axis=0)] = 1.0
    return near


def retention(age_us: IntArray, days: float) -> FloatArray:
    """Return exp(-age / days), Ebbinghaus's forgetting curve; an age in the future counts as zero."""
    age = np.maximum(age_us, 0) / (DAY * days)
    return np.exp(-age).astype(np.float32)


def of_speaker(lexical: Lexical, rows: IntArray, cues: Cues) -> BoolArray:
    """Return which rows are in the first person, or name nobody else where that is what tells."""
    own = lexical.having(cues.own, rows).any(axis=0)
    others, exceptions = cues.others
    if others:
        named = lexical.having(others, rows).any(axis=0)
        own |= ~named | lexical.having(exceptions, rows).any(axis=0)
    return own


def looked_up(cues: Cues, weights: Weights) -> list[int]:
    """Return the ids of the terms that these boosts look up in addition to those of the query."""
    wanted = [term_id(ASKS)] if weights.asking else []
    if weights.moment and cues.when:
        wanted.append(term_id(TELLS_TIME))
    if weights.period and cues.period is not None:
        wanted += cues.period.terms
    if weights.own:
        wanted += [*cues.own, *cues.others[0], *cues.others[1]]
    return wanted


def added(
    partition: Rankable,
    lexical: Lexical | None,
    rows: IntArray,
    cues: Cues,
    weights: Weights,
    now: int,
) -> dict[str, FloatArray]:
    """Return the boosts that depend on a single row, keyed by the name of their weight.

    Args:
        partition: the source of the rows.
        lexical: their full text; ``None`` for a search without.
        rows: ascending.
        cues: further signals found in the query.
        weights: the weight of each boost; one of zero is omitted.
        now: the current time, microseconds UTC.
    """
    parts: dict[str, FloatArray] = {}

    def note(name: str, weight: float, flags: BoolArray | FloatArray) -> None:
        parts[name] = np.float32(weight) * flags.astype(np.float32)

    begins = partition.valid_from[rows]
    if weights.speaker:
        note("speaker", weights.speaker, spoken(partition, rows, cues.words))
    if weights.recency:
        note("recency", weights.recency, retention(now - begins, weights.retention_days))
    if weights.period and cues.period is not None:
        note("period", weights.period, within(lexical, rows, begins, cues.period))
    if lexical is None:
        return parts
    if weights.phrase and cues.phrases:
        note("phrase", weights.phrase, quoting(lexical, rows, cues.phrases))
    if weights.own and (cues.own or cues.others[0]):
        note("own", weights.own, of_speaker(lexical, rows, cues))
    if weights.moment and cues.when:
        note("moment", weights.moment, flagged(lexical, rows, TELLS_TIME))
    if weights.asking:
        note("asking", -weights.asking, flagged(lexical, rows, ASKS))
    return parts
