"""A filter means on every store what it means in Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._core.filters.match import matches
from powermem._core.filters.parse import parse
from powermem._core.values import Row, Scope
from tests.support.additions import memory_of, search_for
from tests.support.filtering import Filter
from tests.support.strategies import IDS, TEXTS, UNUSUAL, filters

pytestmark = pytest.mark.stores

_NUMBERS = [0, 1, -1, 3, 2**53, 2**53 + 1, 2**63 - 1, 0.1, 1.0, 2.9999999999999996, 5e-324, 1.5e308]
_VALUES: list[Any] = [None, True, False, *_NUMBERS, *TEXTS, *UNUSUAL]
_NESTED: list[Any] = [None, 1, "a"]
_LISTS: list[Any] = [[], {}, [["a"]], ["b", [1]], [None, 2]]
_METADATA: list[dict[str, Any]] = [
    {},
    *({"k": value} for value in _VALUES),
    *({"k": [value]} for value in _VALUES),
    *({"k": {"k": value}} for value in _NESTED),
    *({"k": value} for value in _LISTS),
    {"a.b": 1, "a": {"b": 2}},
    {"a": {"b": 1, "user_id": "ana"}},
    {"a.b": None, "a": {"b": 1}},
    {"user_id": "ben", "id": 7, "metadata": {"k": 1}, "valid_to": 5, "category": "c", "memory": "x"},
    {"": 1, 'q"q': "a", "back\\slash": "b", "ключ": 3, "a[0]": 1, "%s": 1, "?": 2, "{}": "a"},
]
_OPERANDS: list[Any] = [
    True,
    0,
    1,
    3,
    2**53 + 1,
    0.1,
    1.0,
    3.0,
    "",
    "a",
    "ab",
    "B",
    "ß",
    "日",
    "é",
    "a%",
    "\\\\",
]


def _comparisons() -> list[Any]:
    found: list[Any] = ["*", None, [], [None], {"exists": True}, {"exists": False}, {"nin": []}]
    for operand in _OPERANDS:
        found += [operand, {"ne": operand}, [operand, "b"], {"nin": [operand, None]}, {"eq": [operand]}]
        found.append({"contains": operand})
        if not isinstance(operand, bool):
            found += [{"gt": operand}, {"gte": operand}, {"lt": operand}, {"lte": operand}]
        if isinstance(operand, str):
            found += [{"icontains": operand}, {"like": operand}]
    return found


_NAMED: list[Filter] = [
    {"a.b": 1}, {"a.b": None}, {"metadata.user_id": "ben"}, {"user_id": "ben"}, {"user_id": ["ana", "ben"]},
    {"metadata.id": 7}, {"metadata.": 1}, {'q"q': "a"}, {"back\\slash": "b"}, {"ключ": {"gt": 2}},
    {"a[0]": 1}, {"%s": 1}, {"?": {"lte": 2}}, {"{}": "a"}, {"category": "c"}, {"category": "food"},
    {"category": None}, {"memory": {"like": "%'_"}}, {"memory": {"icontains": "STRASSE"}},
    {"memory": {"contains": "%"}}, {"memory": {"gt": "t"}}, {"memory_type": {"ne": "food"}}, {"hash": "*"},
    {"agent_id": None}, {"agent_id": "a"}, {"run_id": {"nin": ["r", None]}}, {"actor_id": {"contains": "日"}},
    {"created_at": {"lt": "1970-01-01"}}, {"created_at": {"gte": "1969-07-20", "lt": "2000-01-01"}},
    {"valid_from": {"gt": 0}}, {"expires_at": None}, {"expires_at": {"gt": "2900-01-01"}},
    {"updated_at": {"ne": 0}}, {"valid_to": None}, {"id": {"gt": 1}}, {"id": ["1", 2]},
    {"OR": [{"k": 1}, {"memory": {"contains": "'"}}]}, {"AND": []}, {"OR": []},
    {"NOT": [{"k": 1}, {"k": "a"}]},
    {"NOT": {"OR": [{"k": "*"}, {"agent_id": "a"}]}}, {"AND": [{"NOT": {"k": None}}, {"k": {"ne": "a"}}]},
]  # fmt: skip

_TEXTS = ["plain", "100% 'sure'_", "Straße", "日本 😀", 'say "hi"; --', "back\\slash", "nul\x00nul", "tail "]


async def fill(store: AsyncStore) -> list[Row]:
    changes = []
    for number, metadata in enumerate(_METADATA):
        scope = Scope(IDS[number % len(IDS)], "a" if number % 3 else None, "r" if number % 2 else None)
        changes.append(
            memory_of(
                f"{_TEXTS[number % len(_TEXTS)]} {number}, a note",
                scope,
                metadata=metadata,
                memory_type="food" if number % 5 else None,
                actor_id="日本" if number % 4 else None,
                at=(-86_400_000_000, -1, 1_700_000_000_000_000)[number % 3],
                expires_at=None if number % 6 else 32_503_680_000_000_000,
            )
        )
    await store.apply(changes)
    rows = list((await store.get_many([change.row.id for change in changes])).values())
    assert len(rows) == len(changes)
    return rows


async def compare(store: AsyncStore, rows: list[Row], wanted: Filter) -> None:
    expression = parse(wanted)
    expected = sorted(row.id for row in rows if expression is None or matches(expression, row))
    listed, total = await store.list_rows(
        Scope(), expression, sort_by="id", descending=False, limit=len(rows), offset=0
    )
    assert ([row.id for row in listed], total) == (expected, len(expected)), wanted
    assert await store.count(Scope(), expression) == len(expected), wanted


async def test_every_operator_on_every_kind_of_value(opened: AsyncStore) -> None:
    rows = await fill(opened)
    for comparison in _comparisons():
        await compare(opened, rows, {"k": comparison})
    for wanted in _NAMED:
        await compare(opened, rows, wanted)
        await compare(opened, rows, {"NOT": wanted})


async def test_a_search_passes_the_same_memories(opened: AsyncStore) -> None:
    rows = await fill(opened)
    for wanted in [*_NAMED, *({"k": operand} for operand in _OPERANDS)]:
        expression = parse(wanted)
        expected = {row.id for row in rows if expression is None or matches(expression, row)}
        request = search_for("a note", Scope(), len(rows), expression=expression)
        (hits,) = await opened.search([request], touch=False)
        assert {hit.row.id for hit in hits} == expected, wanted


async def test_random_filters(memory: AsyncMemory, opened: AsyncStore) -> None:
    rows = await fill(opened)
    drawn: list[Filter] = []

    @settings(max_examples=100, database=None, suppress_health_check=list(HealthCheck))
    @given(filters)
    def draw(wanted: Filter) -> None:
        drawn.append(wanted)

    draw()
    for wanted in drawn:
        await compare(opened, rows, wanted)


async def test_deleting_by_a_filter_takes_what_it_matches(memory: AsyncMemory, opened: AsyncStore) -> None:
    rows = await fill(opened)
    wanted = {"OR": [{"k": {"icontains": "S"}}, {"k": {"gte": 1}}, {"memory": {"contains": "nul"}}]}
    expression = parse(wanted)
    assert expression is not None
    doomed = {row.id for row in rows if row.scope.user_id == "ana" and matches(expression, row)}
    assert await memory.delete_all(user_id="ana", filters=wanted) == {"deleted": len(doomed)}
    assert set(await opened.get_many([row.id for row in rows])) == {row.id for row in rows} - doomed
