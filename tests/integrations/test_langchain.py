"""The middleware for LangChain's agents, in agents that ask a local model."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("langchain.agents.middleware")

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver

from powermem import AsyncMemory, Memory
from powermem.integrations.langchain import MemoryMiddleware

from .conformance import Conformance, Who


class TestMiddleware(Conformance):
    def agent(self, memory: Memory | AsyncMemory, who: Who) -> Any:
        return create_agent(
            ChatOpenAI(model="gpt-4o-mini"),
            system_prompt="You are a travel agent.",
            middleware=[MemoryMiddleware(memory, user_id=who.user_id)],
            checkpointer=self.sessions.setdefault(who, InMemorySaver()),
        )

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        return self.said(self.agent(memory, who).invoke(self.input(text), self.thread(who)))

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        return self.said(await self.agent(memory, who).ainvoke(self.input(text), self.thread(who)))

    def input(self, text: str) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": text}]}

    def thread(self, who: Who) -> dict[str, Any]:
        return {"configurable": {"thread_id": who.session_id}}

    def said(self, state: dict[str, Any]) -> str:
        return str(state["messages"][-1].content)
