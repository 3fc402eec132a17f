"""What somebody likes, found in the same call as the facts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._concurrency import async_gather
from tests.apiserver import ApiServer
from tests.scripted import ScriptedModel, eager, fact

CHEAP = {
    "type": "implicit",
    "preference": "The user may prefer cheap hotels",
    "reasoning": "7 Days Inn is the cheapest of the three that were offered.",
}
CENTRAL = {"type": "explicit", "preference": "The user wants to stay in the centre", "reasoning": "Said so."}


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return eager(config, api)


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


def answer(*preferences: dict[str, str], facts: tuple[str, ...] = ()) -> str:
    return json.dumps({"facts": [fact(text) for text in facts], "preferences": preferences})


async def liked(memory: AsyncMemory, user_id: str, **ids: str) -> list[tuple[str, str]]:
    found = await memory.get_preferences(user_id, **ids)
    return [(item["preference_type"], item["preference"]) for item in found]


@pytest.mark.stores
async def test_they_come_with_the_facts(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(answer(CHEAP, CENTRAL, facts=("The user chose 7 Days Inn",)))

    result = await memory.add("I'll choose 7 Days Inn", user_id="ana", run_id="0610")

    assert [item["memory"] for item in result["results"]] == ["The user chose 7 Days Inn"]
    assert result["usage"]["llm_calls"] == 1
    first, second = await memory.get_preferences("ana")
    assert {
        "preference_type": "implicit_preference",
        "preference": CHEAP["preference"],
        "reasoning": CHEAP["reasoning"],
        "run_id": "0610",
        "user_id": "ana",
    }.items() <= first.items()
    assert second["preference_type"] == "explicit_preference"


@pytest.mark.stores
async def test_a_scope_holds_each_once(memory: AsyncMemory, model: ScriptedModel) -> None:
    again = {**CHEAP, "preference": " The user may prefer  cheap hotels"}
    model.says(answer(CHEAP), answer(again, CENTRAL), answer(CHEAP))
    await memory.add("7 Days Inn, please", user_id="ana")
    await memory.add("And 7 Days Inn again", user_id="ana")
    await memory.add("7 Days Inn", user_id="bob")
    assert await liked(memory, "ana") == [
        ("implicit_preference", CHEAP["preference"]),
        ("explicit_preference", CENTRAL["preference"]),
    ]
    assert await liked(memory, "bob") == [("implicit_preference", CHEAP["preference"])]
    assert await liked(memory, "carl") == []


async def test_they_are_kept_without_any_fact(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(answer(CHEAP))
    assert (await memory.add("The cheapest, please", user_id="ana"))["results"] == []
    assert len(await liked(memory, "ana")) == 1


async def test_they_are_kept_when_the_fact_is_known_already(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    model.says(answer(facts=("Ana chose 7 Days Inn",)), answer(CHEAP, facts=("Ana chose 7 Days Inn",)))
    await memory.add("7 Days Inn", user_id="ana")
    await memory.add("7 Days Inn", user_id="ana")
    assert len(await liked(memory, "ana")) == 1


async def test_the_task_tells_them(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(answer(CHEAP, facts=("Ana chose 7 Days Inn",)))
    result = await memory.add("7 Days Inn", user_id="ana", run_id="0610", async_mode=True)
    assert await liked(memory, "ana") == []
    await memory.wait_for_processing("ana")
    (told,) = (await memory.get_status(result["task_id"]))["preferences"]
    assert (told["preference"], told["reasoning"], told["run_id"]) == (
        CHEAP["preference"],
        CHEAP["reasoning"],
        "0610",
    )
    assert await liked(memory, "ana", run_id="0610") == [("implicit_preference", CHEAP["preference"])]


@pytest.mark.stores
async def test_many_at_once_store_each_once(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(*[answer(CHEAP)] * 8)
    await async_gather([lambda: memory.add("7 Days Inn", user_id="ana") for _ in range(8)])
    assert len(await liked(memory, "ana")) == 1


async def test_rules_find_what_was_said(config: dict[str, Any]) -> None:
    async with AsyncMemory({**config, "llm": {"provider": "none"}}) as memory:
        await memory.add("I love hiking in the Alps. I work as a nurse.", user_id="ana")
        (found,) = await memory.get_preferences("ana")
        assert found["preference_type"] == "explicit_preference"
        assert "hiking in the Alps" in found["preference"]
        assert found["reasoning"] == f'User said: "{found["preference"]}"'


@pytest.mark.stores
async def test_they_go_with_all_that_a_user_has(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.says(answer(CHEAP), answer(CENTRAL))
    await memory.add("7 Days Inn", user_id="ana")
    await memory.add("In the centre", user_id="bob")
    await memory.delete_all(user_id="ana")
    assert await liked(memory, "ana") == []
    assert len(await liked(memory, "bob")) == 1
    await memory.reset()
    assert await liked(memory, "bob") == []
