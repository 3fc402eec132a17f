"""Partitions that are saved beside the database: the same results, never stale, and no harm in any file."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from powermem._core.changes.reconcile import Candidate, NewMemories, add
from powermem._core.changes.writes import AddMemory, Delete, DeleteWhere, ReplaceText
from powermem._core.query.search import Cues, SearchRequest
from powermem._core.ranking.partition import Partition
from powermem._core.text.indexing import embedding_bytes, query_ids
from powermem._core.values import EmbedderIdentity, Fact, Message, Scope
from powermem._sqlite import partition_files
from powermem._sqlite.engine import Engine
from powermem.errors import StoreError

DIMENSION = 24
LEAST = 50


def vectors(count: int, seed: int) -> list[bytes]:
    return embedding_bytes(np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32))


def additions(count: int, *, user: str = "u", seed: int = 1, windows: bool = False) -> list[AddMemory]:
    made = []
    for number, vector in enumerate(vectors(count, seed)):
        speaker = ("Ana", "Bo", None)[number % 3]
        message = Message(
            "user", f"word{number % 7} memory {seed} {number}", actor_id=speaker, sent_at=number
        )
        new = NewMemories(Scope(user, f"a{number % 2}", f"run {number // 9}"), at=1_000_000 + number)
        if windows and number % 4 == 0:
            vector += b"".join(vectors(2, 1000 + number))
        one = add(new, Candidate(Fact(message.content), message, (), vector))
        if number % 11 == 0:
            one = replace(one, row=replace(one.row, expires_at=1_500_000))
        made.append(one)
    return made


def opened(path: Path, **options: object) -> Engine:
    engine = Engine(str(path), "memories", **{"least_saved": LEAST, **options})
    engine.open()
    engine.transact(engine.embedder.settle, EmbedderIdentity("mock", "m", DIMENSION))
    return engine


@contextmanager
def running(path: Path, **options: object) -> Iterator[Engine]:
    engine = opened(path, **options)
    try:
        yield engine
    finally:
        engine.close()


def saved(engine: Engine) -> Engine:
    """Search, and save what there is to save."""
    results(engine)
    assert engine.unsaved
    engine.save_partitions(lambda: False)
    assert not engine.unsaved
    return engine


def results(engine: Engine, user: str | None = "u") -> list[list[tuple[int, float]]]:
    """Return ids and scores of searches that read every column."""
    query = query_ids("word3 memory 30 Ana")
    asked = [
        SearchRequest(scope, vector, query.terms, 20, Cues(query.words), query.forms, as_of=as_of)
        for scope in (Scope(user), Scope(user, "a1"), Scope(user, None, "run 3"))
        for as_of in (None, 1_000_040)
        for vector in (vectors(1, 77)[0], None)
    ]
    # The age of a memory counts, and time goes by.
    return [
        [(hit.row.id, round(hit.score - hit.details.get("recency", 0.0), 6)) for hit in hits]
        for hits in engine.search(asked)
    ]


def tables(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql, values).fetchall()


def files(path: Path) -> list[Path]:
    return sorted(path.with_name(f"{path.name}-partitions").glob("*"))


@contextmanager
def counting_rows() -> Iterator[list[int]]:
    """Count the rows that are appended to partitions."""
    counts: list[int] = []
    append = Partition.append

    def counted(self: Partition, rows: object) -> None:
        counts.append(len(rows.ids))  # type: ignore[attr-defined]
        append(self, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Partition, "append", counted)
        yield counts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "saved.db"


SHAPES = {
    "vectors": ({}, False),
    "windows": ({}, True),
    "codes": ({"exact_rows": 60}, False),
    "codes of windows": ({"exact_rows": 60}, True),
    "codes because of windows": ({"exact_rows": 85}, True),
}


@pytest.mark.parametrize(("options", "windows"), SHAPES.values(), ids=SHAPES)
def test_a_saved_partition_finds_the_same_without_its_rows(
    path: Path, options: dict[str, object], windows: bool
) -> None:
    with running(path, saving=False, **options) as engine:
        engine.apply([additions(120, windows=windows)])
        expected = results(engine)
    with running(path, **options) as engine:
        assert results(saved(engine)) == expected
    for _ in range(2):
        with counting_rows() as appended, running(path, **options) as engine:
            assert results(engine) == expected
            assert not appended
            assert not engine.unsaved


def replaced(engine: Engine, ours: list[AddMemory]) -> None:
    row = ours[5].row
    engine.apply([[ReplaceText(row.id, "word3 again", "h" * 32, vectors(1, 9)[0], 2_000_000)]])


CHANGES: dict[str, Callable[[Engine, list[AddMemory]], object]] = {
    "added": lambda engine, ours: engine.apply([additions(3, seed=2)]),
    "deleted": lambda engine, ours: engine.apply([[Delete(ours[4].row.id, 5)]]),
    "replaced": replaced,
    "of another": lambda engine, ours: engine.apply([additions(3, seed=3, user="v")]),
    "all": lambda engine, ours: engine.apply([[DeleteWhere(Scope("u"), None, 5)]]),
    "many": lambda engine, ours: engine.apply([additions(200, seed=4)]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_another_process_wrote_since_is_found(
    path: Path, change: Callable[[Engine, list[AddMemory]], object]
) -> None:
    ours = additions(120)
    with running(path) as engine:
        engine.apply([ours])
        saved(engine)
    with running(path, saving=False) as other:
        change(other, ours)
        expected = results(other)
        everybody = results(other, None)
    with counting_rows() as appended, running(path) as engine:
        assert results(engine) == expected
        assert sum(appended) <= 200
        assert results(engine, None) == everybody


def test_what_has_changed_much_is_saved_again(path: Path) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        saved(engine)
        engine.apply([additions(20, seed=2)])
        results(engine)
        assert not engine.unsaved
        engine.apply([additions(30, seed=3)])
        saved(engine)
    with counting_rows() as appended, running(path) as engine:
        results(engine)
        assert not appended
    with running(path, saving=False) as other:
        other.apply([additions(12, seed=4)])
    with counting_rows() as appended, running(path) as engine:
        # Reading the changes costs more than the file, so fewer of them are reason enough.
        saved(engine)
        assert appended == [12]


def emptied(path: Path) -> None:
    with running(path, saving=False) as engine:
        for statement in engine.sql.emptying():
            tables(path, statement)
        engine.transact(engine.embedder.settle, EmbedderIdentity("mock", "m", DIMENSION))


def past_the_library(path: Path) -> None:
    tables(path, "DELETE FROM memories_records WHERE id IN (SELECT max(id) FROM memories_records)")


def another_file(path: Path) -> None:
    path.unlink()
    with running(path, saving=False) as engine:
        engine.apply([additions(130, seed=8)])


def trimmed(path: Path) -> None:
    tables(path, "UPDATE memories_meta SET value = 1000 WHERE key IN ('sequence', 'deleted_before')")


STRANGE = {
    "emptied": emptied,
    "rows deleted by hand": past_the_library,
    "another database of that name": another_file,
    "deletions no longer listed": trimmed,
}


@pytest.mark.parametrize("happened", STRANGE.values(), ids=STRANGE)
def test_a_file_that_the_database_does_not_continue_is_left_alone(
    path: Path, happened: Callable[[Path], None]
) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        saved(engine)
    happened(path)
    with running(path, saving=False) as engine:
        expected = results(engine)
    with running(path) as engine:
        assert results(engine) == expected


@pytest.mark.parametrize("had_file", [False, True])
def test_a_database_restored_from_a_backup_does_not_take_the_file_of_its_later_self(
    path: Path, had_file: bool
) -> None:
    backup = path.with_name("backup.db")
    with running(path) as engine:
        engine.apply([additions(100)])
        if had_file:
            saved(engine)
    shutil.copyfile(path, backup)
    with running(path) as engine:
        engine.apply([additions(60, seed=2)])
        saved(engine)
    for end in ("-wal", "-shm"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    shutil.copyfile(backup, path)
    with running(path, saving=False) as engine:
        # As many commits and rows as the file knows, but others.
        engine.apply([additions(60, seed=3)])
        expected = results(engine)
    with running(path) as engine:
        assert results(engine) == expected


def test_a_file_counts_only_once_the_database_names_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*given: object) -> None:
        raise StoreError("killed")

    with running(path) as engine:
        engine.apply([additions(120)])
        expected = results(engine)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "_set_meta", killed)
            with pytest.raises(StoreError, match="killed"):
                engine.save_partitions(lambda: False)
        assert len(files(path)) == 1
    with counting_rows() as appended, running(path) as engine:
        assert results(saved(engine)) == expected
        assert sum(appended) == 120


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut in the header": lambda data: data[:60],
    "cut in the arrays": lambda data: data[:-500],
    "another format": lambda data: b"x" + data[1:],
    "another version": lambda data: data.replace(b'"version": ', b'"version": 9', 1),
    "another byte order": lambda data: data.replace(sys.byteorder.encode(), b"middle", 1),
    "no json": lambda data: data.replace(b'{"token"', b'["token"', 1),
    "a value is missing": lambda data: data.replace(b'"sequence"', b'"sequents"', 1),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_built_again(path: Path, damage: Callable[[bytes], bytes]) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        expected = results(saved(engine))
    (file,) = files(path)
    data = file.read_bytes()
    assert damage(data) != data
    file.write_bytes(damage(data))
    with running(path) as engine:
        assert results(saved(engine)) == expected
    with counting_rows() as appended, running(path) as engine:
        assert results(engine) == expected
        assert not appended


def test_a_file_that_is_replaced_or_removed_while_it_is_used_does_no_harm(path: Path) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        expected = results(saved(engine))
    (file,) = files(path)
    before = file.read_bytes()
    with running(path) as reader:
        with counting_rows() as appended:
            assert results(reader) == expected
        assert not appended
        with running(path) as writer:
            writer.apply([additions(60, seed=2)])
            later = results(saved(writer))
        assert later != expected
        assert file.read_bytes() != before
        assert results(reader) == later
        shutil.rmtree(file.parent)
        assert results(reader) == later


def test_other_settings_make_other_partitions(path: Path) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        saved(engine)
    with counting_rows() as appended, running(path, exact_rows=60) as engine:
        saved(engine)
        assert sum(appended) == 120


def test_files_go_with_the_memories_and_are_private(path: Path) -> None:
    with running(path) as engine:
        engine.apply([additions(120), additions(120, user="v", seed=2)])
        for user in ("u", "v", None):
            results(engine, user)
        engine.save_partitions(lambda: False)
        assert len(files(path)) == 3
        if sys.platform != "win32":
            assert {file.stat().st_mode & 0o777 for file in files(path)} == {0o600}
        engine.apply([[DeleteWhere(Scope("u"), None, 5)]])
        assert len(files(path)) == 1
        engine.forget_partitions()
        assert not files(path)


def test_what_was_stopped_or_does_not_fit_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        results(engine)
        asked = iter([False, False, True])
        engine.save_partitions(lambda: next(asked, True))
        assert not files(path)
    with running(path) as engine:
        results(engine)
        monkeypatch.setattr(partition_files, "_SPARE", 1 << 60)
        engine.save_partitions(lambda: False)
        assert not files(path)


def test_what_a_killed_process_did_not_finish_is_removed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(path) as engine:
        engine.apply([additions(120)])
        saved(engine)
        (file,) = files(path)
        rest = file.with_name(f"{file.name}.unfinished-1")
        rest.write_bytes(b"x")
        engine.apply([additions(60, seed=2)])
        saved(engine)
        assert rest in files(path)
        monkeypatch.setattr(partition_files, "_ABANDONED", -1.0)
        engine.apply([additions(90, seed=3)])
        saved(engine)
        assert files(path) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders")
def test_a_folder_that_cannot_be_written_is_said_once_and_does_no_harm(path: Path) -> None:
    path.with_name(f"{path.name}-partitions").write_text("a file where the folder would be")
    with running(path) as engine:
        engine.apply([additions(120)])
        expected = results(engine)
        with pytest.raises(StoreError, match="partition_files"):
            engine.save_partitions(lambda: False)
        assert results(engine) == expected
        assert not engine.unsaved


def test_small_partitions_and_databases_in_memory_have_no_files(path: Path) -> None:
    with running(path) as engine:
        engine.apply([additions(LEAST - 1)])
        results(engine)
        assert not engine.unsaved
    engine = Engine(":memory:", "memories", least_saved=1)
    engine.open()
    engine.apply([additions(5)])
    results(engine)
    assert not engine.unsaved
    engine.close()
