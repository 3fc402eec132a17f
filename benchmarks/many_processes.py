"""Several processes on one store: ``python -m benchmarks scale --processes``.

Each process is a program of its own with its own caches. At the same moment all begin to add a memory and
search three times, for users drawn at random from a hundred that all of them share. Then one process adds and
another searches for it at once: what the first search does not find is stale. At last all of them work on the
tasks of 800 users, which wait in the store.

Nothing may be lost: every memory whose add returned, and each user's task, is counted at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from powermem import AsyncMemory
from powermem._core.changes.writes import AddTask
from powermem._core.ids import new_id
from powermem._core.tasks.task import OPEN, Task, lane_of
from powermem._core.values import Scope
from scripts.servers import Missing, Postgres

from . import corpus
from .many_users import Digest
from .measure import ROOT
from .report import Figure, figure, quantile

COUNTS = (1, 2, 4, 8)
USERS, LANES, SECONDS, TRIALS = 100, 800, 5.0, 100
_SEARCHES = 3
_PATIENCE = 300.0


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--processes",
        type=int,
        nargs="*",
        metavar="N",
        help=f"instead: so many processes at once on one store ({' '.join(map(str, COUNTS))})",
    )


def run(options: argparse.Namespace) -> list[Figure]:
    figures: list[Figure] = []
    for name in options.on or ("sqlite", "postgres"):
        folder = Path(tempfile.mkdtemp(prefix="powermem-processes-"))
        server: Postgres | None = None
        try:
            if name == "postgres":
                Postgres.find()
                server = Postgres()
                server.start()
            alone: dict[str, float] = {}
            for count in options.processes or COUNTS:
                section: dict[str, Any] = {"database_path": str(folder / f"{count}.db")}
                if server is not None:
                    server.create(f"of{count}")
                    section = {**server.config(f"of{count}"), "sslmode": "disable"}
                figures += asyncio.run(_measure(name, {"provider": name, "config": section}, count, alone))
        except Missing as error:
            print(f"{name} is left out: {error}")
        finally:
            if server is not None:
                server.stop()
            shutil.rmtree(folder)
    return figures


class _Process:
    """A program with a memory, which does what it is told line by line."""

    def __init__(self, section: dict[str, Any], number: int) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.many_processes", json.dumps(section), str(number)],
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: str, **arguments: Any) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"what": what, **arguments}) + "\n")
        self._child.stdin.flush()

    def answer(self) -> Any:
        assert self._child.stdout is not None
        return json.loads(self._child.stdout.readline())

    def ask(self, what: str, **arguments: Any) -> Any:
        self.tell(what, **arguments)
        return self.answer()

    def end(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait()


def _all(processes: Sequence[_Process], what: str, **arguments: Any) -> list[Any]:
    for one in processes:
        one.tell(what, **arguments)
    return [one.answer() for one in processes]


async def _measure(name: str, section: dict[str, Any], count: int, alone: dict[str, float]) -> list[Figure]:
    async with AsyncMemory(_config(section)) as memory:
        await memory.add("first", user_id="nobody", infer=False)
        processes = [_Process(section, number) for number in range(count)]
        try:
            _all(processes, "open")
            mixed = _all(processes, "mix", seconds=SECONDS)
            stored = await memory.count()
            stale, delays = _stale(processes) if count > 1 else (0, [0.0])
            await _queue(memory)
            shares, took = await _share_lanes(memory, processes)
        finally:
            for one in processes:
                one.end()
    what = f"{name}, {'1 process' if count == 1 else f'{count} processes'}"
    added = sum(one["added"] for one in mixed)
    rates = {
        "adds": added / SECONDS,
        "searches": sum(one["searched"] for one in mixed) / SECONDS,
        "tasks": LANES / took,
    }
    figures = []
    for kind, rate in rates.items():
        alone.setdefault(kind, rate)
        figures.append(
            figure(
                f"{what}: {kind}",
                [rate],
                "/s",
                floor=alone[kind],
                beside="the first",
                more_is_better=True,
            )
        )
    slow = [took for one in mixed for took in one["adds_ms"]]
    figures += [
        figure(f"{what}: one add, p99", [quantile(slow, 0.99)], "ms"),
        figure(f"{what}: adds that are in the store", [100 * (stored - 1) / added], "%", target="100"),
        figure(
            f"{what}: tasks of the process with the fewest, of an equal share",
            [100 * min(shares) * count / LANES],
            "%",
        ),
        figure(f"{what}: tasks that were done", [100 * sum(shares) / LANES], "%", target="100"),
    ]
    if count > 1:
        figures += [
            figure(
                f"{what}: adds of another process that the next search did not find",
                [100 * stale / TRIALS],
                "%",
                target="0",
            ),
            figure(f"{what}: that search", delays, "ms"),
        ]
    print(*(f"{one.what}: {one.median:.3g} {one.unit}" for one in figures), sep="\n", flush=True)
    return figures


def _stale(processes: Sequence[_Process]) -> tuple[int, list[float]]:
    """Let one process add, and another search at once; return how often nothing was found."""
    missed, delays = 0, []
    for trial in range(TRIALS):
        writer, reader = processes[trial % len(processes)], processes[(trial + 1) % len(processes)]
        text = f"beacon {trial} is lit"
        writer.ask("add", text=text)
        found = reader.ask("find", text=text)
        missed += not found["found"]
        delays.append(found["ms"])
    return missed, delays


async def _queue(memory: AsyncMemory) -> None:
    """Store a waiting message and a task for each of many users."""
    store = (await memory._access.open()).store
    at = time.time_ns() // 1000
    for number in range(LANES):
        scope = Scope(f"lane{number}")
        await memory.add_message(scope.user_id or "", "user", f"I live in town {number}.")
        task = Task(new_id(), lane_of(scope), scope, "process", created_at=at, updated_at=at, due_at=at)
        await store.apply([AddTask(task)])


async def _share_lanes(memory: AsyncMemory, processes: Sequence[_Process]) -> tuple[list[int], float]:
    store = (await memory._access.open()).store
    started = time.perf_counter()
    _all(processes, "work")
    while time.perf_counter() - started < _PATIENCE:
        statistics = await store.queue_statistics()
        if not any(statistics.by_status.get(status, 0) for status in OPEN):
            break
        await asyncio.sleep(0.05)
    took = time.perf_counter() - started
    return [one["tasks"] for one in _all(processes, "rest")], took


def _config(section: dict[str, Any]) -> dict[str, Any]:
    return {
        "vector_store": section,
        "embedder": {
            "provider": "langchain",
            "config": {"model": Digest(), "embedding_dims": Digest.dimension},
        },
        "llm": {"provider": "none"},
        "processing": {"resume": False},
    }


class _Child:
    """What a process does."""

    def __init__(self, memory: AsyncMemory, number: int) -> None:
        self._memory = memory
        self._number = number
        self._tasks = 0

    async def open(self) -> Any:
        await self._memory.count(user_id="nobody")
        return {}

    async def mix(self, seconds: float) -> Any:
        draw = random.Random(self._number)
        texts = iter(corpus.texts(20_000, seed=self._number + 1))
        queries = iter(corpus.queries(2_000, seed=self._number + 1) * 30)
        adds: list[float] = []
        searched = 0
        end = time.perf_counter() + seconds
        while (started := time.perf_counter()) < end:
            text = f"{next(texts)} p{self._number}"
            await self._memory.add(text, user_id=corpus.user(draw.randrange(USERS)), infer=False)
            adds.append((time.perf_counter() - started) * 1000)
            for _ in range(_SEARCHES):
                await self._memory.search(next(queries), user_id=corpus.user(draw.randrange(USERS)))
                searched += 1
        return {"added": len(adds), "searched": searched, "adds_ms": adds}

    async def add(self, text: str) -> Any:
        await self._memory.add(text, user_id="beacons", infer=False)
        return {}

    async def find(self, text: str) -> Any:
        started = time.perf_counter()
        found = (await self._memory.search(text, user_id="beacons", limit=TRIALS))["results"]
        took = (time.perf_counter() - started) * 1000
        return {"found": any(one["memory"] == text for one in found), "ms": took}

    async def work(self) -> Any:
        self._memory.processing.on_task_done(self._count)
        await self._memory.processing.start()
        return {}

    async def rest(self) -> Any:
        await self._memory.processing.stop(30)
        return {"tasks": self._tasks}

    def _count(self, status: Any) -> None:
        self._tasks += status["status"] == "completed"


async def _obey(section: dict[str, Any], number: int) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncMemory(_config(section)) as memory:
        child = _Child(memory, number)
        # Reading on a thread, so that the tasks go on meanwhile.
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            print(json.dumps(await getattr(child, order.pop("what"))(**order)), flush=True)


if __name__ == "__main__":
    asyncio.run(_obey(json.loads(sys.argv[1]), int(sys.argv[2])))
