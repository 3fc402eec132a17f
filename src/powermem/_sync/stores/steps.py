# Generated from src/powermem/_async/stores/steps.py by scripts/run_unasync.py; edit that file instead.
"""Running steps of more than one statement on a database server."""

from __future__ import annotations

from typing import Any, TypeVar

from ..._core.sql.steps import Query, Statement, Statements, Steps
from ..._drivers.base import Connection
from .server.pool import Reader

T = TypeVar("T")


def run(connection: Connection | Reader, steps: Steps[T]) -> T:
    """Run steps to their end and return their result.

    Args:
        connection: inside a transaction; a reader for steps that only ask.
        steps: of ``_core.sql.steps``.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = _answer(connection, step)
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


def _answer(connection: Connection | Reader, step: Query | Statement | Statements) -> Any:
    if isinstance(step, Query):
        return connection.fetch(step.sql, step.values)
    assert not isinstance(connection, Reader), "a reader runs queries only"
    if isinstance(step, Statement):
        return connection.execute(step.sql, step.values)
    return connection.execute_many(step.sql, step.rows)
