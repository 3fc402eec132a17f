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
from tests.support.apiserver import ApiServer, Request
from tests.support.scripted import ScriptedModel, openai_embedder, openai_llm


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def config(path: Path) -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


@pytest.fixture
async def memory(config: dict[str, Any], api: ApiServer) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory({**config, "embedder": openai_embedder(api)}) as opened:
        yield opened


def arrival(api: ApiServer, kind: str) -> asyncio.Event:
    """Return an event that is set when a request of this kind arrives at the server."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def rule(request: Request) -> None:
        if request.kind == kind:
            # The server runs on a thread of its own.
            loop.call_soon_threadsafe(event.set)

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
    arrived = arrival(api, "embed")
    api.delays["embed"] = 0.1
    tasks = [asyncio.create_task(memory.add(f"Note {n}", user_id="u", infer=False)) for n in range(10)]
    await arrived.wait()
    await cancel(tasks[3])
    results = await asyncio.gather(*(task for number, task in enumerate(tasks) if number != 3))
    assert all(len(result["results"]) == 1 for result in results)
    assert await memory.count() == 9


async def test_an_add_cancelled_while_the_model_thinks_leaves_the_messages(
    api: ApiServer, config: dict[str, Any], path: Path
) -> None:
    ScriptedModel(api).always_learns("Ana likes tea")
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        arrived = arrival(api, "chat")
        api.delays["chat"] = 0.2
        task = asyncio.create_task(memory.add("I like tea", user_id="u"))
        await arrived.wait()
        await cancel(task)
        assert rows(path, "SELECT content FROM memories_turns") == [("I like tea",)]
        assert await memory.count() == 0
        api.delays.clear()
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
