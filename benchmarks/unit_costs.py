"""What an add and a search cost in processor time, statements and disk: ``scale --unit-costs``.

Users have 200 memories with vectors of 384 dimensions, each stored by a call of its own with its source
turn. Processor time is that of this process and, apart, of the server's processes. The model in
``docs/scaling.md`` multiplies these figures.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from powermem import AsyncMemory
from powermem._drivers._asyncpg import AsyncPostgresConnection
from scripts.servers import Missing, Postgres

from . import corpus
from .report import Figure, figure

USERS, SHARE, SEARCHES = 10, 200, 300


class _Drawn:
    """An embedder that draws vectors, so that their cost is next to nothing."""

    def __init__(self) -> None:
        self._draw = np.random.default_rng(3)

    def embed_documents(self, texts: Sequence[str]) -> Any:
        return self._draw.standard_normal((len(texts), corpus.DIMENSION), dtype=np.float32)

    async def aembed_documents(self, texts: Sequence[str]) -> Any:
        return self.embed_documents(texts)


def run(stores: Sequence[str]) -> list[Figure]:
    figures: list[Figure] = []
    for name in stores:
        folder = Path(tempfile.mkdtemp(prefix="powermem-costs-"))
        server: Postgres | None = None
        section: dict[str, Any] = {"database_path": str(folder / "costs.db")}
        try:
            if name == "postgres":
                Postgres.find()
                server = Postgres()
                server.start()
                server.create("costs")
                section = {**server.config("costs"), "sslmode": "disable", "partitions": 16}
            figures += asyncio.run(_measure(name, section, folder, server))
        except Missing as error:
            print(f"{name} is left out: {error}")
        finally:
            if server is not None:
                server.stop()
            shutil.rmtree(folder)
    return figures


async def _measure(name: str, section: dict[str, Any], folder: Path, server: Postgres | None) -> list[Figure]:
    config = {
        "vector_store": {"provider": name, "config": section},
        "embedder": {
            "provider": "langchain",
            "config": {"model": _Drawn(), "embedding_dims": corpus.DIMENSION},
        },
        "llm": {"provider": "none"},
    }
    requests = _count_requests()
    served = _server_seconds(server)
    async with AsyncMemory(config) as memory:
        texts = corpus.texts(USERS * SHARE + 1, seed=21)
        await memory.add(texts.pop(), user_id="nobody", infer=False)
        empty = _size(folder, server)
        calls, before = requests(), (time.process_time(), served())
        for number, text in enumerate(texts):
            await memory.add(text, user_id=corpus.user(number % USERS), infer=False)
        adds = (time.process_time() - before[0], served() - before[1], requests() - calls)
        disk = (_size(folder, server) - empty) / len(texts)
        queries = corpus.queries(SEARCHES + USERS, seed=22)
        for number in range(USERS):
            await memory.search(queries.pop(), user_id=corpus.user(number))
        calls, before = requests(), (time.process_time(), served())
        for number, query in enumerate(queries):
            await memory.search(query, user_id=corpus.user(number % USERS))
        searches = (time.process_time() - before[0], served() - before[1], requests() - calls)
    figures = [figure(f"{name}: disk for each memory", [disk], "bytes")]
    for what, count, (here, there, asked) in (
        ("one add", len(texts), adds),
        ("one search", len(queries), searches),
    ):
        figures.append(figure(f"{name}: {what}, processor time here", [1000 * here / count], "ms"))
        if server is not None:
            figures += [
                figure(f"{name}: {what}, processor time of the server", [1000 * there / count], "ms"),
                figure(f"{name}: {what}, statements", [asked / count], "statements"),
            ]
    return figures


def _size(folder: Path, server: Postgres | None) -> int:
    if server is None:
        return sum(os.path.getsize(path) for path in folder.iterdir() if path.suffix == ".db")
    size: int = server._run("SELECT pg_database_size('costs')")[0][0]
    return size


def _count_requests() -> Callable[[], int]:
    """Return a function that says how many statements connections of asyncpg have sent."""
    count = 0

    def counted(send: Any) -> Any:
        async def call(self: Any, *args: Any) -> Any:
            nonlocal count
            count += 1
            return await send(self, *args)

        return call

    for name in ("fetch", "execute", "execute_many", "begin", "commit"):
        setattr(AsyncPostgresConnection, name, counted(getattr(AsyncPostgresConnection, name)))
    return lambda: count


def _server_seconds(server: Postgres | None) -> Callable[[], float]:
    """Return a function that says how much processor time the server's processes have taken."""
    if server is None:
        return lambda: 0.0
    main = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    ticks = os.sysconf("SC_CLK_TCK")

    def taken() -> float:
        total = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if main in (int(status.parent.name), int(fields[1])):
                total += int(fields[11]) + int(fields[12])
        return total / ticks

    return taken
