"""Filters mean the same in Python and in SQLite, and nothing but ``FilterError`` comes of a wrong one."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timezone
from enum import Enum
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from powermem.errors import FilterError, InvalidInputError
from powermem.filters import COLUMNS, MAX_CONDITIONS, MAX_DEPTH, Column, Key, fields, matches, parse
from powermem.metadata import encode
from powermem.sql.dialects import SQLITE
from powermem.sql.filters import compile_filter, register_functions
from powermem.sql.schema import sqlite_schema
from powermem.sqlite.rows import COLUMNS as LOADED
from powermem.sqlite.rows import to_row
from powermem.types import Row, Scope

Filter = Mapping[str, Any]

# What is near a boundary of JSON, of SQLite or of floats. Rows and filters draw from the same few, so that they meet.
INTEGERS = [0, 1, -1, 3, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
FLOATS = [
    0.0,
    0.1,
    0.30000000000000004,
    1.0,
    2.9999999999999996,
    3.0,
    5e-324,
    2.0**53,
    2.0**63,
    -1.5,
    1.5e308,
]
TEXTS = ["", "a", "A", "ab", "b", "ß", "SS", "ss", "é", "é", "İ", "日本", "😀", "\ufffd", "a%", "a_b", "\\", '"', "'", "1",
         "true", "null", '["a"]', "*", "a\nb", "2026-11-21"]  # fmt: skip
UNUSUAL = [2**63, 2**70 + 1, -(2**64), 10**400, "a\x00b", "\x00", "\\u0000"]
LABELS = ["a", "b", "c", "a.b", "a.b.c", "", ".", "b.", 'q"q', "back\\slash", "a[0]", "[0]", "#-1", "$", "键", "x y", "é",
          "tab\t", "{}", "?", "%s", "'", "user_id", "id", "metadata", "memory", "category", "AND", "or"]  # fmt: skip
IDS = ["ana", "ben", "Ana", "日本"]
DAYS = [-86_400_000_000, 0, 1, 1_700_000_000_000_000, 1_700_000_000_000_001]

texts = st.sampled_from(TEXTS) | st.text(max_size=4).filter(lambda text: "\x00" not in text)
numbers = (
    st.sampled_from([*INTEGERS, *FLOATS])
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
)
scalars = st.booleans() | numbers | texts
labels = st.sampled_from(LABELS) | st.text(max_size=3)
values = st.recursive(
    st.none() | scalars | st.sampled_from(UNUSUAL),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(labels, inner, max_size=3),
    max_leaves=6,
)
metadata = st.dictionaries(labels, values, max_size=6)

rows = st.builds(
    Row,
    id=st.just(0),
    scope=st.builds(Scope, *[st.none() | st.sampled_from(IDS)] * 3),
    text=texts | st.just("a\x00b"),
    hash=st.sampled_from(["h1", "h2"]),
    actor_id=st.none() | st.sampled_from(IDS),
    memory_type=st.none() | texts,
    metadata=metadata,
    created_at=st.sampled_from(DAYS),
    updated_at=st.sampled_from(DAYS),
    valid_from=st.sampled_from(DAYS),
    valid_to=st.none() | st.sampled_from(DAYS),
    expires_at=st.none() | st.sampled_from(DAYS),
)
tables = st.lists(rows, min_size=1, max_size=8)

patterns = st.lists(
    st.sampled_from(["%", "_", "\\%", "\\_", "\\\\", "\\a", "a", "b", "A", "日", "\n"]), max_size=5
).map("".join)
orders = ("gt", "gte", "lt", "lte")
moments = (
    st.sampled_from(DAYS).map(lambda moment: datetime.fromtimestamp(moment // 10**6, timezone.utc))
    | st.sampled_from(DAYS).map(
        lambda moment: datetime.fromtimestamp(moment // 10**6, timezone.utc).isoformat()
    )
    | st.sampled_from([0, 1e-6, 1_700_000_000])
)


def one_of_each(operators: Sequence[str], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Filter]:
    """Return operator dicts with one or two of these operators, some spelt with a dollar."""
    names = st.builds(str.__add__, st.sampled_from(["", "$"]), st.sampled_from(operators))
    return st.dictionaries(names, operand, min_size=1, max_size=2)


def equalities(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what any field takes."""
    several = st.lists(st.none() | operand, max_size=4)
    return (
        operand
        | st.none()
        | st.just("*")
        | several
        | one_of_each(["eq", "ne"], st.none() | operand)
        | one_of_each(["in", "nin"], several)
        | one_of_each(orders, operand)
        | one_of_each(["exists"], st.booleans())
    )


