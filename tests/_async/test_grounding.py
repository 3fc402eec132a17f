"""What a weak model wrote without ground is left out of what is stored, and the result says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import AsyncMemory
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel, fact, openai_llm


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    return {**config, "llm": openai_llm(api)}


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    return ScriptedModel(api)


async def stored(memory: AsyncMemory) -> list[str]:
    return sorted(item["memory"] for item in (await memory.get_all(user_id="u"))["results"])


@pytest.mark.stores
async def test_facts_without_ground_are_left_out_and_counted(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    model.learns("The weather is sunny", "User lives in Porto", "Today is Sunday, 29 November 2026")
    result = await memory.add(["What's the weather like today?", "I live in Porto"], user_id="u")
    assert await stored(memory) == ["User lives in Porto"]
    assert result["usage"]["facts_left_out"] == 2
    (warning,) = result["warnings"]
    assert warning.startswith("2 facts were left out, since nothing in the messages states")
    assert "The weather is sunny" in warning


async def test_a_good_answer_leaves_nothing_out(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("User lives in Porto")
    result = await memory.add("I live in Porto", user_id="u")
    assert result["usage"]["facts_left_out"] == 0
    assert "warnings" not in result


async def test_days_and_speakers_are_written_out(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns(fact("I got married yesterday", turn=0))
    said = [{"role": "user", "name": "Lea", "content": "I got married yesterday!"}]
    await memory.add(said, user_id="u", timestamp="2023-05-08T10:00:00Z")
    (kept,) = (await memory.get_all(user_id="u"))["results"]
    assert kept["memory"] == "Lea got married yesterday (7 May 2023)"


async def test_what_is_refined_in_the_background_needs_ground_too(
    memory: AsyncMemory, model: ScriptedModel
) -> None:
    model.learns("Bread is a staple food made from flour", "User lives in Porto")
    await memory.add_exchange("u", "How do I bake bread? I live in Porto.", "Mix flour and water.")
    await memory.process("u")
    assert await stored(memory) == ["User lives in Porto"]


async def test_two_matters_do_not_become_one_memory(memory: AsyncMemory, model: ScriptedModel) -> None:
    model.learns("Lea got married in Porto")
    await memory.add("Lea got married in Porto", user_id="u")
    model.learns("Tom works as a pilot")
    merged = "Lea got married in Porto. Tom works as a pilot"
    model.rules(json.dumps({"decisions": [{"fact": 0, "action": "UPDATE", "target": "M1", "text": merged}]}))
    await memory.add("Tom works as a pilot", user_id="u")
    assert await stored(memory) == ["Lea got married in Porto", "Tom works as a pilot"]
