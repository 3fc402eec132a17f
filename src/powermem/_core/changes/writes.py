"""The changes that a store applies, as plain values.

A batch of changes is applied as a whole or not at all. Stores gather the batches of concurrent callers into
one transaction, and an error in one batch undoes that batch only.

A change that names a memory by its id names its owner too, if known, as ``user_id``: a store that is divided
by user then looks in one part only. Memories without a user have the empty string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from ...types import AddResult, Metadata
from ..filters.expression import Expression
from ..tasks.task import Preference, ProcessStatus, Task
from ..values import HistoryEntry, Row, Scope, Stored, Turn, Words


# Not frozen, like some others below: there are many of these, and a frozen one takes four times as long.
@dataclass(slots=True)
class AddTurn:
    """Store a message as a source turn."""

    id: int
    scope: Scope
    role: str
    content: str
    actor_id: str | None
    sent_at: int
    created_at: int
    utc_offset: int | None = None


@dataclass(slots=True)
class AddMemory:
    """Store a memory, unless its scope already holds the same text.

    ``embedding`` is a normalized float32 vector as bytes, or ``None`` without an embedder. ``source`` is the
    text of the turns, whose words find the memory too. ``words`` are the terms that find it, if they are
    known already. A row that ends already (``valid_to``) tells what held before something that is known; it
    is a duplicate if the scope held this text at its beginning.
    Outcome: ``Added`` or ``Duplicate``.
    """

    row: Row
    embedding: bytes | None
    turns: Sequence[int] = ()
    source: str = ""
    words: Words | None = None


class CreateMemory(NamedTuple):
    """Store a memory that must be new. Outcome: ``Added``.

    It fails with ``AlreadyStored`` if its scope already has a memory with this hash.
    """

    memory: AddMemory


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """Give a memory another text; the old one goes to its history.

    ``facets`` are joined with those of the memory; without any, it keeps its own but for the title. Without
    ``valid_from`` the new text is a correction, which holds for the past too. With it, the new text
    holds from that moment on, and the old one becomes a memory of its own that ends there: a version, see
    ``Row.is_version_of``. No version is kept of a text that held for no time, or that begins later.

    With ``version`` it fails with ``VersionConflict`` if the memory has changed since it was read, and with
    ``strict`` with ``AlreadyStored`` if another memory of the scope has this text.
    Outcome: ``Updated``; ``Duplicate`` if another memory has this text; ``None`` if there is no such memory.
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
    valid_from: int | None = None
    utc_offset: int | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)
    user_id: str | None = None


class Supersede(NamedTuple):
    """End a memory's validity because a new one, written in the same batch, replaces it.

    ``text`` is the text of the new memory, for the history. Outcome: ``Updated`` or ``None``.
    """

    id: int
    successor: int
    text: str
    at: int
    valid_to: int
    version: int | None = None
    user_id: str | None = None


class Amend(NamedTuple):
    """Change a memory's metadata or expiry. Outcome: ``Updated`` or ``None``."""

    id: int
    at: int
    metadata: Metadata | None = None
    replace_metadata: bool = False
    expires_at: int | None = None
    set_expires_at: bool = False
    user_id: str | None = None


class Delete(NamedTuple):
    """Remove a memory with its earlier versions. Outcome: the removed ``Row`` or ``None``."""

    id: int
    at: int
    version: int | None = None
    user_id: str | None = None


class LinkTurns(NamedTuple):
    """Link a memory to further source turns that say the same.

    With ``version`` it fails with ``VersionConflict`` if the memory has changed since it was read.
    """

    id: int
    turns: Sequence[int]
    version: int | None = None
    user_id: str | None = None


class DeleteWhere(NamedTuple):
    """Delete every memory of a scope that passes a filter, with its earlier versions.

    Outcome: the number of deleted memories, without the versions that went with theirs.
    Without a filter, source turns, background work, preferences and kept results are deleted as well; with
    ``keep_turns`` all of them but the source turns.
    """

    scope: Scope
    expression: Expression | None
    at: int
    keep_turns: bool = False


class Items(NamedTuple):
    """Selects the changes of a batch whose outcomes are the items of a call's result.

    Attributes:
        begin: index of the first change.
        end: index behind the last change.
        verbatim: whether duplicates are items too.
    """

    begin: int
    end: int
    verbatim: bool = False

    @classmethod
    def behind(cls, before: Sequence[Change], changes: Sequence[Change], *, verbatim: bool = False) -> Items:
        """Select changes that follow others in a batch."""
        return cls(len(before), len(before) + len(changes), verbatim)


class Reply(NamedTuple):
    """The result of a call: ``result``, with these items in the place of its own."""

    items: Items
    result: AddResult


class DoneNote(NamedTuple):
    """The completion note of a call; see ``records.completion_note``.

    Attributes:
        items: the items of the call.
        scope: the owners.
        at: when the call was made.
        evident: whether ``Queries.completion`` can tell by the ids of the memory and its message that the
            call has added them. Then nothing is kept if it has.
    """

    items: Items
    scope: Scope
    at: int
    evident: bool = False


