# Generated from tests/_async/test_attribution.py by scripts/run_unasync.py; edit that file instead.
"""Who is speaking, and what is known of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._concurrency import gather, sleep
from powermem._core.values import Scope


@pytest.mark.parametrize("wrong", [None, 7.5, "", "  ", "x" * 129, b"user"])
def test_a_wrong_name_is_refused(memory: Memory, wrong: object) -> None:
    with pytest.raises(InvalidInputError, match="entity_id"):
        memory.attribution(wrong)
    with pytest.raises(InvalidInputError, match="session_id"):
        memory.set_session(wrong)
    if wrong is not None:
        with pytest.raises(InvalidInputError, match="process_id"):
            memory.attribution("u", wrong)


def test_what_nobody_could_have_said_is_refused(memory: Memory) -> None:
    memory.attribution("u")
    for wrong in (5, b"I live in Rome.", None, {"I live in Rome."}):
        with pytest.raises(InvalidInputError, match="expected a string, a message or a list of messages"):
            memory.observe(wrong, "Nice.")
    with pytest.raises(InvalidInputError, match=r"messages\[1\]\.role: .* got 'narrator'"):
        memory.observe(["Hello", {"role": "narrator", "content": "I live in Rome."}], "Nice.")


def test_half_a_character_of_a_reply_loses_nothing(memory: Memory) -> None:
    turns = memory.attribution("u").observe("I live in Rome.", "Nice \ud83d")
    assert [turn["content"] for turn in turns] == ["I live in Rome.", "Nice \ufffd"]


def test_the_calls_can_be_chained(memory: Memory) -> None:
    assert memory.attribution("u").new_session().set_session("s") is memory
    assert memory.session_id == "s"


def test_a_session_ends_with_another_speaker(memory: Memory) -> None:
    first = memory.set_session("before").attribution("ada").session_id
    assert first == "before"
    assert memory.attribution("ada", "other agent").session_id == "before"
    assert memory.attribution("ben").session_id is None
    begun = memory.new_session().session_id
    assert begun not in (None, memory.new_session().session_id)


def test_recall_returns_what_is_known_of_the_speaker(memory: Memory) -> None:
    memory.add("Ada lives in Rome", user_id="ada", infer=False)
    memory.add("Ben lives in Oslo", user_id="ben", agent_id="bot", infer=False)
    (fact,) = memory.attribution("ben", "another bot").recall("lives")
    assert fact.content == "Ben lives in Oslo"
    assert 0 < fact.similarity <= 1
    stored = (memory.get_all(user_id="ben"))["results"][0]
    assert (fact.id, fact.created_at) == (stored["id"], stored["created_at"])
    assert fact.to_dict()["content"] == fact.content


def test_a_memory_of_one_agent_recalls_what_that_agent_was_told(config: dict) -> None:
    with Memory(config, agent_id="cook") as memory:
        memory.add("Ada eats no fish", user_id="ada", infer=False)
        memory.add("Ada fishes in the lake", user_id="ada", agent_id="angler", infer=False)
        assert [fact.content for fact in memory.attribution("ada").recall("fish")] == ["Ada eats no fish"]
        angling = memory.attribution("ada", "angler").recall("fish")
        assert [fact.content for fact in angling] == ["Ada fishes in the lake"]


def test_recall_checks_its_arguments(memory: Memory) -> None:
    memory.attribution("u")
    for wrong in (None, 3, "", " "):
        with pytest.raises(InvalidInputError, match="query"):
            memory.recall(wrong)
    for limit in (0, -1, "5", True):
        with pytest.raises(InvalidInputError, match="limit"):
            memory.recall("anything", limit=limit)
    for number in range(7):
        memory.add(f"User owns {number} boats", user_id="u", infer=False)
    assert len(memory.recall("boats", limit=None)) == 5
    assert len(memory.recall("boats", limit=7)) == 7


def test_nothing_is_known_of_nobody(memory: Memory, caplog: pytest.LogCaptureFixture) -> None:
    memory.add("Ada lives in Rome", user_id="ada", infer=False)
    assert memory.recall("Rome") == []
    assert memory.recall("Rome") == []
    assert memory.observe("I like tea", "So do I") == []
    assert [record.message for record in caplog.records if "no speaker is set" in record.message] != []
    assert len([record for record in caplog.records if "no speaker is set" in record.message]) == 1


def test_speakers_side_by_side_never_mix(memory: Memory) -> None:
    names = [f"user {number}" for number in range(100)]
    for name in names:
        memory.add(f"This is a secret of {name}", user_id=name, infer=False)

    def ask(name: str) -> list[str]:
        memory.attribution(name).set_session(f"session of {name}")
        sleep(0.001)
        found = [fact.content for fact in memory.recall("secret")]
        assert memory.session_id == f"session of {name}"
        return found

    answers = gather([partial(ask, name) for name in names], limit=50)
    assert answers == [[f"This is a secret of {name}"] for name in names]
    assert memory.session_id is None


def test_two_memories_have_speakers_of_their_own(memory: Memory, config: dict) -> None:
    other = Memory(config)
    memory.attribution("ada").set_session("one")
    assert other.session_id is None
    other.attribution("ben").set_session("two")
    assert memory.session_id == "one"
    other.close()


@pytest.mark.stores
def test_what_is_known_of_a_user_is_deleted_and_what_was_said_stays(memory: Memory) -> None:
    for user in ("ana", "ben"):
        memory.attribution(user, "bot").set_session("s")
        memory.observe("I live in Rome. I prefer tea.", "Noted.")
        memory.add("Likes trains", user_id=user, infer=False)
    assert memory.augmentation.wait(60)
    # Waits to be processed.
    memory.add_exchange("ana", "I have a cat.", "Nice.")
    store: Any = (memory._access.open()).store
    said = store.scan_turns(Scope(user_id="ana"), 0, 100)
    assert (memory.delete_entity_memories("ana"))["deleted"] >= 2
    assert memory.count(user_id="ana") == 0
    assert memory.get_preferences("ana") == []
    assert memory.process("ana") == 0
    assert store.scan_turns(Scope(user_id="ana"), 0, 100) == said
    assert memory.count(user_id="ben") >= 2
    # The user of the attribution.
    assert (memory.delete_entity_memories())["deleted"] >= 2
    assert memory.count(user_id="ben") == 0
    with pytest.raises(InvalidInputError, match="entity_id"):
        Memory(memory.config).delete_entity_memories()


@pytest.mark.parametrize("query", ["tea \ud800", "\ud83d\ude00 tea"])
def test_recall_takes_what_search_takes(memory: Memory, query: str) -> None:
    memory.add("Likes tea", user_id="ana", infer=False)
    memory.attribution("ana")
    assert [fact.content for fact in memory.recall(query)] == ["Likes tea"]
    assert len((memory.search(query, user_id="ana"))["results"]) == 1
