"""What ``add`` stores and what it answers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores


class Named(str, Enum):
    """Users as an application has them."""

    ANA = "ana"


CHAT = [
    {"role": "system", "content": "You are helpful."},
    {"role": "user", "content": "I'm Alice, a software engineer. I prefer tea over coffee."},
    {"role": "assistant", "content": "Nice to meet you!"},
]


async def texts(memory: AsyncMemory, **scope: Any) -> list[str]:
    listed = await memory.get_all(**scope, sort_by="id", order="asc")
    return [item["memory"] for item in listed["results"]]


async def test_rules_keep_facts_and_drop_small_talk(memory: AsyncMemory) -> None:
    result = await memory.add(CHAT, user_id="u")
    assert result["status"] == "completed"
    assert result["extractor"] == "rules"
    assert result["task_id"]
    stored = [item["memory"] for item in result["results"]]
    assert any("Alice" in text for text in stored)
    assert any("tea" in text for text in stored)
    assert not any("Nice to meet you" in text or "helpful" in text for text in stored)
    assert {item["event"] for item in result["results"]} == {"ADD"}
    assert await texts(memory, user_id="u") == stored


async def test_an_item_says_whose_it_is(memory: AsyncMemory) -> None:
    result = await memory.add(
        "I like tea", "u", "a", "r", metadata={"k": 1}, scope="private", memory_type="preference"
    )
    (item,) = result["results"]
    assert {key: item[key] for key in ("memory", "event", "user_id", "agent_id", "run_id", "metadata")} == {
        "memory": "I like tea",
        "event": "ADD",
        "user_id": "u",
        "agent_id": "a",
        "run_id": "r",
        "metadata": {"k": 1, "scope": "private"},
    }
    kept = await memory.get(item["id"])
    assert kept is not None
    assert kept["memory_type"] == "preference"
    assert kept["created_at"] == item["created_at"]
    assert kept["created_at"].endswith("+00:00")


async def test_word_for_word_each_message_is_a_memory(memory: AsyncMemory) -> None:
    result = await memory.add(CHAT, user_id="u", infer=False)
    assert [item["memory"] for item in result["results"]] == [CHAT[1]["content"], CHAT[2]["content"]]
    assert "extractor" not in result


async def test_a_system_message_alone_is_kept_word_for_word(memory: AsyncMemory) -> None:
    result = await memory.add(CHAT[:1], user_id="u", infer=False)
    assert [item["memory"] for item in result["results"]] == ["You are helpful."]


async def test_what_is_known_is_not_stored_again(memory: AsyncMemory) -> None:
    first = await memory.add("I like tea", user_id="u")
    again = await memory.add("I  like tea ", user_id="u")
    verbatim = await memory.add("I like tea", user_id="u", infer=False)
    assert again["results"] == []
    assert [(item["id"], item["event"]) for item in verbatim["results"]] == [
        (first["results"][0]["id"], "NONE")
    ]
    assert await memory.count(user_id="u") == 1
    # Every time it was said is evidence.
    assert len(await memory.sources(first["results"][0]["id"])) == 3


async def test_the_same_text_in_another_scope_is_another_memory(memory: AsyncMemory) -> None:
    for scope in ({"user_id": "u"}, {"user_id": "v"}, {"user_id": "u", "run_id": "r"}, {"agent_id": "u"}, {}):
        assert len((await memory.add("I like tea", **scope))["results"]) == 1
    assert await memory.count() == 5


@pytest.mark.parametrize("infer", [True, False])
async def test_ten_at_once_make_one(memory: AsyncMemory, infer: bool) -> None:
    results = await async_gather(
        [partial(memory.add, "I love chess", user_id="u", infer=infer) for _ in range(10)]
    )
    events = [item["event"] for result in results for item in result["results"]]
    assert events.count("ADD") == 1
    assert await memory.count(user_id="u") == 1


async def test_text_that_expired_can_be_said_again(memory: AsyncMemory) -> None:
    old = await memory.add("I am on holiday", user_id="u", infer=False)
    await memory.update(old["results"][0]["id"], expires_at="2020-01-01")
    new = await memory.add("I am on holiday", user_id="u", infer=False)
    assert new["results"][0]["event"] == "ADD"
    assert new["results"][0]["id"] != old["results"][0]["id"]
    assert await memory.count(user_id="u") == 1


@pytest.mark.parametrize("moment", ["2020-01-01", 0, datetime(2020, 1, 1), datetime.now(timezone.utc)])
@pytest.mark.parametrize("infer", [True, False])
async def test_what_would_never_be_found_is_not_stored(memory: AsyncMemory, moment: Any, infer: bool) -> None:
    with pytest.raises(InvalidInputError, match=r"expires_at: .* in the past"):
        await memory.add("I am on holiday", user_id="u", infer=infer, expires_at=moment)
    assert await memory.count() == 0


@pytest.mark.parametrize(
    "given",
    [42, "42", UUID("12345678123456781234567812345678"), Named.ANA],
    ids=["int", "str", "uuid", "enum"],
)
async def test_an_id_may_be_a_string_an_integer_or_a_uuid(memory: AsyncMemory, given: Any) -> None:
    text = "ana" if given is Named.ANA else str(given)
    ids = {"user_id": given, "agent_id": given, "run_id": given}
    item = (await memory.add("I like tea", **ids, actor_id=given, infer=False))["results"][0]
    assert {item["user_id"], item["agent_id"], item["run_id"]} == {text}
    assert (await memory.get(item["id"], user_id=given))["actor_id"] == text
    assert len((await memory.search("tea", **ids))["results"]) == 1
    assert await memory.count(filters={"user_id": given}) == 1
    await memory.add_exchange(given, "I live in Rome.", "Nice.", run_id=given)
    assert await memory.process(given) == 1
    assert memory.process_async(given).user_id == text
    memory.attribution(given, given).set_session(given)
    assert memory.session_id == text
    assert await memory.delete_all(user_id=given) == {"deleted": 2}


@pytest.mark.parametrize("wrong", [1.5, True, b"u", ["u"]], ids=repr)
@pytest.mark.parametrize("name", ["user_id", "agent_id", "run_id", "actor_id"])
async def test_any_other_id_is_refused(memory: AsyncMemory, name: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=f"{name}: expected a string, an integer or a UUID, got"):
        await memory.add("I like tea", **{name: wrong})


async def test_messages_keep_their_own_speaker_and_time(memory: AsyncMemory) -> None:
    await memory.add(
        [
            {
                "role": "user",
                "name": "Ana",
                "content": "I moved to Porto.",
                "timestamp": "2023-05-08T10:00:00Z",
            },
            {"role": "user", "content": "I work at a bakery."},
        ],
        user_id="u",
        infer=False,
        actor_id="Bo",
        timestamp="1969-07-20T20:17:40+00:00",
    )
    first, second = (await memory.get_all(user_id="u", sort_by="id", order="asc"))["results"]
    assert (first["actor_id"], first["valid_from"]) == ("Ana", "2023-05-08T10:00:00+00:00")
    assert (second["actor_id"], second["valid_from"]) == ("Bo", "1969-07-20T20:17:40+00:00")


async def test_yesterday_is_read_against_the_message(memory: AsyncMemory) -> None:
    result = await memory.add("I went hiking yesterday.", user_id="u", timestamp="2023-05-08T10:00:00Z")
    assert "7 May 2023" in result["results"][0]["memory"]


async def test_yesterday_of_a_message_without_a_time_is_the_day_before_today(memory: AsyncMemory) -> None:
    result = await memory.add("I went hiking yesterday.", user_id="u")
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    assert f"{yesterday:%B %Y}" in result["results"][0]["memory"]


async def test_parts_of_a_message_are_joined(memory: AsyncMemory) -> None:
    message = {
        "role": "user",
        "content": [{"type": "text", "text": "I like"}, {"type": "text", "text": "tea"}],
    }
    result = await memory.add(message, user_id="u", infer=False)
    assert result["results"][0]["memory"] == "I like\ntea"


async def test_an_empty_list_stores_nothing(memory: AsyncMemory) -> None:
    assert (await memory.add([], user_id="u"))["results"] == []
    assert await memory.count() == 0


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"messages": ""}, "messages"),
        ({"messages": "  \n"}, "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": 5}, "messages"),
        ({"messages": [5]}, r"messages\[0\]"),
        ({"messages": {"role": "user"}}, "content"),
        ({"messages": {"role": 5, "content": "x"}}, "role"),
        ({"messages": {"role": "user", "content": 5}}, "content"),
        ({"messages": {"role": "user", "content": [{"type": "image_url", "image_url": {}}]}}, "image_url"),
        ({"messages": "x \ud800"}, "Unicode"),
        ({"messages": "x", "user_id": ""}, "user_id"),
        ({"messages": "x", "user_id": 1.5}, "user_id"),
        ({"messages": "x", "user_id": "a" * 129}, "user_id"),
        ({"messages": "x", "agent_id": "a\x00b"}, "agent_id"),
        ({"messages": "x", "metadata": [1]}, "metadata"),
        ({"messages": "x", "metadata": {1: 2}}, "metadata"),
        ({"messages": "x", "metadata": {"a": {"b": object()}}}, "metadata.a.b"),
        ({"messages": "x", "metadata": {"a": float("nan")}}, "metadata.a"),
        ({"messages": "x", "timestamp": "soon"}, "timestamp"),
        ({"messages": "x", "expires_at": "soon"}, "expires_at"),
        ({"messages": "x", "filters": {"a": {"eqq": 1}}}, "eq"),
        ({"messages": "x", "memory_type": ""}, "memory_type"),
        ({"messages": "x", "async_mode": "later"}, "async_mode"),
        ({"messages": "x", "prompt": 5}, "prompt"),
    ],
)
async def test_wrong_input_is_named_and_stores_nothing(
    memory: AsyncMemory, arguments: dict[str, Any], named: str
) -> None:
    for infer in (True, False):
        with pytest.raises(InvalidInputError, match=named):
            await memory.add(**{"user_id": "u", **arguments, "infer": infer})
    assert await memory.count() == 0


@pytest.mark.parametrize(
    "text",
    [
        'Robert\'); DROP TABLE memories_records;-- 100% "quoted" `ticks` \\ \\0',
        "日本語のテキストと emoji 👩‍👩‍👧 🇵🇹",
        "nul \x00 inside",
        "x" * 1_000_000,
    ],
    ids=["quotes", "unicode", "nul", "a megabyte"],
)
async def test_any_text_comes_back_as_it_was(memory: AsyncMemory, text: str) -> None:
    result = await memory.add(text, user_id="u", infer=False, metadata={"copy": text[:1000]})
    kept = await memory.get(result["results"][0]["id"])
    assert kept is not None
    assert kept["memory"] == text
    assert kept["metadata"] == {"copy": text[:1000]}


async def test_an_idempotency_key_makes_a_retry_harmless(memory: AsyncMemory) -> None:
    first = await memory.add("I like tea", user_id="u", idempotency_key="k1")
    again = await memory.add("I like coffee", user_id="u", idempotency_key="k1")
    assert again == first
    assert await memory.count(user_id="u") == 1
    assert len((await memory.add("I like coffee", user_id="v", idempotency_key="k1"))["results"]) == 1
    assert len((await memory.add("I like coffee", user_id="u", idempotency_key="k2"))["results"]) == 1


async def test_usage_counts(memory: AsyncMemory) -> None:
    usage = (await memory.add(["One sentence.", "Another one."], user_id="u", infer=False))["usage"]
    assert usage["embedded_texts"] == 2
    assert usage["llm_calls"] == 0
    assert usage["seconds"] > 0


async def test_an_answer_is_linked_to_its_question(memory: AsyncMemory) -> None:
    talk = [
        {"role": "user", "content": "My flight leaves at 9:40.", "name": "Mia"},
        {"role": "assistant", "content": "Do you have any allergies?"},
        {"role": "user", "content": "Yes, shellfish. And sorry, I meant 9:50.", "name": "Mia"},
        {"role": "assistant", "content": "Done: I booked a seat by the window."},
    ]
    result = await memory.add(talk, user_id="u")
    found = [
        (item["memory"], (await memory.get(item["id"]))["actor_id"], len(await memory.sources(item["id"])))
        for item in result["results"]
    ]
    assert found == [
        ("My flight leaves at 9:50.", "Mia", 2),
        ("I have allergies: shellfish.", "Mia", 2),
        ("I booked a seat by the window.", "assistant", 1),
    ]
