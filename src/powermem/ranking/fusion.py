"""How cosine and full text become one score, and the small boosts on top of it.

Both arms are on an absolute scale of 0 to 1, so a score means the same for every query and on every store,
and a threshold can be chosen once: the cosine, with anything below zero counted as zero, and BM25 relative to
a row of mean length that holds each term of the query once. The weights were chosen on two conversations of
LoCoMo (Maharana et al., ACL 2024) and checked on two others; ``docs/retrieval.md`` says what each is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..types import Cues
from . import boosts
from .boosts import Nearby
from .partition import Partition
from .rankable import BoolArray, FloatArray, IntArray, Lexical, Rankable
from .selection import best
from .weights import Weights

# Boosts may lift a row over others, so more rows than are wanted take part.
_POOL = 200


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of the answer, and the parts its score is made of, by name."""

    row: int
    score: float
    parts: Mapping[str, float]

    def details(self) -> dict[str, float]:
        """Return the parts for ``score_details``; dense and lexical before they are weighted."""
        return dict(self.parts)


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


def pool_size(limit: int) -> int:
    """Return how many rows take part in the boosts when so many are wanted."""
    return max(2 * limit, _POOL)


def candidates(
    partition: Partition,
    visible: BoolArray,
    likely: IntArray,
    base: FloatArray,
    *,
    limit: int,
    weights: Weights,
) -> BoolArray:
    """Choose the rows worth scoring exactly.

    Args:
        partition: where the rows are.
        visible: which of them may be found; shape (n,).
        likely: visible rows, among them the best; shape (k,).
        base: their scores before boosts, nearly right; shape (k,).
        limit: how many results are wanted.
        weights: how much each part counts.

    Returns:
        Shape (n,): the rows that will take part in the boosts, and the visible turns beside them.
    """
    pool = likely[best(base, np.ones(len(likely), dtype=np.bool_), pool_size(limit))]
    chosen = np.zeros(len(visible), dtype=np.bool_)
    chosen[pool] = True
    if weights.lifts:
        chosen[partition.beside(pool, weights.span).rows] = True
    return chosen & visible


def rank(
    partition: Rankable,
    visible: BoolArray,
    dense: FloatArray | None,
    lexical: Lexical | None,
    *,
    limit: int,
    now: int,
    cues: Cues | None = None,
    weights: Weights | None = None,
    explain: bool = False,
) -> list[Ranked]:
    """Rank rows.

    Args:
        partition: where the rows are.
        visible: which of them may be found; shape (n,).
        dense: cosines, or ``None`` when there is no embedder; shape (n,).
        lexical: full text, or ``None``.
        limit: how many results are wanted.
        now: the present moment in microseconds.
        cues: what the query says apart from its words.
        weights: how much each part counts.
        explain: also tell which place each arm by itself gives a row.

    Returns:
        The best rows, best first.
    """
    weights = weights or Weights()
    words = None if lexical is None else lexical.scores
    every = combine(dense, words, weights)
    pool = best(every, visible, pool_size(limit))
    if not len(pool):
        return []
    nearby = Nearby.of(partition, pool, visible, weights.span if weights.lifts else 0)
    taking_part = np.zeros(len(visible), dtype=np.bool_)
    taking_part[pool] = taking_part[nearby.rows] = True
    rows = np.flatnonzero(taking_part)
    strong = np.zeros(len(rows), dtype=np.bool_)
    strong[np.searchsorted(rows, pool)] = True
    parts = {
        name: np.zeros(len(rows), dtype=np.float32) if arm is None else arm[rows]
        for name, arm in (("dense", dense), ("lexical", words))
    }
    base = every[rows]
    total = base.copy()
    if weights.lifts:
        lifted = _lifts_of(partition, lexical, rows, base, strong, nearby.among(rows), weights)
        parts |= lifted
        total = total + np.sum(list(lifted.values()), axis=0)
    single = boosts.added(partition, lexical, rows, cues or Cues(), weights, now)
    parts |= single
    for one in single.values():
        total = total + one
    order = np.lexsort((rows, -total))[:limit]
    answer = []
    for i in order.tolist():
        row = int(rows[i])
        shown = {name: float(part[i]) for name, part in parts.items()}
        if explain:
            shown |= _places(row, visible, dense=dense, lexical=words)
        answer.append(Ranked(row, min(max(float(total[i]), 0.0), 1.0), shown))
    return answer


def _lifts_of(
    partition: Rankable,
    lexical: Lexical | None,
    rows: IntArray,
    base: FloatArray,
    strong: BoolArray,
    nearby: Nearby,
    weights: Weights,
) -> dict[str, FloatArray]:
    """Return what rows of the same run add to each other, by the name of the weight."""
    parts: dict[str, FloatArray] = {}
    if weights.coverage and lexical is not None:
        parts["coverage"] = np.float32(weights.coverage) * boosts.coverage(lexical.gains(rows), nearby)
        base = base + parts["coverage"]
    if weights.neighbour:
        shares = boosts.beside(base, strong, nearby)
        shares += np.float32(weights.run) * boosts.same_run(base, strong, partition.runs(rows))
        parts["neighbour"] = np.float32(weights.neighbour) * shares
    return parts


def _places(row: int, visible: BoolArray, **arms: FloatArray | None) -> dict[str, float]:
    """Return which place each arm gives a row, from 1 on; nothing for an arm that does not find it."""
    return {
        f"{name}_rank": 1 + int(np.count_nonzero(visible & (arm > arm[row])))
        for name, arm in arms.items()
        if arm is not None and arm[row] > 0
    }
