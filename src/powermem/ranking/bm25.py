"""The full text score of every store: BM25 on a scale from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

K1 = 1.2
"""Saturation of the term frequency; the usual value (Robertson and Zaragoza 2009, "The Probabilistic
Relevance Framework: BM25 and Beyond", section 3.5)."""
B = 0.75
"""Weight of the document length; same source."""


def weight(documents: int, frequency: int) -> float:
    """Return what a term counts that occurs in ``frequency`` of so many documents."""
    # The "+ 1" inside keeps the weight of a term that occurs in most rows above zero.
    return math.log1p((documents - frequency + 0.5) / (frequency + 0.5))


def damping(lengths: FloatArray, mean: float) -> FloatArray:
    """Return what stands against the term frequency in each row; shape (n,)."""
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32)


def gain(weight: float, times: FloatArray, damping: FloatArray) -> FloatArray:
    """Return what a term adds to rows that have it so many times."""
    gained: FloatArray = np.float32(weight * (K1 + 1)) * times / (times + damping)
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Return sums of gains relative to a row of mean length that holds every term once, at most 1."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def scores(
    terms: Sequence[int],
    words: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.uint8],
    sizes: npt.NDArray[np.int64],
    lengths: FloatArray,
    *,
    documents: int,
    mean: float,
    frequencies: Mapping[int, int],
) -> FloatArray:
    """Return how well rows match the terms of a query.

    Args:
        terms: distinct term ids of the query.
        words: the term ids of all rows, one row after the other.
        counts: how often each occurs in its row; same shape.
        sizes: how many of them belong to each row; shape (n,).
        lengths: how many terms each row has, counted with repetition; shape (n,).
        documents: how many rows the query could find in all.
        mean: their mean length.
        frequencies: in how many of them each term of the query occurs.

    Returns:
        Shape (n,), float32, 0 to 1.
    """
    total = np.zeros(len(sizes), dtype=np.float32)
    if not documents or not terms:
        return total
    rows = np.repeat(np.arange(len(sizes)), sizes)
    against = damping(lengths, mean)
    best = 0.0
    for term in terms:
        counted = weight(documents, frequencies.get(term, 0))
        best += counted
        places = np.flatnonzero(words == np.uint64(term))
        found = rows[places]
        total[found] += gain(counted, counts[places].astype(np.float32), against[found])
    return relative(total, best)
