"""Claims: what a statement says about one attribute of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

SELF = ""
"""The subject of a statement in the first person: its speaker."""


PROJECT = "project"
"""The subject of statements about common work: "The API listens on port 8080", "We use Postgres"."""


class Claim(NamedTuple):
    """What a clause says about an attribute that has one value at a time.

    Attributes:
        subject: the person or thing, in lower case; `SELF` for the speaker.
        attribute: such as ``"home"`` or ``"favourite food"``.
        value: as written; ``""`` for an end that names no value ("I quit my job").
        ends: whether the value ended, rather than holds.
        marked: whether the wording tells of a change, such as "moved to" or "now".
        past: whether it is about a former time, so that it ends nothing that was said before.
        year: the year in which it began, if stated.
    """

    subject: str
    attribute: str
    value: str = ""
    ends: bool = False
    marked: bool = False
    past: bool = False
    year: int | None = None


Clauses: TypeAlias = Sequence[Sequence[Claim]]
"""The claims of a text, clause by clause. A clause that says something else has none."""


class Rule(NamedTuple):
    """A pattern of a language, and the claim that it makes.

    Attributes:
        attribute: the claim's attribute. ``{}`` stands for the pattern's group ``what``.
        pattern: a regular expression with an optional group ``value``.
        ends: whether it tells of an end.
        marked: whether it tells of a change.
        kind: what the value is, which decides what is accepted; see `accepting.accepts`.
        be: whether a form of "to be" must stand before it.
    """

    attribute: str
    pattern: str
    ends: bool = False
    marked: bool = False
    kind: str = ""
    be: bool = False


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())
