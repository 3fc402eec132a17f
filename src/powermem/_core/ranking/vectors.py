"""Exact cosine similarity over rows in a few contiguous blocks.

Rows are normalized when they are written, so that a dot product is the cosine. Blocks are never copied when
rows are
added: doubling a 100,000 x 384 matrix would temporarily take three times its size.
"""

from __future__ import annotations

import numpy as np

from .codes import Codes
from .columns import FloatArray

_MIN_BLOCK = 64
_MAX_BLOCK = 16_384
# Rows that fit into a core's cache while all queries of a batch visit them.
_PASS = 1024
# From this many queries on, matrix products are faster than one pass for each query.
_MANY = 8
# Up to this many multiplications, OpenBLAS computes a matrix product on the calling thread.
_ONE_THREAD = 400_000


def normalize(matrix: FloatArray) -> FloatArray:
    """Scale each row to length 1; a row of zeros stays as it is.

    Args:
        matrix: shape (n, d).

    Returns:
        A new float32 array of the same shape.
    """
    matrix = np.asarray(matrix, dtype=np.float32)
    # As np.linalg.norm computes it, without what that does before.
    lengths: FloatArray = np.sqrt(np.add.reduce(matrix * matrix, axis=1, keepdims=True))
    lengths[lengths == 0] = 1
    scaled: FloatArray = matrix / lengths
    return scaled


class Vectors:
    """Rows of float32, appended in blocks."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._blocks: tuple[FloatArray, ...] = ()
        self._used = 0
        self._length = 0

    @classmethod
    def of(cls, rows: FloatArray) -> Vectors:
        """Return these rows, in this array itself; shape (n, dimension)."""
        vectors = cls(rows.shape[1])
        if len(rows):
            vectors._blocks, vectors._used, vectors._length = (rows,), len(rows), len(rows)
        return vectors

    @property
    def blocks(self) -> list[FloatArray]:
        """The rows, as views of the blocks; none of them will change."""
        return [*self._blocks[:-1], self._blocks[-1][: self._used]] if self._blocks else []

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """The allocated bytes."""
        return sum(block.nbytes for block in self._blocks)

    def reserve(self, rows: int) -> None:
        """Allocate a block for exactly ``rows`` more rows, if their number is known in advance."""
        if rows and not self._spare:
            self._open(rows)

    def append(self, rows: FloatArray) -> None:
        """Add rows of shape (n, dimension)."""
        start = 0
        while start < len(rows):
            if not self._spare:
                self._open(min(max(_MIN_BLOCK, self._length // 8, len(rows) - start), _MAX_BLOCK))
            count = min(self._spare, len(rows) - start)
            self._blocks[-1][self._used : self._used + count] = rows[start : start + count]
            self._used += count
            self._length += count
            start += count

    @property
    def _spare(self) -> int:
        return len(self._blocks[-1]) - self._used if self._blocks else 0

    def _open(self, rows: int) -> None:
        self._blocks = (*self._blocks, np.empty((rows, self.dimension), dtype=np.float32))
        self._used = 0

    def coded(self) -> Codes:
        """Return the codes of all rows."""
        codes = Codes(self.dimension)
        left = self._length
        for block in self._blocks:
            codes.append(block[:left])
            left -= min(left, len(block))
        return codes

    def similarities(self, queries: FloatArray) -> FloatArray:
        """Return the cosine of every query with every row.

        Args:
            queries: shape (m, dimension), normalized.

        Returns:
            Shape (m, n), float32.
        """
        scores = np.empty((len(queries), self._length), dtype=np.float32)
        start = 0
        for block in self._blocks:
            stop = min(start + len(block), self._length)
            rows, part = block[: stop - start], scores[:, start:stop]
            done = _products(rows, queries, part) if len(queries) >= _MANY else 0
            _dots(rows[done:], queries, part[:, done:])
            start = stop
        return scores


def _dots(rows: FloatArray, queries: FloatArray, out: FloatArray) -> None:
    # Not a matrix product: BLAS would use all cores and wait for the slowest. On a busy machine that made
    # searches of 10,000 rows ten times slower, and on an idle one no faster.
    step = _PASS if len(queries) > 1 else max(len(rows), 1)
    for first in range(0, len(rows), step):
        for query, scores in zip(queries, out, strict=True):
            np.vecdot(rows[first : first + step], query, out=scores[first : first + step])


def _products(rows: FloatArray, queries: FloatArray, out: FloatArray) -> int:
    """Multiply by many small matrix products, each too small for BLAS to use another core.

    It is a single call of numpy, which releases the interpreter lock once instead of for each product.

    Returns:
        The number of leading rows that were multiplied.
    """
    size = max(_ONE_THREAD // queries.size, 1)
    count = len(rows) // size
    done = count * size
    np.matmul(
        queries,
        rows[:done].reshape(count, size, rows.shape[1]).transpose(0, 2, 1),
        out=out[:, :done].reshape(len(queries), count, size).transpose(1, 0, 2),
    )
    return done


def mean_direction(*embeddings: bytes) -> bytes:
    """Return the normalized mean of normalized float32 vectors, all as bytes."""
    together = np.frombuffer(b"".join(embeddings), dtype=np.float32).reshape(len(embeddings), -1)
    mean: bytes = normalize(together.mean(axis=0, keepdims=True)).tobytes()
    return mean
