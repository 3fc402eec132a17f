"""What rules take for a change of a value ends the statement before it, without a language model."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores

OSLO, ROME = "I live in Oslo.", "Actually I moved to Rome."
JANUARY, MARCH, MAY, JULY = "2026-01-10", "2026-03-10", "2026-05-10", "2026-07-10"


async def current(memory: AsyncMemory, day: str | None = None, **scope: Any) -> list[str]:
    page = await memory.get_all(**{"user_id": "u", **scope}, sort_by="id", order="asc", as_of=day)
    return [record["memory"] for record in page["results"]]


async def test_a_later_value_ends_the_earlier_one(memory: AsyncMemory) -> None:
    (old,) = (await memory.add(OSLO, user_id="u", timestamp=JANUARY))["results"]
    (new,) = (await memory.add(ROME, user_id="u", timestamp=MAY))["results"]
    assert (new["event"], new["previous_memory"], new["supersedes"]) == ("UPDATE", OSLO, old["id"])
    assert await current(memory) == ["I moved to Rome."]
    assert await current(memory, MARCH) == [OSLO]
    assert await current(memory, JULY) == ["I moved to Rome."]
    ended = await memory.get(old["id"])
    assert ended is not None
    assert (ended["valid_to"], ended["superseded_by"]) == ("2026-05-10T00:00:00+00:00", new["id"])
    assert [entry["event"] for entry in await memory.history(old["id"])] == ["ADD", "UPDATE"]
    found = await memory.search("Where do I live?", user_id="u")
    assert [hit["memory"] for hit in found["results"]] == ["I moved to Rome."]


async def test_the_older_statement_is_found_whatever_its_words(memory: AsyncMemory) -> None:
    (old,) = (await memory.add("My home is in Porto.", user_id="u"))["results"]
    noise = [f"We relocated shop number {n} with Bergen furniture." for n in range(30)]
    await memory.add_many([{"messages": text, "infer": False, "user_id": "u"} for text in noise])
    (new,) = (await memory.add("We relocated to Bergen.", user_id="u"))["results"]
    assert new["supersedes"] == old["id"]


async def test_a_message_that_was_stored_as_it_is_can_be_ended(memory: AsyncMemory) -> None:
    (old,) = (await memory.add("I live in Oslo", user_id="u", infer=False))["results"]
    (new,) = (await memory.add("I live in Rome now", user_id="u"))["results"]
    assert new["supersedes"] == old["id"]


async def test_an_older_message_that_arrives_later_ends_nothing(memory: AsyncMemory) -> None:
    await memory.add("I moved to Rome.", user_id="u", timestamp=MAY)
    await memory.add(OSLO, user_id="u", timestamp=JANUARY)
    assert await current(memory) == ["I moved to Rome."]
    assert await current(memory, MARCH) == [OSLO]
    assert await current(memory, JULY) == ["I moved to Rome."]


async def test_messages_of_one_conversation(memory: AsyncMemory) -> None:
    talk = [
        {"role": "user", "content": "I work at Acme. My name is Kim.", "timestamp": JANUARY},
        {"role": "assistant", "content": "Good to know."},
        {"role": "user", "content": "I quit my job.", "timestamp": MARCH},
        {"role": "user", "content": "I started at Globex last week.", "timestamp": MAY},
    ]
    started = "I started at Globex last week (week of 27 April 2026)."
    for _ in range(2):
        await memory.add(talk, user_id="u")
        assert await current(memory) == ["My name is Kim.", "I quit my job.", started]
        assert await current(memory, "2026-02-01") == ["I work at Acme.", "My name is Kim."]


async def test_each_speaker_has_their_own_values(memory: AsyncMemory) -> None:
    def said(name: str, text: str) -> dict[str, str]:
        return {"role": "user", "name": name, "content": text}

    await memory.add([said("Ana", "I live in Oslo."), said("Ben", "I live in Kyiv.")], user_id="u")
    await memory.add([said("Ben", "I moved to Rome.")], user_id="u")
    assert await current(memory) == ["I live in Oslo.", "I moved to Rome."]
    await memory.add([said("Ben", "Ana moved to Graz.")], user_id="u")
    assert await current(memory) == ["I moved to Rome.", "Ana moved to Graz."]


@pytest.mark.parametrize("other", [{"user_id": "v"}, {"agent_id": "a"}, {"run_id": "r"}])
async def test_only_the_same_scope(memory: AsyncMemory, other: dict[str, str]) -> None:
    await memory.add(OSLO, user_id="u")
    await memory.add(ROME, **{"user_id": "u", **other})
    assert OSLO in await current(memory)


async def test_concurrent_statements_leave_one_value(memory: AsyncMemory) -> None:
    await memory.add(OSLO, user_id="u")
    towns = ["Rome", "Bern", "Kyiv", "Porto", "Graz"]
    await async_gather([partial(memory.add, f"I moved to {town}.", user_id="u") for town in towns])
    assert len(await current(memory)) == 1


async def test_the_same_call_again_changes_nothing(memory: AsyncMemory) -> None:
    await memory.add(OSLO, user_id="u")
    first = await memory.add(ROME, user_id="u", idempotency_key="k")
    assert await memory.add(ROME, user_id="u", idempotency_key="k") == first
    assert (await memory.add(ROME, user_id="u"))["results"] == []
    assert await current(memory) == ["I moved to Rome."]


async def test_a_value_can_come_back(memory: AsyncMemory) -> None:
    for text in (OSLO, ROME, OSLO):
        await memory.add(text, user_id="u")
    assert await current(memory) == [OSLO]
