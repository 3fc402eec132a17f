"""Patterns of ``like``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class _Piece(NamedTuple):
    """The pattern between two ``%``, which matches a fixed number of characters."""

    regex: re.Pattern[str]
    width: int


def is_complete(pattern: str) -> bool:
    """Return whether the last backslash has a character to escape."""
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 0


def like(text: str, pattern: str) -> bool:
    r"""Return whether the whole text matches a pattern of ``%``, ``_`` and ``\``, case-sensitively.

    Each piece is matched at the leftmost position. That finds a match if there is one, in time proportional
    to ``len(text) * len(pattern)``; a regular expression with several ``.*`` could backtrack exponentially.
    """
    first, *rest = _pieces(pattern)
    if not rest:
        return first.regex.fullmatch(text) is not None
    found = first.regex.match(text)
    if found is None:
        return False
    *middle, last = rest
    for piece in middle:
        found = piece.regex.search(text, found.end())
        if found is None:
            return False
    tail = len(text) - last.width
    return tail >= found.end() and last.regex.fullmatch(text, tail) is not None


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    pieces: list[list[str]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append([])
        elif character == "_":
            pieces[-1].append(".")
        elif character == "\\":
            pieces[-1].append(re.escape(next(characters)))
        else:
            pieces[-1].append(re.escape(character))
    return tuple(_Piece(re.compile("".join(piece), re.DOTALL), len(piece)) for piece in pieces)
