"""An AsyncMemory and the event loops around it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from httpcore._backends.sync import SyncStream

from powermem import AsyncMemory, ClosedError, Memory
from powermem._async.retrieval import search as async_search
from powermem._concurrency.batcher import _Call
from powermem._concurrency.threads import ThreadPool
from powermem._drivers._http import _Inbox
from powermem._sync.retrieval import search as sync_search
from tests.support.apiserver import ApiServer


def test_constructed_outside_a_loop_it_works_inside_one(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)

    async def use() -> int:
        async with memory:
            await memory.add("I like tea", user_id="u")
            return await memory.count()

    assert asyncio.run(use()) == 1


def test_a_second_event_loop_is_refused(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    first = asyncio.new_event_loop()
    second = asyncio.new_event_loop()
    try:
        first.run_until_complete(memory.add("I like tea", user_id="u"))
        for call in (memory.count, memory.initialize, memory.close, lambda: memory.search("tea")):
            with pytest.raises(ClosedError, match="another event loop, which is still open"):
                second.run_until_complete(call())
        # The first loop's memory took no harm.
        assert first.run_until_complete(memory.count()) == 1
        first.run_until_complete(memory.close())
    finally:
        first.close()
        second.close()


def test_the_loop_that_is_over_is_named_as_such(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)

    async def open_only() -> None:
        await memory.initialize()

    async def count() -> int:
        return await memory.count()

    asyncio.run(open_only())
    with pytest.raises(ClosedError, match="another event loop, which is closed"):
        asyncio.run(count())
    # The event loop has closed it at its own end.
    assert memory._access.components is None


def test_another_memory_in_the_second_loop_works(config: dict[str, Any]) -> None:
    async def use(text: str) -> int:
        async with AsyncMemory(config) as memory:
            await memory.add(text, user_id="u", infer=False)
            return await memory.count()

    assert [asyncio.run(use("tea")), asyncio.run(use("coffee"))] == [1, 2]


@pytest.mark.stores
def test_loops_and_threads_write_to_one_store_at_once(config: dict[str, Any]) -> None:
    together = threading.Barrier(4)

    async def write(name: str) -> list[int]:
        async with AsyncMemory(config) as memory:
            await asyncio.to_thread(together.wait, 120)
            calls = [memory.add(f"{name} {number}", user_id=name, infer=False) for number in range(10)]
            results = await asyncio.gather(*calls, memory.add("The same", user_id="u", infer=False))
            return [event["id"] for result in results[:10] for event in result["results"]]

    def write_sync(name: str) -> list[int]:
        with Memory(config) as memory:
            together.wait(120)
            memory.add("The same", user_id="u", infer=False)
            results = [memory.add(f"{name} {number}", user_id=name, infer=False) for number in range(10)]
            return [event["id"] for result in results for event in result["results"]]

    with ThreadPoolExecutor(4) as threads:
        loops = [threads.submit(asyncio.run, write(name)) for name in ("one", "two")]
        plain = [threads.submit(write_sync, name) for name in ("three", "four")]
        ids = [memory_id for done in (*loops, *plain) for memory_id in done.result()]
    assert len(set(ids)) == 40
    with Memory(config) as memory:
        assert memory.users() == ["four", "one", "three", "two", "u"]
        assert memory.count(user_id="u") == 1
        assert {item["id"] for item in memory.get_all(filters={"user_id": {"ne": "u"}})["results"]} == set(
            ids
        )


def test_the_end_of_one_loop_leaves_the_other_alone(config: dict[str, Any]) -> None:
    async def use(text: str, over: threading.Event, other: threading.Event) -> int:
        async with AsyncMemory(config) as memory:
            await memory.add(text, user_id="u", infer=False)
            if text == "tea":
                # Goes on when the other loop is over.
                await asyncio.to_thread(other.wait, 120)
                await memory.add("more tea", user_id="u", infer=False)
            return await memory.count()

    def run(text: str, over: threading.Event, other: threading.Event) -> int:
        try:
            return asyncio.run(use(text, over, other))
        finally:
            over.set()

    first, second = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as threads:
        tea = threads.submit(run, "tea", first, second)
        coffee = threads.submit(run, "coffee", second, first)
        assert coffee.result() in (1, 2)
        assert tea.result() == 3


def test_a_task_waited_for_from_another_loop_is_refused(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    first = asyncio.new_event_loop()
    try:

        async def begin() -> Any:
            await memory.add_message("u", "user", "I like tea")
            return memory.process_async("u")

        task = first.run_until_complete(begin())
        assert first.run_until_complete(task.wait(120)) == 1
        first.run_until_complete(memory.close())
    finally:
        first.close()
    # It is over, so nothing has to be waited for.
    assert asyncio.run(task.wait(1)) == 1


@pytest.fixture
def steps(config: dict[str, Any], api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a search does, from here on, with an embedder that answers over HTTP."""
    settings = {"openai_base_url": api.url, "api_key": "k", "model": "m"}
    config["embedder"] = {"provider": "openai", "config": settings}
    steps: list[str] = []

    def noted(owner: Any, name: str, step: str) -> None:
        function = getattr(owner, name)

        def note(*args: Any, **kwargs: Any) -> Any:
            steps.append(step)
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, note)

    noted(async_search, "read", "question")
    noted(sync_search, "read", "question")
    noted(_Inbox, "arrival", "request sent")
    noted(_Inbox, "data_received", "reply")
    noted(SyncStream, "write", "request sent")
    noted(SyncStream, "read", "reply")
    submit = ThreadPool.submit

    def submit_noted(pool: ThreadPool, call: Any) -> bool:
        # Not what goes on in the background, such as copying the log into the file.
        if isinstance(call, _Call) or (isinstance(call, partial) and call.func.__name__ == "_run_batches"):
            steps.append("batch")
        return submit(pool, call)

    monkeypatch.setattr(ThreadPool, "submit", submit_noted)
    return steps


def check_steps(steps: list[str], batches: int) -> None:
    assert steps.index("request sent") < steps.index("question") < steps.index("reply")
    assert (steps.count("question"), steps.count("batch")) == (1, batches)


async def test_a_question_is_read_while_the_embedder_answers_and_one_thread_answers_it(
    config: dict[str, Any], steps: list[str]
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add(["I live in Rome.", "I like tea."], user_id="ana", infer=False)
        await memory.search("Where was that?", user_id="ana")
        steps.clear()
        found = await memory.search("Where does she live?", user_id="ana")
        check_steps(steps, batches=1)
    assert len(found["results"]) == 2


def test_so_it_is_by_the_thread_that_waits_for_the_embedder(config: dict[str, Any], steps: list[str]) -> None:
    with Memory(config) as memory:
        memory.add(["I live in Rome.", "I like tea."], user_id="ana", infer=False)
        memory.search("Where was that?", user_id="ana")
        steps.clear()
        found = memory.search("Where does she live?", user_id="ana")
        check_steps(steps, batches=2)
    assert len(found["results"]) == 2
