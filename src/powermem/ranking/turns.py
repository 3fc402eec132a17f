"""What was said just before and just after each row in its run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .growing import Column

IntArray = npt.NDArray[np.int64]

_NONE = -1


class Beside(NamedTuple):
    """Turns beside some rows, as columns of the same length.

    Attributes:
        places: of the row among those that were asked about.
        distances: in turns, from 1 on.
        rows: the turn beside it.
    """

    places: IntArray
    distances: IntArray
    rows: IntArray


class Turns:
    """Every row points to the one before it and the one after it.

    Which these are is found out when somebody asks: a run that got new rows is put in order as a whole.
    """

    def __init__(self) -> None:
        self._before = Column(np.int32)
        self._after = Column(np.int32)
        # By the number of the run.
        self._stale = np.zeros(64, dtype=np.bool_)

    def append(self, runs: IntArray) -> None:
        """Add rows, of which the number of the run is given, -1 for none."""
        unknown = np.full(len(runs), _NONE, dtype=np.int32)
        self._before.extend(unknown)
        self._after.extend(unknown)
        highest = int(runs.max(initial=_NONE))
        if highest >= len(self._stale):
            self._stale = np.concatenate([self._stale, np.zeros(highest + 1, dtype=np.bool_)])
        self._stale[runs[runs != _NONE]] = True

    def remove(self, row: int) -> None:
        """Take a row out."""
        before, after = self._before.values, self._after.values
        left, right = int(before[row]), int(after[row])
        if left != _NONE:
            after[left] = right
        if right != _NONE:
            before[right] = left
        before[row] = after[row] = _NONE

    def stale(self, runs: IntArray) -> bool:
        """Tell whether one of these runs, -1 for none, has to be put in order."""
        return bool(self._stale[runs[runs != _NONE]].any())

    def order(self, runs: IntArray, moments: IntArray, ids: IntArray) -> None:
        """Put the runs that need it in order.

        Args:
            runs: the number of the run of every row, -1 for none and for rows that were taken out.
            moments: when each row was said.
            ids: decide between rows of the same moment.
        """
        rows = np.flatnonzero((runs != _NONE) & self._stale[runs])
        rows = rows[np.lexsort((ids[rows], moments[rows], runs[rows]))]
        first, second = rows[:-1], rows[1:]
        follows = runs[first] == runs[second]
        before, after = self._before.values, self._after.values
        before[rows] = after[rows] = _NONE
        before[second[follows]] = first[follows]
        after[first[follows]] = second[follows]
        self._stale[:] = False

    def beside(self, rows: IntArray, span: int) -> Beside:
        """Return the turns up to ``span`` before and after each row, in runs that are in order."""
        found = [(rows[:0],) * 3]
        for column in (self._before.values, self._after.values):
            places, others = np.arange(len(rows)), rows
            for distance in range(1, span + 1):
                others = column[others]
                kept = others != _NONE
                places, others = places[kept], others[kept]
                found.append((places, np.full(len(places), distance), others))
        return Beside(*(np.concatenate(column, dtype=np.int64) for column in zip(*found, strict=True)))
