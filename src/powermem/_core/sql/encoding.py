"""Conversion between table rows and the values of background work. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..changes.writes import BufferTurn
from ..tasks.task import BufferedTurn, Preference, ProcessStatus, Task
from .rows import PLAIN, Texts, scope_values, to_scope, to_turn

_SCOPE = "user_id, agent_id, run_id"
BUFFERED = f"turn_id, lane, task_id, parts, {_SCOPE}, created_at"
TASK = (
    f"id, lane, {_SCOPE}, kind, created_at, updated_at, due_at, status, stage, attempts, error, "
    "knowledge_count, payload, outcome"
)
PREFERENCE = f"id, {_SCOPE}, kind, preference, reasoning, hash, created_at"


class Encoding:
    """The values as a database keeps them.

    Args:
        texts: how it keeps text.
    """

    def __init__(self, texts: Texts = PLAIN) -> None:
        self.texts = texts

    def buffered_values(self, change: BufferTurn) -> tuple[Any, ...]:
        """Return the values of ``BUFFERED``."""
        parts = None if change.parts is None else self.texts.stored_json(change.parts)
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
            self.texts.stored(task.stage),
            task.attempts,
            self.texts.stored_or_none(task.error),
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
            stage=self.texts.loaded(stage),
            attempts=attempts,
            error=self.texts.loaded_or_none(error),
            knowledge_count=knowledge_count,
            payload=json.loads(self.texts.loaded_json(payload)),
            outcome=json.loads(self.texts.loaded_json(outcome)),
        )

    def to_buffered(self, values: Sequence[Any]) -> BufferedTurn:
        """Build a waiting turn from the values of a turn, then lane, task_id, parts."""
        *turn, lane, task_id, parts = values
        parts = None if parts is None else self.texts.loaded_json(parts)
        return BufferedTurn(to_turn(turn, self.texts), lane, task_id or None, parts)

    def encoded(self, value: Mapping[str, Any]) -> str:
        """Return a JSON object as it is stored."""
        return self.texts.stored_json(json.dumps(dict(value), ensure_ascii=False))

    def preference_values(self, one: Preference) -> tuple[Any, ...]:
        """Return the values of ``PREFERENCE``."""
        text, reasoning = self.texts.stored(one.text), self.texts.stored(one.reasoning)
        return (one.id, *scope_values(one.scope), one.kind, text, reasoning, one.hash, one.created_at)

    def to_preference(self, values: Sequence[Any]) -> Preference:
        """Build a preference from the values of ``PREFERENCE``."""
        preference_id, user_id, agent_id, run_id, kind, text, reasoning, digest, created_at = values
        scope = to_scope((user_id, agent_id, run_id))
        text, reasoning = self.texts.loaded(text), self.texts.loaded(reasoning)
        return Preference(preference_id, scope, kind, text, reasoning, digest, created_at)
