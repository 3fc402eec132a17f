# Generated from tests/_async/background/test_rough.py by scripts/run_unasync.py; edit that file instead.
"""Adding that returns at once: rough memories now, refined ones later."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from powermem import FilterError, InvalidInputError, Memory
from powermem._concurrency import gather
from powermem.types import TaskStatus
from tests._sync.patience import comes, known, until
from tests.support.apiserver import ApiServer, failure
from tests.support.scripted import ScriptedModel, heard, hold

TALK = [
    {"role": "user", "content": "I've booked a trip to Guangzhou.", "timestamp": "2025-12-10T09:44:00Z"},
    {"role": "assistant", "content": "You can consider 7 Days Inn.", "timestamp": "2025-12-10T09:44:30Z"},
    {"role": "user", "content": "I'll choose 7 Days Inn", "timestamp": "2025-12-10T21:45:00Z"},
]
REFINED = "The user plans to travel to Guangzhou and has chosen 7 Days Inn"


pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def finished(memory: Memory, task_id: str) -> TaskStatus:
    memory.wait_for_processing(timeout=120)
    return memory.get_status(task_id)


@pytest.mark.stores
def test_what_was_said_is_found_at_once_and_later_what_it_means(
    memory: Memory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    added = memory.add(TALK, user_id="ana", run_id="0610", async_mode=True)
    assert added["status"] == "running"
    assert set(added) == {"results", "status", "task_id", "usage", "extractor"}
    (item,) = added["results"]
    assert item["event"] == "ADD"
    found = (memory.search("Which inn in Guangzhou?", user_id="ana"))["results"]
    (rough,) = found
    assert rough["id"] == item["id"]
    assert rough["memory"] == (
        "user: [09:44 AM on 10 December, 2025 UTC]: I've booked a trip to Guangzhou.\n"
        "assistant: [09:44 AM on 10 December, 2025 UTC]: You can consider 7 Days Inn.\n"
        "user: [09:45 PM on 10 December, 2025 UTC]: I'll choose 7 Days Inn\n"
    )
    assert (rough["memory_type"], rough["metadata"]["tags"]) == ("WorkingMemory", ["mode:fast"])
    assert (rough["run_id"], rough["user_id"]) == ("0610", "ana")
    assert 0 < rough["score"] <= 1
    status = memory.get_status(added["task_id"])
    assert (status["status"], status["results"]) == ("running", [])
    assert len(memory.sources(item["id"])) == 3

    model.learns(REFINED)
    api.release()
    status = finished(memory, added["task_id"])
    assert (status["status"], status["error"]) == ("completed", None)
    assert [result["memory"] for result in status["results"]] == [REFINED]
    (refined,) = (memory.search("Which inn in Guangzhou?", user_id="ana"))["results"]
    assert refined["memory"] == REFINED
    assert refined["memory_type"] != "WorkingMemory"
    assert "tags" not in refined["metadata"]
    # The id that was returned stays good.
    kept = memory.get(item["id"], user_id="ana")
    assert kept is not None
    assert (kept["id"], kept["content"]) == (refined["id"], REFINED)
    assert memory.get(item["id"], user_id="bo") is None


@pytest.mark.stores
def test_there_is_no_moment_with_both_or_none(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    model.learns("Ana likes tea")
    added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
    until(lambda: model.calls == 1)
    seen: set[str] = set()
    api.release()
    done = False
    while not done:
        done = (memory.get_status(added["task_id"]))["status"] == "completed"
        for listed in (
            memory.get_all(user_id="ana"),
            memory.search("Who likes tea?", user_id="ana"),
        ):
            (item,) = listed["results"]
            seen.add(item["memory"].split(":")[0])
    assert seen <= {"user", "Ana likes tea"}
    assert known(memory, "ana") == ["Ana likes tea"]


def test_several_facts_take_its_place(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea", "Her brother plays chess")
    added = memory.add("Ana likes tea. My brother plays chess.", user_id="ana", async_mode=True)
    assert len((finished(memory, added["task_id"]))["results"]) == 2
    assert known(memory, "ana") == ["Ana likes tea", "Her brother plays chess"]
    kept = memory.get(added["results"][0]["id"])
    assert kept is not None
    assert kept["memory"] == "Ana likes tea"


@pytest.mark.stores
def test_what_is_known_already_takes_its_place_too(memory: Memory, model: ScriptedModel) -> None:
    model.always_learns("Ana likes tea")
    (earlier,) = (memory.add("Ana likes tea", user_id="ana"))["results"]
    added = memory.add("As I said: tea!", user_id="ana", async_mode=True)
    status = finished(memory, added["task_id"])
    assert (status["status"], status["results"]) == ("completed", [])
    assert known(memory, "ana") == ["Ana likes tea"]
    kept = memory.get(added["results"][0]["id"])
    assert kept is not None
    assert kept["id"] == earlier["id"]


def test_a_correction_takes_its_place(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana lives in Porto")
    (earlier,) = (memory.add("Ana lives in Porto", user_id="ana"))["results"]
    model.learns("Ana lives in Lisbon")
    model.decides({"fact": 0, "action": "UPDATE", "target": "M1", "text": "Ana lives in Lisbon"})
    added = memory.add("Ana lives in Lisbon now", user_id="ana", async_mode=True)
    (result,) = (finished(memory, added["task_id"]))["results"]
    assert (result["event"], result["previous_memory"]) == ("UPDATE", "Ana lives in Porto")
    kept = memory.get(added["results"][0]["id"])
    assert kept is not None
    assert (kept["id"], kept["memory"]) == (earlier["id"], "Ana lives in Lisbon")


@pytest.mark.stores
def test_nothing_stays_where_nothing_is_worth_it(memory: Memory, model: ScriptedModel) -> None:
    model.learns()
    added = memory.add("Hello!", user_id="ana", async_mode=True)
    status = finished(memory, added["task_id"])
    assert (status["status"], status["results"]) == ("completed", [])
    assert (memory.search("Hello!", user_id="ana"))["results"] == []
    assert memory.get(added["results"][0]["id"]) is not None


@pytest.mark.stores
def test_it_stays_when_refining_fails(config: dict[str, Any], model: ScriptedModel, api: ApiServer) -> None:
    with Memory(config, max_retries=1) as memory:
        api.rule = lambda request: failure(500, "out of sorts")
        added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
        status = finished(memory, added["task_id"])
        assert status["status"] == "failed"
        assert "out of sorts" in status["error"]
        assert model.calls == 2
        (rough,) = (memory.search("tea", user_id="ana"))["results"]
        assert rough["id"] == added["results"][0]["id"]
        # The buffer is somebody else's business.
        assert memory.flush() == 0
        model.learns("Ana likes tea")
        api.rule = lambda request: None
        assert (memory.retry_task(added["task_id"])).wait() == 1
        assert known(memory, "ana") == ["Ana likes tea"]


def test_a_cancelled_refinement_leaves_it(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    model.learns("Ana likes tea")
    added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
    until(lambda: model.calls == 1)
    assert memory.cancel_task(added["task_id"])
    api.release()
    assert (finished(memory, added["task_id"]))["status"] == "cancelled"
    (rough,) = (memory.get_all(user_id="ana"))["results"]
    assert rough["memory_type"] == "WorkingMemory"


@pytest.mark.stores
def test_the_same_call_is_carried_out_once(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea")
    add = partial(memory.add, "Ana likes tea", user_id="ana", async_mode=True, idempotency_key="k")
    first, *others = gather([add] * 4)
    assert all(other == first for other in others)
    memory.wait_for_processing()
    assert add() == first
    assert len(memory.list_tasks()) == 1
    assert known(memory, "ana") == ["Ana likes tea"]
    assert model.calls == 1


def test_the_same_words_without_a_key_are_two_tasks(memory: Memory, model: ScriptedModel) -> None:
    model.always_learns("Ana likes tea")
    first, second = [
        memory.add("Ana likes tea", user_id="ana", async_mode=True, timestamp="2025-12-10T09:44:00Z")
        for _ in range(2)
    ]
    assert first["task_id"] != second["task_id"]
    memory.wait_for_processing()
    assert known(memory, "ana") == ["Ana likes tea"]
    for added in (first, second):
        assert (memory.get_status(added["task_id"]))["status"] == "completed"
        kept = memory.get(added["results"][0]["id"])
        assert kept is not None
        assert kept["memory"] == "Ana likes tea"


def test_a_user_s_words_are_refined_in_their_order(
    memory: Memory, model: ScriptedModel, api: ApiServer
) -> None:
    model.repeats()
    for number in range(5):
        memory.add(f"note {number}", user_id="ana", async_mode=True)
    memory.wait_for_processing()
    assert heard(model.extractions) == [f"note {number}" for number in range(5)]


@pytest.mark.stores
def test_arguments_reach_the_refined_ones(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana likes tea")
    added = memory.add(
        "Ana likes tea",
        user_id="ana",
        agent_id="a",
        run_id="r",
        metadata={"k": {"deep": [1, "ü"]}, "tags": ["mine"]},
        scope="work",
        memory_type="taste",
        prompt="Look for tastes only.",
        filters={"k": "none"},
        actor_id="Ana",
        timestamp="2025-12-10T09:44:00Z",
        expires_at="2099-01-01T00:00:00Z",
        async_mode=True,
    )
    (rough,) = added["results"]
    assert rough["metadata"] == {"k": {"deep": [1, "ü"]}, "tags": ["mine", "mode:fast"], "scope": "work"}
    (result,) = (finished(memory, added["task_id"]))["results"]
    kept = memory.get(result["id"])
    assert kept is not None
    assert kept["metadata"] == {"k": {"deep": [1, "ü"]}, "tags": ["mine"], "scope": "work"}
    assert (kept["memory_type"], kept["agent_id"], kept["run_id"]) == ("taste", "a", "r")
    assert (kept["actor_id"], kept["expires_at"]) == ("Ana", "2099-01-01T00:00:00+00:00")
    assert kept["valid_from"] == "2025-12-10T09:44:00+00:00"
    assert "Look for tastes only." in model.extractions[0][0]["content"]


def test_filters_say_what_may_be_changed(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana lives in Porto")
    memory.add("Ana lives in Porto", user_id="ana", metadata={"k": 1})
    model.learns("Ana lives in Lisbon")
    moment = datetime(2020, 1, 1, tzinfo=timezone.utc)
    added = memory.add(
        "Ana lives in Lisbon",
        user_id="ana",
        filters={"AND": [{"k": 2}, {"created_at": {"gt": moment}}]},
        async_mode=True,
    )
    assert (finished(memory, added["task_id"]))["status"] == "completed"
    assert known(memory, "ana") == ["Ana lives in Lisbon", "Ana lives in Porto"]
    assert model.decisions == []


@pytest.mark.parametrize("mode", [True, "async"])
def test_both_names_ask_for_it(memory: Memory, model: ScriptedModel, mode: Any) -> None:
    model.learns("Ana likes tea")
    assert (memory.add("Ana likes tea", user_id="ana", async_mode=mode))["status"] == "running"


@pytest.mark.parametrize("mode", [False, "sync"])
def test_otherwise_all_is_done_on_return(memory: Memory, model: ScriptedModel, mode: Any) -> None:
    model.learns("Ana likes tea")
    added = memory.add("Ana likes tea", user_id="ana", async_mode=mode)
    assert (added["status"], [item["memory"] for item in added["results"]]) == (
        "completed",
        ["Ana likes tea"],
    )
    assert memory.list_tasks() == []


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"async_mode": "later"}, InvalidInputError, "async_mode"),
        ({"async_mode": 1}, InvalidInputError, "async_mode"),
        ({"async_mode": None}, InvalidInputError, "async_mode"),
        ({"async_mode": True, "prompt": 5}, InvalidInputError, "prompt"),
        ({"async_mode": True, "filters": {"k": {"eqq": 1}}}, FilterError, "eqq"),
        ({"async_mode": True, "metadata": [1]}, InvalidInputError, "metadata"),
        ({"async_mode": True, "messages": " "}, InvalidInputError, "messages"),
        ({"async_mode": True, "user_id": ""}, InvalidInputError, "user_id"),
        ({"async_mode": True, "expires_at": "soon"}, InvalidInputError, "expires_at"),
        ({"async_mode": True, "idempotency_key": ""}, InvalidInputError, "idempotency_key"),
    ],
)
def test_wrong_arguments_are_named_and_nothing_is_stored(
    memory: Memory, arguments: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        memory.add(**{"messages": "Ana likes tea", "user_id": "ana", **arguments})
    assert (memory.count(), memory.list_tasks()) == (0, [])


def test_nothing_said_is_nothing_to_do(memory: Memory) -> None:
    added = memory.add([], user_id="ana", async_mode=True)
    assert (added["results"], added["status"]) == ([], "completed")
    assert memory.list_tasks() == []


def test_word_for_word_there_is_nothing_to_refine(memory: Memory) -> None:
    added = memory.add("Ana likes tea", user_id="ana", infer=False, async_mode=True)
    assert (added["status"], added["results"][0]["memory"]) == ("completed", "Ana likes tea")


def test_nobody_in_particular_may_be_meant(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Tea is liked")
    added = memory.add("We like tea", async_mode=True)
    assert (finished(memory, added["task_id"]))["status"] == "completed"
    assert known(memory) == ["Tea is liked"]


def test_long_conversations_become_several_rough_memories(memory: Memory, model: ScriptedModel) -> None:
    model.learns("Ana talks a lot")
    talk = [{"role": "user", "content": f"{number} " + "Ana talks a lot. " * 60} for number in range(6)]
    added = memory.add(talk, user_id="ana", async_mode=True)
    assert len(added["results"]) > 1
    finished(memory, added["task_id"])
    assert known(memory, "ana") == ["Ana talks a lot"]
    for item in added["results"]:
        kept = memory.get(item["id"])
        assert kept is not None
        assert kept["memory"] == "Ana talks a lot"


def test_rules_refine_as_well(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    with Memory(config) as memory:
        added = memory.add("My name is Ana and I live in Porto.", user_id="ana", async_mode=True)
        assert added["extractor"] == "rules"
        comes(partial(_status, memory, added["task_id"]), "completed")
        assert not any(re.search(r"user: \[", text) for text in known(memory, "ana"))


def _status(memory: Memory, task_id: str) -> object:
    return (memory.get_status(task_id))["status"]


def test_rough_ones_are_not_taken_for_what_is_known(
    memory: Memory, model: ScriptedModel, api: ApiServer
) -> None:
    hold(api)
    added = memory.add("Ana likes tea", user_id="ana", async_mode=True)
    until(lambda: model.calls == 1)
    model.always_learns("Ana likes tea")
    api.rule = lambda request: None
    (other,) = (memory.add("Ana likes tea", user_id="ana"))["results"]
    assert (other["event"], model.decisions) == ("ADD", [])
    api.release()
    finished(memory, added["task_id"])
    assert known(memory, "ana") == ["Ana likes tea"]
