"""Watching the work in the background."""

from __future__ import annotations

import logging
from typing import Any, Literal

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._concurrency import async_sleep
from tests._async.patience import async_comes, async_until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, hold


@pytest.mark.stores
async def test_the_numbers_say_what_there_is_to_do(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    empty = await memory.processing.stats()
    assert empty["oldest_age"] is None
    assert {count for name, count in empty.items() if name != "oldest_age"} == {0}

    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    waiting = await memory.processing.stats()
    assert (waiting["buffered"], waiting["queue_depth"]) == (2, 0)
    assert 0 <= waiting["oldest_age"] < 60

    tasks = [memory.process_async("ana") for _ in range(2)]
    await async_until(lambda: model.calls == 1)
    await async_comes(lambda: _count(memory, "queue_depth"), 1)
    busy = await memory.processing.stats()
    assert [busy[name] for name in ("buffered", "queue_depth", "running", "working")] == [0, 1, 1, 1]
    api.release()
    for task in tasks:
        await task.wait()
    await async_comes(lambda: _count(memory, "working"), 0)
    done = await memory.processing.stats()
    assert (done["completed"], done["completed_per_minute"], done["oldest_age"]) == (2, 2, None)


async def _count(memory: AsyncMemory, name: Literal["queue_depth", "running", "working"]) -> int:
    return (await memory.processing.stats())[name]


async def test_failures_and_cancellations_are_counted(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(500))
        failed = memory.process_async("ana")
        await failed.wait()
        hold(api)
        running = memory.process_async("ana")
        await async_until(lambda: model.calls == 2)
        await async_comes(lambda: _count(memory, "running"), 1)
        await memory.cancel_task(running.id)
        api.release()
        await async_comes(lambda: _count(memory, "working"), 0)
        numbers = await memory.processing.stats()
        assert (numbers["failed"], numbers["cancelled"]) == (1, 1)
        assert (numbers["failed_per_minute"], numbers["completed_per_minute"]) == (1, 0)


@pytest.mark.stores
async def test_those_who_asked_are_told_of_every_end(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    told: list[dict[str, Any]] = []
    later: list[str] = []

    async def tell(task: dict[str, Any]) -> None:
        await async_sleep(0)
        later.append(task["status"])

    async with AsyncMemory(config, max_retries=0) as memory:
        # Before it is open.
        memory.processing.on_task_done(told.append)
        memory.processing.on_task_done(tell)
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(500))
        failed = memory.process_async("ana")
        await failed.wait()
        await async_until(lambda: len(later) == 1)
        completed = memory.process_async("ana")
        await completed.wait()
        await async_until(lambda: len(later) == 2)
        assert [task["status"] for task in told] == later == ["failed", "completed"]
        assert [task["task_id"] for task in told] == [failed.id, completed.id]
        assert told[1] == await memory.get_status(completed.id)


@pytest.mark.parametrize("begun", [True, False])
async def test_a_cancelled_task_is_told_once(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, begun: bool
) -> None:
    told: list[tuple[str, str]] = []
    memory.processing.on_task_done(lambda task: told.append((task["task_id"], task["status"])))
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    first, second = memory.process_async("ana"), memory.process_async("ana")
    await async_until(lambda: model.calls == 1)
    await async_comes(lambda: _count(memory, "queue_depth"), 1)
    await async_comes(lambda: _count(memory, "running"), 1)
    chosen = first if begun else second
    await memory.cancel_task(chosen.id)
    api.release()
    await memory.wait_for_processing()
    await async_comes(lambda: _count(memory, "working"), 0)
    assert told.count((chosen.id, "cancelled")) == 1
    assert len(told) == 2


async def test_a_retry_is_not_an_end(memory: AsyncMemory, model: ScriptedModel, api: ApiServer) -> None:
    told: list[str] = []
    memory.processing.on_task_done(lambda task: told.append(task["status"]))
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    api.script.append(failure(500))
    await memory.process("ana")
    await async_until(lambda: told != [])
    assert told == ["completed"]


async def test_who_fails_to_listen_disturbs_nobody(
    memory: AsyncMemory, model: ScriptedModel, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def fail(task: dict[str, Any]) -> None:
        raise ValueError("no ear for it")

    memory.processing.on_task_done(fail)
    memory.processing.on_task_done(lambda task: told.append(task["status"]))
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    with caplog.at_level(logging.ERROR, "powermem.processing"):
        assert await memory.process("ana") == 1
        await async_until(lambda: told == ["completed"])
    assert "no ear for it" in caplog.text
    await memory.add_exchange("ana", "Ana lives in Porto", "Noted.")
    assert await memory.process("ana") == 1


def test_only_what_can_be_called_is_told(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    for wrong in (None, "print", 5):
        with pytest.raises(InvalidInputError, match="callback"):
            memory.processing.on_task_done(wrong)


async def test_failures_are_logged_without_secrets(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(500, "out of sorts"))
        with caplog.at_level(logging.WARNING, "powermem.processing"):
            task = memory.process_async("ana")
            await task.wait()
        assert task.id in caplog.text
        assert "out of sorts" in caplog.text
        assert "sk-test" not in caplog.text
        assert "Ana likes tea" not in caplog.text
