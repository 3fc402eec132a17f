"""Where the processor time of the slowest paths goes: shares of the parts of the library.

    python -m benchmarks.profiles

What runs in C counts for the function that called it. It needs Python 3.12; see `profiling`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from powermem import AsyncMemory

from . import corpus
from .endpoint import serving
from .floors import at_once
from .measure import in_fresh_process, run_as_child
from .profiling import PARTS, REST, profiled
from .report import machine

ADDS, LOADED, SEARCHES, USERS, PROCESSES = 2_000, 20_000, 2_000, 500, 7


def main() -> None:
    shares = {}
    with tempfile.TemporaryDirectory() as folder, serving() as served:
        for name, (what, _) in PATHS.items():
            found = in_fresh_process("benchmarks.profiles", name=name, folder=folder, url=served.url)
            shares[what] = Counter[str](found)
        shares["a new process to its first result among 100,000"] = _first_results(Path(folder), served.url)
    print(machine(), "", *table(shares), sep="\n")


def _first_results(folder: Path, url: str) -> Counter[str]:
    config = corpus.config(corpus.database(folder, 100_000, 1), url)
    query, user = corpus.queries(1, seed=5)[0], corpus.user(0)
    found = [
        Counter[str](in_fresh_process("benchmarks.profiling", config=config, query=query, user=user))
        for _ in range(PROCESSES)
    ]
    # The first process leaves a file of the partition, which the others read.
    return sum(found[1:], Counter[str]())


def table(shares: Mapping[str, Counter[str]]) -> list[str]:
    """Return the lines of a Markdown table with a column for each path."""
    lines = ["| share of the time | " + " | ".join(shares) + " |"]
    lines.append("|---" * (len(shares) + 1) + "|")
    for part in (*(part for part, _ in PARTS), REST):
        cells = [round(100 * found[part] / found.total()) for found in shares.values()]
        if any(cells):
            lines.append(f"| {part} | " + " | ".join(f"{cell} %" if cell else "" for cell in cells) + " |")
    return lines


async def _add(folder: Path, url: str) -> Counter[str]:
    texts = corpus.texts(ADDS, seed=1)
    async with AsyncMemory(corpus.config(folder / "add.db", url)) as memory:
        await memory.add("first of all", user_id="first", infer=False)
        with profiled() as shares:
            for text in texts:
                await memory.add(text, user_id="ana", infer=False)
    return shares


async def _add_many(folder: Path, url: str) -> Counter[str]:
    texts = corpus.texts(LOADED, seed=2)
    items = [{"messages": text, "user_id": corpus.user(i % 100)} for i, text in enumerate(texts)]
    async with AsyncMemory(corpus.config(folder / "load.db", url)) as memory:
        with profiled() as shares:
            await memory.add_many(items, infer=False, batch_size=256)
    return shares


async def _flush(folder: Path, url: str) -> Counter[str]:
    texts = corpus.texts(5 * USERS, seed=3)
    async with AsyncMemory(corpus.config(folder / "flush.db", url)) as memory:
        await memory.add("first of all", user_id="first")

        async def talk(number: int) -> None:
            for text in texts[number::USERS]:
                await memory.add_exchange(corpus.user(number), text, "I see.")

        await at_once([partial(talk, number) for number in range(USERS)], 50)
        with profiled() as shares:
            await memory.flush()
    return shares


async def _search(folder: Path, url: str) -> Counter[str]:
    queries = corpus.queries(SEARCHES + 100, seed=4)
    async with AsyncMemory(corpus.config(corpus.database(folder, 10_000, 100), url)) as memory:
        for number, query in enumerate(queries[:100]):
            await memory.search(query, user_id=corpus.user(number))
        with profiled() as shares:
            for number, query in enumerate(queries[100:]):
                await memory.search(query, user_id=corpus.user(number * 7 % 100))
    return shares


PATHS: dict[str, tuple[str, Callable[[Path, str], Awaitable[Counter[str]]]]] = {
    "search": ("search among 100 memories", _search),
    "add": ("`add(infer=False)`", _add),
    "add_many": ("`add_many`", _add_many),
    "flush": ("`flush`, 10 turns of each user", _flush),
}


def _run(name: str, folder: str, url: str) -> Counter[str]:
    async def run() -> Counter[str]:
        return await PATHS[name][1](Path(folder), url)

    return asyncio.run(run())


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else run_as_child(_run)
