"""A user on the way from one store to another, as values. No I/O.

Each of the two stores has a note of the move, under the same id:

| step | where the user comes from | where the user goes |
|---|---|---|
| copying, and following what is written meanwhile | ``copying``: everything works | ``arriving``: no writes |
| the last changes | ``closed``: no writes | ``arriving`` |
| the switch, one transaction | ``closed`` | ``arrived``: everything works |
| clearing up | ``moved``: no writes | none |

So at every moment at most one of the stores accepts writes of the user, and a move that was killed at any
point can be continued from its notes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from typing import NamedTuple

_LONGEST_PLACE = 400


class MoveState(str, Enum):
    """How far a move is, as one of the two stores knows it."""

    COPYING = "copying"
    CLOSED = "closed"
    MOVED = "moved"
    ARRIVING = "arriving"
    ARRIVED = "arrived"


REFUSING = frozenset({MoveState.CLOSED, MoveState.MOVED, MoveState.ARRIVING})
"""The states in which a store accepts no writes of the user."""


class Move(NamedTuple):
    """The note of a move in one store.

    Attributes:
        id: the same in both stores, and in no other move.
        state: how far it is.
        place: the other store, for messages.
    """

    id: int
    state: MoveState
    place: str

    def encode(self) -> str:
        """Return the note as it is stored."""
        place = self.place.encode("utf-8", "replace")[:_LONGEST_PLACE].decode("utf-8", "ignore")
        return json.dumps({"id": self.id, "state": self.state.value, "place": place}, ensure_ascii=False)

    @classmethod
    def decode(cls, text: str) -> Move:
        """Undo `encode`."""
        note = json.loads(text)
        return cls(note["id"], MoveState(note["state"]), note["place"])


def user_key(user_id: str) -> str:
    """Return the name under which the note of a user's move is kept; its length is fixed."""
    return sha256(user_id.encode("utf-8", "surrogatepass")).hexdigest()[:40]


class KeptResult(NamedTuple):
    """A result kept under an idempotency key. Notes of finished calls have no scope."""

    user_id: str
    agent_id: str
    run_id: str
    key: str
    result: str
    created_at: int


@dataclass(slots=True)
class Holdings:
    """The names of everything that a store holds of a user, apart from background work.

    Attributes:
        memories: the version of each memory, by id.
        accesses: how often each memory was found, by id.
        turns: ids of source turns; a stored turn never changes.
        links: pairs of a memory and one of its turns, of deleted memories too.
        preferences: ids of preferences; they never change.
        results: agent, run and key of each kept result; they never change.
        notes: the keys of the notes of finished calls; they never change.
        entries: ids of entries of the history, each with its memory.
    """

    memories: dict[int, int] = field(default_factory=dict)
    accesses: dict[int, int] = field(default_factory=dict)
    turns: set[int] = field(default_factory=set)
    links: set[tuple[int, int]] = field(default_factory=set)
    preferences: set[int] = field(default_factory=set)
    results: set[tuple[str, str, str]] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    entries: dict[int, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(
            self.memories or self.turns or self.links or self.preferences or self.results or self.notes
        )

    def known_memories(self) -> set[int]:
        """Return the ids of the memories that there are, and of those deleted ones that are still linked."""
        return self.memories.keys() | {memory_id for memory_id, _ in self.links}


@dataclass(slots=True)
class Difference:
    """What has to be done at one store so that it holds what the other does.

    Attributes:
        stale: memories to remove, since they are gone or have changed.
        missing: memories to store.
        accesses: access counts to set, by id.
        stale_turns: turns to remove.
        missing_turns: turns to store.
        stale_links: links to remove.
        missing_links: links to store.
        stale_preferences: preferences to remove.
        missing_preferences: preferences to store.
        stale_results: kept results to remove.
        missing_results: kept results to store.
        stale_notes: notes of finished calls to remove.
        missing_notes: notes of finished calls to store.
        stale_entries: entries of the history to remove, each behind its memory.
        missing_entries: memories with entries of the history to store.
    """

    stale: list[int]
    missing: list[int]
    accesses: dict[int, int]
    stale_turns: list[int]
    missing_turns: list[int]
    stale_links: list[tuple[int, int]]
    missing_links: list[tuple[int, int]]
    stale_preferences: list[int]
    missing_preferences: list[int]
    stale_results: list[tuple[str, str, str]]
    missing_results: list[tuple[str, str, str]]
    stale_notes: list[str]
    missing_notes: list[str]
    stale_entries: list[tuple[int, int]]
    missing_entries: list[int]

    @property
    def clears(self) -> bool:
        """Whether there is anything to remove."""
        return any(
            (self.stale, self.stale_turns, self.stale_links, self.stale_preferences, self.stale_results)
        ) or any((self.stale_notes, self.stale_entries))

    @property
    def size(self) -> int:
        """The number of things to do, apart from access counts, which go on changing."""
        return sum(
            len(each)
            for each in (
                *(self.stale, self.missing, self.stale_turns, self.missing_turns),
                *(self.stale_links, self.missing_links, self.stale_preferences, self.missing_preferences),
                *(self.stale_results, self.missing_results, self.stale_notes, self.missing_notes),
                *(self.stale_entries, self.missing_entries),
            )
        )


def compare(wanted: Holdings, present: Holdings) -> Difference:
    """Return what has to change where ``present`` is, so that it becomes ``wanted``."""
    changed = {one for one, version in present.memories.items() if wanted.memories.get(one) != version}
    missing = [
        one for one, version in sorted(wanted.memories.items()) if present.memories.get(one) != version
    ]
    kept = {
        one: count
        for one, count in wanted.accesses.items()
        if one in present.accesses and one not in changed and present.accesses[one] != count
    }
    lacking = {wanted.entries[one] for one in wanted.entries.keys() - present.entries.keys()}
    return Difference(
        stale=sorted(changed),
        missing=missing,
        accesses=kept,
        stale_turns=sorted(present.turns - wanted.turns),
        missing_turns=sorted(wanted.turns - present.turns),
        stale_links=sorted(present.links - wanted.links),
        missing_links=sorted(wanted.links - present.links),
        stale_preferences=sorted(present.preferences - wanted.preferences),
        missing_preferences=sorted(wanted.preferences - present.preferences),
        stale_results=sorted(present.results - wanted.results),
        missing_results=sorted(wanted.results - present.results),
        stale_notes=sorted(present.notes - wanted.notes),
        missing_notes=sorted(wanted.notes - present.notes),
        stale_entries=sorted(
            (present.entries[one], one) for one in present.entries.keys() - wanted.entries.keys()
        ),
        missing_entries=sorted(lacking),
    )


def refused(moves: Mapping[str, Move], user_ids: Iterable[str | None]) -> Move | None:
    """Return the note for which a write of these users is refused, if there is one."""
    for user_id in user_ids:
        if user_id:
            move = moves.get(user_key(user_id))
            if move is not None and move.state in REFUSING:
                return move
    return None
