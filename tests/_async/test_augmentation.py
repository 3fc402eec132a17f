"""Learning from conversations in the background: waiting for it, and how much of it at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._concurrency import AsyncEvent, AsyncWorker, async_gather, async_sleep
from powermem.errors import StoreError
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import hold


@pytest.fixture
def model(config: dict, api: ApiServer) -> dict:
    """The configuration of a memory that asks a language model for facts."""
    llm = {"provider": "openai", "config": {"openai_base_url": api.url, "api_key": "k", "model": "m"}}
    api.on_chat = lambda messages, body: json.dumps({"facts": []})
    return {**config, "llm": llm}


@pytest.fixture
async def taught(model: dict) -> AsyncIterator[AsyncMemory]:
    """A memory that asks a language model for facts."""
    async with AsyncMemory(model, max_retries=0) as memory:
        yield memory


async def until(condition: Any) -> None:
    """Wait for something that is sure to happen."""
    while not condition():
        await async_sleep(0.001)


async def test_waiting_for_nothing_is_over_at_once(memory: AsyncMemory, config: dict) -> None:
    assert await memory.augmentation.wait(0)
    unopened = AsyncMemory(config)
    assert await unopened.augmentation.wait()
    await unopened.close()


async def test_another_instance_waits_for_what_was_said_to_this_one(
    taught: AsyncMemory, model: dict, api: ApiServer
) -> None:
    api.delays["chat"] = 0.2
    taught.attribution("u")
    await taught.observe("I live in Rome", "Nice")
    other = AsyncMemory(model, max_retries=0)
    assert await other.augmentation.wait(120)
    (task,) = await other.list_tasks(user_id="u")
    assert task["status"] == "completed"
    await other.close()


async def test_nothing_that_was_said_is_left_out(memory: AsyncMemory) -> None:
    said = [f"I own {number} boats" for number in (*range(12), 299)]
    for text in said:
        await memory.attribution("u").observe(text, f"You said: {text}")
    assert await memory.augmentation.wait(120)
    kept = (await memory.get_all(user_id="u"))["results"]
    assert {each["memory"] for each in kept} == set(said)


async def test_waiting_tells_when_the_time_was_too_short(taught: AsyncMemory, api: ApiServer) -> None:
    hold(api)
    taught.attribution("u")
    await taught.observe("I live in Rome", "Nice")
    assert not await taught.augmentation.wait(0)
    api.release()
    assert await taught.augmentation.wait(120)
    assert len(api.of("chat")) == 1


async def test_a_failure_is_no_reason_to_wait_for_ever(taught: AsyncMemory, api: ApiServer) -> None:
    api.rule = lambda request: failure(401, "no such key")
    taught.attribution("u")
    await taught.observe("I live in Rome", "Nice")
    assert await taught.augmentation.wait(120)
    (task,) = await taught.list_tasks(user_id="u")
    assert task["status"] == "failed"


async def test_so_many_users_are_worked_on_at_once(taught: AsyncMemory, api: ApiServer) -> None:
    taught.augmentation.max_workers = 2
    assert taught.augmentation.max_workers == 2
    hold(api)
    for number in range(6):
        await taught.attribution(f"u{number}").observe("I live in Rome", "Nice")
    await until(lambda: api.in_flight == 2)
    api.release()
    assert await taught.augmentation.wait(120)
    assert api.most_in_flight == 2

    taught.augmentation.max_workers = 6
    hold(api)
    for number in range(6):
        await taught.attribution(f"u{number}").observe("I live in Oslo", "Nice")
    await until(lambda: api.in_flight == 6)
    api.release()
    assert await taught.augmentation.wait(120)
    assert api.most_in_flight == 6


async def test_the_width_can_be_set_before_the_memory_is_open(config: dict) -> None:
    memory = AsyncMemory(config)
    memory.augmentation.max_workers = 3
    async with memory:
        assert memory._access.components.processor._width == 3


async def test_auto_process_waits_for_its_threshold(model: dict) -> None:
    async with AsyncMemory(model, auto_process=True, batch_threshold=4) as memory:
        memory.attribution("u")
        await memory.observe("I live in Rome", "Nice")
        assert await memory.list_tasks(user_id="u") == []
        await memory.observe("I like tea", "Me too")
        assert len(await memory.list_tasks(user_id="u")) == 1
        await memory.observe("I own a boat", "Well")
        # Whoever waits wants all of it.
        assert await memory.augmentation.wait(120)
        assert len(await memory.list_tasks(user_id="u")) == 2


async def test_so_many_exchanges_are_written_at_once(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    keeper = memory._access.engine().keeper
    apply = keeper._apply
    free = AsyncEvent()

    async def count(changes: Sequence[Any]) -> None:
        written.append(len(changes))
        assert await free.wait(120)
        await apply(changes)

    monkeypatch.setattr(keeper, "_apply", count)
    # Nobody waits for what is held here.
    keeper.prompt = False
    memory.augmentation.db_writer_batch_size = 3
    assert memory.augmentation.db_writer_batch_size == 3
    memory.attribution("u")
    say = memory.wrap(lambda messages: f"You said: {messages}")
    memory.llm.recall_budget = 0
    say("I live in Rome")
    await until(lambda: written)
    for number in range(6):
        say(f"I own {number} boats")
    free.set()
    assert await memory.augmentation.wait(120)
    # Of the first exchange, what was said alone or both.
    assert sum(written) == 14
    assert max(written) == 3
    written.clear()
    keeper.prompt = False
    memory.augmentation.db_writer_batch_size = 1
    free.clear()
    for number in range(3):
        say(f"I own {number} cars")
    free.set()
    assert await memory.augmentation.wait(120)
    assert written == [1] * 6


async def test_what_cannot_be_written_is_not_the_loss_of_the_rest(
    memory: AsyncMemory, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = memory._access.engine().keeper
    apply = keeper._apply
    free = AsyncEvent()

    async def refuse(changes: Sequence[Any]) -> None:
        assert await free.wait(120)
        if any("refused" in change.turn.content for change in changes):
            raise StoreError("this is refused")
        await apply(changes)

    monkeypatch.setattr(keeper, "_apply", refuse)
    keeper.prompt = False
    memory.llm.recall_budget = 0
    memory.attribution("u")
    say = memory.wrap(lambda messages: "Well")
    for text in ("My sister lives in Rome", "This is refused", "My brother lives in Oslo"):
        say(text)
    free.set()
    assert await memory.augmentation.wait(120)
    assert "could not be stored" in caplog.text
    known = {fact.content for fact in await memory.recall("lives in")}
    assert known == {"My sister lives in Rome", "My brother lives in Oslo"}


async def test_many_can_wait(memory: AsyncMemory) -> None:
    memory.attribution("u")
    await memory.observe("I live in Rome", "Nice")
    waits = [partial(memory.augmentation.wait, 60) for _ in range(5)]
    assert await async_gather(waits) == [True] * 5


async def test_waiting_on_another_worker_sees_what_was_said(memory: AsyncMemory) -> None:
    async def converse(stopping: AsyncEvent) -> None:
        memory.attribution("u")
        memory.wrap(lambda messages: "Nice")("I live in Rome")

    worker = AsyncWorker("conversation", converse)
    worker.start()
    assert await worker.join(120)
    assert worker.error is None
    assert await memory.augmentation.wait(120)
    assert [fact.content for fact in await memory.attribution("u").recall("Rome")] == ["I live in Rome"]
