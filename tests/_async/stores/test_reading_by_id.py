"""Rows that are asked for by their ids are looked up, whatever the server believes about its tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.server.store import AsyncServerStore
from powermem._async.stores.steps import async_run
from powermem._core.sql.dialects import Fragment
from powermem._core.sql.mysql import MySQLSQL
from powermem._core.sql.steps import Query, Statement, Steps
from powermem._drivers.base import AsyncConnection

pytestmark = pytest.mark.stores("mysql")

ROWS = 1200
PARTS = 4

OF_USER: dict[str, Callable[[Any, Sequence[int]], Fragment]] = {
    "of a user": lambda sql, ids: sql.named(ids, "u"),
    "of anybody": lambda sql, ids: sql.named(ids, None),
    "each of the same user": lambda sql, ids: sql.owned([(one, "u") for one in ids]),
    "each of its user": lambda sql, ids: sql.owned([(one, "u" if n else "z") for n, one in enumerate(ids)]),
}
STATEMENTS: dict[str, Callable[[str, Fragment], Query | Statement]] = {
    "read": lambda table, where: Query(
        f"SELECT user_id, run_id FROM {table} WHERE {where.sql}", where.values
    ),
    "lock": lambda table, where: Query(
        f"SELECT id, user_id FROM {table} WHERE {where.sql} ORDER BY id FOR UPDATE", where.values
    ),
    "change": lambda table, where: Statement(
        f"UPDATE {table} SET created_at = created_at + 1 WHERE {where.sql}", where.values
    ),
    "delete": lambda table, where: Statement(f"DELETE FROM {table} WHERE {where.sql}", where.values),
}


@pytest.fixture(params=[0, PARTS], ids=["whole", "divided"])
async def loaded(
    request: pytest.FixtureRequest, new_config: dict[str, Any]
) -> AsyncIterator[AsyncServerStore]:
    """Many rows of one user, of which the statistics of the server know nothing."""
    new_config["vector_store"]["config"]["partitions"] = request.param
    async with AsyncMemory({**new_config, "embedder": {"provider": "none"}}) as memory:
        await memory.add("tea is green", user_id="z", infer=False)
        assert memory._access.components is not None
        store = memory._access.components.store
        assert isinstance(store, AsyncServerStore)
        async with store._pool.reading() as reader:
            for table in (store._sql.records, store._sql.turns):
                await reader.fetch(f"ALTER TABLE {table} STATS_AUTO_RECALC = 0, STATS_PERSISTENT = 1")
        items = [{"messages": f"cup {number} is full", "user_id": "u"} for number in range(ROWS)]
        assert (await memory.add_many(items, infer=False))["added"] == ROWS
        yield store


async def test_as_many_rows_are_read_as_were_asked_for(loaded: AsyncServerStore) -> None:
    sql = loaded._sql
    assert isinstance(sql, MySQLSQL)
    # What finds an entry of the index, the row itself, and the next entry; or what looks into each part.
    each = PARTS if "PARTITION" in sql.by_user else 3
    too_many = {}
    async with loaded._pool.transaction() as connection:
        for table in (sql.records, sql.turns):
            found = await connection.fetch(f"SELECT id FROM {table} WHERE user_id = ? ORDER BY id", ("u",))
            ids = [one for (one,) in found]
            assert len(ids) == ROWS
            for count in (1, 2, 10, 40, sql.chunk):
                for whose, of_user in OF_USER.items():
                    for what, statement in STATEMENTS.items():
                        read = await _read_by(connection, statement(table, of_user(sql, ids[:count])))
                        if read > each * count + 10:
                            too_many[table, whose, what, count] = read
    assert too_many == {}


async def _read_by(connection: AsyncConnection, step: Query | Statement) -> int:
    """Return how many rows and entries the server reads for a statement, which is undone."""

    def work() -> Steps[None]:
        yield step

    await connection.execute("FLUSH STATUS")
    await async_run(connection, work())
    status = await connection.fetch("SHOW SESSION STATUS LIKE ?", ("Handler_read%",))
    await connection.rollback()
    await connection.begin()
    return sum(int(number) for _, number in status)
