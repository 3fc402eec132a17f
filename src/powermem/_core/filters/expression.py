"""The tree of a filter, and its patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["number", "scope", "actor", "text", "time"]
Operator = Literal["eq", "gt", "gte", "lt", "lte", "in", "contains", "icontains", "like", "exists"]
Scalar = str | int | float | bool
Operand = Scalar | frozenset[str] | frozenset[int | float] | tuple[Scalar | None, ...] | None


@dataclass(frozen=True, slots=True)
class Column:
    """A field that every memory has."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Key:
    """A metadata key as written; dots may refer to nested objects."""

    name: str

    @property
    def path(self) -> tuple[str, ...]:
        """The keys of the nested objects, if no single key has the whole name."""
        return tuple(self.name.split("."))


@dataclass(frozen=True, slots=True)
class Facet(Key):
    """What extraction found besides the text, by name: a text or a list of texts."""


Field = Column | Key


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. It is false for a missing or null value, whatever the operator.

    Attributes:
        field: the field to compare.
        operator: ``ne``, ``nin`` and ``exists: false`` are a ``Not`` around the opposite.
        operand: checked and converted. For ``in`` a set of either strings or numbers; for ``eq`` a scalar, or
            for a key the tuple that a list must equal; for ``icontains`` case-folded; for ``exists``
            ``None``.
    """

    field: Field
    operator: Operator
    operand: Operand = None


@dataclass(frozen=True, slots=True)
class And:
    """True if all parts are true, also if there are none."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if any part is true; false if there are none."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True if its part is false; there is no third value as in SQL."""

    part: Expression


Expression = Condition | And | Or | Not


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
