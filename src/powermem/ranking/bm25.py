"""The full text score of every store: BM25 on a scale from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32, copy=False)


def gain(
    weight: float | npt.NDArray[np.floating[Any]], times: FloatArray, damping: FloatArray, source: float
) -> FloatArray:
    """Return what a term adds to rows that have it so many times; or each of several terms to one row.

    Zero times says that the row itself lacks the term and the message behind it has it: that counts
    ``source`` of what the term counts in a row of mean length.
    """
    gained: FloatArray = np.asarray(weight * (K1 + 1), dtype=np.float32) * times / (times + damping)
    behind = times == 0
    if behind.any():
        gained += behind * np.asarray(weight * source, dtype=np.float32)
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Return sums of gains relative to a row of mean length that holds every term once, at most 1."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return where words are terms of the query, and which of them; there is at least one term."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]
