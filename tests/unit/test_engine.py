"""The blocking engine under the SQLite store, where a test needs its settings."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from powermem._core.changes.reconcile import Candidate, NewMemories, add
from powermem._core.changes.writes import AddMemory, Change, Delete, DeleteTurns, Supersede
from powermem._core.query.search import SearchRequest
from powermem._core.ranking import bm25
from powermem._core.ranking import partition as partition_module
from powermem._core.ranking.bm25 import Postings
from powermem._core.ranking.codes import Codes
from powermem._core.ranking.columns import Columns
from powermem._core.ranking.partition import Partition, PartitionCache
from powermem._core.ranking.turns import Turns
from powermem._core.ranking.vectors import Vectors
from powermem._core.sql import schema
from powermem._core.sql.sqlite import SQLiteSQL
from powermem._core.text.indexing import embedding_bytes, query_ids
from powermem._core.values import EmbedderIdentity, Fact, Message, Scope
from powermem._sqlite import connection
from powermem._sqlite import engine as engine_module
from powermem._sqlite import searcher as searcher_module
from powermem._sqlite.engine import Engine
from powermem.errors import EmbeddingMismatchError, StoreError
from tests.support.additions import turn_of

IDENTITY = EmbedderIdentity("mock", "m", 192)


def vectors(count: int, seed: int = 5) -> list[bytes]:
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((10, 192))
    spread = centres[np.arange(count) % 10] + 0.6 * rng.standard_normal((count, 192))
    return embedding_bytes(spread.astype(np.float32))


def additions(count: int, user: str = "u", seed: int = 5) -> list[AddMemory]:
    found = []
    for number, embedding in enumerate(vectors(count, seed)):
        message = Message("user", f"memory {number} of {user}", sent_at=number)
        fact = Fact(message.content)
        new = NewMemories(Scope(user, None, f"run {number // 20}"), at=1_000_000 + number)
        found.append(add(new, Candidate(fact, message, (), embedding)))
    return found


def ask(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """Run a statement past the engine."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql, values).fetchall()


def request(
    embedding: bytes | None, text: str = "", limit: int = 10, user: str | None = "u"
) -> SearchRequest:
    return SearchRequest(Scope(user), embedding, query_ids(text).terms, limit)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    opened = Engine(str(path), "memories")
    opened.open()
    opened.transact(opened.embedder.settle, IDENTITY)
    yield opened
    opened.close()


def test_a_large_scope_is_searched_by_codes_with_exact_scores(path: Path, engine: Engine) -> None:
    added = additions(3000)
    engine.apply([[change] for change in added])
    coded = Engine(str(path), "memories", exact_rows=1000)
    coded.open()
    queries = [request(vector, f"memory {number}") for number, vector in enumerate(vectors(25, seed=6))]
    overlap = []
    for exact, estimated in zip(engine.search(queries), coded.search(queries), strict=True):
        scores = {hit.row.id: hit for hit in exact}
        overlap.append(len(scores.keys() & {hit.row.id for hit in estimated}) / len(exact))
        for hit in estimated:
            if hit.row.id in scores:
                assert hit.details["dense"] == pytest.approx(scores[hit.row.id].details["dense"], abs=1e-5)
    assert np.mean(overlap) >= 0.9
    coded.apply([[Delete(added[7].row.id, 5)]])
    again = coded.search([request(added[7].embedding, limit=5)])[0]
    assert added[7].row.id not in {hit.row.id for hit in again}
    coded.close()


def test_a_scope_that_grows_large_changes_over_to_codes(path: Path) -> None:
    small = Engine(str(path), "memories", exact_rows=10)
    small.open()
    small.transact(small.embedder.settle, IDENTITY)
    added = additions(100)
    small.apply([[change] for change in added[:10]])
    assert small.search([request(added[0].embedding)])[0][0].row.id == added[0].row.id
    small.apply([[change] for change in added[10:]])
    for change in added[::9]:
        hit = small.search([request(change.embedding, limit=3)])[0][0]
        assert hit.row.id == change.row.id
        assert hit.details["dense"] == pytest.approx(1, abs=1e-5)
    small.close()


def test_searches_that_are_answered_together_share_no_row(engine: Engine) -> None:
    engine.apply([additions(1)])
    one, other = engine.search([request(None, "memory"), request(None, "memory")])
    assert one[0].row == other[0].row
    assert one[0].row is not other[0].row


