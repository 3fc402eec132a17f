# Generated from tests/_async/test_working.py by scripts/run_unasync.py; edit that file instead.
"""A program that is there for the work in the background: ``processing.start`` and ``processing.stop``."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import ClosedError, Memory, ProcessTimeout
from powermem._concurrency import sleep
from tests.support.apiserver import HANG, ApiServer
from tests.support.scripted import ScriptedModel, openai_llm


@pytest.fixture
def quiet(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """A configuration with a model, of a memory that does not begin with what is left."""
    return {**config, "llm": openai_llm(api), "processing": {"resume": False, "poll_interval": 0.02}}


def leave(api: ApiServer, config: dict[str, Any], *users: str) -> list[str]:
    """Leave a task for each user in the store that nobody works on; return the ids."""
    api.rule = lambda request: HANG
    with Memory(config) as memory:
        added = [memory.add("I keep bees", user_id=user, async_mode=True) for user in users]
        until_asked(api, len(users))
        memory.close(drain=False)
    api.rule = lambda request: None
    api.requests.clear()
    return [str(one["task_id"]) for one in added]


def until_asked(api: ApiServer, requests: int = 1) -> None:
    """Wait until the model was asked so often."""
    while len(api.of("chat")) < requests:
        sleep(0.01)


def states(memory: Memory) -> list[str]:
    """Return the states of all tasks."""
    return sorted(task["status"] for task in memory.list_tasks())


def test_what_is_left_waits_for_a_worker(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    leave(api, quiet, "alice", "bob")
    with Memory(quiet) as memory:
        assert states(memory) == ["pending", "pending"]
        memory.processing.start()
        memory.wait_for_processing(timeout=120)
        assert states(memory) == ["completed", "completed"]


def test_a_worker_finds_what_comes_later(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    with Memory(quiet) as worker:
        worker.processing.start()
        (task_id,) = leave(api, quiet, "alice")
        api.release()
        while (worker.get_status(task_id))["status"] == "running":
            sleep(0.01)
        assert states(worker) == ["completed"]


def test_stopping_finishes_what_is_under_way_and_begins_nothing(
    api: ApiServer, quiet: dict[str, Any]
) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    leave(api, quiet, "alice", "bob")
    quiet = {**quiet, "processing": {**quiet["processing"], "concurrency": 1}}
    api.rule = lambda request: HANG
    with Memory(quiet) as memory:
        memory.processing.start()
        until_asked(api)
        assert memory.processing.stop(timeout=0.05) is False
        assert states(memory) == ["pending", "running"]
        api.release()
        assert memory.processing.stop() is True
        assert states(memory) == ["completed", "pending"]

        memory.processing.start()
        api.rule = lambda request: None
        memory.wait_for_processing(timeout=120)
        assert states(memory) == ["completed", "completed"]


def test_stopping_where_nothing_was_started(quiet: dict[str, Any]) -> None:
    with Memory(quiet) as memory:
        assert memory.processing.stop() is True


def test_neither_is_possible_after_closing(quiet: dict[str, Any]) -> None:
    with Memory(quiet) as memory:
        processing = memory.processing
    with pytest.raises(ClosedError):
        processing.start()
    with pytest.raises(ClosedError):
        processing.stop()


def test_a_process_may_leave_all_work_to_others(api: ApiServer, quiet: dict[str, Any]) -> None:
    ScriptedModel(api).always_learns("They keep bees")
    idle = {**quiet, "processing": {**quiet["processing"], "concurrency": 0}}
    with Memory(idle) as memory:
        memory.add("I keep bees", user_id="alice", async_mode=True)
        # It is not waited for at the end of the block.
        memory.add_message("alice", "user", "They are black")
        task = memory.process_async("alice")
        with pytest.raises(ProcessTimeout):
            task.wait(timeout=0.1)
        assert api.of("chat") == []
    with Memory(quiet) as worker, Memory(idle) as memory:
        worker.processing.start()
        memory.wait_for_processing("alice", timeout=120)
        assert states(memory) == ["completed", "completed"]
