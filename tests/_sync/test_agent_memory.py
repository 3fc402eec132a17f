# Generated from tests/_async/test_agent_memory.py by scripts/run_unasync.py; edit that file instead.
"""What an agent remembers and recalls through the core of the adapters."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._concurrency import Event, gather
from powermem.integrations import AgentMemory, AgentMessage

pytestmark = pytest.mark.stores

QUESTION = "Where does she live?"


def texts(memory: Memory, **ids: Any) -> list[str]:
    memory.augmentation.wait()
    return sorted(found["memory"] for found in (memory.get_all(**ids))["results"])


def buffered(memory: Memory, user_id: str) -> list[str]:
    """Return all source turns of a user's sessions, in order."""
    memory.augmentation.wait()
    sources = [memory.sources(found["id"]) for found in (memory.get_all(user_id=user_id))["results"]]
    return sorted({turn["content"] for turns in sources for turn in turns})


def test_a_turn_is_remembered_and_recalled(memory: Memory) -> None:
    agent = AgentMemory(memory, user_id="ana")
    said = [{"role": "user", "content": "I live in Rome."}, {"role": "assistant", "content": "Noted."}]
    assert agent.remember(said, session_id="s1") == 2
    assert agent.wait(60)
    block = agent.recall("Where do I live?")
    assert "I live in Rome." in block
    assert block.startswith("<powermem-recall>")
    found = agent.search("Where do I live?")
    assert [(one["memory"], one["run_id"]) for one in found] == [("I live in Rome.", "s1")]


def test_a_growing_session_is_stored_once(memory: Memory) -> None:
    session: list[AgentMessage] = []
    counts = []
    for place, text in enumerate(["I live in Rome.", "Nice.", "I have a cat.", "Nice.", "I have a cat."]):
        session.append(AgentMessage("user" if place % 2 == 0 else "assistant", text))
        # Each time as another process, which knows nothing of what was stored before.
        counts.append(AgentMemory(memory, user_id="ana").remember(session, session_id="s"))
    assert counts == [1] * 5
    assert AgentMemory(memory, user_id="ana").remember(session, session_id="s") == 0
    assert texts(memory, user_id="ana") == ["I have a cat.", "I live in Rome."]
    components = memory._ready()
    scope = memory._scope("ana", None, "s")
    assert [turn.content for turn in components.store.said(scope)] == [one.text for one in session]


def test_ids_of_messages_tell_repeated_words_from_repeated_delivery(memory: Memory) -> None:
    agent = AgentMemory(memory, user_id="ana")
    yes, again = AgentMessage("user", "Yes.", "event-1"), AgentMessage("user", "Yes.", "event-2")
    assert [agent.remember([one], session_id="s") for one in (yes, again, yes, again)] == [1, 1, 0, 0]
    # The same event in another session is another message.
    assert agent.remember([yes], session_id="t") == 1


def test_concurrent_deliveries_store_a_message_once(memory: Memory) -> None:
    session = [AgentMessage("user", f"I have {count} cats.", str(count)) for count in range(2, 6)]
    agents = [AgentMemory(memory, user_id="ana") for _ in range(4)]
    counts = gather([partial(agent.remember, session, session_id="s") for agent in agents])
    assert sum(counts) == len(session)
    components = memory._ready()
    turns = components.store.said(memory._scope("ana", None, "s"))
    assert sorted(turn.content for turn in turns) == sorted(one.text for one in session)


def test_scopes_never_cross(memory: Memory) -> None:
    ana = AgentMemory(memory, user_id="ana", agent_id="cook")
    others = [
        AgentMemory(memory, user_id="ben", agent_id="cook"),
        AgentMemory(memory, user_id="ana", agent_id="travel"),
    ]
    same = [AgentMessage("user", "I live in Rome.", "1")]
    assert ana.remember(same, session_id="s") == 1
    assert ana.wait(60)
    for other in others:
        assert other.recall("Where do I live?") == ""
        assert other.search("Where do I live?") == []
        # The same session and event of another owner is another message.
        assert other.remember(same, session_id="s") == 1


def test_what_was_recalled_is_not_learned(memory: Memory) -> None:
    agent = AgentMemory(memory, user_id="ana")
    memory.add("I live in Rome.", user_id="ana", infer=False)
    block = agent.recall("Where do I live?")
    assert "Rome" in block
    assert agent.remember([AgentMessage("user", block), AgentMessage("assistant", block)]) == 0
    assert agent.remember([AgentMessage("user", f"{block}\n\nI have a cat.")]) == 1
    assert texts(memory, user_id="ana") == ["I have a cat.", "I live in Rome."]


@pytest.mark.parametrize("role", ["system", "tool", "developer"])
def test_only_users_and_agents_are_heard(memory: Memory, role: str) -> None:
    agent = AgentMemory(memory, user_id="ana")
    heard = [{"role": role, "content": "I live in Oslo."}, {"role": "user", "content": "  "}]
    assert agent.remember(heard) == 0


def test_a_block_keeps_to_its_budget(memory: Memory) -> None:
    for count in range(30):
        memory.add(f"Train number {count} leaves from platform {count}.", user_id="ana", infer=False)
    agent = AgentMemory(memory, user_id="ana", limit=30, threshold=None)
    whole, small = agent.recall("train"), agent.recall("train", max_tokens=100)
    assert len(small) < len(whole)
    assert small.count("Train number") >= 1


def test_recalling_fails_open(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = AgentMemory(memory, user_id="ana")

    def broken(*args: object, **options: object) -> str:
        raise OSError("the network is down")

    monkeypatch.setattr(memory, "context", broken)
    with caplog.at_level(logging.WARNING, "powermem.integrations"):
        assert agent.recall("Where do I live?") == ""
    assert "nothing could be recalled" in caplog.text


def test_a_late_recall_is_done_without(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = AgentMemory(memory, user_id="ana", timeout=0.01)
    agent.recall("The first one may take longer.")
    released = Event()

    def slow(*args: object, **options: object) -> str:
        released.wait(60)
        return "too late"

    monkeypatch.setattr(memory, "context", slow)
    with caplog.at_level(logging.WARNING, "powermem.integrations"):
        assert agent.recall("Where do I live?") == ""
    released.set()
    assert "took more than 0.01 s" in caplog.text


def test_storing_does_not_fail_open(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = AgentMemory(memory, user_id="ana")
    components = memory._ready()
    apply = components.store.apply

    def broken(changes: object) -> object:
        raise OSError("the disk is full")

    monkeypatch.setattr(components.store, "apply", broken)
    with pytest.raises(OSError, match="disk is full"):
        agent.remember([AgentMessage("user", "I live in Rome.", "1")])
    monkeypatch.setattr(components.store, "apply", apply)
    assert agent.remember([AgentMessage("user", "I live in Rome.", "1")]) == 1


def test_times_and_names_are_kept(memory: Memory) -> None:
    agent = AgentMemory(memory, user_id="ana")
    when = datetime(2024, 5, 8, 12, tzinfo=timezone.utc)
    agent.remember([AgentMessage("user", "I live in Rome.", None, when, "Ana")], session_id="s")
    agent.wait(60)
    (found,) = agent.search("Where does Ana live?")
    assert (found["actor_id"], str(found["valid_from"])[:10]) == ("Ana", "2024-05-08")


def test_wrong_arguments_are_refused(memory: Memory) -> None:
    for wrong in ({"max_tokens": 0}, {"limit": 0}, {"threshold": 2}, {"timeout": -1}, {"user_id": " "}):
        with pytest.raises(InvalidInputError, match=next(iter(wrong))):
            AgentMemory(memory, **{"user_id": "ana", **wrong})
