"""Adding 200 memories, 64 at once, with an embedding model that takes 20 ms."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from powermem import AsyncMemory, Memory
from powermem._async.stores.sqlite import AsyncSQLiteStore
from powermem._sync.stores.sqlite import SQLiteStore

from . import corpus
from .endpoint import Served, serving
from .floors import AsyncBare, RawTables, at_once
from .measure import Heartbeat, interleave
from .report import Figure, figure

ADDS, AT_ONCE, DELAY_MS = 200, 64, 20.0


@dataclass(frozen=True, slots=True)
class _Outcome:
    seconds: float
    requests: int = 0
    commits: int = 0
    stall: float = 0.0


class _Gathered:
    """One fresh file for every round of every contender."""

    def __init__(self, folder: Path, served: Served) -> None:
        self._folder = folder
        self._served = served
        self._numbers = count(1)

    def _round(self) -> tuple[list[str], Path]:
        number = next(self._numbers)
        return corpus.texts(ADDS, seed=number), self._folder / f"{number}.db"

    def in_tasks(self) -> _Outcome:
        return asyncio.run(self._in_tasks())

    async def _in_tasks(self) -> _Outcome:
        texts, path = self._round()
        async with AsyncMemory(corpus.config(path, self._served.url)) as memory:
            # A connection is open then, and the embedder known.
            await memory.add("first of all", user_id="ana", infer=False)
            components = memory._access.components
            assert components
            store = components.store
            assert isinstance(store, AsyncSQLiteStore)
            before, commits = self._served.counts(), store.commits
            calls = [partial(memory.add, text, user_id="ana", infer=False) for text in texts]
            async with Heartbeat() as heartbeat:
                started = time.perf_counter()
                await at_once(calls, AT_ONCE)
                took = time.perf_counter() - started
            requests = self._served.counts().since(before).embed
            return _Outcome(took, requests, store.commits - commits, heartbeat.longest)

    def in_threads(self) -> _Outcome:
        texts, path = self._round()
        with Memory(corpus.config(path, self._served.url)) as memory, ThreadPoolExecutor(AT_ONCE) as threads:
            memory.add("first of all", user_id="ana", infer=False)
            components = memory._access.components
            assert components
            store = components.store
            assert isinstance(store, SQLiteStore)
            before, commits = self._served.counts(), store.commits
            started = time.perf_counter()
            list(threads.map(lambda text: memory.add(text, user_id="ana", infer=False), texts))
            took = time.perf_counter() - started
            requests = self._served.counts().since(before).embed
            return _Outcome(took, requests, store.commits - commits)

    def floor(self) -> _Outcome:
        return asyncio.run(self._floor())

    async def _floor(self) -> _Outcome:
        """Embed in as many turns as 64 at once need, one request each, and commit each once."""
        texts, path = self._round()
        bare, table = AsyncBare(self._served.url), RawTables(path)
        await bare.embed(["first of all"])
        async with Heartbeat() as heartbeat:
            started = time.perf_counter()
            for first in range(0, ADDS, AT_ONCE):
                part = texts[first : first + AT_ONCE]
                table.write(part, await bare.embed(part))
            took = time.perf_counter() - started
        await bare.close()
        table.close()
        return _Outcome(took, stall=heartbeat.longest)


def run(options: argparse.Namespace) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, serving(embed_delay_ms=DELAY_MS) as served:
        gathered = _Gathered(Path(folder), served)
        contenders = {
            "tasks": gathered.in_tasks,
            "threads": gathered.in_threads,
            "floor": gathered.floor,
        }
        for contender in contenders.values():
            contender()
        found = interleave(options.rounds, contenders)
    tasks, threads, floor = found["tasks"], found["threads"], found["floor"]
    what = f"{ADDS} adds, {AT_ONCE} at once, {DELAY_MS:.0f} ms embedding"
    times = [one.seconds * 1000 for one in floor]
    beside = f"{-(-ADDS // AT_ONCE)} requests one after the other, each committed once"
    stalls = [one.stall * 1000 for one in tasks]
    return [
        figure(
            f"{what}: wall time, async",
            [one.seconds * 1000 for one in tasks],
            "ms",
            floor=times,
            beside=beside,
            target="at most 100",
        ),
        figure("the same: requests", [one.requests for one in tasks], "requests", target="at most 20"),
        figure("the same: commits", [one.commits for one in tasks], "commits", target="at most 20"),
        figure(
            "the same: longest stall of the loop",
            stalls,
            "ms",
            note=f"worst round {max(stalls):.1f}",
            floor=statistics.median(one.stall * 1000 for one in floor),
            beside="longest stall meanwhile",
            target="under 10",
        ),
        figure(
            f"{what}: wall time, sync, {AT_ONCE} threads",
            [one.seconds * 1000 for one in threads],
            "ms",
            floor=times,
            beside=beside,
        ),
        figure("the same: requests", [one.requests for one in threads], "requests"),
        figure("the same: commits", [one.commits for one in threads], "commits"),
    ]
