"""The vectors of texts that an embedder does not take as a whole: one for each window of the text.

A stored embedding is the vector of the text, or those of its windows one behind the other. The first vector
of a row is kept like any other; the further ones here, so that a partition without long texts costs nothing
more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .codes import Codes
from .columns import Column, FloatArray, IntArray
from .vectors import Vectors, mean_direction


class FurtherWindows:
    """The windows behind the first of the rows that have several.

    Args:
        dimension: length of the vectors.
        coded: hold codes instead of the vectors.
    """

    def __init__(self, dimension: int, *, coded: bool) -> None:
        self.vectors: Vectors | Codes = Codes(dimension) if coded else Vectors(dimension)
        # The rows with several windows, ascending, and where the further ones of each begin.
        self._rows = Column()
        self._starts = Column()

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def nbytes(self) -> int:
        """The allocated bytes, without what is small."""
        return self.vectors.nbytes

    def append(self, rows: IntArray, counts: IntArray, vectors: FloatArray) -> None:
        """Add the windows of rows behind all that have some here.

        Args:
            rows: ascending; shape (k,).
            counts: the number of further windows of each, at least 1; shape (k,).
            vectors: normalized, in the order of the rows; shape (sum of counts, dimension).
        """
        self._rows.extend(rows.tolist())
        self._starts.extend((len(self.vectors) + np.cumsum(counts) - counts).tolist())
        self.vectors.append(vectors)

    def encode(self) -> None:
        """Replace the vectors by codes."""
        if isinstance(self.vectors, Vectors):
            self.vectors = self.vectors.coded()

    def lift(self, queries: FloatArray, scores: FloatArray) -> None:
        """Raise the score of each row to that of its best window.

        Args:
            queries: shape (m, dimension), normalized.
            scores: the cosines of the first windows, changed in place; shape (m, n).
        """
        best = np.maximum.reduceat(self.vectors.similarities(queries), self._starts.values, axis=1)
        rows = self._rows.values
        scores[:, rows] = np.maximum(scores[:, rows], best)

    def lift_refined(self, query: FloatArray, rows: IntArray, scores: FloatArray) -> None:
        """As `lift` for some rows, with the estimates of `Codes.refined`.

        Args:
            query: shape (dimension,), normalized.
            rows: ascending; shape (k,).
            scores: of these rows, changed in place; shape (k,).
        """
        assert isinstance(self.vectors, Codes), "only these have estimates"
        places = np.flatnonzero(np.isin(rows, self._rows.values, assume_unique=True))
        if not len(places):
            return
        known = np.searchsorted(self._rows.values, rows[places])
        starts, counts = self._starts.values[known], self._counts()[known]
        begins = np.cumsum(counts) - counts
        which = np.arange(int(counts.sum())) - np.repeat(begins - starts, counts)
        best = np.maximum.reduceat(self.vectors.refined(query, which), begins)
        scores[places] = np.maximum(scores[places], best)

    def numbers(self, rows: IntArray) -> IntArray:
        """Return the number of windows of each of these rows, the first included; same shape."""
        known = self._rows.values
        places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        numbers: IntArray = np.where(known[places] == rows, self._counts()[places] + 1, 1)
        return numbers

    def _counts(self) -> IntArray:
        return np.diff(self._starts.values, append=len(self.vectors))


def split(embeddings: Sequence[bytes | None], size: int) -> tuple[bytes, bytes, list[int]]:
    """Separate the first vectors of rows from the further ones.

    Args:
        embeddings: one or several vectors of each row; ``None`` for a row without.
        size: bytes of a vector.

    Returns:
        The first vectors, zeros for a row without, all concatenated; the further vectors likewise; and the
        number of further vectors of each row.
    """
    blank = bytes(size)
    given = [embedding or blank for embedding in embeddings]
    return (
        b"".join([embedding[:size] for embedding in given]),
        b"".join([embedding[size:] for embedding in given]),
        [len(embedding) // size - 1 for embedding in given],
    )


def direction(embedding: bytes, dimension: int) -> bytes:
    """Return one vector for a text: that of its only window, or the normalized mean of several."""
    size = 4 * dimension
    if len(embedding) == size:
        return embedding
    return mean_direction(*(embedding[start : start + size] for start in range(0, len(embedding), size)))


def best_cosines(query: FloatArray, embeddings: Sequence[bytes]) -> FloatArray:
    """Return the cosine of a query with the best window of each row.

    Args:
        query: normalized; shape (d,).
        embeddings: one or several normalized vectors of each row, float32 bytes.

    Returns:
        Shape (rows,), float32.
    """
    every = np.frombuffer(b"".join(embeddings), dtype=np.float32).reshape(-1, len(query))
    cosines: FloatArray = np.vecdot(every, query)
    if len(every) == len(embeddings):
        return cosines
    counts = np.array([len(embedding) for embedding in embeddings]) // (4 * len(query))
    best: FloatArray = np.maximum.reduceat(cosines, np.cumsum(counts) - counts)
    return best
