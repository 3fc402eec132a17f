"""What filters mean; each case is asked in Python and in SQLite."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime
from enum import Enum
from typing import Any

import pytest

from powermem._core.filters.parse import parse
from powermem._core.sql.dialects import SQLITE
from powermem._core.sql.filters import compile_filter
from powermem._core.values import Row, Scope
from tests.support.filtering import Filter, found, open_table


@pytest.mark.parametrize(
    ("stored", "wanted", "expected"),
    [
        # Equality is strict about types, and numbers are equal by value.
        ({"k": "a"}, {"k": "a"}, True),
        ({"k": "a"}, {"k": "A"}, False),
        ({"k": 1}, {"k": 1.0}, True),
        ({"k": 1}, {"k": True}, False),
        ({"k": True}, {"k": 1}, False),
        ({"k": True}, {"k": True}, True),
        ({"k": False}, {"k": 0}, False),
        ({"k": 5}, {"k": "5"}, False),
        ({"k": "5"}, {"k": 5}, False),
        ({"k": 2**53 + 1}, {"k": 2.0**53}, False),
        # Lists.
        ({"k": ["a"]}, {"k": "a"}, False),
        ({"k": ["a", 1, None]}, {"k": {"eq": ["a", 1, None]}}, True),
        ({"k": ["a", 1]}, {"k": {"eq": [1, "a"]}}, False),
        ({"k": [True]}, {"k": {"eq": [1]}}, False),
        ({"k": []}, {"k": {"eq": []}}, True),
        # One of several.
        ({"k": "a"}, {"k": ["a", "b"]}, True),
        ({"k": "c"}, {"k": ("a", "b")}, False),
        ({"k": 1}, {"k": {"in": ["1", True]}}, False),
        ({"k": 2}, {"k": {"in": ["1", True, 2.0]}}, True),
        ({"k": True}, {"k": {"in": ["1", True, 2.0]}}, True),
        ({"k": "a"}, {"k": []}, False),
        ({}, {"k": []}, False),
        ({"k": "a"}, {"k": {"nin": []}}, True),
        ({}, {"k": {"nin": []}}, True),
        ({"k": "a"}, {"k": {"nin": ["a"]}}, False),
        # Missing and null.
        ({}, {"k": {"exists": False}}, True),
        ({}, {"k": {"ne": "a"}}, True),
        ({}, {"k": {"nin": ["a"]}}, True),
        ({}, {"k": None}, True),
        ({"k": None}, {"k": None}, True),
        ({"k": None}, {"k": {"exists": True}}, False),
        ({"k": None}, {"k": "*"}, False),
        ({"k": "a"}, {"k": None}, False),
        ({"k": "a"}, {"k": {"ne": None}}, True),
        ({}, {"k": {"ne": None}}, False),
        ({}, {"k": ["a", None]}, True),
        ({}, {"k": {"nin": ["a", None]}}, False),
        ({}, {"k": "a"}, False),
        ({}, {"k": "*"}, False),
        ({}, {"k": {"lt": 5}}, False),
        ({}, {"k": {"lt": "z"}}, False),
        ({}, {"k": {"contains": ""}}, False),
        ({}, {"k": {"icontains": ""}}, False),
        ({}, {"k": {"like": "%"}}, False),
        ({}, {"NOT": {"k": {"lt": 5}}}, True),
        ({"k": 0}, {"k": "*"}, True),
        ({"k": ""}, {"k": {"exists": True}}, True),
        ({"k": []}, {"k": "*"}, True),
        ({"k": "*"}, {"k": {"eq": "*"}}, True),
        ({"k": "a"}, {"k": {"eq": "*"}}, False),
        # Order.
        ({"k": 5}, {"k": {"gt": 4.5, "lt": 6}}, True),
        ({"k": 5}, {"k": {"gte": 5, "lte": 5}}, True),
        ({"k": 5}, {"k": {"gt": 1, "$lt": 5}}, False),
        ({"k": "b"}, {"k": {"gt": "a"}}, True),
        ({"k": "a"}, {"k": {"gt": "B"}}, True),
        ({"k": "😀"}, {"k": {"gt": "\ufffd"}}, True),
        ({"k": "5"}, {"k": {"gt": 4}}, False),
        ({"k": True}, {"k": {"gt": 0}}, False),
        ({"k": 2**70}, {"k": {"gt": 2**63 - 1}}, True),
        # Parts.
        ({"k": "Berlin"}, {"k": {"contains": "erl"}}, True),
        ({"k": "Berlin"}, {"k": {"contains": "berl"}}, False),
        ({"k": ["x", "y"]}, {"k": {"contains": "x"}}, True),
        ({"k": ["xy"]}, {"k": {"contains": "x"}}, False),
        ({"k": [1, 2.5]}, {"k": {"contains": 2.5}}, True),
        ({"k": [1]}, {"k": {"contains": True}}, False),
        ({"k": {"x": 1}}, {"k": {"contains": "x"}}, False),
        ({"k": "STRASSE"}, {"k": {"icontains": "straße"}}, True),
        ({"k": ["Straße"]}, {"k": {"icontains": "STRASSE"}}, True),
        ({"k": ["Straßen"]}, {"k": {"icontains": "STRASSE"}}, False),
        ({"k": 5}, {"k": {"contains": "5"}}, False),
        # Patterns.
        ({"k": "Berlin"}, {"k": {"like": "B%n"}}, True),
        ({"k": "Berlin"}, {"k": {"like": "b%n"}}, False),
        ({"k": "Berlin"}, {"k": {"like": "Berl"}}, False),
        ({"k": "Berlin"}, {"k": {"like": "_er%_n"}}, True),
        ({"k": "ab"}, {"k": {"like": "ab%b"}}, False),
        ({"k": "100%"}, {"k": {"like": r"100\%"}}, True),
        ({"k": "1000"}, {"k": {"like": r"100\%"}}, False),
        ({"k": "a\nb"}, {"k": {"like": "a_b"}}, True),
        ({"k": "a\n"}, {"k": {"like": "a"}}, False),
        ({"k": "[a]*?"}, {"k": {"like": "[a]*?"}}, True),
        ({"k": "日本語"}, {"k": {"like": "__語"}}, True),
        ({"k": ["a"]}, {"k": {"like": "%"}}, False),
        # Connectives.
        ({"k": 1}, {"AND": []}, True),
        ({"k": 1}, {"OR": []}, False),
        ({"k": 1}, {"NOT": []}, True),
        ({"k": 1}, {"NOT": {}}, False),
        ({"k": 1, "l": 2}, {"k": 1, "l": 3}, False),
        ({"k": 7}, {"AND": [{"k": {"gt": 1}}, {"k": {"gt": 5}}]}, True),
        ({"k": 3}, {"AND": [{"k": {"gt": 1}}, {"k": {"gt": 5}}]}, False),
        ({"k": 3}, {"AND": [{"k": {"gt": 5}}, {"k": {"gt": 1}}]}, False),
        ({"k": 1, "l": 2}, {"OR": [{"k": 5}, {"AND": [{"k": 1}, {"NOT": {"l": 3}}]}]}, True),
        ({"k": 1, "l": 2}, {"NOT": [{"k": 5}, {"l": 2}]}, False),
        ({"k": 1, "l": 2}, {"$not": [{"k": 5}, {"l": 3}]}, True),
        ({"k": 1}, {"NOT": {"NOT": {"k": 1}}}, True),
        ({"k": 1}, {"$or": [{"k": {"$eq": 1}}], "$AND": [{"k": 1}]}, True),
        # Names.
        ({"a": {"b": 1}}, {"a.b": 1}, True),
        ({"a.b": 1}, {"a.b": 1}, True),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1}, True),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 2}, False),
        ({"a.b": None, "a": {"b": 2}}, {"a.b": 2}, True),
        ({"a": [{"b": 1}]}, {"a.b": 1}, False),
        ({"a": ["x"]}, {"a.0": "x"}, False),
        ({"a": "text"}, {"a.b": {"exists": False}}, True),
        ({"": {"": 1}}, {".": 1}, True),
        ({"": 1}, {"": 1}, True),
        ({"metadata": {"k": 1}}, {"metadata.k": 1}, False),
        ({"metadata": {"k": 1}}, {"metadata.metadata.k": 1}, True),
        ({"metadata": 1}, {"metadata": 1}, True),
        ({"user_id": "ben"}, {"user_id": "ben"}, False),
        ({"user_id": "ben"}, {"user_id": "ana"}, True),
        ({"user_id": "ben"}, {"metadata.user_id": "ben"}, True),
        ({"and": 1, "$x": 2}, {"metadata.and": 1, "metadata.$x": 2}, True),
    ],
)
def test_meaning(stored: dict[str, Any], wanted: Filter, expected: bool) -> None:
    assert found(stored, wanted) is expected


ROW = Row(
    7_000_000_000_000,
    Scope("ana", None, "42"),
    "Likes Tea",
    "abc",
    memory_type="preference",
    created_at=1_767_225_600_000_000,
    metadata={"category": "drinks"},
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"id": 1}, True),
        ({"id": "1"}, True),
        ({"id": ["2", 1]}, True),
        ({"id": {"gt": 1}}, False),
        ({"memory": "Likes Tea"}, True),
        ({"memory": {"icontains": "TEA"}}, True),
        ({"memory": {"contains": "TEA"}}, False),
        ({"memory": {"like": "Likes %"}}, True),
        ({"hash": {"in": ["abc"]}}, True),
        ({"user_id": "ana"}, True),
        ({"user_id": {"ne": "ana"}}, False),
        ({"agent_id": None}, True),
        ({"agent_id": "*"}, False),
        ({"agent_id": {"exists": False}}, True),
        ({"agent_id": {"ne": "bot"}}, True),
        ({"agent_id": {"lt": "z"}}, False),
        ({"agent_id": {"contains": ""}}, False),
        ({"run_id": 42}, True),
        ({"actor_id": {"nin": ["x"]}}, True),
        ({"actor_id": {"like": "%"}}, False),
        ({"actor_id": {"icontains": ""}}, False),
        ({"memory_type": "preference"}, True),
        ({"category": "drinks"}, True),
        ({"category": "preference"}, False),
        ({"category": {"ne": "preference"}}, True),
        ({"created_at": "2026-01-01T00:00:00Z"}, True),
        ({"created_at": "2026-01-01T01:00:00+01:00"}, True),
        ({"created_at": {"gte": date(2026, 1, 1), "lt": datetime(2026, 1, 1, 0, 0, 1)}}, True),
        ({"created_at": {"gt": 1_767_225_600}}, False),
        ({"created_at": {"gt": 1_767_225_599.999999}}, True),
        ({"valid_to": None}, True),
        ({"valid_to": {"gt": "1900-01-01"}}, False),
        ({"NOT": {"valid_to": {"gt": "1900-01-01"}}}, True),
        ({"expires_at": {"exists": True}}, False),
    ],
)
def test_columns(wanted: Filter, expected: bool) -> None:
    assert found(ROW, wanted) is expected


def test_category_is_the_memory_type_where_there_is_no_such_key() -> None:
    plain = Row(1, Scope(), "text", "hash", memory_type="preference", metadata={"category": None})
    assert found(plain, {"category": "preference"})
    assert not found(plain, {"metadata.category": "preference"})
    assert found(plain, {"category": "*"})
    assert not found(Row(1, Scope(), "text", "hash"), {"category": "*"})
    assert found(Row(1, Scope(), "text", "hash"), {"category": None})


def test_nothing_to_filter_by() -> None:
    assert parse(None) is None
    assert parse({}) is None


def test_many_wildcards_take_no_time_to_fail() -> None:
    # One regular expression would backtrack through every way to place thirty wildcards.
    assert not found({"k": "a" * 2_000}, {"k": {"like": "%a" * 30 + "%b"}})
    assert not found({"k": "a" * 2_000}, {"k": {"like": "%a_" * 30 + "%b%"}})


def test_an_enumeration_member_stands_for_its_string() -> None:
    class Kind(str, Enum):
        TEA = "tea"

    assert found({"k": "tea"}, {"k": Kind.TEA})
    assert found({"k": "tea"}, {"k": [Kind.TEA]})
    assert found({"tea": 1}, {Kind.TEA: 1})


@pytest.mark.parametrize(
    "wanted", [{"user_id": "ana"}, {"id": [1, 2]}, {"user_id": "ana", "created_at": {"gte": 0}}]
)
def test_columns_use_their_index(wanted: Filter) -> None:
    expression = parse(wanted)
    assert expression is not None
    sql, parameters = compile_filter(expression, SQLITE)
    with closing(open_table([])) as connection:
        query = f"EXPLAIN QUERY PLAN SELECT id FROM memories_records WHERE {sql}"
        plan = connection.execute(query, parameters).fetchall()
    assert any("SEARCH memories_records USING" in step[3] for step in plan), plan
