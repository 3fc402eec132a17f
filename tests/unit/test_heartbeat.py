"""How long the event loop is ever held while it is busy with memories.

The bound on the time that passes is wide, since a shared machine may hold any process. The bound on what the
loop's own thread computes in one go is not, since that does not depend on others. Both are printed.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.sqlite import AsyncSQLiteStore
from powermem.types import EmbedderIdentity, Scope
from tests.apiserver import ApiServer
from tests.filling import fill, random_texts, random_vectors
from tests.scripted import openai_embedder

MOST = 0.1
"""Seconds that may pass between two beats."""
_TICK = 0.001
_ATTEMPTS = 3


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


async def measure(what: str, busiest: float, work: Callable[[int], Awaitable[Any]]) -> Heartbeat:
    """Measure a piece of work, again when the machine was busy with other things; return the best.

    Args:
        what: names the work.
        busiest: seconds that the loop's thread may compute in one go.
        work: gets the number of the attempt.
    """
    hearts = []
    for attempt in range(_ATTEMPTS):
        hearts.append(await _measure(what, partial(work, attempt)))
        if hearts[-1].longest < MOST and hearts[-1].busiest < busiest:
            break
    return min(hearts, key=lambda heart: (heart.longest >= MOST, heart.busiest))


async def _measure(what: str, work: Callable[[], Awaitable[Any]]) -> Heartbeat:
    heart = Heartbeat()
    task = asyncio.create_task(heart.beat())
    started = time.perf_counter()
    try:
        await work()
        # One more beat, so that what held the loop last counts.
        heart.next.clear()
        await heart.next.wait()
        return heart
    finally:
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


async def hold(attempt: int) -> None:
    await asyncio.sleep(0.005)
    _block(0.03)


def _block(seconds: float) -> None:
    time.sleep(seconds)


async def test_the_heartbeat_notices_what_holds_the_loop() -> None:
    heart = await measure("a blocking call of 30 ms", MOST, hold)
    assert heart.longest > 0.025


async def test_two_hundred_adds_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    api.delays["embed"] = 0.02
    config["embedder"] = openai_embedder(api)
    async with AsyncMemory(config) as memory:
        await memory.add("Warm up", user_id="u", infer=False)
        assert memory._parts is not None
        store = memory._parts.store
        assert isinstance(store, AsyncSQLiteStore)

        async def add(attempt: int) -> None:
            requests, commits = len(api.of("embed")), store.commits
            texts = random_texts(200, seed=attempt)
            await asyncio.gather(*(memory.add(text, user_id="u", infer=False) for text in texts))
            assert await memory.count() == 1 + 200 * (attempt + 1)
            assert len(api.of("embed")) - requests <= 20
            assert store.commits - commits <= 20

        heart = await measure("200 adds with an embedding endpoint of 20 ms", 0.015, add)
    assert heart.longest < MOST
    assert heart.busiest < 0.015


async def test_many_long_conversations_at_once(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:

        async def add(attempt: int) -> None:
            talks = [random_texts(10, words=60, seed=1000 * attempt + number) for number in range(100)]
            await asyncio.gather(*(memory.add(turns, user_id="u", infer=False) for turns in talks))
            assert await memory.count() == 1000 * (attempt + 1)

        heart = await measure("100 adds of 10 messages", MOST / 2, add)
    assert heart.longest < MOST
    assert heart.busiest < MOST / 2


async def test_many_conversations_read_by_rules(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    turns = [
        "I moved to Porto yesterday.",
        "Nice!",
        "My sister Ana is a nurse, and I love chess and jazz.",
    ] * 4
    async with AsyncMemory(config) as memory:

        async def add(attempt: int) -> None:
            users = [f"u{attempt}-{number}" for number in range(50)]
            await asyncio.gather(*(memory.add(turns, user_id=user) for user in users))
            assert await memory.count() >= 100 * (attempt + 1)

        heart = await measure("50 conversations read by rules", MOST / 2, add)
    assert heart.longest < MOST
    assert heart.busiest < MOST / 2


async def test_sixty_four_searches_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    texts = random_texts(10_000)
    asked = texts[: 64 * 100 : 100]
    fill(
        config["vector_store"]["config"]["database_path"],
        texts,
        random_vectors(len(texts)),
        [Scope("u")],
        EmbedderIdentity("openai", "scripted", 384),
    )

    async def search(memory: AsyncMemory, attempt: int) -> None:
        answers = await asyncio.gather(*(memory.search(text, user_id="u", limit=10) for text in asked))
        assert [answer["results"][0]["memory"] for answer in answers] == asked

    async def open_and_search(attempt: int) -> None:
        async with AsyncMemory(config) as memory:
            (hit,) = (await memory.search(texts[5000], user_id="u", limit=1))["results"]
            assert hit["memory"] == texts[5000]

    first = await measure("opening 10,000 memories and searching them", 0.01, open_and_search)
    async with AsyncMemory(config) as memory:
        await memory.search(texts[0], user_id="u")
        heart = await measure("64 searches over 10,000 memories", 0.01, partial(search, memory))
    assert max(first.longest, heart.longest) < MOST
    assert max(first.busiest, heart.busiest) < 0.01
