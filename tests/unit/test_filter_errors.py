"""What a wrong filter gets, and how much a filter may hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from powermem._core.filters.parse import MAX_CONDITIONS, MAX_DEPTH, parse
from powermem.errors import FilterError, InvalidInputError
from tests.support.filtering import Filter, found


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([], "filters: expected a dict, got a value of type list"),
        ("k", "filters: expected a dict, got 'k'"),
        ({1: 2}, "filters: keys must be strings, got 1"),
        ({"k": {}}, "filters.k: expected an operator, got an empty dict; allowed: eq, ne, gt"),
        ({"k": {"gtee": 1}}, "unknown operator 'gtee', did you mean 'gte'?; allowed: eq, ne, gt, gte"),
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
        ({"k": {"eq": {"a": 1}}}, "filters.k.eq: expected a string, number or bool, got a value of"),
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
        ({"k": datetime(2026, 1, 1)}, "filters.k: expected a string, number or bool, got a value of"),
        ({"AND": {"k": 1}}, "filters.AND: expected a list of dicts, got a value of type dict"),
        ({"OR": [{"k": 1}, "l"]}, "filters.OR[1]: expected a dict, got 'l'"),
        ({"NOT": "k"}, "filters.NOT: expected a dict or a list of dicts, got 'k'"),
        ({"OR": [{"k": 1}, {"l": {"between": 5}}]}, "filters.OR[1].l: unknown operator 'between'"),
        ({"or": [{"k": 1}]}, "filters.or: unknown connective 'or', did you mean 'OR'?"),
        ({"And": [{"k": 1}]}, "written 'metadata.And'"),
        ({"$nor": []}, "filters.$nor: unknown connective '$nor', did you mean"),
        ({"id": "x"}, "filters.id: expected an id, a positive integer or its decimal string, got 'x'"),
        ({"id": 1.0}, "a positive integer or its decimal string, got 1.0"),
        ({"id": {"contains": "1"}}, "filters.id.contains: id is a number; allowed: eq, ne, gt, "),
        ({"created_at": {"like": "2026%"}}, "filters.created_at.like: created_at is a time; allowed: "),
        ({"created_at": "yesterday"}, "filters.created_at: expected an ISO-8601 string, a datetime or "),
        ({"created_at": {"gt": True}}, "filters.created_at.gt: expected an ISO-8601 string"),
        ({"created_at": 10**5000}, "got an integer beyond 64 bits"),
        ({"valid_to": {"lt": math.nan}}, "filters.valid_to.lt: expected an ISO-8601 string"),
        ({"user_id": 10**5000}, "filters.user_id: expected a string, got an integer beyond 64 bits"),
        ({"user_id": ""}, "filters.user_id: must not be blank"),
        ({"user_id": ["ana", 1.5]}, "filters.user_id[1]: expected a string, an integer or a UUID, got 1.5"),
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
    with pytest.raises(FilterError, match=r"nested deeper|more than \d+ conditions"):
        parse(wanted)


def test_many_conditions_up_to_the_limit() -> None:
    assert found({"k": 499}, {"OR": [{"k": i} for i in range(MAX_CONDITIONS)]})
    assert found(
        {"a": {"b": "x"}},
        {"OR": [{"a.b": {"contains": "xyz"[: 1 + i % 3]}} for i in range(MAX_CONDITIONS)]},
    )
    with pytest.raises(
        FilterError, match=rf"filters.OR\[500\].k: more than {MAX_CONDITIONS} conditions.*use 'in'"
    ):
        parse({"OR": [{"k": i} for i in range(MAX_CONDITIONS + 1)]})
    deep: dict[str, Any] = {"OR": [{"NOT": {"k": i}} for i in range(MAX_CONDITIONS - 1)]}
    assert found({"k": 1}, deep)
    with pytest.raises(FilterError, match=f"more than {MAX_CONDITIONS} of AND, OR and NOT together"):
        parse({"OR": [*deep["OR"], {"NOT": {"k": 0}}]})


def test_a_long_list_is_one_condition() -> None:
    many = [*range(50_000), *map(str, range(50_000))]
    assert found({"k": 49_999}, {"k": many})
    assert found({"k": "49999"}, {"k": many})
    assert not found({"k": 0.5}, {"k": many})
    assert not found({"k": "x"}, {"k": many})
    assert found({}, {"id": list(range(1, 50_000))})


def test_a_dotted_name_is_limited() -> None:
    deepest = "a" + ".a" * (MAX_DEPTH - 1)
    assert not found({"a": 1}, {deepest: 1})
    with pytest.raises(FilterError, match="a dotted name has at most 32 keys"):
        parse({f"{deepest}.a": 1})
