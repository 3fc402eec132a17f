"""The store on OceanBase: what the server itself finds, and how that is built and brought up to date."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.oceanbase import search
from powermem._async.stores.oceanbase import store as oceanbase
from powermem._async.stores.oceanbase.indexes import AsyncBuilder
from powermem._async.stores.oceanbase.store import AsyncOceanBaseStore
from powermem._async.stores.server import partitions
from powermem._concurrency import async_gather
from powermem._core.changes.writes import AddMemory, Delete, ReplaceText
from powermem._core.clock import now, to_iso
from powermem._core.filters.parse import parse
from powermem._core.query.search import Hit, SearchRequest
from powermem._core.text.cleaning import content_hash
from powermem._core.values import Scope
from powermem._drivers.base import AsyncConnection
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


def _store(memory: AsyncMemory) -> AsyncOceanBaseStore:
    assert memory._access.components is not None
    store = memory._access.components.store
    assert isinstance(store, AsyncOceanBaseStore)
    return store


async def _built(memory: AsyncMemory, user_id: str = "u") -> AsyncOceanBaseStore:
    """Search for a user who fits into no cache, and wait for the indexes that the server then gets."""
    await memory.search("tea", user_id=user_id)
    store = _store(memory)
    assert await store._indexer.join()
    assert store._indexer.error is None
    return store


async def _fill(config: dict[str, Any], count: int) -> list[str]:
    texts = random_texts(count)
    async with AsyncMemory(config) as memory:
        await memory.add_many(texts, user_id="u", infer=False, on_error="raise")
    return texts


async def _scores(store: AsyncOceanBaseStore, queries: list[str]) -> list[list[tuple[int, float]]]:
    answers = await store.search([search_for(query, Scope("u"), 5) for query in queries], touch=False)
    return [[(hit.row.id, round(hit.score, 4)) for hit in hits] for hits in answers]


async def test_the_index_finds_nearly_all_of_the_nearest(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
    texts = await _fill(_config(vector_store), 3000)
    async with AsyncMemory(_config(vector_store)) as memory:
        store = await _built(memory)
        queries = [f"{text} and more" for text in texts[::200]]
        asked = [SearchRequest(Scope("u"), vector(query), None, 10, similarity=True) for query in queries]
        exact = await store.search(asked, touch=False)
        monkeypatch.setattr(search, "_EXACT", 20)
        found = await store.search(asked, touch=False)
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


async def test_filters_and_scope_hold_where_the_server_searches(
    vector_store: dict[str, Any], small_limits: None
) -> None:
    async with AsyncMemory(_config(vector_store)) as memory:
        await memory.initialize()
        store = _store(memory)
        texts = random_texts(120)
        await store.apply(
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
        await _built(memory)
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
            (hits,) = await store.search([request], touch=False)
            assert sorted(hit.row.metadata["n"] for hit in hits) == wanted, expression
        (hits,) = await store.search([search_for("green tea", Scope("u", "b", "r2"), 100)], touch=False)
        assert sorted(hit.row.metadata["n"] for hit in hits) == [n for n in range(6, 120, 12) if n % 4 == 2]
        (hits,) = await store.search([search_for("green tea", Scope("nobody"), 100)], touch=False)
        assert hits == []
        words = SearchRequest(Scope("v"), None, search_for(texts[7]).terms, 3)
        (hits,) = await store.search([words], touch=False)
        assert hits[0].row.metadata["n"] == 7
        # A vector that points nowhere is as far from all.
        nowhere = SearchRequest(Scope("u"), bytes(4 * 384), search_for(texts[8]).terms, 3)
        (hits,) = await store.search([nowhere], touch=False)
        assert hits[0].row.metadata["n"] == 8


async def test_what_grows_too_large_is_left_to_the_server(
    vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(vector_store)
    async with AsyncMemory(config) as memory, AsyncMemory(config) as other:
        for number in range(15):
            await memory.add(f"tea {number}", user_id="u", infer=False)
        assert len((await memory.search("tea", user_id="u", limit=50))["results"]) == 15
        store = _store(memory)
        assert store._cached.nbytes > 0
        assert not store._cached.left
        await other.add_many([f"more tea {n}" for n in range(30)], user_id="u", infer=False)
        await _built(memory)
        assert len((await memory.search("tea", user_id="u", limit=50))["results"]) == 45
        assert store._cached.left == {"u"}
        # A change of another process is seen at once.
        await other.add("white tea from Fujian", user_id="u", infer=False)
        hit = (await memory.search("white tea from Fujian", user_id="u"))["results"][0]
        assert hit["memory"] == "white tea from Fujian"
        await other.update(hit["id"], "red tea from Yunnan")
        assert (await memory.search("red tea Yunnan", user_id="u"))["results"][0]["id"] == hit["id"]
        await other.delete(hit["id"])
        assert hit["id"] not in {
            one["id"] for one in (await memory.search("red tea", user_id="u", limit=50))["results"]
        }
        await other.delete_all(user_id="u")
        await other.add("the last tea", user_id="u", infer=False)
        for _ in range(2):
            found = (await memory.search("tea", user_id="u", limit=50))["results"]
            assert [one["memory"] for one in found] == ["the last tea"]
        assert not store._cached.left


async def test_what_fits_is_ranked_here_and_large_users_do_not_evict_each_other(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(300_000))
    config = _config(vector_store)
    async with AsyncMemory(config) as memory, AsyncMemory(config) as other:
        # Each takes two thirds of the cache.
        for user in ("a", "b"):
            await memory.add_many([f"tea {n} of {user}" for n in range(100)], user_id=user, infer=False)
        cached = _store(memory)._cached
        # As long as there are no indexes, each search drops the partition of the other one.
        await memory.search("tea", user_id="a")
        await _built(memory, "b")
        cached.clear()
        left = []
        # Whoever is alone in searching gets the room.
        for user in "ababb":
            found = (await memory.search(f"tea 7 of {user}", user_id=user))["results"]
            assert found[0]["memory"] == f"tea 7 of {user}"
            left.append({*cached.left})
        assert left == [set(), {"b"}, {"b"}, {"b"}, set()]
        # What others write, change and delete is seen by the next search.
        item = await other.add("white tea from Fujian", user_id="b", infer=False)
        (hit, *_) = (await memory.search("white tea from Fujian", user_id="b"))["results"]
        assert hit["id"] == item["results"][0]["id"]
        await other.update(hit["id"], "red tea from Yunnan")
        assert (await memory.search("red tea Yunnan", user_id="b"))["results"][0]["id"] == hit["id"]
        await other.delete(hit["id"])
        assert len((await memory.search("tea", user_id="b", limit=200))["results"]) == 100
        assert cached.left == set()


async def test_long_texts_that_no_count_foresees_are_left_to_the_server(
    vector_store: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(150_000))
    async with AsyncMemory(_config(vector_store)) as memory:
        await memory.initialize()
        store = _store(memory)
        windows = b"".join(vector(f"window {number}") for number in range(10))
        changes = [memory_of(text, Scope("u")) for text in random_texts(20)]
        await store.apply([replace(change, embedding=windows) for change in changes])
        await _built(memory)
        store._cached.clear()
        asked: list[str] = []
        fetch = store._cached._fetch

        async def counted(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
            asked.append(sql)
            return await fetch(sql, values)

        monkeypatch.setattr(store._cached, "_fetch", counted)
        texts = [change.row.text for change in changes]
        for _ in range(2):
            (hits,) = await store.search([search_for(texts[3], Scope("u"), 5)], touch=False)
            assert hits[0].row.text == texts[3]
        assert store._cached.left == {"u"}
        # The second search did not try it again.
        assert sum("ORDER BY id LIMIT" in sql for sql in asked) == 1
        await store.apply([Delete(change.row.id, 0) for change in changes[5:]])
        (hits,) = await store.search([search_for(texts[3], Scope("u"), 5)], touch=False)
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
async def test_every_window_counts_where_the_server_searches(
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

    async with AsyncMemory(config) as memory:
        await memory.initialize()
        # Some are there when the table is filled, the others are written to it.
        await _store(memory).apply(changes[:40])
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
    monkeypatch.setattr(search, "_EXACT", exact)
    # With a small one, windows that must not be found are in the way of others.
    monkeypatch.setattr(search, "pool_size", lambda limit: pool)
    async with AsyncMemory(config) as memory:
        store = await _built(memory)
        await store.apply(changes[40:])
        found = await store.search(requests, touch=False)
        assert store._cached.left == {"u", "v", None}
    monkeypatch.undo()
    async with AsyncMemory(config) as memory:
        await memory.initialize()
        here = await _store(memory).search(requests, touch=False)
    assert [{hit.row.id: hit.score for hit in hits} for hits in found] == scores(here)
    # The text whose last window was searched for comes first.
    assert sum(hits[0].score > 0.5 for hits in found) == len(found)
    assert execute(new_vector_store, _FURTHER) == execute(new_vector_store, _EXPECTED)


async def test_the_windows_follow_the_texts(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store)
    config["embedder"]["config"]["max_tokens"] = 24
    parts = [
        "The ferry to the island leaves the harbour at nine on weekdays.",
        "Marta keeps bees behind her house and sells the honey in autumn.",
        "The old laptop overheats when the build runs with all workers.",
        "Our accountant wants the invoices of the second quarter by Friday.",
        "Tomatoes need a trellis, and water in the morning rather than at night.",
    ]

    async def near(query: str) -> float:
        found = (await memory.search(query, user_id="u", explain=True))["results"]
        assert execute(new_vector_store, _FURTHER) == execute(new_vector_store, _EXPECTED)
        assert _store(memory)._cached.left == {"u"}
        return float(found[0]["score_details"]["dense"])

    async with AsyncMemory(config) as memory:
        await memory.add_many(random_texts(60)[6:], user_id="u", infer=False)
        await _built(memory)
        added = (await memory.add("\n\n".join(parts), user_id="u", infer=False))["results"][0]
        assert await near(parts[4]) > 0.8
        await memory.update(added["id"], "\n\n".join(parts[:2]))
        assert await near(parts[1]) > 0.8
        assert await near(parts[4]) < 0.7
        later = "\n\n".join(parts[2:])
        vectors = b"".join(map(vector, parts[2:]))
        before = now()
        # What it was before is kept as a memory of its own.
        change = ReplaceText(added["id"], later, content_hash(later), vectors, now(), valid_from=now())
        await _store(memory).apply([change])
        assert await near(parts[4]) > 0.8
        past = await memory.search(parts[1], user_id="u", as_of=to_iso(before), explain=True)
        assert past["results"][0]["score_details"]["dense"] > 0.8
        await memory.delete(added["id"])
        assert await near(parts[4]) < 0.7
        await memory.add(later, user_id="u", infer=False)
        assert await near(parts[3]) > 0.8
        await memory.delete_all(user_id="u")
        assert execute(new_vector_store, _FURTHER) == [(0,)]
        await memory.add(later, user_id="u", infer=False)
        await memory.reset()
        assert execute(new_vector_store, _FURTHER) == [(0,)]


@pytest.mark.parametrize(("parts", "version"), [(0, 2), (3, 3), (0, 4), (0, 5), (0, 6)])
async def test_a_collection_of_the_former_schema_is_brought_up_to_date(
    new_vector_store: dict[str, Any], small_limits: None, parts: int, version: int
) -> None:
    texts = await _fill(_former(new_vector_store, partitions=parts), 60)
    assert execute(new_vector_store, _PROGRESS.format("schema_version")) == [(b"6",)]
    # Before version 3 had the offsets of moments, which are added where they are missing.
    execute(new_vector_store, f"UPDATE memories_meta SET value = '{version}' WHERE name = 'schema_version'")
    config = _config(new_vector_store, partitions=parts)
    memories = [AsyncMemory(config) for _ in range(3)]
    # Each finds what is missing, and one builds it.
    await async_gather([memory.initialize for memory in memories])
    assert execute(new_vector_store, _PROGRESS.format("schema_version")) == [(b"8",)]
    await async_gather([partial(_built, memory) for memory in memories])
    assert execute(new_vector_store, _BUILT) == [(60, 60, 60, 60)]
    for memory, text in zip(memories, texts, strict=False):
        (hit, *_) = (await memory.search(text, user_id="u", explain=True))["results"]
        assert hit["memory"] == text
        assert hit["score_details"]["dense"] == pytest.approx(1.0, abs=1e-5)
        assert _store(memory)._cached.left
    # What is written now looks as what was filled in.
    await memories[0].add(texts[0], user_id="other", infer=False)
    for column in ("SUBSTRING(words, 34)", "length", "SUBSTRING(words, 2, 32) = MD5(user_id)"):
        rows = execute(
            new_vector_store, f"SELECT DISTINCT {column} FROM memories_records WHERE memory = '{texts[0]}'"
        )
        assert len(rows) == 1
    await async_gather([memory.close for memory in memories])


async def test_what_was_half_built_is_completed(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        whole = await _scores(await _built(memory), texts[:5])
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
        async with AsyncMemory(config) as memory:
            assert await _scores(await _built(memory), texts[:5]) == whole
            assert _store(memory)._cached.left
        assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


async def test_a_collection_of_version_6_keeps_its_indexes(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        await _built(memory)
    # Until then, every collection had the words, and only an unfinished one said so.
    execute(new_vector_store, "DELETE FROM memories_meta WHERE name = 'words_column'")
    execute(new_vector_store, "UPDATE memories_meta SET value = '6' WHERE name = 'schema_version'")
    async with AsyncMemory(config) as memory:
        await memory.add("one more", user_id="u", infer=False)
        for text in (texts[3], "one more"):
            assert (await memory.search(text, user_id="u"))["results"][0]["memory"] == text
        assert _store(memory)._cached.left
    assert execute(new_vector_store, _BUILT) == [(41, 41, 41, 41)]


async def test_no_index_is_written_before_it_is_needed(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    columns = (
        "SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name = 'memories_records' AND column_name IN ('words', 'length', 'near')"
    )
    config = _config(new_vector_store)
    async with AsyncMemory(config) as memory:
        for number in range(15):
            await memory.add(f"tea {number}", user_id="u", infer=False)
        await _built(memory)
        assert execute(new_vector_store, columns) == [(0,)]
        more = [f"more tea {number}" for number in range(40)]
        await memory.add_many(more, user_id="u", infer=False)
        # What is written while they are built is in them too.
        calls = [partial(memory.add, text, user_id="v", infer=False) for text in more]
        await async_gather([partial(_built, memory), *calls])
    assert execute(new_vector_store, _BUILT) == [(95, 95, 95, 95)]


async def test_a_build_that_is_refused_fails_no_call_and_is_tried_again(
    new_vector_store: dict[str, Any], small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each statement of the builder fails at first, as seekdb under load refuses some."""
    monkeypatch.setattr(oceanbase, "_RETRIES", (0.0,) * 100)
    refused: list[str] = []

    def check(sql: str) -> None:
        if sql not in refused:
            refused.append(sql)
            raise StoreError("Buffer not enough (error 4024)")

    def refusing(connection: AsyncConnection) -> AsyncConnection:
        execute, fetch = connection.execute, connection.fetch

        async def executed(sql: str, values: Sequence[Any] = ()) -> int:
            check(sql)
            return await execute(sql, values)

        async def fetched(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
            check(sql)
            return await fetch(sql, values)

        monkeypatch.setattr(connection, "execute", executed)
        monkeypatch.setattr(connection, "fetch", fetched)
        return connection

    @asynccontextmanager
    async def connected(builder: AsyncBuilder) -> AsyncIterator[AsyncConnection]:
        async with lend(builder) as connection:
            yield refusing(connection)

    lend = AsyncBuilder._connected
    monkeypatch.setattr(AsyncBuilder, "_connected", connected)
    config = _config(new_vector_store)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        await memory.search("tea", user_id="u")
        calls = [partial(memory.search, text, user_id="u") for text in texts[:5]]
        loads = [partial(memory.add, f"more tea {number}", user_id="u", infer=False) for number in range(5)]
        answers: list[Any] = await async_gather([*calls, *loads])
        assert [answer["results"][0]["memory"] for answer in answers[:5]] == texts[:5]
        assert await _store(memory)._indexer.join()
        assert _store(memory)._indexer.error is None
        assert (await memory.search("more tea 3", user_id="u"))["results"][0]["memory"] == "more tea 3"
        assert _store(memory)._cached.left == {"u"}
    assert execute(new_vector_store, _BUILT) == [(45, 45, 45, 45)]
    assert len([sql for sql in refused if sql.startswith(("ALTER", "CREATE"))]) >= 2


async def test_an_index_that_another_embedder_made_useless_is_not_used(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    await _fill(config, 40)
    replaced = "UPDATE memories_meta SET value = '' WHERE name IN ('near', 'near_column')"

    def switched() -> bool:
        """Do what a process that moves the collection does; this is asked before rows are filled in."""
        execute(new_vector_store, replaced)
        return False

    async with AsyncMemory(config) as memory:
        await memory.initialize()
        await _store(memory)._builder.build(switched)
        assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"",)]
        # The next one begins anew, and one that has to stop goes on where it was.
        for number in range(3):
            answers = iter([False] * number)
            await _store(memory)._builder.build(partial(next, answers, True))
            assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"",)]
        await _store(memory)._builder.build(lambda: False)
        assert execute(new_vector_store, _PROGRESS.format("near")) == [(b"384",)]
    assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


