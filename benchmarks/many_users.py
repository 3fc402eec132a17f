"""One store that grows to millions of memories of many users: ``python -m benchmarks scale --stores``.

Every user has 100 memories, whatever the size, so only the number of users grows. A user's adds and searches
read and write what belongs to that user, so their times should stay what they are; the ratio of each size is
to the smallest one. Where the times grow, ``growth`` is the exponent fitted to all sizes: 0 for none, 1 for
in proportion to the number of users.

On a busy machine times say little. So the pages that a call makes the database touch are counted too: for
SQLite the bytes that the process reads, from the file or its cache, and for PostgreSQL the blocks hit and
read as its statistics count them.

Vectors are short (``--dimension``), so that ten million memories fit a disk; no source turns are stored with
what is loaded. The servers are those of the tests, without fsync, and each store is smaller than the page
cache if the machine has that much memory.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from powermem import AsyncMemory
from powermem._core.changes.writes import Restore
from powermem._core.ids import new_id
from powermem._core.text.cleaning import content_hash
from powermem._core.text.indexing import embedding_bytes
from powermem._core.values import EmbedderIdentity, Row, Scope, Stored
from scripts.servers import Missing, Postgres

from . import corpus
from .report import Figure, figure, quantile

SHARE = 100
"""Memories of each user."""
PARTITIONS = 16
_BLOCK = 100
"""Users whose memories are loaded in turns."""
_SAMPLES = 400
_PAGE = 2000
_GOAL = 10_000_000
_WARM_UP = 20
_COUNTED = 200
_PUBLISHED = 1.2


class Digest:
    """An embedder whose vectors follow from the text at once."""

    dimension = 16

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return [_vectors([text], self.dimension)[0].tolist() for text in texts]

    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        return self.embed_documents(texts)


def _vectors(texts: Sequence[str], dimension: int) -> npt.NDArray[np.float32]:
    return corpus.vectors(len(texts), dimension, seed=sum(texts[0].encode()))


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--stores",
        type=int,
        nargs="?",
        const=100_000,
        metavar="N",
        help="instead: one store that grows to N memories of N / 100 users (100,000)",
    )
    parser.add_argument("--dimension", type=int, default=16, help="of the vectors of --stores")
    parser.add_argument(
        "--on", action="append", choices=("sqlite", "postgres"), help="the stores of --stores and --processes"
    )


def run(options: argparse.Namespace) -> list[Figure]:
    """Measure each store at a tenth, three tenths and the whole of the size."""
    Digest.dimension = options.dimension
    figures: list[Figure] = []
    most = max(options.stores // SHARE // _BLOCK, 10) * SHARE * _BLOCK
    sizes = [most // 10, most * 3 // 10, most]
    for name in options.on or ("sqlite", "postgres"):
        folder = Path(tempfile.mkdtemp(prefix="powermem-scale-"))
        server: Postgres | None = None
        try:
            if name == "postgres":
                Postgres.find()
                server = Postgres()
                server.start()
                server.create("scale")
            config = _config(folder, server)
            figures += _grow(name, config, sizes, _size_of(folder, server), _pages_of(server))
        except Missing as error:
            print(f"{name} is left out: {error}")
        finally:
            if server is not None:
                server.stop()
            shutil.rmtree(folder)
    return figures


def _config(folder: Path, server: Postgres | None) -> dict[str, Any]:
    section: dict[str, Any] = {"database_path": str(folder / "scale.db")}
    if server is not None:
        section = {**server.config("scale"), "sslmode": "disable", "partitions": PARTITIONS}
    return {
        "vector_store": {"provider": "sqlite" if server is None else "postgres", "config": section},
        "embedder": {
            "provider": "langchain",
            "config": {"model": Digest(), "embedding_dims": Digest.dimension},
        },
        "llm": {"provider": "none"},
    }


def _size_of(folder: Path, server: Postgres | None) -> Callable[[], int]:
    def of_file() -> int:
        return sum(os.path.getsize(path) for path in folder.iterdir())

    def of_database() -> int:
        assert server is not None
        found: int = server._run("SELECT pg_database_size('scale')")[0][0]
        return found

    return of_file if server is None else of_database


def _pages_of(server: Postgres | None) -> Callable[[], float]:
    """Return a function that counts the pages that the database has touched so far."""

    def of_process() -> float:
        with open("/proc/self/io", encoding="ascii") as lines:
            return int(next(lines).split()[1]) / 4096

    def of_database() -> float:
        assert server is not None
        server._run("SELECT pg_stat_force_next_flush()", "scale")
        counted = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = 'scale'"
        found: int = server._run(counted)[0][0]
        return found

    return of_process if server is None else of_database


def _grow(
    name: str,
    config: dict[str, Any],
    sizes: Sequence[int],
    used: Callable[[], int],
    touched: Callable[[], float],
) -> list[Figure]:
    figures: list[Figure] = []
    pages: dict[str, float] = {}
    found: dict[str, list[tuple[int, list[float]]]] = {}
    loaded = 0
    for size in sizes:
        started = time.perf_counter()
        asyncio.run(_load(config, loaded // SHARE, size // SHARE))
        took = time.perf_counter() - started
        where = f"{name}: {size:,} memories of {size // SHARE:,} users"
        figures.append(figure(f"{where}: loaded", [(size - loaded) / took], "/s"))
        figures.append(figure(f"{where}: disk for each memory", [used() / size], "bytes"))
        loaded = size
        measured, counts = asyncio.run(_measure(config, size // SHARE, touched))
        for what, number in counts.items():
            pages.setdefault(what, number)
            figures.append(
                figure(
                    f"{where}: {what}, pages touched",
                    [number],
                    "pages",
                    floor=pages[what],
                    beside=f"at {sizes[0]:,}",
                    target="1.0 to 1.3 times" if size > sizes[0] else "",
                )
            )
        for what, samples in measured.items():
            found.setdefault(what, []).append((size, samples))
            least = found[what][0][1]
            for share, label in ((0.5, "p50"), (0.99, "p99")):
                figures.append(
                    figure(
                        f"{where}: {what}, {label}",
                        [quantile(samples, share)],
                        "ms",
                        floor=quantile(least, share),
                        beside=f"at {sizes[0]:,}",
                        target="1.0 to 1.3 times" if size > sizes[0] else "",
                    )
                )
        print(*(f"{one.what}: {one.median:.3g} {one.unit}" for one in figures[-8:]), sep="\n", flush=True)
    for what, points in found.items():
        power = growth([(size, quantile(samples, 0.5)) for size, samples in points])
        figures.append(figure(f"{name}: {what}: growth (exponent of the number of users)", [power], ""))
        size, samples = points[-1]
        if size < _GOAL:
            expected = quantile(samples, 0.5) * (_GOAL / size) ** max(power, 0)
            figures.append(
                figure(f"{name}: {what}, p50 at {_GOAL:,} memories by that growth", [expected], "ms")
            )
    return figures


def growth(points: Sequence[tuple[float, float]]) -> float:
    """Return the exponent of the power law that fits sizes and times best."""
    x = [math.log(size) for size, _ in points]
    y = [math.log(value) for _, value in points]
    slope: float = np.polyfit(x, y, 1)[0]
    return slope


async def _load(config: dict[str, Any], first: int, last: int) -> None:
    """Store the memories of these users, as an import does."""
    async with AsyncMemory(config) as memory:
        store = (await memory._access.open()).store
        await store.identify(EmbedderIdentity("langchain", "Digest", Digest.dimension))
        for page in _pages(first, last):
            await store.apply([Restore(page, at=page[0].row.created_at)])
    if config["vector_store"]["provider"] == "postgres":
        # Statistics of the size that is measured, which autovacuum would gather a minute later.
        _run(config, "ANALYZE")


def _run(config: dict[str, Any], statement: str) -> None:
    import psycopg

    where = config["vector_store"]["config"]
    with psycopg.connect(
        host=where["host"],
        port=where["port"],
        user=where["user"],
        password=where["password"],
        dbname=where["db_name"],
        autocommit=True,
    ) as connection:
        connection.execute(statement.encode())


def _pages(first: int, last: int) -> Iterator[list[Stored]]:
    for block in range(first, last, _BLOCK):
        users = min(_BLOCK, last - block)
        count = users * SHARE
        texts = corpus.texts(count, seed=block)
        vectors = embedding_bytes(corpus.vectors(count, Digest.dimension, seed=block))
        stored = []
        for number, (text, embedding) in enumerate(zip(texts, vectors, strict=True)):
            at = 1_700_000_000_000_000 + number
            scope = Scope(corpus.user(block + number % users), None, f"r{number // users // 20}")
            row = Row(new_id(), scope, text, content_hash(text), created_at=at, updated_at=at, valid_from=at)
            stored.append(Stored(row, embedding=embedding))
        for start in range(0, count, _PAGE):
            yield stored[start : start + _PAGE]


async def _measure(
    config: dict[str, Any], users: int, touched: Callable[[], float]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return the milliseconds of calls for users drawn at random, and the pages that each call touches."""
    draw = random.Random(users)
    samples: dict[str, list[float]] = {"add": [], "first search of a user": [], "search": []}
    texts = iter(corpus.texts(2 * _SAMPLES, seed=users + 1))
    queries = iter(corpus.queries(3 * _SAMPLES, seed=users + 2))
    async with AsyncMemory(config) as memory:
        for number in range(_SAMPLES):
            owner = corpus.user(draw.randrange(users))
            times = [
                await _timed(memory.add(next(texts), user_id=owner, infer=False)),
                await _timed(memory.search(next(queries), user_id=owner, limit=10)),
                await _timed(memory.search(next(queries), user_id=owner, limit=10)),
            ]
            # The first calls open connections and load code.
            if number >= _WARM_UP:
                for name, took in zip(samples, times, strict=True):
                    samples[name].append(took)
        return samples, await _count_pages(memory, draw, users, touched)


async def _count_pages(
    memory: AsyncMemory, draw: random.Random, users: int, touched: Callable[[], float]
) -> dict[str, float]:
    owners = [corpus.user(draw.randrange(users)) for _ in range(_COUNTED)]
    texts, queries = corpus.texts(_COUNTED, seed=users + 3), corpus.queries(2 * _COUNTED, seed=users + 4)
    pages: dict[str, float] = {}
    for name, words, add in (
        ("first search of a user", queries[:_COUNTED], False),
        ("search", queries[_COUNTED:], False),
        ("add", texts, True),
    ):
        before = await _published(memory, touched)
        for owner, text in zip(owners, words, strict=True):
            if add:
                await memory.add(text, user_id=owner, infer=False)
            else:
                await memory.search(text, user_id=owner, limit=10)
        pages[name] = (await _published(memory, touched) - before) / _COUNTED
    return pages


async def _published(memory: AsyncMemory, touched: Callable[[], float]) -> float:
    # A session of PostgreSQL publishes its numbers at the end of a statement, once a second.
    await asyncio.sleep(_PUBLISHED)
    await memory.count(user_id="nobody")
    return touched()


async def _timed(call: Any) -> float:
    started = time.perf_counter()
    await call
    return (time.perf_counter() - started) * 1000
