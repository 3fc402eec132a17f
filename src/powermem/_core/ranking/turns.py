"""The turns just before and just after each row in its run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .columns import BoolArray, Columns, IntArray

_NONE = -1


class Beside(NamedTuple):
    """Turns beside some rows, as columns of equal length.

    Attributes:
        places: the index of the row among those given.
        distances: the distance in turns, from 1.
        rows: the turn beside it.
    """

    places: IntArray
    distances: IntArray
    rows: IntArray


class Links(NamedTuple):
    """The turns beside all rows, and the rows by run, for few rows.

    Attributes:
        others: the turn at each step, n for none: first those before, from the nearest on, then those
            behind; shape (2 * span, n).
        order: the rows by run; shape (n,).
        starts: where each run begins in that order; shape (runs,).
        groups: for each row the index of its run; shape (n,).
        alone: which rows are in no run; shape (n,).
    """

    others: npt.NDArray[np.intp]
    order: npt.NDArray[np.intp]
    starts: npt.NDArray[np.intp]
    groups: npt.NDArray[np.intp]
    alone: BoolArray


class Turns:
    """Linked lists of the rows of each run.

    The links are computed lazily: a run with new rows is sorted as a whole when it is next needed.
    """

    def __init__(self) -> None:
        self._links = Columns(before=np.int32, after=np.int32)
        # Indexed by the code of the run.
        self._stale = np.zeros(64, dtype=np.bool_)

    @property
    def links(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], BoolArray]:
        """Copies of the turn before and after each row, shape (n,), and which runs have to be sorted."""
        return self._links["before"].copy(), self._links["after"].copy(), self._stale.copy()

    @classmethod
    def of(cls, before: npt.NDArray[Any], after: npt.NDArray[Any], stale: BoolArray) -> Turns:
        """Return what `links` came from."""
        turns = cls()
        turns._links, turns._stale = Columns.of(before=before, after=after), stale
        return turns

    def append(self, runs: IntArray) -> None:
        """Add rows, given the codes of their runs, -1 for none."""
        unknown = np.full(len(runs), _NONE, dtype=np.int32)
        self._links.extend(before=unknown, after=unknown)
        highest = int(runs.max(initial=_NONE))
        if highest >= len(self._stale):
            self._stale = np.concatenate([self._stale, np.zeros(highest + 1, dtype=np.bool_)])
        self._stale[runs[runs != _NONE]] = True

    def remove(self, row: int) -> None:
        """Remove a row from its list."""
        before, after = self._links["before"], self._links["after"]
        left, right = int(before[row]), int(after[row])
        if left != _NONE:
            after[left] = right
        if right != _NONE:
            before[right] = left
        before[row] = after[row] = _NONE

    def stale(self, runs: IntArray) -> bool:
        """Return whether one of these runs has to be sorted; -1 stands for no run."""
        return bool(self._stale[runs[runs != _NONE]].any())

    def order(self, runs: IntArray, moments: IntArray, ids: IntArray) -> None:
        """Sort the runs that need it.

        Args:
            runs: the code of the run of every row, -1 for none and for removed rows.
            moments: the time of each row.
            ids: the ids of the rows, which decide between equal times.
        """
        rows = np.flatnonzero((runs != _NONE) & self._stale[runs])
        rows = rows[np.lexsort((ids[rows], moments[rows], runs[rows]))]
        first, second = rows[:-1], rows[1:]
        follows = runs[first] == runs[second]
        before, after = self._links["before"], self._links["after"]
        before[rows] = after[rows] = _NONE
        before[second[follows]] = first[follows]
        after[first[follows]] = second[follows]
        self._stale[:] = False

    def beside(self, rows: IntArray, span: int) -> Beside:
        """Return the turns up to ``span`` before and after each row; its run must be sorted."""
        found = [(rows[:0],) * 3]
        for column in (self._links["before"], self._links["after"]):
            places, others = np.arange(len(rows)), rows
            for distance in range(1, span + 1):
                others = column[others]
                kept = others != _NONE
                places, others = places[kept], others[kept]
                found.append((places, np.full(len(places), distance), others))
        return Beside(*(np.concatenate(column, dtype=np.int64) for column in zip(*found, strict=True)))

    def lines(self, rows: npt.NDArray[np.integer[Any]], span: int) -> npt.NDArray[np.intp]:
        """Return the turn at each step from each row, -1 for none; their runs must be sorted.

        Args:
            rows: shape (k,).
            span: the greatest distance.

        Returns:
            First the turns before, from the nearest on, then those behind; shape (2 * span, k).
        """
        lines = np.empty((2 * span, len(rows)), dtype=np.intp)
        for half, column in enumerate((self._links["before"], self._links["after"])):
            others = rows
            for step in range(half * span, (half + 1) * span):
                following = column[others]
                # What is beside none is none.
                following[others == _NONE] = _NONE
                lines[step] = others = following
        return lines
