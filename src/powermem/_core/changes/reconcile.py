"""Decide the writes for facts, given the memories stored near them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from ...types import Metadata
from ..ids import new_id
from ..messages.excerpts import MOST_TURNS, Excerpts
from ..query.search import Hit
from ..tasks.task import Preference
from ..text.cleaning import content_hash
from ..values import Fact, FoundPreference, Message, Row, Scope
from .facets import facets_of, role_of
from .writes import AddMemory, AddPreference, Change, Delete, LinkTurns, ReplaceText, Supersede

if TYPE_CHECKING:
    from ..parsing.decisions import Decision, Decisions

_ENOUGH_KEPT = 0.9
"""Minimum share of a memory's words that a merged text must contain to count as losing nothing of it."""


@dataclass(slots=True)
class NewMemories:
    """The values shared by all memories of one ``add``.

    ``utc_offset`` is how many seconds the caller's clock is ahead of UTC at ``at``.
    """

    scope: Scope
    at: int
    metadata: Metadata = field(default_factory=dict)
    memory_type: str | None = None
    actor_id: str | None = None
    expires_at: int | None = None
    utc_offset: int | None = None


class Candidate(NamedTuple):
    """A fact on its way to becoming a memory.

    Attributes:
        fact: the fact.
        message: the message it came from, when that is known.
        turns: ids of the source turns.
        embedding: its vector as bytes.
        source: the first message it may come from, or of a long one the part around it.
        latest: the last message it may come from.
        keys: by which a later statement about the same attribute finds it; see ``superseding``.
    """

    fact: Fact
    message: Message | None
    turns: tuple[int, ...]
    embedding: bytes | None = None
    source: str = ""
    latest: Message | None = None
    keys: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """The identity of the text."""
        return content_hash(self.fact.text)

    @property
    def speaker(self) -> str | None:
        """The speaker."""
        return self.fact.speaker or (self.message.actor_id if self.message else None)

    @property
    def said_at(self) -> tuple[int, int | None] | None:
        """When it was said, when a message tells, and the speaker's offset from UTC then."""
        message = self.message or self.latest
        return None if message is None or message.sent_at is None else (message.sent_at, message.utc_offset)


