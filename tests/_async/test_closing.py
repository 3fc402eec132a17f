"""Closing while others are at work."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError, StoreUnavailableError
from powermem._concurrency import AsyncEvent, async_gather, async_sleep
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, eager, in_table, openai_embedder, openai_llm


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
        assert await some.wait(120)
        await async_gather([partial(memory.close) for _ in range(3)])

    await async_gather([*(partial(write, number) for number in range(8)), close])
    assert len(refused) == 8
    assert all("closed" in message for message in refused)
    kept = [row[0] for row in in_table(config, "records", "memory")]
    assert sorted(kept) == sorted(stored)


async def test_a_memory_that_is_dropped_says_so_and_its_work_goes_on_for_the_next_one(
    config: dict[str, Any], api: ApiServer
) -> None:
    ScriptedModel(api).repeats()
    told = eager(config, api, lease_seconds=0.03)
    memory = AsyncMemory(told)
    await memory.add_exchange("ana", "I like tea", "Noted.")
    assert await memory.process("ana") == 1
    parts = memory._access.components
    with pytest.warns(ResourceWarning, match="dropped without being closed"):  # noqa: PT031 - at once, or later
        del memory
        gc.collect()
    async with AsyncMemory(told) as memory:
        assert memory._access.components is parts
    assert not parts.processor._dispatcher.alive
    assert not parts.processor._heart.alive


async def test_a_file_that_somebody_keeps_locked_is_an_error_that_passes(config: dict[str, Any]) -> None:
    config["vector_store"]["config"]["timeout"] = 0.1
    path = config["vector_store"]["config"]["database_path"]
    async with AsyncMemory(config) as memory:
        (kept,) = (await memory.add("I like tea", user_id="u", infer=False))["results"]
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for infer in (True, False):
                with pytest.raises(StoreUnavailableError, match=r"locked.*timeout"):
                    await memory.add("I like coffee", user_id="u", infer=infer)
            # Reading goes on, and counting an access does not write.
            assert len((await memory.search("tea", user_id="u"))["results"]) == 1
            assert await memory.get(kept["id"]) is not None
            other.execute("ROLLBACK")
        assert in_table(config, "turns", "content") == [("I like tea",)]
        assert len((await memory.add("I like coffee", user_id="u", infer=False))["results"]) == 1
        assert await memory.count() == 2


async def test_closing_that_cannot_write_says_so_and_closes(config: dict[str, Any]) -> None:
    config["vector_store"]["config"]["timeout"] = 0.1
    path = config["vector_store"]["config"]["database_path"]
    memory = AsyncMemory(config)
    (kept,) = (await memory.add("I like tea", user_id="u", infer=False))["results"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # The access has not been written yet.
        await memory.get(kept["id"])
        with pytest.raises(StoreUnavailableError, match="locked"):
            await memory.close()
        other.execute("ROLLBACK")
    await memory.close()
    with pytest.raises(ClosedError, match="was closed"):
        await memory.count()
    # The last one to close a file takes its log away: nobody here holds it open.
    assert not Path(f"{path}-wal").exists()


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
