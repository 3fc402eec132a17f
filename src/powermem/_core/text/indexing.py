"""The index data of a memory and the terms of a query: vectors and words."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..ranking.vectors import normalize as normalize_vectors
from ..values import Row, Words
from . import flags
from .terms import count_terms, date_ids, day_of, name_ids, query_forms, term_id, terms, with_ascii_marks
from .vocabulary import BEHIND, SPEAKER, Part, words_of_each

# From so many texts on, they are cut faster together.
_TOGETHER = 6
# Facets of which the terms know.
_FOUND_BY = frozenset(("entities", "tags", "claims", "event_at"))
# Of the typographic marks the only one that is a letter to a regular expression.
_LETTER_MARK = "\u02bc"


def index_each(rows: Sequence[Row], sources: Sequence[str]) -> list[Words]:
    """Return for each memory what `index` returns, given the message behind each.

    Stores call it on their threads, since it takes longer than most else that is done with new memories.
    """
    found: dict[int, Words | None] = {}
    if len(rows) >= _TOGETHER:
        simple: dict[int, list[Part]] = {}
        for place, (row, source) in enumerate(zip(rows, sources, strict=True)):
            if (parts := _parts(row, source)) is not None:
                simple[place] = parts
        if simple:
            found.update(zip(simple, words_of_each([*simple.values()]), strict=True))
    return [
        found.get(place) or index(row, source)
        for place, (row, source) in enumerate(zip(rows, sources, strict=True))
    ]


def _parts(row: Row, source: str) -> list[Part] | None:
    """Return what a memory is found by as parts of a vocabulary, or ``None`` if it is more than its words."""
    if (source and source != row.text) or not _FOUND_BY.isdisjoint(row.facets):
        return None
    text = with_ascii_marks(row.text)
    if not text.isascii() or _LETTER_MARK in row.text:
        return None
    parts: list[Part] = [*text.split(), day_of(row.valid_from, row.utc_offset)]
    if row.actor_id:
        parts.append((SPEAKER, row.actor_id))
    if row.facets.get("role") == "assistant":
        parts.append((BEHIND, flags.FROM_ASSISTANT))
    parts += [(BEHIND, flag) for flag in flags.of_sentences(row.text)]
    return parts


def index(row: Row, source: str = "") -> Words:
    """Return the terms by which a memory is found: its words, its speaker, its date and its flags.

    Args:
        row: the memory.
        source: the message behind a fact. A fact is shorter than the message, and a question may be about the
            rest.

    Returns:
        Distinct term ids, ascending, as uint64 bytes, and their counts as uint8 bytes. The count is zero for
        terms that only the source has, for the entities and the tags of the fact, for flags of `flags`, and
        for the keys by which a statement about the same attribute finds it; see `_core.rules.claims`.
    """
    extra = date_ids(row.valid_from, row.utc_offset)
    if row.actor_id:
        extra += name_ids(row.actor_id)
    behind = flags.of(row.text)
    for name in (*row.facets.get("entities", ()), *row.facets.get("tags", ())):
        behind += terms(name)
    behind += row.facets.get("claims", ())
    if row.facets.get("role") == "assistant":
        behind.append(flags.FROM_ASSISTANT)
    event_at = row.facets.get("event_at")
    if event_at is not None:
        behind += flags.of_event(event_at)
    if source and source != row.text:
        behind += _source_terms(source)
    ids, counts = count_terms(row.text, extra, behind)
    return array("Q", ids).tobytes(), bytes(counts)


@lru_cache(maxsize=16)
def _source_terms(source: str) -> Sequence[str]:
    # Cached, because the facts of one message are indexed one after the other.
    return terms(source)


def embedding_bytes(vectors: npt.NDArray[np.float32]) -> list[bytes]:
    """Normalize the rows of a matrix of shape (n, d), and return each as float32 bytes."""
    return [row.tobytes() for row in normalize_vectors(vectors)]


class Sought(NamedTuple):
    """The full-text part of a query.

    Attributes:
        terms: the distinct term ids.
        forms: maps further forms of a word, such as stems, to the id of the word.
        words: the terms as text, to recognize names of speakers.
    """

    terms: list[int]
    forms: dict[int, int]
    words: frozenset[str]


def query_ids(query: str) -> Sought:
    """Return the full-text part of a query."""
    found = query_forms(query)
    forms = {term_id(term): term_id(word) for term, word in found.items() if term != word}
    return Sought([term_id(term) for term in found], forms, frozenset(found))
