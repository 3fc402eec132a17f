"""Combine cosine and full text into one score, and add the boosts.

Both arms have an absolute scale of 0 to 1: the cosine with negative values cut to zero, and BM25 relative to
a row of mean length that contains each term of the query once. So a score means the same for every query and
on every store, and a threshold can be chosen once. The weights were tuned on two conversations of LoCoMo
(Maharana et al., ACL 2024) and checked on two others; ``docs/retrieval.md`` shows the effect of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..query.search import Cues
from . import boosts
from .boosts import Lexical, Nearby, Rankable
from .columns import BoolArray, FloatArray, IntArray
from .partition import Partition
from .weights import Weights

# The largest group of scores with a common maximum; groups are smaller if many rows are wanted.
_GROUP = 64
_SMALLEST_GROUP = 4


def best(scores: FloatArray, visible: BoolArray, count: int) -> IntArray:
    """Return the visible rows with the highest scores above zero, best first; shape (at most count,).

    Of equal scores the oldest row comes first.
    """
    rows = highest(scores, visible, count)
    return rows[np.lexsort((rows, -scores[rows]))][:count]


def highest(scores: FloatArray, visible: BoolArray, count: int) -> IntArray:
    """Return the visible rows with the ``count`` highest scores above zero, ascending.

    There may be more than ``count``, since all rows that tie for the last place are included.
    """
    seen = int(np.count_nonzero(visible))
    if seen < len(scores) // 8:
        rows: IntArray = np.flatnonzero(visible)
        return rows[_highest(scores[rows], count)]
    return _highest(scores if seen == len(scores) else np.where(visible, scores, np.float32(-1)), count)


def _highest(scores: FloatArray, count: int) -> IntArray:
    bound = _bound(scores, count)
    rows = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    if len(rows) <= count:
        return rows
    kept = scores[rows]
    least = np.partition(kept, len(kept) - count)[len(kept) - count]
    enough: IntArray = rows[kept >= least]
    return enough


def _bound(scores: FloatArray, count: int) -> float:
    """Return a lower bound of the ``count`` highest scores.

    It is the ``count``-th highest among the maxima of groups, each of which is a different score. Finding it
    takes one pass over the scores; a partial sort takes several.
    """
    group = min(_GROUP, len(scores) // (_SMALLEST_GROUP * count))
    if group < _SMALLEST_GROUP:
        return 0.0
    length = len(scores) // group
    # A group is a column, so that numpy compares whole rows.
    maxima = scores[: length * group].reshape(group, length).max(axis=0)
    return float(np.partition(maxima, length - count)[length - count])


# Boosts can raise a row above others, so more rows than requested take part.
_POOL = 200


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row of the result, and the parts of its score by name."""

    row: int
    score: float
    parts: Mapping[str, float]

    def details(self) -> dict[str, float]:
        """Return the parts for ``score_details``; dense and lexical before they are weighted."""
        return dict(self.parts)


def combine(dense: FloatArray | None, lexical: FloatArray | None, weights: Weights) -> FloatArray:
    """Return the score of each row before boosts. If one arm is ``None``, the other has full weight."""
    if dense is None:
        assert lexical is not None, "a search needs at least one arm"
        return lexical
    cosine = np.clip(dense, 0, 1)
    if lexical is None:
        return cosine
    return np.float32(weights.dense) * cosine + np.float32(1 - weights.dense) * lexical


def pool_size(limit: int) -> int:
    """Return the number of rows that take part in the boosts for a number of results."""
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
        partition: the source of the rows.
        visible: which of them may be found; shape (n,).
        likely: visible rows that include the best; shape (k,).
        base: their approximate scores before boosts; shape (k,).
        limit: the number of results.
        weights: the weight of each part.

    Returns:
        Shape (n,): the rows that take part in the boosts, and the visible turns beside them.
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
        partition: the source of the rows.
        visible: which of them may be found; shape (n,).
        dense: cosines, or ``None`` without an embedder; shape (n,).
        lexical: full text, or ``None``.
        limit: the number of results.
        now: the current time in microseconds.
        cues: further signals found in the query.
        weights: the weight of each part.
        explain: also return the rank of each row in each arm alone.

    Returns:
        The best rows, best first.
    """
    weights = weights or Weights()
    words = None if lexical is None else lexical.scores
    every = combine(dense, words, weights)
    pool = best(every, visible, pool_size(limit))
    if not len(pool):
        return []
    # The pool and the turns beside it take part, but only rows of the pool may boost others.
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
    # Of equal scores the oldest row comes first.
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
    """Return the boosts that rows of one run give each other, keyed by the name of their weight."""
    parts: dict[str, FloatArray] = {}
    if weights.coverage and lexical is not None:
        parts["coverage"] = np.float32(weights.coverage) * boosts.coverage(lexical.gains(rows), nearby)
        # The next boost builds on the covered words, so that rows which share the query lift each other more.
        base = base + parts["coverage"]
    if weights.neighbour:
        shares = boosts.beside(base, strong, nearby)
        shares += np.float32(weights.run) * boosts.same_run(base, strong, partition.runs(rows))
        parts["neighbour"] = np.float32(weights.neighbour) * shares
    return parts


def _places(row: int, visible: BoolArray, **arms: FloatArray | None) -> dict[str, float]:
    """Return the rank of a row in each arm, from 1; arms that do not find it are omitted."""
    return {
        f"{name}_rank": 1 + int(np.count_nonzero(visible & (arm > arm[row])))
        for name, arm in arms.items()
        if arm is not None and arm[row] > 0
    }
