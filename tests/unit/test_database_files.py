"""Database files under unusual names, taken away while they are open, and looked at by others."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from powermem import InvalidInputError, Memory, PowerMemError, StoreError, StoreUnavailableError
from powermem._core.transfer import files
from powermem._core.transfer.database_files import is_database, is_open


def configured(path: str | Path) -> dict[str, Any]:
    return {
        "vector_store": {"config": {"database_path": str(path)}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


def add(memory: Memory, text: str) -> None:
    memory.add(text, user_id="u", infer=False)


def texts(path: Path) -> list[str]:
    with Memory(configured(path)) as memory:
        return [item["memory"] for item in memory.get_all(user_id="u", sort_by="id", order="asc")["results"]]


@pytest.mark.parametrize(
    "name",
    ["a?mode=ro.db", "a#b.db", "a%20b.db", "100%.db", "a b.db", "Küche.db", "a&b=c.db", "'a\".db", "a;b.db"],
)
def test_every_character_of_a_path_means_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in?a#folder%41" / name
    for text in ("I like tea", "I like rain"):
        with Memory(configured(path)) as memory:
            add(memory, text)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: memory.search("tea", user_id="u"), range(8)))
            assert {file.name for file in path.parent.iterdir()} == {name, f"{name}-wal", f"{name}-shm"}
    assert texts(path) == ["I like tea", "I like rain"]
    assert [file.name for file in tmp_path.iterdir()] == ["in?a#folder%41"]


@pytest.mark.parametrize(
    "path",
    [
        "file:memory.db",
        "file:memory.db?mode=memory",
        "file:///tmp/x.db",
        "me\0mory.db",
        "d/" * 1500 + "x.db",
        "a" * 300,
    ],
)
def test_a_path_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PowerMemError):
        Memory(configured(path)).initialize()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_begins_like_a_uri_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Memory(configured("./file:memory.db")) as memory:
        add(memory, "I like tea")
    assert [file.name for file in tmp_path.iterdir()] == ["file:memory.db"]


def test_a_relative_path_is_that_of_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path)
    with Memory(configured("./memory.db")) as memory:
        add(memory, "I like tea")
        monkeypatch.chdir(tmp_path / "below")
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda _: memory.search("tea", user_id="u")["results"], range(24)))
        assert all(len(hits) == 1 for hits in found)
        add(memory, "I like rain")
    assert list((tmp_path / "below").iterdir()) == []
    assert texts(tmp_path / "memory.db") == ["I like tea", "I like rain"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
def test_what_is_remembered_is_for_its_owner_only(tmp_path: Path, beside: str) -> None:
    before = os.umask(0o022)
    try:
        with Memory(configured(tmp_path / "memory.db")) as memory:
            add(memory, "I like tea")
            assert stat.S_IMODE((tmp_path / f"memory.db{beside}").stat().st_mode) == 0o600
            for name in ("export.jsonl", "export.jsonl.gz"):
                memory.export_memories(tmp_path / name)
                assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed elsewhere")
@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_an_add_into_a_file_that_is_gone_is_not_acknowledged(tmp_path: Path, beside: str, how: str) -> None:
    path = tmp_path / "memory.db"
    taken = tmp_path / f"memory.db{beside}"
    memory = Memory(configured(path))
    add(memory, "I like tea")
    content = taken.read_bytes() if beside else b""
    taken.unlink() if how == "removed" else taken.rename(tmp_path / "elsewhere")
    if how == "replaced":
        taken.write_bytes(content)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match=f"{taken.name}: was {how}.*make a new memory"):
            add(memory, "I like rain")
    memory.close()


def test_another_database_in_the_place_of_one_is_noticed(tmp_path: Path) -> None:
    path, other = tmp_path / "memory.db", tmp_path / "other.db"
    with Memory(configured(other)) as memory:
        add(memory, "I like snow")
    memory = Memory(configured(path))
    add(memory, "I like tea")
    os.replace(other, path)
    with pytest.raises(StoreUnavailableError, match="replaced"):
        add(memory, "I like rain")
    memory.close()


LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
else:
    print("not locked")
"""


@pytest.mark.skipif(os.name != "posix", reason="only POSIX drops locks in this way")
@pytest.mark.parametrize("link", ["same", "hard", "symbolic"])
def test_looking_at_a_file_drops_no_lock_of_an_open_database(tmp_path: Path, link: str) -> None:
    path = tmp_path / "memory.db"
    with Locking(path) as connection:
        connection.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, payload TEXT, vector TEXT)")
        alias = {"same": path, "hard": tmp_path / "hard", "symbolic": tmp_path / "symbolic"}[link]
        if link == "hard":
            os.link(path, alias)
        if link == "symbolic":
            alias.symlink_to(path)
        connection.execute("BEGIN IMMEDIATE")
        assert is_database(alias)
        with Memory(configured(":memory:")) as memory:
            memory.import_memories(alias)
            with pytest.raises(InvalidInputError, match="SQLite database"):
                memory.import_memories(alias, format="jsonl")
        looked = subprocess.run(
            [sys.executable, "-c", LOOK, str(path)], capture_output=True, text=True, check=True
        )
        assert looked.stdout.strip() == "database is locked"
        connection.execute("ROLLBACK")


