"""What a search costs on each store: time, queries, and processor time here and on the server."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from powermem import AsyncMemory

from . import corpus
from .raw import recording
from .report import Figure, figure
from .stage import Bench

LIMIT = 10
_WARM = 10
_SHARE = 100
"""The user with few memories has one of this many of the other's."""


def measure(bench: Bench) -> list[Figure]:
    """Return the figures of a search of two users, one with few memories and one with many."""
    few = max(1, bench.rows // _SHARE)
    texts = corpus.texts(few + bench.rows, seed=21)
    bench.embedder.learn(texts, seed=22)
    queries = corpus.queries(_WARM + 20 * bench.rounds, seed=23)
    bench.embedder.learn(queries, seed=24)
    config = bench.new()
    sizes = {"few": few, "many": bench.rows}
    bench.wait(_fill(config, {"few": texts[:few], "many": texts[few:]}))
    counts = {user: bench.wait(_queries(bench, config, user, queries)) for user in sizes}
    return [
        one
        for user, size in sizes.items()
        for one in bench.wait(_search(bench, config, user, size, queries, counts[user]))
    ]


async def _fill(config: dict[str, Any], texts: dict[str, list[str]]) -> None:
    async with AsyncMemory(config) as memory:
        for user, some in texts.items():
            # Twenty turns to a run.
            items = [{"messages": text, "run_id": f"r{i // 20}"} for i, text in enumerate(some)]
            await memory.add_many(items, infer=False, user_id=user, batch_size=256)


async def _search(
    bench: Bench, config: dict[str, Any], user: str, size: int, queries: list[str], asked: int
) -> list[Figure]:
    took, here = [], []
    async with AsyncMemory(config) as memory:
        for query in queries[:_WARM]:
            await memory.search(query, user_id=user, limit=LIMIT)
        there = _busy(bench)
        for query in queries[_WARM:]:
            started, busy = time.perf_counter(), time.process_time()
            await memory.search(query, user_id=user, limit=LIMIT)
            took.append((time.perf_counter() - started) * 1000)
            here.append((time.process_time() - busy) * 1000)
        there = (_busy(bench) - there) * 1000 / len(took)
    what = f"{bench.name}: search, {size:,} memories of a user"
    figures = [
        figure(what, took, "ms"),
        figure(f"{what}: processor time of this process", here, "ms"),
        Figure(f"{what}: queries", asked, ""),
    ]
    return (
        figures
        if bench.server is None
        else [*figures, Figure(f"{what}: processor time of the server", there, "ms")]
    )


async def _queries(bench: Bench, config: dict[str, Any], user: str, queries: list[str]) -> int:
    """Return how many queries one search sends, once the user's memories are cached."""
    with _traced() as traced:
        async with AsyncMemory(config) as memory:
            await memory.search(queries[0], user_id=user, limit=LIMIT)
            if bench.server is None:
                traced.clear()
                await memory.search(queries[1], user_id=user, limit=LIMIT)
                return sum(sql.lstrip().startswith("SELECT") for sql in traced)
            with recording(bench.kind()) as sent:
                await memory.search(queries[1], user_id=user, limit=LIMIT)
                return len(sent.asked)


@contextlib.contextmanager
def _traced() -> Iterator[list[str]]:
    """Note the statements of the SQLite connections that are opened meanwhile."""
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*args, **options)
        connection.set_trace_callback(statements.append)
        return connection

    sqlite3.connect = traced  # type: ignore[assignment]
    try:
        yield statements
    finally:
        sqlite3.connect = connect


def _busy(bench: Bench) -> float:
    """Return the processor time of the server and the processes that it started, seconds."""
    root = None if bench.server is None else bench.server.pid
    if root is None:
        return 0.0
    spent: dict[int, tuple[int, float]] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name of a process is in parentheses and may hold any character.
            fields = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            spent[int(path.parent.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / tick)

    def belongs(process: int) -> bool:
        while process in spent and process != root:
            process = spent[process][0]
        return process == root

    return sum(seconds for process, (_, seconds) in spent.items() if belongs(process))