def test_the_cache_keeps_to_its_limit(path: Path, engine: Engine) -> None:
    engine.apply([[change] for user in "abcdefgh" for change in additions(200, user)])
    tight = Engine(str(path), "memories", cache_bytes=250_000)
    tight.open()
    for _ in range(2):
        for user in "abcdefgh":
            hits = tight.search([request(None, "memory", user=user)])[0]
            assert len(hits) == 10
            assert {hit.row.scope.user_id for hit in hits} == {user}
            assert 0 < tight.cached_bytes <= 250_000
    tight.close()


def test_one_bad_batch_does_not_take_its_neighbours_along(engine: Engine) -> None:
    good, bad, late = additions(3)
    broken: list[Change] = [bad, Supersede(bad.row.id, bad.row.id + 1, "x", 1, 1, version=7)]
    outcomes = engine.apply([[good], broken, [late]])
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    stored = engine.ask(engine.queries.get_many, [good.row.id, bad.row.id, late.row.id])
    assert sorted(stored) == [good.row.id, late.row.id]
    assert engine.ask(engine.queries.history, bad.row.id) == []


def test_an_id_that_exists_is_an_error_and_changes_nothing(engine: Engine) -> None:
    first, second = additions(2)
    engine.apply([[first]])
    second.row.id = first.row.id
    outcomes = engine.apply([[second], []])
    assert isinstance(outcomes[0], StoreError)
    assert engine.ask(engine.queries.get_many, [first.row.id])[first.row.id].text == first.row.text


def test_another_embedder_is_refused(engine: Engine) -> None:
    engine.transact(engine.embedder.settle, IDENTITY)
    engine.transact(engine.embedder.settle, EmbedderIdentity("mock", "m", None))
    for other in (
        EmbedderIdentity("mock", "m", 193),
        EmbedderIdentity("mock", "n", 192),
        EmbedderIdentity("openai", "m", 192),
    ):
        with pytest.raises(EmbeddingMismatchError, match=r"mock \(m, 192 dimensions\).*reembed"):
            engine.transact(engine.embedder.settle, other)


