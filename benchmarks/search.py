"""Searching 1,000 to 100,000 memories, in one big scope and in 100, and 64 searches at once."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from powermem import AsyncMemory, Memory

from . import corpus
from .endpoint import serving
from .floors import AsyncBare, at_once
from .measure import Heartbeat, in_fresh_process, interleave, run_as_child, seconds
from .report import Figure, figure

LIMIT = 10
CROWD = 64
CROWD_ROWS = 10_000
# (memories, users): what is to be reached.
SIZES = {
    (1_000, 1): "",
    (1_000, 100): "",
    (10_000, 1): "under 4",
    (10_000, 100): "",
    (100_000, 1): "under 15",
    (100_000, 100): "under 3",
}
_QUERIES_PER_ROUND = 15

Samples = dict[str, list[float]]


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--databases", type=Path, metavar="FOLDER", help="keep the filled databases here for the next run"
    )


@contextlib.contextmanager
def databases(options: argparse.Namespace) -> Iterator[Path]:
    """Lend the folder in which filled databases lie."""
    if options.databases:
        options.databases.mkdir(parents=True, exist_ok=True)
        yield options.databases.absolute()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def run(options: argparse.Namespace) -> list[Figure]:
    figures = []
    with databases(options) as folder, serving() as served:
        for (rows, users), target in SIZES.items():
            corpus.database(folder, rows, users)
            corpus.full_text(folder, rows, users)
            for colour in ("async", "sync"):
                samples: Samples = in_fresh_process(
                    "benchmarks.search",
                    what=colour,
                    folder=str(folder),
                    rows=rows,
                    users=users,
                    url=served.url,
                    rounds=options.rounds,
                )
                figures += _latency(rows, users, colour, samples, target)
        crowd: Samples = in_fresh_process(
            "benchmarks.search",
            what="crowd",
            folder=str(folder),
            rows=CROWD_ROWS,
            users=1,
            url=served.url,
            rounds=options.rounds,
        )
    return figures + _crowd(crowd)


def _latency(rows: int, users: int, colour: str, samples: Samples, target: str) -> list[Figure]:
    where = "one scope" if users == 1 else f"one of {users} scopes"
    what = f"search, {rows:,} memories, {where}"
    http = statistics.median(samples["http"])
    least = http + statistics.median(samples["numpy"])
    ours = samples["memory"]
    figures = [
        figure(f"{what}, {colour}", ours, "ms", floor=least, beside="bare HTTP + numpy", target=target)
    ]
    if colour == "async":
        figures += [
            figure(f"{what}: bare HTTP call", samples["http"], "ms"),
            figure(f"{what}: numpy matmul and top 10", samples["numpy"], "ms"),
            figure(f"{what}: FTS5, the words joined by OR, top 10", samples["fts5"], "ms"),
        ]
    return figures


def _crowd(samples: Samples) -> list[Figure]:
    what = f"{CROWD} searches at once, {CROWD_ROWS:,} memories, one scope"
    return [
        figure(
            f"{what}, async",
            samples["memory"],
            "/s",
            floor=samples["floor"],
            beside=f"{CROWD} bare HTTP calls at once, then {CROWD} times numpy",
            target="at least 500",
            more_is_better=True,
        ),
        figure(
            f"{what}: longest stall of the loop",
            samples["stall"],
            "ms",
            note=f"worst round {max(samples['stall']):.1f}",
            floor=samples["idle"],
            beside="of an idle loop in the same time",
            target="under 10",
        ),
    ]


class Floors:
    """The two halves of a search, each as short as it can be written."""

    def __init__(self, path: Path, full_text: Path) -> None:
        connection = sqlite3.connect(path)
        found: dict[str, list[bytes]] = {}
        for owner, embedding in connection.execute(
            f"SELECT r.user_id, v.embedding FROM {corpus.COLLECTION}_records r "
            f"JOIN {corpus.COLLECTION}_vectors v ON v.id = r.id"
        ):
            found.setdefault(owner, []).append(embedding)
        connection.close()
        self._matrices = {
            owner: np.frombuffer(b"".join(rows), np.float32).reshape(len(rows), corpus.DIMENSION)
            for owner, rows in found.items()
        }
        self._full_text = sqlite3.connect(full_text)
        self._vectors = iter(corpus.vectors(10_000, corpus.DIMENSION, seed=5))

    def numpy(self, owner: str, query: str) -> None:
        """Find the ten nearest vectors by one product and a partial sort."""
        vector = next(self._vectors)
        scores = self._matrices[owner] @ vector
        rows = np.argpartition(scores, -LIMIT)[-LIMIT:]
        rows[np.argsort(-scores[rows])]

    def fts5(self, owner: str, query: str) -> None:
        """Find the ten best texts for any of the words."""
        match = f"owner:{owner} AND text:({' OR '.join(query.split())})"
        self._full_text.execute(
            "SELECT rowid, rank FROM found WHERE found MATCH ? ORDER BY rank LIMIT ?", (match, LIMIT)
        ).fetchall()

    def close(self) -> None:
        self._full_text.close()


def _measure(what: str, folder: str, rows: int, users: int, url: str, rounds: int) -> Samples:
    path = corpus.database(Path(folder), rows, users)
    floors = Floors(path, corpus.full_text(Path(folder), rows, users))
    loop = asyncio.new_event_loop()
    try:
        if what == "crowd":
            return loop.run_until_complete(_measure_crowd(path, floors, url, rounds))
        if what == "sync":
            return _measure_sync(path, floors, users, url, rounds, loop)
        return _measure_async(path, floors, users, url, rounds, loop)
    finally:
        floors.close()
        loop.close()


def _measure_async(
    path: Path, floors: Floors, users: int, url: str, rounds: int, loop: asyncio.AbstractEventLoop
) -> Samples:
    memory = AsyncMemory(corpus.config(path, url))

    def search(owner: str, query: str) -> None:
        loop.run_until_complete(memory.search(query, user_id=owner, limit=LIMIT))

    samples = _interleaved(search, floors, users, url, rounds, loop)
    loop.run_until_complete(memory.close())
    return samples


def _measure_sync(
    path: Path, floors: Floors, users: int, url: str, rounds: int, loop: asyncio.AbstractEventLoop
) -> Samples:
    with Memory(corpus.config(path, url)) as memory:

        def search(owner: str, query: str) -> None:
            memory.search(query, user_id=owner, limit=LIMIT)

        return _interleaved(search, floors, users, url, rounds, loop)


def _interleaved(
    search: Callable[[str, str], None],
    floors: Floors,
    users: int,
    url: str,
    rounds: int,
    loop: asyncio.AbstractEventLoop,
) -> Samples:
    """Return milliseconds: each contender in turn, each time with words nobody has asked for yet."""
    bare = AsyncBare(url)
    calls: dict[str, Callable[[str, str], None]] = {
        "memory": search,
        "http": lambda owner, query: loop.run_until_complete(_discard(bare, query)),
        "numpy": floors.numpy,
        "fts5": floors.fts5,
    }
    turns = rounds * _QUERIES_PER_ROUND
    # Every scope is in memory before the clock runs; how long that takes is measured by itself.
    fresh = zip(corpus.queries(4 * turns + 2 * users + 20, seed=7), count(), strict=False)

    def asked(name: str) -> float:
        query, number = next(fresh)
        return seconds(partial(calls[name], corpus.user(number * 7 % users), query)) * 1000

    for owner in range(users):
        search(corpus.user(owner), next(fresh)[0])
    contenders = {name: partial(asked, name) for name in calls}
    for contender in contenders.values():
        contender()
    samples = interleave(turns, contenders)
    loop.run_until_complete(bare.close())
    return samples


async def _discard(bare: AsyncBare, query: str) -> None:
    await bare.embed([query])


async def _measure_crowd(path: Path, floors: Floors, url: str, rounds: int) -> Samples:
    bare = AsyncBare(url)
    samples: Samples = {"memory": [], "stall": [], "floor": [], "idle": []}
    fresh = iter(corpus.queries(2 * CROWD * (rounds + 2), seed=9))
    async with AsyncMemory(corpus.config(path, url)) as memory:
        for turn in range(rounds + 2):
            asked = [next(fresh) for _ in range(2 * CROWD)]
            searches = [
                partial(memory.search, query, user_id=corpus.user(0), limit=LIMIT) for query in asked[:CROWD]
            ]
            calls = [partial(bare.embed, [query]) for query in asked[CROWD:]]
            async with Heartbeat() as heartbeat:
                started = time.perf_counter()
                await at_once(searches, CROWD)
                took = time.perf_counter() - started
            async with Heartbeat() as idle:
                await asyncio.sleep(took)
            started = time.perf_counter()
            await at_once(calls, CROWD)
            for query in asked[CROWD:]:
                floors.numpy(corpus.user(0), query)
            least = time.perf_counter() - started
            # The first two open the file and the connections.
            if turn > 1:
                samples["memory"].append(CROWD / took)
                samples["floor"].append(CROWD / least)
                samples["stall"].append(heartbeat.longest * 1000)
                samples["idle"].append(idle.longest * 1000)
    await bare.close()
    return samples


if __name__ == "__main__":
    run_as_child(_measure)
