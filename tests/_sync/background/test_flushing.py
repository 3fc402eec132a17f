# Generated from tests/_async/background/test_flushing.py by scripts/run_unasync.py; edit that file instead.
"""Waiting for all that is under way, and for all that is buffered."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from powermem import Memory, ProcessTask, ProviderError
from powermem._concurrency import Event, gather
from powermem._sync.processing import scheduler
from tests._sync.patience import known, until
from tests.support.apiserver import HANG, ApiServer
from tests.support.scripted import ScriptedModel, hold, refuse


def listed(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Event:
    """Return what is set when somebody begins to wait for tasks that are in the store."""
    event, watch = Event(), memory._access.engine().watcher.watch

    def notice(task_id: int, user_id: str | None, *, own: bool = True, maker: object = None) -> ProcessTask:
        if not own:
            event.set()
        return watch(task_id, user_id, own=own, maker=maker)

    monkeypatch.setattr(memory._access.engine().watcher, "watch", notice)
    return event


def test_waiting_sees_every_task_in_flight(
    memory: Memory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.add_exchange("bo", "Ana likes coffee", "Noted.")
    memory.process_async("ana")
    memory.process_async("bo")
    memory.add("Ana plays the violin", user_id="ana", async_mode=True)
    until(lambda: model.calls == 2)
    begun = listed(memory, monkeypatch)

    def release() -> int:
        begun.wait(120)
        api.release()
        return 0

    assert gather([partial(memory.wait_for_processing, "ana", 30), release]) == [2, 0]
    memory.wait_for_processing()
    assert memory.wait_for_processing() == 0
    assert known(memory) == ["Ana likes coffee", "Ana likes tea", "Ana plays the violin"]


def test_more_than_a_page_is_waited_for_and_flushed(
    memory: Memory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_PAGE", 4)
    hold(api)
    names = [f"user {number}" for number in range(11)]
    for name in names:
        memory.add(f"{name} likes tea", user_id=name, async_mode=True)
        memory.add_message(name, "user", f"{name} likes chess")
    until(lambda: model.calls == 11)
    begun = listed(memory, monkeypatch)

    def release() -> int:
        begun.wait(120)
        api.release()
        return 0

    # Tasks end while the pages are read.
    gather([memory.wait_for_processing, release])
    assert memory.list_tasks(status="running") == memory.list_tasks(status="pending") == []
    assert memory.flush() == 11
    assert memory.count() == 22


def test_the_next_page_begins_before_the_last_of_this_one_is_done(
    memory: Memory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_PAGE", 4)
    api.rule = lambda request: HANG if "user 3 likes" in json.dumps(request.body) else None
    for number in range(8):
        memory.add_message(f"user {number}", "user", f"user {number} likes tea")

    def release() -> int:
        until(lambda: model.calls == 8)
        api.release()
        return 0

    assert gather([memory.flush, release]) == [8, 0]
    assert model.calls == 8


def test_waiting_takes_only_the_user_s_own(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    assert memory.wait_for_processing("bo", timeout=120) == 0
    assert not task.done
    api.release()
    memory.wait_for_processing("ana")
    assert task.knowledge_count == 1


def test_flushing_takes_what_is_there(memory: Memory, model: ScriptedModel) -> None:
    assert memory.flush("ana") == 0
    assert memory.flush() == 0
    assert model.calls == 0
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.add_exchange("bo", "Ana likes coffee", "Noted.")
    assert memory.flush("ana") == 1
    assert known(memory) == ["Ana likes tea"]
    assert memory.flush() == 1
    assert memory.flush() == 0


@pytest.mark.parametrize("user_id", ["ana", None])
def test_flushing_takes_what_arrives_meanwhile(
    memory: Memory, model: ScriptedModel, api: ApiServer, user_id: str | None
) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")

    def talk() -> int:
        until(lambda: model.calls == 1)
        memory.add_exchange("ana", "Ana plays the violin", "Nice.")
        api.release()
        return 0

    assert gather([partial(memory.flush, user_id), talk]) == [2, 0]
    assert known(memory) == ["Ana likes tea", "Ana plays the violin"]


def test_flushing_takes_what_arrives_while_a_task_was_under_way(
    memory: Memory, model: ScriptedModel, api: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    memory.process_async("ana")
    until(lambda: model.calls == 1)

    begun = listed(memory, monkeypatch)

    def talk() -> int:
        # By now flushing has nothing to do but wait.
        begun.wait(120)
        memory.add_exchange("ana", "Ana plays the violin", "Nice.")
        api.release()
        return 0

    assert gather([partial(memory.flush, "ana"), talk]) == [2, 0]
    assert known(memory) == ["Ana likes tea", "Ana plays the violin"]


def test_flushing_does_the_others_before_it_raises(
    config: dict[str, Any], model: ScriptedModel, api: ApiServer
) -> None:
    refuse(api, "poison", 400)
    with Memory(config, max_retries=0) as memory:
        for number in range(5):
            memory.add_exchange(f"user {number}", "a poison" if number == 1 else f"note {number}", "Noted.")
        with pytest.raises(ProviderError):
            memory.flush()
        assert known(memory) == ["note 0", "note 2", "note 3", "note 4"]
        api.rule = lambda request: None
        assert memory.flush() == 1
