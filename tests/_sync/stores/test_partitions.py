# Generated from tests/_async/stores/test_partitions.py by scripts/run_unasync.py; edit that file instead.
"""Tables divided by user: PostgreSQL reads the part of the user who asks, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._core.sql.postgres import PostgresSQL
from powermem._sync.stores import postgres
from powermem._sync.stores.server.pool import Reader

pytestmark = pytest.mark.stores("postgres")

PARTS = 4
QUERY = "which tea is green"

Asked = list[tuple[str, Sequence[Any]]]


@pytest.fixture
def divided(new_config: dict[str, Any]) -> Memory:
    """Memories of several users, said in runs, in tables of four parts."""
    new_config["vector_store"]["config"]["partitions"] = PARTS
    memory = Memory(new_config)
    for user in range(8):
        for number in range(6):
            text = f"tea {number} of user {user} is green"
            memory.add(text, user_id=f"u{user}", run_id="r", metadata={"n": number}, infer=False)
    return memory


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The queries that are sent while the test runs."""
    queries: Asked = []
    send = Reader.fetch

    def fetch(self: Reader, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        queries.append((sql, values))
        return send(self, sql, values)

    monkeypatch.setattr(Reader, "fetch", fetch)
    return queries


def parts_read(memory: Memory, asked: Asked, call: Callable[[], Any]) -> set[str]:
    """Return the parts of the two divided tables that a call reads, as the server explains its queries."""
    asked.clear()
    call()
    queries = list(asked)
    assert queries
    store: Any = memory._access.components.store if memory._access.components else None
    read: set[str] = set()
    with store._pool.reading() as reader:
        for sql, values in queries:
            plan = reader.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", values)
            for (line,) in plan:
                if "never executed" not in line:
                    read.update(re.findall(r"memories_(?:records|turns)_p\d+", line))
    return read


def test_who_asks_for_one_user_reads_one_part(divided: Memory, asked: Asked) -> None:
    with divided as memory:
        (item, *_) = (memory.get_all(user_id="u1"))["results"]
        calls: dict[str, Callable[[], Any]] = {
            "search": partial(memory.search, QUERY, user_id="u1"),
            "search with a filter": partial(memory.search, QUERY, user_id="u1", filters={"n": {"gt": 2}}),
            "search in a run": partial(memory.search, QUERY, user_id="u1", run_id="r"),
            "list": partial(memory.get_all, user_id="u1"),
            "count": partial(memory.count, user_id="u1"),
            "get": partial(memory.get, item["id"], user_id="u1"),
            "statistics": partial(memory.get_statistics, user_id="u1"),
        }
        read = {name: parts_read(memory, asked, call) for name, call in calls.items()}
        (own,) = read["get"]
        assert read == {name: {own} for name in calls}
        # Who does not say whose it is has to look everywhere.
        everywhere = {f"memories_records_p{part}" for part in range(PARTS)}
        for call in (partial(memory.count), partial(memory.get, item["id"])):
            assert parts_read(memory, asked, call) == everywhere


def test_a_search_of_a_large_scope_reads_one_part(
    divided: Memory, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresSQL, "held", 3)
    with divided as memory:
        for _ in range(2):
            read = parts_read(memory, asked, partial(memory.search, QUERY, user_id="u1"))
            assert len(read) == 1
        monkeypatch.setattr(postgres, "_EXACT", 3)
        assert parts_read(memory, asked, partial(memory.search, QUERY, user_id="u1")) == read


def test_each_user_is_in_one_part_and_all_are_found(divided: Memory, asked: Asked) -> None:
    with divided as memory:
        whose = {
            user: parts_read(memory, asked, partial(memory.count, user_id=user)) for user in memory.users()
        }
        assert {len(parts) for parts in whose.values()} == {1}
        assert len(set.union(*whose.values())) > 1
        for user in whose:
            found = (memory.search(QUERY, user_id=user))["results"]
            assert {item["user_id"] for item in found} == {user}
            assert len(found) == 6