class Locking:
    """A connection of the program's own, in the mode in which a lock is one of the file's."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *raised: object) -> None:
        self._connection.close()


@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
def test_nothing_is_written_over_an_open_database(tmp_path: Path, beside: str) -> None:
    path = tmp_path / "memory.db"
    with Memory(configured(path)) as memory:
        add(memory, "I like tea")
        target = tmp_path / f"memory.db{beside}"
        assert is_open(target)
        with pytest.raises(InvalidInputError, match="a database that is open"):
            memory.export_memories(target)
        with pytest.raises(InvalidInputError, match="a database that is open"):
            memory.add_many([{"messages": "I like rain", "user_id": "u"}], checkpoint=target)
        add(memory, "I like snow")
    assert not is_open(path)
    assert texts(path) == ["I like tea", "I like snow"]


@pytest.mark.parametrize("content", [b"", b"{}", b"SQLite format 3\0" + bytes(3000), bytes(range(256)) * 16])
def test_what_a_file_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some file"
    path.write_bytes(content)
    assert is_database(path) is content.startswith(b"SQLite")
    assert not is_database(tmp_path)
    assert not is_database(tmp_path / "none")


def test_a_full_disk_delays_nothing_afterwards(tmp_path: Path) -> None:
    with Memory(configured(tmp_path / "memory.db")) as memory:
        add(memory, "I like tea")
        database = memory._access.components.store._engine._database
        with database._write_lock:
            pages = database._writer.execute("PRAGMA page_count").fetchone()[0]
            database._writer.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StoreError, match="the disk is full; nothing of this call was stored"):
            memory.add([f"Note {number} {'very ' * 500}long" for number in range(100)], infer=False)
        with database._write_lock:
            database._writer.execute("PRAGMA max_page_count=1000000")
        add(memory, "I like snow")
        assert memory.search("snow", user_id="u", limit=1)["results"][0]["memory"] == "I like snow"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_what_is_no_file_is_refused_by_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in [
        (tmp_path / "pipe", "a device or a pipe"),
        (Path(os.devnull), "a device"),
        (tmp_path, "a folder"),
    ]:
        with pytest.raises(StoreUnavailableError, match=f"this is {what}"):
            Memory(configured(path)).initialize()


@pytest.mark.skipif(sys.platform == "win32", reason="a current folder cannot be removed there")
def test_a_current_folder_that_was_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(PowerMemError, match="current folder was removed"):
        Memory(configured("memory.db")).initialize()
    with Memory(configured(tmp_path / "memory.db")) as memory:
        add(memory, "I like tea")
    with Memory(configured(":memory:")) as memory:
        add(memory, "I like tea")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_an_export_to_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(configured(tmp_path / "memory.db")) as memory:
        add(memory, "I like tea")
        # What is written goes to the device on which nothing finds room.
        monkeypatch.setattr(files, "_private", lambda path, flags: os.open("/dev/full", os.O_WRONLY))
        before = set(tmp_path.iterdir())
        with pytest.raises(InvalidInputError, match=r"cannot write .*out.jsonl .No space left"):
            memory.export_memories(tmp_path / "out.jsonl")
        with pytest.raises(InvalidInputError, match=r"cannot write .*out.jsonl.gz .No space left"):
            memory.export_memories(tmp_path / "out.jsonl.gz")
        assert set(tmp_path.iterdir()) == before


def test_statistics_are_counted_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with Memory(configured(path)) as memory:
        add(memory, "I like tea")
        memory.search("tea", user_id="u")
        path.rename(tmp_path / "moved.db")
        assert memory.get_statistics()["total_memories"] == 1
        (tmp_path / "moved.db").rename(path)
        assert memory.get_statistics()["total_memories"] == 1
    with Memory(configured(path)) as memory:
        assert memory.get_all(user_id="u")["results"][0]["access_count"] == 1


def test_a_child_does_not_close_at_its_end_what_its_parent_has_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Memory(configured(tmp_path / "memory.db")) as memory:
        add(memory, "I like tea")
        engine = memory._access.engine()
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: 0)
            engine._close_at_exit()
        assert not engine.closed
        add(memory, "I like rain")
