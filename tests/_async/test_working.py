"""A program that is there for the work in the background: ``processing.start`` and ``processing.stop``."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError, ProcessTimeout
from powermem._concurrency import async_sleep
from tests.support.apiserver import HANG, ApiServer
from tests.support.scripted import ScriptedModel, openai_llm


@pytest.fixture
def quiet(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """A configuration with a model, of a memory that does not begin with what is left."""
    return {**config, "llm": openai_llm(api), "processing": {"resume": False, "poll_interval": 0.02}}


async def leave(api: ApiServer, config: dict[str, Any], *users: str) -> list[str]:
    """Leave a task for each user in the store that nobody works on; return the ids."""
    api.rule = lambda request: HANG
    async with AsyncMemory(config) as memory:
        added = [await memory.add("I keep bees", user_id=user, async_mode=True) for user in users]
        await until_asked(api, len(users))
        await memory.close(drain=False)
    api.rule = lambda request: None
    api.requests.clear()
    return [str(one["task_id"]) for one in added]


async def until_asked(api: ApiServer, requests: int = 1) -> None:
    """Wait until the model was asked so often."""
    while len(api.of("chat")) < requests:
        await async_sleep(0.01)


async def states(memory: AsyncMemory) -> list[str]:
    """Return the states of all tasks."""
    return sorted(task["status"] for task in await memory.list_tasks())


async def test_what_is_left_waits_for_a_worker(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    await leave(api, quiet, "alice", "bob")
    async with AsyncMemory(quiet) as memory:
        assert await states(memory) == ["pending", "pending"]
        await memory.processing.start()
        await memory.wait_for_processing(timeout=120)
        assert await states(memory) == ["completed", "completed"]


async def test_a_worker_finds_what_comes_later(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    async with AsyncMemory(quiet) as worker:
        await worker.processing.start()
        (task_id,) = await leave(api, quiet, "alice")
        api.release()
        while (await worker.get_status(task_id))["status"] == "running":
            await async_sleep(0.01)
        assert await states(worker) == ["completed"]


async def test_stopping_finishes_what_is_under_way_and_begins_nothing(
    api: ApiServer, quiet: dict[str, Any]
) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    await leave(api, quiet, "alice", "bob")
    quiet = {**quiet, "processing": {**quiet["processing"], "concurrency": 1}}
    api.rule = lambda request: HANG
    async with AsyncMemory(quiet) as memory:
        await memory.processing.start()
        await until_asked(api)
        assert await memory.processing.stop(timeout=0.05) is False
        assert await states(memory) == ["pending", "running"]
        api.release()
        assert await memory.processing.stop() is True
        assert await states(memory) == ["completed", "pending"]

        await memory.processing.start()
        api.rule = lambda request: None
        await memory.wait_for_processing(timeout=120)
        assert await states(memory) == ["completed", "completed"]


async def test_stopping_where_nothing_was_started(quiet: dict[str, Any]) -> None:
    async with AsyncMemory(quiet) as memory:
        assert await memory.processing.stop() is True


async def test_neither_is_possible_after_closing(quiet: dict[str, Any]) -> None:
    async with AsyncMemory(quiet) as memory:
        processing = memory.processing
    with pytest.raises(ClosedError):
        await processing.start()
    with pytest.raises(ClosedError):
        await processing.stop()


async def test_a_process_may_leave_all_work_to_others(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    idle = {**quiet, "processing": {**quiet["processing"], "concurrency": 0}}
    async with AsyncMemory(idle) as memory:
        await memory.add("I keep bees", user_id="alice", async_mode=True)
        # It is not waited for at the end of the block.
        await memory.add_message("alice", "user", "They are black")
        task = memory.process_async("alice")
        with pytest.raises(ProcessTimeout):
            await task.wait(timeout=0.1)
        assert api.of("chat") == []
    async with AsyncMemory(quiet) as worker, AsyncMemory(idle) as memory:
        await worker.processing.start()
        await memory.wait_for_processing("alice", timeout=120)
        assert await states(memory) == ["completed", "completed"]
