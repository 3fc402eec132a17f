"""A database that the program has already, handed in as ``conn``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, ConfigError, MemoryConfig, StoreUnavailableError
from powermem._concurrency import async_gather
from tests.support import connecting
from tests.support.databases import execute

pytestmark = pytest.mark.stores

Way = Callable[[dict[str, Any]], Any]

PLAIN: dict[str, Any] = {"embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
NAMED: dict[str, Any] = {**PLAIN, "vector_store": {"config": {"collection_name": "memories"}}}


@pytest.fixture
def shop(vector_store: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A database in which a program has a table of its own; its ``vector_store`` section."""
    execute(vector_store, "CREATE TABLE memories_of_a_shop (id INT PRIMARY KEY)")
    execute(vector_store, "INSERT INTO memories_of_a_shop VALUES (7)")
    yield vector_store
    execute(vector_store, "DROP TABLE memories_of_a_shop")


async def _say(memory: AsyncMemory, text: str) -> None:
    await memory.add(text, user_id="u", infer=False)


async def _known(memory: AsyncMemory) -> set[str]:
    found = await memory.search("tea", user_id="u")
    return {item["memory"] for item in found["results"]}


async def test_every_way_leads_to_the_same_tables(shop: dict[str, Any]) -> None:
    async with AsyncMemory({**PLAIN, "vector_store": shop}) as other:
        for way, make in connecting.WAYS.items():
            async with AsyncMemory(NAMED, conn=make(shop)) as memory:
                await _say(memory, f"tea by {way}")
                assert f"tea by {way}" in await _known(other)
                assert await _known(memory) == await _known(other)
                section = memory.config.vector_store
                assert section.provider == shop["provider"]
        assert await other.count(user_id="u") == len(connecting.WAYS)
        memory = AsyncMemory(NAMED, conn=connecting.engine(shop))
        await memory.config.storage.build()
        async with memory:
            assert (await memory.delete_all(user_id="u"))["deleted"] == len(connecting.WAYS)
            await memory.reset()
    assert execute(shop, "SELECT id FROM memories_of_a_shop") == [(7,)]


# On OceanBase creating tables takes seconds, and the tests of stores do it often enough.
@pytest.mark.stores("sqlite", "postgres", "mysql")
async def test_the_tables_can_be_built_first(new_vector_store: dict[str, Any]) -> None:
    conn = connecting.opening(new_vector_store)
    memories = [AsyncMemory(NAMED, conn=conn) for _ in range(2)]
    await async_gather([memory.config.storage.build for memory in memories])
    await memories[0].config.storage.build()
    assert execute(new_vector_store, "SELECT count(*) FROM memories_records") == [(0,)]
    await _say(memories[0], "I like tea")
    await memories[0].config.storage.build()
    assert await _known(memories[1]) == {"I like tea"}
    for memory in memories:
        assert isinstance(memory.config, MemoryConfig)
        await memory.close()


async def test_a_transaction_of_the_program_goes_on(shop: dict[str, Any]) -> None:
    engine = connecting.sqlalchemy.create_engine(connecting.url(shop))
    read = connecting.sqlalchemy.text("SELECT count(*) FROM memories_of_a_shop")
    with engine.connect() as connection:
        assert connection.execute(read).scalar() == 1
        async with AsyncMemory(NAMED, conn=engine) as memory:
            await _say(memory, "I like tea")
            assert engine.pool.checkedout() == 1
        assert connection.in_transaction()
        assert connection.execute(read).scalar() == 1
    with engine.connect() as connection:
        assert connection.execute(read).scalar() == 1
    engine.dispose()


async def test_many_at_once_use_connections_that_a_function_opens(vector_store: dict[str, Any]) -> None:
    async with AsyncMemory(NAMED, conn=connecting.opening(vector_store)) as memory:

        async def come(number: int) -> None:
            await memory.add(f"tea number {number} \u00e9\U0001f375", user_id="u", infer=False)
            assert (await memory.search(f"tea number {number}", user_id="u", limit=1))["results"]

        await async_gather([partial(come, number) for number in range(20)])
        kept = await memory.add("once", user_id="u", infer=False, idempotency_key="k")
        again = await memory.add("twice", user_id="u", infer=False, idempotency_key="k")
        assert again == kept
        assert await memory.count(user_id="u") == 21
        await memory.add_message("u", "user", "I live in Rome.")
        assert await memory.process("u") == 1


async def test_a_function_that_always_returns_one_connection_is_refused(vector_store: dict[str, Any]) -> None:
    connection = connecting.opening(vector_store)()
    memory = AsyncMemory(NAMED, conn=lambda: connection)
    with pytest.raises(ConfigError, match=r"same connection each time.*call connect\(\) inside"):
        await memory.initialize()
    connection.cursor().execute("SELECT 1")
    connection.close()
    await memory.close()


async def test_a_function_that_fails_says_why_without_the_password(vector_store: dict[str, Any]) -> None:
    def fail() -> Any:
        raise OSError("no route to postgresql://shop:hunter2@db/shop")

    memory = AsyncMemory(PLAIN, conn=fail)
    with pytest.raises(StoreUnavailableError, match=r"OSError: no route to postgresql://\*+@db/shop"):
        await memory.config.storage.build()
    await memory.close()


@pytest.mark.stores("postgres", "mysql")
async def test_an_engine_that_opens_connections_by_itself_opens_ours(shop: dict[str, Any]) -> None:
    opened: list[Any] = []

    def creator() -> Any:
        opened.append(connecting.opening(shop, plain=True)())
        return opened[-1]

    async with AsyncMemory(NAMED, conn=connecting.engine(shop, creator=creator)) as memory:
        await _say(memory, "I like tea")
        assert await _known(memory) == {"I like tea"}
    assert opened
    assert all(
        connection.closed if hasattr(connection, "closed") else not connection.open for connection in opened
    )


def _listening(shop: dict[str, Any]) -> Any:
    engine = connecting.engine(shop)

    def choose(connection: Any, record: object) -> None:
        connection.execute("SET search_path TO shop, public")
        connection.commit()

    connecting.sqlalchemy.event.listen(engine, "connect", choose)
    return engine


IN_A_SCHEMA: list[Way] = [
    lambda shop: connecting.url(shop, options="-csearch_path=shop,public"),
    lambda shop: connecting.engine(shop, connect_args={"options": "-c search_path=shop,public"}),
    lambda shop: connecting.tasks.create_async_engine(
        connecting.url(shop, "postgresql+asyncpg"),
        connect_args={"server_settings": {"search_path": "shop,public"}},
    ),
    _listening,
]


@pytest.mark.stores("postgres")
async def test_the_tables_are_in_the_schema_of_the_program(shop: dict[str, Any]) -> None:
    execute(shop, "CREATE SCHEMA shop")
    for number, make in enumerate(IN_A_SCHEMA, 1):
        async with AsyncMemory(PLAIN, conn=make(shop)) as memory:
            await _say(memory, f"tea number {number}")
            assert f"tea number {number}" in await _known(memory)
        assert execute(shop, "SELECT count(*) FROM shop.power_mem_records") == [(number,)]
    execute(shop, "DROP SCHEMA shop CASCADE")


@pytest.mark.stores("mysql")
async def test_connections_that_count_rows_differently_are_refused(vector_store: dict[str, Any]) -> None:
    engine = connecting.engine(vector_store)
    connecting.sqlalchemy.event.listen(engine, "do_connect", lambda *args: None)
    memory = AsyncMemory(NAMED, conn=engine)
    with pytest.raises(ConfigError, match="FOUND_ROWS"):
        await memory.initialize()
    await memory.close()
