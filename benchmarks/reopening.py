"""Opening a file with 100,000 memories: the time to the first result, and the memory it takes."""

from __future__ import annotations

import argparse
import asyncio
import resource
import sqlite3
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from powermem import AsyncMemory, Memory

from . import corpus
from .endpoint import serving
from .floors import AsyncBare
from .measure import in_fresh_process, interleave, run_as_child
from .report import Figure, figure
from .search import LIMIT, databases

ROWS, USERS = 100_000, 100
_RAW_MIB = ROWS * corpus.DIMENSION * 4 / 2**20
_MOST_MIB = 1.5 * _RAW_MIB + 80
_ONE_SCOPE_QUERIES = 20

Found = dict[str, float]


def run(options: argparse.Namespace) -> list[Figure]:
    with databases(options) as folder, serving() as served:
        empty = folder / "empty.db"
        shapes = {name: corpus.database(folder, ROWS, users) for name, users in _SHAPES.items()}
        contenders = {
            **{name: _child("memory", path, _SHAPES[name], served.url) for name, path in shapes.items()},
            **{
                f"raw {name}": _child("raw", path, _SHAPES[name], served.url) for name, path in shapes.items()
            },
            "rows": _child("rows", shapes["one"], 1, served.url),
            "loaded": _child("loaded", shapes["one"], 1, served.url),
            "loaded sync": _child("loaded sync", shapes["one"], 1, served.url),
            "empty": _child("memory", empty, 1, served.url),
        }
        contenders["empty"]()
        # It leaves the file of the partition, which the others read.
        contenders["one"]()
        found = interleave(options.rounds, contenders)
    figures = []
    for name, users in _SHAPES.items():
        where = f"{ROWS:,} memories, " + ("one scope" if users == 1 else f"{users} users")
        figures.append(
            figure(
                f"reopening {where}, to the first result",
                [one["first_ms"] for one in found[name]],
                "ms",
                floor=[one["first_ms"] for one in found[f"raw {name}"]],
                beside="reading that user's vectors, bare HTTP call, numpy",
                target="under 300" if users > 1 else "under 150",
            )
        )
        if users == 1:
            figures += [
                figure(
                    f"reopening {where}, to the first result, {colour}, in a process that searched before",
                    [one["first_ms"] for one in found[kind]],
                    "ms",
                    floor=[one["first_ms"] for one in found["one"]],
                    beside="in a new process",
                    target="under 150",
                )
                for kind, colour in (("loaded", "async"), ("loaded sync", "sync"))
            ]
            figures.append(
                figure(
                    f"reopening {where}, to the first result, without a partition file",
                    [one["first_ms"] for one in found["rows"]],
                    "ms",
                    floor=[one["first_ms"] for one in found[name]],
                    beside="with one",
                )
            )
        for kind, words in (("rss_mib", "memory after"), ("peak_mib", "most memory during")):
            base = sum(one[kind] for one in found["empty"]) / len(found["empty"])
            figures.append(
                figure(
                    f"{words} reopening and searching {where}, less that of an empty file",
                    [one[kind] - base for one in found[name]],
                    "MiB",
                    floor=_RAW_MIB,
                    beside="the float32 vectors",
                    target=f"at most {_MOST_MIB:.0f} (1.5 times the vectors + 80)",
                )
            )
    figures.append(
        figure("memory of the process with an empty file", [one["rss_mib"] for one in found["empty"]], "MiB")
    )
    return figures


_SHAPES = {"users": USERS, "one": 1}


def _child(what: str, path: Path, users: int, url: str) -> Any:
    return partial(in_fresh_process, "benchmarks.reopening", what=what, path=str(path), users=users, url=url)


def _measure(what: str, path: str, users: int, url: str) -> Found:
    if what == "raw":
        return asyncio.run(_read(path, users, url))
    if what == "loaded":
        return asyncio.run(_reopen_loaded(path, url))
    if what == "loaded sync":
        return _reopen_loaded_sync(path, url)
    return asyncio.run(_reopen(path, users, url, files=what == "memory"))


async def _reopen(path: str, users: int, url: str, *, files: bool) -> Found:
    """Open and search once, then search on until everything was wanted."""
    asked = iter(corpus.queries(1 + max(users, _ONE_SCOPE_QUERIES), seed=11))
    config: dict[str, Any] = corpus.config(path, url)
    config["vector_store"]["config"]["partition_files"] = files
    started = time.perf_counter()
    async with AsyncMemory(config) as memory:
        await memory.search(next(asked), user_id=corpus.user(0), limit=LIMIT)
        first = time.perf_counter() - started
        for number, query in enumerate(asked):
            await memory.search(query, user_id=corpus.user(number % users), limit=LIMIT)
        return {"first_ms": first * 1000, "rss_mib": resident(), "peak_mib": peak()}


async def _reopen_loaded(path: str, url: str) -> Found:
    """Search an empty database, which loads all code, and then open the file and search once."""
    before, query = corpus.queries(2, seed=11)
    async with AsyncMemory(corpus.config(":memory:", url)) as memory:
        await memory.search(before, user_id=corpus.user(0), limit=LIMIT)
    started = time.perf_counter()
    async with AsyncMemory(corpus.config(path, url)) as memory:
        await memory.search(query, user_id=corpus.user(0), limit=LIMIT)
        return {"first_ms": (time.perf_counter() - started) * 1000}


def _reopen_loaded_sync(path: str, url: str) -> Found:
    """Do the same as `_reopen_loaded` in the sync colour."""
    before, query = corpus.queries(2, seed=11)
    with Memory(corpus.config(":memory:", url)) as memory:
        memory.search(before, user_id=corpus.user(0), limit=LIMIT)
    started = time.perf_counter()
    with Memory(corpus.config(path, url)) as memory:
        memory.search(query, user_id=corpus.user(0), limit=LIMIT)
        return {"first_ms": (time.perf_counter() - started) * 1000}


async def _read(path: str, users: int, url: str) -> Found:
    query = corpus.queries(1, seed=11)
    started = time.perf_counter()
    connection = sqlite3.connect(path)
    rows = connection.execute(
        f"SELECT v.embedding FROM {corpus.COLLECTION}_records r "
        f"JOIN {corpus.COLLECTION}_vectors v ON v.id = r.id WHERE r.user_id = ?",
        (corpus.user(0),),
    ).fetchall()
    flat = b"".join([row[0] for row in rows])
    matrix = np.frombuffer(flat, np.float32).reshape(len(rows), corpus.DIMENSION)
    bare = AsyncBare(url)
    vector = np.frombuffer((await bare.embed(query))[0], np.float32)
    np.argpartition(matrix @ vector, -LIMIT)[-LIMIT:]
    first = time.perf_counter() - started
    await bare.close()
    connection.close()
    return {"first_ms": first * 1000, "rss_mib": resident(), "peak_mib": peak()}


def resident() -> float:
    """Return how much memory this process takes, in MiB."""
    return _status("VmRSS") or peak()


def peak() -> float:
    """Return how much memory this process took at most, in MiB."""
    # Not from getrusage, which on Linux begins with the size of the process that started this one.
    if found := _status("VmHWM"):
        return found
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _status(name: str) -> float | None:
    """Return a size in MiB from what Linux says of this process."""
    try:
        with open("/proc/self/status", encoding="utf-8") as lines:
            return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
    except (OSError, StopIteration):
        return None


if __name__ == "__main__":
    run_as_child(_measure)
