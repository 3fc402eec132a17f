# Generated from tests/_async/background/test_parking.py by scripts/run_unasync.py; edit that file instead.
"""Closing with work to do, and going on with it."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from powermem import ClosedError, InvalidInputError, Memory, ProcessStatus
from powermem._concurrency import gather
from tests._sync.patience import comes, known, until
from tests.support.apiserver import ApiServer, Behaviour
from tests.support.scripted import ScriptedModel, eager, heard, hold


@pytest.fixture
def idle(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    """The same store, for who only looks."""
    return eager(config, api, resume=False)


def workers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("powermem-")]


def states(memory: Memory) -> list[str]:
    return [task["status"] for task in memory.list_tasks()]


@pytest.mark.stores
def test_closing_finishes_what_was_begun(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(delay=0.05)
    memory = Memory(config)
    for number in range(3):
        memory.add_message(f"user {number % 2}", "user", f"note {number}")
        tasks = [memory.process_async(f"user {number % 2}")]
    tasks.append(memory.process_async("user 0"))
    added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
    memory.close()
    assert {task.status for task in tasks} == {ProcessStatus.COMPLETED}
    assert workers() == []
    with Memory(idle) as memory:
        assert (memory.get_status(added["task_id"]))["status"] == "completed"
        assert set(states(memory)) == {"completed"}
        assert known(memory) == ["Ana likes tea", "note 0", "note 1", "note 2"]


@pytest.mark.stores
def test_parked_work_is_done_at_the_next_start(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = Memory(config)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    later = memory.process_async("ana")
    until(lambda: model.calls == 1)
    until(lambda: task.status is ProcessStatus.RUNNING)
    memory.close(drain=False)
    assert not task.done
    for call in (task.wait, later.wait):
        with pytest.raises(ClosedError, match="kept"):
            call()
    api.release()
    with Memory(idle) as memory:
        assert states(memory) == ["pending", "pending"]
        assert {found["attempts"] for found in memory.list_tasks()} == {0}
        assert memory.count() == 0
    with Memory(config) as memory:
        # Without being asked.
        comes(partial(states, memory), ["completed", "completed"])
        assert known(memory) == ["Ana likes tea"]
        assert (memory.get_status(task.id))["status"] == "completed"


def test_a_model_that_hangs_does_not_keep_closing_from_its_end(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = Memory(config)
    for user_id in ("ana", "bo", "cy"):
        memory.add_exchange(user_id, "Ana likes tea", "Noted.")
        memory.process_async(user_id)
    until(lambda: model.calls == 3)
    # Returns although the model still holds its answers back.
    memory.close(timeout=0.2)
    assert model.calls == 3
    api.release()
    with Memory(config) as memory:
        memory.wait_for_processing()
        assert len(known(memory)) == 3


def test_threads_end_with_the_answers_they_wait_for(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = Memory(config)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    until(lambda: model.calls == 1)
    memory.close(drain=False)
    api.release()
    until(lambda: workers() == [])
    # What it brought was refused.
    with Memory({**config, "processing": {"resume": False}}) as memory:
        assert memory.count() == 0


def test_who_waits_is_told_that_all_is_closed(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    memory = Memory(config)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    told: list[str] = []

    def wait(call: Any) -> None:
        try:
            call()
        except ClosedError as error:
            told.append(str(error))

    def close() -> None:
        until(lambda: model.calls == 1)
        memory.close(drain=False)

    task = memory.process_async("ana")
    waits = [task.wait, partial(task.wait, 60), partial(memory.wait_for_processing, "ana")]
    gather([*(partial(wait, call) for call in waits), close])
    assert len(told) == 3
    api.release()


@pytest.mark.parametrize("timeout", [None, 0, 30])
def test_what_was_asked_for_just_before_closing_is_not_forgotten(
    config: dict[str, Any], idle: dict[str, Any], model: ScriptedModel, timeout: float | None
) -> None:
    memory = Memory(config)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    memory.close(drain=False, timeout=timeout)
    with Memory(idle) as memory:
        assert (memory.get_status(task.id))["status"] in ("running", "completed")


def test_who_is_told_while_closing_may_ask_and_keeps_nobody_waiting(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(delay=0.1)
    told: list[str] = []
    memory = Memory(config)

    def tell(task: dict[str, Any]) -> None:
        try:
            told.append(str(memory.count()))
        except ClosedError:
            told.append("closed")

    memory.processing.on_task_done(tell)
    memory.add("Ana likes tea", user_id="ana", async_mode=True)
    until(lambda: model.calls == 1)
    memory.close(timeout=None)
    assert told in (["closed"], ["1"])


def test_what_could_not_be_stored_before_closing_has_failed(config: dict[str, Any]) -> None:
    memory = Memory(config)
    memory.initialize()
    task = memory._access.engine().watcher.watch(1, "ana")
    memory.close(drain=False)
    assert (task.wait(), task.status) == (0, ProcessStatus.FAILED)
    with pytest.raises(ClosedError):
        task.raise_for_error()


def test_closing_while_others_ask_leaves_nobody_behind(
    config: dict[str, Any], idle: dict[str, Any], model: ScriptedModel
) -> None:
    memory = Memory(config)
    memory.initialize()
    said: list[str] = []
    asked: list[Any] = []

    def ask(user_id: str) -> None:
        for number in range(1_000_000):
            try:
                turn = memory.add_message(user_id, "user", f"{user_id} {number}")
                said.append(turn["content"])
                asked.append(memory.process_async(user_id))
            except ClosedError:
                return

    def close() -> None:
        until(lambda: len(asked) > 20)
        gather([memory.close, partial(memory.close, drain=False)])

    gather([*(partial(ask, f"user {number}") for number in range(3)), close])
    for task in asked:
        if not task.done:
            with pytest.raises(ClosedError):
                task.wait()
    until(lambda: workers() == [])
    with Memory(idle) as memory:
        listed = {task["task_id"] for task in memory.list_tasks(limit=1_000_000)}
        assert {task.id for task in asked} <= listed
        memory.flush()
        # What was parked was read twice, and is known once.
        texts = {*heard(model.extractions)}
        assert {*said} <= texts
        assert memory.count() == len(texts)


def test_what_does_not_resume_leaves_the_work_alone(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    hold(api)
    with Memory(config) as memory:
        added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
        until(lambda: model.calls == 1)
        memory.close(drain=False)
    api.release()
    before = model.calls
    with Memory(idle) as memory:
        assert (memory.get_status(added["task_id"]))["status"] == "running"
        assert memory.count() == 1
    assert model.calls == before


def test_work_that_fails_again_and_again_is_parked_in_time(
    config: dict[str, Any], idle: dict[str, Any], api: ApiServer, model: ScriptedModel
) -> None:
    api.rule = lambda request: Behaviour(status=500, body={"error": {"message": "out of sorts"}})
    memory = Memory(config, max_retries=1_000)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    until(lambda: model.calls >= 1)
    memory.close(timeout=0.1)
    with Memory(idle) as memory:
        assert states(memory) == ["pending"]


@pytest.mark.parametrize("timeout", [-1, "soon"])
def test_a_wrong_time_limit_is_named(memory: Memory, timeout: Any) -> None:
    with pytest.raises(InvalidInputError, match="timeout"):
        memory.close(timeout=timeout)
    assert memory.count() == 0