class Remember(NamedTuple):
    """Keep the result of a call under a key, so that a retry finds it. Outcome: the kept result.

    The text of a ``Reply`` or a ``DoneNote`` is made from the outcomes of the changes before this one. If the
    key exists already, their batch fails with ``AlreadyDone``, since another call has done the work. So does
    that of any text with ``strict``; otherwise the text that was kept first is the outcome. With ``replace``
    a text takes the place of what was kept. A note that says nothing new is not kept, and has no outcome.
    """

    scope: Scope
    key: str
    result: str | Reply | DoneNote
    at: int
    strict: bool = False
    replace: bool = False


class Restore(NamedTuple):
    """Store memories of another store with their ids, history and links. Outcome: the number of new ones.

    Existing memories stay unchanged: a memory is skipped if its id exists, or if a current memory of its
    scope has the same text. So restoring twice changes nothing. A memory that was deleted here is restored,
    with an entry in its history.

    Attributes:
        memories: the memories.
        turns: source turns; a memory's turns are restored with it or before it.
        history: entries of deleted memories.
        at: now, microseconds UTC.
    """

    memories: Sequence[Stored]
    at: int
    turns: Sequence[Turn] = ()
    history: Sequence[HistoryEntry] = ()


class BufferTurn(NamedTuple):
    """Store a message as a source turn, and buffer it for processing.

    Attributes:
        turn: the message.
        lane: the lane that processes it.
        task_id: the task that it belongs to; ``None`` for the next one of the lane.
        parts: the parts of the message that are not text, as JSON.
    """

    turn: AddTurn
    lane: str
    task_id: int | None = None
    parts: str | None = None


class FinishTurns(NamedTuple):
    """Remove processed turns from the buffer.

    With ``strict`` the batch fails with ``TurnsGone`` unless all of them are still buffered, so the memories
    of a turn are stored once even if two workers process it.
    """

    ids: Sequence[int]
    strict: bool = True


class QueueTurns(NamedTuple):
    """Buffer existing source turns for processing, apart from those that are buffered already."""

    turns: Sequence[BufferTurn]


class FreeTurns(NamedTuple):
    """Detach a lane's turns from ``"process"`` tasks that failed or were cancelled, for the next such task.
    Outcome: the number of turns."""

    lane: str


class AddTask(NamedTuple):
    """Put a task at the end of its lane."""

    task: Task


class HoldLane(NamedTuple):
    """Renew the lease of a lane. The batch fails with ``LeaseLost`` if another worker holds it.

    Attributes:
        lane: the lane.
        owner: the worker that holds it.
        until: the new end of the lease, microseconds UTC.
    """

    lane: str
    owner: str
    until: int


class UpdateTask(NamedTuple):
    """Update the state of a task. Outcome: the updated ``Task``, or ``None``.

    ``None`` for an attribute leaves it as it is. When ``status`` becomes ``PENDING``, its lane has work to do
    at ``due_at``.

    Attributes:
        id: the task's id.
        at: now, microseconds UTC.
        expected: the states in which the task is updated.
        strict: whether the batch fails with ``TaskEnded`` if it is in another state or does not exist.
        forget_error: remove the error.
        attempts: sets the number of attempts.
        results: items to append to ``outcome["results"]`` and to count in ``knowledge_count``; of changes
            before this one.
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


class DeleteTurns(NamedTuple):
    """Delete source turns of exactly one scope. Outcome: the number of deleted turns.

    Attributes:
        scope: their scope.
        ids: which of them; ``None`` for all.
    """

    scope: Scope
    ids: Sequence[int] | None = None


class AddPreference(NamedTuple):
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
    | CreateMemory
    | ReplaceText
    | Supersede
    | Amend
    | Delete
    | LinkTurns
    | DeleteTurns
    | DeleteWhere
    | Remember
    | Restore
)


@dataclass(slots=True)
class Added:
    """The memory was stored."""

    row: Row


class Duplicate(NamedTuple):
    """The scope already holds this text, in ``row``; nothing was stored."""

    row: Row


class Updated(NamedTuple):
    """The memory as it is now, and the text it had before."""

    row: Row
    previous: str


Outcome: TypeAlias = Added | Duplicate | Updated | Row | Task | int | str | None


class AlreadyDone(Exception):
    """Another call has kept a result under this key; the batch was undone.

    Attributes:
        result: the result of that call.
    """

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


class AlreadyStored(Exception):
    """Another memory of the same scope has this text; the batch was undone.

    Attributes:
        id: that memory's id.
    """

    def __init__(self, memory_id: int) -> None:
        super().__init__(memory_id)
        self.id = memory_id


class VersionConflict(Exception):
    """A memory changed between reading and writing; the batch was undone and can be decided again."""


class TurnsGone(Exception):
    """A turn is not buffered any more: it was processed elsewhere or deleted; the batch was undone."""


class LeaseLost(Exception):
    """Another worker holds the lane; the batch was undone."""


class TaskEnded(Exception):
    """The task was cancelled or ended elsewhere; the batch was undone."""
