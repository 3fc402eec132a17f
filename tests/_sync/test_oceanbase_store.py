# Generated from tests/_async/test_oceanbase_store.py by scripts/run_unasync.py; edit that file instead.
"""The store on OceanBase: what the server itself finds, and how that is built and brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import gather
from powermem._core.changes.writes import AddMemory, Delete, ReplaceText
from powermem._core.clock import now, to_iso
from powermem._core.filters.parse import parse
from powermem._core.query.search import Hit, SearchRequest
from powermem._core.text.cleaning import content_hash
from powermem._core.values import Scope
from powermem._drivers.base import Connection
from powermem._sync.stores.oceanbase import search
from powermem._sync.stores.oceanbase import store as oceanbase
from powermem._sync.stores.oceanbase.indexes import Builder
from powermem._sync.stores.oceanbase.store import OceanBaseStore
from powermem._sync.stores.server import partitions
from powermem.errors import StoreError
from tests.support.additions import memory_of, search_for, vector
from tests.support.databases import execute
from tests.support.filling import caches_of, random_texts

pytestmark = pytest.mark.stores("oceanbase")

# By what the store searches, and what it says of it.
_BUILT = "SELECT count(*), count(words), count(length), count(near) FROM memories_records"
_FURTHER = "SELECT count(*) FROM memories_windows"
_EXPECTED = "SELECT CAST(SUM(LENGTH(embedding) DIV 1536 - 1) AS SIGNED) FROM memories_records"
_PROGRESS = "SELECT value FROM memories_meta WHERE name = '{}'"


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few rows be too many for this process, and for comparing them all."""
    # Of 20 rows with vectors of 384 dimensions, of fewer with longer ones.
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
    monkeypatch.setattr(search, "_EXACT", 20)


def _config(vector_store: dict[str, Any], dimension: int = 384, **more: Any) -> dict[str, Any]:
    return {
        "vector_store": {**vector_store, "config": {**vector_store["config"], **more}},
        "embedder": {"provider": "mock", "config": {"embedding_dims": dimension}},
        "llm": {"provider": "none"},
    }


