"""Rows that SQLite inserts several at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from powermem._core.sql.steps import Statement, Statements, Steps
from powermem._sqlite import steps
from powermem._sqlite.steps import run


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, data BLOB)")
    yield opened
    opened.close()


def _changed(connection: sqlite3.Connection, sql: str, rows: list[tuple[object, ...]]) -> int:
    def work() -> Steps[int]:
        count: int = yield Statements(sql, rows)
        return count

    return run(connection, work())


INSERT = "INSERT INTO t (id, text, data) VALUES (?, ?, ?)"


def _rows(count: int) -> list[tuple[object, ...]]:
    return [(number, f"text {number}", bytes([number % 256])) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 511, 512, 513, 1100])
@pytest.mark.parametrize("limit", [32_766, 999, 40, 2])
def test_all_rows_arrive_in_few_statements(
    connection: sqlite3.Connection, count: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_MOST_VALUES", limit)
    traced: list[str] = []
    connection.set_trace_callback(traced.append)
    assert _changed(connection, INSERT, _rows(count)) == count
    connection.set_trace_callback(None)
    assert connection.execute("SELECT * FROM t ORDER BY id").fetchall() == _rows(count)
    if limit == 32_766:
        assert len(traced) <= count // 512 + 6 + 7


@pytest.mark.parametrize(
    ("sql", "stored"),
    [
        (f"{INSERT} ON CONFLICT DO NOTHING", "text 3"),
        (f"{INSERT} ON CONFLICT (id) DO NOTHING", "text 3"),
        ("INSERT OR REPLACE INTO t VALUES (?, ?, ?)", "other"),
    ],
)
def test_a_row_that_is_there_is_treated_as_alone(
    connection: sqlite3.Connection, sql: str, stored: str
) -> None:
    assert _changed(connection, INSERT, _rows(20)) == 20
    again = [(number, "other" if number == 3 else f"text {number}", None) for number in range(40)]
    changed = _changed(connection, sql, again)
    assert changed == (20 if stored == "text 3" else 40)
    assert connection.execute("SELECT text FROM t WHERE id = 3").fetchone() == (stored,)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (40,)


def test_an_error_in_one_row_undoes_all_with_the_savepoint(connection: sqlite3.Connection) -> None:
    rows = _rows(300)
    rows[200] = (200, "text 5", None)

    def work() -> Steps[None]:
        yield Statement("BEGIN")
        yield Statement("SAVEPOINT batch")
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            yield Statements(INSERT, rows)
        yield Statement("ROLLBACK TO SAVEPOINT batch")
        yield Statement("RELEASE SAVEPOINT batch")
        yield Statements(INSERT, _rows(10))
        yield Statement("COMMIT")

    run(connection, work())
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (10,)


@pytest.mark.parametrize(
    ("sql", "first", "changed"),
    [
        ("UPDATE t SET data = ? WHERE id = ?", b"x", 20),
        ("DELETE FROM t WHERE data IS ? AND id = ?", None, 20),
        ("INSERT INTO t (data, id, text) VALUES (?, 100 + ?, hex(randomblob(8)))", b"x", 20),
    ],
)
def test_other_statements_are_executed_for_each_row(
    connection: sqlite3.Connection, sql: str, first: bytes | None, changed: int
) -> None:
    _changed(connection, INSERT, [(number, f"text {number}", None) for number in range(20)])
    assert _changed(connection, sql, [(first, number) for number in range(20)]) == changed
