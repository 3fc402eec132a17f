# Generated from tests/_async/stores/test_superseding.py by scripts/run_unasync.py; edit that file instead.
"""What rules take for a change of a value ends the statement before it, without a language model."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import gather

pytestmark = pytest.mark.stores

OSLO, ROME = "I live in Oslo.", "Actually I moved to Rome."
JANUARY, MARCH, MAY, JULY = "2026-01-10", "2026-03-10", "2026-05-10", "2026-07-10"


def current(memory: Memory, day: str | None = None, **scope: Any) -> list[str]:
    page = memory.get_all(**{"user_id": "u", **scope}, sort_by="id", order="asc", as_of=day)
    return [record["memory"] for record in page["results"]]


def test_a_later_value_ends_the_earlier_one(memory: Memory) -> None:
    (old,) = (memory.add(OSLO, user_id="u", timestamp=JANUARY))["results"]
    (new,) = (memory.add(ROME, user_id="u", timestamp=MAY))["results"]
    assert (new["event"], new["previous_memory"], new["supersedes"]) == ("UPDATE", OSLO, old["id"])
    assert current(memory) == ["I moved to Rome."]
    assert current(memory, MARCH) == [OSLO]
    assert current(memory, JULY) == ["I moved to Rome."]
    ended = memory.get(old["id"])
    assert ended is not None
    assert (ended["valid_to"], ended["superseded_by"]) == ("2026-05-10T00:00:00+00:00", new["id"])
    assert [entry["event"] for entry in memory.history(old["id"])] == ["ADD", "UPDATE"]
    found = memory.search("Where do I live?", user_id="u")
    assert [hit["memory"] for hit in found["results"]] == ["I moved to Rome."]


def test_the_older_statement_is_found_whatever_its_words(memory: Memory) -> None:
    (old,) = (memory.add("My home is in Porto.", user_id="u"))["results"]
    noise = [f"We relocated shop number {n} with Bergen furniture." for n in range(30)]
    memory.add_many([{"messages": text, "infer": False, "user_id": "u"} for text in noise])
    (new,) = (memory.add("We relocated to Bergen.", user_id="u"))["results"]
    assert new["supersedes"] == old["id"]


def test_a_message_that_was_stored_as_it_is_can_be_ended(memory: Memory) -> None:
    (old,) = (memory.add("I live in Oslo", user_id="u", infer=False))["results"]
    (new,) = (memory.add("I live in Rome now", user_id="u"))["results"]
    assert new["supersedes"] == old["id"]


def test_an_older_message_that_arrives_later_ends_nothing(memory: Memory) -> None:
    memory.add("I moved to Rome.", user_id="u", timestamp=MAY)
    memory.add(OSLO, user_id="u", timestamp=JANUARY)
    assert current(memory) == ["I moved to Rome."]
    assert current(memory, MARCH) == [OSLO]
    assert current(memory, JULY) == ["I moved to Rome."]


def test_messages_of_one_conversation(memory: Memory) -> None:
    talk = [
        {"role": "user", "content": "I work at Acme. My name is Kim.", "timestamp": JANUARY},
        {"role": "assistant", "content": "Good to know."},
        {"role": "user", "content": "I quit my job.", "timestamp": MARCH},
        {"role": "user", "content": "I started at Globex last week.", "timestamp": MAY},
    ]
    started = "I started at Globex last week (week of 27 April 2026)."
    for _ in range(2):
        memory.add(talk, user_id="u")
        assert current(memory) == ["My name is Kim.", "I quit my job.", started]
        assert current(memory, "2026-02-01") == ["I work at Acme.", "My name is Kim."]


def test_each_speaker_has_their_own_values(memory: Memory) -> None:
    def said(name: str, text: str) -> dict[str, str]:
        return {"role": "user", "name": name, "content": text}

    memory.add([said("Ana", "I live in Oslo."), said("Ben", "I live in Kyiv.")], user_id="u")
    memory.add([said("Ben", "I moved to Rome.")], user_id="u")
    assert current(memory) == ["I live in Oslo.", "I moved to Rome."]
    memory.add([said("Ben", "Ana moved to Graz.")], user_id="u")
    assert current(memory) == ["I moved to Rome.", "Ana moved to Graz."]


@pytest.mark.parametrize("other", [{"user_id": "v"}, {"agent_id": "a"}, {"run_id": "r"}])
def test_only_the_same_scope(memory: Memory, other: dict[str, str]) -> None:
    memory.add(OSLO, user_id="u")
    memory.add(ROME, **{"user_id": "u", **other})
    assert OSLO in current(memory)


def test_concurrent_statements_leave_one_value(memory: Memory) -> None:
    memory.add(OSLO, user_id="u")
    towns = ["Rome", "Bern", "Kyiv", "Porto", "Graz"]
    gather([partial(memory.add, f"I moved to {town}.", user_id="u") for town in towns])
    assert len(current(memory)) == 1


def test_the_same_call_again_changes_nothing(memory: Memory) -> None:
    memory.add(OSLO, user_id="u")
    first = memory.add(ROME, user_id="u", idempotency_key="k")
    assert memory.add(ROME, user_id="u", idempotency_key="k") == first
    assert (memory.add(ROME, user_id="u"))["results"] == []
    assert current(memory) == ["I moved to Rome."]


def test_a_value_can_come_back(memory: Memory) -> None:
    for text in (OSLO, ROME, OSLO):
        memory.add(text, user_id="u")
    assert current(memory) == [OSLO]
