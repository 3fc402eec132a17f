"""The tools, as a host calls them."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from powermem import AsyncMemory
from powermem.mcp import create_server
from powermem.types import MemoryRecord

from .conftest import Person, connected, data, put, said

NAMES = [
    "remember",
    "recall",
    "search",
    "fetch",
    "list_memories",
    "update_memory",
    "forget",
    "get_status",
]


async def test_a_host_sees_the_tools_with_hints_and_schemas(memory: AsyncMemory, era: str) -> None:
    async with connected(create_server(memory, user_id="alice"), era) as client:
        tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == NAMES
    hints = {tool.name: tool.annotations for tool in tools}
    reading = [name for name, hint in hints.items() if hint is not None and hint.read_only_hint]
    assert reading == ["recall", "search", "fetch", "list_memories", "get_status"]
    destroying = [name for name, hint in hints.items() if hint is not None and hint.destructive_hint]
    assert destroying == ["update_memory", "forget"]
    for tool in tools:
        assert tool.title
        assert tool.description
        assert tool.output_schema is not None
        assert tool.input_schema["additionalProperties"] is False
        assert all("description" in part for part in tool.input_schema["properties"].values()), tool.name
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)


async def test_no_tool_takes_the_owner_of_memories_as_an_argument(memory: AsyncMemory) -> None:
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        for tool in (await client.list_tools()).tools:
            assert not {"user_id", "agent_id", "run_id"} & set(tool.input_schema["properties"])
            result = await client.call_tool(tool.name, {"user_id": "bob"})
            assert result.is_error
            assert "user_id" in said(result)


async def test_what_is_remembered_is_recalled_in_both_eras(memory: AsyncMemory, era: str) -> None:
    async with connected(create_server(memory, user_id="alice"), era) as client:
        added = await client.call_tool("remember", {"text": "I live in Lisbon."})
        assert [change["event"] for change in data(added)["changes"]] == ["ADD"]
        assert data(added)["status"] == "completed"
        found = await client.call_tool("recall", {"query": "Where do I live?"})
    (hit,) = data(found)["memories"]
    assert hit["text"] == "I live in Lisbon."
    assert hit["id"] == data(added)["changes"][0]["id"]
    assert isinstance(hit["id"], str)
    assert 0 < hit["score"] <= 1
    assert "I live in Lisbon." in said(found)
    assert hit["id"] in said(found)


async def test_results_follow_their_schemas(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "Buy oat milk.", metadata={"list": "shopping"})
    calls: dict[str, dict[str, Any]] = {
        "remember": {"text": "My name is Alice.", "metadata": {"a": 1}},
        "recall": {"query": "milk"},
        "search": {"query": "milk"},
        "fetch": {"id": number},
        "list_memories": {},
        "update_memory": {"memory_id": number, "text": "Buy rice milk."},
        "get_status": {},
        "forget": {"memory_id": number, "confirm": True},
    }
    async with connected(create_server(memory, user_id="alice"), era) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert sorted(calls) == sorted(tools)
        for name, arguments in calls.items():
            schema = tools[name].output_schema
            assert schema is not None
            jsonschema.validate(data(await client.call_tool(name, arguments)), schema)


async def test_what_contradicts_takes_the_place_of_what_was_said_before(memory: AsyncMemory) -> None:
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        await client.call_tool("remember", {"text": "I live in Rome.", "said_at": "2024-01-01"})
        await client.call_tool("remember", {"text": "I live in Oslo.", "said_at": "2025-01-01"})
        now = data(await client.call_tool("recall", {"query": "Where do I live?"}))
        then = data(await client.call_tool("recall", {"query": "Where do I live?", "as_of": "2024-06-01"}))
    assert [hit["text"] for hit in now["memories"]] == ["I live in Oslo."]
    assert [hit["text"] for hit in then["memories"]] == ["I live in Rome."]
    assert then["memories"][0]["valid_from"].startswith("2024-01-01")


async def test_a_text_in_which_rules_find_no_fact_is_kept_word_for_word(memory: AsyncMemory) -> None:
    text = "What shall we eat?"
    assert (await memory.add(text, user_id="bob"))["results"] == []
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        added = data(await client.call_tool("remember", {"text": text}))
    assert [change["text"] for change in added["changes"]] == [text]


async def test_remembering_in_the_background_can_be_followed(memory: AsyncMemory) -> None:
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        added = data(await client.call_tool("remember", {"text": "I live in Lisbon.", "background": True}))
        assert added["status"] == "running"
        await memory.wait_for_processing("alice")
        status = data(await client.call_tool("get_status", {"task_id": added["task_id"]}))
        task = status["task"]
        assert (task["task_id"], task["status"], task["memories"]) == (added["task_id"], "completed", 1)
        unknown = await client.call_tool("get_status", {"task_id": "12"})
        assert unknown.is_error


async def test_search_and_fetch_have_exactly_the_shapes_of_chatgpt(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "The deploy key of the blue cluster rotates on Mondays.")
    server = create_server(memory, user_id="alice", memory_url="https://m.example/memories/{memory_id}")
    async with connected(server, era) as client:
        tools = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        found = await client.call_tool("search", {"query": "deploy key"})
        document = await client.call_tool("fetch", {"id": number})
    for name, argument in (("search", "query"), ("fetch", "id")):
        assert list(tools[name]["properties"]) == [argument]
        assert tools[name]["properties"][argument]["type"] == "string"
    expected = {
        "results": [
            {
                "id": number,
                "title": "The deploy key of the blue cluster rotates on Mondays",
                "url": f"https://m.example/memories/{number}",
            }
        ]
    }
    assert json.loads(said(found)) == found.structured_content == expected
    fetched = json.loads(said(document))
    assert fetched == document.structured_content
    assert list(fetched) == ["id", "title", "text", "url", "metadata"]
    assert fetched["text"] == "The deploy key of the blue cluster rotates on Mondays."
    assert all(isinstance(value, str) for value in fetched["metadata"].values())


async def test_nothing_found_is_an_answer(memory: AsyncMemory) -> None:
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        assert data(await client.call_tool("recall", {"query": "x"})) == {"memories": [], "left_out": 0}
        assert data(await client.call_tool("search", {"query": " "})) == {"results": []}
        assert data(await client.call_tool("list_memories", {}))["next_offset"] is None


async def test_pages_lead_through_all_memories(memory: AsyncMemory) -> None:
    ids = [await put(memory, f"Note number {number} of the trip.") for number in range(7)]
    seen: list[str] = []
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        offset: int | None = 0
        while offset is not None:
            page = data(await client.call_tool("list_memories", {"limit": 3, "offset": offset}))
            assert page["total"] == 7
            seen += [item["id"] for item in page["memories"]]
            offset = page["next_offset"]
    assert seen == ids[::-1]


async def test_a_correction_keeps_the_old_text_in_the_history(memory: AsyncMemory) -> None:
    number = await put(memory, "Her birthday is on 3 May.")
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        updated = await client.call_tool(
            "update_memory", {"memory_id": number, "text": "Her birthday is on 4 May."}
        )
    assert data(updated)["memory"]["text"] == "Her birthday is on 4 May."
    assert [entry["event"] for entry in await memory.history(number)] == ["ADD", "UPDATE"]


@pytest.mark.parametrize("confirm", [False, True])
async def test_a_person_is_asked_before_a_memory_is_forgotten(
    memory: AsyncMemory, era: str, confirm: bool
) -> None:
    number = await put(memory, "My bike is red.")
    person = Person(forget=True)
    async with connected(create_server(memory, user_id="alice"), era, person) as client:
        result = await client.call_tool("forget", {"memory_id": number, "confirm": confirm})
    assert data(result) == {"id": number, "forgotten": True, "text": "My bike is red."}
    (question,) = person.asked
    assert "My bike is red." in question
    assert await memory.get(number) is None


@pytest.mark.parametrize(
    "person", [Person("decline"), Person("cancel"), Person(forget=False)], ids=["no", "closed", "unticked"]
)
async def test_a_memory_stays_unless_the_person_agrees(memory: AsyncMemory, era: str, person: Person) -> None:
    number = await put(memory, "My bike is red.")
    async with connected(create_server(memory, user_id="alice"), era, person) as client:
        # What the model claims counts for nothing where the person can be asked.
        result = await client.call_tool("forget", {"memory_id": number, "confirm": True})
    assert data(result)["forgotten"] is False
    assert await memory.get(number) is not None


async def test_where_nobody_can_be_asked_a_flag_is_needed(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "My bike is red.")
    async with connected(create_server(memory, user_id="alice"), era) as client:
        refused = await client.call_tool("forget", {"memory_id": number})
        assert refused.is_error
        assert "confirm" in said(refused)
        assert "My bike is red." in said(refused)
        assert await memory.get(number) is not None
        done = await client.call_tool("forget", {"memory_id": number, "confirm": True})
    assert data(done)["forgotten"] is True
    assert await memory.get(number) is None


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("recall", {}, "recall: query: field required"),
        ("recall", {"query": ""}, "query: string should have at least 1 character"),
        ("recall", {"query": "x", "limit": 0}, "limit: input should be greater than or equal to 1"),
        ("recall", {"query": "x", "limt": 3}, "no argument 'limt'; did you mean limit?"),
        ("recall", {"query": "x", "as_of": "soon"}, "as_of: expected an ISO-8601 string"),
        ("recall", {"query": "x", "max_tokens": 10}, "max_tokens: input should be greater than"),
        ("remember", {"text": " \n"}, "text: there is no text"),
        ("remember", {"text": "x", "said_at": "soon"}, "said_at: expected"),
        ("remember", {"text": "x", "metadata": "no"}, "metadata: input should be a valid dictionary"),
        ("fetch", {"id": "abc"}, "there is no memory with the id 'abc'"),
        ("update_memory", {"memory_id": "7", "text": "x"}, "there is no memory with the id '7'"),
        ("forget", {"memory_id": "7", "confirm": True}, "there is no memory with the id '7'"),
        ("get_status", {"task_id": "7"}, "7"),
        ("nothing", {}, "nothing"),
    ],
)  # fmt: skip
async def test_errors_are_sentences_for_people(
    memory: AsyncMemory, name: str, arguments: dict[str, Any], words: str
) -> None:
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        result = await client.call_tool(name, arguments)
    assert result.is_error
    assert words in said(result)
    for foreign in ("pydantic", "Traceback", "validation error", "Arguments", "Error executing"):
        assert foreign not in said(result)


async def test_an_id_may_be_a_number_and_metadata_a_string(memory: AsyncMemory) -> None:
    """Some models write them so, whatever the schema says."""
    number = await put(memory, "My bike is red.")
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        assert data(await client.call_tool("fetch", {"id": int(number)}))["id"] == number
        added = data(await client.call_tool("remember", {"text": "My car is blue.", "metadata": '{"a": 1}'}))
    record = await memory.get(added["changes"][0]["id"])
    assert record is not None
    assert record["metadata"] == {"a": 1}


async def test_a_crash_names_its_kind_and_nothing_else(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*args: Any, **more: Any) -> MemoryRecord:
        raise RuntimeError("at /home/alice/secret with sk-12345678901234567890")

    monkeypatch.setattr(memory, "search", broken)
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        result = await client.call_tool("recall", {"query": "x"})
    assert said(result) == "recall failed unexpectedly (RuntimeError); the log of the server says more"
    assert "secret" in caplog.text


async def test_recalled_text_is_never_learned_again(memory: AsyncMemory) -> None:
    await put(memory, "My bike is red.")
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        text = said(await client.call_tool("recall", {"query": "bike"}))
    before = await memory.count("alice")
    await memory.add([{"role": "user", "content": f"{text}\nOk."}], user_id="alice")
    assert await memory.count("alice") == before


async def test_a_closed_store_is_said_in_words(memory: AsyncMemory) -> None:
    await memory.close()
    async with connected(create_server(memory, user_id="alice"), "legacy") as client:
        result = await client.call_tool("recall", {"query": "x"})
    assert result.is_error
    assert "closed" in said(result)
