"""Select the best of many scores without sorting the others."""

from __future__ import annotations

import numpy as np

from .columns import BoolArray, FloatArray, IntArray

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
