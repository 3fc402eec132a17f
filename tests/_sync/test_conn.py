# Generated from tests/_async/test_conn.py by scripts/run_unasync.py; edit that file instead.
"""A database that the program has already, handed in as ``conn``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import ConfigError, Memory, MemoryConfig, StoreUnavailableError
from powermem._concurrency import gather
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


def _say(memory: Memory, text: str) -> None:
    memory.add(text, user_id="u", infer=False)


def _known(memory: Memory) -> set[str]:
    found = memory.search("tea", user_id="u")
    return {item["memory"] for item in found["results"]}


def test_every_way_leads_to_the_same_tables(shop: dict[str, Any]) -> None:
    with Memory({**PLAIN, "vector_store": shop}) as other:
        for way, make in connecting.WAYS.items():
            with Memory(NAMED, conn=make(shop)) as memory:
                _say(memory, f"tea by {way}")
                assert f"tea by {way}" in _known(other)
                assert _known(memory) == _known(other)
                section = memory.config.vector_store
                assert section.provider == shop["provider"]
        assert other.count(user_id="u") == len(connecting.WAYS)
        memory = Memory(NAMED, conn=connecting.engine(shop))
        memory.config.storage.build()
        with memory:
            assert (memory.delete_all(user_id="u"))["deleted"] == len(connecting.WAYS)
            memory.reset()
    assert execute(shop, "SELECT id FROM memories_of_a_shop") == [(7,)]


# On OceanBase creating tables takes seconds, and the tests of stores do it often enough.
@pytest.mark.stores("sqlite", "postgres", "mysql")
def test_the_tables_can_be_built_first(new_vector_store: dict[str, Any]) -> None:
    conn = connecting.opening(new_vector_store)
    memories = [Memory(NAMED, conn=conn) for _ in range(2)]
    gather([memory.config.storage.build for memory in memories])
    memories[0].config.storage.build()
    assert execute(new_vector_store, "SELECT count(*) FROM memories_records") == [(0,)]
    _say(memories[0], "I like tea")
    memories[0].config.storage.build()
    assert _known(memories[1]) == {"I like tea"}
    for memory in memories:
        assert isinstance(memory.config, MemoryConfig)
        memory.close()


def test_a_transaction_of_the_program_goes_on(shop: dict[str, Any]) -> None:
    engine = connecting.sqlalchemy.create_engine(connecting.url(shop))
    read = connecting.sqlalchemy.text("SELECT count(*) FROM memories_of_a_shop")
    with engine.connect() as connection:
        assert connection.execute(read).scalar() == 1
        with Memory(NAMED, conn=engine) as memory:
            _say(memory, "I like tea")
            assert engine.pool.checkedout() == 1
        assert connection.in_transaction()
        assert connection.execute(read).scalar() == 1
    with engine.connect() as connection:
        assert connection.execute(read).scalar() == 1
    engine.dispose()


def test_many_at_once_use_connections_that_a_function_opens(vector_store: dict[str, Any]) -> None:
    with Memory(NAMED, conn=connecting.opening(vector_store)) as memory:

        def come(number: int) -> None:
            memory.add(f"tea number {number} \u00e9\U0001f375", user_id="u", infer=False)
            assert (memory.search(f"tea number {number}", user_id="u", limit=1))["results"]

        gather([partial(come, number) for number in range(20)])
        kept = memory.add("once", user_id="u", infer=False, idempotency_key="k")
        again = memory.add("twice", user_id="u", infer=False, idempotency_key="k")
        assert again == kept
        assert memory.count(user_id="u") == 21
        memory.add_message("u", "user", "I live in Rome.")
        assert memory.process("u") == 1


def test_a_function_that_always_returns_one_connection_is_refused(vector_store: dict[str, Any]) -> None:
    connection = connecting.opening(vector_store)()
    memory = Memory(NAMED, conn=lambda: connection)
    with pytest.raises(ConfigError, match=r"same connection each time.*call connect\(\) inside"):
        memory.initialize()
    connection.cursor().execute("SELECT 1")
    connection.close()
    memory.close()


def test_a_function_that_fails_says_why_without_the_password(vector_store: dict[str, Any]) -> None:
    def fail() -> Any:
        raise OSError("no route to postgresql://shop:hunter2@db/shop")

    memory = Memory(PLAIN, conn=fail)
    with pytest.raises(StoreUnavailableError, match=r"OSError: no route to postgresql://\*+@db/shop"):
        memory.config.storage.build()
    memory.close()


@pytest.mark.stores("postgres", "mysql")
def test_an_engine_that_opens_connections_by_itself_opens_ours(shop: dict[str, Any]) -> None:
    opened: list[Any] = []

    def creator() -> Any:
        opened.append(connecting.opening(shop, plain=True)())
        return opened[-1]

    with Memory(NAMED, conn=connecting.engine(shop, creator=creator)) as memory:
        _say(memory, "I like tea")
        assert _known(memory) == {"I like tea"}
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
def test_the_tables_are_in_the_schema_of_the_program(shop: dict[str, Any]) -> None:
    execute(shop, "CREATE SCHEMA shop")
    for number, make in enumerate(IN_A_SCHEMA, 1):
        with Memory(PLAIN, conn=make(shop)) as memory:
            _say(memory, f"tea number {number}")
            assert f"tea number {number}" in _known(memory)
        assert execute(shop, "SELECT count(*) FROM shop.power_mem_records") == [(number,)]
    execute(shop, "DROP SCHEMA shop CASCADE")


@pytest.mark.stores("mysql")
def test_connections_that_count_rows_differently_are_refused(vector_store: dict[str, Any]) -> None:
    engine = connecting.engine(vector_store)
    connecting.sqlalchemy.event.listen(engine, "do_connect", lambda *args: None)
    memory = Memory(NAMED, conn=engine)
    with pytest.raises(ConfigError, match="FOUND_ROWS"):
        memory.initialize()
    memory.close()
