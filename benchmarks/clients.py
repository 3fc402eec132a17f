"""What a memory adds to a call of a language model: to a whole reply, and to the first word of a stream.

Needs the package ``openai``. There are 10,000 memories, of one user or of a hundred; the vectors cost next to
nothing. A last measurement makes 5,000 calls, to see whether anything grows, and compares a memory for each
request with one memory for all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermem import AsyncMemory, Memory

from . import corpus
from .measure import ROOT, in_fresh_process, run_as_child
from .reopening import resident
from .report import Figure, figure

ROWS = 10_000
CROWD = 100
_CALLS = 40
_STEADY = 5000
# Until here caches fill, and everything is used once.
_WARM = 1000
# Seconds between two new streams; a hundred are under way then.
_APART = 0.02
_REQUESTS = 200
_AT_ONCE = 16

Samples = dict[str, list[float]]


def run(options: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, chatting() as url:
        for users in (1, CROWD):
            asyncio.run(_fill(folder, users))
        figures = []
        for colour in ("async", "sync"):
            samples: Samples = in_fresh_process(
                "benchmarks.clients", what=colour, folder=folder, url=url, rounds=options.rounds
            )
            figures += [
                figure(
                    f"one chat call, {ROWS:,} memories, {colour}",
                    samples["attended"],
                    "ms",
                    floor=samples["bare"],
                    beside="the bare client",
                ),
                figure(f"of that, added by the memory, {colour}", samples["added"], "ms", target="under 5"),
            ]
        for users in (1, CROWD):
            for what, how in (("flow", f"one each {_APART * 1000:.0f} ms"), ("burst", "all at one moment")):
                crowd: Samples = in_fresh_process(
                    "benchmarks.clients",
                    what=what,
                    folder=folder,
                    url=url,
                    rounds=options.rounds,
                    users=users,
                )
                whose = "one user" if users == 1 else f"{users} users with {ROWS // users} memories each"
                figures += [
                    figure(
                        f"first word of {CROWD} streams of {whose}, {how}, p95 of each round",
                        crowd["attended"],
                        "ms",
                        floor=crowd["bare"],
                        beside="the bare client",
                    ),
                    figure("of that, added by the memory", crowd["added"], "ms", target="under 20"),
                ]
    with tempfile.TemporaryDirectory() as folder, chatting("0") as url:
        asyncio.run(_fill(folder, 1))
        grown: Samples = in_fresh_process(
            "benchmarks.clients", what="steady", folder=folder, url=url, rounds=1
        )
        after = f"after {_STEADY:,} calls, more than after {_WARM:,}"
        figures += [
            figure(f"memory of the process {after}", grown["mib"], "MiB", target="0"),
            figure(f"open files and connections {after}", grown["files"], "", target="0"),
        ]
        requests: Samples = in_fresh_process(
            "benchmarks.clients", what="requests", folder=folder, url=url, rounds=options.rounds
        )
        figures.append(
            figure(
                f"{_AT_ONCE} requests at once, a memory and a registered client for each",
                requests["own"],
                "/s",
                floor=requests["shared"],
                beside="one memory, and a registered client for each",
                target="0.9 of the floor",
            )
        )
    return figures


@contextlib.contextmanager
def chatting(pause: str = "0.2") -> Iterator[str]:
    """Run a server that chats in a process of its own; with this pause its streams take about two seconds."""
    command = [sys.executable, str(ROOT / "tests" / "support" / "chatserver.py"), pause]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.kill()


def _config(folder: str, users: int = 1) -> dict[str, Any]:
    path = Path(folder) / f"{users}.db"
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


async def _fill(folder: str, users: int) -> None:
    said = [
        {"messages": text, "user_id": corpus.user(number % users)}
        for number, text in enumerate(corpus.texts(ROWS, 1))
    ]
    async with AsyncMemory(_config(folder, users)) as memory:
        await memory.add_many(said, infer=False, concurrency=64, batch_size=500)


def _question(text: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


def _samples(bare: list[float], attended: list[float]) -> Samples:
    pairs = zip(attended, bare, strict=True)
    return {"bare": bare, "attended": attended, "added": [ours - theirs for ours, theirs in pairs]}


async def _measure_async(folder: str, url: str, rounds: int) -> Samples:
    from openai import AsyncOpenAI

    async def timed(client: Any, text: str) -> float:
        begun = time.perf_counter()
        await client.chat.completions.create(**_question(text))
        return (time.perf_counter() - begun) * 1000

    bare, attended = [], []
    async with (
        AsyncMemory(_config(folder)) as memory,
        AsyncOpenAI(base_url=url, api_key="k") as plain,
        AsyncOpenAI(base_url=url, api_key="k") as watched,
    ):
        memory.llm.register(watched).attribution(corpus.user(0))
        for text in corpus.queries(_CALLS * rounds, 2):
            bare.append(await timed(plain, text))
            attended.append(await timed(watched, text))
            # Learning is work of its own, in the time in which somebody reads the reply.
            await memory.augmentation.wait()
    return _samples(bare, attended)


def _measure_sync(folder: str, url: str, rounds: int) -> Samples:
    from openai import OpenAI

    def timed(client: Any, text: str) -> float:
        begun = time.perf_counter()
        client.chat.completions.create(**_question(text))
        return (time.perf_counter() - begun) * 1000

    bare, attended = [], []
    with (
        Memory(_config(folder)) as memory,
        OpenAI(base_url=url, api_key="k") as plain,
        OpenAI(base_url=url, api_key="k") as watched,
    ):
        memory.llm.register(watched).attribution(corpus.user(0))
        for text in corpus.queries(_CALLS * rounds, 2):
            bare.append(timed(plain, text))
            attended.append(timed(watched, text))
            memory.augmentation.wait()
    return _samples(bare, attended)


async def _measure_crowd(folder: str, url: str, rounds: int, apart: float, users: int) -> Samples:
    from openai import AsyncOpenAI

    bare, attended = [], []
    async with (
        AsyncMemory(_config(folder, users)) as memory,
        AsyncOpenAI(base_url=url, api_key="k") as plain,
        AsyncOpenAI(base_url=url, api_key="k") as watched,
    ):

        async def first(client: Any, place: int, text: str) -> float:
            await asyncio.sleep(place * apart)
            memory.attribution(corpus.user(place % users))
            begun = time.perf_counter()
            stream = await client.chat.completions.create(**_question(text), stream=True)
            delay = 0.0
            async for _ in stream:
                delay = delay or (time.perf_counter() - begun) * 1000
            return delay

        async def crowd(client: Any, texts: list[str]) -> float:
            delays = await asyncio.gather(*(first(client, place, text) for place, text in enumerate(texts)))
            return statistics.quantiles(delays, n=20)[-1]

        memory.llm.register(watched)
        # Past the budget there would be nothing to measure.
        memory.llm.recall_budget = 60.0
        # What each user has is read once.
        await crowd(watched, corpus.queries(CROWD, rounds))
        for number in range(rounds):
            texts = corpus.queries(CROWD, number)
            bare.append(await crowd(plain, texts))
            attended.append(await crowd(watched, texts))
            await memory.augmentation.wait()
    return _samples(bare, attended)


async def _measure_steady(folder: str, url: str) -> Samples:
    from openai import AsyncOpenAI

    def state() -> tuple[float, int]:
        gc.collect()
        return resident(), len(os.listdir("/proc/self/fd"))

    questions = corpus.queries(100, 1)
    before: tuple[float, int] = (0.0, 0)
    async with AsyncMemory(_config(folder)) as memory, AsyncOpenAI(base_url=url, api_key="k") as client:
        memory.llm.register(client).attribution(corpus.user(0))
        for number in range(_STEADY):
            if number == _WARM:
                before = state()
            asked = _question(questions[number % len(questions)])
            if number % 2:
                await client.chat.completions.create(**asked)
            else:
                async for _ in await client.chat.completions.create(**asked, stream=True):
                    pass
            if number % 100 == 0:
                await memory.augmentation.wait()
        await memory.augmentation.wait()
        after = state()
    return {"mib": [after[0] - before[0]], "files": [after[1] - before[1]]}


async def _measure_requests(folder: str, url: str, rounds: int) -> Samples:
    import httpx
    from openai import AsyncOpenAI

    async with httpx.AsyncClient() as http, AsyncMemory(_config(folder)) as shared:

        async def answer(text: str, memory: AsyncMemory) -> None:
            client = AsyncOpenAI(base_url=url, api_key="k", http_client=http)
            # Past the budget there would be nothing to measure.
            memory.llm.recall_budget = 60.0
            memory.llm.register(client).attribution(corpus.user(0))
            await client.chat.completions.create(**_question(text))

        async def rate(texts: list[str], own: bool) -> float:
            at_once = asyncio.Semaphore(_AT_ONCE)

            # As a web server does, each in a context of its own.
            async def serve(text: str) -> None:
                async with at_once:
                    await answer(text, AsyncMemory(_config(folder)) if own else shared)

            begun = time.perf_counter()
            await asyncio.gather(*(serve(text) for text in texts))
            took = time.perf_counter() - begun
            await shared.augmentation.wait()
            return len(texts) / took

        rates: Samples = {"own": [], "shared": []}
        await rate(corpus.queries(_REQUESTS, rounds), own=True)
        for number in range(rounds):
            texts = corpus.queries(_REQUESTS, number)
            for name in ("shared", "own") if number % 2 else ("own", "shared"):
                rates[name].append(await rate(texts, own=name == "own"))
        return rates


def measure(what: str, folder: str, url: str, rounds: int, users: int = 1) -> Samples:
    if what == "sync":
        return _measure_sync(folder, url, rounds)
    if what == "async":
        return asyncio.run(_measure_async(folder, url, rounds))
    if what == "steady":
        return asyncio.run(_measure_steady(folder, url))
    if what == "requests":
        return asyncio.run(_measure_requests(folder, url, rounds))
    return asyncio.run(_measure_crowd(folder, url, rounds, _APART if what == "flow" else 0.0, users))


if __name__ == "__main__":
    run_as_child(measure)
