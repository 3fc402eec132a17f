# Generated from tests/_async/stores/test_following.py by scripts/run_unasync.py; edit that file instead.
"""A search sees what any process committed before it began, although it ranks what is cached here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from servers import PgBouncer

from powermem import Memory
from powermem._core.sql import snapshots
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.sql.steps import Steps
from powermem._core.values import Scope
from powermem._sync.stores.postgres import PostgresStore
from powermem._sync.stores.server.pool import Reader
from powermem._sync.stores.steps import run
from tests.support.additions import memory_of, search_for

pytestmark = pytest.mark.stores("postgres")

ANA = Scope("ana")


def store_of(memory: Memory) -> PostgresStore:
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, PostgresStore)
    return store


@pytest.fixture
def pair(new_config: dict[str, Any]) -> Iterator[tuple[Memory, Memory]]:
    """Two that share the tables and nothing else, as two processes would."""
    other = {**new_config, "vector_store": {**new_config["vector_store"]}}
    other["vector_store"]["config"] = {**new_config["vector_store"]["config"], "pool_timeout": 59.0}
    with Memory(new_config) as one, Memory(other) as second:
        one.initialize()
        second.initialize()
        assert store_of(one) is not store_of(second)
        yield one, second


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that are sent while the test runs."""
    queries: list[str] = []
    send = Reader.fetch

    def fetch(self: Reader, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        queries.append(sql)
        return send(self, sql, values)

    monkeypatch.setattr(Reader, "fetch", fetch)
    return queries


def found(memory: Memory, user_id: str | None = "ana") -> set[str]:
    return {hit["memory"] for hit in (memory.search("tea", user_id=user_id, limit=50))["results"]}


def say(memory: Memory, text: str, user_id: str = "ana") -> int:
    result = memory.add(text, user_id=user_id, infer=False)
    added: int = result["results"][0]["id"]
    return added


def reader_and_writer(pair: tuple[Memory, Memory], user_id: str | None) -> None:
    one, other = pair
    green, black = say(one, "tea is green"), say(one, "tea is black")
    assert found(other, user_id) == {"tea is green", "tea is black"}
    one.update(green, "tea is white")
    assert found(other, user_id) == {"tea is white", "tea is black"}
    one.delete(black)
    assert found(other, user_id) == {"tea is white"}
    assert found(one, user_id) == {"tea is white"}
    say(one, "tea is red", "ben")
    assert found(other, user_id) == {"tea is white", *(() if user_id else ["tea is red"])}
    one.delete_all(user_id="ana")
    assert found(other, user_id) == ({"tea is red"} if user_id is None else set())


@pytest.mark.parametrize("user_id", ["ana", None])
def test_a_search_sees_what_another_has_written(pair: tuple[Memory, Memory], user_id: str | None) -> None:
    reader_and_writer(pair, user_id)


def test_a_search_through_a_pooler_sees_what_another_has_written(
    new_config: dict[str, Any], poolers: dict[str, PgBouncer]
) -> None:
    section = new_config["vector_store"]["config"]
    pooled = {**section, **poolers["transaction"].config(section["db_name"])}
    behind = {**new_config, "vector_store": {"provider": "postgres", "config": pooled}}
    with Memory(new_config) as one, Memory(behind) as other:
        reader_and_writer((one, other), "ana")


def test_what_another_has_emptied_is_gone(pair: tuple[Memory, Memory]) -> None:
    one, other = pair
    say(one, "tea is green")
    assert found(other) == {"tea is green"}
    one.reset()
    assert found(other) == set()
    say(one, "tea is white")
    assert found(other) == {"tea is white"}


def test_vectors_that_another_has_replaced_are_read_again(
    pair: tuple[Memory, Memory],
) -> None:
    one, other = pair
    say(one, "tea is green")
    assert found(other) == {"tea is green"}
    held = [entry.partition for entry in store_of(other)._cached._cache._entries.values()]
    one.reembed(everything=True)
    assert found(other) == {"tea is green"}
    (entry,) = store_of(other)._cached._cache._entries.values()
    assert entry.partition is not None
    assert entry.partition not in held


def test_a_commit_is_seen_although_a_later_transaction_was_first(
    pair: tuple[Memory, Memory],
) -> None:
    one, other = pair
    say(one, "tea is green")
    writer = store_of(one)
    with writer._pool.transaction() as late:
        # It has its number now, which all that follow exceed.
        late.fetch("SELECT pg_current_xact_id()::text")
        run(late, writer._writer.write([[memory_of("tea is black", ANA)]], {}))
        for number in range(3):
            say(other, f"tea is {number}")
            assert len(found(other)) == 2 + number
    assert found(other) == {"tea is green", "tea is black", "tea is 0", "tea is 1", "tea is 2"}


def test_who_is_too_far_behind_reads_everything_again(pair: tuple[Memory, Memory]) -> None:
    one, other = pair
    store = store_of(one)
    say(one, "tea 0")
    assert found(other) == {"tea 0"}
    for number in range(1, 8):
        say(one, f"tea {number}")
    # A transaction in another database of the server, such as autovacuum's, puts it off.
    while store._fetch(f"SELECT count(*) FROM {store._sql.changes}", ()) != [(2,)]:
        with store._pool.transaction() as connection:
            run(connection, store._sql.trim(2))
    assert found(other) == {f"tea {number}" for number in range(8)}


def test_changes_stay_listed_while_an_older_transaction_runs(
    pair: tuple[Memory, Memory], asked: list[str]
) -> None:
    one, other = pair
    store = store_of(one)
    say(one, "tea 0")
    with store._pool.transaction() as running:
        ((xid,),) = running.fetch("SELECT pg_current_xact_id()::text")
        for number in range(1, 4):
            say(other, f"tea {number}")
        with store._pool.transaction() as connection:
            run(connection, store._sql.trim(0))
        # What came after it is listed, so nobody whose snapshot is as old has to load everything.
        later = f"SELECT count(*) FROM {store._sql.changes} WHERE xid > ?::text::xid8"
        assert store._fetch(later, (xid,)) == [(3,)]
        assert found(other) == {f"tea {number}" for number in range(4)}
        asked.clear()
        assert len(found(other)) == 4
        assert not any("count(*)" in sql for sql in asked)


def test_transactions_trim_now_and_then(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed: list[int] = []

    def trim(self: PostgresSQL) -> Steps[None]:
        trimmed.append(1)
        yield from ()

    monkeypatch.setattr(snapshots, "_TRIM_EVERY", 1)
    monkeypatch.setattr(PostgresSQL, "trim", trim)
    say(memory, "tea is green")
    assert trimmed == [1]


def test_a_search_of_what_is_cached_sends_two_queries(memory: Memory, asked: list[str]) -> None:
    for number in range(5):
        say(memory, f"tea is {number}")
    assert len(found(memory)) == 5
    asked.clear()
    assert len(found(memory)) == 5
    assert len(asked) == 2


def test_a_server_restored_from_a_copy_is_read_again(pair: tuple[Memory, Memory]) -> None:
    one, other = pair
    say(one, "tea is green")
    assert found(other) == {"tea is green"}
    (entry,) = store_of(other)._cached._cache._entries.values()
    # As if it came from a server that had counted further.
    entry.snapshot = "9876543210:9876543210:"
    say(one, "tea is white")
    assert found(other) == {"tea is green", "tea is white"}


def test_a_change_between_the_two_queries_of_a_search_harms_nothing(
    pair: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = pair
    green = say(one, "tea is green")
    say(one, "tea is black")
    assert found(other) == {"tea is green", "tea is black"}
    send = Reader.fetch

    def fetch(self: Reader, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows = send(self, sql, values)
        if "pg_current_snapshot" in sql:
            monkeypatch.setattr(Reader, "fetch", send)
            one.delete(green)
        return rows

    monkeypatch.setattr(Reader, "fetch", fetch)
    assert found(other) == {"tea is black"}


def test_searches_of_one_user_at_once_agree(pair: tuple[Memory, Memory]) -> None:
    one, other = pair
    texts = [f"tea number {number}" for number in range(40)]
    one.add_many(texts, user_id="ana", infer=False)
    many = other.search_many(["tea"] * 40, user_id="ana", limit=50)
    assert [{hit["memory"] for hit in result["results"]} for result in many] == [set(texts)] * 40


@pytest.mark.parametrize("held", [3, 250_000])
def test_of_each_user_only_own_rows_are_found(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(PostgresSQL, "held", held)
    memory.initialize()
    store = store_of(memory)
    users = [f"u{number}" for number in range(20)]
    store.apply([memory_of(f"tea {user} {n}", Scope(user)) for user in users for n in range(5)])
    hits = store.search([search_for("tea", Scope(user)) for user in users])
    for user, one in zip(users, hits, strict=True):
        assert {hit.row.text for hit in one} == {f"tea {user} {n}" for n in range(5)}
    assert store._cached.left == (set(users) if held == 3 else set())


def test_who_grows_is_left_to_the_server_and_comes_back(
    pair: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresSQL, "held", 4)
    one, other = pair
    left = store_of(other)._cached
    ids = [say(one, f"tea {number}") for number in range(6)]
    assert found(other) == {f"tea {number}" for number in range(6)}
    assert left.left == {"ana"}
    say(one, "tea 6")
    assert len(found(other)) == 7
    assert left.left == {"ana"}
    for memory_id in ids[:3]:
        one.delete(memory_id)
    assert found(other) == {f"tea {number}" for number in range(3, 7)}
    assert left.left == set()
    # And grows again, while it is cached.
    say(one, "tea 7")
    assert len(found(other)) == 5
