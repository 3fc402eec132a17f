"""One bit for each dimension: enough to choose candidates where the vectors themselves would fill the memory.

The sign of a dimension is kept and the rest thrown away, so 384 dimensions take 48 bytes instead of 1,536.
From the share of signs in which two vectors differ follows their angle (Charikar 2002, "Similarity Estimation
Techniques from Rounding Algorithms", for random hyperplanes; the axes of an embedding do nearly as well). Who
uses it scores the best candidates again with the exact vectors.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .vectors import FloatArray

_WORD = 64
_MIN_ROOM = 4096


class Codes:
    """Sign bits of rows, kept word by word so that a scan reads memory in order."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._words = -(-dimension // _WORD)
        self._bits = np.empty((self._words, 0), dtype=np.uint64)
        self._length = 0
        # The estimate for every possible number of differing signs; cos(pi * share).
        self._cosine = np.cos(np.pi * np.arange(dimension + 1) / dimension).astype(np.float32)

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """Bytes held, spare room included."""
        return self._bits.nbytes

    def reserve(self, rows: int) -> None:
        """Make room for so many more rows."""
        needed = self._length + rows
        if needed > self._bits.shape[1]:
            room = max(needed, self._length + self._length // 8 + _MIN_ROOM)
            grown = np.empty((self._words, room), dtype=np.uint64)
            grown[:, : self._length] = self._bits[:, : self._length]
            self._bits = grown

    def append(self, rows: FloatArray) -> None:
        """Add the codes of rows of shape (n, dimension)."""
        self.reserve(len(rows))
        self._bits[:, self._length : self._length + len(rows)] = self._pack(rows)
        self._length += len(rows)

    def _pack(self, rows: FloatArray) -> npt.NDArray[np.uint64]:
        signs = np.zeros((len(rows), self._words * _WORD), dtype=np.bool_)
        np.greater(rows, 0, out=signs[:, : self.dimension])
        return np.packbits(signs, axis=1).view(np.uint64).T

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Return an estimate of the cosine of every query with every row.

        Args:
            queries: shape (m, dimension), normalized.

        Returns:
            Shape (m, n), float32.
        """
        scores = np.empty((len(queries), self._length), dtype=np.float32)
        for i, words in enumerate(self._pack(queries).T):
            differing = np.zeros(self._length, dtype=np.uint16)
            for word, column in zip(words, self._bits, strict=True):
                differing += np.bitwise_count(column[: self._length] ^ word)
            np.take(self._cosine, differing, out=scores[i])
        return scores
