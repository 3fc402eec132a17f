"""Searching up to a million memories, in one scope and of one user of many: time, recall, opening, memory.

The time is that of the whole call without the query's embedding, which is looked up. Processor time, of all
threads together, says more on a machine that has other things to do.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from powermem import AsyncMemory, Memory, register_embedder
from powermem._core.embedding.minilm import available
from powermem._core.query.question import read as read_question
from powermem._core.query.search import SearchRequest
from powermem._core.values import Scope
from powermem._sqlite.engine import Engine

from . import corpus, embedded, many_processes, many_users, unit_costs
from .measure import Heartbeat, in_fresh_process, interleave, run_as_child, seconds
from .reopening import resident
from .report import Figure, figure
from .search import LIMIT, Floors, Samples, databases

CROWD = 64
SHARE = 100
"""Memories of each user where there are many."""
_PROVIDER = "looked-up"
_QUERIES_PER_ROUND = 5
_CAP_MIB = 64


def add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--scale", type=int, default=100_000, metavar="N", help="how many memories at most (100,000)"
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="LoCoMo's JSON, whose turns and questions are embedded too"
    )
    many_users.add_arguments(parser)
    many_processes.add_arguments(parser)
    parser.add_argument("--unit-costs", action="store_true", help="instead: what one add and one search cost")


def run(options: argparse.Namespace) -> list[Figure]:
    if options.stores:
        return many_users.run(options)
    if options.unit_costs:
        return unit_costs.run(options.on or ("sqlite", "postgres"))
    if options.processes is not None:
        return many_processes.run(options)
    most = options.scale
    if most < 1000:
        sys.exit("--scale must be at least 1000")
    sizes = {(size, 1): target for size, target in _TARGETS.items() if size < most}
    sizes |= {(most, 1): _TARGETS.get(most, ""), (most, most // SHARE): "under 2"}
    with databases(options) as folder:
        questions = _prepare(folder, options.data, list(sizes))
        child = partial(_child, folder=str(folder), rounds=options.rounds)
        figures = []
        for (rows, users), target in sizes.items():
            figures += _latency(rows, users, child("latency", rows=rows, users=users), target)
        crowded = min(100_000, most)
        figures += _crowd(crowded, child("crowd", rows=crowded, users=1))
        figures += _opening(most, folder, min(options.rounds, 3))
        figures += _memory(most, folder)
        if questions:
            figures += _recall(most, child("recall", rows=most, users=1))
    return figures


_TARGETS = {10_000: "under 2", 100_000: "under 10", 1_000_000: "under 60"}


def _child(what: str, **arguments: Any) -> Any:
    return in_fresh_process("benchmarks.scale", what=what, **arguments)


def _prepare(folder: Path, data: Path | None, sizes: list[tuple[int, int]]) -> bool:
    """Make the files, and tell whether the vectors in them are real ones."""
    kept = folder / "embedded.npz"
    real = available() or kept.exists()
    if real:
        vectors = embedded.read(kept, data)
        made: Callable[[int, int], npt.NDArray[np.float32]] = vectors.more
    else:
        print("\nscale: no local embedder, so the vectors are made up and recall is left out")
        made = corpus.made_up
    for rows, users in sizes:
        corpus.database(folder, rows, users, embedded=made, name="scale")
        corpus.full_text(folder, rows, users)
    return real


def _latency(rows: int, users: int, samples: Samples, target: str) -> list[Figure]:
    where = "one scope" if users == 1 else f"one of {users:,} users"
    what = f"search, {rows:,} memories, {where}"
    figures = []
    for colour in ("async", "sync"):
        for kind, words, goal in (("", "", target), ("_cpu", ": processor time", "")):
            figures.append(
                figure(
                    f"{what}, {colour}{words}",
                    samples[colour + kind],
                    "ms",
                    floor=samples["numpy" + kind],
                    beside="numpy matmul and top 10",
                    target=goal,
                )
            )
    if users > 1:
        figures.append(figure(f"{what}: first search of a user, sync", samples["cold"], "ms"))
    return [*figures, figure(f"{what}: FTS5, the words joined by OR, top 10", samples["fts5"], "ms")]


def _crowd(rows: int, samples: Samples) -> list[Figure]:
    what = f"{CROWD} searches at once, {rows:,} memories, one scope, async"
    return [
        figure(
            what,
            samples["crowd"],
            "/s",
            floor=samples["alone"],
            beside="the same, one after the other",
            target="4 times that, for two whole cores",
            more_is_better=True,
        ),
        figure(
            f"{what}: processor time for each",
            samples["crowd_cpu"],
            "ms",
            floor=samples["alone_cpu"],
            beside="one after the other",
        ),
        figure(
            f"{what}: longest stall of the loop",
            samples["stall"],
            "ms",
            floor=samples["idle"],
            beside="of an idle loop in the same time",
            target="under 10",
        ),
    ]


def _opening(rows: int, folder: Path, rounds: int) -> list[Figure]:
    found = interleave(
        rounds,
        {
            str(users): partial(_child, "opening", folder=str(folder), rounds=1, rows=rows, users=users)
            for users in (1, rows // SHARE)
        },
    )
    return [
        figure(
            f"opening {rows:,} memories, to the first result "
            + ("of the one scope" if users == "1" else f"of one of {int(users):,} users"),
            [one["first"][0] for one in samples],
            "s",
            target="" if users == "1" else "under 2",
        )
        for users, samples in found.items()
    ]


def _memory(rows: int, folder: Path) -> list[Figure]:
    raw = rows * corpus.DIMENSION * 4 / 2**20
    figures = []
    for users, cap, where in (
        (1, 1024, "one scope"),
        (rows // SHARE, _CAP_MIB, f"all of {rows // SHARE:,} users"),
    ):
        found = _child("memory", folder=str(folder), rounds=cap, rows=rows, users=users)
        what = f"{rows:,} memories, {where} searched, cache_mb={cap}"
        figures += [
            figure(f"{what}: partitions as counted", found["counted"], "MiB", target=f"at most {cap}"),
            figure(
                f"{what}: memory of the process, less that before",
                found["resident"],
                "MiB",
                floor=raw,
                beside="the float32 vectors",
            ),
        ]
    return figures


def _recall(rows: int, samples: Samples) -> list[Figure]:
    return [
        figure(
            f"recall@10 of codes against exact search, {rows:,} memories, {what}",
            [100 * statistics.fmean(samples[key])],
            "%",
            target="at least 99",
        )
        for key, what in (("dense", "vectors alone"), ("whole", "whole search"))
    ]


class _LookedUp:
    """An embedder that knows the vectors of all questions beforehand."""

    model, dimension = "m", corpus.DIMENSION
    known: ClassVar[dict[str, npt.NDArray[np.float32]]] = {}

    def __init__(self, config: object) -> None:
        """Need no configuration."""

    def embed_documents(self, texts: list[str]) -> npt.NDArray[np.float32]:
        return np.array([self.known[text] for text in texts])

    async def aembed_documents(self, texts: list[str]) -> npt.NDArray[np.float32]:
        return self.embed_documents(texts)


register_embedder(_PROVIDER, _LookedUp)


def _questions(folder: Path, count: int, seed: int) -> list[str]:
    """Return questions nobody has asked before, and let the embedder know their vectors."""
    kept = folder / "embedded.npz"
    if kept.exists():
        vectors = embedded.read(kept, None).asked
    else:
        vectors = corpus.vectors(1000, corpus.DIMENSION, seed=5)
    questions = corpus.queries(count, seed)
    _LookedUp.known.update((text, vectors[i % len(vectors)]) for i, text in enumerate(questions))
    return questions


def _config(path: Path, cache_mb: int = 1024) -> dict[str, Any]:
    return {
        "vector_store": {
            "provider": "sqlite",
            "config": {"database_path": str(path), "cache_mb": cache_mb},
        },
        "embedder": {"provider": _PROVIDER, "config": {"model": "m", "embedding_dims": corpus.DIMENSION}},
        "llm": {"provider": "none"},
    }


def _measure(what: str, folder: str, rows: int, users: int, rounds: int) -> Samples:
    place = Path(folder)
    path = place / f"scale-{rows}-{users}.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"UPDATE {corpus.COLLECTION}_meta SET value = ? WHERE key = 'embedder'", (_PROVIDER,)
        )
        connection.execute(f"UPDATE {corpus.COLLECTION}_meta SET value = 'm' WHERE key = 'model'")
    connection.close()
    if what == "crowd":
        return asyncio.run(_measure_crowd(path, rounds))
    measures = {
        "latency": _measure_latency,
        "opening": _measure_opening,
        "memory": _measure_memory,
        "recall": _measure_recall,
    }
    return measures[what](path, rows, users, rounds)


def _measure_latency(path: Path, rows: int, users: int, rounds: int) -> Samples:
    floors = Floors(path, corpus.full_text(path.parent, rows, users))
    turns = rounds * _QUERIES_PER_ROUND
    warm = min(users, 100)
    fresh = iter(_questions(path.parent, 4 * (turns + 1) + 2 * warm + 1, seed=7))
    loop = asyncio.new_event_loop()
    waiting = AsyncMemory(_config(path))
    with Memory(_config(path)) as memory:
        calls: dict[str, Callable[[str, str], object]] = {
            "sync": lambda owner, query: memory.search(query, user_id=owner, limit=LIMIT),
            "async": lambda owner, query: loop.run_until_complete(
                waiting.search(query, user_id=owner, limit=LIMIT)
            ),
            "numpy": floors.numpy,
            "fts5": floors.fts5,
        }
        owners = [corpus.user(number * 7 % users) for number in range(warm)]
        calls["sync"]("nobody", next(fresh))
        used: Samples = {f"{name}_cpu": [] for name in calls}
        cold = [seconds(partial(calls["sync"], owner, next(fresh))) * 1000 for owner in owners]
        for owner in owners:
            calls["async"](owner, next(fresh))
        turn = iter(range(10**9))

        def asked(name: str) -> float:
            call, before = partial(calls[name], owners[next(turn) % warm], next(fresh)), time.process_time()
            took = seconds(call) * 1000
            used[f"{name}_cpu"].append((time.process_time() - before) * 1000)
            return took

        contenders = {name: partial(asked, name) for name in calls}
        for contender in contenders.values():
            contender()
        samples = interleave(turns, contenders)
        loop.run_until_complete(waiting.close())
    loop.close()
    floors.close()
    return {**samples, **used, "cold": cold}


async def _measure_crowd(path: Path, rounds: int) -> Samples:
    samples: Samples = {name: [] for name in ("crowd", "alone", "crowd_cpu", "alone_cpu", "stall", "idle")}
    fresh = iter(_questions(path.parent, 2 * CROWD * (rounds + 2), seed=9))
    async with AsyncMemory(_config(path)) as memory:

        async def search() -> None:
            await memory.search(next(fresh), user_id=corpus.user(0), limit=LIMIT)

        for turn in range(rounds + 2):
            async with Heartbeat() as heartbeat:
                started, used = time.perf_counter(), time.process_time()
                await asyncio.gather(*(search() for _ in range(CROWD)))
                took, used = time.perf_counter() - started, time.process_time() - used
            async with Heartbeat() as idle:
                await asyncio.sleep(took)
            started, alone = time.perf_counter(), time.process_time()
            for _ in range(CROWD // 2):
                await search()
            least, alone = time.perf_counter() - started, time.process_time() - alone
            # The first two load the scope and open the connections.
            if turn > 1:
                samples["crowd"].append(CROWD / took)
                samples["alone"].append(CROWD / 2 / least)
                samples["crowd_cpu"].append(used / CROWD * 1000)
                samples["alone_cpu"].append(alone / CROWD * 2 * 1000)
                samples["stall"].append(heartbeat.longest * 1000)
                samples["idle"].append(idle.longest * 1000)
    return samples


def _measure_opening(path: Path, rows: int, users: int, rounds: int) -> Samples:
    query = _questions(path.parent, 1, seed=11)[0]
    started = time.perf_counter()
    with Memory(_config(path)) as memory:
        memory.search(query, user_id=corpus.user(users // 2), limit=LIMIT)
        return {"first": [time.perf_counter() - started]}


def _measure_memory(path: Path, rows: int, users: int, cap: int) -> Samples:
    """Search every scope once; ``cap`` is the limit in MiB."""
    query = _questions(path.parent, 1, seed=11)[0]
    engine = Engine(str(path), corpus.COLLECTION, cache_bytes=cap << 20)
    engine.open()
    counted, before = 0.0, resident()
    for number in range(users):
        engine.search([_request(query, Scope(corpus.user(number)))])
        counted = max(counted, engine.cached_bytes / 2**20)
    found = {"counted": [counted], "resident": [resident() - before]}
    engine.close()
    return found


def _request(text: str, scope: Scope) -> SearchRequest:
    question = read_question(text, 0)
    return SearchRequest(
        scope,
        _LookedUp.known[text].tobytes(),
        question.sought.terms,
        LIMIT,
        cues=question.cues,
        forms=question.sought.forms,
    )


def _measure_recall(path: Path, rows: int, users: int, rounds: int) -> Samples:
    """Return for each question the share of the ten best of an exact search that codes find."""
    asked = _questions(path.parent, len(embedded.read(path.parent / "embedded.npz", None).asked), seed=13)[
        ::3
    ]
    scope = Scope(corpus.user(0))
    requests: dict[str, list[SearchRequest]] = {"dense": [], "whole": []}
    for text in asked:
        whole = _request(text, scope)
        requests["whole"].append(whole)
        requests["dense"].append(replace(whole, terms=None, forms={}, similarity=True))
    answers: dict[str, dict[str, list[set[int]]]] = {}
    for name, most in (("exact", rows), ("codes", 0)):
        # Both within a limit that neither reaches.
        engine = Engine(str(path), corpus.COLLECTION, exact_rows=most, cache_bytes=1 << 40)
        engine.open()
        answers[name] = {
            key: [{hit.row.id for hit in engine.search([one])[0]} for one in some]
            for key, some in requests.items()
        }
        engine.close()
    return {
        key: [
            len(exact & found) / len(exact)
            for exact, found in zip(answers["exact"][key], answers["codes"][key], strict=True)
        ]
        for key in requests
    }


if __name__ == "__main__":
    run_as_child(_measure)
