# Generated from tests/_async/test_moving.py by scripts/run_unasync.py; edit that file instead.
"""Exporting, importing and copying."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from powermem import InvalidInputError, Memory

pytestmark = pytest.mark.stores


def other(tmp_path: Path, name: str = "other", **sections: Any) -> dict[str, Any]:
    """A second memory, with a file of its own."""
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / f"{name}.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
        **sections,
    }


def fill(memory: Memory) -> list[int]:
    """Store memories that have everything a memory can have; return their ids."""
    ids = []
    for number in range(5):
        result = memory.add(
            f"Note {number}: tea 茶 🍵 'quoted' 100%",
            user_id=f"u{number % 2}",
            agent_id="a" if number == 3 else None,
            metadata={"n": number, "deep": {"list": [1, None, "x"]}},
            actor_id="Ana",
            timestamp="1969-05-08T10:00:00Z",
            expires_at="2999-01-01" if number == 2 else None,
            infer=False,
        )
        ids.append(result["results"][0]["id"])
    memory.add("I live in Porto. I like chess.", user_id="u0")
    memory.update(ids[0], "Note 0, corrected")
    memory.search("corrected", user_id="u0")
    memory.delete(ids[4])
    return ids


def contents(memory: Memory, ids: list[int]) -> list[Any]:
    """Everything that can be seen of the memories."""
    listed = memory.get_all(limit=1000, sort_by="id")
    return [
        listed,
        [memory.history(memory_id) for memory_id in ids],
        [memory.sources(memory_id) for memory_id in ids],
        [
            [
                (hit["id"], pytest.approx(hit["score"], abs=1e-5))
                for hit in (memory.search(query, user_id="u0"))["results"]
            ]
            for query in ("tea", "Porto", "corrected")
        ],
    ]


@pytest.mark.parametrize("include_vectors", [False, True])
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_a_round_trip_loses_nothing(memory: Memory, tmp_path: Path, include_vectors: bool, name: str) -> None:
    ids = fill(memory)
    before = contents(memory, ids)
    path = tmp_path / name
    counts = memory.export_memories(path, include_vectors=include_vectors)
    assert counts == {"exported": memory.count(), "turns": 6, "deleted": 2}
    with Memory(other(tmp_path)) as copy:
        told = copy.import_memories(path)
        assert told == {"imported": counts["exported"], "skipped": 0, "failed": 0, "errors": []}
        after = contents(copy, ids)
        assert [len(entries) for entries in after[1]] == [2, 1, 1, 1, 2]
        again = copy.import_memories(path)
        assert again == {"imported": 0, "skipped": counts["exported"], "failed": 0, "errors": []}
        # A search counts as an access of what it finds.
        for listed in (before[0], after[0]):
            for item in listed["results"]:
                item.pop("access_count")
        assert after == before
        second = tmp_path / f"again-{name}"
        copy.export_memories(second, include_vectors=include_vectors)
        assert copy.count() == counts["exported"]


def test_what_was_superseded_comes_along(memory: Memory, tmp_path: Path) -> None:
    memory.add("I live in Porto", user_id="u", infer=False)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path)
    header, turn, line = path.read_text("utf-8").splitlines()
    value = json.loads(line)
    value.update(valid_to=value["valid_from"] + 1, superseded_by=value["id"] + 1, access_count=7)
    path.write_text("\n".join([header, turn, json.dumps(value)]), "utf-8")
    with Memory(other(tmp_path)) as copy:
        copy.import_memories(path)
        assert copy.count() == 0
        kept = copy.get(value["id"])
        assert kept is not None
        assert kept["superseded_by"] == value["id"] + 1
        assert kept["access_count"] == 7
        assert kept["valid_to"] is not None
        # The same may be said again.
        result = copy.add("I live in Porto", user_id="u", infer=False)
        assert [item["event"] for item in result["results"]] == ["ADD"]


def test_an_export_can_be_narrowed(memory: Memory, tmp_path: Path) -> None:
    fill(memory)
    sink = io.StringIO()
    counts = memory.export_memories(sink, user_id="u1")
    lines = [json.loads(line) for line in sink.getvalue().splitlines()[1:]]
    # The deleted memory was u0's, and a history does not say whose it was: it stays.
    assert counts == {"exported": 2, "turns": 2, "deleted": 0}
    assert {line["user_id"] for line in lines} == {"u1"}
    binary = io.BytesIO()
    counts = memory.export_memories(binary, filters={"n": {"gte": 3}})
    assert counts == {"exported": 1, "turns": 1, "deleted": 0}
    assert b"Note 3" in binary.getvalue()
    assert "茶" in binary.getvalue().decode()


def test_import_takes_an_open_file(memory: Memory, tmp_path: Path) -> None:
    fill(memory)
    text, data = io.StringIO(), io.BytesIO()
    memory.export_memories(text)
    memory.export_memories(data, include_vectors=True)
    for sink in (text, data):
        sink.seek(0)
        with Memory(other(tmp_path, type(sink).__name__)) as copy:
            assert (copy.import_memories(sink))["imported"] == memory.count()


def test_vectors_of_another_embedder_are_made_anew(memory: Memory, tmp_path: Path) -> None:
    fill(memory)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path, include_vectors=True)
    smaller = other(tmp_path, embedder={"provider": "mock", "config": {"embedding_dims": 64}})
    with Memory(smaller) as copy:
        copy.import_memories(path)
        (hit, *_) = (copy.search("Note 1 tea 茶", user_id="u1", explain=True))["results"]
        assert hit["memory"].startswith("Note 1")
        assert hit["score_details"]["dense"] > 0.5


def test_vectors_are_kept_for_later_without_an_embedder(memory: Memory, tmp_path: Path) -> None:
    fill(memory)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path, include_vectors=True)
    with Memory(other(tmp_path, embedder={"provider": "none"})) as copy:
        copy.import_memories(path)
        second = tmp_path / "again.jsonl"
        copy.export_memories(second, include_vectors=True)
    assert second.read_text("utf-8") == path.read_text("utf-8")
    with Memory(other(tmp_path)) as copy:
        (hit, *_) = (copy.search("Note 1 tea 茶", user_id="u1", explain=True))["results"]
        assert hit["score_details"]["dense"] > 0.5


def test_what_was_deleted_after_the_export_comes_back(memory: Memory, tmp_path: Path) -> None:
    ids = fill(memory)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path, include_vectors=True)
    (hit, *_) = (memory.search("Note 1", user_id="u1"))["results"]
    assert hit["id"] == ids[1]
    memory.delete(ids[1])
    assert (memory.import_memories(path))["imported"] == 1
    assert [entry["event"] for entry in memory.history(ids[1])] == ["ADD", "DELETE", "ADD"]
    (hit, *_) = (memory.search("Note 1", user_id="u1"))["results"]
    assert hit["id"] == ids[1]


def test_what_the_scope_says_already_is_passed_over(memory: Memory, tmp_path: Path) -> None:
    memory.add("I like tea", user_id="u", infer=False)
    memory.add("I like rain", user_id="u", infer=False)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path)
    with Memory(other(tmp_path)) as copy:
        copy.add("I like tea", user_id="u", infer=False)
        old = copy.add("I like rain", user_id="u", infer=False)
        copy.update(old["results"][0]["id"], expires_at="2001-01-01")
        told = copy.import_memories(path)
        # What has expired does not stand in the way.
        assert (told["imported"], told["skipped"]) == (1, 1)
        assert copy.count() == 2


def test_copy_to_another_store(memory: Memory, tmp_path: Path) -> None:
    ids = fill(memory)
    told: list[dict[str, Any]] = []
    with Memory(other(tmp_path)) as copy:
        result = memory.copy_to(copy, on_progress=told.append)
        assert result["imported"] == memory.count()
        assert contents(copy, ids) == contents(memory, ids)
        assert (memory.copy_to(copy))["imported"] == 0
    assert told[-1]["done"] == result["imported"]


def test_preferences_come_along(memory: Memory, tmp_path: Path) -> None:
    for user in ("u", "v"):
        memory.add("I love green tea.", user_id=user)
    known = memory.get_preferences("u")
    assert [each["preference"] for each in known] == ["I love green tea."]
    everything, mine = tmp_path / "all.jsonl", tmp_path / "mine.jsonl"
    memory.export_memories(everything)
    memory.export_memories(mine, user_id="u")
    with Memory(other(tmp_path)) as copy:
        copy.import_memories(mine)
        assert copy.get_preferences("v") == []
        for _ in range(2):
            copy.import_memories(everything)
            assert copy.get_preferences("u") == known
        assert copy.get_preferences("v") == memory.get_preferences("v")
        copy.reset()
        memory.copy_to(copy)
        assert copy.get_preferences("u") == known


def test_copy_from_another_store(memory: Memory, tmp_path: Path) -> None:
    with Memory(other(tmp_path)) as source:
        ids = fill(source)
        result = source.copy_to(memory)
        assert result["imported"] == source.count()
        assert contents(memory, ids) == contents(source, ids)
        assert (source.copy_to(memory))["skipped"] == result["imported"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("{", "not a line of an export"),
        ("[]", "not a line of an export"),
        ('{"memory": 5}', "memory: expected a string"),
        ('{"memory": "x"}', "'metadata' is missing"),
        ('{"deleted": [1]}', "not a line of an export"),
        ("{}", "'deleted' is missing"),
    ],
)
def test_a_broken_line_is_told_and_passed_over(memory: Memory, tmp_path: Path, line: str, error: str) -> None:
    memory.add("I like tea", user_id="u", infer=False)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path)
    path.write_text(f"{path.read_text('utf-8')}\n{line}\n", "utf-8")
    with Memory(other(tmp_path)) as copy:
        told = copy.import_memories(path)
        assert (told["imported"], told["failed"]) == (1, 1)
        assert told["errors"][0]["line"] == 5
        assert error in told["errors"][0]["error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 0),
        ("id", "x"),
        ("id", 1 << 63),
        ("user_id", " "),
        ("user_id", 5.5),
        ("user_id", ["u"]),
        ("memory", None),
        ("memory", "\ud800"),
        ("metadata", [1]),
        ("metadata", {"x": "\ud800"}),
        ("created_at", "now"),
        ("created_at", True),
        ("valid_to", 1 << 63),
        ("history", [[1, 2]]),
        ("turns", ["x"]),
        ("terms", ["AAAA", "AAAA"]),
        ("embedding", "AAAA"),
        ("embedding", "?"),
    ],
)
def test_no_value_can_do_harm(memory: Memory, tmp_path: Path, field: str, value: Any) -> None:
    memory.add("I like tea", user_id="u", infer=False)
    path = tmp_path / "out.jsonl"
    memory.export_memories(path, include_vectors=True)
    header, turn, line = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, turn, json.dumps({**json.loads(line), field: value})]), "utf-8")
    with Memory(other(tmp_path)) as copy:
        told = copy.import_memories(path)
        assert (told["imported"], told["failed"]) == (0, 1)
        assert copy.count() == 0


def test_wrong_arguments(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="format: expected one of 'jsonl'"):
        memory.export_memories(tmp_path / "out", format="csv")
    with pytest.raises(InvalidInputError, match="cannot write"):
        memory.export_memories(tmp_path / "missing" / "out")
    with pytest.raises(InvalidInputError, match="path_or_file: expected a path or a file"):
        memory.export_memories(5)
    with pytest.raises(InvalidInputError, match="cannot read"):
        memory.import_memories(tmp_path / "missing")
    with pytest.raises(InvalidInputError, match="format: expected one of auto"):
        memory.import_memories(tmp_path / "missing", format="csv")
    with pytest.raises(InvalidInputError, match="source: expected a path or a file"):
        memory.import_memories(5)
    (tmp_path / "newer").write_text('{"powermem_export": 99}\n', "utf-8")
    with pytest.raises(InvalidInputError, match="upgrade powermem"):
        memory.import_memories(tmp_path / "newer")
    (tmp_path / "prose").write_text("Dear diary\n", "utf-8")
    with pytest.raises(InvalidInputError, match="not valid JSON"):
        memory.import_memories(tmp_path / "prose")
    with pytest.raises(InvalidInputError, match="not the header"):
        memory.import_memories(tmp_path / "prose", format="jsonl")


def test_an_export_that_fails_leaves_nothing(memory: Memory, tmp_path: Path) -> None:
    memory.add("I like tea", user_id="u", infer=False)

    def fail(counts: dict[str, Any]) -> None:
        raise RuntimeError("the disk is full")

    before = set(tmp_path.iterdir())
    with pytest.raises(RuntimeError, match="the disk is full"):
        memory.export_memories(tmp_path / "out.jsonl", on_progress=fail)
    assert not any(path.name.startswith("out") for path in set(tmp_path.iterdir()) - before)


def upstream_payload(number: int) -> dict[str, Any]:
    """A row of powermem 1.1 as it stores one."""
    return {
        "data": f"Likes tea number {number}",
        "user_id": "u",
        "agent_id": "" if number % 2 else "a",
        "run_id": None,
        "actor_id": None,
        "hash": "0123",
        "created_at": "2026-01-02T03:04:05.678901+02:00",
        "updated_at": "2026-01-03T03:04:05+00:00",
        "category": "preference",
        "fulltext_content": f"Likes tea number {number}",
        "metadata": {"importance_score": 0.7, "topic": "tea"},
        "embedding": [0.1, 0.2],
    }


def upstream_database(path: Path, table: str = "memories") -> None:
    """Build the file that powermem 1.1 leaves behind."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, vector TEXT, payload TEXT, "
            "fulltext_content TEXT DEFAULT '', created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
        )
        connection.execute(
            f"CREATE VIRTUAL TABLE {table}_fts USING fts5("
            f"fulltext_content, content='{table}', content_rowid='id')"
        )
        connection.executemany(
            f"INSERT INTO {table} (id, vector, payload, fulltext_content) VALUES (?, '[0.1, 0.2]', ?, ?)",
            [
                (
                    700_000_000_000_000_000 + number,
                    json.dumps(upstream_payload(number)),
                    f"Likes tea {number}",
                )
                for number in range(3)
            ],
        )
        connection.execute(f"INSERT INTO {table} (id, vector, payload) VALUES (5, '[]', 'not JSON')")


