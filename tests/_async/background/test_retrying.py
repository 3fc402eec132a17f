"""What becomes of work that fails."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import (
    AsyncMemory,
    InvalidInputError,
    NotFoundError,
    ProcessStatus,
    ProviderError,
    StoreUnavailableError,
)
from powermem._async.processing import runner
from tests._async.patience import PATIENCE, async_comes, async_known, async_until
from tests.support.apiserver import ApiServer, failure
from tests.support.queueing import LongPause
from tests.support.scripted import ScriptedModel, eager, heard, hold, refuse

MORNING, NOON, EVENING = "2023-05-08T08:00:00Z", "2023-05-08T12:00:00Z", "2023-05-08T20:00:00Z"


pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.stores
@pytest.mark.parametrize("failures", [1, 2])
async def test_what_passes_is_tried_again(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, failures: int
) -> None:
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    api.script.extend([failure(500)] * failures)
    assert await memory.process("ana") == 1
    (task,) = await memory.list_tasks("ana")
    assert (task["status"], task["attempts"], task["error"]) == ("completed", failures + 1, None)


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_after_so_many_attempts_it_has_failed(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer, retries: int
) -> None:
    async with AsyncMemory(config, max_retries=retries) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.rule = lambda request: failure(500, "out of sorts")
        with pytest.raises(ProviderError, match="out of sorts"):
            await memory.process("ana")
        assert model.calls == retries + 1
        (task,) = await memory.list_tasks(status="failed")
        assert (task["attempts"], task["status"], task["user_id"]) == (retries + 1, "failed", "ana")
        assert "out of sorts" in task["error"]
        assert (await memory.get_status(task["task_id"]))["status"] == "failed"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_cannot_help_is_not_tried_again(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, status: int
) -> None:
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    api.rule = lambda request: failure(status)
    with pytest.raises(ProviderError):
        await memory.process("ana")
    assert model.calls == 1


async def test_a_task_that_waits_to_be_tried_again_is_pending(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_RETRIES", LongPause())
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    api.script.append(failure(500, "out of sorts"))
    task = memory.process_async("ana")
    await async_until(lambda: task.error is not None)
    assert task.status is ProcessStatus.PENDING
    found = await memory.get_status(task.id)
    assert (found["status"], found["stage"]) == ("running", "waiting to try again")
    assert "out of sorts" in found["error"]
    assert await memory.cancel_task(task.id)


@pytest.mark.stores
async def test_a_failed_segment_leaves_its_neighbours_alone(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        for text, moment in (
            ("Ana likes tea", MORNING),
            ("Ana sells poison", NOON),
            ("Ana lives in Porto", EVENING),
        ):
            await memory.add_message("ana", "user", text, timestamp=moment)
        refuse(api, "poison", 400)
        with pytest.raises(ProviderError):
            await memory.process("ana")
        assert await async_known(memory, "ana") == ["Ana likes tea", "Ana lives in Porto"]
        (failed,) = await memory.list_tasks(status="failed")
        assert failed["knowledge_count"] == 2
        api.rule = lambda request: None
        before = len(model.extractions)
        # Only the segment that failed is looked at again.
        task = await memory.retry_task(failed["task_id"])
        assert await task.wait() == 3
        assert heard(model.extractions[before:]) == ["Ana sells poison"]


async def test_what_may_pass_is_tried_again_beside_what_may_not(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    await memory.add_message("ana", "user", "poison", timestamp=MORNING)
    await memory.add_message("ana", "user", "Ana likes tea", timestamp=NOON)
    api.script.extend([failure(400), failure(500)])
    refuse(api, "poison", 400)
    with pytest.raises(ProviderError) as raised:
        await memory.process("ana")
    assert raised.value.status == 400
    assert await async_known(memory, "ana") == ["Ana likes tea"]


@pytest.mark.parametrize("again", ["process", "flush", "process_async", "retry_task"])
async def test_turns_of_a_failed_task_are_taken_on_again(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer, again: str
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(500))
        failed = memory.process_async("ana")
        assert await failed.wait() == 0
        if again == "retry_task":
            task = await memory.retry_task(failed.id)
            assert task.id == failed.id
            assert await task.wait() == 1
        elif again == "process_async":
            assert await memory.process_async("ana").wait() == 1
        else:
            assert await getattr(memory, again)("ana") == 1
        assert await memory.flush() == 0
        assert await async_known(memory) == ["Ana likes tea"]


async def test_another_process_tries_again(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    async with AsyncMemory(config, max_retries=0) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(401))
        failed = memory.process_async("ana")
        await failed.wait()
    async with AsyncMemory(config) as memory:
        assert [task["task_id"] for task in await memory.list_tasks(status="failed")] == [failed.id]
        task = await memory.retry_task(failed.id)
        assert await task.wait() == 1
        assert await memory.list_tasks(status="failed") == []


async def test_only_what_ended_without_success_is_tried_again(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    await async_until(lambda: model.calls == 1)
    with pytest.raises(InvalidInputError, match="running"):
        await memory.retry_task(task.id)
    api.release()
    assert await task.wait() == 1
    with pytest.raises(InvalidInputError, match="completed"):
        await memory.retry_task(task.id)
    for unknown in (1, "1", "no task", "c464e17e-f2ff-4e9a-a2c2-41cc55ab43b9"):
        with pytest.raises(NotFoundError):
            await memory.retry_task(unknown)
    with pytest.raises(NotFoundError):
        await memory.retry_task(task.id, user_id="bo")


async def test_a_retry_begins_to_count_anew(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    api.script.extend([failure(500)] * 3)
    with pytest.raises(ProviderError):
        await memory.process("ana")
    (failed,) = await memory.list_tasks(status="failed")
    api.script.extend([failure(500)] * 2)
    assert await (await memory.retry_task(failed["task_id"])).wait() == 1
    (task,) = await memory.list_tasks("ana")
    assert (task["attempts"], task["error"]) == (3, None)


async def test_a_task_of_another_process_tells_what_went_wrong(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    idle = {**config, "processing": {**config["processing"], "resume": False}}
    async with AsyncMemory(config, max_retries=0) as here, AsyncMemory(idle) as there:
        await here.add_exchange("ana", "Ana likes tea", "Noted.")
        api.script.append(failure(400, "out of sorts"))
        hold(api)
        task = here.process_async("ana")
        await async_comes(lambda: _status(there, task.id), "failed")
        assert "out of sorts" in (await there.get_status(task.id))["error"]


async def _status(memory: AsyncMemory, task_id: str) -> object:
    try:
        return (await memory.get_status(task_id))["status"]
    except NotFoundError:
        return None


@pytest.mark.stores
@pytest.mark.parametrize("method", ["begin_task", "release_lane"])
async def test_what_the_store_cut_short_does_not_wait_for_the_lease(
    config: dict[str, Any],
    model: ScriptedModel,
    api: ApiServer,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    # Longer than a test waits for anything.
    async with AsyncMemory(eager(config, api, lease_seconds=100_000, concurrency=1)) as memory:
        parts = await memory._access.open()
        original = getattr(parts.store, method)
        failures = ["the disk is full"]

        async def fail_once(*args: Any, **named: Any) -> Any:
            if failures:
                raise StoreUnavailableError(failures.pop())
            return await original(*args, **named)

        monkeypatch.setattr(parts.store, method, fail_once)
        for said in ("Ana likes tea", "Ana likes rain"):
            await memory.add_exchange("ana", said, "Noted.")
            assert await memory.process_async("ana").wait(PATIENCE) == 1
        assert not failures
