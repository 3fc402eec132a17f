"""The terms of many texts at once, by columns.

A text is divided into words, each word is looked up in one dictionary for all texts, and the rest is done for
all of them together: a few calls of numpy instead of some for each term.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain, pairwise
from typing import TypeAlias

import numpy as np

from ..values import Words
from .flags import TELLS_TIME, tells_time
from .terms import COUNT_CAP, LONGEST_PIECE, day_ids, name_ids, piece_ids, term_id

_MOST_PARTS = 1 << 15
# What threads need at once is made, and this many are kept.
_KEPT = 4

Part: TypeAlias = str | int | tuple[str, str]
"""What a text is found by: a word with what is written around it up to the next blanks, the number of a day,
a speaker as ``(SPEAKER, name)``, or a term that need not occur in it as ``(BEHIND, term)``."""

SPEAKER, BEHIND = "speaker", "behind"

_FOREIGN = 0


class Vocabulary(dict[Part, int]):
    """Numbers the parts of texts, and knows the terms of each. For one thread at a time.

    The number 0 stands for what tells that a text needs more than its words one by one.
    """

    def __init__(self) -> None:
        # The terms of part n lie between the ends n and n + 1.
        self._ends = array("q", [0, 0])
        self._ids = array("Q")
        self._weights = array("B")

    def __missing__(self, part: Part) -> int:
        behind: tuple[int, ...] = ()
        if isinstance(part, str):
            if len(part) > LONGEST_PIECE:
                # Such as a pasted key, which comes only once.
                return _FOREIGN
            found = piece_ids(part)
            if found is None:
                self[part] = _FOREIGN
                return _FOREIGN
            if tells_time(part):
                behind = (term_id(TELLS_TIME),)
        elif isinstance(part, int):
            found = day_ids(part)
        elif part[0] == SPEAKER:
            found = name_ids(part[1])
        else:
            found, behind = (), (term_id(part[1]),)
        self._ids.extend(found)
        self._ids.extend(behind)
        self._weights.extend([1] * len(found) + [0] * len(behind))
        number = len(self._ends) - 1
        self._ends.append(len(self._ids))
        self[part] = number
        return number

    def words(self, texts: Sequence[Sequence[Part]]) -> list[Words | None]:
        """Return the terms of texts, given their parts.

        Args:
            texts: at least one; each has at least one part that is not 0.

        Returns:
            The terms, as `_core.text.indexing.index` returns them, or ``None`` where a part is 0.
        """
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        number = self.__getitem__
        parts = np.fromiter(map(number, chain.from_iterable(texts)), np.int64, int(lengths.sum()))
        text_of_part = np.repeat(np.arange(len(texts)), lengths)
        ends = np.frombuffer(self._ends, np.int64)
        begins = ends[parts]
        sizes = ends[parts + 1] - begins
        # The places of the terms of all parts, one part behind the other.
        behind = np.cumsum(sizes)
        places = np.arange(behind[-1]) + np.repeat(begins - (behind - sizes), sizes)
        ids = np.frombuffer(self._ids, np.uint64)[places]
        text = np.repeat(text_of_part, sizes)
        order = np.lexsort((ids, text))
        ids, text = ids[order], text[order]
        first = np.empty(len(ids), bool)
        first[0] = True
        first[1:] = (ids[1:] != ids[:-1]) | (text[1:] != text[:-1])
        starts = np.flatnonzero(first)
        weights = np.frombuffer(self._weights, np.uint8)[places[order]]
        counts = np.minimum(np.add.reduceat(weights, starts, dtype=np.int64), COUNT_CAP)
        packed, counted = ids[starts].tobytes(), counts.astype(np.uint8).tobytes()
        bounds = np.searchsorted(text[starts], np.arange(len(texts) + 1)).tolist()
        foreign = set(text_of_part[parts == _FOREIGN].tolist())
        return [
            None if place in foreign else (packed[8 * begin : 8 * end], counted[begin:end])
            for place, (begin, end) in enumerate(pairwise(bounds))
        ]


_spare: list[Vocabulary] = []


def words_of_each(texts: Sequence[Sequence[Part]]) -> list[Words | None]:
    """Return the terms of texts, given their parts; see `Vocabulary.words`."""
    try:
        vocabulary = _spare.pop()
    except IndexError:
        vocabulary = Vocabulary()
    found = vocabulary.words(texts)
    if len(vocabulary) < _MOST_PARTS and len(_spare) < _KEPT:
        _spare.append(vocabulary)
    return found