on_text = one_of_each(["contains", "icontains"], texts) | one_of_each(["like"], patterns)
on_key = (
    equalities(numbers | texts)
    | on_text
    | scalars
    | st.lists(st.none() | scalars, max_size=5)
    | one_of_each(["eq", "ne"], st.lists(st.none() | scalars, max_size=3))
    | one_of_each(["contains"], scalars)
)
named: dict[str, st.SearchStrategy[Any]] = {
    "number": equalities(st.integers(1, 9) | st.integers(1, 9).map(str)),
    "scope": equalities(st.sampled_from(IDS)) | on_text,
    "actor": equalities(st.sampled_from(IDS)) | on_text,
    "text": equalities(texts) | on_text,
    "time": equalities(moments),
}
BARE_LABELS = [
    label for label in LABELS if label not in COLUMNS and not re.match(r"\$|(?i:and|or|not)$", label)
]
dotted = st.lists(st.sampled_from(["a", "b", "c", "", "键", 'q"q']), min_size=1, max_size=3).map(".".join)
key_entries = st.tuples(
    st.sampled_from(LABELS).map("metadata.".__add__)
    | st.sampled_from([label for label in BARE_LABELS if label != "category"])
    | dotted.map("metadata.".__add__)
    | labels.map("metadata.".__add__).filter(lambda name: "\x00" not in name),
    on_key,
)
column_entries = st.sampled_from(sorted(COLUMNS.values(), key=lambda column: column.name)).flatmap(
    lambda column: st.tuples(st.just(column.name), named[column.kind])
)
category_entries = st.tuples(st.just("category"), named["text"])


