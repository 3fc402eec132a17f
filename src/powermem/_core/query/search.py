"""The request of a search to a store, and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ..values import Row, Scope

if TYPE_CHECKING:
    from ..filters.expression import Expression
    from .around import Neighbour


class Period(NamedTuple):
    """A time that a query names.

    Attributes:
        start: its first moment, microseconds UTC.
        end: the first moment after it.
        terms: ids of the terms by which a memory tells of something in it; see ``marks.of_event``.
    """

    start: int
    end: int
    terms: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Cues:
    """Signals in a query besides its search words.

    Attributes:
        words: its terms, to tell which speakers it names.
        phrases: for each phrase in quotation marks the ids of its terms.
        period: the time that it names.
        when: whether it asks for a time.
        own: ids of the terms of the first person, if it is in it; see ``terms.first_person_terms``.
        others: ids of the terms that name somebody else, and of exceptions; see ``terms.honorific_terms``.
        names: the words of names in it, each an id of a term with the id of the flag by which a memory
            introduces that person.
    """

    words: frozenset[str] = frozenset()
    phrases: Sequence[Sequence[int]] = ()
    period: Period | None = None
    when: bool = False
    own: Sequence[int] = ()
    others: tuple[Sequence[int], Sequence[int]] = ((), ())
    names: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """The request of one search to a store.

    Attributes:
        scope: ids that were given narrow the search.
        embedding: the query's normalized float32 vector as bytes, or ``None`` without an embedder.
        terms: the query's distinct term ids, or ``None`` to leave full text out.
        limit: how many results.
        cues: further signals found in the query.
        forms: of the terms that are forms of a word besides it, the id of that word; it counts once.
        similarity: whether the score is how alike two texts are, instead of the probability of an answer.
        expression: a parsed filter.
        as_of: search what was true at that moment, microseconds UTC.
        include_expired: also find what has expired.
        threshold: leave out results whose score is lower.
        explain: also tell which place each arm gives a result.
    """

    scope: Scope
    embedding: bytes | None
    terms: Sequence[int] | None
    limit: int
    cues: Cues = Cues()
    forms: Mapping[int, int] = field(default_factory=dict)
    similarity: bool = False
    expression: Expression | None = None
    as_of: int | None = None
    include_expired: bool = False
    threshold: float | None = None
    explain: bool = False


class Hit(NamedTuple):
    """A memory that was found; ``details`` are the parts of the score."""

    row: Row
    score: float
    details: Mapping[str, float]


class Answer(NamedTuple):
    """The results of one query, best first.

    ``warnings`` say what went wrong on the way without making the answer worthless. ``around`` are the turns
    beside each result, by its id, the nearest first; ``None`` if they were not asked for.
    """

    hits: Sequence[Hit]
    warnings: Sequence[str] = ()
    around: Mapping[int, Sequence[Neighbour]] | None = None
