"""PostgreSQL behind PgBouncer, which gives each transaction another session of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from servers import PgBouncer

from powermem import AsyncMemory, StoreError
from powermem._concurrency import async_gather
from powermem._core.sql.postgres import SESSION
from powermem._drivers._asyncpg import AsyncPostgresDriver
from powermem._drivers.base import Server
from tests.support.databases import execute

pytestmark = pytest.mark.stores("postgres")

MODES = ("transaction", "ignoring", "session")


@pytest.fixture
def pooled(vector_store: dict[str, Any], poolers: dict[str, PgBouncer], mode: str) -> dict[str, Any]:
    """The ``vector_store`` section of an empty database behind a pooler."""
    where = {**vector_store["config"], "port": poolers[mode].port, "pool_size": 5}
    return {**vector_store, "config": where}


@pytest.fixture
async def memory(config: dict[str, Any], pooled: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory({**config, "vector_store": pooled}) as opened:
        yield opened


def server(section: dict[str, Any], **settings: Any) -> Server:
    where = section["config"]
    keys = {key: where[key] for key in ("host", "port", "user", "password")}
    return Server(**keys, database=where["db_name"], settings=SESSION, **settings)


@pytest.mark.parametrize("mode", MODES)
async def test_everything_works(memory: AsyncMemory, pooled: dict[str, Any], mode: str) -> None:
    # More at once than the pooler has sessions, so that statements meet those of others.
    texts = [f"note {number} about bees" for number in range(20)]
    added: list[Any] = await async_gather(
        [partial(memory.add, text, user_id="u", infer=False, metadata={"topic": "bees"}) for text in texts]
    )
    ids = [result["results"][0]["id"] for result in added]
    for _ in range(8):
        answers: list[Any] = await async_gather(
            [partial(memory.search, text, user_id="u", limit=1) for text in texts[:6]]
        )
        assert [answer["results"][0]["memory"] for answer in answers] == texts[:6]
    await memory.update(ids[0], "a hive in the garden")
    assert await memory.delete(ids[1])
    assert [entry["event"] for entry in await memory.history(ids[0])] == ["ADD", "UPDATE"]
    found = await memory.get_all(user_id="u", filters={"topic": "bees"}, limit=100)
    assert {item["memory"] for item in found["results"]} == {"a hive in the garden", *texts[2:]}
    await memory.add_message("u", "user", "I live in Rome.")
    await memory.process(user_id="u")
    assert "Rome" in (await memory.search("Where do I live?", user_id="u"))["results"][0]["memory"]
    assert (await memory.get_statistics(user_id="u"))["total_memories"] == 20
    # Nothing is left in sessions that others use.
    assert execute(pooled, "SHOW statement_timeout") == [("0",)]
    if mode == "transaction":
        # In the sessions of another mode a test below does leave some.
        prepared = "SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql"
        assert execute(pooled, prepared) == [(0,)]


@pytest.mark.parametrize("mode", MODES)
async def test_a_pooler_is_found_out(pooled: dict[str, Any]) -> None:
    driver = AsyncPostgresDriver(server(pooled, statement_timeout=7))
    connection = await driver.connect()
    assert driver.pooling.on
    # The settings hold all the same, for a query alone and within a transaction.
    settings = "SELECT current_setting('statement_timeout'), current_setting('hnsw.ef_search')"
    expected = [("7s", SESSION["hnsw.ef_search"])]
    assert await connection.fetch(settings) == expected
    await connection.begin()
    assert await connection.fetch(settings) == expected
    await connection.rollback()
    with pytest.raises(StoreError):
        await connection.fetch("SELECT 1 / 0")
    assert await connection.fetch("SELECT ?::int", (1,)) == [(1,)]
    await connection.close()


async def test_a_server_without_a_pooler_is_found_out(vector_store: dict[str, Any]) -> None:
    driver = AsyncPostgresDriver(server(vector_store))
    connection = await driver.connect()
    assert not driver.pooling.on
    assert await connection.fetch("SHOW hnsw.ef_search") == [(SESSION["hnsw.ef_search"],)]
    await connection.close()


@pytest.mark.parametrize("mode", ["transaction"])
async def test_who_says_that_there_is_none(config: dict[str, Any], pooled: dict[str, Any]) -> None:
    section = {**pooled, "config": {**pooled["config"], "pooler": "none"}}
    memory = AsyncMemory({**config, "vector_store": section})
    with pytest.raises(StoreError, match="pooler"):
        await memory.initialize()
    await memory.close()


@pytest.mark.parametrize("mode", ["ignoring"])
async def test_a_pooler_that_shows_itself_late(memory: AsyncMemory) -> None:
    await memory.add("I keep bees", user_id="u", infer=False)
    store: Any = memory._access.components.store if memory._access.components else None
    pool = store._pool
    # As with one that passes on the number of the server's process.
    await pool._clear()
    pool._driver.pooling.learn(direct=True)
    for _ in range(12):
        answers: list[Any] = await async_gather([partial(memory.search, "bees", user_id="u")] * 5)
        assert all(answer["results"] for answer in answers)
        await memory.add("I keep bees", user_id="u", infer=False)


@pytest.mark.parametrize("mode", ["transaction", "session"])
async def test_connections_that_the_program_opens(
    config: dict[str, Any], pooled: dict[str, Any], mode: str
) -> None:
    psycopg = pytest.importorskip("psycopg")
    where = pooled["config"]
    keys = {key: where[key] for key in ("host", "port", "user", "password")}
    connect = partial(psycopg.connect, **keys, dbname=where["db_name"])
    given = {**config, "vector_store": {"provider": "postgres", "config": {"collection_name": "memories"}}}
    async with AsyncMemory(given, conn=connect) as memory:
        for number in range(7):
            await memory.add(f"note {number}", user_id="u", infer=False)
            await async_gather([partial(memory.search, "note", user_id="u")] * 4)
        assert await memory.count(user_id="u") == 7
