"""The learning store of Agno, in agents that ask a local model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("agno.learn")

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.learn import LearningMachine
from agno.models.openai.like import OpenAILike

from powermem import AsyncMemory, InvalidInputError, Memory
from powermem.integrations.agno import PowerMemStore
from tests.support.chatserver import Call, ChatServer

from .conformance import FACT, QUESTION, Conformance, Who


def agno_agent(model: ChatServer, store: PowerMemStore, db: Any = None) -> Agent:
    return Agent(
        model=OpenAILike(id="gpt-4o", base_url=model.url, api_key="k"),
        db=db or InMemoryDb(),
        learning=LearningMachine(custom_stores={"powermem": store}),
        add_history_to_context=True,
        telemetry=False,
    )


class TestStore(Conformance):
    def agent(self, memory: Memory | AsyncMemory) -> Agent:
        return agno_agent(self.model, PowerMemStore(memory), self.sessions.setdefault("db", InMemoryDb()))

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        agent = self.agent(memory)
        answer = agent.run(text, user_id=who.user_id, session_id=who.session_id).content
        # Agno learns on a thread beside the run.
        agent.background_executor.shutdown(wait=True)
        return str(answer)

    @pytest.mark.parametrize("colour", ["sync", "async"])
    def test_a_growing_session_is_stored_once(self, colour: str) -> None:
        texts = [FACT, "I have a cat.", QUESTION]

        async def work(memory: Any, take: Any) -> None:
            for text in texts:
                await take(Who(), text)

        self.during(colour, work)
        # Without the last answer: Agno learns while the model is still answering.
        assert self.turns("ana") == [one for text in texts for one in (text, "I see.")][:-1]

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        answer = await self.agent(memory).arun(text, user_id=who.user_id, session_id=who.session_id)
        return str(answer.content)


def test_without_a_user_nothing_is_recalled_or_learned(memory: Memory, model: ChatServer) -> None:
    memory.add(FACT, infer=False)
    agent = agno_agent(model, PowerMemStore(memory, search_tool=True))
    agent.run(QUESTION)
    agent.background_executor.shutdown(wait=True)
    assert FACT not in model.heard[-1].shown
    assert "search_memory" not in str(model.heard[-1].body.get("tools"))
    memory.augmentation.wait(60)
    assert memory.count() == 1


@pytest.mark.parametrize("awaited", [False, True])
def test_the_model_searches(memory: Memory, model: ChatServer, awaited: bool) -> None:
    memory.add(FACT, user_id="ana", infer=False)
    calls = [Call("search_memory", {"query": QUESTION})]
    model.on_chat = lambda body: calls.pop(0) if calls else "Rome."
    agent = agno_agent(model, PowerMemStore(memory, search_tool=True, threshold=None))
    asked = "Please look it up."
    if awaited:
        asyncio.run(agent.arun(asked, user_id="ana"))
    else:
        agent.run(asked, user_id="ana")
    (answer,) = [one["content"] for one in model.heard[-1].body["messages"] if one["role"] == "tool"]
    assert FACT in answer


def test_agents_can_be_kept_apart(memory: Memory, model: ChatServer) -> None:
    for agent_id in ("cook", "guide"):
        memory.add(f"I am known to the {agent_id}.", user_id="ana", agent_id=agent_id, infer=False)
    agno_agent(model, PowerMemStore(memory, agent_id="cook")).run("Who am I known to?", user_id="ana")
    assert "known to the cook" in model.heard[-1].system
    assert "guide" not in model.heard[-1].system


async def test_an_async_memory_in_the_memory_of_the_process_needs_arun() -> None:
    config = {
        "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "mock"},
    }
    async with AsyncMemory(config) as memory:
        await memory.add(FACT, user_id="ana", infer=False)
        store = PowerMemStore(memory)
        assert FACT in str(await store.arecall(user_id="ana", message=QUESTION))
        with pytest.raises(InvalidInputError, match="Pass a Memory"):
            store.recall(user_id="ana", message=QUESTION)
