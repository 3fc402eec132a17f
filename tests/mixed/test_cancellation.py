"""A task that is cancelled leaves either all of its work or nothing, and the others as they are."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
from tests.faults.database import check_database, rows
from tests.support.apiserver import HANG, ApiServer, Behaviour, Request
from tests.support.scripted import ScriptedModel, eager, openai_embedder, openai_llm


@pytest.fixture
async def memory(config: dict[str, Any], api: ApiServer) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory({**config, "embedder": openai_embedder(api)}) as opened:
        yield opened


def arrival(api: ApiServer, kind: str, *, hold: bool = False) -> asyncio.Event:
    """Return an event that is set when a request of this kind arrives at the server.

    With ``hold``, the server answers it only when it is released.
    """
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def rule(request: Request) -> Behaviour | None:
        if request.kind != kind:
            return None
        # The server runs on a thread of its own.
        loop.call_soon_threadsafe(event.set)
        return HANG if hold else None

    api.rule = rule
    return event


async def insist(task: asyncio.Task[Any]) -> None:
    """Cancel a task again and again until it is over."""
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("seed", range(4))
async def test_a_cancelled_add_leaves_everything_or_nothing(
    memory: AsyncMemory, path: Path, seed: int
) -> None:
    print(f"seed {seed}")
    chance = random.Random(seed)
    tasks = [
        asyncio.create_task(
            memory.add([f"First note {number}", f"Second note {number}"], user_id="u", infer=False)
        )
        for number in range(40)
    ]
    doomed = set(chance.sample(range(40), 20))
    for number in sorted(doomed):
        # Wherever the task has got to by then.
        await asyncio.sleep(chance.random() * 0.003)
        tasks[number].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, dict) or (number in doomed and isinstance(outcome, asyncio.CancelledError))
    # A cancelled one may still be on its way to the disk, so the store is asked last.
    await memory.add("The last note", user_id="u", infer=False)
    kept = {text for (text,) in rows(path, "SELECT memory FROM memories_records")}
    assert {text for (text,) in rows(path, "SELECT content FROM memories_turns")} == kept
    for number, outcome in enumerate(outcomes):
        pair = {f"First note {number}", f"Second note {number}"} & kept
        assert len(pair) in ((2,) if isinstance(outcome, dict) else (0, 2))
    check_database(path)


async def test_a_cancelled_add_does_not_fail_those_that_share_its_request(
    api: ApiServer, memory: AsyncMemory
) -> None:
    arrived = arrival(api, "embed", hold=True)
    tasks = [asyncio.create_task(memory.add(f"Note {n}", user_id="u", infer=False)) for n in range(10)]
    await arrived.wait()
    await cancel(tasks[3])
    api.release()
    results = await asyncio.gather(*(task for number, task in enumerate(tasks) if number != 3))
    assert all(len(result["results"]) == 1 for result in results)
    assert await memory.count() == 9


async def test_an_add_cancelled_while_the_model_thinks_leaves_the_messages(
    api: ApiServer, config: dict[str, Any], path: Path
) -> None:
    ScriptedModel(api).always_learns("Ana likes tea")
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        arrived = arrival(api, "chat", hold=True)
        task = asyncio.create_task(memory.add("I like tea", user_id="u"))
        await arrived.wait()
        await cancel(task)
        assert rows(path, "SELECT content FROM memories_turns") == [("I like tea",)]
        assert await memory.count() == 0
        api.release()
        # The lock of the scope is free, and the connection that was given up is not used again.
        assert len((await memory.add("I like tea", user_id="u"))["results"]) == 1


async def test_a_cancelled_search_leaves_the_others(api: ApiServer, memory: AsyncMemory) -> None:
    await memory.add("I like tea", user_id="u", infer=False)
    for turns in range(12):
        tasks = [asyncio.create_task(memory.search(f"tea {turns} {n}", user_id="u")) for n in range(6)]
        for _ in range(turns):
            await asyncio.sleep(0)
        tasks[turns % 6].cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [len(answer["results"]) for answer in answers if isinstance(answer, dict)].count(1) >= 5


async def test_a_cancelled_opening_can_be_repeated(config: dict[str, Any], path: Path) -> None:
    for turns in range(8):
        memory = AsyncMemory(config)
        first = asyncio.create_task(memory.initialize())
        second = asyncio.create_task(memory.add(f"I like tea {turns}", user_id="u", infer=False))
        for _ in range(turns):
            await asyncio.sleep(0)
        await insist(first)
        outcome, added = await asyncio.gather(first, second, return_exceptions=True)
        assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        assert isinstance(added, dict)
        await memory.close()
        # Nobody is left who holds the file open.
        assert not Path(f"{path}-wal").exists()
    check_database(path)


async def test_an_opening_that_waits_for_the_file_can_be_cancelled(
    config: dict[str, Any], path: Path
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u", infer=False)
    memory = AsyncMemory(config)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(memory.initialize())
        _, waiting = await asyncio.wait([task], timeout=0.1)
        assert waiting
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
        other.execute("ROLLBACK")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await memory.count() == 1
    await memory.close()
    assert not Path(f"{path}-wal").exists()


async def test_a_close_that_is_cancelled_can_be_repeated(config: dict[str, Any], path: Path) -> None:
    for turns in range(6):
        memory = AsyncMemory(config)
        await memory.add(f"I like tea {turns}", user_id="u", infer=False)
        ending = asyncio.create_task(memory.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        await insist(ending)
        await asyncio.gather(ending, return_exceptions=True)
        await memory.close()
        assert not Path(f"{path}-wal").exists()
    assert len(rows(path, "SELECT id FROM memories_records")) == 6


@pytest.mark.parametrize("call", ["process", "flush", "wait_for_processing", "wait"])
async def test_giving_up_to_wait_for_work_cancels_nothing(
    api: ApiServer, config: dict[str, Any], call: str
) -> None:
    ScriptedModel(api).repeats()
    async with AsyncMemory(eager(config, api)) as memory:
        arrived = arrival(api, "chat", hold=True)
        await memory.add_message("u", "user", "I like tea")
        task = memory.process_async("u") if call in ("wait", "wait_for_processing") else None
        waiting = asyncio.create_task(
            task.wait() if task is not None and call == "wait" else _waits(memory, call)
        )
        await arrived.wait()
        await cancel(waiting)
        api.release()
        assert await memory.wait_for_processing("u", timeout=120) in (0, 1)
        assert [item["memory"] for item in (await memory.get_all())["results"]] == ["User likes tea"]
        assert task is None or task.knowledge_count == 1
        assert [each["status"] for each in await memory.list_tasks()] == ["completed"]


def _waits(memory: AsyncMemory, call: str) -> Any:
    return memory.wait_for_processing("u") if call == "wait_for_processing" else getattr(memory, call)("u")


async def test_a_cancelled_load_goes_on_where_it_stopped(
    api: ApiServer, memory: AsyncMemory, tmp_path: Path
) -> None:
    texts = [f"Note {number}" for number in range(60)]
    more: dict[str, Any] = {"user_id": "u", "infer": False, "checkpoint": tmp_path / "done.json"}
    arrived = arrival(api, "embed")
    loading = asyncio.create_task(memory.add_many(texts, batch_size=4, **more))
    await arrived.wait()
    await cancel(loading)
    result = await memory.add_many(texts, **more)
    assert (result["added"] + result["skipped"], result["failed"]) == (60, 0)
    assert await memory.count() == 60


async def test_a_cancelled_export_leaves_no_file(memory: AsyncMemory, tmp_path: Path) -> None:
    for number in range(20):
        await memory.add(f"Note {number}", user_id="u", infer=False)
    for turns in range(8):
        exporting = asyncio.create_task(memory.export_memories(tmp_path / "memories.jsonl"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await insist(exporting)
        if exporting.cancelled():
            assert list(tmp_path.glob("memories*")) == []
        else:
            (tmp_path / "memories.jsonl").unlink()
    assert (await memory.export_memories(tmp_path / "memories.jsonl"))["exported"] == 20


async def test_a_cancelled_change_of_the_embedder_goes_on_later(
    api: ApiServer, config: dict[str, Any], path: Path
) -> None:
    async with AsyncMemory(config) as memory:
        for number in range(12):
            await memory.add(f"Note {number}", user_id="u", infer=False)
    async with AsyncMemory({**config, "embedder": openai_embedder(api)}) as memory:
        arrived = arrival(api, "embed")
        moving = asyncio.create_task(memory.reembed(batch_size=2))
        await arrived.wait()
        await cancel(moving)
        assert (await memory.reembed(batch_size=2))["reembedded"] <= 12
        (best, *_) = (await memory.search("Note 3", user_id="u"))["results"]
        assert best["memory"] == "Note 3"
    check_database(path)


async def test_a_cancelled_import_can_be_repeated(
    memory: AsyncMemory, config: dict[str, Any], tmp_path: Path
) -> None:
    for number in range(20):
        await memory.add(f"Note {number}", user_id="u", infer=False)
    await memory.export_memories(tmp_path / "memories.jsonl")
    other: dict[str, Any] = {"provider": "sqlite", "config": {"database_path": str(tmp_path / "copy.db")}}
    async with AsyncMemory({**config, "vector_store": other}) as empty:
        for turns in range(8):
            importing = asyncio.create_task(empty.import_memories(tmp_path / "memories.jsonl"))
            for _ in range(turns):
                await asyncio.sleep(0)
            await insist(importing)
        result = await empty.import_memories(tmp_path / "memories.jsonl")
        assert (result["imported"] + result["skipped"], await empty.count()) == (20, 20)
