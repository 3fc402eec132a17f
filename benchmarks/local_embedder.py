"""Measure the local embedder: loading, memory, speed, and what everybody else notices of it.

    python benchmarks/local_embedder.py [--texts 256]

Prints one JSON object. Times are wall time; run it on an idle machine. It needs ``powermem[local]``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._core.embedding.minilm import SHARED
from powermem._sync.providers.local import LocalEmbedder

TURN = "Priya: on day {} of the trip we left the bikes at the hostel, walked to the old mill and ate {}."
DISHES = ["soup", "bread with goat cheese", "nothing at all", "a large bowl of noodles with too much garlic"]
QUESTION = ["What did they have for lunch at the old mill?"]


def texts(count: int) -> list[str]:
    """Return made-up turns of a conversation, about 30 tokens each."""
    return [TURN.format(number, DISHES[number % len(DISHES)]) for number in range(count)]


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak() -> float:
    """Return the most memory this process ever held, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def loading() -> dict[str, float]:
    before = peak()
    took = seconds(SHARED.load)
    return {"load_s": took, "load_mb": peak() - before}


def one_thread(turns: list[str]) -> dict[str, float]:
    singles = [seconds(partial(SHARED.embed, [turn])) for turn in turns[:64]]
    whole = seconds(partial(SHARED.embed, [" ".join(turns)]))
    return {
        "one_text_ms": statistics.median(singles) * 1e3,
        "256_tokens_ms": whole * 1e3,
        "one_thread_texts_per_s": len(turns) / seconds(partial(SHARED.embed, turns)),
    }


async def on_a_loop(turns: list[str]) -> dict[str, float]:
    """Embed while a heartbeat runs on the loop, then while somebody asks questions."""
    embedder = AsyncLocalEmbedder()
    await embedder.embed(turns[:64])
    rates, stalls = [], []
    for _ in range(5):
        async with Heartbeat() as heartbeat:
            started = time.perf_counter()
            await embedder.embed(turns[:64])
            rates.append(64 / (time.perf_counter() - started))
        stalls.append(heartbeat.longest)
    async with Heartbeat() as idle:
        await asyncio.sleep(0.5)
    load = asyncio.create_task(embedder.embed(turns))
    await asyncio.sleep(0.05)
    waits = []
    while not load.done():
        started = time.perf_counter()
        await embedder.embed(QUESTION)
        waits.append(time.perf_counter() - started)
    await load
    await embedder.close()
    return {
        "loop_texts_per_s": max(rates),
        "loop_stall_ms": max(stalls) * 1e3,
        "loop_stall_median_ms": statistics.median(stalls) * 1e3,
        "loop_stall_idle_ms": idle.longest * 1e3,
        "loop_question_median_ms": statistics.median(waits) * 1e3,
        "loop_question_worst_ms": max(waits) * 1e3,
    }


class Heartbeat:
    """Sleeps a millisecond at a time; whatever it oversleeps, the loop was held."""

    longest = 0.0

    async def __aenter__(self) -> Heartbeat:
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0.01)
        self.longest = 0.0
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _beat(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - started - 0.001)


def on_threads(turns: list[str]) -> dict[str, float]:
    embedder = LocalEmbedder()
    rate = len(turns) / seconds(partial(embedder.embed, turns))
    load = threading.Thread(target=embedder.embed, args=(turns,))
    load.start()
    time.sleep(0.05)
    waits = []
    while load.is_alive():
        waits.append(seconds(partial(embedder.embed, QUESTION)))
    load.join()
    embedder.close()
    return {
        "threads_texts_per_s": rate,
        "threads_question_median_ms": statistics.median(waits) * 1e3,
        "threads_question_worst_ms": max(waits) * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=256)
    turns = texts(parser.parse_args().texts)
    results = loading() | one_thread(turns) | asyncio.run(on_a_loop(turns)) | on_threads(turns)
    results["peak_mb"] = peak()
    print(json.dumps({key: round(value, 2) for key, value in results.items()}, indent=1))


if __name__ == "__main__":
    main()
