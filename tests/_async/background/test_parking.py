"""Closing with work to do, and going on with it."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError, InvalidInputError, ProcessStatus
from powermem._concurrency import async_gather
from tests._async.patience import async_comes, async_known, async_until
from tests.support.apiserver import ApiServer, Behaviour
from tests.support.scripted import ScriptedModel, eager, heard, hold


@pytest.fixture
def idle(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """The same store, for who only looks."""
    return eager(config, api, resume=False)


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("powermem-")]


async def states(memory: AsyncMemory) -> list[str]:
    return [task["status"] for task in await memory.list_tasks()]


@pytest.mark.stores
async def test_closing_finishes_what_was_begun(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(delay=0.05)
    memory = AsyncMemory(config)
    for number in range(3):
        await memory.add_message(f"user {number % 2}", "user", f"note {number}")
        tasks = [memory.process_async(f"user {number % 2}")]
    tasks.append(memory.process_async("user 0"))
    added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
    await memory.close()
    assert {task.status for task in tasks} == {ProcessStatus.COMPLETED}
    assert workers() == []
    async with AsyncMemory(idle) as memory:
        assert (await memory.get_status(added["task_id"]))["status"] == "completed"
        assert set(await states(memory)) == {"completed"}
        assert await async_known(memory) == ["Ana likes tea", "note 0", "note 1", "note 2"]


@pytest.mark.stores
async def test_parked_work_is_done_at_the_next_start(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = AsyncMemory(config)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    later = memory.process_async("ana")
    await async_until(lambda: model.calls == 1)
    await async_until(lambda: task.status is ProcessStatus.RUNNING)
    await memory.close(drain=False)
    assert not task.done
    for call in (task.wait, later.wait):
        with pytest.raises(ClosedError, match="kept"):
            await call()
    api.release()
    async with AsyncMemory(idle) as memory:
        assert await states(memory) == ["pending", "pending"]
        assert {found["attempts"] for found in await memory.list_tasks()} == {0}
        assert await memory.count() == 0
    async with AsyncMemory(config) as memory:
        # Without being asked.
        await async_comes(partial(states, memory), ["completed", "completed"])
        assert await async_known(memory) == ["Ana likes tea"]
        assert (await memory.get_status(task.id))["status"] == "completed"


async def test_a_model_that_hangs_does_not_keep_closing_from_its_end(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = AsyncMemory(config)
    for user_id in ("ana", "bo", "cy"):
        await memory.add_exchange(user_id, "Ana likes tea", "Noted.")
        memory.process_async(user_id)
    await async_until(lambda: model.calls == 3)
    # Returns although the model still holds its answers back.
    await memory.close(timeout=0.2)
    assert model.calls == 3
    api.release()
    async with AsyncMemory(config) as memory:
        await memory.wait_for_processing()
        assert len(await async_known(memory)) == 3


async def test_threads_end_with_the_answers_they_wait_for(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = AsyncMemory(config)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    await async_until(lambda: model.calls == 1)
    await memory.close(drain=False)
    api.release()
    await async_until(lambda: workers() == [])
    # What it brought was refused.
    async with AsyncMemory({**config, "processing": {"resume": False}}) as memory:
        assert await memory.count() == 0


async def test_who_waits_is_told_that_all_is_closed(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = AsyncMemory(config)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    told: list[str] = []

    async def wait(call: Any) -> None:
        try:
            await call()
        except ClosedError as error:
            told.append(str(error))

    async def close() -> None:
        await async_until(lambda: model.calls == 1)
        await memory.close(drain=False)

    task = memory.process_async("ana")
    waits = [task.wait, partial(task.wait, 60), partial(memory.wait_for_processing, "ana")]
    await async_gather([*(partial(wait, call) for call in waits), close])
    assert len(told) == 3
    api.release()


@pytest.mark.parametrize("timeout", [None, 0, 30])
async def test_what_was_asked_for_just_before_closing_is_not_forgotten(
    config: dict[str, Any], idle: dict[str, Any], model: ScriptedModel, timeout: float | None
) -> None:
    memory = AsyncMemory(config)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    await memory.close(drain=False, timeout=timeout)
    async with AsyncMemory(idle) as memory:
        assert (await memory.get_status(task.id))["status"] in ("running", "completed")


async def test_who_is_told_while_closing_may_ask_and_keeps_nobody_waiting(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(delay=0.1)
    told: list[str] = []
    memory = AsyncMemory(config)

    async def tell(task: dict[str, Any]) -> None:
        try:
            told.append(str(await memory.count()))
        except ClosedError:
            told.append("closed")

    memory.processing.on_task_done(tell)
    await memory.add("Ana likes tea", user_id="ana", async_mode=True)
    await async_until(lambda: model.calls == 1)
    await memory.close(timeout=None)
    assert told in (["closed"], ["1"])


async def test_what_could_not_be_stored_before_closing_has_failed(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    await memory.initialize()
    task = memory._access.engine().watcher.watch(1, "ana")
    await memory.close(drain=False)
    assert (await task.wait(), task.status) == (0, ProcessStatus.FAILED)
    with pytest.raises(ClosedError):
        task.raise_for_error()


async def test_closing_while_others_ask_leaves_nobody_behind(
    config: dict[str, Any], idle: dict[str, Any], model: ScriptedModel
) -> None:
    memory = AsyncMemory(config)
    await memory.initialize()
    said: list[str] = []
    asked: list[Any] = []

    async def ask(user_id: str) -> None:
        for number in range(1_000_000):
            try:
                turn = await memory.add_message(user_id, "user", f"{user_id} {number}")
                said.append(turn["content"])
                asked.append(memory.process_async(user_id))
            except ClosedError:
                return

    async def close() -> None:
        await async_until(lambda: len(asked) > 20)
        await async_gather([memory.close, partial(memory.close, drain=False)])

    await async_gather([*(partial(ask, f"user {number}") for number in range(3)), close])
    for task in asked:
        if not task.done:
            with pytest.raises(ClosedError):
                await task.wait()
    await async_until(lambda: workers() == [])
    async with AsyncMemory(idle) as memory:
        listed = {task["task_id"] for task in await memory.list_tasks(limit=1_000_000)}
        assert {task.id for task in asked} <= listed
        await memory.flush()
        # What was parked was read twice, and is known once.
        texts = {*heard(model.extractions)}
        assert {*said} <= texts
        assert await memory.count() == len(texts)


async def test_what_does_not_resume_leaves_the_work_alone(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    async with AsyncMemory(config) as memory:
        added = await memory.add("Ana likes tea", user_id="ana", async_mode=True)
        await async_until(lambda: model.calls == 1)
        await memory.close(drain=False)
    api.release()
    before = model.calls
    async with AsyncMemory(idle) as memory:
        assert (await memory.get_status(added["task_id"]))["status"] == "running"
        assert await memory.count() == 1
    assert model.calls == before


async def test_work_that_fails_again_and_again_is_parked_in_time(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(status=500, body={"error": {"message": "out of sorts"}})
    memory = AsyncMemory(config, max_retries=1_000)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    await async_until(lambda: model.calls >= 1)
    await memory.close(timeout=0.1)
    async with AsyncMemory(idle) as memory:
        assert await states(memory) == ["pending"]


@pytest.mark.parametrize("timeout", [-1, "soon"])
async def test_a_wrong_time_limit_is_named(memory: AsyncMemory, timeout: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeout"):
        await memory.close(timeout=timeout)
    assert await memory.count() == 0
