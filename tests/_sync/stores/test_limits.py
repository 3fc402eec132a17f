# Generated from tests/_async/stores/test_limits.py by scripts/run_unasync.py; edit that file instead.
"""What a database server refuses: what is too large, has no room, or may not be written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from servers import Server

from powermem import InvalidInputError, Memory, StoreError, StoreUnavailableError
from powermem._concurrency import gather
from powermem._drivers._psycopg import PostgresDriver
from powermem._drivers.base import Server as Address
from powermem._sync.stores.server.pool import Pool
from tests.support.databases import execute

PACKET = 1 << 17


@pytest.fixture
def small(vector_store: dict[str, Any], store: str) -> Any:
    """The smallest packets that make sense."""
    name = "max_allowed_packet"
    (former,) = execute(vector_store, f"SELECT @@GLOBAL.{name}")[0]
    execute(vector_store, f"SET GLOBAL {name} = {PACKET}")
    yield PACKET
    execute(vector_store, f"SET GLOBAL {name} = {former}")


@pytest.fixture
def limited(small: int, config: dict[str, Any]) -> Iterator[Memory]:
    with Memory(config) as opened:
        yield opened


@pytest.mark.stores("sqlite", "postgres", "mysql", "oceanbase")
@pytest.mark.parametrize(("name", "most"), [("memory_type", 128), ("idempotency_key", 256)])
def test_the_longest_names_are_the_same_on_every_store(memory: Memory, name: str, most: int) -> None:
    given: dict[str, Any] = {name: "漢" * most}
    (item,) = (memory.add("I keep bees", user_id="u", infer=False, **given))["results"]
    assert item["event"] == "ADD"
    with pytest.raises(InvalidInputError, match=f"{name}: at most {most} characters, got {most + 1}"):
        memory.add("I keep cats", user_id="u", infer=False, **{name: "漢" * (most + 1)})
    assert memory.count(user_id="u") == 1


@pytest.mark.stores("mysql", "oceanbase")
def test_one_text_that_no_packet_holds(limited: Memory) -> None:
    limited.add("I keep bees", user_id="u", infer=False)
    with pytest.raises(StoreError, match=r"max_allowed_packet.*131,072") as caught:
        limited.add("bee " * (PACKET // 4), user_id="u", infer=False)
    # Nobody was cut off, so nobody tried again.
    assert not isinstance(caught.value, StoreUnavailableError)
    assert limited.count(user_id="u") == 1
    limited.add("é" * (PACKET // 4), user_id="u", infer=False)
    assert limited.count(user_id="u") == 2


@pytest.mark.stores("mysql", "oceanbase")
def test_many_texts_are_divided_by_their_bytes(limited: Memory) -> None:
    texts = [f"{number} " + "honey é " * 2_500 for number in range(8)]
    gather([partial(limited.add, text, user_id="u", infer=False) for text in texts])
    assert limited.count(user_id="u") == len(texts)
    # Beside one that is too large, the others are stored.
    answers: list[Any] = gather(
        [partial(_try, limited, text) for text in ["small", "bee " * (PACKET // 4), "other"]]
    )
    assert answers == [True, False, True]


def _try(memory: Memory, text: str) -> bool:
    try:
        memory.add(text, user_id="u", infer=False)
    except StoreError as error:
        return "max_allowed_packet" not in str(error)
    return True


@pytest.mark.stores("mysql")
def test_a_server_that_takes_no_writes(memory: Memory, vector_store: dict[str, Any], server: Server) -> None:
    execute(vector_store, "CREATE USER plain@'%' IDENTIFIED BY 'plain'")
    execute(vector_store, "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, INDEX, ALTER ON *.* TO plain@'%'")
    where = {**vector_store["config"], "user": "plain", "password": "plain"}
    given = {"vector_store": {**vector_store, "config": where}, "embedder": {"provider": "none"}}
    try:
        with Memory(given) as modest:
            modest.add("I keep bees", user_id="u", infer=False)
            execute(vector_store, "SET GLOBAL read_only = 1")
            with pytest.raises(StoreUnavailableError, match=r"takes no writes.*not carried out"):
                modest.add("I have a dog", user_id="u", infer=False)
            assert modest.count(user_id="u") == 1
            execute(vector_store, "SET GLOBAL read_only = 0")
            modest.add("I have a dog", user_id="u", infer=False)
            assert modest.count(user_id="u") == 2
    finally:
        execute(vector_store, "SET GLOBAL read_only = 0")
        execute(vector_store, "DROP USER plain@'%'")


@pytest.mark.stores("postgres")
def test_a_standby(config: dict[str, Any], vector_store: dict[str, Any]) -> None:
    name = vector_store["config"]["db_name"]
    beside = {**vector_store, "config": {**vector_store["config"], "db_name": "postgres"}}
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    with Memory(config) as memory:
        memory.add("I keep bees", user_id="u", infer=False)
        execute(beside, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        execute(beside, end)
        try:
            # Its connection is gone, and the new one leads to a server that only reads.
            with pytest.raises(StoreUnavailableError, match=r"takes no writes.*not carried out"):
                memory.add("I have a dog", user_id="u", infer=False)
            assert memory.count(user_id="u") == 1
        finally:
            execute(beside, f"ALTER DATABASE {name} RESET ALL")
            execute(beside, end)
        memory.add("I have a dog", user_id="u", infer=False)
        assert memory.count(user_id="u") == 2


@pytest.mark.stores("postgres")
def test_a_server_that_takes_no_more_connections(vector_store: dict[str, Any]) -> None:
    where = vector_store["config"]
    execute(vector_store, "CREATE ROLE modest LOGIN PASSWORD 'modest' CONNECTION LIMIT 1")
    target = Address(where["host"], where["port"], "modest", "modest", where["db_name"], pooler="none")
    pool = Pool(PostgresDriver(target), most=4)

    def ask() -> list[tuple[Any, ...]]:
        with pool.reading() as reader:
            return reader.fetch("SELECT pg_sleep(0.01) IS NULL")

    try:
        # The others wait until the one connection is free.
        assert gather([ask] * 4) == [[(False,)]] * 4
        with pool.reading():
            with pytest.raises(StoreUnavailableError, match="pool_size"):
                ask()
    finally:
        pool.close()
        execute(vector_store, "DROP ROLE modest")
