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

from powermem import AsyncMemory

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
