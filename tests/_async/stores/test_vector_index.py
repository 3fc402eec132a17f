"""PostgreSQL's index of the vectors is built when a search needs it, and costs nothing before."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores import postgres
from powermem._async.stores.postgres import AsyncPostgresStore
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.values import Scope
from tests.support.additions import memory_of, search_for

pytestmark = pytest.mark.stores("postgres")

ANA = Scope("ana")
TEXTS = [f"tea number {number}" for number in range(30)]


@pytest.fixture(params=[0, 4])
def small(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, new_config: dict[str, Any]
) -> dict[str, Any]:
    """The configuration of tables, whole or divided, of which a few rows are too many to compare them all."""
    monkeypatch.setattr(PostgresSQL, "held", 3)
    monkeypatch.setattr(postgres, "_EXACT", 3)
    new_config["vector_store"]["config"]["partitions"] = request.param
    return new_config


async def opened(memory: AsyncMemory) -> AsyncPostgresStore:
    await memory.initialize()
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, AsyncPostgresStore)
    return store


async def complete(store: AsyncPostgresStore) -> bool:
    return bool(await store._fetch(store._sql.index_is_complete, ()))


async def built(store: AsyncPostgresStore) -> int:
    """Return how many indexes of vectors there are, complete or not."""
    ((count,),) = await store._fetch(
        "SELECT count(*) FROM pg_class WHERE relkind = 'i' AND right(relname, 5) = '_near'", ()
    )
    return int(count)


async def find(store: AsyncPostgresStore) -> set[str]:
    [hits] = await store.search([search_for("tea number 7", ANA, 50)])
    return {hit.row.text for hit in hits}


async def test_a_search_that_needs_it_has_it_built(small: dict[str, Any]) -> None:
    async with AsyncMemory(small) as memory:
        store = await opened(memory)
        await store.apply([memory_of("tea with milk", Scope("ben")), *(memory_of(one, ANA) for one in TEXTS)])
        await store.search([search_for("tea with milk", Scope("ben"))])
        assert await built(store) == 0
        assert await find(store) == {*TEXTS}
        await store._index._worker.join()
        assert await complete(store)
        assert await find(store) == {*TEXTS}
        # What is written from now on is in it.
        await store.apply([memory_of("tea number 30", ANA)])
        assert await find(store) == {*TEXTS, "tea number 30"}


async def test_what_an_interruption_has_left_is_built_again(small: dict[str, Any]) -> None:
    async with AsyncMemory(small) as memory:
        store = await opened(memory)
        await store.apply([memory_of(one, ANA) for one in TEXTS])
        await store._index.build()
        async with store._pool.transaction() as connection:
            await connection.execute(
                "UPDATE pg_index SET indisvalid = false FROM pg_class c WHERE c.oid = indexrelid "
                "AND c.relkind = 'i' AND right(relname, 5) = '_near' "
                "AND indexrelid NOT IN (SELECT inhrelid FROM pg_inherits)"
            )
        assert not await complete(store)
        await find(store)
        await store._index._worker.join()
        assert await complete(store)
        assert await find(store) == {*TEXTS}


async def test_closing_cancels_a_build(small: dict[str, Any]) -> None:
    async with AsyncMemory(small) as memory, AsyncMemory(small) as other:
        store = await opened(memory)
        await store.apply([memory_of(one, ANA) for one in TEXTS])
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX' || chr(37) "
            "AND state = 'active' AND wait_event_type = 'Lock'"
        )
        await other.initialize()
        async with store._pool.transaction() as writer:
            # A build waits for the transactions that write to its table.
            await writer.execute(f"UPDATE {store._sql.records} SET access_count = 1")
            await writer.execute(f"DELETE FROM {store._sql.windows}")
            await find(store)
            while not await store._fetch(waiting, ()):
                assert store._index._worker.alive
            await store._index.close()
            assert not store._index._worker.alive
        assert not await complete(store)


async def test_another_embedder_removes_it_in_any_state(small: dict[str, Any]) -> None:
    async with AsyncMemory(small) as memory:
        store = await opened(memory)
        await store.apply([memory_of(one, ANA) for one in TEXTS])
        await store._index.build()
        assert await built(store) >= 2
        if small["vector_store"]["config"]["partitions"]:
            async with store._pool.transaction() as connection:
                # As if it had been interrupted before the parts were put together.
                await connection.execute(f"DROP INDEX {store._sql.records}_near")
                await connection.execute(
                    f"CREATE INDEX {store._sql.records}_p1_near ON {store._sql.records}_p1 "
                    "USING hnsw ((embedding::vector(64)) vector_cosine_ops)"
                )
        await memory.reset()
        assert await built(store) == 0
