"""Codes of one bit and one byte for each dimension, for partitions whose vectors would not fit into memory.

The bits preselect among all rows. A bit is the sign of a dimension, so 384 dimensions take 48 bytes instead
of 1,536. The share of differing signs gives an estimate of the angle between two vectors (Charikar 2002,
"Similarity Estimation Techniques from Rounding Algorithms", for random hyperplanes; the axes of an embedding
do nearly as well). The bytes select among those: each dimension is rounded to one of 255 steps, which changes
a cosine by a few thousandths at most. The caller scores the best of them again with the exact vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import FloatArray, IntArray

_WORD = 64
# Rows whose bits and scores together fit into a core's cache during a scan.
_BLOCK = 1 << 14
# Rows that are converted back to floats at a time.
_PASS = 1 << 10


class _Block:
    """Consecutive rows. The bits are stored word by word, so that a scan reads memory sequentially."""

    __slots__ = ("bits", "scales", "steps")

    def __init__(self, dimension: int, words: int) -> None:
        self.bits = np.empty((words, _BLOCK), dtype=np.uint64)
        self.steps = np.empty((_BLOCK, dimension), dtype=np.int8)
        self.scales = np.empty(_BLOCK, dtype=np.float32)

    @classmethod
    def of(cls, bits: npt.NDArray[Any], steps: npt.NDArray[Any], scales: npt.NDArray[Any]) -> _Block:
        """Return a block that holds these arrays themselves."""
        block = cls.__new__(cls)
        block.bits, block.steps, block.scales = bits, steps, scales
        return block

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        return self.bits, self.steps, self.scales

    @property
    def nbytes(self) -> int:
        return self.bits.nbytes + self.steps.nbytes + self.scales.nbytes


class Codes:
    """Bits and bytes of rows, appended in blocks.

    Attributes:
        block: the number of rows of a block.
    """

    block = _BLOCK

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._words = -(-dimension // _WORD)
        self._blocks: list[_Block] = []
        self._length = 0
        # The estimate for every possible number of differing signs; cos(pi * share).
        self._cosine = np.cos(np.pi * np.arange(dimension + 1) / dimension).astype(np.float32)

    @classmethod
    def of(cls, dimension: int, length: int, parts: Sequence[Sequence[npt.NDArray[Any]]]) -> Codes:
        """Return the codes of so many rows that `parts` came from, in these arrays themselves."""
        codes = cls(dimension)
        codes._length = length
        codes._blocks = [_Block.of(*arrays) for arrays in zip(*parts, strict=True)]
        return codes

    @property
    def parts(self) -> tuple[list[npt.NDArray[Any]], ...]:
        """Bits, steps and scales of each block; what further rows change is behind the last row."""
        arrays = [block.arrays for block in self._blocks[: -(-self._length // _BLOCK)]]
        return tuple(map(list, zip(*arrays, strict=True))) or ([], [], [])

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """The allocated bytes."""
        return sum(block.nbytes for block in self._blocks)

    def reserve(self, rows: int) -> None:
        """Allocate space for ``rows`` more rows."""
        while self._length + rows > len(self._blocks) * _BLOCK:
            self._blocks.append(_Block(self.dimension, self._words))

    def append(self, rows: FloatArray) -> None:
        """Add the codes of rows of shape (n, dimension)."""
        self.reserve(len(rows))
        while len(rows):
            number, start = divmod(self._length, _BLOCK)
            block, taken = self._blocks[number], rows[: _BLOCK - start]
            stop = start + len(taken)
            scales = np.abs(taken).max(axis=1) / np.float32(127)
            scales[scales == 0] = 1
            block.bits[:, start:stop] = self._pack(taken)
            block.steps[start:stop] = np.rint(taken / scales[:, None])
            block.scales[start:stop] = scales
            self._length += len(taken)
            rows = rows[len(taken) :]

    def _pack(self, rows: FloatArray) -> npt.NDArray[np.uint64]:
        signs = np.zeros((len(rows), self._words * _WORD), dtype=np.bool_)
        np.greater(rows, 0, out=signs[:, : self.dimension])
        return np.packbits(signs, axis=1).view(np.uint64).T

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Estimate the cosine of every query with every row from the bits.

        Args:
            queries: shape (m, dimension), normalized.

        Returns:
            Shape (m, n), float32.
        """
        scores = np.empty((len(queries), self._length), dtype=np.float32)
        packed = self._pack(queries).T
        for number, block in enumerate(self._blocks):
            first = number * _BLOCK
            count = min(self._length - first, _BLOCK)
            for i, words in enumerate(packed):
                differing = np.zeros(count, dtype=np.uint16)
                for word, column in zip(words, block.bits, strict=True):
                    differing += np.bitwise_count(column[:count] ^ word)
                np.take(self._cosine, differing, out=scores[i, first : first + count], mode="clip")
        return scores

    def refined(self, query: FloatArray, rows: IntArray) -> FloatArray:
        """Estimate the cosine of a query with some rows from the bytes, which is more accurate.

        Args:
            query: shape (dimension,), normalized.
            rows: ascending; shape (k,).

        Returns:
            Shape (k,), float32.
        """
        scores = np.empty(len(rows), dtype=np.float32)
        bounds = np.searchsorted(rows, np.arange(len(self._blocks) + 1) * _BLOCK).tolist()
        for number, block in enumerate(self._blocks):
            for start in range(bounds[number], bounds[number + 1], _PASS):
                part = slice(start, min(start + _PASS, bounds[number + 1]))
                places = rows[part] - number * _BLOCK
                steps = block.steps[places].astype(np.float32)
                np.multiply(np.vecdot(steps, query), block.scales[places], out=scores[part])
        return scores
