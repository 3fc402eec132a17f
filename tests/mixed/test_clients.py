"""Clients of one colour with a memory of the other, and what a slow memory does to a call."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from powermem import AsyncMemory, Memory
from powermem._core.values import Scope
from tests.support.chatserver import ChatServer

pytestmark = pytest.mark.slow

openai = pytest.importorskip("openai")

QUESTION: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "What is my dog called?"}]}


@pytest.fixture
def sync_client(chats: ChatServer) -> Iterator[Any]:
    with openai.OpenAI(base_url=chats.url, api_key="k", max_retries=0) as client:
        yield client


def async_client(chats: ChatServer) -> Any:
    return openai.AsyncOpenAI(base_url=chats.url, api_key="k", max_retries=0)


class Hold:
    """Makes the recall of a memory wait until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.free = threading.Event()

    def hold(self, access: object, attended: object) -> list[str]:
        self.begun.set()
        assert self.free.wait(120)
        return ["recalled late"]

    async def async_hold(self, access: object, attended: object) -> list[str]:
        return await asyncio.to_thread(self.hold, access, attended)


async def test_an_async_client_with_a_sync_memory_does_not_block_the_loop(
    config: dict[str, Any], chats: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    with Memory(config) as memory:
        monkeypatch.setattr(memory._attendance, "_recall_texts", hold.hold)
        memory.llm.recall_budget = 60.0
        async with async_client(chats) as client:
            memory.llm.register(client).attribution("u")
            call = asyncio.create_task(client.chat.completions.create(**QUESTION))
            assert await asyncio.to_thread(hold.begun.wait, 60)
            # The loop is at our disposal while the memory is at work.
            hold.free.set()
            reply = await call
        assert reply.choices[0].message.content == "You said: What is my dog called?"
        assert "recalled late" in chats.heard[0].system
        assert memory.augmentation.wait(120)
        assert memory.recall("dog") is not None


async def test_a_sync_client_with_an_async_memory_works_on_another_thread(
    config: dict[str, Any], chats: ChatServer, sync_client: Any
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add("The dog is called Bello", user_id="u", infer=False)
        memory.llm.recall_budget = 60.0
        memory.llm.register(sync_client).attribution("u")
        reply = await asyncio.to_thread(sync_client.chat.completions.create, **QUESTION)
        assert reply.choices[0].message.content == "You said: What is my dog called?"
        assert "Bello" in chats.heard[0].system
        stream = await asyncio.to_thread(sync_client.chat.completions.create, **QUESTION, stream=True)
        await asyncio.to_thread(list, stream)
        assert await memory.augmentation.wait(120)
        assert await _spoken(memory) == ["user", "assistant"] * 2


async def test_a_sync_client_on_the_loop_of_its_memory_goes_on_without_recall(
    config: dict[str, Any], chats: ChatServer, sync_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with AsyncMemory(config) as memory:
        memory.llm.register(sync_client).attribution("u")
        for _ in range(2):
            sync_client.chat.completions.create(**QUESTION)
        assert [heard.system for heard in chats.heard] == ["", ""]
        assert len([each for each in caplog.records if "asyncio.to_thread" in each.message]) == 1
        assert await memory.augmentation.wait(120)
        assert await _spoken(memory) == ["user", "assistant"] * 2


async def _spoken(memory: AsyncMemory) -> list[str]:
    store: Any = (await memory._access.open()).store
    turns = await store.scan_turns(Scope(user_id="u"), 0, 1000)
    return [turn.role for turn in turns if "What is my dog" in turn.content]


def test_a_memory_without_an_event_loop_does_not_disturb_a_call(
    config: dict[str, Any], chats: ChatServer, sync_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    memory = AsyncMemory(config)
    memory.llm.register(sync_client).attribution("u")
    reply = sync_client.chat.completions.create(**QUESTION)
    assert reply.choices[0].message.content == "You said: What is my dog called?"
    assert "belongs to no event loop yet" in caplog.text
    memory.llm.unregister(sync_client)


Way = Callable[[dict[str, Any], ChatServer, Any, Hold], Awaitable[Any]]


async def _sync_sync(config: dict[str, Any], chats: ChatServer, client: Any, hold: Hold) -> Any:
    def run() -> Any:
        with Memory(config) as memory:
            memory._attendance._recall_texts = hold.hold  # type: ignore[method-assign]
            memory.llm.recall_budget = 0.01
            memory.llm.register(client).attribution("u")
            reply = client.chat.completions.create(**QUESTION)
            hold.free.set()
            return reply

    return await asyncio.to_thread(run)


async def _async_sync(config: dict[str, Any], chats: ChatServer, client: Any, hold: Hold) -> Any:
    async with AsyncMemory(config) as memory:
        memory._attendance._recall_texts = hold.async_hold  # type: ignore[method-assign]
        memory.llm.recall_budget = 0.01
        memory.llm.register(client).attribution("u")
        reply = await asyncio.to_thread(client.chat.completions.create, **QUESTION)
        hold.free.set()
        return reply


async def _async_async(config: dict[str, Any], chats: ChatServer, _: Any, hold: Hold) -> Any:
    async with AsyncMemory(config) as memory, async_client(chats) as client:
        memory._attendance._recall_texts = hold.async_hold  # type: ignore[method-assign]
        memory.llm.recall_budget = 0.01
        memory.llm.register(client).attribution("u")
        reply = await client.chat.completions.create(**QUESTION)
        hold.free.set()
        return reply


async def _sync_async(config: dict[str, Any], chats: ChatServer, _: Any, hold: Hold) -> Any:
    memory = await asyncio.to_thread(Memory, config)
    async with async_client(chats) as client:
        memory._attendance._recall_texts = hold.hold  # type: ignore[method-assign]
        memory.llm.recall_budget = 0.01
        memory.llm.register(client).attribution("u")
        reply = await client.chat.completions.create(**QUESTION)
        hold.free.set()
    await asyncio.to_thread(memory.close)
    return reply


@pytest.mark.parametrize("way", [_sync_sync, _async_sync, _async_async, _sync_async])
async def test_a_slow_memory_costs_no_more_than_the_budget(
    way: Way, config: dict[str, Any], chats: ChatServer, sync_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    # The memory recalls nothing before the reply is there, so the reply cannot have waited for it.
    reply = await way(config, chats, sync_client, Hold())
    assert reply.choices[0].message.content == "You said: What is my dog called?"
    assert chats.heard[0].system == ""
    assert "recalling took more than 0.01 s" in caplog.text


async def test_a_cancelled_call_is_cancelled(config: dict[str, Any], chats: ChatServer) -> None:
    chats.hold_after = 0
    async with AsyncMemory(config) as memory, async_client(chats) as client:
        memory.llm.register(client).attribution("u")
        hold = Hold()
        memory._attendance._recall_texts = hold.async_hold  # type: ignore[method-assign]
        memory.llm.recall_budget = 60.0
        call = asyncio.create_task(client.chat.completions.create(**QUESTION))
        assert await asyncio.to_thread(hold.begun.wait, 60)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        hold.free.set()
        assert chats.heard == []


def test_each_thread_and_each_copied_context_has_a_speaker_of_its_own(config: dict[str, Any]) -> None:
    memory = Memory(config).attribution("ada").set_session("hers")
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(memory.session_id))
    thread.start()
    thread.join()
    copied = contextvars.copy_context()
    copied.run(lambda: found.append(memory.session_id))
    copied.run(lambda: memory.attribution("ben"))
    copied.run(lambda: found.append(memory.session_id))
    assert found == [None, "hers", None]
    assert memory.session_id == "hers"


_SCRIPT = """
import atexit, sys
from powermem import Memory
memory = Memory({"vector_store": {"provider": "sqlite", "config": {"database_path": sys.argv[1]}},
                 "embedder": {"provider": "mock"}, "llm": {"provider": "none"}})
memory.initialize()
atexit.register(print, "ending", flush=True)

def reply(messages):
    print("asked", flush=True)
    sys.stdin.readline()
    return "Nice"

memory.attribution("u").wrap(reply)("I live in Rome")
"""


def test_a_process_that_ends_without_closing_loses_nothing(config: dict[str, Any]) -> None:
    path = config["vector_store"]["config"]["database_path"]
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", _SCRIPT, path]
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "asked\n"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            # The reply cannot be stored before the end of the process has begun.
            other.execute("BEGIN IMMEDIATE")
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ending\n"
            other.execute("ROLLBACK")
        _, told = process.communicate(timeout=120)
        # On a slow machine it says that storing takes long, and no more.
        assert [line for line in told.splitlines() if "takes long" not in line] == []
    with Memory(config) as memory:
        store: Any = memory._access.open().store
        turns = store.scan_turns(Scope(user_id="u"), 0, 10)
        assert [turn.content for turn in turns] == ["I live in Rome", "Nice"]
