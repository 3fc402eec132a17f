"""The memory of AutoGen, in agents that ask a local model."""

from __future__ import annotations

import pytest

pytest.importorskip("autogen_agentchat")

from autogen_agentchat.agents import AssistantAgent
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_ext.models.openai import OpenAIChatCompletionClient

from powermem import AsyncMemory, Memory
from powermem.integrations.autogen import PowerMemMemory
from tests.support.chatserver import ChatServer

from .conformance import FACT, QUESTION, Conformance, Who


class TestMemory(Conformance):
    colours = ("async",)

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        kept = PowerMemMemory(memory, user_id=who.user_id, session_id=who.session_id)
        if who not in self.sessions:
            client = OpenAIChatCompletionClient(
                model="gpt-4o-2024-08-06", base_url=self.model.url, api_key="k"
            )
            self.sessions[who] = AssistantAgent("assistant", client, memory=[kept])
        agent = self.sessions[who]
        result = await agent.run(task=text)
        # The next turn would tell it.
        await kept.update_context(agent.model_context)
        return str(result.messages[-1].content)


async def test_contents_are_added_queried_and_cleared(memory: Memory, model: ChatServer) -> None:
    kept = PowerMemMemory(memory, user_id="ana")
    for _ in range(2):
        await kept.add(MemoryContent(content=FACT, mime_type=MemoryMimeType.TEXT, metadata={"kind": "home"}))
    await kept.add(MemoryContent(content={"diet": "vegan"}, mime_type=MemoryMimeType.JSON))
    (found, *_) = (await kept.query(QUESTION)).results
    assert (found.content, found.metadata["kind"]) == (FACT, "home")
    asked = MemoryContent(content="What is my diet?", mime_type=MemoryMimeType.TEXT)
    assert (await kept.query(asked, limit=1)).results[0].content == '{"diet": "vegan"}'
    with pytest.raises(ValueError, match="expected a text or JSON"):
        await kept.add(MemoryContent(content=b"...", mime_type=MemoryMimeType.BINARY))
    other = PowerMemMemory(memory, user_id="ben")
    assert (await other.query(QUESTION)).results == []
    await other.clear()
    assert memory.count(user_id="ana") == 2
    await kept.clear()
    await kept.close()
    assert memory.count() == 0
