# Generated from tests/_async/background/test_buffering.py by scripts/run_unasync.py; edit that file instead.
"""Turns that wait to be processed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import ClosedError, InvalidInputError, Memory
from powermem._concurrency import gather
from tests._sync.patience import known, until
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, heard, hold


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def buffered(memory: Memory) -> int:
    count: int = (memory.processing.stats())["buffered"]
    return count


@pytest.mark.stores
def test_an_exchange_is_kept_and_nothing_is_asked(memory: Memory, model: ScriptedModel) -> None:
    user, assistant = memory.add_exchange(
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
    assert (buffered(memory), memory.count(), model.calls) == (2, 0, 0)


def test_a_message_is_kept_too(memory: Memory) -> None:
    turn = memory.add_message("ana", "user", "Ana likes tea")
    assert set(turn) == {"id", "role", "content", "actor_id", "sent_at"}
    assert buffered(memory) == 1


def test_what_is_kept_is_there_after_reopening(config: dict[str, Any], model: ScriptedModel) -> None:
    model.repeats()
    with Memory(config) as memory:
        memory.add_exchange("ana", "Ana likes tea", "Noted.")
    with Memory(config) as memory:
        assert memory.process("ana") == 1
        assert known(memory, "ana") == ["Ana likes tea"]


def test_nobody_waits_for_a_model_that_thinks(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    model.repeats()
    hold(api)
    memory.add_exchange("ana", "Ana likes tea", "Noted.")
    task = memory.process_async("ana")
    until(lambda: model.calls == 1)
    memory.add_exchange("ana", "Ana plays the violin", "Nice.")
    memory.add_message("ana", "user", "Ana lives in Porto")
    assert not task.done
    assert buffered(memory) == 3
    api.release()
    assert task.wait() == 1


@pytest.mark.stores
def test_many_at_once_are_all_kept(memory: Memory, model: ScriptedModel) -> None:
    model.repeats()
    said = [f"note {number}" for number in range(40)]
    gather([partial(memory.add_message, f"user {len(text)}", "user", text) for text in said])
    assert buffered(memory) == 40
    model.divides([list(range(30))])
    assert memory.flush() == 40
    assert sorted(heard(model.extractions)) == sorted(said)


def test_a_memory_knows_the_turn_it_came_from(memory: Memory, model: ScriptedModel) -> None:
    model.repeats()
    user, _ = memory.add_exchange("ana", "Ana likes tea", "Noted.", run_id="r", agent_id="a")
    memory.process("ana")
    (item,) = (memory.get_all(user_id="ana"))["results"]
    assert (item["run_id"], item["agent_id"]) == ("r", "a")
    assert [turn["id"] for turn in memory.sources(item["id"])] == [user["id"]]


def test_the_memory_s_own_agent_stands_in(config: dict[str, Any], model: ScriptedModel) -> None:
    model.repeats()
    with Memory(config, agent_id="bot") as memory:
        memory.add_exchange("ana", "Ana likes tea", "Noted.")
        task = memory.process_async("ana")
        assert task.wait() == 1
        assert (memory.get_status(task.id))["status"] == "completed"
        assert [found["task_id"] for found in memory.list_tasks("ana")] == [task.id]
        assert (memory.get_all(user_id="ana"))["results"][0]["agent_id"] == "bot"


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
def test_wrong_arguments_are_named(memory: Memory, arguments: tuple[Any, ...], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        memory.add_message(*arguments)
    assert buffered(memory) == 0


def test_half_an_exchange_is_none(memory: Memory) -> None:
    for said in (("Ana likes tea", ""), ("", "Noted.")):
        with pytest.raises(InvalidInputError):
            memory.add_exchange("ana", *said)
    assert buffered(memory) == 0


def test_nothing_is_kept_after_closing(config: dict[str, Any]) -> None:
    memory = Memory(config)
    memory.add_message("ana", "user", "Ana likes tea")
    memory.close()
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
            call()
    with pytest.raises(ClosedError, match="closed"):
        memory.process_async("ana")
