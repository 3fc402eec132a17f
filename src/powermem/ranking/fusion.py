"""How cosine and full text become one score, and the small boosts on top of it.

Both arms are on an absolute scale of 0 to 1, so a score means the same for every query and on every store,
and a threshold can be chosen once: the cosine, with anything below zero counted as zero, and BM25 relative to
a row of mean length that holds each term of the query once. The weights were chosen on four conversations of
LoCoMo (Maharana et al., ACL 2024) with ``benchmarks/retrieval.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .partition import Partition

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


# Boosts may lift a row over others, so more rows than are wanted take part.
_POOL = 100


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part counts.

    Attributes:
        dense: share of the cosine; the rest is full text. Without vectors full text counts whole.
        speaker: added when the query names who said it. Small, because a question may name the wrong person.
        neighbour: share of a neighbouring turn's score that is added, divided by the distance in turns.
        span: how many turns away a neighbour may be.
        run: part of ``neighbour`` by which the best other row of the same run counts, however far away: a
            conversation that holds one part of an answer often holds the others.
        recency: added for what began to be true just now; fades with ``retention_days``.
        retention_days: after so many days the recency boost is down to 37 %.
    """

    dense: float = 0.5
    speaker: float = 0.1
    neighbour: float = 0.4
    span: int = 2
    run: float = 0.5
    recency: float = 0.02
    retention_days: float = 30.0


