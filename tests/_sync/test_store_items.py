# Generated from tests/_async/test_store_items.py by scripts/run_unasync.py; edit that file instead.
"""A key-value store with namespaces over memories, on every database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._concurrency import gather
from powermem._sync.integrations.store_items import StoreItems

pytestmark = pytest.mark.stores


@pytest.fixture
def items(memory: Memory) -> StoreItems:
    return StoreItems(memory, user_id="ana")


def keys(items: StoreItems, *prefix: str, **options: Any) -> list[str]:
    return [item.key for item in items.search(prefix, **options)]


def test_items_are_put_in_the_place_of_each_other(items: StoreItems) -> None:
    for value in ({"n": 1}, {"n": 2, "deep": {"list": [1, None, "ü 🐈"]}}):
        items.put(("a", "b/c"), "k/l", value, "text", None)
        found = items.get(("a", "b/c"), "k/l")
        assert found is not None
        assert (found.namespace, found.key, found.value) == (("a", "b/c"), "k/l", value)
    # Equal values under other keys are other items.
    items.put(("a",), "same", {"n": 2}, "text", None)
    items.put(("a",), "other", {"n": 2}, "text", None)
    assert sorted(keys(items, "a")) == ["k/l", "other", "same"]
    items.delete(("a",), "same")
    items.delete(("a",), "same")
    assert sorted(keys(items)) == ["k/l", "other"]
    assert items.namespaces() == [("a",), ("a", "b/c")]


def test_the_last_of_several_writers_wins(items: StoreItems) -> None:
    puts = [partial(items.put, ("a",), "k", {"n": number}, f"text {number}", None) for number in range(4)]
    gather(puts)
    found = items.search(("a",))
    assert len(found) == 1
    assert found[0].value["n"] in range(4)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (None, ["1", "2", "none"]),
        ({"n": 2}, ["2"]),
        ({"n": {"$gte": 1, "$lt": 2}}, ["1"]),
        ({"n": {"$ne": 1}}, ["2", "none"]),
        ({"tags": ["a"]}, ["2"]),
    ],
)
def test_filters_and_pages(items: StoreItems, conditions: dict[str, Any] | None, expected: list[str]) -> None:
    items.put(("x",), "1", {"n": 1}, "train one", None)
    items.put(("x",), "2", {"n": 2, "tags": ["a"]}, "train two", None)
    items.put(("x",), "none", {}, None, None)
    items.put(("y",), "1", {"n": 2, "tags": ["a"]}, "train three", None)
    for query in (None, "train"):
        assert sorted(keys(items, "x", query=query, conditions=conditions)) == expected
        whole = keys(items, query=query, conditions=conditions, limit=10)
        pages = [
            key
            for offset in range(0, 6, 2)
            for key in keys(items, query=query, conditions=conditions, limit=2, offset=offset)
        ]
        assert pages == whole


def test_owners_are_apart(memory: Memory, items: StoreItems) -> None:
    other = StoreItems(memory, user_id="ben")
    items.put(("x",), "k", {"n": 1}, "train", None)
    assert other.get(("x",), "k") is None
    assert other.search((), query="train") == []
    other.delete(("x",), "k")
    assert keys(items) == ["k"]


def test_wrong_values_are_refused(items: StoreItems) -> None:
    for value, ttl in (({"n": object()}, None), ({"n": "\ud800"}, None), ({"n": 1}, -1.0)):
        with pytest.raises(InvalidInputError):
            items.put(("x",), "k", value, "text", ttl)
    assert items.search(()) == []
