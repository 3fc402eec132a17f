"""Fifty users at once say something from which facts are extracted; nothing is stored yet."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from powermem import AsyncMemory

from . import corpus
from .endpoint import Served, serving
from .floors import AsyncBare, RawTables, at_once
from .measure import Heartbeat, interleave
from .report import Figure, figure

USERS, CHAT_MS, EMBED_MS = 50, 200.0, 20.0


@dataclass(frozen=True, slots=True)
class _Outcome:
    seconds: float
    chats: float = 0.0
    requests: float = 0.0
    stored: float = 0.0
    stall: float = 0.0


class _Inferred:
    def __init__(self, folder: Path, served: Served) -> None:
        self._folder = folder
        self._served = served
        self._numbers = count(1)

    def memory(self) -> _Outcome:
        return asyncio.run(self._memory())

    async def _memory(self) -> _Outcome:
        number = next(self._numbers)
        async with AsyncMemory(corpus.config(self._folder / f"{number}.db", self._served.url)) as memory:
            texts = corpus.texts(USERS, seed=number)
            before = self._served.counts()
            async with Heartbeat() as heartbeat:
                started = time.perf_counter()
                results = await asyncio.gather(
                    *(memory.add(text, user_id=corpus.user(i)) for i, text in enumerate(texts))
                )
                took = time.perf_counter() - started
            asked = self._served.counts().since(before)
        stored = sum(len(result["results"]) for result in results)
        return _Outcome(
            took, asked.chat / USERS, asked.embed / USERS, stored / USERS, stall=heartbeat.longest
        )

    def floor(self) -> _Outcome:
        return asyncio.run(self._floor())

    async def _floor(self) -> _Outcome:
        """Ask 50 times at once, then embed everything with one request and commit once."""
        number = next(self._numbers)
        texts = corpus.texts(2 * USERS, seed=number)
        bare, table = AsyncBare(self._served.url), RawTables(self._folder / f"{number}.db")
        started = time.perf_counter()
        await at_once([bare.chat] * USERS, USERS)
        table.write(texts, await bare.embed(texts))
        took = time.perf_counter() - started
        await bare.close()
        table.close()
        return _Outcome(took)


def run(options: argparse.Namespace) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(embed_delay_ms=EMBED_MS, chat_delay_ms=CHAT_MS) as served,
    ):
        inferred = _Inferred(Path(folder), served)
        contenders = {"memory": inferred.memory, "floor": inferred.floor}
        for contender in contenders.values():
            contender()
        found = interleave(options.rounds, contenders)
    memory, floor = found["memory"], found["floor"]
    what = f"{USERS} gathered `add(infer=True)`, {CHAT_MS:.0f} ms chat + {EMBED_MS:.0f} ms embedding"
    return [
        figure(
            f"{what}: wall time",
            [one.seconds * 1000 for one in memory],
            "ms",
            note=f"{memory[0].stored:.0f} memories stored by each",
            floor=[one.seconds * 1000 for one in floor],
            beside=f"{USERS} bare chats at once, one embedding request, one commit",
            target="at most 400",
        ),
        figure("the same: chats per add", [one.chats for one in memory], "chats", target="1"),
        figure(
            "the same: embedding requests per add",
            [one.requests for one in memory],
            "requests",
            target="at most 0.2",
        ),
        figure("the same: longest stall of the loop", [one.stall * 1000 for one in memory], "ms"),
    ]
