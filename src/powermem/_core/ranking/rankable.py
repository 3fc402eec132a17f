"""The protocols between the ranking and its rows, whether from a partition or from a server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from .columns import BoolArray, FloatArray, IntArray
from .turns import Beside


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
