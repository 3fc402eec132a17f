"""What an agent remembers and recalls through the core of the adapters."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._concurrency import AsyncEvent, async_gather
from powermem.integrations import AgentMessage, AsyncAgentMemory

pytestmark = pytest.mark.stores

QUESTION = "Where does she live?"


async def texts(memory: AsyncMemory, **ids: Any) -> list[str]:
    await memory.augmentation.wait()
    return sorted(found["memory"] for found in (await memory.get_all(**ids))["results"])


async def buffered(memory: AsyncMemory, user_id: str) -> list[str]:
    """Return all source turns of a user's sessions, in order."""
    await memory.augmentation.wait()
    sources = [
        await memory.sources(found["id"]) for found in (await memory.get_all(user_id=user_id))["results"]
    ]
    return sorted({turn["content"] for turns in sources for turn in turns})


async def test_a_turn_is_remembered_and_recalled(memory: AsyncMemory) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    said = [{"role": "user", "content": "I live in Rome."}, {"role": "assistant", "content": "Noted."}]
    assert await agent.remember(said, session_id="s1") == 2
    assert await agent.wait(60)
    block = await agent.recall("Where do I live?")
    assert "I live in Rome." in block
    assert block.startswith("<powermem-recall>")
    found = await agent.search("Where do I live?")
    assert [(one["memory"], one["run_id"]) for one in found] == [("I live in Rome.", "s1")]


async def test_a_growing_session_is_stored_once(memory: AsyncMemory) -> None:
    session: list[AgentMessage] = []
    counts = []
    for place, text in enumerate(["I live in Rome.", "Nice.", "I have a cat.", "Nice.", "I have a cat."]):
        session.append(AgentMessage("user" if place % 2 == 0 else "assistant", text))
        # Each time as another process, which knows nothing of what was stored before.
        counts.append(await AsyncAgentMemory(memory, user_id="ana").remember(session, session_id="s"))
    assert counts == [1] * 5
    assert await AsyncAgentMemory(memory, user_id="ana").remember(session, session_id="s") == 0
    assert await texts(memory, user_id="ana") == ["I have a cat.", "I live in Rome."]
    components = await memory._ready()
    scope = memory._scope("ana", None, "s")
    assert [turn.content for turn in await components.store.said(scope)] == [one.text for one in session]


async def test_ids_of_messages_tell_repeated_words_from_repeated_delivery(memory: AsyncMemory) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    yes, again = AgentMessage("user", "Yes.", "event-1"), AgentMessage("user", "Yes.", "event-2")
    assert [await agent.remember([one], session_id="s") for one in (yes, again, yes, again)] == [1, 1, 0, 0]
    # The same event in another session is another message.
    assert await agent.remember([yes], session_id="t") == 1


async def test_concurrent_deliveries_store_a_message_once(memory: AsyncMemory) -> None:
    session = [AgentMessage("user", f"I have {count} cats.", str(count)) for count in range(2, 6)]
    agents = [AsyncAgentMemory(memory, user_id="ana") for _ in range(4)]
    counts = await async_gather([partial(agent.remember, session, session_id="s") for agent in agents])
    assert sum(counts) == len(session)
    components = await memory._ready()
    turns = await components.store.said(memory._scope("ana", None, "s"))
    assert sorted(turn.content for turn in turns) == sorted(one.text for one in session)


async def test_scopes_never_cross(memory: AsyncMemory) -> None:
    ana = AsyncAgentMemory(memory, user_id="ana", agent_id="cook")
    others = [
        AsyncAgentMemory(memory, user_id="ben", agent_id="cook"),
        AsyncAgentMemory(memory, user_id="ana", agent_id="travel"),
    ]
    same = [AgentMessage("user", "I live in Rome.", "1")]
    assert await ana.remember(same, session_id="s") == 1
    assert await ana.wait(60)
    for other in others:
        assert await other.recall("Where do I live?") == ""
        assert await other.search("Where do I live?") == []
        # The same session and event of another owner is another message.
        assert await other.remember(same, session_id="s") == 1


async def test_what_was_recalled_is_not_learned(memory: AsyncMemory) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    await memory.add("I live in Rome.", user_id="ana", infer=False)
    block = await agent.recall("Where do I live?")
    assert "Rome" in block
    assert await agent.remember([AgentMessage("user", block), AgentMessage("assistant", block)]) == 0
    assert await agent.remember([AgentMessage("user", f"{block}\n\nI have a cat.")]) == 1
    assert await texts(memory, user_id="ana") == ["I have a cat.", "I live in Rome."]


@pytest.mark.parametrize("role", ["system", "tool", "developer"])
async def test_only_users_and_agents_are_heard(memory: AsyncMemory, role: str) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    heard = [{"role": role, "content": "I live in Oslo."}, {"role": "user", "content": "  "}]
    assert await agent.remember(heard) == 0


async def test_a_block_keeps_to_its_budget(memory: AsyncMemory) -> None:
    for count in range(30):
        await memory.add(f"Train number {count} leaves from platform {count}.", user_id="ana", infer=False)
    agent = AsyncAgentMemory(memory, user_id="ana", limit=30, threshold=None)
    whole, small = await agent.recall("train"), await agent.recall("train", max_tokens=100)
    assert len(small) < len(whole)
    assert small.count("Train number") >= 1


async def test_recalling_fails_open(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")

    async def broken(*args: object, **options: object) -> str:
        raise OSError("the network is down")

    monkeypatch.setattr(memory, "context", broken)
    with caplog.at_level(logging.WARNING, "powermem.integrations"):
        assert await agent.recall("Where do I live?") == ""
    assert "nothing could be recalled" in caplog.text


async def test_a_late_recall_is_done_without(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana", timeout=0.01)
    await agent.recall("The first one may take longer.")
    released = AsyncEvent()

    async def slow(*args: object, **options: object) -> str:
        await released.wait(60)
        return "too late"

    monkeypatch.setattr(memory, "context", slow)
    with caplog.at_level(logging.WARNING, "powermem.integrations"):
        assert await agent.recall("Where do I live?") == ""
    released.set()
    assert "took more than 0.01 s" in caplog.text


async def test_storing_does_not_fail_open(memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    components = await memory._ready()
    apply = components.store.apply

    async def broken(changes: object) -> object:
        raise OSError("the disk is full")

    monkeypatch.setattr(components.store, "apply", broken)
    with pytest.raises(OSError, match="disk is full"):
        await agent.remember([AgentMessage("user", "I live in Rome.", "1")])
    monkeypatch.setattr(components.store, "apply", apply)
    assert await agent.remember([AgentMessage("user", "I live in Rome.", "1")]) == 1


async def test_times_and_names_are_kept(memory: AsyncMemory) -> None:
    agent = AsyncAgentMemory(memory, user_id="ana")
    when = datetime(2024, 5, 8, 12, tzinfo=timezone.utc)
    await agent.remember([AgentMessage("user", "I live in Rome.", None, when, "Ana")], session_id="s")
    await agent.wait(60)
    (found,) = await agent.search("Where does Ana live?")
    assert (found["actor_id"], str(found["valid_from"])[:10]) == ("Ana", "2024-05-08")


async def test_wrong_arguments_are_refused(memory: AsyncMemory) -> None:
    for wrong in ({"max_tokens": 0}, {"limit": 0}, {"threshold": 2}, {"timeout": -1}, {"user_id": " "}):
        with pytest.raises(InvalidInputError, match=next(iter(wrong))):
            AsyncAgentMemory(memory, **{"user_id": "ana", **wrong})
