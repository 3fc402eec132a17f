"""The session of OpenAI Agents, in agents that ask a local model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("agents.memory")

from agents import Agent, OpenAIResponsesModel, RunConfig, Runner, SessionSettings
from openai import AsyncOpenAI

from powermem import AsyncMemory, Memory
from powermem.integrations.openai_agents import PowerMemSession
from tests.support.chatserver import Call, ChatServer

from .conformance import FACT, QUESTION, Conformance, Who


@pytest.fixture(autouse=True)
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    # Traces would be sent to OpenAI.
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")


def cook(**options: Any) -> Agent[Any]:
    # With a client of its own, as connections cannot be used from another event loop.
    return Agent("Cook", model=OpenAIResponsesModel("gpt-4o", AsyncOpenAI()), **options)


class TestSession(Conformance):
    def options(self, memory: Memory | AsyncMemory, who: Who) -> dict[str, Any]:
        session = PowerMemSession(who.session_id, memory, user_id=who.user_id)
        return {
            "session": session,
            "run_config": RunConfig(call_model_input_filter=session.recall_filter),
        }

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        return str(Runner.run_sync(cook(), text, **self.options(memory, who)).final_output)

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        return str((await Runner.run(cook(), text, **self.options(memory, who))).final_output)


def item(text: str, role: str = "user") -> dict[str, str]:
    return {"role": role, "content": text}


async def test_the_model_recalls_with_a_tool(memory: Memory, model: ChatServer) -> None:
    memory.add(FACT, user_id="ana", infer=False)
    memory.add("I live in Oslo.", user_id="ben", infer=False)
    session = PowerMemSession("s", memory, user_id="ana")
    model.on_chat = lambda body: (
        "Rome."
        if any(one.get("type") == "function_call_output" for one in body["input"])
        else Call("recall_memories", {"query": QUESTION})
    )
    agent = cook(tools=[session.recall_tool()])
    assert (await Runner.run(agent, QUESTION, session=session)).final_output == "Rome."
    assert FACT in model.heard[-1].shown
    assert "Oslo" not in model.heard[-1].shown
    # What the tool returned is part of the history, and not learned.
    assert [one.get("type", one.get("role")) for one in await session.get_items()] == [
        "user",
        "function_call",
        "function_call_output",
        "message",
    ]
    memory.augmentation.wait(60)
    assert [one["memory"] for one in memory.get_all(user_id="ana")["results"]] == [FACT]


async def test_the_history_is_kept_as_it_is(memory: Memory) -> None:
    session = PowerMemSession("s", memory, user_id="ana")
    items = [item("one"), {"type": "reasoning", "id": "rs_1", "summary": []}, item("two", "assistant")]
    await session.add_items(items[:1])
    await session.add_items(items[1:])
    await session.add_items([])
    assert await PowerMemSession("s", memory, user_id="ana").get_items() == items
    assert await session.get_items(2) == items[1:]
    assert await session.get_items(0) == []
    limited = PowerMemSession("s", memory, user_id="ana", session_settings=SessionSettings(limit=1))
    assert await limited.get_items() == items[2:]
    # Another session, and another user's of the same name.
    assert await PowerMemSession("t", memory, user_id="ana").get_items() == []
    assert await PowerMemSession("s", memory, user_id="ben").get_items() == []
    assert await session.pop_item() == items[2]
    await session.clear_session()
    assert await session.pop_item() is None
    assert await session.get_items() == []


async def test_what_is_added_again_is_learned_once(memory: Memory) -> None:
    session = PowerMemSession("s", memory, user_id="ana")
    await session.add_items([item(FACT), item("Nice.", "assistant")])
    # A runner takes back what it could not finish, and adds it again.
    for _ in range(2):
        await session.pop_item()
    await session.add_items([item(FACT), item("Nice.", "assistant")])
    # Said again, it counts again.
    await session.add_items([item("I live in Oslo now."), item(FACT)])
    components = memory._ready()
    turns = components.store.said(memory._scope("ana", None, "s"))
    assert [turn.content for turn in turns] == [FACT, "Nice.", "I live in Oslo now.", FACT]


async def test_items_that_could_not_be_stored_are_learned_once(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = PowerMemSession("s", memory, user_id="ana")
    store = memory._ready().store
    apply = store.apply

    def breaks(changes: Any) -> Any:
        if any(getattr(one, "role", None) == "item" for one in changes):
            raise OSError("the disk is full")
        return apply(changes)

    monkeypatch.setattr(store, "apply", breaks)
    with pytest.raises(OSError, match="disk is full"):
        await session.add_items([item(FACT)])
    monkeypatch.setattr(store, "apply", apply)
    await session.add_items([item(FACT)])
    assert await session.get_items() == [item(FACT)]
    assert len(store.said(memory._scope("ana", None, "s"))) == 1


def test_a_session_is_used_from_several_event_loops(memory: Memory) -> None:
    session = PowerMemSession("s", memory, user_id="ana")
    for place in range(3):
        asyncio.run(session.add_items([item(str(place))]))
    assert asyncio.run(session.get_items()) == [item("0"), item("1"), item("2")]
