"""The memory service of Google's ADK, in agents that ask a local model."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("google.adk.memory")

from google.adk.agents import LlmAgent
from google.adk.events import Event
from google.adk.memory.memory_entry import MemoryEntry
from google.adk.models import Gemini
from google.adk.runners import Runner
from google.adk.sessions import InMemorySessionService
from google.adk.tools import load_memory
from google.adk.tools.preload_memory_tool import PreloadMemoryTool
from google.genai.types import Content, FunctionCall, Part

from powermem import AsyncMemory, Memory
from powermem.integrations.google_adk import PowerMemMemoryService
from tests.support.chatserver import Call, ChatServer

from .conformance import FACT, QUESTION, Conformance, Who

APP = "travel"


class TestMemoryService(Conformance):
    colours = ("async",)
    # ADK writes what it recalls itself, outside of the session.
    marked = False

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        sessions = self.sessions.setdefault("service", InMemorySessionService())
        ids = {"app_name": APP, "user_id": who.user_id, "session_id": who.session_id}
        if await sessions.get_session(**ids) is None:
            await sessions.create_session(**ids)
        return await answer(PowerMemMemoryService(memory), sessions, ids, text)


async def answer(service: PowerMemMemoryService, sessions: Any, ids: dict[str, str], text: str) -> str:
    gemini = Gemini(model="gemini-2.5-flash")
    agent = LlmAgent(name="travel_agent", model=gemini, tools=[PreloadMemoryTool()])
    runner = Runner(agent=agent, app_name=APP, session_service=sessions, memory_service=service)
    said = Content(role="user", parts=[Part(text=text)])
    answers = [
        event.content.parts[0].text
        async for event in runner.run_async(
            user_id=ids["user_id"], session_id=ids["session_id"], new_message=said
        )
        if event.is_final_response()
    ]
    # As often as the session grows.
    await service.add_session_to_memory(await sessions.get_session(**ids))
    return str(answers[-1])


async def test_the_model_loads_memories_with_a_tool(memory: Memory, model: ChatServer) -> None:
    memory.add(FACT, user_id="ana", agent_id=APP, infer=False)
    sessions = InMemorySessionService()
    await sessions.create_session(app_name=APP, user_id="ana", session_id="s")
    model.on_chat = lambda body: (
        "Rome."
        if any("functionResponse" in part for one in body["contents"] for part in one["parts"])
        else Call("load_memory", {"query": QUESTION})
    )
    gemini = Gemini(model="gemini-2.5-flash")
    agent = LlmAgent(name="travel_agent", model=gemini, tools=[load_memory])
    service = PowerMemMemoryService(memory)
    runner = Runner(agent=agent, app_name=APP, session_service=sessions, memory_service=service)
    said = Content(role="user", parts=[Part(text=QUESTION)])
    async for _ in runner.run_async(user_id="ana", session_id="s", new_message=said):
        pass
    assert FACT in model.heard[-1].shown
    await service.add_session_to_memory(
        await sessions.get_session(app_name=APP, user_id="ana", session_id="s")
    )
    memory.augmentation.wait(60)
    assert [one["memory"] for one in memory.get_all(user_id="ana")["results"]] == [FACT]


def event(text: str, author: str = "user", **fields: Any) -> Event:
    return Event(author=author, content=Content(parts=[Part(text=text)]), **fields)


async def test_events_are_remembered_once(memory: Memory) -> None:
    service = PowerMemMemoryService(memory)
    silent = Event(
        author="cook", content=Content(parts=[Part(function_call=FunctionCall(name="search", args={}))])
    )
    thought = Event(author="cook", content=Content(parts=[Part(text="He must be Roman.", thought=True)]))
    events = [
        event(FACT),
        silent,
        thought,
        event("Nice.", "cook"),
        event("partial", partial=True),
        event(FACT),
    ]
    for sent in (events[:2], events, events[3:]):
        await service.add_events_to_memory(app_name=APP, user_id="ana", events=sent, session_id="s")
    turns = memory._ready().store.said(memory._scope("ana", APP, "s"))
    assert [(turn.content, turn.actor_id) for turn in turns] == [
        (FACT, None),
        ("Nice.", "cook"),
        (FACT, None),
    ]
    assert turns[0].sent_at == pytest.approx(events[0].timestamp * 1e6, abs=1)


async def test_memories_are_added_found_and_deleted(memory: Memory) -> None:
    service = PowerMemMemoryService(memory)
    content = Content(parts=[Part(text="The museum opens at nine.")])
    entry = MemoryEntry(
        id="m1", content=content, author="guide", timestamp="2024-05-08T12:00:00+00:00",
        custom_metadata={"source": "leaflet"},
    )  # fmt: skip
    for _ in range(2):
        await service.add_memory(
            app_name=APP, user_id="ana", memories=[entry], custom_metadata={"trip": "Rome"}
        )
    whose = {"app_name": APP, "user_id": "ana"}
    (found,) = (await service.search_memory(**whose, query="When does the museum open?")).memories
    assert found.content.parts[0].text == "The museum opens at nine."
    assert (found.author, found.timestamp[:10]) == ("guide", "2024-05-08")
    assert found.custom_metadata == {"source": "leaflet", "trip": "Rome"}
    for other in ({"app_name": "bank", "user_id": "ana"}, {"app_name": APP, "user_id": "ben"}):
        assert (await service.search_memory(**other, query="museum")).memories == []
        await service.delete_memory(**other, memory_id=found.id)
    assert memory.count(user_id="ana") == 1
    await service.delete_memory(**whose, memory_id=found.id)
    assert memory.count(user_id="ana") == 0
