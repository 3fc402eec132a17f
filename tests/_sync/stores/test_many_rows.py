# Generated from tests/_async/stores/test_many_rows.py by scripts/run_unasync.py; edit that file instead.
"""Many rows go to PostgreSQL in few statements, and arrive as they would one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from powermem._core.sql.postgres_values import Array, Vector
from powermem._drivers import postgres
from powermem._sync.stores.base import Store
from powermem._sync.stores.postgres import PostgresStore

pytestmark = pytest.mark.stores("postgres")

TABLE = "CREATE TEMPORARY TABLE many (id bigint PRIMARY KEY, text text, raw bytea, ids bigint[], near vector)"
INSERT = (
    "INSERT INTO many (id, text, raw, ids, near) "
    "VALUES (?::bigint, ?::text, ?::bytea, ?::bigint[], ?::vector) ON CONFLICT DO NOTHING"
)
READ = "SELECT id, text, raw, ids, near::text FROM many ORDER BY id"


def vector(number: int) -> Vector:
    return Vector(np.array([number, -number, 0.5], dtype=np.float32).tobytes())


def row(number: int) -> tuple[Any, ...]:
    if number % 7 == 3:
        return (number, None, None, Array("bigint"), None)
    return (
        number,
        f"tea {number} ?",
        bytes([number % 256, 0]),
        Array("bigint", [number, -(2**63)]),
        vector(number),
    )


def kept(number: int) -> tuple[Any, ...]:
    _, text, raw, ids, near = row(number)
    return (number, text, raw, [*ids], None if near is None else f"[{number},{-number or 0},0.5]")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("count", [1, 2, 130])
def test_rows_arrive(opened: Store, monkeypatch: pytest.MonkeyPatch, count: int, large: bool) -> None:
    if large:
        monkeypatch.setattr(postgres, "_LARGE", 10)
    assert isinstance(opened, PostgresStore)
    with opened._pool.transaction() as connection:
        connection.execute(TABLE)
        # Every row twice: the second is passed over, also within one statement.
        numbers = [number // 2 for number in range(2 * count)]
        # Those of them that were inserted are counted.
        assert connection.execute_many(INSERT, [row(number) for number in numbers]) == count
        assert connection.fetch(READ) == [kept(number) for number in range(count)]
        changed = [(f"{number}", number) for number in range(count)]
        connection.execute_many("UPDATE many SET text = ? WHERE id = ?", changed)
        assert [one[1] for one in connection.fetch(READ)] == [f"{number}" for number in range(count)]
        connection.execute("DROP TABLE many")
