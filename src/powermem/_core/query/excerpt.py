"""The part of a long query that a search reads."""

from __future__ import annotations

from collections.abc import Sequence

from ...tokens import cut, estimate_tokens

MAX_TOKENS = 1000
"""The most tokens of a query that a search reads, by the estimate of ``powermem.tokens``.

That is 4,000 English characters, or 1,000 Chinese ones. A search costs by the number of words that it looks
for, and the more there are, the less each of them tells.
"""

MAX_TERMS = 256
"""The most words that a search looks for. A server that searches itself counts each of them."""

# A cut is moved by up to so many characters, so that it does not divide a word.
_WORD = 40


def excerpt(query: str) -> str:
    """Return a query, of a long one the beginning and the end, where people ask.

    Args:
        query: a text of any length.
    """
    # A character counts at most one token.
    if len(query) <= MAX_TOKENS:
        return query
    query = " ".join(query.split())
    if estimate_tokens(query) <= MAX_TOKENS:
        return query
    # One for what is between them.
    half = (MAX_TOKENS - 1) // 2
    head = cut(query, half)
    # `cut` keeps beginnings, and each character counts by itself.
    tail = cut(query[: -4 * half - 1 : -1], half)[::-1]
    return f"{_whole_words(head)}\n{_whole_words(tail[::-1])[::-1]}"


def few_terms(terms: Sequence[int]) -> Sequence[int]:
    """Return the terms to look for: of too many the first and the last.

    Args:
        terms: distinct term ids, in the order of the query.
    """
    if len(terms) <= MAX_TERMS:
        return terms
    half = MAX_TERMS // 2
    return [*terms[:half], *terms[-half:]]


def _whole_words(text: str) -> str:
    """Return a beginning of a text without the word that was cut at its end."""
    kept, _, rest = text.rpartition(" ")
    return kept if kept and len(rest) <= _WORD else text
