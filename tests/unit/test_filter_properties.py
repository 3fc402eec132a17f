"""Random rows and filters: Python and SQLite find the same, and no filter leaves its scope."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import closing
from enum import Enum
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from powermem._core.filters.parse import parse
from powermem._core.sql.dialects import SQLITE
from powermem._core.sql.filters import compile_filter
from powermem._core.values import Row, Scope
from powermem.errors import FilterError
from tests.support.filtering import Filter, found, found_by_python, found_by_sqlite, open_table
from tests.support.strategies import (
    FLOATS,
    IDS,
    INTEGERS,
    LABELS,
    TEXTS,
    UNUSUAL,
    filters,
    metadata,
    on_key,
    orders,
    scalars,
    tables,
    values,
)

pytestmark = pytest.mark.slow


@settings(max_examples=300)
@given(tables, filters)
def test_python_and_sqlite_find_the_same(stored: list[Row], wanted: Filter) -> None:
    with closing(open_table(stored)) as connection:
        assert found_by_sqlite(connection, wanted) == found_by_python(connection, wanted)


@settings(max_examples=150)
@given(tables, filters)
def test_sql_is_never_null(stored: list[Row], wanted: Filter) -> None:
    with closing(open_table(stored)) as connection:
        kept = found_by_sqlite(connection, wanted)
        left = found_by_sqlite(connection, wanted, "NOT ({})")
        assert sorted(kept + left) == list(range(1, len(stored) + 1))
        assert found_by_sqlite(connection, {"NOT": dict(wanted)}) == left


@settings(max_examples=200)
@given(metadata, st.sampled_from(LABELS), on_key)
def test_one_key_is_compared_alike(stored: dict[str, Any], label: str, operand: Any) -> None:
    found({**stored, "a": stored.get(label)}, {f"metadata.{label}": operand, "metadata.a": operand})


@settings(max_examples=200)
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
    yield from (operand, [operand], {"nin": [operand, 2, "b"]}, {"ne": operand})
    yield from ({"eq": [operand]}, {"contains": operand})
    if not isinstance(operand, bool):
        yield from ({order: operand} for order in orders)
    if isinstance(operand, str):
        yield {"icontains": operand}
        if operand != "\\":
            yield {"like": operand}


def test_every_kind_of_value_against_every_kind_of_operand() -> None:
    operands = [True, False, *INTEGERS, *FLOATS, *TEXTS]
    stored: list[Any] = [None, *operands, *UNUSUAL]
    stored += [[value] for value in stored] + [{"k": value} for value in stored]
    stored += [[], {}, [["a"]], ["b", [1]], [None, 2]]
    comparisons: list[Any] = ["*", None, [], [None]]
    comparisons += [each for operand in operands for each in every_comparison(operand)]
    rows = [Row(0, Scope(), "", "", metadata={"k": value}) for value in stored]
    with closing(open_table(rows)) as connection:
        for wanted in comparisons:
            for entry in ({"k": wanted}, {"NOT": {"k": wanted}}):
                assert found_by_sqlite(connection, entry) == found_by_python(connection, entry), entry


def test_every_meaning_of_a_dotted_name() -> None:
    absent: list[dict[str, Any]] = [{}]
    some: list[Any] = [None, 1, "x", True, [1]]
    literal = absent + [{"a.b": value} for value in [*some, {}]]
    flat: list[Any] = [None, "b", ["b"], {}]
    around = absent + [{"a": value} for value in flat]
    around += [{"a": {"b": value}} for value in [*some, {"c": 1}]]
    rows = [Row(0, Scope(), "", "", metadata={**one, **other}) for one in literal for other in around]
    comparisons = [
        1,
        "x",
        True,
        None,
        "*",
        [1, "x"],
        {"ne": 1},
        {"gt": 0},
        {"contains": 1},
        {"contains": "x"},
    ]
    with closing(open_table(rows)) as connection:
        for wanted in comparisons:
            for name in ("a.b", "a.b.c", "a"):
                entry = {name: wanted}
                assert found_by_sqlite(connection, entry) == found_by_python(connection, entry), entry


@settings(max_examples=150)
@given(tables, filters, st.sampled_from(IDS))
def test_a_filter_never_widens_the_scope(stored: list[Row], wanted: Filter, user_id: str) -> None:
    hostile = [{**row.metadata, "user_id": user_id, "a": {"user_id": user_id}} for row in stored]
    for row, theirs in zip(stored, hostile, strict=True):
        row.metadata = theirs
    assume(any(row.scope.user_id != user_id for row in stored))
    own = {number for number, row in enumerate(stored, 1) if row.scope.user_id == user_id}
    everything = parse({"OR": [wanted, {"metadata.user_id": user_id}, {}]})
    assert everything is not None
    sql, parameters = compile_filter(everything, SQLITE)
    with closing(open_table(stored)) as connection:
        query = f"SELECT id FROM memories_records WHERE user_id = ? AND ({sql})"
        assert {row[0] for row in connection.execute(query, [user_id, *parameters])} == own
        assert set(found_by_sqlite(connection, {"user_id": user_id, "AND": [wanted]})) <= own


@settings(max_examples=200)
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


WRONG = [math.nan, math.inf, -(2**63) - 1, b"x", "\ud800", "\x00", "\\", "*", set(), object(), Enum]
NAMES: list[Any] = ["AND", "OR", "NOT", "and", "$or", "$nor", "eq", "$gt", "in", "contains", "like", "exists"]
NAMES += ["id", "user_id", "created_at", "memory", "category", "metadata.", "k", "gtee", "\ud800", "a\x00"]
NAMES += [1, None, ("k",)]
anything = st.recursive(
    scalars | st.none() | st.sampled_from(WRONG) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(anything)
def test_a_wrong_filter_raises_only_a_filter_error(wanted: object) -> None:
    try:
        parse(wanted)
    except FilterError as caught:
        error = str(caught)
    else:
        found({"k": [1, "a"]}, wanted)
        return
    assert error.startswith("filters")
    assert error.isprintable()
