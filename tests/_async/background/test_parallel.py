"""Who works beside whom, and in which order."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, StoreUnavailableError
from powermem._concurrency import async_gather, async_to_thread
from tests._async.patience import async_comes, async_known, async_until
from tests.support.apiserver import HANG, ApiServer, Behaviour
from tests.support.scripted import ScriptedModel, eager, heard, hold, openai_embedder

# Begins to process, and is killed before the model has answered.
KILLED = """
import json, sys
from powermem import Memory

memory = Memory(json.loads(sys.argv[1]))
memory.add_message("ana", "user", "Ana likes tea")
print(memory.process_async("ana").id, flush=True)
sys.stdin.read()
"""


def slowly(api: ApiServer) -> None:
    api.rule = lambda request: Behaviour(delay=0.02)


@pytest.mark.parametrize("width", [1, 3])
async def test_users_run_side_by_side_up_to_a_limit(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel, width: int
) -> None:
    async with AsyncMemory(eager(config, api, concurrency=width)) as memory:
        hold(api)
        for number in range(8):
            await memory.add_message(f"user {number}", "user", f"note {number}")
        tasks = [memory.process_async(f"user {number}") for number in range(8)]
        await async_until(lambda: model.calls == width)
        slowly(api)
        api.release()
        assert [await task.wait() for task in tasks] == [1] * 8
        assert api.most_in_flight == width
        assert len(await async_known(memory)) == 8


@pytest.mark.parametrize("width", [1, 3])
async def test_the_model_reads_on_while_what_it_found_is_stored(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel, width: int
) -> None:
    config = {**eager(config, api, concurrency=width), "embedder": openai_embedder(api)}
    async with AsyncMemory(config) as memory:
        api.rule = lambda request: HANG if request.kind == "embed" else None
        users = [f"user {number}" for number in range(3 * width)]
        for user_id in users:
            await memory.add_message(user_id, "user", f"{user_id} likes tea")
        tasks = [memory.process_async(user_id) for user_id in users]
        # As many again as the model reads at once, but no more of them, since the store has fallen behind.
        await async_until(lambda: model.calls == 2 * width)
        assert (await memory.processing.stats())["working"] == 2 * width
        assert len(api.of("embed")) <= 2 * width
        api.release()
        api.rule = lambda request: None
        assert [await task.wait() for task in tasks] == [1] * len(users)
        assert model.calls == len(users)


async def test_one_user_s_work_is_done_in_order_one_at_a_time(
    memory: AsyncMemory, api: ApiServer, model: ScriptedModel
) -> None:
    slowly(api)
    for number in range(6):
        await memory.add(f"note {number}", user_id="ana", async_mode=True)
    await memory.wait_for_processing("ana")
    assert heard(model.extractions) == [f"note {number}" for number in range(6)]
    assert api.most_in_flight == 1


async def test_two_memories_on_one_store_share_the_work(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    slowly(api)
    async with AsyncMemory(config) as one, AsyncMemory(config) as two:
        said, tasks = [], []
        for number in range(20):
            memory = (one, two)[number % 2]
            said.append(f"note {number}")
            await memory.add_message(f"user {number % 4}", "user", said[-1])
            tasks.append(memory.process_async(f"user {number % 4}"))
        assert sum([await task.wait(timeout=120) for task in tasks]) + await one.flush() == 20
        assert sorted(heard(model.extractions)) == sorted(said)
        assert api.most_in_flight <= 4


async def test_one_user_s_work_is_done_in_order_by_two_memories_too(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    slowly(api)
    async with AsyncMemory(config) as one, AsyncMemory(config) as two:
        for number in range(8):
            await (one, two)[number % 2].add(f"note {number}", user_id="ana", async_mode=True)
        await one.wait_for_processing()
        assert heard(model.extractions) == [f"note {number}" for number in range(8)]
        assert api.most_in_flight == 1
        assert len(await async_known(two, "ana")) == 8


async def test_nobody_s_words_are_read_beside_another_s(
    memory: AsyncMemory, api: ApiServer, model: ScriptedModel
) -> None:
    users = [f"user {number}" for number in range(10)]
    for turn in range(3):
        for user_id in users:
            await memory.add_message(user_id, "user", f"{user_id}: note {turn}")
    assert await memory.flush() == 30
    for messages in model.extractions:
        assert len({text.split(":")[0] for text in heard([messages])}) == 1
    for user_id in users:
        assert await async_known(memory, user_id) == [f"{user_id}: note {turn}" for turn in range(3)]


@pytest.mark.stores
async def test_whoever_asks_for_it_each_turn_is_processed_once(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    said: list[str] = []

    async def talk(memory: AsyncMemory, name: str) -> None:
        for number in range(12):
            text = f"{name} says {number}"
            said.append(text)
            await memory.add_message(f"user {number % 3}", "user", text)
            if number % 4 == 0:
                memory.process_async(f"user {number % 3}")
            elif number % 5 == 0:
                await memory.flush(f"user {number % 3}")

    async with (
        AsyncMemory(config, auto_process=True, batch_threshold=2) as one,
        AsyncMemory(config, auto_process=True, batch_threshold=3) as two,
    ):
        await async_gather([partial(talk, memory, f"{n}") for n, memory in enumerate((one, two, one, two))])
        await one.flush()
        await two.flush()
        assert sorted(heard(model.extractions)) == sorted(said)
        assert await async_known(one) == sorted(said)


async def test_who_only_looks_learns_what_another_process_has_done(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    async with AsyncMemory(config) as one:
        await one.add_exchange("ana", "Ana likes tea", "Noted.")
        begun = one.process_async("ana")
        await async_until(lambda: model.calls == 1)
        # This one, with an engine of its own, cannot claim what the first has claimed, and nobody waits for
        # its task.
        two = AsyncMemory(config, max_retries=9)
        queued = two.process_async("ana")
        await async_comes(lambda: _queued(one), 2)
        assert not queued.done
        # No further work may go to the second.
        await two.processing.stop()
        api.release()
        assert await begun.wait() == 1
        await async_until(lambda: queued.done)
        # It has nothing to finish, so that closing does not wait for anybody.
        await two.close(timeout=None)


async def _queued(memory: AsyncMemory) -> int:
    return len(await memory.list_tasks())


async def test_nobody_is_kept_out_by_who_has_much_to_do(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    async with AsyncMemory(eager(config, api, concurrency=1)) as memory:
        hold(api)
        await memory.add("first", user_id="ana", async_mode=True)
        await async_until(lambda: model.calls == 1)
        await memory.add("second", user_id="bo", async_mode=True)
        for number in range(5):
            await memory.add(f"later {number}", user_id="ana", async_mode=True)
        api.release()
        await memory.wait_for_processing()
        assert heard(model.extractions)[:2] == ["first", "second"]


async def test_a_model_may_think_for_longer_than_a_lease_lasts(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    config = eager(config, api, lease_seconds=0.15)
    api.rule = lambda request: Behaviour(delay=0.5)
    async with AsyncMemory(config) as one, AsyncMemory(config) as two:
        for hour in (8, 10, 12):
            await one.add_message("ana", "user", f"note {hour}", timestamp=f"2023-05-08T{hour:02d}:00:00Z")
        task = one.process_async("ana")
        await two.add("Ana lives in Porto", user_id="bo", async_mode=True)
        assert await task.wait() == 3
        await two.flush()
        # Nobody has taken it for the work of a dead process.
        assert len(model.extractions) == 4
        (found,) = await one.list_tasks("ana")
        assert found["attempts"] == 1


@pytest.mark.parametrize("error", [StoreUnavailableError("the server went away"), RuntimeError("a mistake")])
async def test_looking_for_work_survives_what_goes_wrong(
    memory: AsyncMemory, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    assert memory._access.components is not None
    store = memory._access.components.store
    claim, failures = store.claim_lanes, [error] * 3

    async def fail(*anything: Any, **named: Any) -> list[str]:
        if failures:
            raise failures.pop()
        return await claim(*anything, **named)

    monkeypatch.setattr(store, "claim_lanes", fail)
    assert await memory.process("ana") == 1
    assert failures == []


@pytest.mark.stores
async def test_the_work_of_a_killed_process_is_taken_over(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    config = eager(config, api, lease_seconds=0.5)
    api.script.append(HANG)
    command = [sys.executable, "-c", KILLED, json.dumps(config)]
    with await async_to_thread(
        subprocess.Popen, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            task_id = int(process.stdout.readline())
            await async_until(lambda: model.calls == 1)
        finally:
            process.kill()
    async with AsyncMemory(config) as memory:
        await memory.wait_for_processing("ana", timeout=120)
        status = await memory.get_status(task_id)
        assert (status["status"], len(status["results"])) == ("completed", 1)
        assert await async_known(memory, "ana") == ["Ana likes tea"]
        assert await memory.flush() == 0
