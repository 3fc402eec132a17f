"""A file that others open or write at the same moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from powermem._sqlite import connection
from powermem._sqlite.connection import Database
from powermem.errors import StoreUnavailableError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else that is about to write to a file without a log."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE notes (note)")
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_file_is_opened_once_its_writer_is_done(
    path: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == 3:
            writer.execute("COMMIT")

    monkeypatch.setattr(connection, "sleep", pause)
    database = Database(str(path), timeout=60, wal=True, synchronous="FULL")
    database.open()
    with database.writing() as lent:
        assert lent.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
    assert len(paused) == 3


def test_a_writer_is_not_waited_for_longer_than_the_timeout(path: Path, writer: sqlite3.Connection) -> None:
    database = Database(str(path), timeout=0.02, wal=True, synchronous="FULL")
    with pytest.raises(StoreUnavailableError, match="another process kept the database locked"):
        database.open()
    writer.execute("COMMIT")
    database.open()
    database.close()
