"""The vectors of texts that an embedder does not take as a whole: one for each window of the text.

A stored embedding is the vector of the text, or those of its windows one behind the other. The first vector
of a row is kept like any other; the further ones here, so that a partition without long texts costs nothing
more.

A row is as near as its best window, less what the best of so many reaches by chance: the more windows, the
nearer is one of them to any query.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from ..embedding.windows import MAX_WINDOWS
from .codes import Codes
from .columns import Columns, FloatArray, IntArray
from .vectors import Vectors, mean_direction

SPREAD = 0.1
"""How much the cosines of a text's windows with a query differ by chance, as a standard deviation.

Chosen on three of six chats with an assistant (BEAM 100K, Tavakoli et al. 2025: 54 questions) with the
vectors of all-MiniLM-L6-v2 among .02 to .15, so that what the person said is found without losing the
replies: of the evidence, the ten nearest of all turns hold .61 with the vector of each turn's first 256
tokens, .51 with the best window as it is, and .64 so. On the other three chats: .58, .50 and .62; their mean
reciprocal rank is .59, .53 and .59. Windows of 128 tokens, or without overlap, did no better.
"""


def _by_chance(number: int) -> float:
    # The expected maximum of so many values of a standard normal distribution (Blom 1958).
    return NormalDist().inv_cdf((number - 0.375) / (number + 0.25)) if number > 1 else 0.0


DISCOUNTS = tuple(SPREAD * _by_chance(number) for number in range(MAX_WINDOWS + 1))
"""What is taken from the cosine of the best window, by the number of windows."""
_DISCOUNTS = np.array(DISCOUNTS, dtype=np.float32)


def discount(numbers: IntArray) -> FloatArray:
    """Return what is taken from the cosine of the best of so many windows; same shape."""
    return _DISCOUNTS[np.minimum(numbers, MAX_WINDOWS)]


def nearest(first: float, best: float, further: int) -> float:
    """Return the cosine of the best window of a text, less its discount.

    Args:
        first: the cosine of its first window.
        best: the highest cosine of the others.
        further: the number of the others.
    """
    return max(first, best) - DISCOUNTS[min(further + 1, MAX_WINDOWS)]


class FurtherWindows:
    """The windows behind the first of the rows that have several.

    Args:
        dimension: length of the vectors.
        coded: hold codes instead of the vectors.
    """

    def __init__(self, dimension: int, *, coded: bool) -> None:
        self.vectors: Vectors | Codes = Codes(dimension) if coded else Vectors(dimension)
        # The rows with several windows, ascending, and where the further ones of each begin.
        self._columns = Columns(rows=np.int64, starts=np.int64)

    @classmethod
    def of(cls, vectors: Vectors | Codes, rows: IntArray, starts: IntArray) -> FurtherWindows:
        """Return these windows, and where those of each row begin."""
        windows = cls(vectors.dimension, coded=isinstance(vectors, Codes))
        windows.vectors = vectors
        windows._columns = Columns.of(rows=rows, starts=starts)
        return windows

    @property
    def places(self) -> tuple[IntArray, IntArray]:
        """The rows that have windows here, ascending, and where those of each begin."""
        return self._columns["rows"], self._columns["starts"]

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
        self._columns.extend(rows=rows, starts=len(self.vectors) + np.cumsum(counts) - counts)
        self.vectors.append(vectors)

    def encode(self) -> None:
        """Replace the vectors by codes."""
        if isinstance(self.vectors, Vectors):
            self.vectors = self.vectors.coded()

    def lift(self, queries: FloatArray, scores: FloatArray) -> None:
        """Replace the score of each row by that of all of its windows.

        Args:
            queries: shape (m, dimension), normalized.
            scores: the cosines of the first windows, changed in place; shape (m, n).
        """
        best = np.maximum.reduceat(self.vectors.similarities(queries), self._columns["starts"], axis=1)
        rows = self._columns["rows"]
        scores[:, rows] = np.maximum(scores[:, rows], best) - discount(self._counts() + 1)

    def lift_refined(self, query: FloatArray, rows: IntArray, scores: FloatArray) -> None:
        """As `lift` for some rows, with the estimates of `Codes.refined`.

        Args:
            query: shape (dimension,), normalized.
            rows: ascending; shape (k,).
            scores: of these rows, changed in place; shape (k,).
        """
        assert isinstance(self.vectors, Codes), "only these have estimates"
        places = np.flatnonzero(np.isin(rows, self._columns["rows"], assume_unique=True))
        if not len(places):
            return
        known = np.searchsorted(self._columns["rows"], rows[places])
        starts, counts = self._columns["starts"][known], self._counts()[known]
        begins = np.cumsum(counts) - counts
        which = np.arange(int(counts.sum())) - np.repeat(begins - starts, counts)
        best = np.maximum.reduceat(self.vectors.refined(query, which), begins)
        scores[places] = np.maximum(scores[places], best) - discount(counts + 1)

    def _counts(self) -> IntArray:
        return np.diff(self._columns["starts"], append=len(self.vectors))


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
    """Return the cosine of a query with the best window of each row, less its discount.

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
    return best - discount(counts)
