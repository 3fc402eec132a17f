"""Exporting and importing 100,000 memories with their vectors, and the memory that it takes."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from powermem import Memory

from . import corpus
from .endpoint import serving
from .measure import in_fresh_process, interleave, run_as_child, seconds
from .reopening import _peak, resident
from .report import Figure, figure
from .search import databases

ROWS, USERS = 100_000, 100
TARGET = "at least 20,000/s"
_MEMORY_TARGET = "flat"


def run(options: argparse.Namespace) -> list[Figure]:
    with databases(options) as kept, serving() as served, tempfile.TemporaryDirectory() as folder:
        full, half = (corpus.database(kept, rows, USERS) for rows in (ROWS, ROWS // 2))
        contenders = {
            "all": partial(
                in_fresh_process, "benchmarks.moving", path=str(full), folder=folder, url=served.url
            ),
            "half": partial(
                in_fresh_process, "benchmarks.moving", path=str(half), folder=folder, url=served.url
            ),
        }
        found = interleave(min(options.rounds, 3), contenders)
    figures = []
    for what in ("export", "import"):
        figures.append(
            figure(
                f"{what} of {ROWS:,} memories with vectors, SQLite",
                [one[f"{what}ed"] for one in found["all"]],
                "/s",
                floor=[one["copied"] for one in found["all"]],
                beside="SQLite copying the rows of the same tables, indexes and all, into another file",
                target=TARGET,
                more_is_better=True,
            )
        )
        figures.append(
            figure(
                f"most memory added by {what} of {ROWS:,}",
                [one[f"{what}_mib"] for one in found["all"]],
                "MiB",
                floor=[one[f"{what}_mib"] for one in found["half"]],
                beside=f"the same with {ROWS // 2:,}",
                target=_MEMORY_TARGET,
            )
        )
    return figures


def _measure(path: str, folder: str, url: str) -> dict[str, Any]:
    place = Path(tempfile.mkdtemp(dir=folder))
    try:
        return _move(Path(path), place, url)
    finally:
        shutil.rmtree(place)


def _move(path: Path, place: Path, url: str) -> dict[str, float]:
    found: dict[str, float] = {}
    with Memory(corpus.config(path, url)) as memory:
        count, before = memory.count(), resident()
        found["exported"] = count / seconds(
            partial(memory.export_memories, place / "out", include_vectors=True)
        )
        found["export_mib"] = _peak() - before
    with Memory(corpus.config(place / "new.db", url)) as memory:
        before = _peak()
        found["imported"] = count / seconds(partial(memory.import_memories, place / "out"))
        found["import_mib"] = _peak() - before
        assert memory.count() == count
    found["copied"] = count / seconds(partial(_copy, place / "new.db", place / "raw.db"))
    return found


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(target) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=normal")
        connection.execute("ATTACH ? AS other", (str(source),))
        made = connection.execute(
            "SELECT name, sql FROM other.sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC"
        ).fetchall()
        for _, sql in made:
            connection.execute(sql)
        tables = [name for name, sql in made if sql.startswith("CREATE TABLE")]
        for name in tables:
            connection.execute(f"INSERT INTO main.{name} SELECT * FROM other.{name}")
    connection.close()


if __name__ == "__main__":
    run_as_child(_measure)
