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


def weigh(
    terms: Sequence[int], forms: Mapping[int, int], documents: int, frequencies: Mapping[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    """Return which word each term of a query belongs to, and what each word counts.

    A word is as rare as the most common of its forms.

    Args:
        terms: distinct term ids.
        forms: of those that are forms of a word besides it, the id of that word.
        documents: how many rows the query could find in all.
        frequencies: in how many of them each term occurs.

    Returns:
        The number of the word of each term, shape (terms,), and the weights, shape (words,).
    """
    numbers: dict[int, int] = {}
    word_of = [numbers.setdefault(forms.get(term, term), len(numbers)) for term in terms]
    common = [0] * len(numbers)
    for word, term in zip(word_of, terms, strict=True):
        common[word] = max(common[word], frequencies.get(term, 0))
    weights = [weight(documents, frequency) if documents else 0.0 for frequency in common]
    return np.array(word_of, dtype=np.intp), np.array(weights, dtype=np.float32)


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
    gained: FloatArray = weight * np.float32(K1 + 1) * times / (times + damping)
    behind = times == 0
    if behind.any():
        gained += behind * (weight * np.float32(source))
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Return sums of gains relative to a row of mean length that has every word once, at most 1."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def strongest(
    rows: npt.NDArray[np.integer[Any]], words: npt.NDArray[np.integer[Any]], gained: FloatArray
) -> tuple[npt.NDArray[np.integer[Any]], FloatArray]:
    """Keep, of the forms of a word that a row has, the one that counts most.

    Args:
        rows: where a form occurs.
        words: the number of its word there; same shape.
        gained: what it adds to the row; same shape.

    Returns:
        The rows, one for each word, and what it adds.
    """
    if not len(rows):
        return rows, gained
    order = np.lexsort((words, rows))
    rows, words = rows[order], words[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(words, prepend=-1))
    return rows[first], np.maximum.reduceat(gained[order], first)


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return where words are terms of the query, and which of them; there is at least one term."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]
