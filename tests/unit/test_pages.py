"""What SQLite does for a page of a list, in steps of its virtual machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import pytest

from powermem._core.sql.queries import Position, Queries
from powermem._core.sql.rows import COLUMNS
from powermem._core.sql.sqlite import SQLiteSQL
from powermem._core.sql.steps import Steps
from powermem._core.values import Scope
from powermem._sqlite.steps import run

T = TypeVar("T")

ANA = Scope("ana")
NOW = 10**15
FEW, MANY = 200, 2_000


@pytest.fixture(scope="module")
def connections() -> Iterator[dict[int, sqlite3.Connection]]:
    """A database with few memories of a user, and one with many."""
    with closing(filled(FEW)) as few, closing(filled(MANY)) as many:
        yield {FEW: few, MANY: many}


def filled(count: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SQLiteSQL("c").schema():
        connection.execute(statement)
    columns = f"{COLUMNS}, sequence"
    end = (None, None, None, 0, 1, None, "{}", 1)
    rows = [
        (number, "ana", "", "", f"memory {number}", str(number), None, None, "{}", *[number] * 3, *end)
        for number in range(count)
    ]
    places = ", ".join("?" * len(rows[0]))
    connection.executemany(f"INSERT INTO c_records ({columns}) VALUES ({places})", rows)
    return connection


def counted(connection: sqlite3.Connection, steps: Steps[T]) -> tuple[T, int]:
    """Run steps; return what they return, and the steps of the virtual machine."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection.set_progress_handler(step, 1)
    try:
        return run(connection, steps), taken
    finally:
        connection.set_progress_handler(None, 1)


def behind(count: int, sort_by: str) -> Callable[[Queries], Steps[list[Any]]]:
    place = Position(count // 2, count // 2)
    return lambda queries: queries.next_rows(ANA, None, NOW, sort_by, True, 20, place)


def test_a_page_in_the_middle_of_many_takes_no_more_steps(
    connections: dict[int, sqlite3.Connection],
) -> None:
    taken = {}
    for count, connection in connections.items():
        rows, taken[count] = counted(connection, behind(count, "created_at")(Queries(SQLiteSQL("c"))))
        assert [row.id for row in rows] == [count // 2 - 1 - number for number in range(20)]
    assert taken[MANY] == taken[FEW]


def test_whole_rows_are_read_of_a_page_only(connections: dict[int, sqlite3.Connection]) -> None:
    taken = {}
    for count, connection in connections.items():
        read = Queries(SQLiteSQL("c")).list_rows(ANA, None, NOW, "valid_from", True, 20, 0)
        (rows, total), taken[count] = counted(connection, read)
        assert (len(rows), total) == (20, count)
    # In an order without an index, each further row is counted and compared. To read its columns would take
    # as many steps as there are columns.
    assert taken[MANY] - taken[FEW] < (MANY - FEW) * 30
