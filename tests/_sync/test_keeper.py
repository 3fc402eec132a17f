# Generated from tests/_async/test_keeper.py by scripts/run_unasync.py; edit that file instead.
"""What is said and learned at the same time, also by other threads, is waited for as a whole."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import Event, gather
from powermem._core.values import Scope
from powermem._sync.processing.handle import ProcessTask
from powermem._sync.processing.scheduler import Scheduler


def test_waiting_knows_what_was_begun_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Scheduler.begin
    first, second = Event(), Event()
    begun: list[ProcessTask] = []

    def overlapping(scheduler: Scheduler, scopes: Sequence[Scope], **options: Any) -> list[ProcessTask]:
        tasks = begin(scheduler, scopes, **options)
        begun.extend(tasks)
        if scopes[0].user_id == "anna":
            # Another one is begun, and over, before this one returns.
            first.set()
            assert second.wait(60)
        return tasks

    monkeypatch.setattr(Scheduler, "begin", overlapping)
    waited: list[ProcessTask] = []
    wait = ProcessTask.wait

    def noted(task: ProcessTask, timeout: float | None = None) -> int:
        waited.append(task)
        return wait(task, timeout)

    monkeypatch.setattr(ProcessTask, "wait", noted)
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    with Memory(config) as memory:

        def says(user_id: str) -> None:
            if user_id == "bert":
                assert first.wait(60)
            memory.attribution(user_id)
            memory.observe([{"role": "user", "content": "I live in Rome."}], "Noted.")
            if user_id == "bert":
                second.set()

        gather([partial(says, "anna"), partial(says, "bert")])
        assert memory.augmentation.wait(60)
        assert {task.id for task in begun} == {task.id for task in waited}


def test_waiting_knows_what_another_thread_has_just_heard() -> None:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    with Memory(config) as memory:
        memory.count()
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
        assert memory.augmentation.wait(60)
        assert memory.count(user_id="anna") == 1


def test_what_waits_keeps_no_instance_alive(config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.initialize()
        engine = memory._access.engine()
        for number in range(3):
            other = Memory(config, auto_process=True)
            other.attribution(f"user {number}")
            other.observe([{"role": "user", "content": "I live in Rome."}], "Noted.")
            assert other._access.engine() is engine
            del other
        gc.collect()
        assert len(engine.holders) == 1
        assert memory.augmentation.wait(60)
        assert memory.count() == 3
