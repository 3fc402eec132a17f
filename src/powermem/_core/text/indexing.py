"""What stores keep of a memory to find it: its vector and its words."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..ranking.vectors import normalize as normalize_vectors
from ..values import Row, Words
from . import flags
from .terms import count_terms, date_terms, query_forms, term_id, terms


def index(row: Row, facets: Mapping[str, Any] | None = None, source: str = "") -> Words:
    """Return what a store needs to find a memory by its words, who said it, and when.

    It takes longer than all else that is done with a new memory, so stores call it, on their threads.

    Args:
        row: the memory.
        facets: what extraction said about it.
        source: the message that it was concluded from. A fact is shorter than what was said, and a question
            may be about the rest.

    Returns:
        Distinct term ids, ascending, as uint64 bytes, and how often each occurs, as uint8 bytes. Zero times
        is what the text lacks but its source has, whom and what it is about, and what ``marks`` says of it.
    """
    extra = date_terms(row.valid_from, row.utc_offset)
    if row.actor_id:
        extra += terms(row.actor_id)
    behind = flags.of(row.text)
    known = facets or {}
    for name in known.get("entities", ()):
        behind += terms(name)
    event_at = known.get("event_at")
    if event_at is not None:
        behind += flags.of_event(event_at)
    if source and source != row.text:
        behind += _source_terms(source)
    ids, counts = count_terms(row.text, extra, behind)
    return array("Q", ids).tobytes(), bytes(counts)


@lru_cache(maxsize=16)
def _source_terms(source: str) -> Sequence[str]:
    # Facts of one message come one after the other.
    return terms(source)


def embedding_bytes(vectors: npt.NDArray[np.float32]) -> list[bytes]:
    """Return each row of shape (n, d), normalized, as float32 bytes."""
    return [row.tobytes() for row in normalize_vectors(vectors)]


class Sought(NamedTuple):
    """What full text looks for.

    Attributes:
        terms: the distinct term ids of a query.
        forms: of those that are forms of a word besides it, the id of that word.
        words: its terms, to tell which speakers it names.
    """

    terms: list[int]
    forms: dict[int, int]
    words: frozenset[str]


def query_ids(query: str) -> Sought:
    """Return what a query looks for in full text."""
    found = query_forms(query)
    forms = {term_id(term): term_id(word) for term, word in found.items() if term != word}
    return Sought([term_id(term) for term in found], forms, frozenset(found))
