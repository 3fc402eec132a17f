"""The capability for Pydantic AI and the store of its harness, in agents that ask a local model."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

pytest.importorskip("pydantic_ai.capabilities")
pytest.importorskip("pydantic_ai_harness.memory")

from pydantic_ai import Agent
from pydantic_ai_harness import memory as harness

from powermem import AsyncMemory, InvalidInputError, Memory
from powermem.integrations import AsyncMemoryFiles
from powermem.integrations.pydantic_ai import MemoryCapability, PowerMemStore
from tests.support.chatserver import Call, ChatServer

from .conformance import Conformance, Who


class TestCapability(Conformance):
    def agent(self, memory: Memory | AsyncMemory, who: Who) -> Any:
        return Agent(
            "openai-chat:gpt-4o-mini",
            instructions="You are a travel agent.",
            capabilities=[MemoryCapability(memory, user_id=lambda ctx: ctx.deps)],
            deps_type=str,
        )

    def turn(self, memory: Memory, who: Who, text: str) -> str:
        result = self.agent(memory, who).run_sync(
            text, deps=who.user_id, message_history=self.sessions.get(who)
        )
        self.sessions[who] = result.all_messages()
        return str(result.output)

    async def async_turn(self, memory: AsyncMemory, who: Who, text: str) -> str:
        result = await self.agent(memory, who).run(
            text, deps=who.user_id, message_history=self.sessions.get(who)
        )
        self.sessions[who] = result.all_messages()
        return str(result.output)


@pytest.fixture
def store(async_memory: AsyncMemory) -> PowerMemStore:
    return PowerMemStore(async_memory, user_id="ana")


async def test_it_is_a_store_of_the_harness(store: PowerMemStore) -> None:
    assert isinstance(store, harness.MemoryStore)
    assert isinstance(store, harness.SearchableMemoryStore)


async def outcome(call: Any) -> Any:
    try:
        found = await call
    except Exception as error:
        return type(error).__name__
    if isinstance(found, harness.MemoryFile):
        return found.content, found.operation_id, found.truncated
    if isinstance(found, harness.MemoryMutation):
        return found.version is None, found.replayed, found.existed
    return found


async def test_it_does_what_the_reference_does(store: PowerMemStore) -> None:
    reference = harness.InMemoryStore()
    operation = partial(harness.MemoryOperation)
    versions: dict[int, str | None] = {}

    async def both(name: str, *args: Any, version: str | None = None, **options: Any) -> None:
        found = []
        for number, one in enumerate((reference, store)):
            given = dict(options)
            if name in ("write", "delete"):
                known = versions.get(number)
                given["expected_version"] = known if version == "current" else version
            result = await outcome(getattr(one, name)(*args, **given))
            found.append(result)
            current = await one.read("main/a.md", max_chars=9)
            versions[number] = None if current is None else current.version
        assert found[0] == found[1], (name, args, options)

    await both("read", "main/a.md", max_chars=9)
    await both("write", "main/a.md", "one", operation=operation("1", "f"))
    await both("write", "main/a.md", "one", operation=operation("1", "f"))
    await both("write", "main/a.md", "other", operation=operation("1", "g"))
    await both("get_operation", operation("1", "f"))
    await both("get_operation", operation("1", "g"))
    await both("get_operation", operation("2", "f"))
    await both("read", "main/a.md", max_chars=2)
    await both("write", "main/a.md", "two", version="0.0")
    await both("write", "main/a.md", "two")
    await both("write", "main/a.md", "two", version="current")
    await both("write", "main/sub/b.md", "b")
    await both("write", "other/c.md", "c")
    for prefix in ("", "main", "main/", "main/sub/", "mai", "none/"):
        await both("list_paths", prefix, limit=10)
    await both("list_paths", "", limit=1)
    await both("list_paths", "", limit=0)
    await both("delete", "main/a.md", version="0.0")
    await both("delete", "main/a.md", version="current", operation=operation("3", "f"))
    await both("delete", "main/a.md", version="current", operation=operation("3", "f"))
    await both("delete", "main/a.md")
    # A dot is no segment here; the oldest harness took it for one.
    with pytest.raises(ValueError, match="invalid memory path"):
        await store.read("a/./b", max_chars=9)
    for path in ("", "/a", "a//b", "a/../b", "..", "a/"):
        await both("read", path, max_chars=9)
        await both("write", path, "text")


async def test_searches_stay_in_their_scope(store: PowerMemStore) -> None:
    for path, text in (("main/a.md", "Ana lives in Rome."), ("other/b.md", "Ben lives in Rome.")):
        await store.write(path, text, expected_version=None)
    found = await store.search("main/", "Rome", limit=5, max_files=10, max_chars=100, max_file_chars=100)
    assert [(one.path, one.snippet) for one in found.matches] == [("main/a.md", "Ana lives in Rome.")]
    tight = await store.search("main/", "Rome", limit=5, max_files=10, max_chars=9, max_file_chars=100)
    assert [(one.path, len(one.snippet)) for one in tight.matches] == [("main/a.md", 5)]
    none = await store.search("main/", " ", limit=5, max_files=10, max_chars=9, max_file_chars=100)
    assert none.matches == []


async def test_owners_are_apart(async_memory: AsyncMemory, store: PowerMemStore) -> None:
    await store.write("main/a.md", "Ana's", expected_version=None)
    other = PowerMemStore(async_memory, user_id="ben")
    assert await other.list_paths(limit=9) == []
    await other.write("main/a.md", "Ben's", expected_version=None)
    assert (await store.read("main/a.md", max_chars=9)).content == "Ana's"
    # The files are those that every other view of the same owner shows.
    assert await AsyncMemoryFiles(async_memory, user_id="ana").list() == ["/memories/main/a.md"]
    with pytest.raises(InvalidInputError, match="give user_id"):
        PowerMemStore(async_memory)


def test_an_agent_with_the_harness_remembers_across_two_runs(
    config: dict[str, Any], model: ChatServer
) -> None:
    def run(text: str) -> None:
        with Memory(config) as memory:
            capability = harness.Memory(store=PowerMemStore(memory, user_id="ana"))
            Agent("openai-chat:gpt-4o-mini", capabilities=[capability]).run_sync(text)

    calls = [Call("write_memory", {"content": "- Ana lives in Rome."})]
    model.on_chat = lambda body: calls.pop() if calls else "I see."
    run("I live in Rome.")
    run("Where do I live?")
    assert "Ana lives in Rome." in model.heard[-1].shown
    assert asyncio.run(listed(config)) == ["/memories/main/MEMORY.md"]


async def listed(config: dict[str, Any]) -> Any:
    async with AsyncMemory(config) as memory:
        return await AsyncMemoryFiles(memory, user_id="ana").list()
