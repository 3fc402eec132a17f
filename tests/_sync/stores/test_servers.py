# Generated from tests/_async/stores/test_servers.py by scripts/run_unasync.py; edit that file instead.
"""What a database server can do to those who use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from time import monotonic
from typing import Any

import pytest
from servers import Server
from servers.process import free_port

from powermem import Memory, StoreError, StoreUnavailableError
from powermem._concurrency import Event, gather, to_thread
from powermem._sync.stores.server import pool
from powermem._sync.stores.server import store as server_module
from tests.support.databases import arguments, execute

pytestmark = pytest.mark.stores("postgres", "oceanbase", "mysql")


def refusal(config: dict[str, Any], **changes: Any) -> str:
    """Return why the store cannot be opened with these settings, said without the password."""
    section = config["vector_store"]
    changed = {**config, "vector_store": {**section, "config": {**section["config"], **changes}}}
    memory = Memory(changed)
    with pytest.raises(StoreError) as caught:
        memory.initialize()
    # It stays refused, and can be closed.
    with pytest.raises(StoreError):
        memory.count()
    memory.close()
    message = str(caught.value)
    assert section["config"]["password"] not in message
    assert "\n" not in message
    return message


def test_a_server_that_is_not_there(config: dict[str, Any], store: str) -> None:
    if store == "oceanbase":
        message = refusal(config, unix_socket="/no/such.sock")
        assert "/no/such.sock" in message
    else:
        port = free_port()
        message = refusal(config, port=port)
        assert f"127.0.0.1:{port}" in message
    assert "server" in message


def test_a_host_without_a_name(config: dict[str, Any], store: str) -> None:
    place = {"unix_socket": None} if store == "oceanbase" else {}
    message = refusal(config, host="no-such-host.invalid", port=free_port(), **place)
    assert "no-such-host.invalid" in message
    assert "host" in message


def test_a_wrong_password(config: dict[str, Any]) -> None:
    message = refusal(config, password="wrong guess")
    assert "password" in message
    assert "wrong guess" not in message


def test_a_user_who_does_not_exist(config: dict[str, Any]) -> None:
    message = refusal(config, user="nobody_known")
    assert "nobody_known" in message
    assert "user" in message


def test_a_database_that_does_not_exist(config: dict[str, Any]) -> None:
    message = refusal(config, db_name="no_such_db")
    assert "no_such_db" in message
    assert "create" in message.lower()


@pytest.mark.stores("postgres")
def test_a_database_without_pgvector(config: dict[str, Any], server: Any) -> None:
    server.create("bare", bare=True)
    own = {**config["vector_store"], "config": {**config["vector_store"]["config"], "db_name": "bare"}}
    try:
        # Somebody who may create tables, but no extension.
        execute(own, "CREATE ROLE modest LOGIN PASSWORD 'modest'")
        execute(own, "GRANT CREATE ON SCHEMA public TO modest")
        message = refusal(config, db_name="bare", user="modest", password="modest")
        assert "pgvector" in message
        assert "CREATE EXTENSION vector" in message
        assert execute(own, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    finally:
        execute(own, "REVOKE CREATE ON SCHEMA public FROM modest")
        execute(own, "DROP ROLE modest")
        server.drop("bare")


_READER = {
    "postgres": (
        "CREATE ROLE reader LOGIN PASSWORD 'reader'",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
        "DROP OWNED BY reader; DROP ROLE reader",
    ),
    "mysql": (
        "CREATE USER reader IDENTIFIED BY 'reader'",
        "GRANT SELECT ON {db_name}.* TO reader",
        "DROP USER reader",
    ),
}


@pytest.mark.stores("postgres", "mysql")
def test_an_account_that_may_only_read(new_config: dict[str, Any], store: str) -> None:
    section = new_config["vector_store"]
    create, grant, drop = _READER[store]
    with Memory(new_config) as memory:
        memory.add("I keep bees", user_id="u", infer=False)
    owner = {**section, "config": dict(section["config"])}
    execute(owner, create)
    try:
        execute(owner, grant.format(db_name=owner["config"]["db_name"]))
        section["config"].update(user="reader", password="reader")
        with Memory(new_config) as memory:
            assert (memory.search("bees", user_id="u"))["results"]
            assert (memory.get_statistics(user_id="u"))["total_memories"] == 1
            with pytest.raises(StoreError, match="privilege"):
                memory.add("I keep cats", user_id="u", infer=False)
    finally:
        execute(owner, drop)


def test_a_small_pool_serves_many(config: dict[str, Any]) -> None:
    config["vector_store"]["config"]["pool_size"] = 1
    with Memory(config) as memory:
        gather([partial(memory.add, f"note {n}", user_id="u", infer=False) for n in range(20)])
        calls = [partial(memory.search, f"note {n}", user_id="u", limit=1) for n in range(20)]
        answers: list[Any] = gather([*calls, *[partial(memory.count, user_id="u")] * 10])
        assert [answer["results"][0]["memory"] for answer in answers[:20]] == [f"note {n}" for n in range(20)]
        assert answers[20:] == [20] * 10


@pytest.mark.stores("postgres")
@pytest.mark.parametrize("name", ["reset", "count"])
def test_a_call_that_met_a_transaction_is_carried_out_after_it(
    new_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    psycopg = pytest.importorskip("psycopg")
    section = new_config["vector_store"]
    # The server undoes at once what it would else undo when it notices a deadlock.
    execute(section, f"ALTER DATABASE \"{section['config']['db_name']}\" SET lock_timeout = '20ms'")
    with Memory(new_config) as memory:
        memory.add("note", user_id="u", infer=False)
        with closing(psycopg.connect(**arguments(section))) as other:
            other.execute(f"LOCK TABLE {section['config'].get('collection_name', 'memories')}_records")
            met: list[str] = []

            class Pauses:
                def __iter__(self) -> Iterator[float]:
                    met.append(name)
                    other.rollback()
                    yield 0.0

            for module in (pool, server_module):
                monkeypatch.setattr(module, "PAUSES", Pauses())
            {"reset": memory.reset, "count": memory.count}[name]()
            assert met
        assert memory.count() == (0 if name == "reset" else 1)


def test_after_a_restart_the_next_call_works(memory: Memory, server: Server) -> None:
    gather([partial(memory.add, f"note {n}", user_id="u", infer=False) for n in range(5)])
    gather([partial(memory.count, user_id="u")] * 5)
    to_thread(server.kill)
    with pytest.raises(StoreUnavailableError):
        memory.count(user_id="u")
    with pytest.raises(StoreUnavailableError):
        memory.add("lost", user_id="u", infer=False)
    to_thread(server.start)
    assert memory.count(user_id="u") == 5
    (item,) = (memory.add("after", user_id="u", infer=False))["results"]
    assert item["event"] == "ADD"
    assert len((memory.search("note after", user_id="u"))["results"]) == 6
    to_thread(server.kill)
    to_thread(server.start)
    # The first thing after a restart may as well be a write.
    memory.add("after another", user_id="u", infer=False)
    assert memory.count(user_id="u") == 7


def test_a_server_killed_during_writes_loses_nothing_acknowledged(memory: Memory, server: Server) -> None:
    acknowledged: dict[int, str] = {}
    failures: list[str] = []
    enough = Event()
    done = Event()

    def write(number: int) -> None:
        for turn in range(100_000):
            if done.is_set():
                return
            text = f"writer {number} wrote note {turn}"
            try:
                result = memory.add(text, user_id="u", infer=False)
            except StoreUnavailableError as error:
                failures.append(str(error))
                done.wait(0.02)
                continue
            acknowledged[result["results"][0]["id"]] = text
            if len(acknowledged) >= 40:
                enough.set()

    def disturb() -> None:
        try:
            assert enough.wait(120)
            to_thread(server.kill)
            to_thread(server.start)
            before = len(acknowledged)
            until = monotonic() + 120
            while len(acknowledged) < before + 20 and monotonic() < until:
                memory.count(user_id="u")
            assert len(acknowledged) >= before + 20
        finally:
            done.set()

    gather([disturb, *(partial(write, number) for number in range(4))])
    # A writer that finds the server back in time writes again what was undone: there need be no failure.
    listed = (memory.get_all(user_id="u", limit=100_000))["results"]
    kept = {item["id"]: item["memory"] for item in listed}
    assert acknowledged.items() <= kept.items()
    # What was under way when the server died is there as a whole or not at all, and never twice.
    assert len(set(kept.values())) == len(kept)
    unknown = sorted(kept.keys() - acknowledged.keys())
    assert len(unknown) <= len(failures)
    for memory_id in [*unknown, *sorted(acknowledged)[-3:]]:
        assert [entry["event"] for entry in memory.history(memory_id)] == ["ADD"]
        assert [source["content"] for source in memory.sources(memory_id)] == [kept[memory_id]]
        assert memory_id in {item["id"] for item in (memory.search(kept[memory_id], user_id="u"))["results"]}
