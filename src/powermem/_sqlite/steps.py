"""Run steps on a SQLite connection."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeVar

from .._core.sql.steps import Compute, Loading, Query, Statements, Steps

T = TypeVar("T")


def run(connection: sqlite3.Connection, steps: Steps[T] | Loading[T]) -> T:
    """Run steps to their end and return their result.

    Args:
        connection: inside a transaction.
        steps: of ``_core.sql.steps``.
    """
    answer: Any
    execute, execute_many, send = connection.execute, connection.executemany, steps.send
    try:
        step = next(steps)
        while True:
            kind = type(step)
            try:
                if kind is Statements:
                    answer = execute_many(*step).rowcount
                elif kind is Query:
                    answer = execute(*step).fetchall()
                elif isinstance(step, Compute):
                    answer = step.function(*step.args)
                else:
                    answer = execute(*step).rowcount
            except Exception as error:
                step = steps.throw(error)
            else:
                step = send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
