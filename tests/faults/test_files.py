"""Files that cannot be a database, or cannot be written: one clear error, and nothing half made."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory, StoreError, StoreUnavailableError
from tests.faults.database import check_database, rows
from tests.faults.processes import Process


def refuse(config: dict[str, Any], error: type[StoreError], *named: str) -> None:
    """Check that the memory cannot be opened, says why, and stays as it is when asked again."""
    memory = Memory(config)
    for call in (memory.initialize, memory.count, lambda: memory.add("I like tea", infer=False)):
        with pytest.raises(error) as caught:
            call()
        assert type(caught.value) is error
        for part in (config["vector_store"]["config"]["database_path"], *named):
            assert part in str(caught.value)
    memory.close()


def test_a_folder_is_no_database(path: Path, config: dict[str, Any]) -> None:
    path.mkdir()
    refuse(config, StoreUnavailableError, "folder")
    assert list(path.iterdir()) == []
    path.rmdir()
    with Memory(config) as memory:
        assert memory.count() == 0


def test_a_path_through_a_file_leads_nowhere(path: Path, config: dict[str, Any]) -> None:
    path.write_text("I am a file")
    config["vector_store"]["config"]["database_path"] = str(path / "deeper" / "memory.db")
    refuse(config, StoreUnavailableError, "folder")
    assert path.read_text() == "I am a file"


@pytest.mark.parametrize("content", [b"This is a diary, not a database. " * 100, b"\x00" * 8192])
def test_a_file_that_is_no_database_is_left_alone(path: Path, config: dict[str, Any], content: bytes) -> None:
    path.write_bytes(content)
    refuse(config, StoreError, "not a healthy SQLite database")
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_file_cut_in_half_is_an_error(path: Path, config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add([f"I like tea number {number}" for number in range(200)], user_id="u", infer=False)
    os.truncate(path, path.stat().st_size // 2)
    memory = Memory(config)
    with pytest.raises(StoreError, match="not a healthy SQLite database"):
        memory.search("tea", user_id="u")
    memory.close()


def test_a_database_of_somebody_else_keeps_its_tables(path: Path, config: dict[str, Any]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE memories (id INTEGER PRIMARY KEY, text TEXT)")
        connection.execute("INSERT INTO memories VALUES (1, 'mine')")
        connection.commit()
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
    assert rows(path, "SELECT * FROM memories") == [(1, "mine")]


def test_a_newer_schema_is_refused_and_kept(path: Path, config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE memories_meta SET value = 99 WHERE key = 'schema_version'")
        connection.commit()
    refuse(config, StoreError, "newer powermem", "99", "upgrade")
    assert rows(path, "SELECT memory FROM memories_records") == [("I like tea",)]
    assert rows(path, "SELECT value FROM memories_meta WHERE key = 'schema_version'") == [(99,)]


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that every user can enter; the test's own can be entered by its owner only."""
    folder = Path(tempfile.mkdtemp(prefix="powermem-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(("file", "folder"), [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)])
def test_a_file_that_cannot_be_written_is_read(
    readable: Path, config: dict[str, Any], file: int, folder: int
) -> None:
    path = readable / "memory.db"
    config["vector_store"]["config"]["database_path"] = str(path)
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
    path.chmod(file)
    readable.chmod(folder)
    with Process("read_without_rights", config=config) as process:
        (report,) = process.finish()
    assert report["found"] == report["listed"] == ["I like tea"]
    assert report["events"] == ["ADD"]
    assert report["error"] == "StoreError"
    assert str(path) in report["message"]
    assert "permissions" in report["message"]
    path.chmod(0o644)
    readable.chmod(0o755)
    with Memory(config) as memory:
        (item,) = memory.get_all(user_id="u")["results"]
        assert item["access_count"] == 0
    check_database(path)


def test_a_full_disk_is_an_error_after_which_all_is_well(path: Path, config: dict[str, Any]) -> None:
    with Process("add_past_the_end_of_the_disk", config=config, room=200_000) as process:
        (report,) = process.finish()
    assert report["error"] == "StoreError"
    assert str(path) in report["message"]
    assert "nothing of this call was stored" in report["message"]
    # Before, meanwhile and after: every acknowledged memory, and nothing else.
    assert report["listed"] == len(report["kept"]) > 5
    with Memory(config) as memory:
        ids = [item["id"] for item in memory.get_all(limit=10_000, sort_by="id", order="asc")["results"]]
        assert ids == [*report["kept"], report["again"]]
        assert len(memory.search("violin", user_id="u", limit=10_000)["results"]) == len(ids)
    check_database(path)
