"""Anthropic's memory tool in a conversation that its SDK runs, with a local model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("anthropic.lib.tools")

from anthropic import Anthropic, AsyncAnthropic

from powermem import AsyncMemory, Memory
from powermem.integrations.anthropic import AsyncMemoryTool, MemoryTool
from tests.support.chatserver import Call, ChatServer

NOTE = {"command": "create", "path": "/memories/ana.md", "file_text": "Ana lives in Rome."}
LOOK = {"command": "view", "path": "/memories/ana.md"}


def asked(text: str) -> dict[str, Any]:
    return {"model": "claude", "max_tokens": 99, "messages": [{"role": "user", "content": text}]}


def say(config: dict[str, Any], colour: str, text: str, user_id: str) -> None:
    """Let a model with the tool answer, each time in another process of the application."""
    if colour == "sync":
        with Memory(config) as memory, Anthropic() as client:
            tool = MemoryTool(memory, user_id=user_id)
            client.beta.messages.tool_runner(**asked(text), tools=[tool]).until_done()
        return

    async def awaited() -> None:
        async with AsyncMemory(config) as memory, AsyncAnthropic() as client:
            tool = AsyncMemoryTool(memory, user_id=user_id)
            await client.beta.messages.tool_runner(**asked(text), tools=[tool]).until_done()

    asyncio.run(awaited())


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_model_remembers_across_two_runs(config: dict[str, Any], model: ChatServer, colour: str) -> None:
    calls = [Call("memory", LOOK), Call("memory", LOOK), Call("memory", NOTE)]
    turn = [0]

    def answer(body: dict[str, Any]) -> str | Call:
        # Each conversation calls the tool once.
        turn[0] += 1
        return calls.pop() if turn[0] % 2 else "I see."

    model.on_chat = answer
    say(config, colour, "I live in Rome.", "ana")
    say(config, colour, "Where do I live?", "ana")
    assert "Ana lives in Rome." in model.heard[-1].shown
    say(config, colour, "Where do I live?", "ben")
    assert "Rome" not in model.heard[-1].shown
    assert "does not exist" in model.heard[-1].shown
    with Memory(config) as memory:
        (best, *_) = memory.search("Where does Ana live?", user_id="ana")["results"]
    assert best["memory"] == "Ana lives in Rome."