def _former(vector_store: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same collection as it was before the server could search it: that of a plain MySQL."""
    return _config({**vector_store, "provider": "mysql"}, **more)


def _store(memory: Memory) -> OceanBaseStore:
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, OceanBaseStore)
    return store


def _built(memory: Memory, user_id: str = "u") -> OceanBaseStore:
    """Search for a user who fits into no cache, and wait for the indexes that the server then gets."""
    memory.search("tea", user_id=user_id)
    store = _store(memory)
    assert store._indexer.join()
    assert store._indexer.error is None
    return store


def _fill(config: dict[str, Any], count: int) -> list[str]:
    texts = random_texts(count)
    with Memory(config) as memory:
        memory.add_many(texts, user_id="u", infer=False, on_error="raise")
    return texts


def _scores(store: OceanBaseStore, queries: list[str]) -> list[list[tuple[int, float]]]:
    answers = store.search([search_for(query, Scope("u"), 5) for query in queries], touch=False)
    return [[(hit.row.id, round(hit.score, 4)) for hit in hits] for hits in answers]


def test_the_index_finds_nearly_all_of_the_nearest(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
    texts = _fill(_config(vector_store), 3000)
    with Memory(_config(vector_store)) as memory:
        store = _built(memory)
        queries = [f"{text} and more" for text in texts[::200]]
        asked = [SearchRequest(Scope("u"), vector(query), None, 10, similarity=True) for query in queries]
        exact = store.search(asked, touch=False)
        monkeypatch.setattr(search, "_EXACT", 20)
        found = store.search(asked, touch=False)
        near = 0
        for one, other in zip(found, exact, strict=True):
            wanted = {hit.row.id: hit.score for hit in other}
            near += len(wanted.keys() & {hit.row.id for hit in one})
            for hit in one:
                if hit.row.id in wanted:
                    assert hit.score == pytest.approx(wanted[hit.row.id], abs=1e-5)
        assert sum(map(len, exact)) == 10 * len(asked)
        assert near >= 0.95 * sum(map(len, exact))
        assert store._cached.left == {"u"}


def test_filters_and_scope_hold_where_the_server_searches(
    vector_store: dict[str, Any], small_limits: None
) -> None:
    with Memory(_config(vector_store)) as memory:
        memory.initialize()
        store = _store(memory)
        texts = random_texts(120)
        store.apply(
            [
                memory_of(
                    f"green tea {text}",
                    Scope(("u", "v")[number % 2], ("a", "b")[number % 3 == 0], f"r{number % 4}"),
                    metadata={"n": number, "tag": f"t{number % 5}"},
                    memory_type=("fact", "plan")[number % 7 == 0],
                )
                for number, text in enumerate(texts)
            ]
        )
        _built(memory)
        for expression, wanted in (
            ({"memory_type": "plan"}, [n for n in range(0, 120, 2) if n % 7 == 0]),
            ({"tag": "t3"}, [n for n in range(0, 120, 2) if n % 5 == 3]),
            ({"n": {"gte": 100}, "memory_type": "fact"}, [n for n in range(100, 120, 2) if n % 7]),
            ({"OR": [{"n": 4}, {"memory_type": "nothing"}]}, [4]),
            (
                {"NOT": [{"tag": {"in": ["t0", "t1", "t2", "t3"]}}]},
                [n for n in range(0, 120, 2) if n % 5 == 4],
            ),
        ):
            request = search_for("green tea", Scope("u"), 100, expression=parse(expression))
            (hits,) = store.search([request], touch=False)
            assert sorted(hit.row.metadata["n"] for hit in hits) == wanted, expression
        (hits,) = store.search([search_for("green tea", Scope("u", "b", "r2"), 100)], touch=False)
        assert sorted(hit.row.metadata["n"] for hit in hits) == [n for n in range(6, 120, 12) if n % 4 == 2]
        (hits,) = store.search([search_for("green tea", Scope("nobody"), 100)], touch=False)
        assert hits == []
        words = SearchRequest(Scope("v"), None, search_for(texts[7]).terms, 3)
        (hits,) = store.search([words], touch=False)
        assert hits[0].row.metadata["n"] == 7
        # A vector that points nowhere is as far from all.
        nowhere = SearchRequest(Scope("u"), bytes(4 * 384), search_for(texts[8]).terms, 3)
        (hits,) = store.search([nowhere], touch=False)
        assert hits[0].row.metadata["n"] == 8


def test_what_grows_too_large_is_left_to_the_server(vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(vector_store)
    with Memory(config) as memory, Memory(config) as other:
        for number in range(15):
            memory.add(f"tea {number}", user_id="u", infer=False)
        assert len((memory.search("tea", user_id="u", limit=50))["results"]) == 15
        store = _store(memory)
        assert store._cached.nbytes > 0
        assert not store._cached.left
        other.add_many([f"more tea {n}" for n in range(30)], user_id="u", infer=False)
        _built(memory)
        assert len((memory.search("tea", user_id="u", limit=50))["results"]) == 45
        assert store._cached.left == {"u"}
        # A change of another process is seen at once.
        other.add("white tea from Fujian", user_id="u", infer=False)
        hit = (memory.search("white tea from Fujian", user_id="u"))["results"][0]
        assert hit["memory"] == "white tea from Fujian"
        other.update(hit["id"], "red tea from Yunnan")
        assert (memory.search("red tea Yunnan", user_id="u"))["results"][0]["id"] == hit["id"]
        other.delete(hit["id"])
        assert hit["id"] not in {
            one["id"] for one in (memory.search("red tea", user_id="u", limit=50))["results"]
        }
        other.delete_all(user_id="u")
        other.add("the last tea", user_id="u", infer=False)
        for _ in range(2):
            found = (memory.search("tea", user_id="u", limit=50))["results"]
            assert [one["memory"] for one in found] == ["the last tea"]
        assert not store._cached.left


def test_what_fits_is_ranked_here_and_large_users_do_not_evict_each_other(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(300_000))
    config = _config(vector_store)
    with Memory(config) as memory, Memory(config) as other:
        # Each takes two thirds of the cache.
        for user in ("a", "b"):
            memory.add_many([f"tea {n} of {user}" for n in range(100)], user_id=user, infer=False)
        cached = _store(memory)._cached
        # As long as there are no indexes, each search drops the partition of the other one.
        memory.search("tea", user_id="a")
        _built(memory, "b")
        cached.clear()
        left = []
        # Whoever is alone in searching gets the room.
        for user in "ababb":
            found = (memory.search(f"tea 7 of {user}", user_id=user))["results"]
            assert found[0]["memory"] == f"tea 7 of {user}"
            left.append({*cached.left})
        assert left == [set(), {"b"}, {"b"}, {"b"}, set()]
        # What others write, change and delete is seen by the next search.
        item = other.add("white tea from Fujian", user_id="b", infer=False)
        (hit, *_) = (memory.search("white tea from Fujian", user_id="b"))["results"]
        assert hit["id"] == item["results"][0]["id"]
        other.update(hit["id"], "red tea from Yunnan")
        assert (memory.search("red tea Yunnan", user_id="b"))["results"][0]["id"] == hit["id"]
        other.delete(hit["id"])
        assert len((memory.search("tea", user_id="b", limit=200))["results"]) == 100
        assert cached.left == set()


def test_long_texts_that_no_count_foresees_are_left_to_the_server(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(150_000))
    with Memory(_config(vector_store)) as memory:
        memory.initialize()
        store = _store(memory)
        windows = b"".join(vector(f"window {number}") for number in range(10))
        changes = [memory_of(text, Scope("u")) for text in random_texts(20)]
        store.apply([replace(change, embedding=windows) for change in changes])
        _built(memory)
        store._cached.clear()
        asked: list[str] = []
        fetch = store._cached._fetch

        def counted(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
            asked.append(sql)
            return fetch(sql, values)

        monkeypatch.setattr(store._cached, "_fetch", counted)
        texts = [change.row.text for change in changes]
        for _ in range(2):
            (hits,) = store.search([search_for(texts[3], Scope("u"), 5)], touch=False)
            assert hits[0].row.text == texts[3]
        assert store._cached.left == {"u"}
        # The second search did not try it again.
        assert sum("ORDER BY id LIMIT" in sql for sql in asked) == 1
        store.apply([Delete(change.row.id, 0) for change in changes[5:]])
        (hits,) = store.search([search_for(texts[3], Scope("u"), 5)], touch=False)
        assert hits[0].row.text == texts[3]
        assert store._cached.left == set()


def _of_windows(texts: Sequence[str], scopes: Sequence[Scope]) -> list[AddMemory]:
    """Memories with one window to 64 of them, the last of which has the vector of the text."""
    changes = [memory_of(text, scopes[i % len(scopes)]) for i, text in enumerate(texts)]
    numbers = [(1, 1, 3, 64, 2, 1, 5)[i % 7] for i in range(len(texts))]
    return [
        replace(change, embedding=b"".join(map(vector, [*(f"window {i}" for i in range(1, number)), text])))
        for change, number, text in zip(changes, numbers, texts, strict=True)
    ]


@pytest.mark.parametrize(("exact", "parts", "pool"), [(20_000, 0, 200), (5, 0, 200), (5, 3, 10)])
def test_every_window_counts_where_the_server_searches(
    new_vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch, exact: int, parts: int, pool: int
) -> None:
    config = _config(new_vector_store, partitions=parts)
    changes = _of_windows(random_texts(60), [Scope("u", "a"), Scope("u", "b"), Scope("v")])
    everything = parse({"NOT": {"actor_id": {"like": "nobody%"}}})
    requests = [
        SearchRequest(scope, vector(change.row.text), None, 10, similarity=True, expression=expression)
        for change in changes[3::7]
        for scope in {change.row.scope, Scope(change.row.scope.user_id), Scope()}
        for expression in (None, everything)
    ]

    def scores(answers: list[list[Hit]]) -> list[dict[int, Any]]:
        return [{hit.row.id: pytest.approx(hit.score, abs=1e-4) for hit in hits} for hits in answers]

    with Memory(config) as memory:
        memory.initialize()
        # Some are there when the table is filled, the others are written to it.
        _store(memory).apply(changes[:40])
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
    monkeypatch.setattr(search, "_EXACT", exact)
    # With a small one, windows that must not be found are in the way of others.
    monkeypatch.setattr(search, "pool_size", lambda limit: pool)
    with Memory(config) as memory:
        store = _built(memory)
        store.apply(changes[40:])
        found = store.search(requests, touch=False)
        assert store._cached.left == {"u", "v", None}
    monkeypatch.undo()
    with Memory(config) as memory:
        memory.initialize()
        here = _store(memory).search(requests, touch=False)
    assert [{hit.row.id: hit.score for hit in hits} for hits in found] == scores(here)
    # The text whose last window was searched for comes first.
    assert sum(hits[0].score > 0.5 for hits in found) == len(found)
    assert execute(new_vector_store, _FURTHER) == execute(new_vector_store, _EXPECTED)


def test_the_windows_follow_the_texts(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store)
    config["embedder"]["config"]["max_tokens"] = 24
    parts = [
        "The ferry to the island leaves the harbour at nine on weekdays.",
        "Marta keeps bees behind her house and sells the honey in autumn.",
        "The old laptop overheats when the build runs with all workers.",
        "Our accountant wants the invoices of the second quarter by Friday.",
        "Tomatoes need a trellis, and water in the morning rather than at night.",
    ]

    def near(query: str) -> float:
        found = (memory.search(query, user_id="u", explain=True))["results"]
        assert execute(new_vector_store, _FURTHER) == execute(new_vector_store, _EXPECTED)
        assert _store(memory)._cached.left == {"u"}
        return float(found[0]["score_details"]["dense"])

    with Memory(config) as memory:
        memory.add_many(random_texts(60)[6:], user_id="u", infer=False)
        _built(memory)
        added = (memory.add("\n\n".join(parts), user_id="u", infer=False))["results"][0]
        assert near(parts[4]) > 0.8
        memory.update(added["id"], "\n\n".join(parts[:2]))
        assert near(parts[1]) > 0.8
        assert near(parts[4]) < 0.7
        later = "\n\n".join(parts[2:])
        vectors = b"".join(map(vector, parts[2:]))
        before = now()
        # What it was before is kept as a memory of its own.
        change = ReplaceText(added["id"], later, content_hash(later), vectors, now(), valid_from=now())
        _store(memory).apply([change])
        assert near(parts[4]) > 0.8
        past = memory.search(parts[1], user_id="u", as_of=to_iso(before), explain=True)
        assert past["results"][0]["score_details"]["dense"] > 0.8
        memory.delete(added["id"])
        assert near(parts[4]) < 0.7
        memory.add(later, user_id="u", infer=False)
        assert near(parts[3]) > 0.8
        memory.delete_all(user_id="u")
        assert execute(new_vector_store, _FURTHER) == [(0,)]
        memory.add(later, user_id="u", infer=False)
        memory.reset()
        assert execute(new_vector_store, _FURTHER) == [(0,)]


@pytest.mark.parametrize(("parts", "version"), [(0, 2), (3, 3), (0, 4), (0, 5), (0, 6)])
def test_a_collection_of_the_former_schema_is_brought_up_to_date(
    new_vector_store: dict[str, Any], small_limits: None, parts: int, version: int
) -> None:
    texts = _fill(_former(new_vector_store, partitions=parts), 60)
    assert execute(new_vector_store, _PROGRESS.format("schema_version")) == [(b"6",)]
    # Before version 3 had the offsets of moments, which are added where they are missing.
    execute(new_vector_store, f"UPDATE memories_meta SET value = '{version}' WHERE name = 'schema_version'")
    config = _config(new_vector_store, partitions=parts)
    memories = [Memory(config) for _ in range(3)]
    # Each finds what is missing, and one builds it.
    gather([memory.initialize for memory in memories])
    assert execute(new_vector_store, _PROGRESS.format("schema_version")) == [(b"8",)]
    gather([partial(_built, memory) for memory in memories])
    assert execute(new_vector_store, _BUILT) == [(60, 60, 60, 60)]
    for memory, text in zip(memories, texts, strict=False):
        (hit, *_) = (memory.search(text, user_id="u", explain=True))["results"]
        assert hit["memory"] == text
        assert hit["score_details"]["dense"] == pytest.approx(1.0, abs=1e-5)
        assert _store(memory)._cached.left
    # What is written now looks as what was filled in.
    memories[0].add(texts[0], user_id="other", infer=False)
    for column in ("SUBSTRING(words, 34)", "length", "SUBSTRING(words, 2, 32) = MD5(user_id)"):
        rows = execute(
            new_vector_store, f"SELECT DISTINCT {column} FROM memories_records WHERE memory = '{texts[0]}'"
        )
        assert len(rows) == 1
    gather([memory.close for memory in memories])


def test_what_was_half_built_is_completed(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        whole = _scores(_built(memory), texts[:5])
    for spoiling in (
        (
            "UPDATE memories_meta SET value = '' WHERE name = 'near'",
            "UPDATE memories_records SET near = NULL",
        ),
        ("UPDATE memories_meta SET value = '' WHERE name IN ('near', 'near_column')",),
        ("UPDATE memories_meta SET value = '' WHERE name = 'windows'",),
        ("UPDATE memories_meta SET value = '' WHERE name IN ('windows', 'windows_column')",),
        # So was a collection before version 8.
        (
            "DELETE FROM memories_meta WHERE name IN ('windows', 'windows_column')",
            "DROP TABLE memories_windows",
        ),
        (
            "DELETE FROM memories_meta WHERE name = 'words'",
            "UPDATE memories_records SET words = NULL, length = NULL",
        ),
        (
            "DELETE FROM memories_meta WHERE name IN ('words', 'words_column')",
            "UPDATE memories_records SET words = NULL, length = NULL WHERE id % 2 = 0",
            "DROP INDEX said ON memories_records",
            "DROP INDEX seen ON memories_records",
        ),
    ):
        for statement in spoiling:
            execute(new_vector_store, statement)
        with Memory(config) as memory:
            assert _scores(_built(memory), texts[:5]) == whole
            assert _store(memory)._cached.left
        assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


def test_a_collection_of_version_6_keeps_its_indexes(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        _built(memory)
    # Until then, every collection had the words, and only an unfinished one said so.
    execute(new_vector_store, "DELETE FROM memories_meta WHERE name = 'words_column'")
    execute(new_vector_store, "UPDATE memories_meta SET value = '6' WHERE name = 'schema_version'")
    with Memory(config) as memory:
        memory.add("one more", user_id="u", infer=False)
        for text in (texts[3], "one more"):
            assert (memory.search(text, user_id="u"))["results"][0]["memory"] == text
        assert _store(memory)._cached.left
    assert execute(new_vector_store, _BUILT) == [(41, 41, 41, 41)]


def test_no_index_is_written_before_it_is_needed(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    columns = (
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name = 'memories_records' AND column_name IN ('words', 'length', 'near')"
    )
    config = _config(new_vector_store)
    with Memory(config) as memory:
        for number in range(15):
            memory.add(f"tea {number}", user_id="u", infer=False)
        _built(memory)
        assert execute(new_vector_store, columns) == [(0,)]
        more = [f"more tea {number}" for number in range(40)]
        memory.add_many(more, user_id="u", infer=False)
        # What is written while they are built is in them too.
        calls = [partial(memory.add, text, user_id="v", infer=False) for text in more]
        gather([partial(_built, memory), *calls])
    assert execute(new_vector_store, _BUILT) == [(95, 95, 95, 95)]


def test_a_build_that_is_refused_fails_no_call_and_is_tried_again(
    new_vector_store: dict[str, Any], small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each statement of the builder fails at first, as seekdb under load refuses some."""
    monkeypatch.setattr(oceanbase, "_RETRIES", (0.0,) * 100)
    refused: list[str] = []

    def check(sql: str) -> None:
        if sql not in refused:
            refused.append(sql)
            raise StoreError("Buffer not enough (error 4024)")

    def refusing(connection: Connection) -> Connection:
        execute, fetch = connection.execute, connection.fetch

        def executed(sql: str, values: Sequence[Any] = ()) -> int:
            check(sql)
            return execute(sql, values)

        def fetched(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
            check(sql)
            return fetch(sql, values)

        monkeypatch.setattr(connection, "execute", executed)
        monkeypatch.setattr(connection, "fetch", fetched)
        return connection

    @contextmanager
    def connected(builder: Builder) -> Iterator[Connection]:
        with lend(builder) as connection:
            yield refusing(connection)

    lend = Builder._connected
    monkeypatch.setattr(Builder, "_connected", connected)
    config = _config(new_vector_store)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        memory.search("tea", user_id="u")
        calls = [partial(memory.search, text, user_id="u") for text in texts[:5]]
        loads = [partial(memory.add, f"more tea {number}", user_id="u", infer=False) for number in range(5)]
        answers: list[Any] = gather([*calls, *loads])
        assert [answer["results"][0]["memory"] for answer in answers[:5]] == texts[:5]
        assert _store(memory)._indexer.join()
        assert _store(memory)._indexer.error is None
        assert (memory.search("more tea 3", user_id="u"))["results"][0]["memory"] == "more tea 3"
        assert _store(memory)._cached.left == {"u"}
    assert execute(new_vector_store, _BUILT) == [(45, 45, 45, 45)]
    assert len([sql for sql in refused if sql.startswith(("ALTER", "CREATE"))]) >= 2


def test_an_index_that_another_embedder_made_useless_is_not_used(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    _fill(config, 40)
    replaced = "UPDATE memories_meta SET value = '' WHERE name IN ('near', 'near_column')"

    def switched() -> bool:
        """Do what a process that moves the collection does; this is asked before rows are filled in."""
        execute(new_vector_store, replaced)
        return False

    with Memory(config) as memory:
        memory.initialize()
        _store(memory)._builder.build(switched)
        assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"",)]
        # The next one begins anew, and one that has to stop goes on where it was.
        for number in range(3):
            answers = iter([False] * number)
            _store(memory)._builder.build(partial(next, answers, True))
            assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"",)]
        _store(memory)._builder.build(lambda: False)
        assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"384",)]
    assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


