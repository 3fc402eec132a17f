"""Loading chat histories: everything once, however often and from whichever export."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError
from tests.support import exports
from tests.support.apiserver import ApiServer
from tests.support.exports import chatgpt, node, packed, write
from tests.support.scripted import ScriptedModel, openai_llm, refuse

CHAT = "WhatsApp Chat with Bob.txt"


async def lines(memory: AsyncMemory) -> list[dict[str, Any]]:
    file = io.StringIO()
    await memory.export_memories(file)
    return [json.loads(line) for line in file.getvalue().splitlines()[1:]]


async def turns(memory: AsyncMemory) -> list[tuple[str, str | None]]:
    """The text and the speaker of everything that is stored as evidence."""
    return sorted(
        ((line["turn"], line["actor_id"]) for line in await lines(memory) if "turn" in line), key=str
    )


async def texts(memory: AsyncMemory, **where: Any) -> list[str]:
    return sorted(record["memory"] for record in (await memory.get_all(limit=1000, **where))["results"])


@pytest.mark.parametrize("infer", [False, True])
async def test_a_second_load_stores_nothing(memory: AsyncMemory, tmp_path: Path, infer: bool) -> None:
    path = write(tmp_path, CHAT, exports.WHATSAPP_ANDROID)
    first = await memory.load_history(path, infer=infer)
    wanted = {
        "format": "whatsapp",
        "user_id": "Ana",
        "conversations": 1,
        "messages": 4,
        "skipped": 0,
        "failed": 0,
    }
    assert {key: first[key] for key in wanted} == wanted  # type: ignore[literal-required]
    before = await lines(memory)
    second = await memory.load_history(path, infer=infer)
    assert (second["messages"], second["skipped"], second["failed"]) == (0, 4, 0)
    assert await lines(memory) == before
    # Nor is it stored in the other way.
    third = await memory.load_history(path, infer=not infer)
    assert (third["messages"], third["skipped"]) == (0, 4)
    assert await lines(memory) == before
    assert (await turns(memory)).count(("ok", "Bob")) == 2


@pytest.mark.parametrize("infer", [False, True])
async def test_a_newer_export_adds_what_is_new(memory: AsyncMemory, tmp_path: Path, infer: bool) -> None:
    lines = exports.WHATSAPP_ANDROID.splitlines(keepends=True)
    more = ["12/24/23, 6:09\u202fPM - Bob: ok\n", "12/24/23, 6:10\u202fPM - Ana: I keep bees.\n"]
    await memory.load_history(write(tmp_path, "old.txt", "".join(lines)), me="Ana", infer=infer)
    before = await turns(memory)
    # Its beginning was cut off, as WhatsApp does with long chats, and it has another name.
    newer = await memory.load_history(
        write(tmp_path, "new.txt", "".join([*lines[3:], *more])), me="Ana", infer=infer
    )
    assert (newer["messages"], newer["skipped"]) == (2, 3)
    assert await turns(memory) == sorted([*before, ("ok", "Bob"), ("I keep bees.", "Ana")], key=str)


@pytest.mark.parametrize("infer", [False, True])
async def test_a_conversation_that_went_on(memory: AsyncMemory, tmp_path: Path, infer: bool) -> None:
    nodes = [
        node("u1", "root", "user", "I moved to Oslo."),
        node("a1", "u1", "assistant", "Nice."),
        node("u2", "a1", "user", "I have a cat."),
        node("a2", "u2", "assistant", "What is it called?"),
        node("u3", "a2", "user", "My cat is called Pixel."),
    ]
    other = chatgpt(node("x", "root", "user", "I keep bees."), id="c-2")
    old = write(tmp_path, "old/conversations.json", [chatgpt(*nodes[:3])])
    new = packed(tmp_path, "new.zip", {"conversations.json": [other, chatgpt(*nodes)]})
    assert (await memory.load_history(old, user_id="ana", infer=infer))["messages"] == 3
    result = await memory.load_history(new, user_id="ana", infer=infer)
    assert (result["conversations"], result["messages"], result["skipped"]) == (2, 3, 3)
    assert [text for text, _ in await turns(memory)] == [
        "I have a cat.",
        "I keep bees.",
        "I moved to Oslo.",
        "My cat is called Pixel.",
        "Nice.",
        "What is it called?",
    ]
    assert {record["run_id"] for record in (await memory.get_all(user_id="ana"))["results"]} == {
        "chatgpt:c-1",
        "chatgpt:c-2",
    }


async def test_a_message_that_becomes_a_thread_is_known(memory: AsyncMemory, tmp_path: Path) -> None:
    files = {name: content for name, content in exports.SLACK.items() if not name.startswith("D1/")}
    old = {
        **files,
        "general/2024-05-01.json": [dict(one) for one in exports.SLACK["general/2024-05-01.json"]],
    }
    del old["general/2024-05-02.json"]
    del old["general/2024-05-01.json"][1]["thread_ts"]
    first = await memory.load_history(packed(tmp_path, "old.zip", old), me="ana.b", infer=False)
    second = await memory.load_history(packed(tmp_path, "new.zip", files), me="ana.b", infer=False)
    assert (first["messages"], second["messages"], second["skipped"]) == (3, 1, 3)


async def test_speakers_times_and_what_else_is_kept(memory: AsyncMemory, tmp_path: Path) -> None:
    path = write(tmp_path, "general.json", exports.DISCORD)
    await memory.load_history(
        path, user_id="u", agent_id="a", me="Ana", infer=False, metadata={"from": "disk"}
    )
    records = (await memory.get_all(user_id="u", agent_id="a", sort_by="id", order="asc"))["results"]
    assert [(one["actor_id"], one["memory"], one["valid_from"], one["run_id"]) for one in records] == [
        ("Ana", "I moved to Oslo.", "2024-05-01T10:00:10.123456+00:00", "discord:123456"),
        ("Bob", "Really?", "2024-05-01T10:00:20+00:00", "discord:123456"),
        ("helper", "News\nIt snows.", "2024-05-01T10:00:40+00:00", "discord:123456"),
    ]
    assert records[1]["metadata"] == {
        "source": "discord",
        "conversation": "Friends / general",
        "attachments": ["y.png"],
        "message_id": "1002",
        "reply_to": "1001",
        "from": "disk",
    }
    assert {line["utc_offset"] for line in await lines(memory) if "turn" in line} == {7200}


async def test_facts_are_dated_by_the_clock_of_the_speaker(memory: AsyncMemory, tmp_path: Path) -> None:
    chat = "[01.03.24, 23:30:00] Ana: I adopted a cat yesterday.\n[01.03.24, 23:31:00] Ana: Ok\n"
    await memory.load_history(write(tmp_path, "c.txt", chat), user_id="ana", timezone="America/New_York")
    assert await texts(memory, user_id="ana") == ["I adopted a cat yesterday (29 February 2024)."]


@pytest.mark.parametrize("infer", [False, True])
async def test_memories_keep_their_times_and_ids(memory: AsyncMemory, tmp_path: Path, infer: bool) -> None:
    path = write(tmp_path, "zep.json", exports.ZEP)
    result = await memory.load_history(path, infer=infer, user_id="ana")
    assert (result["memories"], result["messages"], result["failed"]) == (1, 2, 0)
    facts = [one for one in await lines(memory) if one.get("memory") == "Ana lives in Oslo"]
    assert [(one["metadata"], one["user_id"]) for one in facts] == [
        ({"source": "zep", "source_id": "f1", "rating": 0.9}, "ana")
    ]
    [record] = (await memory.search("Ana Oslo", user_id="ana", as_of="2024-06-01", limit=1))["results"]
    assert (record["memory"], record["created_at"]) == ("Ana lives in Oslo", "2024-04-20T00:00:00+00:00")
    assert (record["valid_from"], record["valid_to"]) == (
        "2024-04-20T00:00:00+00:00",
        "2025-01-01T00:00:00+00:00",
    )
    again = await memory.load_history(path, infer=infer, user_id="ana")
    assert (again["memories"], again["messages"], again["skipped"]) == (0, 0, 3)


async def test_memories_of_several_users(memory: AsyncMemory, tmp_path: Path) -> None:
    path = write(tmp_path, "mem0.json", exports.MEM0)
    assert (await memory.load_history(path))["memories"] == 2
    assert (await texts(memory, user_id="ana"), await texts(memory, user_id="ben")) == (
        ["Likes oolong"],
        ["Lives in Oslo"],
    )
    # Whoever names a user wants them there.
    assert (await memory.load_history(path, user_id="all"))["memories"] == 2
    assert len(await texts(memory, user_id="all")) == 2


async def test_what_cannot_be_read_loses_nothing_else(memory: AsyncMemory, tmp_path: Path) -> None:
    whole = json.dumps([chatgpt(node("a", "root", "user", f"Note {n}."), id=f"c-{n}") for n in range(4)])
    broken = whole.replace('"Note 1."', '"Note 1." oops', 1)
    result = await memory.load_history(
        write(tmp_path, "conversations.json", broken), user_id="ana", infer=False
    )
    assert (result["messages"], result["failed"]) == (3, 1)
    [error] = result["errors"]
    assert error["where"] == "conversations.json"
    assert error["error"].startswith("not valid JSON at character ")
    # The whole file later brings only what was missing.
    result = await memory.load_history(
        write(tmp_path, "conversations.json", whole), user_id="ana", infer=False
    )
    assert (result["messages"], result["skipped"], result["failed"]) == (1, 3, 0)


async def test_what_cannot_be_stored_is_told(memory: AsyncMemory, tmp_path: Path) -> None:
    rows = "text,speaker,conversation\nI like tea.,Ana,one\n\x00\x01,Ana,two\nI like rain.,Ana,three\n"
    path = write(tmp_path, "talk.csv", rows.replace("\x01", "x" * 10))
    result = await memory.load_history(path, user_id="u", infer=False)
    assert result["messages"] + result["failed"] == 3
    assert {"I like tea.", "I like rain."} <= set(await texts(memory, user_id="u"))


async def test_messages_that_a_model_fails_on_are_loaded_later(
    api: ApiServer, model: ScriptedModel, config: dict[str, Any], tmp_path: Path
) -> None:
    path = write(tmp_path, "conversations.json", [exports.CHATGPT])
    async with AsyncMemory({**config, "llm": openai_llm(api)}) as memory:
        refuse(api, "Oslo", 400)
        failed = await memory.load_history(path, user_id="ana")
        assert (failed["messages"], failed["failed"]) == (0, 4)
        assert failed["errors"][0]["where"] == "item 1, c-1, message u1"
        refuse(api, "never said")
        model.always_learns("Ana moved to Oslo")
        done = await memory.load_history(path, user_id="ana")
        assert (done["messages"], done["failed"]) == (4, 0)
        assert (await memory.load_history(path, user_id="ana"))["skipped"] == 4
        assert len(await turns(memory)) == 4
        assert len(model.extractions) == 1


async def test_deleted_memories_can_be_loaded_again(memory: AsyncMemory, tmp_path: Path) -> None:
    path = write(tmp_path, CHAT, exports.WHATSAPP_ANDROID)
    await memory.load_history(path, infer=False)
    await memory.delete_all(user_id="Ana")
    assert (await memory.load_history(path, infer=False))["messages"] == 4
    assert (await memory.load_history(path, infer=False, again=True))["messages"] == 4


async def test_nothing_is_stored_before_it_is_known_who_the_user_is(
    memory: AsyncMemory, tmp_path: Path
) -> None:
    path = write(tmp_path, "chat.txt", exports.WHATSAPP_ANDROID)
    with pytest.raises(
        InvalidInputError, match=r"which of the speakers is the user\?.*'Bob' \(3\), 'Ana' \(1\)"
    ):
        await memory.load_history(path)
    assert await memory.count() == 0
    assert (await memory.load_history(path, user_id="bob", infer=False))["messages"] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "word"}, "format: expected auto or one of chatgpt"),
        ({"timezone": "Mars"}, "timezone: "),
        ({"encoding": "utf-9"}, "encoding: Python knows no encoding named 'utf-9'"),
        ({"concurrency": 0}, "concurrency: "),
        ({"infer": "no"}, "infer: "),
    ],
)
async def test_wrong_arguments(
    memory: AsyncMemory, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        await memory.load_history(write(tmp_path, CHAT, exports.WHATSAPP_ANDROID), **arguments)


async def test_progress_is_told(memory: AsyncMemory, tmp_path: Path) -> None:
    told: list[Any] = []
    path = write(tmp_path, CHAT, exports.WHATSAPP_ANDROID)
    await memory.load_history(path, infer=False, on_progress=told.append)
    assert told[-1]["done"] == 4
