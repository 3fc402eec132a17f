"""Waiting for all that is under way, and for all that is buffered."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, AsyncProcessTask, ProviderError
from powermem._async.processing import scheduler
from powermem._concurrency import AsyncEvent, async_gather
from tests._async.patience import async_known, async_until
from tests.support.apiserver import HANG, ApiServer
from tests.support.scripted import ScriptedModel, hold, refuse


def listed(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> AsyncEvent:
    """Return what is set when somebody begins to wait for tasks that are in the store."""
    event, watch = AsyncEvent(), memory._access.engine().watcher.watch

    def notice(
        task_id: int, user_id: str | None, *, own: bool = True, maker: object = None
    ) -> AsyncProcessTask:
        if not own:
            event.set()
        return watch(task_id, user_id, own=own, maker=maker)

    monkeypatch.setattr(memory._access.engine().watcher, "watch", notice)
    return event


async def test_waiting_sees_every_task_in_flight(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    await memory.add_exchange("bo", "Ana likes coffee", "Noted.")
    memory.process_async("ana")
    memory.process_async("bo")
    await memory.add("Ana plays the violin", user_id="ana", async_mode=True)
    await async_until(lambda: model.calls == 2)
    begun = listed(memory, monkeypatch)

    async def release() -> int:
        await begun.wait(120)
        api.release()
        return 0

    assert await async_gather([partial(memory.wait_for_processing, "ana", 30), release]) == [2, 0]
    await memory.wait_for_processing()
    assert await memory.wait_for_processing() == 0
    assert await async_known(memory) == ["Ana likes coffee", "Ana likes tea", "Ana plays the violin"]


async def test_more_than_a_page_is_waited_for_and_flushed(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_PAGE", 4)
    hold(api)
    names = [f"user {number}" for number in range(11)]
    for name in names:
        await memory.add(f"{name} likes tea", user_id=name, async_mode=True)
        await memory.add_message(name, "user", f"{name} likes chess")
    await async_until(lambda: model.calls == 11)
    begun = listed(memory, monkeypatch)

    async def release() -> int:
        await begun.wait(120)
        api.release()
        return 0

    # Tasks end while the pages are read.
    await async_gather([memory.wait_for_processing, release])
    assert await memory.list_tasks(status="running") == await memory.list_tasks(status="pending") == []
    assert await memory.flush() == 11
    assert await memory.count() == 22


async def test_the_next_page_begins_before_the_last_of_this_one_is_done(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_PAGE", 4)
    api.rule = lambda request: HANG if "user 3 likes" in json.dumps(request.body) else None
    for number in range(8):
        await memory.add_message(f"user {number}", "user", f"user {number} likes tea")

    async def release() -> int:
        await async_until(lambda: model.calls == 8)
        api.release()
        return 0

    assert await async_gather([memory.flush, release]) == [8, 0]
    assert model.calls == 8


async def test_waiting_takes_only_the_user_s_own(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    assert await memory.wait_for_processing("bo", timeout=120) == 0
    assert not task.done
    api.release()
    await memory.wait_for_processing("ana")
    assert task.knowledge_count == 1


async def test_flushing_takes_what_is_there(memory: AsyncMemory, model: ScriptedModel) -> None:
    assert await memory.flush("ana") == 0
    assert await memory.flush() == 0
    assert model.calls == 0
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    await memory.add_exchange("bo", "Ana likes coffee", "Noted.")
    assert await memory.flush("ana") == 1
    assert await async_known(memory) == ["Ana likes tea"]
    assert await memory.flush() == 1
    assert await memory.flush() == 0


@pytest.mark.parametrize("user_id", ["ana", None])
async def test_flushing_takes_what_arrives_meanwhile(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, user_id: str | None
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")

    async def talk() -> int:
        await async_until(lambda: model.calls == 1)
        await memory.add_exchange("ana", "Ana plays the violin", "Nice.")
        api.release()
        return 0

    assert await async_gather([partial(memory.flush, user_id), talk]) == [2, 0]
    assert await async_known(memory) == ["Ana likes tea", "Ana plays the violin"]


async def test_flushing_takes_what_arrives_while_a_task_was_under_way(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    await async_until(lambda: model.calls == 1)

    begun = listed(memory, monkeypatch)

    async def talk() -> int:
        # By now flushing has nothing to do but wait.
        await begun.wait(120)
        await memory.add_exchange("ana", "Ana plays the violin", "Nice.")
        api.release()
        return 0

    assert await async_gather([partial(memory.flush, "ana"), talk]) == [2, 0]
    assert await async_known(memory) == ["Ana likes tea", "Ana plays the violin"]


async def test_flushing_does_the_others_before_it_raises(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    refuse(api, "poison", 400)
    async with AsyncMemory(config, max_retries=0) as memory:
        for number in range(5):
            await memory.add_exchange(
                f"user {number}", "a poison" if number == 1 else f"note {number}", "Noted."
            )
        with pytest.raises(ProviderError):
            await memory.flush()
        assert await async_known(memory) == ["note 0", "note 2", "note 3", "note 4"]
        api.rule = lambda request: None
        assert await memory.flush() == 1
