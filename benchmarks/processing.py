"""Work in the background: keeping what was said, answering at once, and catching up with it."""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from powermem import AsyncMemory, Memory
from powermem._core.sql.schema import sqlite_schema

from . import corpus
from .endpoint import serving
from .floors import AsyncBare, at_once
from .measure import Heartbeat, interleave
from .report import Figure, figure, quantile

EXCHANGES = 1000
ACKNOWLEDGED, EMBED_MS, SLOW_CHAT_MS = 200, 20.0, 1000.0
USERS, TURNS, CHAT_MS, AT_ONCE = 1000, 10, 200.0, 50
# It takes several seconds, so fewer rounds than the others have.
LONG_ROUNDS = 3


def run(options: argparse.Namespace) -> list[Figure]:
    return [*_buffering(options.rounds), *_acknowledging(options.rounds), *_catching_up(options.rounds)]


class _RawBuffer:
    """One file, WAL: the rows of an exchange in the library's own tables, and a commit for each."""

    def __init__(self, path: Path) -> None:
        self._ids = itertools.count(1)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for statement in sqlite_schema("raw"):
            self._connection.execute(statement)

    def write(self, said: str, answered: str) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        for role, text in (("user", said), ("assistant", answered)):
            number, now = next(self._ids), time.time_ns() // 1000
            execute(
                "INSERT INTO raw_turns VALUES (?,?,?,?,?,?,?,?,?,NULL)",
                (number, "ana", "", "", role, text, None, now, now),
            )
            execute(
                "INSERT INTO raw_buffer VALUES (?,?,?,?,?,?,?,?)",
                (number, "u:ana", 0, None, "ana", "", "", now),
            )
        execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _buffering(rounds: int) -> list[Figure]:
    loop = asyncio.new_event_loop()
    seeds, late = itertools.count(1), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        # No model is asked, so that there need not be one at this address.
        paths = [Path(folder) / f"{name}.db" for name in ("async", "sync", "raw")]
        in_tasks = AsyncMemory(corpus.config(paths[0], "http://127.0.0.1:9/v1"))
        in_threads = Memory(corpus.config(paths[1], "http://127.0.0.1:9/v1"))
        raw = _RawBuffer(paths[2])

        async def keep(texts: list[str]) -> None:
            for text in texts:
                started = time.perf_counter()
                await in_tasks.add_exchange("ana", text, "I see.")
                late.append(time.perf_counter() - started)

        def by_tasks() -> float:
            texts = corpus.texts(EXCHANGES, seed=next(seeds))
            started = time.perf_counter()
            loop.run_until_complete(keep(texts))
            return EXCHANGES / (time.perf_counter() - started)

        def by_thread() -> float:
            texts = corpus.texts(EXCHANGES, seed=next(seeds))
            started = time.perf_counter()
            for text in texts:
                in_threads.add_exchange("ana", text, "I see.")
            return EXCHANGES / (time.perf_counter() - started)

        def by_hand() -> float:
            texts = corpus.texts(EXCHANGES, seed=next(seeds))
            started = time.perf_counter()
            for text in texts:
                raw.write(text, "I see.")
            return EXCHANGES / (time.perf_counter() - started)

        contenders = {"async": by_tasks, "sync": by_thread, "raw": by_hand}
        for contender in contenders.values():
            contender()
        late.clear()
        found = interleave(rounds, contenders)
        loop.run_until_complete(in_tasks.close())
        in_threads.close()
        raw.close()
    loop.close()
    beside = "the same four rows and a commit by sqlite3"
    return [
        *(
            figure(
                f"sequential `add_exchange`, {colour}",
                found[colour],
                "/s",
                floor=found["raw"],
                beside=beside,
                target="at least 3,000",
                more_is_better=True,
            )
            for colour in ("async", "sync")
        ),
        figure("the same: 99 of 100 calls, async", [quantile(late, 0.99) * 1000], "ms", target="at most 2"),
    ]


@dataclass(frozen=True, slots=True)
class _Outcome:
    seconds: float
    stall: float = 0.0
    collection: float = 0.0


class _Watch:
    """Notes the longest stall of the loop, and the longest garbage collection, while a block runs."""

    async def __aenter__(self) -> _Watch:
        self.collection = 0.0
        self._heartbeat = Heartbeat()
        await self._heartbeat.__aenter__()
        gc.callbacks.append(self._collected)
        return self

    async def __aexit__(self, *raised: object) -> None:
        gc.callbacks.remove(self._collected)
        await self._heartbeat.__aexit__(None, None, None)

    def outcome(self, seconds: float) -> _Outcome:
        return _Outcome(seconds, self._heartbeat.longest, self.collection)

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._started = time.perf_counter()
        else:
            self.collection = max(self.collection, time.perf_counter() - self._started)


