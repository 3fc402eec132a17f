"""The full text score of every store: BM25 on a scale from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Occurrences = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Places, and the number of the term at each; both of shape (m,)."""

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


def gain(weight: npt.NDArray[np.floating[Any]], times: FloatArray, damping: FloatArray) -> FloatArray:
    """Return what terms add to rows that have them so many times; all of one shape."""
    gained: FloatArray = np.asarray(weight * (K1 + 1), dtype=np.float32) * times / (times + damping)
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Return sums of gains relative to a row of mean length that holds every term once, at most 1."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def scores(
    terms: Sequence[int],
    found: Occurrences,
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
        found: where they are among the terms of all rows, one row after the other; see `occurrences`.
        counts: how often each term of a row occurs in it, of all rows.
        sizes: how many of these belong to each row; shape (n,).
        lengths: how many terms each row has, counted with repetition; shape (n,).
        documents: how many rows the query could find in all.
        mean: their mean length.
        frequencies: in how many of them each term of the query occurs.

    Returns:
        Shape (n,), float32, 0 to 1.
    """
    if not documents or not terms:
        return np.zeros(len(sizes), dtype=np.float32)
    places, which = found
    rows = np.repeat(np.arange(len(sizes)), sizes)[places]
    weights = [weight(documents, frequencies.get(term, 0)) for term in terms]
    against = damping(lengths, mean)
    gained = gain(np.array(weights)[which], counts[places].astype(np.float32), against[rows])
    total = np.bincount(rows, gained, len(sizes)).astype(np.float32)
    return relative(total, sum(weights))


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return where words are terms of the query, and which of them; there is at least one term."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]