async def test_what_closing_interrupts_is_completed_later(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    config = _config(new_vector_store)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        await memory.search("tea", user_id="u")
    async with AsyncMemory(config) as memory:
        store = await _built(memory)
        assert (await memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert store._cached.left == {"u"}
    assert execute(new_vector_store, _BUILT) == [(40, 40, 40, 40)]


async def test_until_it_is_built_this_process_ranks(vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(vector_store)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        await memory.initialize()
        store = _store(memory)
        whole = await _scores(store, texts[:5])
        assert await store._indexer.join()
        assert await _scores(store, texts[:5]) == whole
        assert store._cached.left
        execute(vector_store, "UPDATE memories_meta SET value = '' WHERE name = 'near'")
        await memory.add("one more", user_id="u", infer=False)
        assert (await memory.search("one more", user_id="u"))["results"][0]["memory"] == "one more"
        assert not store._cached.left


async def test_another_embedder_gets_a_column_of_its_own(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    texts = await _fill(_config(new_vector_store), 100)
    memory = AsyncMemory(_config(new_vector_store, 64))
    await memory.reembed()
    await _built(memory)
    for text in texts[:3]:
        (hit, *_) = (await memory.search(text, user_id="u", explain=True))["results"]
        assert hit["memory"] == text
        assert hit["score_details"]["dense"] == pytest.approx(1.0, abs=1e-5)
    assert _store(memory)._cached.left
    await memory.add("one more", user_id="u", infer=False)
    await memory.close()
    assert execute(new_vector_store, _BUILT) == [(101, 101, 101, 101)]
    assert execute(new_vector_store, "SELECT DISTINCT VECTOR_DIMS(near) FROM memories_records") == [(64,)]


async def test_vectors_too_long_for_the_index_are_ranked_here(
    new_vector_store: dict[str, Any], small_limits: None
) -> None:
    texts = await _fill(_config(new_vector_store, 4100), 30)
    async with AsyncMemory(_config(new_vector_store, 4100)) as memory:
        store = await _built(memory)
        assert (await memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert not store._cached.left


async def test_the_index_of_one_part_is_asked(new_vector_store: dict[str, Any], small_limits: None) -> None:
    config = _config(new_vector_store, partitions=4)
    texts = await _fill(config, 40)
    async with AsyncMemory(config) as memory:
        store = await _built(memory)
        assert (await memory.search(texts[3], user_id="u"))["results"][0]["memory"] == texts[3]
        assert store._cached.left
        async with store._pool.reading() as reader:
            plan = await reader.fetch(
                "EXPLAIN SELECT id FROM memories_records WHERE user_id = ? AND valid_to IS NULL "
                "ORDER BY cosine_distance(near, ?) APPROXIMATE LIMIT 5",
                ("u", vector("tea")),
            )
    text = "\n".join(str(line[0]) for line in plan)
    assert "VECTOR INDEX" in text
    listed = text.split("partitions(p", 1)[1].split(")", 1)[0]
    assert listed.isdigit()
