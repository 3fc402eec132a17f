"""The full text score of every store: BM25 on a scale from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

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


def by_word(terms: Sequence[int], forms: Mapping[int, int]) -> list[list[int]]:
    """Return the terms of a query by word, most of which are a word each.

    Args:
        terms: distinct term ids.
        forms: of those that are forms of a word besides it, the id of that word.
    """
    grouped: dict[int, list[int]] = {}
    for term in terms:
        grouped.setdefault(forms.get(term, term), []).append(term)
    return list(grouped.values())


def damping(lengths: FloatArray, mean: float) -> FloatArray:
    """Return what stands against the term frequency in each row; shape (n,)."""
    return (K1 * (1 - B) + (K1 * B / (mean or 1.0)) * lengths).astype(np.float32)


def gain(weight: float | npt.NDArray[np.float64], times: FloatArray, damping: FloatArray) -> FloatArray:
    """Return what a term adds to rows that have it so many times; or each of several terms to one row."""
    gained: FloatArray = np.asarray(weight * (K1 + 1), dtype=np.float32) * times / (times + damping)
    return gained


def relative(total: FloatArray, best: float) -> FloatArray:
    """Return sums of gains relative to a row of mean length that has every word once, at most 1."""
    return np.minimum(total / np.float32(best), np.float32(1)) if best else total


def scores(
    terms: Sequence[int],
    forms: Mapping[int, int],
    found: Occurrences,
    counts: npt.NDArray[np.uint8],
    sizes: npt.NDArray[np.int64],
    lengths: FloatArray,
    *,
    documents: int,
    mean: float,
    frequencies: Mapping[int, int],
) -> FloatArray:
    """Return how well rows match the words of a query.

    Args:
        terms: distinct term ids of the query.
        forms: of those that are forms of a word besides it, the id of that word. A word is as rare as its
            most common form, and of the forms that a row has one counts.
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
    grouped = by_word(terms, forms)
    weights = [weight(documents, max(frequencies.get(term, 0) for term in word)) for word in grouped]
    number = {term: place for place, word in enumerate(grouped) for term in word}
    word_of = np.array([number[term] for term in terms])[which]
    against = damping(lengths, mean)
    gained = gain(np.array(weights)[word_of], counts[places].astype(np.float32), against[rows])
    if forms:
        rows, gained = _strongest(rows, word_of, gained)
    total = np.bincount(rows, gained, len(sizes)).astype(np.float32)
    return relative(total, sum(weights))


def _strongest(
    rows: npt.NDArray[np.int64], words: npt.NDArray[np.int64], gained: FloatArray
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Keep, of the forms of a word that a row has, the one that counts most."""
    order = np.lexsort((words, rows))
    rows, words = rows[order], words[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1) | np.diff(words, prepend=-1))
    return rows[first], np.maximum.reduceat(gained[order], first) if len(first) else gained


def occurrences(terms: Sequence[int], words: npt.NDArray[np.uint64]) -> Occurrences:
    """Return where words are terms of the query, and which of them; there is at least one term."""
    asked = np.array(terms, dtype=np.uint64)
    order = np.argsort(asked)
    nearest = np.minimum(np.searchsorted(asked, words, sorter=order), len(asked) - 1)
    which = order[nearest]
    places = np.flatnonzero(asked[which] == words)
    return places, which[places]
