# Generated from tests/_async/stores/test_vector_index.py by scripts/run_unasync.py; edit that file instead.
"""PostgreSQL's index of the vectors is built when a search needs it, and costs nothing before."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import Memory
from powermem._core.sql.postgres import PostgresSQL
from powermem._core.values import Scope
from powermem._sync.stores import postgres
from powermem._sync.stores.postgres import PostgresStore
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


def opened(memory: Memory) -> PostgresStore:
    memory.initialize()
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, PostgresStore)
    return store


def complete(store: PostgresStore) -> bool:
    return bool(store._fetch(store._sql.index_is_complete, ()))


def built(store: PostgresStore) -> int:
    """Return how many indexes of vectors there are, complete or not."""
    ((count,),) = store._fetch(
        "SELECT count(*) FROM pg_class WHERE relkind = 'i' AND right(relname, 5) = '_near'", ()
    )
    return int(count)


def find(store: PostgresStore) -> set[str]:
    [hits] = store.search([search_for("tea number 7", ANA, 50)])
    return {hit.row.text for hit in hits}


def test_a_search_that_needs_it_has_it_built(small: dict[str, Any]) -> None:
    with Memory(small) as memory:
        store = opened(memory)
        store.apply([memory_of("tea with milk", Scope("ben")), *(memory_of(one, ANA) for one in TEXTS)])
        store.search([search_for("tea with milk", Scope("ben"))])
        assert built(store) == 0
        assert find(store) == {*TEXTS}
        store._index._worker.join()
        assert complete(store)
        assert find(store) == {*TEXTS}
        # What is written from now on is in it.
        store.apply([memory_of("tea number 30", ANA)])
        assert find(store) == {*TEXTS, "tea number 30"}


def test_what_an_interruption_has_left_is_built_again(small: dict[str, Any]) -> None:
    with Memory(small) as memory:
        store = opened(memory)
        store.apply([memory_of(one, ANA) for one in TEXTS])
        store._index.build()
        with store._pool.transaction() as connection:
            connection.execute(
                "UPDATE pg_index SET indisvalid = false FROM pg_class c WHERE c.oid = indexrelid "
                "AND c.relkind = 'i' AND right(relname, 5) = '_near' "
                "AND indexrelid NOT IN (SELECT inhrelid FROM pg_inherits)"
            )
        assert not complete(store)
        find(store)
        store._index._worker.join()
        assert complete(store)
        assert find(store) == {*TEXTS}


def test_closing_cancels_a_build(small: dict[str, Any]) -> None:
    with Memory(small) as memory, Memory(small) as other:
        store = opened(memory)
        store.apply([memory_of(one, ANA) for one in TEXTS])
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX' || chr(37) "
            "AND state = 'active' AND wait_event_type = 'Lock'"
        )
        other.initialize()
        with store._pool.transaction() as writer:
            # A build waits for the transactions that write to its table.
            writer.execute(f"UPDATE {store._sql.records} SET access_count = 1")
            writer.execute(f"DELETE FROM {store._sql.windows}")
            find(store)
            while not store._fetch(waiting, ()):
                assert store._index._worker.alive
            store._index.close()
            assert not store._index._worker.alive
        assert not complete(store)


def test_another_embedder_removes_it_in_any_state(small: dict[str, Any]) -> None:
    with Memory(small) as memory:
        store = opened(memory)
        store.apply([memory_of(one, ANA) for one in TEXTS])
        store._index.build()
        assert built(store) >= 2
        if small["vector_store"]["config"]["partitions"]:
            with store._pool.transaction() as connection:
                # As if it had been interrupted before the parts were put together.
                connection.execute(f"DROP INDEX {store._sql.records}_near")
                connection.execute(
                    f"CREATE INDEX {store._sql.records}_p1_near ON {store._sql.records}_p1 "
                    "USING hnsw ((embedding::vector(64)) vector_cosine_ops)"
                )
        memory.reset()
        assert built(store) == 0
