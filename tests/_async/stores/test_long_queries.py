"""No query is too long, in whatever script, on every store and through every way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.oceanbase import search as oceanbase_search
from powermem._async.stores.oceanbase.store import AsyncOceanBaseStore
from powermem._async.stores.server import partitions
from tests.support.filling import caches_of

pytestmark = pytest.mark.stores

_LETTERS = [chr(code) for code in range(0x4E00, 0x9F00)]
# Different words and characters all along, which cost the most.
QUERIES = {
    "words": " ".join(f"w{number}ord" for number in range(12_500)),
    "Chinese": "".join(_LETTERS[number * 7919 % len(_LETTERS)] for number in range(100_000)),
    "one word": "a" * 100_000,
    "emoji": "😀👍🏽" * 33_000,
    "Arabic": " ".join(f"كلمة{number}" for number in range(10_000)),
    "quotes": '"tea and jam" ' * 7_500,
    "surrogates": "\ud800" * 100_000,
    "NUL": "tea\0" * 25_000,
}


@pytest.mark.parametrize("large", [False, True])
async def test_a_long_query_finds_by_its_beginning_and_its_end(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:
        # Scopes of more rows than this are searched by the server itself.
        monkeypatch.setattr(partitions, "PartitionCache", caches_of(45_000))
        monkeypatch.setattr(oceanbase_search, "_EXACT", 20)
    items = [f"I drink tea number {number}" for number in range(60)]
    await memory.add_many([*items, "Leila plays the cello", "Omar keeps bees"], user_id="u", infer=False)
    await memory.search("warm up", user_id="u")
    if isinstance(
        store := memory._access.components and memory._access.components.store, AsyncOceanBaseStore
    ):
        assert await store._indexer.join()
    for filling in QUERIES.values():
        for query in (f"Who plays the cello? {filling}", f"{filling} Who plays the cello?"):
            found = (await memory.search(query, user_id="u", limit=5))["results"]
            assert len(found) == 5
        assert isinstance(await memory.context(f"{filling} bees", user_id="u"), str)
    several = await memory.search_many(list(QUERIES.values()), user_id="u", limit=1)
    assert len(several) == len(QUERIES)


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize("place", [str.format, lambda form, filling, asked: form.format(asked, filling)])
async def test_what_is_asked_at_either_end_comes_first(
    config: dict[str, Any], place: Callable[[str, str, str], str]
) -> None:
    config["embedder"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        await memory.add_many(["Leila plays the cello", "Omar keeps bees"], user_id="u", infer=False)
        for filling in QUERIES.values():
            query = place("{} {}", filling, "Who plays the cello?")
            (best,) = (await memory.search(query, user_id="u", limit=1))["results"]
            assert best["memory"] == "Leila plays the cello"


@pytest.mark.stores("sqlite")
async def test_the_cost_of_a_query_does_not_grow_with_its_length(
    memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from powermem._core.text import terms

    characters = 0
    cut = terms._cut

    def counted(given: str) -> Any:
        nonlocal characters
        characters += len(given)
        return cut(given)

    monkeypatch.setattr(terms, "_cut", counted)
    spent = []
    for length in (6_000, 60_000, 600_000):
        characters = 0
        await memory.search(("tea with a drop of milk " * length)[:length], user_id="u")
        spent.append(characters)
    assert 0 < max(spent) < 1.1 * min(spent)


@pytest.mark.stores("sqlite")
async def test_a_fact_is_recalled_for_a_long_query(memory: AsyncMemory) -> None:
    await memory.add("Leila plays the cello", user_id="u", infer=False)
    memory.attribution("u")
    for name, filling in QUERIES.items():
        if name == "surrogates":
            continue
        (fact,) = await memory.recall(f"{filling} Who plays the cello?")
        assert fact.content == "Leila plays the cello"
