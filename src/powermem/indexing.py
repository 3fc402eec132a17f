"""What of a memory is embedded and what goes into full text."""

from __future__ import annotations

from array import array
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .ranking.vectors import normalize as normalize_vectors
from .text import count_terms, date_phrase, date_terms, query_forms, term_id, terms


def document(text: str, actor_id: str | None, said_at: int | None) -> str:
    """Return the text to embed: with who said it and on which day, where that is known.

    Day and speaker beside the words make questions such as "what did Ana plan in May" find them; on LoCoMo
    the day alone adds 2 to 4 points of recall at 10.
    """
    day = f"[{date_phrase(said_at)}] " if said_at is not None else ""
    speaker = f"{actor_id}: " if actor_id else ""
    return f"{day}{speaker}{text}"


def index(text: str, actor_id: str | None, begins: int) -> tuple[bytes, bytes]:
    """Return what a store needs to find a text by its words.

    It takes longer than all else that is done with a new memory, so stores call it, on their threads.

    Args:
        text: the memory.
        actor_id: who said it; the name can be searched for.
        begins: since when it is true, microseconds UTC; its date can be searched for.

    Returns:
        Distinct term ids, ascending, as uint64 bytes, and how often each occurs, as uint8 bytes.
    """
    extra = date_terms(begins)
    if actor_id:
        extra += terms(actor_id)
    ids, counts = count_terms(text, extra)
    return array("Q", ids).tobytes(), bytes(counts)


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
