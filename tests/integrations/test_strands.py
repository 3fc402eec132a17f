"""The memory store of Strands, in agents that ask a local model."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("strands.memory")

from strands import Agent
from strands.memory import MemoryManager
from strands.memory.types import AddMessagesContext
from strands.models.openai import OpenAIModel

from powermem import AsyncMemory, Memory
from powermem.integrations.strands import PowerMemStore
from tests.support.chatserver import Call, ChatServer

from .conformance import FACT, QUESTION, Conformance, Who


def strands_agent(model: ChatServer, store: PowerMemStore, **options: Any) -> Agent:
    return Agent(
        model=OpenAIModel(client_args={"base_url": model.url, "api_key": "k"}, model_id="gpt-4o"),
        memory_manager=MemoryManager(stores=[store], **options),
        callback_handler=None,
    )


class TestStore(Conformance):
    # Strands writes what it recalls itself, outside of the conversation.
    marked = False

    def agent(self, memory: Memory | AsyncMemory, who: Who) -> Agent:
        # An agent goes on with its conversation; in another run of the program it is a new one.
        if who not in self.sessions:
            store = PowerMemStore(memory, user_id=who.user_id, session_id=who.session_id)
            self.sessions[who] = strands_agent(self.model, store)
        return self.sessions[who]

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        return str(self.agent(memory, who)(text)).strip()

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        agent = self.agent(memory, who)
        answer = str(await agent.invoke_async(text)).strip()
        await agent.memory_manager.flush()
        return answer


def said(text: str, role: str = "user") -> Any:
    return {"role": role, "content": [{"text": text}]}


async def test_messages_are_stored_once(memory: Memory) -> None:
    store = PowerMemStore(memory, user_id="ana", session_id="s")
    batch = [said(FACT), said("I see.", "assistant"), said("Yes.")]
    for _ in range(2):
        await store.add_messages(batch, AddMessagesContext(sequence_numbers=[0, 1, 2]))
    # The same words again are another message, in this agent and in one that counts from 0 again.
    await store.add_messages([said("Yes.")], AddMessagesContext(sequence_numbers=[4]))
    other = PowerMemStore(memory, user_id="ana", session_id="s")
    await other.add_messages([said("Yes.")], AddMessagesContext(sequence_numbers=[2]))
    turns = memory._ready().store.said(memory._scope("ana", None, "s"))
    assert [turn.content for turn in turns] == [FACT, "I see.", "Yes.", "Yes.", "Yes."]


async def test_what_a_tool_adds_is_stored_once(memory: Memory) -> None:
    store = PowerMemStore(memory, user_id="ana")
    for _ in range(2):
        await store.add(FACT, {"kind": "home"})
    (found,) = await store.search(QUESTION, {"max_search_results": 5})
    assert found.content == FACT
    assert await PowerMemStore(memory, user_id="ben").search(QUESTION) == []


def test_the_model_adds_and_searches(memory: Memory, model: ChatServer) -> None:
    store = PowerMemStore(memory, user_id="ana", extraction=False)
    calls = [Call("add_memory", {"entries": [FACT]}), Call("search_memory", {"query": QUESTION})]
    model.on_chat = lambda body: calls.pop(0) if calls else "Rome."
    agent = strands_agent(model, store, add_tool_config=True, injection=False)
    assert str(agent("I moved.")).strip() == "Rome."
    assert model.heard[-1].shown.count(FACT) == 2
    assert [one["memory"] for one in memory.get_all(user_id="ana")["results"]] == [FACT]


async def test_an_async_memory_serves_agents_that_are_not_awaited(
    config: dict[str, Any], model: ChatServer
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add(FACT, user_id="ana", infer=False)
        # Strands runs it on an event loop of its own.
        agent = strands_agent(model, PowerMemStore(memory, user_id="ana"))
        agent(QUESTION)
    assert FACT in model.heard[-1].shown


def test_a_store_that_may_not_be_written_to_does_not_learn(memory: Memory, model: ChatServer) -> None:
    strands_agent(model, PowerMemStore(memory, user_id="ana", writable=False))(FACT)
    memory.augmentation.wait(60)
    assert memory.count(user_id="ana") == 0