def _acknowledging(rounds: int) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(embed_delay_ms=EMBED_MS, chat_delay_ms=SLOW_CHAT_MS) as served,
    ):
        numbers = itertools.count(1)

        async def accept() -> _Outcome:
            number = next(numbers)
            texts = corpus.texts(ACKNOWLEDGED, seed=number)
            memory = AsyncMemory(corpus.config(Path(folder) / f"{number}.db", served.url))
            await memory.add("first of all", user_id="first", infer=False)
            took = []
            async with _Watch() as watch:
                for i, text in enumerate(texts):
                    started = time.perf_counter()
                    await memory.add(text, user_id=corpus.user(i), async_mode=True)
                    took.append(time.perf_counter() - started)
            await memory.close(drain=False)
            return watch.outcome(quantile(took, 0.95))

        async def embed() -> _Outcome:
            texts = corpus.texts(ACKNOWLEDGED, seed=next(numbers))
            bare = AsyncBare(served.url)
            await bare.embed(["first of all"])
            took = []
            for text in texts:
                started = time.perf_counter()
                await bare.embed([text])
                took.append(time.perf_counter() - started)
            await bare.close()
            return _Outcome(statistics.median(took))

        found = interleave(
            min(rounds, LONG_ROUNDS),
            {"memory": lambda: asyncio.run(accept()), "floor": lambda: asyncio.run(embed())},
        )
    floor = statistics.median(one.seconds for one in found["floor"]) * 1000
    acknowledged = [one.seconds * 1000 for one in found["memory"]]
    what = f"`add(async_mode=True)` one after the other, {EMBED_MS:.0f} ms embedding, 1 s chat: 95 of 100"
    return [
        figure(what, acknowledged, "ms", floor=floor, beside="the embedding alone, median"),
        figure("the same: less the embedding", [ms - floor for ms in acknowledged], "ms", target="under 10"),
        *_stalls("", found["memory"]),
    ]


def _catching_up(rounds: int) -> list[Figure]:
    ideal = USERS * CHAT_MS / AT_ONCE / 1000
    buffering: list[_Outcome] = []
    with tempfile.TemporaryDirectory() as folder, serving(chat_delay_ms=CHAT_MS) as served:
        numbers = itertools.count(1)

        # Made up beforehand: what that takes must not count as a stall.
        said = corpus.texts(USERS * TURNS // 2, seed=1)

        async def catch_up() -> _Outcome:
            config = corpus.config(Path(folder) / f"{next(numbers)}.db", served.url)
            async with AsyncMemory({**config, "processing": {"concurrency": AT_ONCE}}) as memory:
                # A connection is open then, and what is imported late is there.
                await memory.add("first of all", user_id="first")

                async def talk(number: int) -> None:
                    for text in said[number::USERS]:
                        await memory.add_exchange(corpus.user(number), text, "I see.")

                async with _Watch() as watch:
                    started = time.perf_counter()
                    await at_once([partial(talk, number) for number in range(USERS)], AT_ONCE)
                    buffering.append(watch.outcome(time.perf_counter() - started))
                async with _Watch() as watch:
                    started = time.perf_counter()
                    written = await memory.flush()
                    took = time.perf_counter() - started
            assert written == 2 * USERS, f"{written} memories"
            return watch.outcome(took)

        async def ask() -> _Outcome:
            bare = AsyncBare(served.url)
            started = time.perf_counter()
            await at_once([bare.chat] * USERS, AT_ONCE)
            took = time.perf_counter() - started
            await bare.close()
            return _Outcome(took)

        found = interleave(
            min(rounds, LONG_ROUNDS),
            {"memory": lambda: asyncio.run(catch_up()), "floor": lambda: asyncio.run(ask())},
        )
    return [
        figure(
            f"`flush` of {TURNS} turns of {USERS:,} users, {AT_ONCE} at once, {CHAT_MS:.0f} ms chat: wall",
            [one.seconds for one in found["memory"]],
            "s",
            floor=[one.seconds for one in found["floor"]],
            beside=f"{USERS:,} bare chats, {AT_ONCE} at once",
            target=f"at most {1.3 * ideal:.1f}, which is 1.3 times the chats alone",
        ),
        *_stalls(", `flush`", found["memory"]),
        *_stalls(", buffering before", buffering),
    ]


def _stalls(when: str, outcomes: Sequence[_Outcome]) -> list[Figure]:
    stalls = [one.stall * 1000 for one in outcomes]
    collections = [one.collection * 1000 for one in outcomes]
    return [
        figure(f"the same: longest stall of the loop{when}", stalls, "ms", target="under 10"),
        figure(f"the same: longest garbage collection{when}", collections, "ms"),
    ]
