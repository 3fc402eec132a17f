"""Turns that wait to be processed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError, InvalidInputError
from powermem._concurrency import async_gather
from tests._async.patience import async_known, async_until
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, heard, hold


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


async def buffered(memory: AsyncMemory) -> int:
    count: int = (await memory.processing.stats())["buffered"]
    return count


@pytest.mark.stores
async def test_an_exchange_is_kept_and_nothing_is_asked(memory: AsyncMemory, model: ScriptedModel) -> None:
    user, assistant = await memory.add_exchange(
        "ana", "Ana likes tea", "Noted.", timestamp="2023-05-08T10:00:00Z", run_id="r", agent_id="a"
    )
    assert (user["role"], user["content"], user["sent_at"]) == (
        "user",
        "Ana likes tea",
        "2023-05-08T10:00:00+00:00",
    )
    assert (assistant["role"], assistant["content"]) == ("assistant", "Noted.")
    assert assistant["sent_at"] == user["sent_at"]
    assert assistant["id"] > user["id"]
    assert (await buffered(memory), await memory.count(), model.calls) == (2, 0, 0)


async def test_a_message_is_kept_too(memory: AsyncMemory) -> None:
    turn = await memory.add_message("ana", "user", "Ana likes tea")
    assert set(turn) == {"id", "role", "content", "actor_id", "sent_at"}
    assert await buffered(memory) == 1


async def test_what_is_kept_is_there_after_reopening(config: dict[str, Any], model: ScriptedModel) -> None:
    model.repeats()
    async with AsyncMemory(config) as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    async with AsyncMemory(config) as memory:
        assert await memory.process("ana") == 1
        assert await async_known(memory, "ana") == ["Ana likes tea"]


async def test_nobody_waits_for_a_model_that_thinks(
    memory: AsyncMemory, model: ScriptedModel, api: ApiServer
) -> None:
    model.repeats()
    hold(api)
    await memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    await async_until(lambda: model.calls == 1)
    await memory.add_exchange("ana", "Ana plays the violin", "Nice.")
    await memory.add_message("ana", "user", "Ana lives in Porto")
    assert not task.done
    assert await buffered(memory) == 3
    api.release()
    assert await task.wait() == 1


@pytest.mark.stores
async def test_many_at_once_are_all_kept(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.repeats()
    said = [f"note {number}" for number in range(40)]
    await async_gather([partial(memory.add_message, f"user {len(text)}", "user", text) for text in said])
    assert await buffered(memory) == 40
    model.divides([list(range(30))])
    assert await memory.flush() == 40
    assert sorted(heard(model.extractions)) == sorted(said)


async def test_a_memory_knows_the_turn_it_came_from(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.repeats()
    user, _ = await memory.add_exchange("ana", "Ana likes tea", "Noted.", run_id="r", agent_id="a")
    await memory.process("ana")
    (item,) = (await memory.get_all(user_id="ana"))["results"]
    assert (item["run_id"], item["agent_id"]) == ("r", "a")
    assert [turn["id"] for turn in await memory.sources(item["id"])] == [user["id"]]


async def test_the_memory_s_own_agent_stands_in(config: dict[str, Any], model: ScriptedModel) -> None:
    model.repeats()
    async with AsyncMemory(config, agent_id="bot") as memory:
        await memory.add_exchange("ana", "Ana likes tea", "Noted.")
        task = memory.process_async("ana")
        assert await task.wait() == 1
        assert (await memory.get_status(task.id))["status"] == "completed"
        assert [found["task_id"] for found in await memory.list_tasks("ana")] == [task.id]
        assert (await memory.get_all(user_id="ana"))["results"][0]["agent_id"] == "bot"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("", "user", "x"), "user_id"),
        ((None, "user", "x"), "user_id"),
        ((1.5, "user", "x"), "user_id"),
        (("ana", "", "x"), "role"),
        (("ana", 5, "x"), "role"),
        (("ana", "user", ""), "messages"),
        (("ana", "user", None), "messages"),
        (("ana", "user", 5), "content"),
        (("ana", "user", "x", "soon"), "timestamp"),
        (("ana", "user", "x", None, ""), "run_id"),
        (("ana", "user", "x", None, None, 1.5), "agent_id"),
    ],
)
async def test_wrong_arguments_are_named(memory: AsyncMemory, arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        await memory.add_message(*arguments)
    assert await buffered(memory) == 0


async def test_half_an_exchange_is_none(memory: AsyncMemory) -> None:
    for said in (("Ana likes tea", ""), ("", "Noted.")):
        with pytest.raises(InvalidInputError):
            await memory.add_exchange("ana", *said)
    assert await buffered(memory) == 0


async def test_nothing_is_kept_after_closing(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    await memory.add_message("ana", "user", "Ana likes tea")
    await memory.close()
    for call in (
        partial(memory.add_message, "ana", "user", "x"),
        partial(memory.add_exchange, "ana", "x", "y"),
        partial(memory.process, "ana"),
        memory.flush,
        memory.wait_for_processing,
        memory.list_tasks,
        partial(memory.get_status, 1),
        partial(memory.retry_task, 1),
        partial(memory.cancel_task, 1),
        partial(memory.get_preferences, "ana"),
        memory.processing.stats,
    ):
        with pytest.raises(ClosedError, match="closed"):
            await call()
    with pytest.raises(ClosedError, match="closed"):
        memory.process_async("ana")