def test_caches_survive_that_deletions_are_no_longer_listed(
    path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = additions(20)
    engine.apply([[change] for change in added])
    assert len(engine.search([request(None, "memory", limit=50)])[0]) == 20
    monkeypatch.setattr(engine_module, "_MAX_LISTED_DELETIONS", 3)
    other = Engine(str(path), "memories")
    other.open()
    other.apply([[Delete(change.row.id, 5)] for change in added[:10]])
    other.close()
    other.open()
    other.close()
    assert ask(path, "SELECT count(*) FROM memories_deleted") == [(0,)]
    assert len(engine.search([request(None, "memory", limit=50)])[0]) == 10


def test_an_older_schema_is_brought_forward_in_one_transaction(
    path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.apply([additions(1)])
    steps = ["ALTER TABLE memories_records ADD COLUMN mood TEXT", "UPDATE memories_records SET mood = 'calm'"]
    last = schema.SCHEMA_VERSION
    monkeypatch.setattr(SQLiteSQL, "schema_version", last + 1)
    monkeypatch.setattr(SQLiteSQL, "steps", lambda sql: {last: [*steps, "SELECT nonsense"]})
    newer = Engine(str(path), "memories")
    with pytest.raises(StoreError, match="nonsense"):
        newer.open()
    assert "mood" not in {row[1] for row in ask(path, "PRAGMA table_info(memories_records)")}
    monkeypatch.setattr(SQLiteSQL, "steps", lambda sql: {last: steps})
    newer.open()
    newer.close()
    assert ask(path, "SELECT mood FROM memories_records") == [("calm",)]
    assert ask(path, "SELECT value FROM memories_meta WHERE key = 'schema_version'") == [(last + 1,)]


def test_a_newer_schema_is_refused(path: Path, engine: Engine) -> None:
    later = schema.SCHEMA_VERSION + 1
    ask(path, "UPDATE memories_meta SET value = ? WHERE key = 'schema_version'", later)
    with pytest.raises(StoreError, match="newer powermem"):
        Engine(str(path), "memories").open()


BREAKING = {
    "rows": (Partition, "append"),
    "removed rows": (Partition, "remove"),
    "numbers": (Columns, "extend"),
    "names": (partition_module, "encode"),
    "turns": (Turns, "append"),
    "turns in order": (Turns, "order"),
    "vectors": (Vectors, "append"),
    "codes": (Codes, "append"),
    "words": (Postings, "append"),
    "words in order": (bm25, "_segment"),
    "merged words": (bm25, "_merge"),
    "size": (PartitionCache, "resize"),
    "rank": (searcher_module, "cosines"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("name", BREAKING)
def test_a_search_that_broke_off_changes_no_later_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[BaseException], when: str
) -> None:
    place, method = BREAKING[name]
    added = additions(60)
    broken = Engine(str(path), "memories", exact_rows=10 if name == "codes" else 250_000)
    broken.open()
    broken.transact(broken.embedder.settle, IDENTITY)
    broken.apply([added[:40]])
    asked = [SearchRequest(Scope("u"), added[3].embedding, query_ids("memory of u").terms, 100)]
    broken.search(asked)
    broken.apply([[*added[40:], Delete(added[7].row.id, 5)]])
    original, left = getattr(place, method), [1]

    def break_once(*args: Any, **kwargs: Any) -> Any:
        if not left:
            return original(*args, **kwargs)
        left.clear()
        if when == "after":
            original(*args, **kwargs)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(place, method, break_once)
        with suppress(error):
            broken.search(asked)
    whole = Engine(str(path), "memories", exact_rows=10 if name == "codes" else 250_000)
    whole.open()
    expected = {hit.row.id: hit.score for hit in whole.search(asked)[0]}
    assert len(expected) == 59
    for _ in range(2):
        assert {hit.row.id: hit.score for hit in broken.search(asked)[0]} == pytest.approx(expected)
    whole.close()
    broken.close()


def test_only_commits_that_change_memories_are_numbered(path: Path, engine: Engine) -> None:
    number = "SELECT value FROM memories_meta WHERE key = 'sequence'"
    (before,) = ask(path, number)
    engine.apply([[turn_of("said")]])
    assert ask(path, number) == [before]
    (memory,) = additions(1)
    engine.apply([[memory]])
    engine.apply([[DeleteTurns(memory.row.scope, None)]])
    (after,) = ask(path, number)
    assert after == (int(str(before[0])) + 1,)
    assert ask(path, "SELECT DISTINCT sequence FROM memories_records") == [after]
    engine.apply([[Delete(memory.row.id, 0)]])
    assert ask(path, number) == [(int(str(after[0])) + 1,)]


def test_a_user_is_few_objects_for_the_garbage_collector(engine: Engine) -> None:
    def look(user: str) -> None:
        engine.apply([additions(3, user)])
        engine.search([SearchRequest(Scope(user), None, query_ids("memory").terms, 5)])

    def objects() -> int:
        gc.collect()
        return len(gc.get_objects())

    look("first")
    before = objects()
    for number in range(30):
        look(f"user {number}")
    # A full collection visits each of them, and one comes whenever their number has grown by a quarter.
    assert objects() - before <= 30 * 24


@pytest.mark.parametrize(("rows", "commits"), [(1, 12), (200, 1)])
def test_the_log_is_long_after_many_commits_or_many_rows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: int, commits: int
) -> None:
    monkeypatch.setattr(connection, "_CHECKPOINT", 100)
    new = iter(additions(2 * rows * commits))
    for _ in range(2):
        engine.checkpoint()
        for _ in range(commits):
            assert not engine.checkpoint_is_due
            engine.apply([[next(new) for _ in range(rows)]])
        assert engine.checkpoint_is_due


def test_the_log_starts_anew_though_not_all_could_be_copied_beside_others(
    path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = iter(additions(1000))
    give_back = engine._database._give_back
    sizes = []
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:

        def end(connection: sqlite3.Connection) -> None:
            give_back(connection)
            reader.execute("COMMIT")

        monkeypatch.setattr(engine._database, "_give_back", end)
        for _ in range(10):
            engine.apply([[next(new) for _ in range(80)]])
            # What is written from here on is not copied until the reader has ended.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM memories_meta").fetchall()
            engine.apply([[next(new) for _ in range(20)]])
            engine.checkpoint()
            sizes.append(path.with_name(f"{path.name}-wal").stat().st_size)
    assert sizes[-1] < 2 * sizes[0]


@pytest.mark.parametrize("where", [":memory:", "without a log"])
def test_without_a_log_nothing_is_copied(path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_CHECKPOINT", 1)
    engine = Engine(where, "memories") if where == ":memory:" else Engine(str(path), "memories", wal=False)
    engine.open()
    engine.apply([list(additions(1))])
    assert not engine.checkpoint_is_due
    engine.close()
