"""What a store can be asked to write, as plain values.

A batch of changes is applied as a whole or not at all. Stores gather the batches of concurrent callers into
one transaction, and an error in one batch undoes that batch only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .filters import Expression
from .types import Metadata, Row, Scope


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


@dataclass(frozen=True, slots=True)
class AddMemory:
    """Store a memory, unless its scope already holds the same text.

    ``embedding`` is a normalized float32 vector as bytes, or ``None`` without an embedder. Outcome: ``Added``
    or ``Duplicate``.
    """

    row: Row
    embedding: bytes | None
    turns: Sequence[int] = ()
    facets: Mapping[str, Any] = field(default_factory=dict)


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

    With ``version`` the change fails with ``VersionConflict`` when the memory is not as it was read: it may
    no longer say it.
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
class Remember:
    """Keep the result of a call under the caller's key, so that a retry finds it. Outcome: the kept
    result."""

    scope: Scope
    key: str
    result: str
    at: int


Change: TypeAlias = (
    AddTurn | AddMemory | ReplaceText | Supersede | Amend | Delete | LinkTurns | DeleteWhere | Remember
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


Outcome: TypeAlias = Added | Duplicate | Updated | Row | int | str | None


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