def candidates(facts: Sequence[Fact], messages: Sequence[Message], turns: Sequence[int]) -> list[Candidate]:
    """Tie each fact to the message and the turn that it came from.

    One that does not say is tied to all turns, or in a long conversation to those around the words of it.
    """
    found = []
    excerpts = Excerpts([message.content for message in messages])
    for fact in facts:
        if fact.turn is not None:
            message, source = messages[fact.turn], excerpts.of(fact.text, fact.turn)
            beside = () if fact.second_turn in (None, fact.turn) else (turns[fact.second_turn],)
            found.append(Candidate(fact, message, (turns[fact.turn], *beside), source=source))
            continue
        sole = messages[0] if len(messages) == 1 else None
        # Tied to all turns of a long conversation, each further fact would cost as much as that is long.
        place = excerpts.message_of(fact.text) if len(turns) > MOST_TURNS else 0
        first = max(0, min(place - MOST_TURNS // 2, len(turns) - MOST_TURNS))
        near = tuple(turns[first : first + MOST_TURNS])
        source = excerpts.of(fact.text, place)
        found.append(Candidate(fact, sole, near, source=source, latest=messages[-1]))
    return found


def begin(new: NewMemories, candidate: Candidate) -> tuple[int, int | None]:
    """Return the moment from which a fact holds, and the speaker's offset from UTC then."""
    said = candidate.said_at
    return (new.at, new.utc_offset) if said is None else said


def add(new: NewMemories, candidate: Candidate) -> AddMemory:
    """Return the change that stores a fact as a new memory."""
    fact = candidate.fact
    begins, utc_offset = begin(new, candidate)
    actor = candidate.speaker or new.actor_id
    row = Row(
        id=new_id(),
        scope=new.scope,
        text=fact.text,
        hash=candidate.hash,
        actor_id=actor,
        memory_type=new.memory_type or fact.kind,
        metadata=new.metadata,
        created_at=new.at,
        updated_at=new.at,
        valid_from=begins,
        expires_at=new.expires_at,
        utc_offset=utc_offset,
        facets={**facets_of(fact, candidate.keys), **role_of(candidate.message)},
    )
    return AddMemory(row, candidate.embedding, candidate.turns, candidate.source)


def learn(new: NewMemories, found: FoundPreference) -> AddPreference:
    """Return the change that stores a preference."""
    return AddPreference(
        Preference(
            id=new_id(),
            scope=new.scope,
            kind=found.kind,
            text=found.text,
            reasoning=found.reasoning,
            hash=content_hash(found.text),
            created_at=new.at,
        )
    )


def replacement(
    row: Row,
    text: str,
    embedding: bytes | None,
    at: int,
    *,
    version: int | None = None,
    turns: Sequence[int] = (),
    strict: bool = False,
    source: str = "",
) -> ReplaceText:
    """Return the change that gives a memory another text; see ``ReplaceText`` for what may stop it."""
    return ReplaceText(
        row.id,
        text,
        content_hash(text),
        embedding,
        at,
        version,
        tuple(turns),
        strict,
        source,
        user_id=row.scope.user_id or "",
    )


def neighbourhood(
    found: Sequence[Candidate], near: Sequence[Sequence[Hit]], limit: int
) -> tuple[list[Candidate], list[Candidate], dict[str, Row]]:
    """Choose what there is to decide.

    Args:
        found: the facts.
        near: for each of them the stored memories near it, best first.
        limit: how many memories to show at most.

    Returns:
        The facts that are stored word for word already, those that are not, and the memories near the latter,
        by alias.
    """
    known: list[Candidate] = []
    open_facts: list[Candidate] = []
    rows: dict[int, Row] = {}
    for candidate, hits in zip(found, near, strict=True):
        if any(hit.row.hash == candidate.hash for hit in hits):
            known.append(candidate)
            continue
        open_facts.append(candidate)
        for hit in hits:
            if len(rows) < limit:
                rows.setdefault(hit.row.id, hit.row)
    return known, open_facts, {f"M{i}": row for i, row in enumerate(rows.values(), 1)}


def merged_texts(decisions: Decisions, rows: Mapping[str, Row]) -> list[str]:
    """Return the merged texts of updates, which have to be embedded before they are stored."""
    updates = [item for item in decisions.items if item.action == "UPDATE" and item.target in rows]
    return list(dict.fromkeys(item.text for item in updates if item.text))


def carry_out(
    new: NewMemories,
    found: Sequence[Candidate],
    decisions: Decisions,
    rows: Mapping[str, Row],
    embeddings: Mapping[str, bytes | None],
) -> list[Change]:
    """Turn decisions into changes.

    Args:
        new: the values shared by the new memories.
        found: the facts that were decided, by their number.
        decisions: the model's decisions.
        rows: the stored memories by alias.
        embeddings: the vectors of the merged texts.

    Returns:
        The changes; a fact without a decision is added, so that nothing is lost.
    """
    changes: list[Change] = []
    # First, for another fact may change the memory, and then it is not the one that was read any more.
    links: list[Change] = []
    by_fact: dict[int, list[Decision]] = {}
    for item in decisions.items:
        by_fact.setdefault(item.fact, []).append(item)
    for number, candidate in enumerate(found):
        mine = by_fact.get(number, [])
        if not mine or any(item.action in ("ADD", "SUPERSEDE") for item in mine):
            closed = [rows[item.target] for item in mine if item.action == "SUPERSEDE" and item.target]
            changes += supersede(new, candidate, closed)
        for item in mine:
            row = rows.get(item.target or "")
            if row is None:
                continue
            if item.action == "UPDATE" and item.text:
                changes += _update(new, candidate, row, item.text, embeddings[item.text])
            elif item.action == "DELETE":
                changes.append(Delete(row.id, new.at, row.version, row.scope.user_id or ""))
            elif item.action == "NONE":
                links.append(LinkTurns(row.id, candidate.turns, row.version, row.scope.user_id or ""))
    return [*links, *changes]


def supersede(new: NewMemories, candidate: Candidate, rows: Sequence[Row]) -> list[Change]:
    """Return the changes that store a fact in the place of memories that it contradicts.

    The latest message wins, not the one that arrived last: each memory that held before the fact ends with
    it, and the fact ends with the first memory that was said after it.

    Args:
        new: the values shared by the new memories.
        candidate: the fact.
        rows: the stored memories; without any, the fact is just added.
    """
    addition = add(new, candidate)
    row = addition.row
    later = [known for known in rows if known.valid_from > row.valid_from]
    if later:
        return [*_add_past(addition, min(later, key=_beginning)), *_close(rows, row)]
    return [addition, *_close(rows, row)]


def _close(rows: Sequence[Row], successor: Row) -> list[Supersede]:
    begins = successor.valid_from
    return [
        Supersede(
            old.id,
            successor.id,
            successor.text,
            successor.created_at,
            begins,
            old.version,
            old.scope.user_id or "",
        )
        for old in rows
        if old.valid_from <= begins
    ]


def _add_past(addition: AddMemory, heir: Row) -> list[Change]:
    """Return the changes that store what held until a memory that is known already."""
    row = replace(addition.row, valid_to=heir.valid_from, superseded_by=heir.id)
    # No turn is linked; the memory must still be the one that was read.
    return [LinkTurns(heir.id, (), heir.version, heir.scope.user_id or ""), replace(addition, row=row)]


def _beginning(row: Row) -> tuple[int, int]:
    return row.valid_from, row.id


def _update(
    new: NewMemories, candidate: Candidate, row: Row, text: str, embedding: bytes | None
) -> list[Change]:
    """Return the changes that merge a fact into a memory.

    A message that is older than the memory tells what held before it. Its merged text is taken over only if
    it keeps what was said since.
    """
    begins, utc_offset = begin(new, candidate)
    # Loaded by now: it has parsed the decisions.
    from ..parsing.decisions import says

    known = says(text, row.text, _ENOUGH_KEPT)
    late = begins < row.valid_from
    past = _add_past(add(new, candidate), row) if late else []
    if late and not known:
        return past
    merged = replacement(
        row, text, embedding, new.at, version=row.version, turns=candidate.turns, source=candidate.source
    )
    merged = replace(merged, facets=facets_of(candidate.fact))
    return [*past, merged if late else replace(merged, valid_from=begins, utc_offset=utc_offset)]
