"""The arrays of a partition: their types, and columns that grow at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


class Columns:
    """Arrays of equal length that grow at the end, each under a name.

    There are several for each user, and together they are one object for the garbage collector, which visits
    neither arrays nor a dictionary of nothing else.

    Args:
        types: the type of each array.
    """

    __slots__ = ("_data", "_length")

    def __init__(self, **types: type[np.signedinteger[Any]]) -> None:
        self._data: dict[str, npt.NDArray[Any]] = {
            name: np.empty(64, dtype=dtype) for name, dtype in types.items()
        }
        self._length = 0

    @classmethod
    def of(cls, **arrays: npt.NDArray[Any]) -> Columns:
        """Return columns that hold these arrays themselves."""
        columns = cls()
        columns._data = arrays
        columns._length = len(next(iter(arrays.values())))
        return columns

    def extend(self, **values: Sequence[int] | npt.NDArray[Any]) -> None:
        """Add as many values to each array."""
        length = self._length
        needed = length + len(next(iter(values.values())))
        for name, added in values.items():
            data = self._data[name]
            if needed > len(data):
                grown = np.empty(max(needed, len(data) * 3 // 2), dtype=data.dtype)
                grown[:length] = data[:length]
                self._data[name] = data = grown
            data[length:needed] = added
        self._length = needed

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return all values of an array; shape (n,). It is a view and may be written to."""
        return self._data[name][: self._length]

    def __len__(self) -> int:
        return self._length


def encode(codes: dict[str, int], values: Iterable[str]) -> list[int]:
    """Return the code of each string; a new one gets the next code."""
    return [codes.setdefault(value, len(codes)) for value in values]


def group_starts(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where each group of equal values begins; shape (groups,)."""
    first = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    return first.nonzero()[0]
