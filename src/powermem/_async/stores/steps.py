"""Running steps of more than one statement on a database server."""

from __future__ import annotations

from typing import Any, TypeVar

from ..._core.sql.steps import Query, Statement, Statements, Steps
from ..._drivers.base import AsyncConnection
from .server.pool import AsyncReader

T = TypeVar("T")


async def async_run(connection: AsyncConnection | AsyncReader, steps: Steps[T]) -> T:
    """Run steps to their end and return their result.

    Args:
        connection: inside a transaction; a reader for steps that only ask.
        steps: of ``_core.sql.steps``.
    """
    try:
        step = next(steps)
        while True:
            try:
                answer = await _async_answer(connection, step)
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


async def _async_answer(
    connection: AsyncConnection | AsyncReader, step: Query | Statement | Statements
) -> Any:
    if isinstance(step, Query):
        return await connection.fetch(step.sql, step.values)
    assert not isinstance(connection, AsyncReader), "a reader runs queries only"
    if isinstance(step, Statement):
        return await connection.execute(step.sql, step.values)
    return await connection.execute_many(step.sql, step.rows)
