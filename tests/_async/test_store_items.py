"""A key-value store with namespaces over memories, on every database."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._async.integrations.store_items import AsyncStoreItems
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores


@pytest.fixture
def items(memory: AsyncMemory) -> AsyncStoreItems:
    return AsyncStoreItems(memory, user_id="ana")


async def keys(items: AsyncStoreItems, *prefix: str, **options: Any) -> list[str]:
    return [item.key for item in await items.search(prefix, **options)]


async def test_items_are_put_in_the_place_of_each_other(items: AsyncStoreItems) -> None:
    for value in ({"n": 1}, {"n": 2, "deep": {"list": [1, None, "ü 🐈"]}}):
        await items.put(("a", "b/c"), "k/l", value, "text", None)
        found = await items.get(("a", "b/c"), "k/l")
        assert found is not None
        assert (found.namespace, found.key, found.value) == (("a", "b/c"), "k/l", value)
    # Equal values under other keys are other items.
    await items.put(("a",), "same", {"n": 2}, "text", None)
    await items.put(("a",), "other", {"n": 2}, "text", None)
    assert sorted(await keys(items, "a")) == ["k/l", "other", "same"]
    await items.delete(("a",), "same")
    await items.delete(("a",), "same")
    assert sorted(await keys(items)) == ["k/l", "other"]
    assert await items.namespaces() == [("a",), ("a", "b/c")]


async def test_the_last_of_several_writers_wins(items: AsyncStoreItems) -> None:
    puts = [partial(items.put, ("a",), "k", {"n": number}, f"text {number}", None) for number in range(4)]
    await async_gather(puts)
    found = await items.search(("a",))
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
async def test_filters_and_pages(
    items: AsyncStoreItems, conditions: dict[str, Any] | None, expected: list[str]
) -> None:
    await items.put(("x",), "1", {"n": 1}, "train one", None)
    await items.put(("x",), "2", {"n": 2, "tags": ["a"]}, "train two", None)
    await items.put(("x",), "none", {}, None, None)
    await items.put(("y",), "1", {"n": 2, "tags": ["a"]}, "train three", None)
    for query in (None, "train"):
        assert sorted(await keys(items, "x", query=query, conditions=conditions)) == expected
        whole = await keys(items, query=query, conditions=conditions, limit=10)
        pages = [
            key
            for offset in range(0, 6, 2)
            for key in await keys(items, query=query, conditions=conditions, limit=2, offset=offset)
        ]
        assert pages == whole


async def test_owners_are_apart(memory: AsyncMemory, items: AsyncStoreItems) -> None:
    other = AsyncStoreItems(memory, user_id="ben")
    await items.put(("x",), "k", {"n": 1}, "train", None)
    assert await other.get(("x",), "k") is None
    assert await other.search((), query="train") == []
    await other.delete(("x",), "k")
    assert await keys(items) == ["k"]


async def test_wrong_values_are_refused(items: AsyncStoreItems) -> None:
    for value, ttl in (({"n": object()}, None), ({"n": "\ud800"}, None), ({"n": 1}, -1.0)):
        with pytest.raises(InvalidInputError):
            await items.put(("x",), "k", value, "text", ttl)
    assert await items.search(()) == []
