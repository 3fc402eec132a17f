"""What a history says is the same however much of it is stored."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._async.stores.server.store import AsyncServerStore
from powermem._concurrency import async_gather
from powermem._core.changes.writes import Added, Delete, DeleteWhere, ReplaceText, Restore, Supersede
from powermem._core.clock import now
from powermem._core.sql.evidence import evidence
from powermem._core.values import Row, Scope, Stored
from tests.support.additions import memory_of, vector
from tests.support.databases import execute
from tests.support.former import MEMORY, create_first_version

pytestmark = pytest.mark.stores


def _stored(config: dict[str, Any]) -> list[tuple[int, str]]:
    rows = execute(config["vector_store"], "SELECT memory_id, event FROM memories_history ORDER BY id")
    return [(memory_id, event if isinstance(event, str) else event.decode()) for memory_id, event in rows]


def _events(record: dict[str, Any]) -> list[list[Any]]:
    return [[entry[2], entry[3], entry[4]] for entry in record["history"]]


async def _history(memory: AsyncMemory, memory_id: int) -> list[tuple[str, str | None, str | None]]:
    found = await memory.history(memory_id)
    return [(entry["event"], entry["old_memory"], entry["new_memory"]) for entry in found]


async def _entries(store: AsyncStore, memory_id: int) -> list[tuple[str, str | None, str | None]]:
    return [(entry.event, entry.old_memory, entry.new_memory) for entry in await store.history(memory_id)]


def _text(row: Row, text: str) -> ReplaceText:
    return ReplaceText(row.id, text, f"hash of {text}", vector(text), now())


async def test_an_addition_is_stored_when_its_memory_goes(
    open_new: Callable[[], Awaitable[AsyncStore]], new_config: dict[str, Any]
) -> None:
    store = await open_new()
    kept, changed, superseded, deleted = (memory_of(text) for text in ("kept", "a", "old", "gone"))
    later = memory_of("new")
    await store.apply([kept, changed, superseded, deleted])
    assert _stored(new_config) == []
    before = {one.row.id: await store.history(one.row.id) for one in (kept, changed, superseded, deleted)}
    at = now()
    await store.apply(
        [_text(changed.row, "b"), later, Supersede(superseded.row.id, later.row.id, "new", at, at)]
    )
    await store.apply([_text(changed.row, "c"), Delete(deleted.row.id, at)])
    assert sorted(_stored(new_config)) == sorted(
        [(changed.row.id, "UPDATE")] * 2
        + [(superseded.row.id, "UPDATE"), (deleted.row.id, "ADD"), (deleted.row.id, "DELETE")]
    )
    # The same entry, with the same id, as before.
    for memory_id, entries in before.items():
        assert (await store.history(memory_id))[:1] == entries
    assert await _entries(store, kept.row.id) == [("ADD", None, "kept")]
    assert await _entries(store, superseded.row.id) == [("ADD", None, "old"), ("UPDATE", "old", "new")]
    assert await _entries(store, deleted.row.id) == [("ADD", None, "gone"), ("DELETE", "gone", None)]
    whole = [("ADD", None, "a"), ("UPDATE", "a", "b"), ("UPDATE", "b", "c")]
    assert await _entries(store, changed.row.id) == whole
    await store.apply([DeleteWhere(Scope("ana"), None, now())])
    assert await _entries(store, changed.row.id) == [*whole, ("DELETE", "c", None)]
    assert sum(event == "ADD" for _, event in _stored(new_config)) == 5


async def test_the_history_of_a_memory_of_another_library_is_in_order(opened: AsyncStore) -> None:
    foreign = memory_of("a").row
    foreign.id = (1 << 63) - 7
    await opened.apply([Restore([Stored(foreign, embedding=vector("a"))], now())])
    await opened.apply([_text(foreign, "b")])
    await opened.apply([_text(foreign, "c")])
    whole = [("ADD", None, "a"), ("UPDATE", "a", "b"), ("UPDATE", "b", "c")]
    assert await _entries(opened, foreign.id) == whole
    await opened.apply([Delete(foreign.id, now())])
    assert await _entries(opened, foreign.id) == [*whole, ("DELETE", "c", None)]


@pytest.mark.parametrize("stored", [False, True])
async def test_additions_that_former_versions_stored_are_not_repeated(
    new_config: dict[str, Any], stored: bool, tmp_path: Path
) -> None:
    section = new_config["vector_store"]
    create_first_version(section)
    if stored:
        execute(
            section,
            "INSERT INTO memories_history (id, memory_id, event, old_memory, new_memory, actor, created_at) "
            f"VALUES (3, 1, 'ADD', NULL, '{MEMORY}', NULL, 5)",
        )
    whole: list[tuple[str, str | None, str | None]] = [("ADD", None, MEMORY)]
    async with AsyncMemory(new_config) as memory:
        assert await _history(memory, 1) == whole
        await memory.update(1, "I like coffee")
        whole.append(("UPDATE", MEMORY, "I like coffee"))
        assert await _history(memory, 1) == whole
        file = tmp_path / "export.jsonl"
        await memory.export_memories(file)
        await memory.delete(1)
        whole.append(("DELETE", "I like coffee", None))
        assert await _history(memory, 1) == whole
        (line,) = [json.loads(line) for line in file.read_text("utf-8").splitlines() if '"memory"' in line]
        assert _events(line) == [[*entry] for entry in whole[:2]]
        await memory.import_memories(file)
        assert await _history(memory, 1) == [*whole, ("ADD", None, "I like coffee")]
        await memory.delete(1)
        assert [event for event, _, _ in await _history(memory, 1)] == [
            "ADD", "UPDATE", "DELETE", "ADD", "DELETE",
        ]  # fmt: skip


async def test_an_import_stores_no_addition_that_can_be_derived(
    new_config: dict[str, Any], memory: AsyncMemory, tmp_path: Path
) -> None:
    added = await memory.add(["kept", "changed", "gone"], user_id="u", infer=False)
    ids = [item["id"] for item in added["results"]]
    await memory.update(ids[1], "changed again")
    await memory.delete(ids[2])
    histories = [await memory.history(memory_id) for memory_id in ids]
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    await memory.export_memories(first)
    async with AsyncMemory(new_config) as other:
        for _ in range(2):
            await other.import_memories(first)
        assert [await other.history(memory_id) for memory_id in ids] == histories
        await other.export_memories(second)
        entries = [(ids[1], "UPDATE"), (ids[2], "ADD"), (ids[2], "DELETE")]
        assert sorted(pair for pair in _stored(new_config) if pair[0] in ids) == entries
    mine = [line for line in first.read_text("utf-8").splitlines() if any(str(one) in line for one in ids)]
    assert len(mine) == 4
    assert {*mine} <= {*second.read_text("utf-8").splitlines()}


async def test_changes_at_once_leave_one_addition(config: dict[str, Any], memory: AsyncMemory) -> None:
    added = await memory.add([f"note {n}" for n in range(6)], user_id="u", infer=False)
    ids = [item["id"] for item in added["results"]]
    async with AsyncMemory(config) as other:
        await async_gather(
            [
                partial(client.update, memory_id, f"note {memory_id} by {number}")
                for memory_id in ids
                for number, client in enumerate([memory, other])
            ]
        )
        await async_gather([partial(client.delete, one) for one in ids for client in (memory, other)])
        for memory_id in ids:
            events = [entry["event"] for entry in await other.history(memory_id)]
            assert events == ["ADD", "UPDATE", "UPDATE", "DELETE"]


@pytest.mark.stores("postgres", "oceanbase", "mysql")
async def test_an_addition_is_proven_with_and_without_its_memory(opened: AsyncStore) -> None:
    kept, gone, lost = (memory_of(text) for text in ("kept", "gone", "lost"))
    await opened.apply([kept, gone])
    await opened.apply([Delete(gone.row.id, now())])
    assert isinstance(opened, AsyncServerStore)
    for change, committed in ((kept, True), (gone, True), (lost, False)):
        trace = evidence(opened._sql, [[change]], [[Added(change.row)]])
        assert trace is not None
        async with opened._pool.transaction() as connection:
            assert bool(await connection.fetch(trace.sql, trace.values)) == committed
