"""BM25 on a scale from 0 to 1: the full-text score of every store."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import FloatArray

Occurrences = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
"""Positions, and the index of the term at each; both of shape (m,)."""

K1 = 1.2
"""Saturation of the term frequency; the usual value (Robertson and Zaragoza 2009, "The Probabilistic
Relevance Framework: BM25 and Beyond", section 3.5)."""
B = 0.75
"""Weight of the document length; same source."""


def weight(documents: int, frequency: int) -> float:
    """Return the weight of a term that occurs in ``frequency`` of ``documents`` documents (idf)."""
    # The "+ 1" of log1p keeps it above zero for a term that occurs in most documents.
    return math.log1p((documents - frequency + 0.5) / (frequency + 0.5))


def weigh(
    terms: Sequence[int], forms: Mapping[int, int], documents: int, frequencies: Mapping[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Group the terms of a query into words, and return the weight of each word.

    A word is as rare as the most common of its forms.

    Args:
        terms: distinct term ids.
        forms: maps further forms of a word, such as stems, to the id of the word.
        documents: the number of rows that the query could find.
        frequencies: in how many of them each term occurs.

    Returns:
        The index of each term's word, shape (terms,), and the weights, shape (words,).
    """
    numbers: dict[int, int] = {}
    word_of = [numbers.setdefault(forms.get(term, term), len(numbers)) for term in terms]
    common = [0] * len(numbers)
    for word, term in zip(word_of, terms, strict=True):
        common[word] = max(common[word], frequencies.get(term, 0))
    weights = [weight(documents, frequency) if documents else 0.0 for frequency in common]
    return np.array(word_of, dtype=np.intp), np.array(weights, dtype=np.float32)


def damping(lengths: FloatArray, mean: float) -> FloatArray:
    """Return BM25's length normalization of each row, the summand below the fraction line; shape (n,)."""
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32, copy=False)


def gain(
    weight: float | npt.NDArray[np.floating[Any]], times: FloatArray, damping: FloatArray, source: float
) -> FloatArray:
    """Return the contribution of a term to the scores of rows, or of several terms to one row.

    A count of zero in ``times`` means that only the message behind the row has the term: it contributes
    ``source`` times its weight in a row of mean length.
    """
    gained: FloatArray = weight * np.float32(K1 + 1) * times / (times + damping)
    behind = times == 0
    if behind.any():
        gained += behind * (weight * np.float32(source))
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Scale sums of gains so that a row of mean length with every word once has 1, the maximum."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def strongest(
    rows: npt.NDArray[np.integer[Any]], words: npt.NDArray[np.integer[Any]], gained: FloatArray
) -> tuple[npt.NDArray[np.integer[Any]], FloatArray]:
    """Reduce several forms of one word in a row to the one with the highest gain.

    Args:
        rows: the row of each occurrence.
        words: the index of its word; same shape.
        gained: its gain; same shape.

    Returns:
        The rows, one entry for each word in each row, and the gains.
    """
    if not len(rows):
        return rows, gained
    order = np.lexsort((words, rows))
    rows, words = rows[order], words[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(words, prepend=-1))
    return rows[first], np.maximum.reduceat(gained[order], first)


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return the positions at which ``words`` has terms of the query, of which there is at least one."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]
