"""The small additions to a score, each a function of its own that a weight of zero switches off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..clock import DAY
from ..marks import ASKS, TELLS_TIME
from ..text import term_id
from ..types import Cues, Period
from .rankable import BoolArray, FloatArray, IntArray, Lexical, Rankable
from .weights import Weights

# A word that a turn further away says counts this part of what it counts one turn nearer.
_FADING = 0.7
# What lies a week outside the time that the query names is down to 37 %, or its own length outside.
_LEAST_SCALE = 7 * DAY


class Nearby(NamedTuple):
    """Which rows of one run were said shortly before or after which.

    Attributes:
        rows: the row, and so ascending; shape (m,).
        others: the one beside it; every pair occurs in both orders. Shape (m,).
        distances: in turns; shape (m,).
    """

    rows: IntArray
    others: IntArray
    distances: IntArray

    @classmethod
    def of(cls, partition: Rankable, rows: IntArray, visible: BoolArray, span: int) -> Nearby:
        """Return the pairs of visible rows that have at least one of ``rows``."""
        places, distances, others = partition.beside(rows, span)
        seen = visible[others]
        one, other, distances = rows[places[seen]], others[seen], distances[seen]
        both = np.concatenate([one, other]), np.concatenate([other, one])
        _, kept = np.unique(both[0] * len(visible) + both[1], return_index=True)
        return cls(both[0][kept], both[1][kept], np.concatenate([distances, distances])[kept])

    def among(self, rows: IntArray) -> Nearby:
        """Return the pairs as places among some rows, ascending, that have both ends of each."""
        return Nearby(np.searchsorted(rows, self.rows), np.searchsorted(rows, self.others), self.distances)

    def most(self, values: npt.NDArray[np.floating[Any]], length: int) -> FloatArray:
        """Return for each of so many rows the most of what the pairs that begin with it have.

        Args:
            values: none below zero; shape (m, ...).
            length: how many rows there are.

        Returns:
            Shape (length, ...); zero for a row without a pair.
        """
        found = np.zeros((length, *values.shape[1:]), dtype=np.float32)
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            found[self.rows[starts]] = np.maximum.reduceat(values, starts, axis=0)
        return found


def coverage(gains: FloatArray, nearby: Nearby) -> FloatArray:
    """Return how much more of the query each row has together with the turns around it.

    Args:
        gains: what each word adds to each row; shape (words, rows).
        nearby: pairs of places among these rows.

    Returns:
        Shape (rows,): for each word what the best turn nearby has of it beyond the row's own, summed.
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
        strong: which of them may lift others; shape (rows,).
        nearby: pairs of places among these rows.
    """
    lifting = np.where(strong, base, np.float32(0))
    return nearby.most(lifting[nearby.others] / nearby.distances.astype(np.float32), len(base))


def same_run(base: FloatArray, strong: BoolArray, runs: IntArray) -> FloatArray:
    """Return for each row the score of the best other strong row of its run; zero when there is none.

    Args:
        base: the rows' scores; shape (rows,).
        strong: which of them may lift others; shape (rows,).
        runs: the number of each row's run, -1 for none; shape (rows,).
    """
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
    """Return which rows were said by somebody whom the query names."""
    by = partition.spoken_by(words)
    return np.zeros(len(rows), dtype=np.bool_) if by is None else by[rows]


def quoting(lexical: Lexical, rows: IntArray, phrases: Sequence[Sequence[int]]) -> BoolArray:
    """Return which rows have all words of a phrase that the query puts in quotation marks."""
    found = np.zeros(len(rows), dtype=np.bool_)
    for phrase in phrases:
        found |= lexical.having(phrase, rows).all(axis=0)
    return found


def asking(lexical: Lexical, rows: IntArray) -> BoolArray:
    """Return which rows are questions."""
    found: BoolArray = lexical.having([term_id(ASKS)], rows)[0]
    return found


def telling_time(lexical: Lexical, rows: IntArray) -> BoolArray:
    """Return which rows tell a time."""
    found: BoolArray = lexical.having([term_id(TELLS_TIME)], rows)[0]
    return found


def within(lexical: Lexical | None, rows: IntArray, begins: IntArray, period: Period) -> FloatArray:
    """Return how near each row is to a time, 0 to 1: 1 for what was said in it or tells of it.

    Args:
        lexical: the rows' full text.
        rows: ascending.
        begins: when each of them began to be true, microseconds UTC; shape (rows,).
        period: the time.
    """
    outside = np.maximum(np.maximum(period.start - begins, begins - period.end + 1), 0)
    scale = max(period.end - period.start, _LEAST_SCALE)
    near = np.exp(-outside / scale).astype(np.float32)
    if lexical is not None and period.terms:
        near[lexical.having(period.terms, rows).any(axis=0)] = 1.0
    return near


def retention(age_us: IntArray, days: float) -> FloatArray:
    """Return exp(-age / days), Ebbinghaus's forgetting curve; what lies in the future counts as new."""
    age = np.maximum(age_us, 0) / (DAY * days)
    return np.exp(-age).astype(np.float32)


def looked_up(cues: Cues, weights: Weights) -> list[int]:
    """Return the ids of the terms that these boosts look for beside those of the query."""
    wanted = [term_id(ASKS)] if weights.asking else []
    if weights.moment and cues.when:
        wanted.append(term_id(TELLS_TIME))
    if weights.period and cues.period is not None:
        wanted += cues.period.terms
    return wanted


def added(
    partition: Rankable,
    lexical: Lexical | None,
    rows: IntArray,
    cues: Cues,
    weights: Weights,
    now: int,
) -> dict[str, FloatArray]:
    """Return what the boosts that look at one row at a time add to some rows, by the name of the weight.

    Args:
        partition: where the rows are.
        lexical: their full text; ``None`` when the search goes without.
        rows: ascending.
        cues: what the query says apart from its words.
        weights: how much each boost counts; one of zero is left out.
        now: the present moment, microseconds UTC.
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
    if weights.moment and cues.when:
        note("moment", weights.moment, telling_time(lexical, rows))
    if weights.asking:
        note("asking", -weights.asking, asking(lexical, rows))
    return parts
