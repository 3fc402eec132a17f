"""Every store beside the bare driver of its database: adding, searching, the sync colour, moving.

The floor of adding is executemany of the very rows that the library writes, into the same tables with the
same indexes: memory, vector and words, and the source turn and link that belong to it. They are ready-made:
what the library does before (checking the arguments, asking the embedder, hashing, cutting the text into
terms, making ids) is not in it, and it commits 1,000 memories at a time where the library commits a batch, or
half of one on a server. For SQLite a second floor is what one would write by hand: a row with its vector, and
FTS5, which cuts the text into words itself; no source turns.

What a search costs is measured on every store for a user with few memories and one with many (`costs`).
The floor of searching is the library's own queries without any ranking, and, as a second one, the ten
nearest by vector alone, without words.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from powermem import AsyncMemory, Memory
from powermem._core.sql.postgres_values import Vector
from scripts.servers import Missing

from . import corpus, costs
from .floors import RawTables, at_once
from .measure import interleave, seconds
from .raw import Psycopg, PyMySQL, Statement, recording
from .report import Figure, figure
from .stage import POOL, SERVERS, USERS, Bench

NAMES = ("sqlite", *SERVERS)
AT_ONCE, CROWD, SEARCHES, LIMIT = 256, 64, 640, 10
_BATCH = 1000
_PER_ROUND = 15

Samples = dict[str, list[float]]

# What one would write without the library, to be ranked by the server or by one product here.
_NEAREST = (
    "SELECT id, memory, metadata, 1 - (embedding <=> ?::vector) FROM memories_records "
    "WHERE user_id = ? AND valid_to IS NULL ORDER BY embedding <=> ?::vector LIMIT 10"
)
_BY_HAND = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "CREATE TABLE memories (id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, memory TEXT NOT NULL, "
    "metadata TEXT NOT NULL, created_at INTEGER NOT NULL, embedding BLOB)",
    "CREATE UNIQUE INDEX once ON memories (user_id, memory)",
    "CREATE INDEX listed ON memories (user_id, created_at)",
    "CREATE VIRTUAL TABLE words USING fts5 "
    "(memory, content='memories', content_rowid='id', tokenize='porter unicode61')",
)
_VECTORS = (
    "SELECT id, memory, metadata, embedding FROM memories_records WHERE user_id = ? AND valid_to IS NULL"
)


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--store", action="append", choices=NAMES, help="measure this one only; may be repeated"
    )
    parser.add_argument("--costs", action="store_true", help="measure only what a search costs")
    parser.add_argument("--rows", type=int, default=10_000, help="how many memories a store gets")


def run(options: argparse.Namespace) -> list[Figure]:
    figures = []
    for name in options.store or NAMES:
        folder = Path(tempfile.mkdtemp())
        bench = Bench(name, options, folder)
        try:
            if name in SERVERS:
                SERVERS[name].find()
                bench.server = SERVERS[name]()
                bench.server.start()
            figures += costs.measure(bench)
            if options.costs:
                continue
            figures += _inserting(bench)
            if bench.server is not None:
                figures += [*_searching(bench), *_at_once(bench), *_calling(bench)]
            figures += _moving(bench)
        except Missing as error:
            print(f"{name} is left out: {error}")
        finally:
            if bench.server is not None:
                bench.server.stop()
            bench.loop.close()
            shutil.rmtree(folder)
    return figures


def _inserting(bench: Bench) -> list[Figure]:
    def ours() -> float:
        config = bench.new()
        took = bench.wait(_add(bench, config))
        bench.filled = config
        return bench.rows / took

    def sync() -> float:
        with Memory(bench.new()) as memory:
            memory.initialize()
            return bench.rows / seconds(partial(_added, bench, memory.add_many))

    def raw() -> float:
        return bench.rows / (_write_file(bench) if bench.server is None else bench.wait(_write(bench)))

    def by_hand() -> float:
        return bench.rows / _write_by_hand(bench)

    contenders: dict[str, Callable[[], float]] = {"async": ours, "sync": sync, "raw": raw}
    beside = {"raw": f"executemany of the same rows of all tables, {_BATCH:,} memories to a commit"}
    if bench.server is None:
        contenders["by hand"] = by_hand
        beside["by hand"] = f"executemany of a row and FTS5's entry, {_BATCH:,} memories to a commit"
    # Once before, for what the server has to read from its disk; and for what the bare driver is to send.
    ours()
    samples = interleave(min(bench.rounds, 3), contenders)
    return [
        figure(
            f"{bench.name}: `add_many(infer=False, batch_size={AT_ONCE})` of {bench.rows:,}, {colour}",
            samples[colour],
            "/s",
            floor=samples[name],
            beside=what,
            target="70 % of the floor",
            more_is_better=True,
        )
        for name, what in beside.items()
        for colour in ("async", "sync")
    ]


def _items(bench: Bench) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(bench.texts):
        # Twenty turns to a run.
        yield {"messages": text, "user_id": bench.owners[number], "run_id": f"r{number // USERS // 20}"}


def _added(bench: Bench, add_many: Callable[..., Any]) -> None:
    assert add_many(_items(bench), infer=False, batch_size=AT_ONCE)["added"] == bench.rows


async def _add(bench: Bench, config: dict[str, Any]) -> float:
    async with AsyncMemory(config) as memory:
        started = time.perf_counter()
        if bench.server is None or bench.sent is not None:
            result = await memory.add_many(_items(bench), infer=False, batch_size=AT_ONCE)
        else:
            with recording(bench.kind()) as bench.sent:
                result = await memory.add_many(_items(bench), infer=False, batch_size=AT_ONCE)
        took = time.perf_counter() - started
        assert result["added"] == bench.rows
        return took


async def _write(bench: Bench) -> float:
    """Insert with the bare driver what the library inserted."""
    assert bench.sent is not None
    config = bench.new()
    async with AsyncMemory(config):
        pass
    raw = await bench.open_raw(config)
    merged = bench.sent.merged()
    # Every memory has a row in each of these; the changes that caches follow have more.
    batches = -(-bench.rows // _BATCH)
    started = time.perf_counter()
    for number in range(batches):
        parts = []
        for sql, rows in merged:
            size = -(-len(rows) // batches)
            parts.append((sql, rows[number * size : (number + 1) * size]))
        await raw.insert(parts)
    took = time.perf_counter() - started
    await raw.close()
    return took


def _write_file(bench: Bench) -> float:
    tables = RawTables(Path(bench.new()["vector_store"]["config"]["database_path"]))
    vectors = [bench.embedder.bytes_of(text) for text in bench.texts]
    started = time.perf_counter()
    for start in range(0, bench.rows, _BATCH):
        part = slice(start, start + _BATCH)
        tables.write_many(bench.owners[part], bench.texts[part], vectors[part])
    took = time.perf_counter() - started
    tables.close()
    return took


def _write_by_hand(bench: Bench) -> float:
    """Insert what finds a memory by meaning and by words, into tables as one would make them."""
    connection = sqlite3.connect(bench.new()["vector_store"]["config"]["database_path"], isolation_level=None)
    for statement in _BY_HAND:
        connection.execute(statement)
    rows = [
        (number, owner, text, "{}", number, bench.embedder.bytes_of(text))
        for number, (owner, text) in enumerate(zip(bench.owners, bench.texts, strict=True))
    ]
    started = time.perf_counter()
    for start in range(0, bench.rows, _BATCH):
        part = rows[start : start + _BATCH]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO memories VALUES (?, ?, ?, ?, ?, ?)", part)
        connection.executemany(
            "INSERT INTO words (rowid, memory) VALUES (?, ?)", [row[0:3:2] for row in part]
        )
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return took


def _plain(bench: Bench, query: str, user: str) -> list[Statement] | None:
    """Return what one would ask without the library, where one statement will do."""
    if bench.name == "postgres":
        vector = Vector(bench.embedder.bytes_of(query))
        return [(_NEAREST, (vector, user, vector))]
    return [(_VECTORS, (user,))] if bench.name == "mysql" else None


def _rank(bench: Bench, query: str, found: Sequence[Any]) -> None:
    """Do here what a server without vectors leaves to do."""
    if bench.name != "postgres":
        matrix = np.frombuffer(b"".join(row[3] for row in found), np.float32).reshape(len(found), -1)
        scores = matrix @ np.frombuffer(bench.embedder.bytes_of(query), np.float32)
        np.argsort(-scores)[:LIMIT]


async def _sent_by_searches(bench: Bench, memory: AsyncMemory) -> dict[str, list[Statement]]:
    """Return what one search of each user sends, when all caches are full."""
    queries = corpus.queries(2 * USERS, seed=13)
    bench.embedder.learn(queries, seed=14)
    statements: dict[str, list[Statement]] = {}
    for number, query in enumerate(queries):
        user = corpus.user(number % USERS)
        with recording(bench.kind()) as sent:
            await memory.search(query, user_id=user, limit=LIMIT)
        statements[user] = sent.asked
    return statements


def _searching(bench: Bench) -> list[Figure]:
    async def measure() -> Samples:
        turns = bench.rounds * _PER_ROUND
        queries = corpus.queries(turns, seed=15)
        bench.embedder.learn(queries, seed=16)
        samples: Samples = {"ours": [], "same": [], "plain": []}
        async with AsyncMemory(bench.filled) as memory:
            raw = await bench.open_raw(bench.filled)
            statements = await _sent_by_searches(bench, memory)
            for number, query in enumerate(queries):
                user = corpus.user(number * 7 % USERS)
                started = time.perf_counter()
                await memory.search(query, user_id=user, limit=LIMIT)
                between = time.perf_counter()
                await raw.fetch(statements[user])
                samples["same"].append((time.perf_counter() - between) * 1000)
                samples["ours"].append((between - started) * 1000)
                if plain := _plain(bench, query, user):
                    started = time.perf_counter()
                    (found,) = await raw.fetch(plain)
                    _rank(bench, query, found)
                    samples["plain"].append((time.perf_counter() - started) * 1000)
            await raw.close()
        return samples

    samples = bench.wait(measure())
    what = f"{bench.name}: search, {bench.rows:,} memories, one of {USERS} users"
    return _beside(what, samples, "ms", "the floor and 1 ms", bench)


def _at_once(bench: Bench) -> list[Figure]:
    async def measure() -> Samples:
        rounds = min(bench.rounds, 5)
        queries = corpus.queries(SEARCHES * (rounds + 1), seed=17)
        bench.embedder.learn(queries, seed=18)
        samples: Samples = {"ours": [], "same": [], "plain": []}
        async with AsyncMemory(bench.filled) as memory:
            raw = await bench.open_raw(bench.filled)
            statements = await _sent_by_searches(bench, memory)

            async def plain(query: str, user: str) -> None:
                (found,) = await raw.fetch(_plain(bench, query, user) or [])
                _rank(bench, query, found)

            for turn in range(rounds + 1):
                asked = [
                    (query, corpus.user(number % USERS))
                    for number, query in enumerate(queries[turn * SEARCHES : (turn + 1) * SEARCHES])
                ]
                calls: dict[str, Sequence[Any]] = {
                    "ours": [partial(memory.search, query, user, limit=LIMIT) for query, user in asked],
                    "same": [partial(raw.fetch, statements[user]) for _, user in asked],
                    "plain": [partial(plain, query, user) for query, user in asked],
                }
                if _plain(bench, *asked[0]) is None:
                    del calls["plain"]
                for name, some in calls.items():
                    started = time.perf_counter()
                    await at_once(some, CROWD)
                    # The first turn opens the connections.
                    if turn:
                        samples[name].append(SEARCHES / (time.perf_counter() - started))
            await raw.close()
        return samples

    samples = bench.wait(measure())
    what = f"{bench.name}: {SEARCHES} searches, {CROWD} at once, {POOL} connections"
    return _beside(what, samples, "/s", "80 % of the floor", bench, more_is_better=True)


def _beside(
    what: str, samples: Samples, unit: str, target: str, bench: Bench, *, more_is_better: bool = False
) -> list[Figure]:
    driver = "asyncpg" if bench.name == "postgres" else "asyncmy"
    least = {"same": f"{driver}, the same statements"}
    if samples["plain"]:
        least["plain"] = (
            f"{driver}, the ten nearest by one statement"
            if bench.name == "postgres"
            else f"{driver} reading the user's vectors, numpy"
        )
    return [
        figure(
            what,
            samples["ours"],
            unit,
            floor=samples[name],
            beside=beside,
            target=target,
            more_is_better=more_is_better,
        )
        for name, beside in least.items()
    ]


def _calling(bench: Bench) -> list[Figure]:
    """Measure what the sync colour adds to a call."""
    where = bench.filled["vector_store"]["config"]
    raw: Any = Psycopg(where) if bench.name == "postgres" else PyMySQL(where)
    figures = []
    with Memory(bench.filled) as memory:
        (item, *_) = memory.get_all(user_id=corpus.user(1), limit=1)["results"]
        calls: dict[str, Callable[[], object]] = {
            "get": partial(memory.get, item["id"], user_id=corpus.user(1)),
            "count": partial(memory.count, user_id=corpus.user(1)),
        }
        for name, call in calls.items():
            call()
            with recording(bench.kind(sync=True)) as sent:
                call()
            ((sql, values),) = sent.asked
            contenders: dict[str, Callable[[], object]] = {
                "ours": call,
                "raw": partial(raw.fetch, sql, values),
            }
            turns = interleave(
                bench.rounds * 50, {key: partial(seconds, one) for key, one in contenders.items()}
            )
            samples = {key: [1000 * one for one in some] for key, some in turns.items()}
            figures.append(
                figure(
                    f"{bench.name}: one `{name}`, sync",
                    samples["ours"],
                    "ms",
                    floor=samples["raw"],
                    beside=f"{raw.name}, the same statement",
                    target="the floor and 0.3 ms",
                )
            )
    raw.close()
    return figures


def _moving(bench: Bench) -> list[Figure]:
    numbers = count(1)
    found: Samples = {"export": [], "import": []}
    for _ in range(min(bench.rounds, 3)):
        path = Path(tempfile.mkdtemp(dir=bench.folder)) / f"{next(numbers)}.jsonl"
        with Memory(bench.filled) as memory:
            took = seconds(partial(memory.export_memories, path, include_vectors=True))
            found["export"].append(bench.rows / took)
        with Memory(bench.new()) as memory:
            memory.initialize()
            found["import"].append(bench.rows / seconds(partial(memory.import_memories, path)))
            assert memory.count() == bench.rows
    return [
        figure(f"{bench.name}: {what} of {bench.rows:,} with vectors", some, "/s", more_is_better=True)
        for what, some in found.items()
    ]
