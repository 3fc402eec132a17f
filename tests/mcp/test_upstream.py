"""The thirteen tools of powermem 1.1: names, arguments and results, and whose memory they reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem.mcp import create_server
from powermem.tokens import estimate_tokens

from .conftest import connected, data, put, said

# As `tools/list` of 1.1.7 has them: the arguments, the required ones first.
ARGUMENTS = {
    "add_memory": "messages user_id agent_id run_id metadata infer",
    "search_memories": "query user_id agent_id run_id limit threshold filters",
    "get_memory_by_id": "memory_id user_id agent_id",
    "update_memory": "memory_id content user_id agent_id metadata",
    "delete_memory": "memory_id user_id agent_id",
    "delete_all_memories": "user_id agent_id run_id",
    "list_memories": "user_id agent_id run_id limit offset filters",
    "add_memory_with_profile": (
        "messages user_id agent_id run_id metadata infer profile_type custom_topics strict_mode"
    ),
    "search_memories_with_profile": "query user_id agent_id run_id limit threshold filters add_profile",
    "get_user_profile": "user_id",
    "list_user_profiles": "user_id main_topic sub_topic topic_value limit offset",
    "delete_user_profile": "user_id",
    "delete_memory_with_profile": "memory_id user_id agent_id delete_profile",
}


def server_for(memory: AsyncMemory, user_id: str | None = "alice", **more: Any) -> Any:
    return create_server(memory, user_id=user_id, tools="upstream", **more)


async def test_names_and_arguments_are_those_of_upstream(memory: AsyncMemory, era: str) -> None:
    async with connected(server_for(memory), era) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name: " ".join(tool.input_schema["properties"]) for tool in tools} == ARGUMENTS
    destroying = [tool.name for tool in tools if tool.annotations and tool.annotations.destructive_hint]
    assert destroying == [
        "update_memory",
        "delete_memory",
        "delete_all_memories",
        "delete_user_profile",
        "delete_memory_with_profile",
    ]


async def test_a_life_of_memories(memory: AsyncMemory, era: str) -> None:
    async with connected(server_for(memory), era) as client:

        async def call(name: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(name, arguments)
            assert json.loads(said(result)) == data(result), "the string is the data"
            return data(result)

        # In every form that 1.1.7 takes, and with the user that the server is for anyway.
        added = await call("add_memory", messages="I like watermelon", user_id="alice", infer=False)
        number = added["results"][0]["id"]
        assert isinstance(number, str)
        await call("add_memory", messages={"role": "user", "content": "I live in Lisbon."})
        await call("add_memory", messages=[{"role": "user", "content": "My bike is red."}], run_id="r1")
        found = await call("search_memories", query="watermelon", limit=1)
        assert found["results"][0]["memory"] == "I like watermelon"
        assert found["results"][0]["id"] == number
        assert (await call("get_memory_by_id", memory_id=number))["content"] == "I like watermelon"
        assert (await call("update_memory", memory_id=number, content="I like melon"))[
            "memory"
        ] == "I like melon"
        assert (await call("list_memories"))["total"] == 3
        assert (await call("list_memories", run_id="r1"))["total"] == 1
        assert (await call("delete_memory", memory_id=number)) == {"success": True, "memory_id": number}
        assert (await call("delete_all_memories", run_id="r1")) == {"success": True, "deleted": 1}
        assert (await call("delete_all_memories"))["deleted"] == 1
        assert await memory.count() == 0


async def test_profiles_follow_the_memories(memory: AsyncMemory) -> None:
    async with connected(server_for(memory), "legacy") as client:
        missing = await client.call_tool("get_user_profile", {"user_id": "alice"})
        assert missing.is_error
        assert "not found" in said(missing)
        added = data(
            await client.call_tool(
                "add_memory_with_profile", {"messages": "I live in Lisbon.", "user_id": "alice"}
            )
        )
        assert added["profile_extracted"] is True
        assert added["profile_content"] == "I live in Lisbon."
        topics = data(
            await client.call_tool(
                "add_memory_with_profile", {"messages": "My name is Alice.", "profile_type": "topics"}
            )
        )["topics"]
        assert "I live in Lisbon." in " ".join(topics.values())
        profile = data(await client.call_tool("get_user_profile", {}))
        assert list(profile) == ["id", "user_id", "profile_content", "topics", "created_at", "updated_at"]
        assert profile["user_id"] == "alice"
        found = data(await client.call_tool("search_memories_with_profile", {"query": "Lisbon"}))
        assert found["profile_content"] == profile["profile_content"]
        bare = data(
            await client.call_tool("search_memories_with_profile", {"query": "Lisbon", "add_profile": False})
        )
        assert "profile_content" not in bare
        listed = data(await client.call_tool("list_user_profiles", {}))
        assert listed["count"] == 1
        (topic, *_) = profile["topics"]
        trimmed = data(await client.call_tool("list_user_profiles", {"main_topic": [topic]}))
        assert list(trimmed["profiles"][0]["topics"]) == [topic]
        assert data(await client.call_tool("list_user_profiles", {"main_topic": ["none"]}))["count"] == 0
        kept = data(await client.call_tool("delete_user_profile", {"user_id": "alice"}))
        assert kept["success"] is False
        number = added["results"][0]["id"]
        gone = data(
            await client.call_tool(
                "delete_memory_with_profile", {"memory_id": number, "delete_profile": True}
            )
        )
        assert (gone["success"], gone["user_id"], gone["profile_deleted"]) == (True, "alice", False)
        assert "Lisbon" not in data(await client.call_tool("get_user_profile", {}))["profile_content"]


async def test_a_model_cannot_choose_another_user(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "The bike of Bob is blue.", "bob")
    needed: dict[str, dict[str, Any]] = {
        "add_memory": {"messages": "I like tea."},
        "search_memories": {"query": "bike"},
        "get_memory_by_id": {"memory_id": number},
        "update_memory": {"memory_id": number, "content": "gone"},
        "delete_memory": {"memory_id": number},
        "delete_all_memories": {},
        "list_memories": {},
        "add_memory_with_profile": {"messages": "I like tea."},
        "search_memories_with_profile": {"query": "bike"},
        "get_user_profile": {},
        "list_user_profiles": {},
        "delete_user_profile": {},
        "delete_memory_with_profile": {"memory_id": number},
    }
    assert sorted(needed) == sorted(ARGUMENTS)
    async with connected(server_for(memory), era) as client:
        for name, arguments in needed.items():
            result = await client.call_tool(name, {**arguments, "user_id": "bob"})
            assert result.is_error, name
            assert "'alice' only" in said(result)
            if "memory_id" in arguments:
                assert (await client.call_tool(name, arguments)).is_error
        assert data(await client.call_tool("list_memories", {}))["total"] == 0
    record = await memory.get(number)
    assert record is not None
    assert (record["memory"], await memory.count()) == ("The bike of Bob is blue.", 1)


async def test_a_server_for_any_user_takes_the_user_of_the_call(memory: AsyncMemory) -> None:
    await put(memory, "The bike of Alice is red.", "alice")
    await put(memory, "The bike of Bob is blue.", "bob")
    async with connected(server_for(memory, None, any_user=True), "legacy") as client:
        for user, colour in (("alice", "red"), ("bob", "blue")):
            found = data(await client.call_tool("search_memories", {"query": "bike", "user_id": user}))
            assert [colour in hit["memory"] for hit in found["results"]] == [True]
        assert data(await client.call_tool("list_memories", {}))["total"] == 2
        assert data(await client.call_tool("list_user_profiles", {"limit": 1, "offset": 1}))["count"] == 1
        nobody = await client.call_tool("delete_all_memories", {})
        assert nobody.is_error
        assert "give user_id" in said(nobody)
    assert await memory.count() == 2


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("add_memory", {"messages": ""}, "no text"),
        ("add_memory", {"messages": []}, ""),
        ("search_memories", {"query": "x", "filters": {"a": {"wrong": 1}}}, "wrong"),
        ("search_memories", {"query": "x", "threshold": 7}, "threshold"),
        ("list_memories", {"offset": -1}, "offset"),
        ("get_memory_by_id", {"memory_id": "abc"}, "there is no memory"),
        ("add_memory_with_profile", {"messages": "I like tea.", "profile_type": "x"}, "profile_type"),
        ("add_memory_with_profile", {"messages": "I like tea.", "strict_mode": True}, "not supported"),
        ("list_user_profiles", {"sub_topic": ["a.b"]}, "not supported"),
    ],
)
async def test_errors_are_sentences(
    memory: AsyncMemory, name: str, arguments: dict[str, Any], words: str
) -> None:
    async with connected(server_for(memory), "legacy") as client:
        result = await client.call_tool(name, arguments)
    assert result.is_error == bool(words)
    assert words in said(result)


async def test_results_are_bounded(memory: AsyncMemory) -> None:
    long = "A very long note about bikes, cars and boats. " * 2_000
    numbers = [await put(memory, f"{number} {long}") for number in range(3)]
    for number in range(60):
        await put(memory, f"A note of {number}: " + "words and words " * 60)
    async with connected(server_for(memory), "legacy") as client:
        for name, arguments in (
            ("list_memories", {"limit": 100}),
            ("search_memories", {"query": "bikes", "limit": 100}),
            ("search_memories_with_profile", {"query": "note", "limit": 100}),
            ("get_memory_by_id", {"memory_id": numbers[0]}),
            ("add_memory", {"messages": long + "!", "infer": False}),
            ("update_memory", {"memory_id": numbers[1], "content": long + "?"}),
            ("get_user_profile", {}),
            ("list_user_profiles", {}),
        ):
            result = await client.call_tool(name, arguments)
            assert not result.is_error, said(result)[:200]
            assert estimate_tokens(result.model_dump_json(by_alias=True, exclude_none=True)) <= 20_000, name
