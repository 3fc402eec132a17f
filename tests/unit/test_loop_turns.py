"""How much is done on the event loop between two of its turns.

Seconds say as much about the machine as about the code, so function calls are counted instead: those of the
loop's thread, between two moments at which the loop looks for what is ready. The bounds are about twice
what was counted. How long the loop is held is measured in ``benchmarks/``.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.sqlite import AsyncSQLiteStore
from powermem._concurrency import AsyncMeanwhile, AsyncSemaphore
from powermem._core.values import EmbedderIdentity, Scope
from tests.support.apiserver import ApiServer
from tests.support.filling import fill, random_texts, random_vectors
from tests.support.scripted import ScriptedModel, fact, openai_embedder, openai_llm

# What reads every row of a partition; it belongs on a thread.
_HEAVY = ("ranking/search.py", "ranking/postings.py", "ranking/codes.py", "ranking/bm25.py")


class Turns:
    """Counts the function calls of this thread between two turns of an event loop.

    Attributes:
        most: calls between two turns, at most.
        number: turns that have ended.
        calls: calls in all of them.
        files: the files of the package that ran on this thread, and how many of their functions were called.
    """

    def __init__(self) -> None:
        self.most = 0
        self.number = 0
        self.calls = 0
        self.files: dict[str, int] = {}
        self._now = 0

    def end(self) -> None:
        """End a turn."""
        self.most = max(self.most, self._now)
        self.number += 1
        self.calls += self._now
        self._now = 0

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            self._now += 1
            name = frame.f_code.co_filename.replace("\\", "/")
            if "/powermem/" in name:
                name = name.rpartition("/powermem/")[2]
                self.files[name] = self.files.get(name, 0) + 1
        elif event == "c_call":
            self._now += 1

    @contextmanager
    def counting(self) -> Iterator[None]:
        self._now = self.number = self.calls = 0
        sys.setprofile(self._count)
        try:
            yield
        finally:
            sys.setprofile(None)
            self.end()


class _Selector(selectors.DefaultSelector):
    """Tells when the loop looks for what is ready, which it does once in each turn."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def select(self, timeout: float | None = None) -> Any:
        self._turns.end()
        return super().select(timeout)


def count(work: Callable[[Turns], Awaitable[None]]) -> None:
    """Run work on a loop whose turns are counted."""
    turns = Turns()
    loop = asyncio.SelectorEventLoop(_Selector(turns))
    try:
        loop.run_until_complete(work(turns))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


def test_the_count_notices_what_holds_the_loop() -> None:
    async def hold(turns: Turns) -> None:
        with turns.counting():
            await asyncio.sleep(0)
            for _ in range(10_000):
                len("")
            await asyncio.sleep(0)
        assert turns.most >= 10_000

    count(hold)


def test_adds_one_after_the_other(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api)
    texts = random_texts(20)

    async def work(turns: Turns) -> None:
        async with AsyncMemory(config) as memory:
            # Their words are known then, and a connection is open.
            await asyncio.gather(*(memory.add(text, user_id="warm up", infer=False) for text in texts))
            assert memory._access.components is not None
            store = memory._access.components.store
            assert isinstance(store, AsyncSQLiteStore)
            requests, commits = len(api.of("embed")), store.commits
            with turns.counting():
                for text in texts:
                    await memory.add(f"{text} {text}", user_id="u", infer=False)
            assert len(api.of("embed")) - requests == store.commits - commits == len(texts)
        # Nine turns on Python 3.12 and later, if every reply arrives as a whole, and 1,500 calls.
        assert turns.number < 16 * len(texts)
        assert turns.calls < 3000 * len(texts)

    count(work)


@pytest.mark.parametrize(("enter", "most"), [("place", 16), ("computing", 10)])
def test_what_surrounds_a_call_takes_few_calls_itself(enter: str, most: int) -> None:
    semaphore, meanwhile = AsyncSemaphore(1), AsyncMeanwhile()

    async def work(turns: Turns) -> None:
        with turns.counting():
            for _ in range(10):
                if enter == "place":
                    async with semaphore.place():
                        pass
                else:
                    with meanwhile.computing(int):
                        pass
        # With generators, of which the event loop has to know if they are asynchronous, twice as many.
        assert turns.calls < 10 * most

    count(work)


def test_two_hundred_adds_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    api.delays["embed"] = 0.02
    config["embedder"] = openai_embedder(api)
    texts = random_texts(200)

    async def work(turns: Turns) -> None:
        async with AsyncMemory(config) as memory:
            await memory.add("Warm up", user_id="u", infer=False)
            assert memory._access.components is not None
            store = memory._access.components.store
            assert isinstance(store, AsyncSQLiteStore)
            requests, commits = len(api.of("embed")), store.commits
            with turns.counting():
                await asyncio.gather(*(memory.add(text, user_id="u", infer=False) for text in texts))
            assert await memory.count() == 201
            assert len(api.of("embed")) - requests <= 20
            assert store.commits - commits <= 20
        assert turns.most < 45_000

    count(work)


def test_many_long_conversations_at_once(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    talks = [random_texts(10, words=60, seed=number) for number in range(100)]

    async def work(turns: Turns) -> None:
        async with AsyncMemory(config) as memory:
            await memory.initialize()
            with turns.counting():
                await asyncio.gather(*(memory.add(turns, user_id="u", infer=False) for turns in talks))
            assert await memory.count() == 1000
        assert turns.most < 110_000

    count(work)


def test_many_conversations_read_by_rules(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    said = [
        "I moved to Porto yesterday.",
        "Nice!",
        "My sister Ana is a nurse, and I love chess and jazz.",
    ] * 4

    async def work(turns: Turns) -> None:
        async with AsyncMemory(config) as memory:
            await memory.add(said, user_id="warm up")
            with turns.counting():
                await asyncio.gather(*(memory.add(said, user_id=f"u{number}") for number in range(50)))
            assert await memory.count() >= 100
        assert not {"rules/sentences.py", "rules/statements.py"} & turns.files.keys()
        assert turns.most < 25_000

    count(work)


def test_fifty_answers_of_a_model_at_once(api: ApiServer, config: dict[str, Any]) -> None:
    api.delays["chat"] = 0.2
    config |= {"llm": openai_llm(api), "embedder": openai_embedder(api)}
    said = "I moved to Porto in May, and I take green tea without milk."
    ScriptedModel(api).always_learns(
        fact("User moved to Porto in May", turn=0), fact("User takes green tea without milk", turn=0)
    )

    async def work(turns: Turns) -> None:
        async with AsyncMemory(config) as memory:
            await memory.add(said, user_id="warm up")
            requests = len(api.of("embed"))
            with turns.counting():
                await asyncio.gather(*(memory.add(said, user_id=f"u{number}") for number in range(50)))
            assert await memory.count() == 102
            assert len(api.of("embed")) - requests <= 10
        assert turns.most < 20_000

    count(work)


def test_sixty_four_searches_at_once(api: ApiServer, config: dict[str, Any]) -> None:
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

    async def work(turns: Turns) -> None:
        # The first memory of a process loads the classes of its configuration.
        created = AsyncMemory(config)
        with turns.counting():
            async with created as memory:
                (hit,) = (await memory.search(texts[5000], user_id="u", limit=1))["results"]
                assert hit["memory"] == texts[5000]
                answers = await asyncio.gather(
                    *(memory.search(text, user_id="u", limit=10) for text in asked)
                )
        assert [answer["results"][0]["memory"] for answer in answers] == asked
        assert not {name: calls for name, calls in turns.files.items() if name.endswith(_HEAVY)}
        assert turns.most < 14_000

    count(work)