def test_a_database_of_powermem_1_1(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    upstream_database(path)
    before = path.read_bytes()
    told = memory.import_memories(path, format="powermem-1.1")
    assert (told["imported"], told["failed"]) == (3, 1)
    assert told["errors"] == [
        {"line": 5, "error": "payload: not valid JSON (Expecting value: line 1 column 1 (char 0))"}
    ]
    kept = memory.get(700_000_000_000_000_001)
    assert kept is not None
    assert kept["memory"] == "Likes tea number 1"
    assert (kept["user_id"], kept["agent_id"], kept["run_id"]) == ("u", None, None)
    assert kept["metadata"] == {"importance_score": 0.7, "topic": "tea"}
    assert kept["memory_type"] == "preference"
    assert kept["created_at"] == "2026-01-02T01:04:05.678901+00:00"
    assert kept["updated_at"] == "2026-01-03T03:04:05+00:00"
    assert [entry["event"] for entry in memory.history(kept["id"])] == ["ADD"]
    (hit, *_) = (memory.search("tea number 2", user_id="u"))["results"]
    assert hit["memory"] == "Likes tea number 2"
    # The format is found out, twice changes nothing, and the old file stays as it is.
    assert (memory.import_memories(path))["skipped"] == 3
    assert path.read_bytes() == before


def test_a_database_with_several_collections(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    upstream_database(path, "first")
    upstream_database(path, "second")
    with pytest.raises(InvalidInputError, match="found: first, second"):
        memory.import_memories(path)
    with pytest.raises(InvalidInputError, match="found: first, second"):
        memory.import_memories(path, collection="third")
    assert (memory.import_memories(path, collection="second"))["imported"] == 3


def test_a_new_database_is_no_old_one(memory: Memory, tmp_path: Path) -> None:
    with Memory(other(tmp_path)) as source:
        source.add("I like tea", user_id="u")
    with pytest.raises(InvalidInputError, match=r"a database of this version.* export_memories"):
        memory.import_memories(tmp_path / "other.db")
    with closing(sqlite3.connect(tmp_path / "else.db")) as connection, connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(InvalidInputError, match="found: none"):
        memory.import_memories(tmp_path / "else.db")


@pytest.mark.stores("sqlite")
def test_a_file_that_only_begins_like_a_database(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 20)
    with pytest.raises(InvalidInputError, match="source: cannot read"):
        memory.import_memories(path)


MEM0 = [
    {
        "id": "0e8bd6a6-53f2-4d5e-9a3c-0d6f2a7c9b11",
        "memory": "Likes oolong",
        "hash": "abc",
        "metadata": {"topic": "tea"},
        "created_at": "2026-01-02T03:04:05-08:00",
        "updated_at": None,
        "user_id": "u",
        "role": "user",
        "score": None,
    },
    {
        "id": "2f1c2d34-0000-4d5e-9a3c-0d6f2a7c9b11",
        "vector": [0.1],
        "payload": {
            "data": "Lives in Oslo",
            "hash": "abd",
            "text_lemmatized": "live in Oslo",
            "attributed_to": "user",
            "user_id": "u",
            "topic": "home",
            "expiration_date": "2999-01-01",
            "created_at": "2026-01-02T03:04:05-08:00",
        },
    },
]


@pytest.mark.parametrize("format", ["auto", "mem0"])
@pytest.mark.parametrize("form", ["array", "object", "indented", "lines", "text"])
def test_what_mem0_writes(memory: Memory, tmp_path: Path, format: str, form: str) -> None:
    path: Any = tmp_path / "mem0.json"
    shown = {
        "array": json.dumps(MEM0),
        "object": json.dumps({"results": MEM0}),
        "indented": json.dumps({"memories": MEM0}, indent=2),
        "lines": "\n".join(map(json.dumps, MEM0)),
        "text": json.dumps(MEM0),
    }[form]
    path.write_text(shown, "utf-8")
    for imported in (2, 0):
        told = memory.import_memories(shown if form == "text" else path, format=format)
        assert told == {"imported": imported, "skipped": 2 - imported, "failed": 0, "errors": []}
    listed = (memory.get_all(user_id="u"))["results"]
    by_text = {item["memory"]: item for item in listed}
    assert by_text["Likes oolong"]["metadata"] == {"topic": "tea", "role": "user"}
    assert by_text["Lives in Oslo"]["metadata"] == {"attributed_to": "user", "topic": "home"}
    assert by_text["Lives in Oslo"]["expires_at"] == "2999-01-01T00:00:00+00:00"
    assert by_text["Lives in Oslo"]["created_at"] == "2026-01-02T11:04:05+00:00"


def test_what_powermem_1_1_lists(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "listed.json"
    item = {
        "id": 700_000_000_000_000_001,
        "memory": "Likes tea",
        "user_id": "u",
        "agent_id": "",
        "run_id": None,
        "category": None,
        "metadata": {"topic": "tea"},
        "created_at": "2026-01-02T03:04:05+00:00",
        "updated_at": "2026-01-02T03:04:05+00:00",
    }
    nameless = {"content": "Likes rain", "user_id": "u", "metadata": None}
    path.write_text(json.dumps([item, nameless, {"memory": " "}, 5]), "utf-8")
    for imported in (2, 0):
        told = memory.import_memories(path, format="powermem")
        assert (told["imported"], told["skipped"], told["failed"]) == (imported, 2 - imported, 2)
    kept = memory.get(700_000_000_000_000_001)
    assert kept is not None
    assert kept["metadata"] == {"topic": "tea"}
