"""Running steps of more than one statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from ..sql.steps import Query, Statements, Steps
from .connection import Database

T = TypeVar("T")


def run(connection: sqlite3.Connection, steps: Steps[T]) -> T:
    """Run steps to their end and return their result.

    Args:
        connection: inside a transaction.
        steps: of ``powermem.sql.steps``.
    """
    try:
        step = next(steps)
        while True:
            if isinstance(step, Statements):
                connection.executemany(step.sql, step.rows)
                step = next(steps)
                continue
            cursor = connection.execute(step.sql, step.values)
            step = steps.send(cursor.fetchall() if isinstance(step, Query) else cursor.rowcount)
    except StopIteration as end:
        result: T = end.value
        return result


class Runner:
    """Runs steps on a database."""

    _database: Database

    def transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps in a transaction of their own."""
        with self._database.writing() as connection:
            return run(connection, work(*args))

    def ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps that only read; all see one moment."""
        with self._database.reading() as connection:
            return run(connection, work(*args))
