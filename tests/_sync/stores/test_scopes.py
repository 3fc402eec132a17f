# Generated from tests/_async/stores/test_scopes.py by scripts/run_unasync.py; edit that file instead.
"""Nobody reaches another one's memories, whatever they write into filters, metadata and ids."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import Memory
from powermem._core.values import Scope
from powermem._sync.stores.base import Store
from tests.support.additions import memory_of, search_for

pytestmark = pytest.mark.stores

# Pairs that one collation or another takes for equal, and what means something to SQL.
USERS = [
    "ana",
    "Ana",
    "ANA",
    "ana\u0301",
    "aná",
    "ana ",
    "ana\t",
    "ß",
    "ss",
    "%",
    "_",
    "a%",
    "'",
    "\\",
    "😀",
    "🙂",
]
HOSTILE: list[dict[str, Any]] = [
    {"OR": [{"user_id": "ben"}, {}]},
    {"NOT": {"user_id": "ana"}},
    {"OR": [{"NOT": {"user_id": "ana"}}, {"metadata.user_id": "ana"}]},
    {"NOT": {"NOT": {"user_id": "ben"}}},
    {"user_id": ["ana", "ben", None]},
    {"user_id": {"nin": []}},
    {"user_id' OR '1'='1": 1},
    {"memory": {"like": "%"}},
    {"OR": [{"id": {"gt": 1}}, {"agent_id": None}]},
]


def test_ids_that_look_alike_are_different(memory: Memory) -> None:
    for user in USERS:
        (item,) = (memory.add("I like tea", user_id=user, infer=False))["results"]
        assert (item["event"], item["user_id"]) == ("ADD", user)
    assert memory.users() == sorted(USERS)
    for user in USERS:
        assert [item["user_id"] for item in (memory.get_all(user_id=user))["results"]] == [user]
        found = (memory.search("tea", user_id=user))["results"]
        assert [item["user_id"] for item in found] == [user]
    assert memory.delete_all(user_id="ana") == {"deleted": 1}
    assert memory.count() == len(USERS) - 1


@pytest.mark.parametrize("part", ["agent_id", "run_id"])
def test_agents_and_runs_that_look_alike_are_different(memory: Memory, part: str) -> None:
    for name in USERS:
        memory.add("I like tea", user_id="u", infer=False, **{part: name})
    for name in USERS:
        assert memory.count(user_id="u", **{part: name}) == 1
        assert len((memory.search("tea", user_id="u", **{part: name}))["results"]) == 1


def test_no_filter_leaves_the_scope(memory: Memory) -> None:
    columns = {"user_id": "ana", "agent_id": "ana", "id": 1, "valid_to": None, "hash": "h", "embedding": [1]}
    for user in ("ana", "ben"):
        for number in range(3):
            memory.add(f"{user}'s tea {number}", user_id=user, metadata=columns, infer=False)
    memory.add("nobody's tea", metadata=columns, infer=False)
    for wanted in HOSTILE:
        listed = (memory.get_all(user_id="ana", filters=wanted))["results"]
        found = (memory.search("tea", user_id="ana", filters=wanted))["results"]
        assert {item["user_id"] for item in [*listed, *found]} <= {"ana"}, wanted
        assert memory.count(user_id="ana", filters=wanted) == len(listed)
    for wanted in HOSTILE:
        memory.delete_all(user_id="ana", filters=wanted)
    assert memory.count(user_id="ben") == 3
    assert memory.count() == 4


def test_metadata_is_no_column(memory: Memory) -> None:
    names = [
        "user_id",
        "id",
        "memory",
        "hash",
        "valid_to",
        "expires_at",
        "created_at",
        "version",
        "embedding",
    ]
    metadata = dict.fromkeys(names, "mine")
    (item,) = (memory.add("I like tea", user_id="ana", metadata=metadata, infer=False))["results"]
    kept = memory.get(item["id"])
    assert kept is not None
    assert kept["metadata"] == metadata
    assert (kept["user_id"], kept["memory"], kept["valid_to"]) == ("ana", "I like tea", None)
    for name in names:
        assert memory.count(filters={f"metadata.{name}": "mine"}) == 1
    assert memory.count(user_id="mine") == 0


def test_what_has_no_user_is_nobodys(opened: Store) -> None:
    opened.apply(
        [memory_of("for all", Scope()), memory_of("for ana"), memory_of("run", Scope(None, None, "r"))]
    )
    for scope, expected in [
        (Scope(), {"for all", "for ana", "run"}),
        (Scope(""), {"for all", "run"}),
        (Scope("", "", ""), {"for all"}),
        (Scope("ana"), {"for ana"}),
        (Scope("ana", "", ""), {"for ana"}),
        (Scope(None, None, "r"), {"run"}),
    ]:
        rows, total = opened.list_rows(scope, None, sort_by="id", descending=False, limit=9, offset=0)
        assert ({row.text for row in rows}, total) == (expected, len(expected))
        assert opened.count(scope, None) == len(expected)
        (hits,) = opened.search([search_for("for ana all run", scope)], touch=False)
        assert {hit.row.text for hit in hits} == expected
    assert opened.users() == ["ana"]
