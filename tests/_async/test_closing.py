"""Closing while others are at work."""

from __future__ import annotations

from functools import partial
from typing import Any

from powermem import AsyncMemory, ClosedError
from powermem._concurrency import AsyncEvent, async_gather, async_sleep
from tests.apiserver import ApiServer
from tests.scripted import ScriptedModel, in_table, openai_embedder, openai_llm


async def test_closing_while_adds_are_under_way_loses_no_acknowledged_one(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    await memory.initialize()
    stored: list[str] = []
    refused: list[str] = []
    some = AsyncEvent()

    async def write(number: int) -> None:
        for turn in range(1_000_000):
            text = f"Writer {number} wrote note {turn}"
            try:
                await memory.add(text, user_id="u", infer=False)
            except ClosedError as error:
                refused.append(str(error))
                return
            stored.append(text)
            if len(stored) >= 40:
                some.set()

    async def close() -> None:
        assert await some.wait(30)
        await async_gather([partial(memory.close) for _ in range(3)])

    await async_gather([*(partial(write, number) for number in range(8)), close])
    assert len(refused) == 8
    assert all("closed" in message for message in refused)
    kept = [row[0] for row in in_table(config, "records", "memory")]
    assert sorted(kept) == sorted(stored)


async def test_a_call_that_waits_for_the_model_is_told_that_all_is_closed(
    api: ApiServer, config: dict[str, Any]
) -> None:
    config["llm"] = openai_llm(api)
    ScriptedModel(api).always_learns("Ana likes tea")
    api.delays["chat"] = 0.3
    memory = AsyncMemory(config)
    outcomes: list[str] = []

    async def add() -> None:
        try:
            await memory.add("I like tea", user_id="u")
            outcomes.append("stored")
        except ClosedError:
            outcomes.append("closed")

    async def close() -> None:
        while not api.of("chat"):
            await async_sleep(0.001)
        await memory.close()

    await async_gather([add, close])
    # Finished before the store was closed, or told that it was not: never acknowledged and lost.
    (records,) = in_table(config, "records")
    assert (outcomes, records) in ((["stored"], (1,)), (["closed"], (0,)))
    assert in_table(config, "turns", "content") == [("I like tea",)]


async def test_a_search_under_way_is_answered_or_told(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("I like tea", user_id="u", infer=False)
        asked = len(api.of("embed"))
        api.delays["embed"] = 0.2
        outcomes: list[Any] = []

        async def search() -> None:
            try:
                answer = await memory.search("Who likes tea?", user_id="u")
                outcomes.append([item["memory"] for item in answer["results"]])
            except ClosedError:
                outcomes.append("closed")

        async def close() -> None:
            while len(api.of("embed")) == asked:
                await async_sleep(0.001)
            await memory.close()

        await async_gather([search, close])
        assert outcomes in ([["I like tea"]], ["closed"])
