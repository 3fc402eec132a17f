"""Resources and prompts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from powermem import AsyncMemory
from powermem.mcp import create_server
from powermem.tokens import estimate_tokens

from .conftest import connected, put


def text_of(result: Any) -> str:
    (part,) = result.contents if hasattr(result, "contents") else result.messages
    return str(part.text if hasattr(part, "text") else part.content.text)


async def test_a_host_finds_the_resources_and_prompts(memory: AsyncMemory, era: str) -> None:
    async with connected(create_server(memory, user_id="alice"), era) as client:
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        prompts = (await client.list_prompts()).prompts
    assert [str(each.uri) for each in resources] == ["memory://recent"]
    assert [each.uri_template for each in templates] == ["memory://memories/{memory_id}"]
    assert [each.name for each in prompts] == ["recall", "keep", "reflect"]


async def test_recent_memories_are_those_of_the_owner(memory: AsyncMemory, era: str) -> None:
    await put(memory, "My bike is red.")
    await put(memory, "My bike is blue.", "bob")
    async with connected(create_server(memory, user_id="alice"), era) as client:
        text = text_of(await client.read_resource("memory://recent"))
    assert "My bike is red." in text
    assert "blue" not in text


async def test_a_memory_comes_with_its_history_and_sources(memory: AsyncMemory, era: str) -> None:
    added = await memory.add("I live in Lisbon.", user_id="alice")
    number = str(added["results"][0]["id"])
    async with connected(create_server(memory, user_id="alice"), era) as client:
        document = json.loads(text_of(await client.read_resource(f"memory://memories/{number}")))
    assert document["id"] == number
    assert document["memory"] == "I live in Lisbon."
    assert [entry["event"] for entry in document["history"]] == ["ADD"]
    assert [turn["content"] for turn in document["sources"]] == ["I live in Lisbon."]


async def test_a_memory_that_is_somebody_elses_is_not_there(memory: AsyncMemory, era: str) -> None:
    other = await put(memory, "My bike is blue.", "bob")
    async with connected(create_server(memory, user_id="alice"), era) as client:
        for number in (other, "12", "abc"):
            with pytest.raises(MCPError, match="there is no memory"):
                await client.read_resource(f"memory://memories/{number}")


async def test_a_resource_is_bounded(memory: AsyncMemory) -> None:
    # Of a very long memory the evidence goes first, then the end of its text.
    number = await put(memory, "word " * 20_000)
    for _ in range(30):
        await put(memory, "A long note: " + "words and words " * 300 + str(_))
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        whole = text_of(await client.read_resource(f"memory://memories/{number}"))
        recent = text_of(await client.read_resource("memory://recent"))
    assert estimate_tokens(json.dumps(whole)) <= 20_000
    assert json.loads(whole)["truncated"] is True
    assert estimate_tokens(json.dumps(recent)) <= 4_000
    assert "A long note" in recent


async def test_a_question_comes_with_what_is_known(memory: AsyncMemory, era: str) -> None:
    await put(memory, "My bike is red.")
    async with connected(create_server(memory, user_id="alice"), era) as client:
        text = text_of(await client.get_prompt("recall", {"question": "Which colour is my bike?"}))
        tidy = text_of(await client.get_prompt("reflect"))
        keep = text_of(await client.get_prompt("keep"))
    assert "My bike is red." in text
    assert text.endswith("Which colour is my bike?")
    assert "My bike is red." in tidy
    assert "remember" in keep


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("recall", {"question": "Which colour?"}, "POWERMEM_USER_ID"),
        ("reflect", {}, "POWERMEM_USER_ID"),
        ("recall", {}, "question"),
        ("recal", {}, "recal"),
    ],
)
async def test_what_is_wrong_with_a_prompt_is_said(
    memory: AsyncMemory, era: str, name: str, arguments: dict[str, str], words: str
) -> None:
    async with connected(create_server(memory), era) as client:
        with pytest.raises(MCPError, match=words):
            await client.get_prompt(name, arguments)