def test_what_closing_interrupts_is_completed_later(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        memory.search("tea", user_id="u")
    with Memory(config) as memory:
        store = _built(memory)
        assert (memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert store._cached.left == {"u"}
    assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


def test_until_it_is_built_this_process_ranks(vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(vector_store)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        memory.initialize()
        store = _store(memory)
        whole = _scores(store, texts[:5])
        assert store._indexer.join()
        assert _scores(store, texts[:5]) == whole
        assert store._cached.left
        execute(vector_store, "UPDATE memories_meta SET value = '' WHERE name = 'near'")
        memory.add("one more", user_id="u", infer=False)
        assert (memory.search("one more", user_id="u"))["results"][0]["memory"] == "one more"
        assert not store._cached.left


def test_another_embedder_gets_a_column_of_its_own(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    texts = _fill(_config(new_vector_store), 100)
    memory = Memory(_config(new_vector_store, 64))
    memory.reembed()
    _built(memory)
    for text in texts[:3]:
        (hit, *_) = (memory.search(text, user_id="u", explain=True))["results"]
        assert hit["memory"] == text
        assert hit["score_details"]["dense"] == pytest.approx(1.0, abs=1e-5)
    assert _store(memory)._cached.left
    memory.add("one more", user_id="u", infer=False)
    memory.close()
    assert execute(new_vector_store, _BUILT) == [(101, 101, 101, 101)]
    assert execute(new_vector_store, "SELECT DISTINCT VECTOR_DIMS(near) FROM memories_records") == [(64,)]


def test_vectors_too_long_for_the_index_are_ranked_here(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    texts = _fill(_config(new_vector_store, 4100), 30)
    with Memory(_config(new_vector_store, 4100)) as memory:
        store = _built(memory)
        assert (memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert not store._cached.left


def test_the_index_of_one_part_is_asked(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store, partitions=4)
    texts = _fill(config, 40)
    with Memory(config) as memory:
        store = _built(memory)
        assert (memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert store._cached.left
        with store._pool.reading() as reader:
            plan = reader.fetch(
                "EXPLAIN SELECT id FROM memories_records WHERE user_id = ? AND valid_to IS NULL "
                "ORDER BY cosine_distance(near, ?) APPROXIMATE LIMIT 5",
                ("u", vector("tea")),
            )
    text = "\n".join(str(line[0]) for line in plan)
    assert "VECTOR INDEX" in text
    listed = text.split("partitions(p", 1)[1].split(")", 1)[0]
    assert listed.isdigit()
