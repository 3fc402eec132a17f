"""Between table rows and the values of the work to do. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..changes import AddTurn, BufferTurn
from ..tasks import BufferedTurn, Preference, ProcessStatus, Task
from ..types import Scope, Turn
from .server import ServerSQL, scope_values

_SCOPE = "user_id, agent_id, run_id"
TURN = f"id, {_SCOPE}, role, content, actor_id, sent_at, created_at"
BUFFERED = f"turn_id, lane, task_id, parts, {_SCOPE}, created_at"
TASK = (
    f"id, lane, {_SCOPE}, kind, created_at, updated_at, due_at, status, stage, attempts, error, "
    "knowledge_count, payload, outcome"
)
PREFERENCE = f"id, {_SCOPE}, kind, preference, reasoning, hash, created_at"


class Encoding:
    """The values as SQLite keeps them."""

    def stored(self, text: str) -> str:
        """Return text as this database can keep it."""
        return text

    def loaded(self, text: str) -> str:
        """Undo `stored`."""
        return text

    def stored_json(self, text: str) -> str:
        """Return JSON text as this database can keep it."""
        return text

    def loaded_json(self, text: str) -> str:
        """Undo `stored_json`."""
        return text

    def turn_values(self, change: AddTurn) -> tuple[Any, ...]:
        """Return the values of ``TURN``."""
        role, content = self.stored(change.role), self.stored(change.content)
        scope = scope_values(change.scope)
        return (change.id, *scope, role, content, change.actor_id, change.sent_at, change.created_at)

    def buffered_values(self, change: BufferTurn) -> tuple[Any, ...]:
        """Return the values of ``BUFFERED``."""
        parts = None if change.parts is None else self.stored_json(change.parts)
        turn = change.turn
        return (turn.id, change.lane, change.task_id or 0, parts, *scope_values(turn.scope), turn.created_at)

    def task_values(self, task: Task) -> tuple[Any, ...]:
        """Return the values of ``TASK``."""
        return (
            task.id,
            task.lane,
            *scope_values(task.scope),
            task.kind,
            task.created_at,
            task.updated_at,
            task.due_at,
            task.status.value,
            self.stored(task.stage),
            task.attempts,
            None if task.error is None else self.stored(task.error),
            task.knowledge_count,
            self.encoded(task.payload),
            self.encoded(task.outcome),
        )

    def to_task(self, values: Sequence[Any]) -> Task:
        """Build a task from the values of ``TASK``."""
        task_id, lane, user_id, agent_id, run_id, kind, created_at, updated_at, due_at, *rest = values
        status, stage, attempts, error, knowledge_count, payload, outcome = rest
        return Task(
            id=task_id,
            lane=lane,
            scope=to_scope((user_id, agent_id, run_id)),
            kind=kind,
            created_at=created_at,
            updated_at=updated_at,
            due_at=due_at,
            status=ProcessStatus(status),
            stage=self.loaded(stage),
            attempts=attempts,
            error=None if error is None else self.loaded(error),
            knowledge_count=knowledge_count,
            payload=json.loads(self.loaded_json(payload)),
            outcome=json.loads(self.loaded_json(outcome)),
        )

    def to_buffered(self, values: Sequence[Any]) -> BufferedTurn:
        """Build a waiting turn from the values of a turn, then lane, task_id, parts."""
        turn_id, user_id, agent_id, run_id, role, content, actor_id, sent_at, created_at, *rest = values
        lane, task_id, parts = rest
        scope = to_scope((user_id, agent_id, run_id))
        turn = Turn(turn_id, scope, self.loaded(role), self.loaded(content), actor_id, sent_at, created_at)
        parts = None if parts is None else self.loaded_json(parts)
        return BufferedTurn(turn, lane, task_id or None, parts)

    def encoded(self, value: Mapping[str, Any]) -> str:
        """Return a JSON object as it is stored."""
        return self.stored_json(json.dumps(dict(value), ensure_ascii=False))

    def preference_values(self, one: Preference) -> tuple[Any, ...]:
        """Return the values of ``PREFERENCE``."""
        scope, text, reasoning = scope_values(one.scope), self.stored(one.text), self.stored(one.reasoning)
        return (one.id, *scope, one.kind, text, reasoning, one.hash, one.created_at)

    def to_preference(self, values: Sequence[Any]) -> Preference:
        """Build a preference from the values of ``PREFERENCE``."""
        preference_id, user_id, agent_id, run_id, kind, text, reasoning, digest, created_at = values
        scope = to_scope((user_id, agent_id, run_id))
        return Preference(
            preference_id, scope, kind, self.loaded(text), self.loaded(reasoning), digest, created_at
        )


class ServerEncoding(Encoding):
    """The values as a database server keeps them.

    Args:
        sql: what else there is to say about the collection.
    """

    def __init__(self, sql: ServerSQL) -> None:
        self._sql = sql

    def stored(self, text: str) -> str:
        return self._sql.stored(text)

    def loaded(self, text: str) -> str:
        return self._sql.loaded(text)

    def stored_json(self, text: str) -> str:
        return self._sql.stored_json(text)

    def loaded_json(self, text: str) -> str:
        return self._sql.loaded_json(text)


def to_scope(values: Sequence[str]) -> Scope:
    """Build a scope from its three values."""
    return Scope(*(value or None for value in values))
