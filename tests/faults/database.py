"""A look at a database behind the library's back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Run a query."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def check_database(path: Path) -> None:
    """Check that the tables of the default collection fit each other, and SQLite finds nothing wrong."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert (
        rows(
            path,
            "SELECT user_id, hash, count(*) FROM memories_records WHERE valid_to IS NULL "
            "GROUP BY user_id, agent_id, run_id, hash HAVING count(*) > 1",
        )
        == []
    )
    for wrong in (
        "SELECT id FROM memories_records EXCEPT SELECT id FROM memories_vectors",
        "SELECT id FROM memories_vectors EXCEPT SELECT id FROM memories_records",
        # The links of a deleted memory stay, so that what it said is not shown beside other memories.
        "SELECT memory_id FROM memories_links EXCEPT SELECT id FROM memories_records "
        "EXCEPT SELECT memory_id FROM memories_history WHERE event = 'DELETE'",
        "SELECT turn_id FROM memories_links EXCEPT SELECT id FROM memories_turns",
        # Nothing here is stored without a source.
        "SELECT id FROM memories_records EXCEPT SELECT memory_id FROM memories_links",
        "SELECT id FROM memories_records WHERE id IN (SELECT id FROM memories_deleted)",
    ):
        assert rows(path, wrong) == [], wrong
    _check_history(path)


def _check_history(path: Path) -> None:
    texts: dict[int, str | None] = {}
    entries = rows(
        path,
        "SELECT memory_id, event, old_memory, new_memory FROM memories_history ORDER BY id <> memory_id, id",
    )
    added = {memory for memory, event, _, _ in entries if event == "ADD"}
    # While a memory is there, the first entry of its history is derived.
    for memory, text in rows(path, "SELECT id, memory FROM memories_records"):
        changes = [old for changed, _, old, _ in entries if changed == memory]
        if memory not in added:
            texts[memory] = changes[0] if changes else text
    for memory, event, old, new in entries:
        assert (event == "ADD") == (memory not in texts)
        assert texts.get(memory) == old
        assert (event == "DELETE") == (new is None)
        texts[memory] = new
    stored = dict(rows(path, "SELECT id, memory FROM memories_records WHERE superseded_by IS NULL"))
    for memory, text in rows(path, "SELECT id, memory FROM memories_records WHERE superseded_by IS NOT NULL"):
        assert texts.pop(memory) is not None, text
    assert {memory: text for memory, text in texts.items() if text is not None} == stored
