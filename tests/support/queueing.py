"""Work for a store's queue, made without a processor. Tests set the times, and never wait for them."""

from __future__ import annotations

from typing import Any

from powermem._core.changes.writes import AddPreference, AddTask, AddTurn, BufferTurn, UpdateTask
from powermem._core.ids import new_id
from powermem._core.tasks.task import LONGEST_PAUSE, OPEN, Preference, ProcessStatus, Task, lane_of
from powermem._core.text.cleaning import content_hash
from powermem._core.values import EmbedderIdentity, Scope
from powermem._core.wire.failure import Backoff
from tests.support.additions import ANA

SECOND = 1_000_000
AT = 1_800_000_000 * SECOND
UNTIL = AT + 60 * SECOND
LANE = lane_of(ANA)
ALL = frozenset(ProcessStatus)
MOCK = EmbedderIdentity("mock", "mock", 384)

LONG = "😀" * 128
"""As many bytes as an id may have."""

# Pairs that one collation or another takes for equal, and what means something to SQL.
USERS = [
    "ana",
    "Ana",
    "ana ",
    "aná",
    "ana\u0301",
    "ß",
    "ss",
    "%",
    "a' OR 1=1",
    '"',
    "\\",
    "😀",
    "🙂",
    LONG,
]


class LongPause(Backoff):
    """Waits as long as a task can before a retry."""

    def delay(self, attempt: int, asked: float | None = None) -> float:
        return LONGEST_PAUSE - 1


def said(text: str, scope: Scope = ANA, *, task_id: int | None = None, **fields: Any) -> BufferTurn:
    """Return the change that keeps a message which waits; ``fields`` are those of the turn, and ``parts``."""
    parts = fields.pop("parts", None)
    standard = {"id": new_id(), "scope": scope, "role": "user", "content": text, "actor_id": None}
    turn = AddTurn(**{**standard, "sent_at": AT, "created_at": AT, **fields})
    return BufferTurn(turn, lane_of(turn.scope), task_id, parts)


def task_of(scope: Scope = ANA, kind: str = "process", **fields: Any) -> AddTask:
    """Return the change that puts a task at the end of the scope's lane."""
    standard = {"id": new_id(), "lane": lane_of(scope), "scope": scope, "kind": kind}
    return AddTask(Task(**{**standard, "created_at": AT, "updated_at": AT, "due_at": AT, **fields}))


def becomes(task: Task | AddTask, status: ProcessStatus | None, **fields: Any) -> UpdateTask:
    """Return the change that brings an open task into another state."""
    number = (task.task if isinstance(task, AddTask) else task).id
    return UpdateTask(**{"id": number, "at": AT, "expected": OPEN, "status": status, **fields})


def preference_of(text: str, scope: Scope = ANA, **fields: Any) -> AddPreference:
    """Return the change that stores a preference."""
    standard = {"id": new_id(), "scope": scope, "kind": "explicit_preference", "text": text}
    more = {"reasoning": f"said: {text}", "hash": content_hash(text), "created_at": AT}
    return AddPreference(Preference(**{**standard, **more, **fields}))
