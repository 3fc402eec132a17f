"""The query that tells whether a transaction was committed if the reply to COMMIT was lost. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..changes.history import ADD
from ..changes.writes import (
    Added,
    AddMemory,
    AddTask,
    AddTurn,
    BufferTurn,
    Change,
    Delete,
    Outcome,
    ReplaceText,
    Supersede,
    Updated,
)
from ..values import Row
from .dialects import Fragment
from .server import ServerSQL


def evidence(
    sql: ServerSQL, batches: Sequence[Sequence[Change]], results: Sequence[Sequence[Outcome] | Exception]
) -> Fragment | None:
    """Return a query that has a row if a transaction was committed.

    Args:
        sql: the collection's statements.
        batches: the changes of the transaction.
        results: the result of each batch.

    Returns:
        The query, or ``None`` when nothing that the transaction wrote can be told from what others write.
    """
    return next(
        (
            trace
            for batch, outcomes in zip(batches, results, strict=True)
            if not isinstance(outcomes, Exception)
            for trace in _traces(sql, batch, outcomes)
        ),
        None,
    )


def _traces(sql: ServerSQL, batch: Sequence[Change], outcomes: Sequence[Outcome]) -> Iterator[Fragment]:
    for change, outcome in zip(batch, outcomes, strict=True):
        # Ids of turns and tasks are unique to one call.
        if isinstance(change, (AddTurn, BufferTurn)):
            turn = change if isinstance(change, AddTurn) else change.turn
            yield Fragment(f"SELECT 1 FROM {sql.turns} WHERE id = ?", (turn.id,))
        elif isinstance(change, AddTask):
            yield Fragment(f"SELECT 1 FROM {sql.tasks} WHERE id = ?", (change.task.id,))
        elif isinstance(change, AddMemory) and isinstance(outcome, Added):
            yield _memory(sql, outcome.row)
        elif isinstance(change, (ReplaceText, Supersede)) and isinstance(outcome, Updated):
            yield _entry(sql, change.id, "UPDATE", change.at)
        elif isinstance(change, Delete) and isinstance(outcome, Row):
            yield _entry(sql, change.id, "DELETE", change.at)


def _memory(sql: ServerSQL, row: Row) -> Fragment:
    """Return the query that finds a memory, or that it was added before somebody deleted it."""
    stored, added = sql.one(row.id, row.scope.user_id or ""), _entry(sql, row.id, ADD, row.created_at)
    return Fragment(
        f"SELECT 1 FROM {sql.records} WHERE {stored.sql} AND created_at = ? UNION ALL {added.sql}",
        (*stored.values, row.created_at, *added.values),
    )


def _entry(sql: ServerSQL, memory_id: int, event: str, at: int) -> Fragment:
    return Fragment(
        f"SELECT 1 FROM {sql.history} WHERE memory_id = ? AND event = ? AND created_at = ?",
        (memory_id, event, at),
    )
