"""Run steps on a SQLite connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from .._core.sql.steps import Compute, Loading, Query, Statements, Steps

T = TypeVar("T")

# Rows of one INSERT at the most. It runs for some milliseconds, in which other threads have the
# interpreter; with more rows it takes no less time for each.
_MOST_ROWS = 512
# With fewer, the statement for one row, executed for each, is as fast.
_LEAST_ROWS = 8
# Parameters of a statement at the most, unless SQLite was built with another limit.
_MOST_VALUES = 32_766 if sqlite3.sqlite_version_info >= (3, 32) else 999


def run(connection: sqlite3.Connection, steps: Steps[T] | Loading[T]) -> T:
    """Run steps to their end and return their result.

    Args:
        connection: inside a transaction.
        steps: of ``_core.sql.steps``.
    """
    answer: Any
    execute, send = connection.execute, steps.send
    try:
        step = next(steps)
        while True:
            kind = type(step)
            try:
                if kind is Statements:
                    answer = _execute_many(connection, *step)
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


def _execute_many(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """Execute a statement for many rows of values, and return the number of rows changed.

    Rows are inserted several at a time: the interpreter is asked for once for all of them, not after each.
    Their numbers are powers of two, so that few statements have to be compiled.
    """
    count, begin = 0, 0
    if len(rows) >= _LEAST_ROWS and (most := _MOST_VALUES // (len(rows[0]) or 1)):
        size = min(_MOST_ROWS, 1 << (most.bit_length() - 1))
        while size >= _LEAST_ROWS and (inserting := _for_rows(sql, size)) is not None:
            while len(rows) - begin >= size:
                values = [*chain.from_iterable(rows[begin : begin + size])]
                count += connection.execute(inserting, values).rowcount
                begin += size
            size //= 2
    if begin < len(rows):
        count += connection.executemany(sql, rows[begin:] if begin else rows).rowcount
    return count


@lru_cache(maxsize=256)
def _for_rows(sql: str, count: int) -> str | None:
    """Return the statement that inserts so many rows, given that for one; ``None`` if it inserts none.

    It fails as a whole only together with its transaction or savepoint, to which the caller goes back after
    any error. To be able to undo it alone, SQLite would copy every page that it changes.
    """
    head, values, tail = sql.partition(" VALUES (")
    marks, _, rest = tail.partition(")")
    if not values or not head.startswith("INSERT ") or set(marks) - set("?, ") or not marks:
        return None
    head = head.replace("INSERT INTO", "INSERT OR FAIL INTO", 1)
    return f"{head} VALUES {', '.join([f'({marks})'] * count)}{rest}"
