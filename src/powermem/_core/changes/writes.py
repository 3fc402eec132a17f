"""What a store can be asked to write, as plain values.

A batch of changes is applied as a whole or not at all. Stores gather the batches of concurrent callers into
one transaction, and an error in one batch undoes that batch only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...types import AddResult, HistoryEntry, Metadata, Row, Scope, Stored, Turn
from ..filters import Expression
from ..tasks.task import Preference, ProcessStatus, Task


@dataclass(frozen=True, slots=True)
class AddTurn:
    """Keep a message as evidence."""

    id: int
    scope: Scope
    role: str
    content: str
    actor_id: str | None
    sent_at: int
    created_at: int
    utc_offset: int | None = None


@dataclass(frozen=True, slots=True)
class AddMemory:
    """Store a memory, unless its scope already holds the same text.

    ``embedding`` is a normalized float32 vector as bytes, or ``None`` without an embedder. ``source`` is what
    was said in the turns, by which the memory is found too. Outcome: ``Added`` or ``Duplicate``.
    """

    row: Row
    embedding: bytes | None
    turns: Sequence[int] = ()
    facets: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Give a memory another text; the old one goes to its history.

    With ``version`` the change fails with ``VersionConflict`` when the memory is not as it was read, and with
    ``strict`` it fails with ``AlreadyStored`` when another memory already says this.
    Outcome: ``Updated``, or ``None`` when there is no such memory in the scope, or ``Duplicate`` when another
    memory already says this.
    """

    id: int
    text: str
    hash: str
    embedding: bytes | None
    at: int
    version: int | None = None
    turns: Sequence[int] = ()
    strict: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Supersede:
    """End a memory's validity because a new one, written in the same batch, takes its place.

    ``text`` is what is true instead, for the history. Outcome: ``Updated`` or ``None``.
    """

    id: int
    successor: int
    text: str
    at: int
    valid_to: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Amend:
    """Change what belongs to a memory apart from its text. Outcome: ``Updated`` or ``None``."""

    id: int
    at: int
    metadata: Metadata | None = None
    replace_metadata: bool = False
    expires_at: int | None = None
    set_expires_at: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a memory. Outcome: the removed ``Row`` or ``None``."""

    id: int
    at: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class LinkTurns:
    """Note that these turns say what a memory says.

    With ``version`` the change fails with ``VersionConflict`` when the memory is not as it was read, and so
    may no longer say it.
    """

    id: int
    turns: Sequence[int]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteWhere:
    """Remove every memory of a scope that passes a filter. Outcome: how many.

    Without a filter the scope's source turns go too.
    """

    scope: Scope
    expression: Expression | None
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a call's result: what became of some changes of a batch.

    Attributes:
        begin: the place of the first of these changes in the batch.
        end: the place behind the last one.
        verbatim: whether memories that were known already are items as well.
    """

    begin: int
    end: int
    verbatim: bool = False

    @classmethod
    def behind(cls, before: Sequence[Change], changes: Sequence[Change], *, verbatim: bool = False) -> Items:
        """Return the items of changes that follow others in their batch."""
        return cls(len(before), len(before) + len(changes), verbatim)


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a call, as JSON: ``result`` with these items."""

    items: Items
    result: AddResult


@dataclass(frozen=True, slots=True)
class DoneNote:
    """The note which memories came of a call; see ``records.completion_note``."""

    items: Items
    scope: Scope
    at: int


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep the result of a call under the caller's key, so that a retry finds it. Outcome: the kept
    result.

    A ``Reply`` or a ``DoneNote`` depends on what becomes of changes before this one, so that the work and the
    note that it was done are one. When the key is taken by then, the batch fails with ``AlreadyDone`` and is
    undone.
    """

    scope: Scope
    key: str
    result: str | Reply | DoneNote
    at: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Store memories as they were elsewhere, with ids, history and links. Outcome: how many were new.

    What is here already stays as it is: a memory whose id exists, or whose scope holds the same text in a
    current memory, is passed over with all that belongs to it. So restoring twice changes nothing. One that
    was deleted here comes back, which its history says.

    Attributes:
        memories: the memories.
        turns: source turns; those that memories are linked to come with them or before.
        history: entries of memories that exist no more.
        at: now, microseconds UTC.
    """

    memories: Sequence[Stored]
    at: int
    turns: Sequence[Turn] = ()
    history: Sequence[HistoryEntry] = ()


@dataclass(frozen=True, slots=True)
class BufferTurn:
    """Keep a message as evidence, and note that it waits to be processed.

    Attributes:
        turn: the message.
        lane: whose work it is.
        task_id: the task that it belongs to; ``None`` for whichever takes it on.
        parts: the parts of the message that are not text, as JSON.
    """

    turn: AddTurn
    lane: str
    task_id: int | None = None
    parts: str | None = None


@dataclass(frozen=True, slots=True)
class FinishTurns:
    """Note that waiting turns have been processed.

    The batch fails with ``TurnsGone`` unless each of them was waiting until now: so what comes of a turn is
    stored once, whoever works on it. Unless ``strict``, those that do not wait are passed over.
    """

    ids: Sequence[int]
    strict: bool = True


@dataclass(frozen=True, slots=True)
class QueueTurns:
    """Note that turns which are kept already wait to be processed; one that waits already goes on waiting."""

    turns: Sequence[BufferTurn]


@dataclass(frozen=True, slots=True)
class FreeTurns:
    """Let go of a lane's turns that belong to ``"process"`` tasks which failed or were cancelled, so that the
    next such task takes them on. Outcome: how many."""

    lane: str


@dataclass(frozen=True, slots=True)
class AddTask:
    """Put a task at the end of its lane."""

    task: Task


@dataclass(frozen=True, slots=True)
class HoldLane:
    """Go on holding a lane. The batch fails with ``LeaseLost`` when it has gone to somebody else.

    Attributes:
        lane: which.
        owner: who holds it.
        until: when the lease ends now, microseconds UTC.
    """

    lane: str
    owner: str
    until: int


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """Note how far a task has come. Outcome: the ``Task`` as it is now, or ``None``.

    ``None`` for an attribute leaves it as it is. When ``status`` becomes ``PENDING``, its lane has work to do
    at ``due_at``.

    Attributes:
        id: which task.
        at: now, microseconds UTC.
        expected: nothing happens when the task is in another state.
        strict: then the batch fails with ``TaskEnded``, also when there is no such task.
        forget_error: remove the error.
        attempts: sets the number of attempts.
        results: of changes before this one, to append to ``outcome["results"]`` and to count in
            ``knowledge_count``.
        preferences: JSON objects that are appended to ``outcome["preferences"]``.
        warnings: sentences that are appended to ``outcome["warnings"]``, each once.
    """

    id: int
    at: int
    expected: frozenset[ProcessStatus]
    status: ProcessStatus | None = None
    stage: str | None = None
    error: str | None = None
    forget_error: bool = False
    attempts: int | None = None
    due_at: int | None = None
    strict: bool = False
    results: Items | None = None
    preferences: Sequence[Mapping[str, Any]] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AddPreference:
    """Store a preference, unless its scope holds the same text. Outcome: 1 or 0."""

    preference: Preference


Change: TypeAlias = (
    AddTurn
    | BufferTurn
    | FinishTurns
    | QueueTurns
    | FreeTurns
    | AddTask
    | HoldLane
    | UpdateTask
    | AddPreference
    | AddMemory
    | ReplaceText
    | Supersede
    | Amend
    | Delete
    | LinkTurns
    | DeleteWhere
    | Remember
    | Restore
)


@dataclass(frozen=True, slots=True)
class Added:
    """The memory was stored."""

    row: Row


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The scope already holds this text, in ``row``; nothing was stored."""

    row: Row


@dataclass(frozen=True, slots=True)
class Updated:
    """The memory as it is now, and the text it had before."""

    row: Row
    previous: str


Outcome: TypeAlias = Added | Duplicate | Updated | Row | Task | int | str | None


class AlreadyDone(Exception):
    """A call with the same key has been done meanwhile; the batch was undone.

    Attributes:
        result: what that call returned.
    """

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


class AlreadyStored(Exception):
    """Another memory of the same scope says this; the batch was undone.

    Attributes:
        id: that memory's id.
    """

    def __init__(self, memory_id: int) -> None:
        super().__init__(memory_id)
        self.id = memory_id


class VersionConflict(Exception):
    """A memory changed between reading and writing; the batch was undone and can be decided anew."""


class TurnsGone(Exception):
    """A turn waits no more: it was processed by somebody else, or deleted; the batch was undone."""


class LeaseLost(Exception):
    """The lane is held by somebody else by now; the batch was undone."""


class TaskEnded(Exception):
    """The task was cancelled or ended by somebody else meanwhile; the batch was undone."""
