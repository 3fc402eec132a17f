"""What a task in the background needs to know of the call that made it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .changes import AddMemory, Amend, Change, LinkTurns, ReplaceText, Supersede
from .plan import NewMemories
from .tasks import Task


@dataclass(frozen=True, slots=True)
class Refinement:
    """A call of ``add`` whose thorough part is done later.

    Attributes:
        new: what its memories have in common.
        prompt: replaces the instructions for extracting.
        filters: which stored memories may be changed, as they were given.
        rough: the ids of the rough memories that what comes of it replaces.
    """

    new: NewMemories
    prompt: str | None = None
    filters: Mapping[str, Any] | None = None
    rough: tuple[int, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Return what a task keeps of it."""
        new = self.new
        kept = {
            "metadata": new.metadata or None,
            "memory_type": new.memory_type,
            "actor_id": new.actor_id,
            "expires_at": new.expires_at,
            "prompt": self.prompt,
            "filters": None if self.filters is None else _plain(self.filters),
            "rough": list(self.rough) or None,
        }
        return {name: value for name, value in kept.items() if value is not None}

    @classmethod
    def of(cls, task: Task, at: int) -> Refinement:
        """Return what a task was made with.

        Args:
            task: a task of any kind; one that extracts from the buffer has no more than a scope.
            at: the present moment, microseconds UTC.
        """
        kept = task.payload
        return cls(
            NewMemories(
                scope=task.scope,
                at=at,
                metadata=kept.get("metadata") or {},
                memory_type=kept.get("memory_type"),
                actor_id=kept.get("actor_id"),
                expires_at=kept.get("expires_at"),
            ),
            kept.get("prompt"),
            kept.get("filters"),
            tuple(kept.get("rough") or ()),
        )

    def endings(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes that put others in the place of the rough memories.

        Args:
            changes: those that store what was learned; the rough memories are superseded by the first memory
                among them. Where nothing was worth remembering they are no longer found, from now on.
        """
        at = self.new.at
        if (found := _successor(changes)) is None:
            return [Amend(rough, at, expires_at=at, set_expires_at=True) for rough in self.rough]
        memory_id, text = found
        return [Supersede(rough, memory_id, text, at, at) for rough in self.rough]


def _plain(value: Any) -> Any:
    """Return a part of a filter as JSON can hold it, with the same meaning."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _successor(changes: Sequence[Change]) -> tuple[int, str] | None:
    for change in changes:
        if isinstance(change, AddMemory):
            return change.row.id, change.row.text
        if isinstance(change, ReplaceText):
            return change.id, change.text
        if isinstance(change, LinkTurns):
            return change.id, ""
    return None
