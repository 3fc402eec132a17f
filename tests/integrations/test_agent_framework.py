"""The providers of Microsoft's Agent Framework, in agents that ask a local model."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("agent_framework")

from agent_framework import Agent, AgentSession, Message
from agent_framework.openai import OpenAIChatCompletionClient

from powermem import AsyncMemory, Memory
from powermem.integrations.agent_framework import PowerMemContextProvider, PowerMemHistoryProvider
from tests.support.chatserver import ChatServer

from .conformance import FACT, Conformance, Who


def framework_agent(model: ChatServer, *providers: Any) -> Agent:
    client = OpenAIChatCompletionClient(model="gpt-4o", base_url=model.url, api_key="k")
    return Agent(client=client, instructions="You are a cook.", context_providers=list(providers))


class TestContextProvider(Conformance):
    colours = ("async",)

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        agent = framework_agent(self.model, PowerMemContextProvider(memory, user_id=who.user_id))
        session = self.sessions.setdefault(who, AgentSession(session_id=who.session_id))
        return (await agent.run(text, session=session)).text


async def test_a_session_that_was_saved_goes_on(memory: Memory, model: ChatServer) -> None:
    agent = framework_agent(model, PowerMemContextProvider(memory, user_id="ana"))
    session = agent.create_session(session_id="s")
    for text in ("I am in Rome.", "I am in Oslo."):
        await agent.run(text, session=session)
    again = AgentSession.from_dict(session.to_dict())
    # Said again, it counts again.
    await agent.run("I am in Rome.", session=again)
    turns = memory._ready().store.said(memory._scope("ana", None, "s"))
    assert [turn.content for turn in turns if turn.role == "user"] == [
        "I am in Rome.",
        "I am in Oslo.",
        "I am in Rome.",
    ]


async def test_histories_are_kept(memory: Memory, model: ChatServer) -> None:
    def agent() -> Agent:
        return framework_agent(
            model,
            PowerMemHistoryProvider(memory, user_id="ana"),
            PowerMemContextProvider(memory, user_id="ana"),
        )

    await agent().run(FACT, session=AgentSession(session_id="s"))
    await agent().run("What did I say?", session=AgentSession(session_id="s"))
    told = [(one["role"], one["content"]) for one in model.heard[-1].body["messages"]]
    assert [one for one in told if one[0] != "system"] == [
        ("user", FACT),
        ("assistant", "I see."),
        ("user", "What did I say?"),
    ]
    provider = PowerMemHistoryProvider(memory, user_id="ana")
    assert [one.text for one in await provider.get_messages("s")][:2] == [FACT, "I see."]
    assert await provider.get_messages("t") == await provider.get_messages(None) == []
    await provider.save_messages(None, [Message("user", ["lost"])])
    assert await PowerMemHistoryProvider(memory, user_id="ben").get_messages("s") == []
