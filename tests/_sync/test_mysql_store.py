# Generated from tests/_async/test_mysql_store.py by scripts/run_unasync.py; edit that file instead.
"""The store on MySQL's protocol: its caches follow what others write, and it starts seekdb by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._core.sql import mysql
from powermem._core.sql.steps import Steps, TransactionAbortedError
from powermem._core.sql.transfer import Transfer
from powermem._core.values import EmbedderIdentity
from powermem._drivers.base import Connection
from powermem._sync.stores.mysql import MySQLStore
from powermem._sync.stores.server import store as server
from powermem._sync.stores.steps import run
from powermem.errors import EmbeddingMismatchError, StoreUnavailableError

pytestmark = pytest.mark.stores("mysql", "oceanbase")


def _config(vector_store: dict[str, Any], **more: Any) -> dict[str, Any]:
    section = {**vector_store, "config": {**vector_store["config"], **more}}
    return {"vector_store": section, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


def _store(memory: Memory) -> MySQLStore:
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, MySQLStore)
    return store


@pytest.fixture
def pair(new_vector_store: dict[str, Any]) -> Iterator[tuple[Memory, Memory]]:
    """Two that share the tables and nothing else, as two processes would."""
    with Memory(_config(new_vector_store)) as one, Memory(_config(new_vector_store)) as other:
        yield one, other


def _say(memory: Memory, text: str, **more: Any) -> int:
    result = memory.add(text, user_id="u", infer=False, **more)
    found: int = result["results"][0]["id"]
    return found


def _found(memory: Memory, query: str, user_id: str | None = "u") -> set[str]:
    result = memory.search(query, user_id=user_id)
    return {hit["memory"] for hit in result["results"]}


@pytest.mark.parametrize("user_id", ["u", None])
def test_a_search_sees_what_another_has_written(pair: tuple[Memory, Memory], user_id: str | None) -> None:
    one, other = pair
    green, black = _say(one, "tea is green"), _say(one, "tea is black")
    assert _found(other, "tea", user_id) == {"tea is green", "tea is black"}
    one.update(green, "tea is white")
    assert _found(other, "tea", user_id) == {"tea is white", "tea is black"}
    one.delete(black)
    assert _found(other, "tea", user_id) == {"tea is white"}
    _say(one, "tea is red")
    one.delete_all(user_id="u")
    assert _found(other, "tea", user_id) == set()


def test_a_search_sees_that_another_has_emptied_the_collection(
    pair: tuple[Memory, Memory],
) -> None:
    one, other = pair
    _say(one, "tea is green")
    assert _found(other, "tea") == {"tea is green"}
    one.reset()
    assert _found(other, "tea") == set()
    _say(one, "tea is white")
    assert _found(other, "tea") == {"tea is white"}


def test_who_is_too_far_behind_reads_everything_anew(
    pair: tuple[Memory, Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mysql, "_LISTED", 2)
    monkeypatch.setattr(mysql, "_TRIM_EVERY", 1)
    one, other = pair
    _say(one, "tea 0")
    assert _found(other, "tea") == {"tea 0"}
    for i in range(1, 8):
        _say(one, f"tea {i}")
    store = _store(one)
    with store._pool.reading() as reader:
        listed = reader.fetch(f"SELECT count(DISTINCT sequence) FROM {store._sql.collection}_changes")
    assert listed == [(2,)]
    assert _found(other, "tea") == {f"tea {i}" for i in range(8)}


def test_ids_that_differ_in_a_blank_or_in_case_are_two(pair: tuple[Memory, Memory]) -> None:
    memory, _ = pair
    for user_id in ("a", "a ", "A", "ä"):
        memory.add("tea", user_id=user_id, infer=False)
    assert (memory.get_all(user_id="a"))["total"] == 1
    assert memory.users() == ["A", "a", "a ", "ä"]


def _smaller(vector_store: dict[str, Any]) -> dict[str, Any]:
    return {**_config(vector_store), "embedder": {"provider": "mock", "config": {"embedding_dims": 64}}}


def test_nobody_writes_while_another_embedder_takes_over(
    new_vector_store: dict[str, Any], store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = "innodb_lock_wait_timeout = 1" if store == "mysql" else "ob_trx_lock_timeout = 1000000"
    switch, take_steps = Transfer.switch, run
    switching: list[bool] = []
    tries: list[bool] = []

    def noticed(transfer: Transfer, identity: EmbedderIdentity, everything: bool) -> Steps[tuple[bool, bool]]:
        outcome = yield from switch(transfer, identity, everything)
        switching.append(True)
        return outcome

    with Memory(_config(new_vector_store)) as writer:
        _say(writer, "tea is green")

        def interrupted(connection: Connection, steps: Steps[Any]) -> Any:
            outcome = take_steps(connection, steps)
            if not switching:
                return outcome
            switching.clear()
            with _store(writer)._pool.reading() as reader:
                other = reader.lease.connection
                other.execute(f"SET SESSION {patience}")
                other.begin()
                with pytest.raises(TransactionAbortedError):
                    take_steps(other, _store(writer)._sql.enter())
                other.rollback()
            tries.append(True)
            return outcome

        monkeypatch.setattr(Transfer, "switch", noticed)
        monkeypatch.setattr(server, "run", interrupted)
        moving = Memory(_smaller(new_vector_store))
        moving.reembed()
        moving.close()
        assert tries
        with pytest.raises(EmbeddingMismatchError):
            _say(writer, "tea is black")


def test_a_reset_does_not_look_like_another_embedder(new_vector_store: dict[str, Any]) -> None:
    with Memory(_config(new_vector_store)) as memory:
        _say(memory, "tea is green")
    moving = Memory(_smaller(new_vector_store))
    moving.reembed()
    moving.close()
    with Memory(_smaller(new_vector_store)) as other:
        with Memory(_smaller(new_vector_store)) as memory:
            memory.reset()
        _say(other, "tea is black")
        assert _found(other, "tea") == {"tea is black"}


@pytest.mark.stores("oceanbase")
def test_tables_divided_by_user_are_asked_in_one_part(new_vector_store: dict[str, Any]) -> None:
    with Memory(_config(new_vector_store, partitions=4)) as memory:
        _say(memory, "tea is green")
        assert _found(memory, "tea") == {"tea is green"}
        store = _store(memory)
        with store._pool.reading() as reader:
            plan = reader.fetch(f"EXPLAIN SELECT memory FROM {store._sql.records} WHERE user_id = ?", ("u",))
            whole = reader.fetch(f"EXPLAIN SELECT memory FROM {store._sql.records}")
    assert _parts(plan) == 1
    assert _parts(whole) == 4


def _parts(plan: list[tuple[Any, ...]]) -> int:
    text = "\n".join(str(line[0]) for line in plan)
    listed = text.split("partitions(p", 1)[1].split(")", 1)[0]
    first, _, last = listed.replace("[", "").replace("]", "").partition("-")
    return int(last.lstrip("p")) - int(first.lstrip("p")) + 1 if last else len(listed.split(","))


embedded = pytest.mark.skipif(
    sys.version_info < (3, 11) or sys.platform != "linux", reason="pylibseekdb is for Linux and Python 3.11"
)


@pytest.mark.slow
@embedded
def test_without_a_host_the_database_is_part_of_the_program(tmp_path: Path) -> None:
    pytest.importorskip("pylibseekdb")
    config = _config({"provider": "oceanbase", "config": {"ob_path": str(tmp_path / "a" / "b")}})
    with Memory(config) as memory:
        _say(memory, "tea is green")
        # A second one in the same folder uses the same server.
        with Memory(config) as other:
            assert _found(other, "tea") == {"tea is green"}
        assert _found(memory, "tea") == {"tea is green"}
    with Memory(config) as memory:
        assert _found(memory, "tea") == {"tea is green"}


@embedded
def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pylibseekdb")
    place = tmp_path / "file"
    place.touch()
    config = _config({"provider": "oceanbase", "config": {"ob_path": str(place)}})
    with pytest.raises(StoreUnavailableError, match="file"):
        Memory(config).initialize()
