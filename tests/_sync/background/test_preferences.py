# Generated from tests/_async/background/test_preferences.py by scripts/run_unasync.py; edit that file instead.
"""What a user likes or wants, said or shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import Memory
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, fact, hold

TEA = {"preference_type": "explicit", "preference": "Likes tea", "reasoning": "Said so."}
CHEAP = {
    "preference_type": "implicit",
    "preference": "May prefer good value",
    "reasoning": "7 Days Inn is known for being economical.",
}


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def answer(text: str, *preferences: dict[str, Any]) -> str:
    return json.dumps({"facts": [fact(text)], "preferences": preferences})


@pytest.mark.stores
def test_they_come_with_the_facts_in_one_call(memory: Memory, model: ScriptedModel, api: ApiServer) -> None:
    hold(api)
    model.says(answer("Ana stays at 7 Days Inn", TEA, CHEAP))
    added = memory.add("I'll choose 7 Days Inn", user_id="ana", run_id="0610", async_mode=True)
    assert memory.get_preferences("ana") == []
    api.release()
    memory.wait_for_processing()
    assert (memory.count(), model.calls) == (1, 1)
    explicit, implicit = memory.get_preferences("ana")
    assert {name: implicit[name] for name in ("preference_type", "preference", "reasoning", "run_id")} == {
        "preference_type": "implicit_preference",
        "preference": "May prefer good value",
        "reasoning": "7 Days Inn is known for being economical.",
        "run_id": "0610",
    }
    assert (explicit["preference_type"], explicit["user_id"]) == ("explicit_preference", "ana")
    status = memory.get_status(added["task_id"])
    assert [found["preference"] for found in status["preferences"]] == [
        "Likes tea",
        "May prefer good value",
    ]
    # What is preferred is no memory.
    assert memory.count() == 1


@pytest.mark.stores
def test_every_way_of_adding_learns_them(memory: Memory, model: ScriptedModel) -> None:
    model.says(answer("Ana drinks tea", TEA))
    memory.add("Ana likes tea", user_id="ana")
    assert len(memory.get_preferences("ana")) == 1
    model.says(answer("Ana plays chess", CHEAP))
    memory.add_exchange("ana", "Ana plays chess", "Nice.", run_id="r")
    memory.process("ana")
    assert [found["run_id"] for found in memory.get_preferences("ana")] == [None, "r"]


@pytest.mark.stores
def test_each_is_kept_once_for_each_who_has_it(memory: Memory, model: ScriptedModel) -> None:
    for number, user_id in enumerate(("ana", "ana", "bo")):
        model.says(answer(f"Someone said something for the {number}. time", TEA))
        model.rules('{"decisions": []}')
        memory.add(f"Ana likes tea {number}", user_id=user_id)
    assert len(memory.get_preferences("ana")) == 1
    assert len(memory.get_preferences("bo")) == 1
    assert memory.get_preferences("cy") == []


@pytest.mark.stores
def test_they_go_with_their_user(memory: Memory, model: ScriptedModel) -> None:
    for user_id in ("ana", "bo"):
        model.says(answer("Someone drinks tea", TEA))
        memory.add("Ana likes tea", user_id=user_id)
    memory.delete_all("ana")
    assert (memory.get_preferences("ana"), len(memory.get_preferences("bo"))) == ([], 1)
    memory.reset()
    assert memory.get_preferences("bo") == []


def test_they_are_told_apart_by_agent_and_conversation(memory: Memory, model: ScriptedModel) -> None:
    model.says(answer("Ana drinks tea", TEA))
    memory.add("Ana likes tea", user_id="ana", agent_id="a", run_id="r")
    assert len(memory.get_preferences("ana", agent_id="a")) == 1
    assert len(memory.get_preferences("ana", run_id="r")) == 1
    assert memory.get_preferences("ana", agent_id="b") == []
    assert memory.get_preferences("ana", run_id="s") == []


def test_a_segment_that_fails_leaves_the_others_preferences(
    config: dict[str, Any], model: ScriptedModel
) -> None:
    with Memory(config, max_retries=0) as memory:
        memory.add_message("ana", "user", "Ana likes tea", timestamp="2023-05-08T08:00:00Z")
        memory.add_message("ana", "user", "Ana likes chess", timestamp="2023-05-08T12:00:00Z")
        model.says(answer("Ana drinks tea", TEA), "no JSON", "no JSON")
        task = memory.process_async("ana")
        assert task.wait() == 0
        assert [found["preference"] for found in memory.get_preferences("ana")] == ["Likes tea"]
        model.says(answer("Ana plays chess", CHEAP))
        model.rules('{"decisions": []}')
        assert memory.process("ana") == 1
        assert len(memory.get_preferences("ana")) == 2


def test_rules_find_what_is_said(config: dict[str, Any]) -> None:
    config["llm"] = {"provider": "none"}
    with Memory(config) as memory:
        memory.add_exchange("ana", "I really love green tea.", "Noted.")
        memory.process("ana")
        found = memory.get_preferences("ana")
        assert {item["preference_type"] for item in found} == {"explicit_preference"}
