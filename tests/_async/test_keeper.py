"""What is said and learned at the same time, also by other threads, is waited for as a whole."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.processing.handle import AsyncProcessTask
from powermem._async.processing.scheduler import AsyncScheduler
from powermem._concurrency import AsyncEvent, async_gather
from powermem._core.values import Scope


async def test_waiting_knows_what_was_begun_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = AsyncScheduler.begin
    first, second = AsyncEvent(), AsyncEvent()
    begun: list[AsyncProcessTask] = []

    async def overlapping(
        scheduler: AsyncScheduler, scopes: Sequence[Scope], **options: Any
    ) -> list[AsyncProcessTask]:
        tasks = await begin(scheduler, scopes, **options)
        begun.extend(tasks)
        if scopes[0].user_id == "anna":
            # Another one is begun, and over, before this one returns.
            first.set()
            assert await second.wait(60)
        return tasks

    monkeypatch.setattr(AsyncScheduler, "begin", overlapping)
    waited: list[AsyncProcessTask] = []
    wait = AsyncProcessTask.wait

    async def noted(task: AsyncProcessTask, timeout: float | None = None) -> int:
        waited.append(task)
        return await wait(task, timeout)

    monkeypatch.setattr(AsyncProcessTask, "wait", noted)
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    async with AsyncMemory(config) as memory:

        async def says(user_id: str) -> None:
            if user_id == "bert":
                assert await first.wait(60)
            memory.attribution(user_id)
            await memory.observe([{"role": "user", "content": "I live in Rome."}], "Noted.")
            if user_id == "bert":
                second.set()

        await async_gather([partial(says, "anna"), partial(says, "bert")])
        assert await memory.augmentation.wait(60)
        assert {task.id for task in begun} == {task.id for task in waited}


async def test_waiting_knows_what_another_thread_has_just_heard() -> None:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    async with AsyncMemory(config) as memory:
        await memory.count()
        memory.attribution("anna")
        memory.llm.recall_budget = 0
        # The call does not wait for the store either.
        memory._access.engine().keeper.prompt = False
        asked = memory.wrap(lambda messages: "Noted.")
        context = copy_context()
        caller = threading.Thread(
            target=context.run, args=(asked, [{"role": "user", "content": "I live in Rome."}])
        )
        caller.start()
        # Here nothing runs until the call is over.
        caller.join()
        assert await memory.augmentation.wait(60)
        assert await memory.count(user_id="anna") == 1


async def test_what_waits_keeps_no_instance_alive(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        await memory.initialize()
        engine = memory._access.engine()
        for number in range(3):
            other = AsyncMemory(config, auto_process=True)
            other.attribution(f"user {number}")
            await other.observe([{"role": "user", "content": "I live in Rome."}], "Noted.")
            assert other._access.engine() is engine
            del other
        gc.collect()
        assert len(engine.holders) == 1
        assert await memory.augmentation.wait(60)
        assert await memory.count() == 3