def connected(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Return connectives over these filters."""
    several = st.lists(inner, max_size=3)
    return st.builds(
        lambda name, parts: {name: parts},
        st.sampled_from(["AND", "OR", "NOT", "$and", "$or", "$not", "$OR"]),
        several,
    ) | st.builds(lambda name, part: {name: part}, st.sampled_from(["NOT", "$not"]), inner)


leaves = st.lists(key_entries | column_entries | category_entries, max_size=2).map(dict)
filters = st.recursive(leaves, lambda inner: connected(inner) | st.builds(lambda a, b: {**a, **b}, inner, connected(inner)), max_leaves=8)  # fmt: skip


def open_table(stored: Sequence[Row]) -> sqlite3.Connection:
    """Return a database with the real table holding these rows; ids count from 1."""
    connection = sqlite3.connect(":memory:")
    register_functions(connection)
    connection.execute(sqlite_schema("memories")[1])
    marks = ", ".join("?" * (len(LOADED.split(",")) + 2))
    connection.executemany(
        f"INSERT INTO memories_records ({LOADED}, facets, sequence) VALUES ({marks})",
        [
            (number, *(part or "" for part in row.scope), row.text, row.hash, row.actor_id, row.memory_type,
             encode(row.metadata), row.created_at, row.updated_at, row.valid_from, row.valid_to, row.expires_at,
             row.superseded_by, row.access_count, row.version, "{}", 1)
            for number, row in enumerate(stored, 1)
        ],
    )  # fmt: skip
    return connection


def found_by_python(connection: sqlite3.Connection, wanted: object) -> list[int]:
    """Return the ids of the rows, as read back, that match in Python."""
    expression = parse(wanted)
    loaded = [
        to_row(values) for values in connection.execute(f"SELECT {LOADED} FROM memories_records ORDER BY id")
    ]
    return [row.id for row in loaded if expression is None or matches(expression, row)]


def found_by_sqlite(connection: sqlite3.Connection, wanted: object, condition: str = "{}") -> list[int]:
    """Return the ids of the rows that match in SQLite."""
    expression = parse(wanted)
    sql, parameters = compile_filter(expression, SQLITE) if expression else ("1", [])
    query = f"SELECT id FROM memories_records WHERE {condition.format(sql)} ORDER BY id"
    return [row[0] for row in connection.execute(query, parameters)]


def found(stored: Mapping[str, Any] | Row, wanted: object) -> bool:
    """Return whether a row, or one with this metadata, matches; both ways agree."""
    row = stored if isinstance(stored, Row) else Row(1, Scope("ana"), "text", "hash", metadata=dict(stored))
    with closing(open_table([row])) as connection:
        answer = found_by_python(connection, wanted)
        assert found_by_sqlite(connection, wanted) == answer
    return bool(answer)


@settings(max_examples=600, deadline=None)
@given(tables, filters)
def test_python_and_sqlite_find_the_same(stored: list[Row], wanted: Filter) -> None:
    with closing(open_table(stored)) as connection:
        assert found_by_sqlite(connection, wanted) == found_by_python(connection, wanted)


@settings(max_examples=150, deadline=None)
@given(tables, filters)
def test_sql_is_never_null(stored: list[Row], wanted: Filter) -> None:
    with closing(open_table(stored)) as connection:
        kept = found_by_sqlite(connection, wanted)
        left = found_by_sqlite(connection, wanted, "NOT ({})")
        assert sorted(kept + left) == list(range(1, len(stored) + 1))
        assert found_by_sqlite(connection, {"NOT": dict(wanted)}) == left


@settings(max_examples=400, deadline=None)
@given(metadata, st.sampled_from(LABELS), on_key)
def test_one_key_is_compared_alike(stored: dict[str, Any], label: str, operand: Any) -> None:
    found({**stored, "a": stored.get(label)}, {f"metadata.{label}": operand, "metadata.a": operand})


@settings(max_examples=400, deadline=None)
@given(values, on_key)
@example(value=2.9999999999999996, operand={"lt": 3})
@example(value=2**53 + 1, operand={"gt": 2.0**53})
@example(value=2**63, operand={"gt": 2**63 - 1})
@example(value=2**63, operand=[2.0**63])
@example(value=10**400, operand={"gt": 1.5e308})
@example(value="a\x00b", operand="a")
@example(value="a\x00b", operand={"gt": "a"})
@example(value=["a\x00b"], operand={"contains": "a"})
@example(value=["a"], operand='["a"]')
@example(value=-(2**63), operand=[-(2**63)])
def test_one_value_is_compared_alike(value: Any, operand: Any) -> None:
    found({"k": value}, {"k": operand})
    found({"o": {"k": value}}, {"o.k": operand})
    found({"ключ": value}, {"ключ": operand})
    found({'q"': value}, {'q"': operand})


def every_comparison(operand: Any) -> Iterator[Any]:
    """Return each operator that takes this scalar, applied to it."""
    yield from (
        operand,
        [operand],
        {"nin": [operand, 2, "b"]},
        {"eq": [operand]},
        {"ne": operand},
        {"contains": operand},
    )
    if not isinstance(operand, bool):
        yield from ({order: operand} for order in orders)
    if isinstance(operand, str):
        yield {"icontains": operand}
        if operand != "\\":
            yield {"like": operand}


def test_every_kind_of_value_against_every_kind_of_operand() -> None:
    operands = [True, False, *INTEGERS, *FLOATS, *TEXTS]
    stored: list[Any] = [None, *operands, *UNUSUAL]
    stored += (
        [[value] for value in stored] + [{"k": value} for value in stored] + [[], {}, [["a"]], ["b", [1]], [None, 2]]
    )
    with closing(
        open_table([Row(0, Scope(), "", "", metadata={"k": value}) for value in stored])
    ) as connection:
        for wanted in (
            "*",
            None,
            [],
            [None],
            *(each for operand in operands for each in every_comparison(operand)),
        ):
            for entry in ({"k": wanted}, {"NOT": {"k": wanted}}):
                assert found_by_sqlite(connection, entry) == found_by_python(connection, entry), entry


def test_every_meaning_of_a_dotted_name() -> None:
    absent: list[dict[str, Any]] = [{}]
    literal = absent + [{"a.b": value} for value in (None, 1, "x", True, [1], {})]
    around = absent + [{"a": value} for value in (None, "b", ["b"], {})]
    around += [{"a": {"b": value}} for value in (None, 1, "x", True, [1], {"c": 1})]
    stored = [{**one, **other} for one in literal for other in around]
    with closing(open_table([Row(0, Scope(), "", "", metadata=each) for each in stored])) as connection:
        for wanted in (
            1,
            "x",
            True,
            None,
            "*",
            {"ne": 1},
            {"gt": 0},
            {"contains": 1},
            {"contains": "x"},
            [1, "x"],
        ):
            for name in ("a.b", "a.b.c", "a"):
                entry = {name: wanted}
                assert found_by_sqlite(connection, entry) == found_by_python(connection, entry), entry


@settings(max_examples=300, deadline=None)
@given(tables, filters, st.sampled_from(IDS))
def test_a_filter_never_widens_the_scope(stored: list[Row], wanted: Filter, user_id: str) -> None:
    hostile = [{**row.metadata, "user_id": user_id, "a": {"user_id": user_id}} for row in stored]
    for row, theirs in zip(stored, hostile, strict=True):
        row.metadata = theirs
    assume(any(row.scope.user_id != user_id for row in stored))
    own = {number for number, row in enumerate(stored, 1) if row.scope.user_id == user_id}
    sql, parameters = compile_filter(
        parse({"OR": [wanted, {"metadata.user_id": user_id}, {}]}) or pytest.fail(), SQLITE
    )
    with closing(open_table(stored)) as connection:
        query = f"SELECT id FROM memories_records WHERE user_id = ? AND ({sql})"
        assert {row[0] for row in connection.execute(query, [user_id, *parameters])} == own
        assert set(found_by_sqlite(connection, {"user_id": user_id, "AND": [wanted]})) <= own


@settings(max_examples=300, deadline=None)
@given(filters)
def test_sql_holds_nothing_that_the_user_wrote(wanted: Filter) -> None:
    expression = parse(wanted)
    assume(expression is not None)
    assert expression is not None
    sql, parameters = compile_filter(expression, SQLITE)
    assert sql.count("?") == len(parameters)
    literals = set(re.findall(r"'[^']*'", sql))
    assert literals <= {"''", "'null'", "'text'", "'array'", "'integer'", "'real'", r"'\u0000'"}
    assert re.fullmatch(r"[A-Za-z0-9_ .,()<>=?]*", re.sub(r"'[^']*'", "", sql))


anything = st.recursive(
    scalars
    | st.none()
    | st.sampled_from([math.nan, math.inf, -(2**63) - 1, b"x", "\ud800", "\x00", "\\", "*", set(), object(), Enum])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.tuples(inner)
    | st.dictionaries(
        st.sampled_from(["AND", "OR", "NOT", "and", "$or", "$nor", "eq", "$gt", "in", "contains", "like", "exists", "gtee",
                         "id", "user_id", "created_at", "memory", "k", "category", "metadata.", "\ud800", "a\x00", 1, None, ("k",)]),
        inner, max_size=3,
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(anything)
def test_wrong_filters_raise_only_filter_errors(wanted: object) -> None:
    with closing(open_table([Row(1, Scope("ana"), "text", "hash", metadata={"k": [1, "a"]})])) as connection:
        try:
            expected = found_by_python(connection, wanted)
        except FilterError as error:
            assert str(error).startswith("filters")
            assert str(error).isprintable() or "\n" in repr(wanted)
            return
        assert found_by_sqlite(connection, wanted) == expected


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


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "filters: expected a dict, got a value of type list"),
        ("k", "filters: expected a dict, got 'k'"),
        ({1: 2}, "filters: keys must be strings, got 1"),
        ({"k": {}}, "filters.k: expected an operator, got an empty dict; allowed: eq, ne, gt"),
        ({"k": {"gtee": 1}}, "filters.k: unknown operator 'gtee', did you mean 'gte'?; allowed: eq, ne, gt"),
        ({"k": {"GT": 1}}, "filters.k: unknown operator 'GT', did you mean 'gt'?"),
        ({"k": {"eq": 1, "city": 2}}, "filters.k: unknown operator 'city'; allowed: "),
        ({"k": {"city": "Rome"}}, "a nested key is written 'k.city'"),
        ({"k": {2: 1}}, "filters.k: keys must be strings, got 2"),
        ({"k": {"gt": None}}, "filters.k.gt: expected a number or a string, got None"),
        ({"k": {"gt": True}}, "filters.k.gt: expected a number or a string, got True"),
        ({"k": {"lt": [1]}}, "filters.k.lt: expected a number or a string, got a value of type list"),
        ({"k": {"in": "alice"}}, "filters.k.in: expected a list, got 'alice'"),
        ({"k": {"in": {"a"}}}, "filters.k.in: expected a list, got a value of type set"),
        ({"k": [["a"]]}, "filters.k[0]: expected a string, number or bool, got a value of type list"),
        ({"k": {"eq": {"a": 1}}}, "filters.k.eq: expected a string, number or bool, got a value of type dict"),
        ({"k": {"contains": None}}, "filters.k.contains: expected a string, number or bool, got None"),
        ({"k": {"icontains": 5}}, "filters.k.icontains: expected a string, got 5"),
        ({"k": {"like": 5}}, "filters.k.like: expected a string, got 5"),
        ({"k": {"like": "a\\"}}, "filters.k.like: the pattern ends with a lone backslash"),
        ({"k": {"exists": 1}}, "filters.k.exists: expected True or False, got 1"),
        ({"k": math.nan}, "filters.k: nan is not a JSON number"),
        ({"k": {"lt": 1e400}}, "filters.k.lt: inf is not a JSON number"),
        ({"k": 2**63}, "filters.k: integers beyond 64 bits"),
        ({"k": [1, 10**5000]}, "filters.k[1]: integers beyond 64 bits"),
        ({"k": "a\x00b"}, "filters.k: must not hold a NUL character"),
        ({"k": "\ud800"}, "filters.k: not valid Unicode at position 0"),
        ({"a\x00": 1}, "filters: must not hold a NUL character"),
        ({"k": b"x"}, "filters.k: expected a string, number or bool, got a value of type bytes"),
        ({"k": datetime(2026, 1, 1)}, "filters.k: expected a string, number or bool, got a value of type datetime"),
        ({"AND": {"k": 1}}, "filters.AND: expected a list of dicts, got a value of type dict"),
        ({"OR": [{"k": 1}, "l"]}, "filters.OR[1]: expected a dict, got 'l'"),
        ({"NOT": "k"}, "filters.NOT: expected a dict or a list of dicts, got 'k'"),
        ({"OR": [{"k": 1}, {"l": {"between": 5}}]}, "filters.OR[1].l: unknown operator 'between'; allowed: eq"),
        ({"or": [{"k": 1}]}, "filters.or: unknown connective 'or', did you mean 'OR'?"),
        ({"And": [{"k": 1}]}, "written 'metadata.And'"),
        ({"$nor": []}, "filters.$nor: unknown connective '$nor', did you mean"),
        ({"id": "seven"}, "filters.id: expected an id, a positive integer or its decimal string, got 'seven'"),
        ({"id": 1.0}, "filters.id: expected an id, a positive integer or its decimal string, got 1.0"),
        ({"id": {"contains": "1"}}, "filters.id.contains: id is a number; allowed: eq, ne, gt, gte, lt, lte, in, nin, exists"),
        ({"created_at": {"like": "2026%"}}, "filters.created_at.like: created_at is a time; allowed: eq"),
        ({"created_at": "yesterday"}, "filters.created_at: expected an ISO-8601 string, a datetime or seconds"),
        ({"created_at": {"gt": True}}, "filters.created_at.gt: expected an ISO-8601 string"),
        ({"created_at": 10**5000}, "got an integer beyond 64 bits"),
        ({"valid_to": {"lt": math.nan}}, "filters.valid_to.lt: expected an ISO-8601 string"),
        ({"user_id": ""}, "filters.user_id: must not be blank"),
        ({"user_id": ["ana", 1.5]}, "filters.user_id[1]: expected a string, got float"),
        ({"actor_id": {"eq": ["ana"]}}, "filters.actor_id.eq: actor_id is never a list; use 'in'"),
        ({"memory": 5}, "filters.memory: memory is text; expected a string, got 5"),
        ({"memory": {"contains": 5}}, "filters.memory.contains: expected a string, got 5"),
        ({"memory_type": True}, "filters.memory_type: memory_type is text; expected a string, got True"),
        ({"k" * 500: {"x": "y" * 500}}, "filters." + "k" * 60 + "...: unknown operator 'x'"),
    ],
)  # fmt: skip
def test_what_an_error_says(wanted: object, message: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(wanted)
    assert message in str(caught.value)
    assert isinstance(caught.value, InvalidInputError)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("wrap", "levels"),
    [
        (lambda inner: {"NOT": inner}, 1),
        (lambda inner: {"NOT": [inner]}, 1),
        (lambda inner: {"OR": [{"k": 2}, inner]}, 1),
        (lambda inner: {"AND": [{"k": 1}, inner, {"a.b.c": {"contains": "x"}, "l": {"nin": [2]}}]}, 1),
        (lambda inner: {"k": {"gte": 1}, "NOT": {"l": 1, "OR": [{"k": 5}, inner]}}, 2),
        (lambda inner: {"k": 1, "AND": [{"l": {"nin": [1]}}, {"l": {"ne": 1}, "OR": [{"k": 5}, inner]}]}, 2),
    ],
)
def test_nesting_is_limited_to_what_sqlite_takes(wrap: Callable[[Filter], Filter], levels: int) -> None:
    wanted: Filter = {"k": {"in": [1, "x", True, None]}}
    for _ in range(MAX_DEPTH // levels):
        wanted = wrap(wanted)
    found({"k": 1}, wanted)
    with pytest.raises(FilterError, match=f"filters: nested deeper than {MAX_DEPTH} levels"):
        parse(wrap(wanted))


def test_a_bushy_filter_fits_too() -> None:
    wanted: Filter = {"a.b.c": {"contains": "x"}}
    for depth in range(MAX_DEPTH):
        # Both halves are equally deep; one level more would be too many conditions.
        wanted = {"OR" if depth % 2 else "$and": [wanted, wanted if depth < 7 else {"k": {"gte": 0.5}}]}
    assert found({"k": 1}, wanted)


def test_a_filter_that_holds_itself_is_refused() -> None:
    wanted: dict[str, Any] = {"k": 1}
    wanted["OR"] = [wanted, wanted]
    with pytest.raises(FilterError, match="nested deeper"):
        parse(wanted)
    wanted["OR"] = [{"OR": [wanted, wanted]} for _ in range(50)]
    with pytest.raises(FilterError, match="nested deeper|more than 500 conditions"):
        parse(wanted)


def test_many_conditions_up_to_the_limit() -> None:
    assert found({"k": 498}, {"OR": [{"k": i} for i in range(MAX_CONDITIONS - 1)]})
    assert found(
        {"a": {"b": "x"}},
        {"OR": [{"a.b": {"contains": "xyz"[: 1 + i % 3]}} for i in range(MAX_CONDITIONS - 1)]},
    )
    with pytest.raises(
        FilterError, match=rf"filters.OR\[499\].k: more than {MAX_CONDITIONS} conditions.*use 'in'"
    ):
        parse({"OR": [{"k": i} for i in range(MAX_CONDITIONS)]})


def test_a_long_list_is_one_condition() -> None:
    many = [*range(50_000), *map(str, range(50_000))]
    assert found({"k": 49_999}, {"k": many})
    assert found({"k": "49999"}, {"k": many})
    assert not found({"k": 0.5}, {"k": many})
    assert not found({"k": "x"}, {"k": many})
    assert found(ROW, {"id": list(range(1, 50_000))})


def test_a_dotted_name_is_limited() -> None:
    deepest = "a" + ".a" * (MAX_DEPTH - 1)
    assert not found({"a": 1}, {deepest: 1})
    with pytest.raises(FilterError, match="a dotted name has at most 32 keys"):
        parse({f"{deepest}.a": 1})


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


def test_fields_of_an_expression() -> None:
    expression = parse({"user_id": "ana", "OR": [{"k": 1}, {"NOT": {"a.b": {"gt": 1, "lt": 3}}}]})
    assert expression is not None
    assert fields(expression) == {Column("user_id", "scope"), Key("k"), Key("a.b")}


@pytest.fixture(scope="module")
def planned() -> Iterator[sqlite3.Connection]:
    with closing(open_table([])) as connection:
        for statement in sqlite_schema("memories"):
            if statement.startswith("CREATE INDEX memories_records"):
                connection.execute(statement)
        yield connection


@pytest.mark.parametrize(
    "wanted", [{"user_id": "ana"}, {"id": [1, 2]}, {"user_id": "ana", "created_at": {"gte": 0}}]
)
def test_columns_use_their_index(planned: sqlite3.Connection, wanted: Filter) -> None:
    expression = parse(wanted)
    assert expression is not None
    sql, parameters = compile_filter(expression, SQLITE)
    plan = planned.execute(
        f"EXPLAIN QUERY PLAN SELECT id FROM memories_records WHERE {sql}", parameters
    ).fetchall()
    assert any("SEARCH memories_records USING" in step[3] for step in plan), plan