class Rankable(Protocol):
    """Rows that can be ranked: what a partition knows of its own, or what a server sent."""

    @property
    def valid_from(self) -> npt.NDArray[np.int64]:
        """When each row began to be true, microseconds UTC; shape (n,)."""

    def runs(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the number of the run of each of these rows, -1 for none; shape as given."""

    def neighbours(self, row: int, span: int) -> list[tuple[int, int]]:
        """Return pairs of (distance in turns, row) of what was said around a row in the same run."""

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows were said by somebody whose name has one of these terms; shape (n,)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of the answer, with the parts its score is made of."""

    row: int
    score: float
    dense: float
    lexical: float
    speaker: float
    neighbour: float
    recency: float

    def details(self) -> dict[str, float]:
        """Return the parts for ``score_details``; dense and lexical before they are weighted."""
        return {
            "dense": self.dense,
            "lexical": self.lexical,
            "speaker": self.speaker,
            "neighbour": self.neighbour,
            "recency": self.recency,
        }


def combine(dense: FloatArray | None, lexical: FloatArray | None, weights: Weights) -> FloatArray:
    """Return the score of each row before boosts; an arm that is ``None`` leaves the other its full
    weight."""
    if dense is None:
        assert lexical is not None, "a search needs at least one arm"
        return lexical
    cosine = np.clip(dense, 0, 1)
    if lexical is None:
        return cosine
    return np.float32(weights.dense) * cosine + np.float32(1 - weights.dense) * lexical


def retention(age_us: npt.NDArray[np.int64], days: float) -> FloatArray:
    """Return exp(-age / days), Ebbinghaus's forgetting curve; what lies in the future counts as new."""
    age = np.maximum(age_us, 0) / (86_400_000_000 * days)
    return np.exp(-age).astype(np.float32)


def best(scores: FloatArray, visible: BoolArray, count: int) -> npt.NDArray[np.int64]:
    """Return the visible rows with the highest scores above zero, best first; shape (at most count,)."""
    masked = np.where(visible, scores, np.float32(-1))
    # Rows as good as the last one wanted all take part, so that of equals always the oldest come first.
    least = (
        np.partition(masked, len(masked) - count)[len(masked) - count]
        if count < len(masked)
        else np.float32(0)
    )
    rows = np.flatnonzero((masked >= least) & (masked > 0))
    return rows[np.lexsort((rows, -masked[rows]))][:count]


def pool_size(limit: int) -> int:
    """Return how many rows take part in the boosts when so many are wanted."""
    return max(2 * limit, _POOL)


def candidates(
    partition: Partition,
    visible: BoolArray,
    dense: FloatArray,
    lexical: FloatArray | None,
    *,
    count: int,
    weights: Weights,
) -> BoolArray:
    """Choose the rows worth scoring exactly where ``dense`` holds estimates.

    Returns:
        Shape (n,): the best rows and the turns beside the best of them.
    """
    pool = best(combine(dense, lexical, weights), visible, count)
    chosen = np.zeros(len(visible), dtype=np.bool_)
    chosen[pool] = True
    if weights.neighbour:
        for row in pool.tolist():
            chosen[[other for _, other in partition.neighbours(row, weights.span)]] = True
    return chosen & visible


def rank(
    partition: Rankable,
    visible: BoolArray,
    dense: FloatArray | None,
    lexical: FloatArray | None,
    *,
    limit: int,
    now: int,
    words: Iterable[str] = (),
    weights: Weights | None = None,
) -> list[Ranked]:
    """Rank rows.

    Args:
        partition: where the rows are.
        visible: which of them may be found; shape (n,).
        dense: cosines, or ``None`` when there is no embedder; shape (n,).
        lexical: full text scores, or ``None``; shape (n,).
        limit: how many results are wanted.
        now: the present moment in microseconds.
        words: terms of the query, to tell which speakers it names.
        weights: how much each part counts.

    Returns:
        The best rows, best first.
    """
    weights = weights or Weights()
    base = combine(dense, lexical, weights)
    pool = best(base, visible, pool_size(limit))
    if not len(pool):
        return []
    rows, neighbour = _with_neighbours(partition, visible, base, pool, weights)
    speaker = np.zeros(len(rows), dtype=np.float32)
    spoken = partition.spoken_by(words) if weights.speaker else None
    if spoken is not None:
        speaker[spoken[rows]] = weights.speaker
    recency = weights.recency * retention(now - partition.valid_from[rows], weights.retention_days)
    total = base[rows] + neighbour + speaker + recency
    order = np.lexsort((rows, -total))[:limit]
    return [
        Ranked(
            row=int(rows[i]),
            score=min(float(total[i]), 1.0),
            dense=float(dense[rows[i]]) if dense is not None else 0.0,
            lexical=float(lexical[rows[i]]) if lexical is not None else 0.0,
            speaker=float(speaker[i]),
            neighbour=float(neighbour[i]),
            recency=float(recency[i]),
        )
        for i in order.tolist()
    ]


def _with_neighbours(
    partition: Rankable,
    visible: BoolArray,
    base: FloatArray,
    pool: npt.NDArray[np.int64],
    weights: Weights,
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the pool and the turns beside it, ascending, and what other turns of its run add to each."""
    # What belongs to no run has no neighbours.
    inside = pool[partition.runs(pool) >= 0] if weights.neighbour else pool[:0]
    if not len(inside):
        return np.sort(pool), np.zeros(len(pool), dtype=np.float32)
    shares: dict[int, float] = {}
    for row, score in zip(inside.tolist(), base[inside].tolist(), strict=True):
        for distance, other in partition.neighbours(row, weights.span):
            share = score / distance
            if share > shares.get(other, 0.0):
                shares[other] = share
    others = np.fromiter(shares, dtype=np.int64, count=len(shares))
    seen = visible[others]
    others = others[seen]
    rows = np.union1d(pool, others)
    added = np.zeros(len(rows), dtype=np.float32)
    added[np.searchsorted(rows, others)] = np.fromiter(shares.values(), np.float32, len(shares))[seen]
    added += np.float32(weights.run) * _best_others(partition, base, pool, rows)
    return rows, np.float32(weights.neighbour) * added


def _best_others(
    partition: Rankable, base: FloatArray, pool: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> FloatArray:
    """Return for each row the score of the best other row of its run in the pool; zero when there is none."""
    first: dict[int, float] = {}
    second: dict[int, float] = {}
    # The pool is in descending order.
    for run, score in zip(partition.runs(pool).tolist(), base[pool].tolist(), strict=True):
        if run in first:
            second.setdefault(run, score)
        elif run >= 0:
            first[run] = score
    return np.array(
        [
            (second if score >= first.get(run, 0.0) else first).get(run, 0.0)
            for run, score in zip(partition.runs(rows).tolist(), base[rows].tolist(), strict=True)
        ],
        dtype=np.float32,
    )
