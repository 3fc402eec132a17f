"""How long the event loop is ever held while it is busy with memories.

The bound on the time that passes is wide, since a shared machine may hold any process. The bound on what the
loop's own thread computes in one go is not, since that does not depend on others. Both are printed.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem.types import EmbedderIdentity, Scope
from tests.apiserver import ApiServer
from tests.filling import fill, random_texts, random_vectors
from tests.scripted import openai_embedder

MOST = 0.1
"""Seconds that may pass between two beats."""
_TICK = 0.001


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


class Heartbeat:
    """Sleeps for a millisecond again and again, and remembers by how much a sleep was ever too long.

    Attributes:
        longest: seconds.
        busiest: seconds of processor time that the loop's thread took between two beats at most.
        beats: how often it slept.
        next: is set with every beat.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.busiest = 0.0
        self.beats = 0
        self.next = asyncio.Event()

    async def beat(self) -> None:
        while True:
            before, computed = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - before - _TICK)
            self.busiest = max(self.busiest, time.thread_time() - computed)
            self.beats += 1
            self.next.set()


@asynccontextmanager
async def heartbeat(what: str) -> AsyncIterator[Heartbeat]:
    heart = Heartbeat()
    task = asyncio.create_task(heart.beat())
    started = time.perf_counter()
    try:
        yield heart
    finally:
        # One more beat, so that what held the loop last counts.
        heart.next.clear()
        await heart.next.wait()
        task.cancel()
        seconds = time.perf_counter() - started
        held, busy = heart.longest * 1000, heart.busiest * 1000
        print(f"{what}: held for {held:.1f} ms at most, computing {busy:.1f} ms; {seconds:.2f} s in all")


@pytest.fixture(autouse=True)
def quiet_collector() -> Iterator[None]:
    """What other tests left behind is not collected while the time is taken."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def hold(seconds: float) -> None:
    time.sleep(seconds)


async def test_the_heartbeat_notices_what_holds_the_loop() -> None:
    async with heartbeat("a blocking call of 30 ms") as heart:
        await asyncio.sleep(0.005)
        hold(0.03)
    assert heart.longest > 0.025


async def test_two_hundred_adds_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    api.delays["embed"] = 0.02
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("Warm up", user_id="u", infer=False)
        requests, commits = len(api.of("embed")), memory._parts.store.commits
        texts = random_texts(200)
        async with heartbeat("200 adds with an embedding endpoint of 20 ms") as heart:
            await asyncio.gather(*(memory.add(text, user_id="u", infer=False) for text in texts))
        assert await memory.count() == 201
        assert len(api.of("embed")) - requests <= 20
        assert memory._parts.store.commits - commits <= 20
    assert heart.longest < MOST
    assert heart.busiest < 0.015


async def test_two_hundred_adds_of_long_conversations(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        conversations = [random_texts(10, words=60, seed=number) for number in range(200)]
        async with heartbeat("200 adds of 10 messages") as heart:
            await asyncio.gather(*(memory.add(turns, user_id="u", infer=False) for turns in conversations))
        assert await memory.count() == 2000
    assert heart.longest < MOST


async def test_two_hundred_conversations_read_by_rules(config: dict[str, Any]) -> None:
    turns = [
        "I moved to Porto yesterday.",
        "Nice!",
        "My sister Ana is a nurse, and I love chess and jazz.",
    ] * 4
    config["embedder"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        async with heartbeat("200 conversations read by rules") as heart:
            await asyncio.gather(*(memory.add(turns, user_id=f"u{number}") for number in range(200)))
        assert await memory.count() >= 400
    assert heart.longest < MOST


async def test_sixty_four_searches_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    texts = random_texts(10_000)
    fill(
        config["vector_store"]["config"]["database_path"],
        texts,
        random_vectors(len(texts)),
        [Scope("u")],
        EmbedderIdentity("openai", "scripted", 384),
    )
    async with AsyncMemory(config) as memory:
        async with heartbeat("the first search over 10,000 memories") as first:
            (hit,) = (await memory.search(texts[5000], user_id="u", limit=1))["results"]
        assert hit["memory"] == texts[5000]
        async with heartbeat("64 searches over 10,000 memories") as heart:
            answers = await asyncio.gather(
                *(memory.search(text, user_id="u", limit=10) for text in texts[: 64 * 100 : 100])
            )
        assert [answer["results"][0]["memory"] for answer in answers] == texts[: 64 * 100 : 100]
    assert max(first.longest, heart.longest) < MOST
    assert max(first.busiest, heart.busiest) < 0.01
