"""What the tests of filters share: the real table, asked in Python and in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from powermem._core.filters.match import matches
from powermem._core.filters.parse import parse
from powermem._core.metadata import encode
from powermem._core.sql.dialects import SQLITE
from powermem._core.sql.filters import compile_filter, register_functions
from powermem._core.sql.rows import COLUMNS, to_row
from powermem._core.sql.schema import sqlite_schema
from powermem._core.values import Row, Scope

Filter = Mapping[str, Any]


def open_table(stored: Sequence[Row]) -> sqlite3.Connection:
    """Return a database with the real table holding these rows; ids count from 1."""
    connection = sqlite3.connect(":memory:")
    register_functions(connection)
    for statement in sqlite_schema("memories"):
        # Without the key against duplicates: these rows are made at random.
        if "memories_records" in statement and "UNIQUE" not in statement:
            connection.execute(statement)
    marks = ", ".join("?" * (len(COLUMNS.split(",")) + 1))
    connection.executemany(
        f"INSERT INTO memories_records ({COLUMNS}, sequence) VALUES ({marks})",
        [(number, *_values(row), 1) for number, row in enumerate(stored, 1)],
    )
    return connection


def _values(row: Row) -> tuple[object, ...]:
    scope = [part or "" for part in row.scope]
    content = (row.text, row.hash, row.actor_id, row.memory_type, encode(row.metadata))
    times = (row.created_at, row.updated_at, row.valid_from, row.valid_to, row.expires_at)
    numbers = (row.superseded_by, row.access_count, row.version, row.utc_offset)
    return (*scope, *content, *times, *numbers, encode(row.facets))


def found_by_python(connection: sqlite3.Connection, wanted: object) -> list[int]:
    """Return the ids of the rows, as read back, that match in Python."""
    expression = parse(wanted)
    loaded = map(to_row, connection.execute(f"SELECT {COLUMNS} FROM memories_records ORDER BY id"))
    return [row.id for row in loaded if expression is None or matches(expression, row)]


def found_by_sqlite(connection: sqlite3.Connection, wanted: object, condition: str = "{}") -> list[int]:
    """Return the ids of the rows that match in SQLite; the compiled filter goes into ``condition``."""
    expression = parse(wanted)
    sql, parameters = compile_filter(expression, SQLITE) if expression else ("1", [])
    query = f"SELECT id FROM memories_records WHERE {condition.format(sql)} ORDER BY id"
    return [row[0] for row in connection.execute(query, parameters)]


def found(stored: Mapping[str, Any] | Row, wanted: object) -> bool:
    """Return whether a row, or one with this metadata, matches; both ways must agree."""
    row = stored if isinstance(stored, Row) else Row(1, Scope("ana"), "text", "hash", metadata=dict(stored))
    with closing(open_table([row])) as connection:
        answer = found_by_python(connection, wanted)
        assert found_by_sqlite(connection, wanted) == answer
    return bool(answer)
