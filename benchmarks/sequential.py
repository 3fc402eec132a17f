"""Adding one memory after the other, word for word, in both colours."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from powermem import AsyncMemory, Memory

from . import corpus
from .endpoint import serving
from .floors import AsyncBare, Bare, RawTables
from .measure import interleave
from .report import Figure, figure

ADDS = 200
TARGET = "60 % of the floor, and 1,000/s"


def run(options: argparse.Namespace) -> list[Figure]:
    loop = asyncio.new_event_loop()
    try:
        with tempfile.TemporaryDirectory() as folder, serving() as served:
            samples = _measure(loop, Path(folder), served.url, options.rounds)
    finally:
        loop.close()
    figures = []
    for colour in ("async", "sync"):
        for floor, beside in (
            ("own", "raw commit of the same rows after the same call by the library's HTTP client"),
            ("httpx", "raw commit of the same rows after the same call by httpx"),
        ):
            figures.append(
                figure(
                    f"sequential `add(infer=False)`, {colour}",
                    samples[colour],
                    "/s",
                    floor=samples[f"{colour} {floor}"],
                    beside=beside,
                    target=TARGET,
                    more_is_better=True,
                )
            )
    for name, what in (("commits", "the same four rows"), ("rows", "one row")):
        figures.append(figure(f"raw commits alone, {what}", samples[name], "/s", more_is_better=True))
    return figures


def _measure(loop: asyncio.AbstractEventLoop, folder: Path, url: str, rounds: int) -> dict[str, list[float]]:
    """Return adds per second, for each contender and round."""
    seeds = count(1)
    vector = [corpus.vectors(1, corpus.DIMENSION, seed=3)[0].tobytes()]
    async_memory = AsyncMemory(corpus.config(folder / "async.db", url))
    memory = Memory(corpus.config(folder / "sync.db", url))
    async_bare, bare = AsyncBare(url), Bare(url)
    names = ("own", "httpx", "s_own", "s_httpx", "raw", "row")
    tables = {name: RawTables(folder / f"{name}.db", whole=name != "row") for name in names}

    async def add_async(texts: list[str]) -> None:
        for text in texts:
            await async_memory.add(text, user_id="ana", infer=False)

    async def commit_async(texts: list[str]) -> None:
        for text in texts:
            tables["own"].write([text], await async_bare.embed([text]))

    async def commit_async_httpx(texts: list[str]) -> None:
        for text in texts:
            tables["httpx"].write([text], await async_bare.embed_by_httpx([text]))

    def add_sync(texts: list[str]) -> None:
        for text in texts:
            memory.add(text, user_id="ana", infer=False)

    def commit_sync(texts: list[str]) -> None:
        for text in texts:
            tables["s_own"].write([text], bare.embed([text]))

    def commit_sync_httpx(texts: list[str]) -> None:
        for text in texts:
            tables["s_httpx"].write([text], bare.embed_by_httpx([text]))

    def commit(texts: list[str]) -> None:
        for text in texts:
            tables["raw"].write([text], vector)

    def commit_row(texts: list[str]) -> None:
        for text in texts:
            tables["row"].write([text], vector)

    calls: dict[str, Callable[[list[str]], None]] = {
        "async": lambda texts: loop.run_until_complete(add_async(texts)),
        "async own": lambda texts: loop.run_until_complete(commit_async(texts)),
        "async httpx": lambda texts: loop.run_until_complete(commit_async_httpx(texts)),
        "sync": add_sync,
        "sync own": commit_sync,
        "sync httpx": commit_sync_httpx,
        "commits": commit,
        "rows": commit_row,
    }
    contenders = {name: _timed(call, seeds) for name, call in calls.items()}
    for contender in contenders.values():
        contender()
    samples = interleave(rounds, contenders)
    loop.run_until_complete(async_memory.close())
    loop.run_until_complete(async_bare.close())
    memory.close()
    bare.close()
    for table in tables.values():
        table.close()
    return samples


def _timed(call: Callable[[list[str]], None], seeds: Iterator[int]) -> Callable[[], float]:
    def contender() -> float:
        texts = corpus.texts(ADDS, seed=next(seeds))
        started = time.perf_counter()
        call(texts)
        return ADDS / (time.perf_counter() - started)

    return contender
