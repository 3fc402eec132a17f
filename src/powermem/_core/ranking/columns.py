"""The arrays of a partition: their types, and columns that grow at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


class Column:
    """A growing array of integers."""

    def __init__(self, dtype: type[np.signedinteger[Any]] = np.int64) -> None:
        self._data: npt.NDArray[Any] = np.empty(64, dtype=dtype)
        self._length = 0

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Column:
        """Return a column that holds this array itself."""
        column = cls()
        column._data, column._length = values, len(values)
        return column

    def extend(self, values: Sequence[int] | npt.NDArray[Any]) -> None:
        needed = self._length + len(values)
        if needed > len(self._data):
            grown = np.empty(max(needed, len(self._data) * 3 // 2), dtype=self._data.dtype)
            grown[: self._length] = self._data[: self._length]
            self._data = grown
        self._data[self._length : needed] = values
        self._length = needed

    @property
    def values(self) -> npt.NDArray[Any]:
        """All values; shape (n,). The array is a view and may be written to."""
        return self._data[: self._length]

    @property
    def nbytes(self) -> int:
        """The allocated bytes."""
        return self._data.nbytes


class Names:
    """A growing column of strings, stored as small integers; `codes` maps each string to its code."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self._column = Column()

    @classmethod
    def of(cls, names: Sequence[str], codes: IntArray) -> Names:
        """Return a column of these codes, the places of the strings among ``names``."""
        column = cls()
        column.codes = {name: code for code, name in enumerate(names)}
        column._column = Column.of(codes)
        return column

    def extend(self, values: Iterable[str]) -> None:
        codes = self.codes
        self._column.extend([codes.setdefault(value, len(codes)) for value in values])

    def equal(self, value: str) -> BoolArray:
        """Return which rows hold this string; shape (n,)."""
        equal: BoolArray = self._column.values == self.codes.get(value, -1)
        return equal

    @property
    def values(self) -> IntArray:
        """The code of every row; shape (n,)."""
        return self._column.values


def group_starts(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where each group of equal values begins; shape (groups,)."""
    first = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first.nonzero()[0]
