"""A search sees what any process committed before it began, although it ranks what is cached here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from servers import PgBouncer

from powermem import AsyncMemory
from powermem._async.stores.postgres import AsyncPostgresStore
from powermem._async.stores.server.pool import AsyncReader
from powermem._async.stores.steps import async_run
from powermem._core.sql import snapshots
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.sql.steps import Steps
from powermem._core.values import Scope
from tests.support.additions import memory_of, search_for

pytestmark = pytest.mark.stores("postgres")

ANA = Scope("ana")


def store_of(memory: AsyncMemory) -> AsyncPostgresStore:
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, AsyncPostgresStore)
    return store


@pytest.fixture
async def pair(new_config: dict[str, Any]) -> AsyncIterator[tuple[AsyncMemory, AsyncMemory]]:
    """Two that share the tables and nothing else, as two processes would."""
    other = {**new_config, "vector_store": {**new_config["vector_store"]}}
    other["vector_store"]["config"] = {**new_config["vector_store"]["config"], "pool_timeout": 59.0}
    async with AsyncMemory(new_config) as one, AsyncMemory(other) as second:
        await one.initialize()
        await second.initialize()
        assert store_of(one) is not store_of(second)
        yield one, second


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that are sent while the test runs."""
    queries: list[str] = []
    send = AsyncReader.fetch

    async def fetch(self: AsyncReader, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        queries.append(sql)
        return await send(self, sql, values)

    monkeypatch.setattr(AsyncReader, "fetch", fetch)
    return queries


async def found(memory: AsyncMemory, user_id: str | None = "ana") -> set[str]:
    return {hit["memory"] for hit in (await memory.search("tea", user_id=user_id, limit=50))["results"]}


async def say(memory: AsyncMemory, text: str, user_id: str = "ana") -> int:
    result = await memory.add(text, user_id=user_id, infer=False)
    added: int = result["results"][0]["id"]
    return added


async def reader_and_writer(pair: tuple[AsyncMemory, AsyncMemory], user_id: str | None) -> None:
    one, other = pair
    green, black = await say(one, "tea is green"), await say(one, "tea is black")
    assert await found(other, user_id) == {"tea is green", "tea is black"}
    await one.update(green, "tea is white")
    assert await found(other, user_id) == {"tea is white", "tea is black"}
    await one.delete(black)
    assert await found(other, user_id) == {"tea is white"}
    assert await found(one, user_id) == {"tea is white"}
    await say(one, "tea is red", "ben")
    assert await found(other, user_id) == {"tea is white", *(() if user_id else ["tea is red"])}
    await one.delete_all(user_id="ana")
    assert await found(other, user_id) == ({"tea is red"} if user_id is None else set())


@pytest.mark.parametrize("user_id", ["ana", None])
async def test_a_search_sees_what_another_has_written(
    pair: tuple[AsyncMemory, AsyncMemory], user_id: str | None
) -> None:
    await reader_and_writer(pair, user_id)


async def test_a_search_through_a_pooler_sees_what_another_has_written(
    new_config: dict[str, Any], poolers: dict[str, PgBouncer]
) -> None:
    section = new_config["vector_store"]["config"]
    pooled = {**section, **poolers["transaction"].config(section["db_name"])}
    behind = {**new_config, "vector_store": {"provider": "postgres", "config": pooled}}
    async with AsyncMemory(new_config) as one, AsyncMemory(behind) as other:
        await reader_and_writer((one, other), "ana")


async def test_what_another_has_emptied_is_gone(pair: tuple[AsyncMemory, AsyncMemory]) -> None:
    one, other = pair
    await say(one, "tea is green")
    assert await found(other) == {"tea is green"}
    await one.reset()
    assert await found(other) == set()
    await say(one, "tea is white")
    assert await found(other) == {"tea is white"}


async def test_vectors_that_another_has_replaced_are_read_again(
    pair: tuple[AsyncMemory, AsyncMemory],
) -> None:
    one, other = pair
    await say(one, "tea is green")
    assert await found(other) == {"tea is green"}
    held = [entry.partition for entry in store_of(other)._cached._cache._entries.values()]
    await one.reembed(everything=True)
    assert await found(other) == {"tea is green"}
    (entry,) = store_of(other)._cached._cache._entries.values()
    assert entry.partition is not None
    assert entry.partition not in held


async def test_a_commit_is_seen_although_a_later_transaction_was_first(
    pair: tuple[AsyncMemory, AsyncMemory],
) -> None:
    one, other = pair
    await say(one, "tea is green")
    writer = store_of(one)
    async with writer._pool.transaction() as late:
        # It has its number now, which all that follow exceed.
        await late.fetch("SELECT pg_current_xact_id()::text")
        await async_run(late, writer._writer.write([[memory_of("tea is black", ANA)]], {}))
        for number in range(3):
            await say(other, f"tea is {number}")
            assert len(await found(other)) == 2 + number
    assert await found(other) == {"tea is green", "tea is black", "tea is 0", "tea is 1", "tea is 2"}


async def test_who_is_too_far_behind_reads_everything_again(pair: tuple[AsyncMemory, AsyncMemory]) -> None:
    one, other = pair
    store = store_of(one)
    await say(one, "tea 0")
    assert await found(other) == {"tea 0"}
    for number in range(1, 8):
        await say(one, f"tea {number}")
    # A transaction in another database of the server, such as autovacuum's, puts it off.
    while await store._fetch(f"SELECT count(*) FROM {store._sql.changes}", ()) != [(2,)]:
        async with store._pool.transaction() as connection:
            await async_run(connection, store._sql.trim(2))
    assert await found(other) == {f"tea {number}" for number in range(8)}


async def test_changes_stay_listed_while_an_older_transaction_runs(
    pair: tuple[AsyncMemory, AsyncMemory], asked: list[str]
) -> None:
    one, other = pair
    store = store_of(one)
    await say(one, "tea 0")
    async with store._pool.transaction() as running:
        ((xid,),) = await running.fetch("SELECT pg_current_xact_id()::text")
        for number in range(1, 4):
            await say(other, f"tea {number}")
        async with store._pool.transaction() as connection:
            await async_run(connection, store._sql.trim(0))
        # What came after it is listed, so nobody whose snapshot is as old has to load everything.
        later = f"SELECT count(*) FROM {store._sql.changes} WHERE xid > ?::text::xid8"
        assert await store._fetch(later, (xid,)) == [(3,)]
        assert await found(other) == {f"tea {number}" for number in range(4)}
        asked.clear()
        assert len(await found(other)) == 4
        assert not any("count(*)" in sql for sql in asked)


async def test_transactions_trim_now_and_then(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed: list[int] = []

    def trim(self: PostgresSQL) -> Steps[None]:
        trimmed.append(1)
        yield from ()

    monkeypatch.setattr(snapshots, "_TRIM_EVERY", 1)
    monkeypatch.setattr(PostgresSQL, "trim", trim)
    await say(memory, "tea is green")
    assert trimmed == [1]


async def test_a_search_of_what_is_cached_sends_two_queries(memory: AsyncMemory, asked: list[str]) -> None:
    for number in range(5):
        await say(memory, f"tea is {number}")
    assert len(await found(memory)) == 5
    asked.clear()
    assert len(await found(memory)) == 5
    assert len(asked) == 2


async def test_a_server_restored_from_a_copy_is_read_again(pair: tuple[AsyncMemory, AsyncMemory]) -> None:
    one, other = pair
    await say(one, "tea is green")
    assert await found(other) == {"tea is green"}
    (entry,) = store_of(other)._cached._cache._entries.values()
    # As if it came from a server that had counted further.
    entry.snapshot = "9876543210:9876543210:"
    await say(one, "tea is white")
    assert await found(other) == {"tea is green", "tea is white"}


async def test_a_change_between_the_two_queries_of_a_search_harms_nothing(
    pair: tuple[AsyncMemory, AsyncMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = pair
    green = await say(one, "tea is green")
    await say(one, "tea is black")
    assert await found(other) == {"tea is green", "tea is black"}
    send = AsyncReader.fetch

    async def fetch(self: AsyncReader, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows = await send(self, sql, values)
        if "pg_current_snapshot" in sql:
            monkeypatch.setattr(AsyncReader, "fetch", send)
            await one.delete(green)
        return rows

    monkeypatch.setattr(AsyncReader, "fetch", fetch)
    assert await found(other) == {"tea is black"}


async def test_searches_of_one_user_at_once_agree(pair: tuple[AsyncMemory, AsyncMemory]) -> None:
    one, other = pair
    texts = [f"tea number {number}" for number in range(40)]
    await one.add_many(texts, user_id="ana", infer=False)
    many = await other.search_many(["tea"] * 40, user_id="ana", limit=50)
    assert [{hit["memory"] for hit in result["results"]} for result in many] == [set(texts)] * 40


@pytest.mark.parametrize("held", [3, 250_000])
async def test_of_each_user_only_own_rows_are_found(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(PostgresSQL, "held", held)
    await memory.initialize()
    store = store_of(memory)
    users = [f"u{number}" for number in range(20)]
    await store.apply([memory_of(f"tea {user} {n}", Scope(user)) for user in users for n in range(5)])
    hits = await store.search([search_for("tea", Scope(user)) for user in users])
    for user, one in zip(users, hits, strict=True):
        assert {hit.row.text for hit in one} == {f"tea {user} {n}" for n in range(5)}
    assert store._cached.left == (set(users) if held == 3 else set())


async def test_who_grows_is_left_to_the_server_and_comes_back(
    pair: tuple[AsyncMemory, AsyncMemory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresSQL, "held", 4)
    one, other = pair
    left = store_of(other)._cached
    ids = [await say(one, f"tea {number}") for number in range(6)]
    assert await found(other) == {f"tea {number}" for number in range(6)}
    assert left.left == {"ana"}
    await say(one, "tea 6")
    assert len(await found(other)) == 7
    assert left.left == {"ana"}
    for memory_id in ids[:3]:
        await one.delete(memory_id)
    assert await found(other) == {f"tea {number}" for number in range(3, 7)}
    assert left.left == set()
    # And grows again, while it is cached.
    await say(one, "tea 7")
    assert len(await found(other)) == 5
