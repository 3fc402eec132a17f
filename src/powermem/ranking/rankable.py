"""What a ranking asks of rows, wherever they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .turns import Beside

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


class Rankable(Protocol):
    """Rows that can be ranked: what a partition knows of its own, or what a server sent."""

    @property
    def valid_from(self) -> IntArray:
        """When each row began to be true, microseconds UTC; shape (n,)."""

    def runs(self, rows: IntArray) -> IntArray:
        """Return the number of the run of each of these rows, -1 for none; shape as given."""

    def beside(self, rows: IntArray, span: int) -> Beside:
        """Return the turns said shortly before and after rows in their runs; see ``Beside``."""

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows were said by somebody whose name has one of these terms; shape (n,)."""


class Lexical(Protocol):
    """The full text of rows, as far as one query asks for it."""

    @property
    def scores(self) -> FloatArray:
        """How well each row matches, 0 to 1; shape (n,)."""

    def gains(self, rows: IntArray) -> FloatArray:
        """Return what each word of the query adds to the score of some rows; shape (words, rows).

        Args:
            rows: ascending.
        """

    def having(self, terms: Sequence[int], rows: IntArray) -> BoolArray:
        """Return which of some rows have which of some terms; shape (terms, rows).

        Args:
            terms: term ids, of the query or not.
            rows: ascending.
        """
