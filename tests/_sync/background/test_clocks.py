# Generated from tests/_async/background/test_clocks.py by scripts/run_unasync.py; edit that file instead.
"""Work in the background where the clock is set."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from powermem import Memory, ProcessStatus
from powermem._core import clock
from powermem._sync.processing import runner
from tests._sync.patience import comes, known, until
from tests.support.apiserver import ApiServer, failure
from tests.support.queueing import LongPause
from tests.support.scripted import ScriptedModel, hold

HOUR = 3_600_000_000


class Shift:
    """By how much the clock is wrong, in microseconds."""

    def __init__(self) -> None:
        self.by = 0


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> Shift:
    """A clock that can be set."""
    shift, right = Shift(), clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + shift.by)
    return shift


def looks(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how often a memory looks for work from now on."""
    assert memory._access.components is not None
    store, count = memory._access.components.store, [0]
    claim = store.claim_lanes

    def counted(*anything: Any, **named: Any) -> list[str]:
        count[0] += 1
        return claim(*anything, **named)

    monkeypatch.setattr(store, "claim_lanes", counted)
    return lambda: count[0]


def states(memory: Memory) -> list[str]:
    return [task["status"] for task in memory.list_tasks()]


@pytest.mark.stores
def test_work_that_a_fast_clock_dated_is_done_at_once(
    config: dict[str, Any], api: ApiServer, model: ScriptedModel, shift: Shift
) -> None:
    shift.by = 2 * HOUR
    hold(api)
    memory = Memory(config)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    until(lambda: task.status is ProcessStatus.RUNNING)
    memory.close(drain=False)
    api.release()
    shift.by = 0
    with Memory(config) as memory:
        comes(partial(states, memory), ["completed"])
        assert known(memory) == ["Ana likes tea"]


@pytest.mark.parametrize("jump", [-2 * HOUR, 3 * HOUR], ids=["back", "forward"])
def test_work_under_way_is_not_begun_twice_when_the_clock_is_set(
    config: dict[str, Any],
    api: ApiServer,
    model: ScriptedModel,
    shift: Shift,
    jump: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold(api)
    with Memory(config) as memory, Memory(config) as other:
        other.processing.start()
        memory.add_exchange("ana", "Ana likes tea", "Noted.")
        task = memory.process_async("ana")
        until(lambda: model.calls == 1)
        both = [looks(memory, monkeypatch), looks(other, monkeypatch)]
        until(lambda: all(count() > 1 for count in both))
        shift.by = jump
        seen = [count() for count in both]
        until(lambda: all(count() > before + 3 for count, before in zip(both, seen, strict=True)))
        api.release()
        assert task.wait() == 1
        assert model.calls == 1
        assert known(memory) == ["Ana likes tea"]


def test_what_is_said_after_the_clock_was_put_back_is_learned_at_once(
    config: dict[str, Any], model: ScriptedModel, shift: Shift
) -> None:
    with Memory(config) as memory:
        shift.by = 2 * HOUR
        memory.add_exchange("ana", "Ana likes tea", "Noted.")
        assert memory.process("ana") == 1
        shift.by = 0
        memory.add_exchange("ana", "Ana likes coffee", "Noted.")
        assert memory.process("ana") == 1
        listed = memory.get_all(user_id="ana", sort_by="id", order="asc")
        assert [item["memory"] for item in listed["results"]] == ["Ana likes tea", "Ana likes coffee"]


def test_a_task_that_waits_to_be_tried_again_is_not_put_off(
    config: dict[str, Any],
    api: ApiServer,
    model: ScriptedModel,
    shift: Shift,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "_RETRIES", LongPause())
    shift.by = 2 * HOUR
    api.script.extend([failure(500)] * 9)
    with Memory(config) as memory:
        memory.add_exchange("ana", "Ana likes tea", "Noted.")
        task = memory.process_async("ana")
        comes(partial(stages, memory), ["waiting to try again"])
        api.script.clear()
        shift.by = 0
        assert task.wait() == 1


def stages(memory: Memory) -> list[str]:
    return [str((memory.get_status(task["task_id"]))["stage"]) for task in memory.list_tasks()]
