"""Statements that end others by rules: "I moved to Oslo" ends "I live in Rome". No I/O.

The statements that a new one may end are found by their keys: terms of the full-text index that name a
subject and an attribute. Memories without such terms, stored word for word, by a model or by an earlier
version, are found by their similarity to the new statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..messages.rough import is_rough
from ..query.search import Hit
from ..rules.claims.claim import Clauses
from ..rules.claims.reading import ending, keys, read, spoken, supersedes
from ..values import Row
from .reconcile import Candidate, NewMemories, begin, supersede
from .writes import AddMemory, Change, Supersede


class Statement(NamedTuple):
    """A fact that says something about an attribute.

    Attributes:
        candidate: the fact.
        claims: what it says.
        begins: since when it holds, microseconds UTC.
        keys: what the memories are found by that it may end, or that may end it.
        ends: whether it may end others; else it can only have been ended by a later message.
    """

    candidate: Candidate
    claims: Clauses
    begins: int
    keys: Sequence[str]
    ends: bool


class Found(NamedTuple):
    """The memories that a statement may end, or that may end it.

    Attributes:
        keyed: those that were found by its keys.
        near: those that are similar to it.
    """

    keyed: Sequence[Hit] = ()
    near: Sequence[Hit] = ()


class Superseding:
    """Decides by rules which statements end others."""

    def state(self, new: NewMemories, found: Sequence[Candidate]) -> list[Statement]:
        """Return facts as statements; those that end nothing have no keys.

        Args:
            new: the values shared by the new memories.
            found: the facts.
        """
        return [_statement(new, candidate) for candidate in found]

    def find(self, keyed: Sequence[Hit] = (), near: Sequence[Hit] = ()) -> Found:
        """Return what was found for a statement; see `Found`."""
        return Found([hit for hit in keyed if not is_rough(hit.row)], near)

    def carry_out(
        self, new: NewMemories, statements: Sequence[Statement], found: Sequence[Found]
    ) -> list[Change]:
        """Return the changes that store statements, and end what they contradict.

        Args:
            new: the values shared by the new memories.
            statements: the statements.
            found: for each of them the memories that it may end, or that may end it.

        Returns:
            The changes, in the order of the messages.
        """
        changes: list[Change] = []
        stored: list[tuple[Row, Clauses]] = []
        gone: set[int] = set()
        for one, known in sorted(zip(statements, found, strict=True), key=lambda pair: pair[0].begins):
            ended = [row for row in _excluded(one, known) if row.id not in gone]
            mine = supersede(new, one.candidate, ended)
            gone.update(change.id for change in mine if isinstance(change, Supersede))
            (row,) = (change.row for change in mine if isinstance(change, AddMemory))
            changes += mine
            # Of the same call. Their version is not checked: a text that is known already has another id.
            before = [old for old, claims in stored if supersedes(one.claims, claims, old.valid_from)]
            changes += [
                Supersede(old.id, row.id, row.text, new.at, row.valid_from, user_id=old.scope.user_id or "")
                for old in before
            ]
            stored = [pair for pair in stored if pair[0] not in before]
            if row.valid_to is None and one.claims:
                stored.append((row, one.claims))
        return changes


def _statement(new: NewMemories, candidate: Candidate) -> Statement:
    message = candidate.message
    speaker = (message.actor_id if message else None) or new.actor_id
    claims = spoken(candidate.fact.claims, speaker)
    known, ended = keys(claims), ending(claims)
    begins, _ = begin(new, candidate)
    stated = candidate._replace(keys=tuple(known))
    return Statement(stated, claims, begins, known if begins < new.at else ended, bool(ended))


def _excluded(one: Statement, known: Found) -> list[Row]:
    """Return the memories that a statement ends, and those said later that end it."""
    rows: dict[int, Row] = {}
    for hit in known.keyed:
        row = hit.row
        # The key names the subject, so it does not matter whose claims they seem to be.
        if not set(one.keys).isdisjoint(row.facets.get("claims", ())) and any(
            _excludes(one, row, claims) for claims in _readings(row)
        ):
            rows[row.id] = row
    for hit in known.near:
        row = hit.row
        if _excludes(one, row, spoken(read(row.text), row.actor_id)):
            rows[row.id] = row
    return list(rows.values())


def _readings(row: Row) -> list[Clauses]:
    claims = read(row.text)
    # A user who said their name has it as the speaker, but their claims are those of the user.
    return [claims, spoken(claims, row.actor_id)] if row.actor_id else [claims]


def _excludes(one: Statement, row: Row, claims: Clauses) -> bool:
    if row.hash == one.candidate.hash:
        return False
    if row.valid_from > one.begins:
        return supersedes(claims, one.claims, one.begins)
    return supersedes(one.claims, claims, row.valid_from)
