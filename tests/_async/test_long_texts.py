"""Texts that are longer than an embedder takes: found by any part of them, stored once, never refused."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._core.embedding.windows import MAX_WINDOWS

pytestmark = pytest.mark.stores

PARTS = [
    "The ferry to the island leaves the harbour at nine on weekdays.",
    "Marta keeps bees behind her house and sells the honey in autumn.",
    "The old laptop overheats when the build runs with all workers.",
    "Our accountant wants the invoices of the second quarter by Friday.",
    "Tomatoes need a trellis, and water in the morning rather than at night.",
]
LONG = "\n\n".join(PARTS)


def narrow(config: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """The same store, with an embedder that takes about one of the parts at a time."""
    return {**config, "embedder": {"provider": "mock", "config": {"max_tokens": 24, **keys}}}


@pytest.fixture
async def memory(config: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(narrow(config)) as opened:
        yield opened


async def nearest(memory: AsyncMemory, query: str) -> tuple[str, float]:
    """The best memory, and how near its vector is."""
    found = (await memory.search(query, user_id="u", explain=True))["results"]
    return (found[0]["memory"], found[0]["score_details"]["dense"]) if found else ("", 0.0)


async def nearness(memory: AsyncMemory, query: str) -> float:
    """How near the vector of the best memory is."""
    return (await nearest(memory, query))[1]


async def finds(memory: AsyncMemory, query: str, wanted: str) -> bool:
    """Whether a text is found, and by its vector."""
    text, near = await nearest(memory, query)
    return text == wanted and near > 0.8


async def test_a_long_text_is_found_by_each_of_its_parts(memory: AsyncMemory) -> None:
    await memory.add("Nothing of this kind.", user_id="u", infer=False)
    added = await memory.add(LONG, user_id="u", infer=False)
    assert "warnings" not in added
    for part in PARTS:
        assert await finds(memory, part, LONG)
    assert await memory.count(user_id="u") == 2
    assert len(await memory.history(added["results"][0]["id"])) == 1


async def test_another_text_has_other_windows(memory: AsyncMemory) -> None:
    (item,) = (await memory.add(LONG, user_id="u", infer=False))["results"]
    shorter = "\n\n".join(PARTS[2:4])
    await memory.update(item["id"], shorter)
    assert await finds(memory, PARTS[3], shorter)
    assert await nearness(memory, PARTS[0]) < 0.7
    await memory.update(item["id"], "Short now.")
    assert await nearness(memory, PARTS[3]) < 0.7
    await memory.update(item["id"], LONG)
    assert await finds(memory, PARTS[4], LONG)
    await memory.delete(item["id"])
    assert (await memory.search(PARTS[4], user_id="u"))["results"] == []
    await memory.add(LONG, user_id="u", infer=False)
    assert await finds(memory, PARTS[1], LONG)
    await memory.delete_all(user_id="u")
    await memory.add("Short.", user_id="u", infer=False)
    assert await nearness(memory, PARTS[1]) < 0.7


async def test_what_was_deleted_leaves_nothing_to_the_next(memory: AsyncMemory) -> None:
    await memory.add(LONG, user_id="u", infer=False)
    await memory.reset()
    await memory.add(LONG, user_id="u", infer=False)
    assert await finds(memory, PARTS[3], LONG)


@pytest.mark.parametrize("include_vectors", [False, True])
async def test_an_import_finds_every_part(
    config: dict[str, Any], memory: AsyncMemory, include_vectors: bool
) -> None:
    await memory.add(LONG, user_id="u", infer=False)
    await memory.add("Short.", user_id="u", infer=False)
    file = io.StringIO()
    await memory.export_memories(file, include_vectors=include_vectors)
    await memory.reset()
    file.seek(0)
    assert (await memory.import_memories(file))["imported"] == 2
    assert await finds(memory, PARTS[4], LONG)


async def test_another_embedder_embeds_every_part(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add(LONG, user_id="u", infer=False)
        assert await nearness(memory, PARTS[4]) < 0.7
    async with AsyncMemory(narrow(config, embedding_dims=64)) as memory:
        assert (await memory.reembed())["reembedded"] == 1
        assert await finds(memory, PARTS[4], LONG)
        await memory.add("Short.", user_id="u", infer=False)
        assert await finds(memory, "Short.", "Short.")


async def test_all_memories_can_be_embedded_again(config: dict[str, Any]) -> None:
    async with AsyncMemory(config) as memory:
        # With one vector for the whole text, as before there were windows.
        await memory.add(LONG, user_id="u", infer=False)
        await memory.add("Short.", user_id="u", infer=False)
    async with AsyncMemory(narrow(config)) as memory:
        assert await nearness(memory, PARTS[4]) < 0.7
        assert (await memory.reembed())["reembedded"] == 0
        assert (await memory.reembed(everything=True))["reembedded"] == 2
        assert await finds(memory, PARTS[4], LONG)
        assert await finds(memory, "Short.", "Short.")
        assert (await memory.reembed())["reembedded"] == 0


async def test_a_long_query_is_the_mean_of_its_parts(memory: AsyncMemory) -> None:
    for part in PARTS:
        await memory.add(part, user_id="u", infer=False)
    answer = await memory.search(LONG, user_id="u", explain=True)
    assert "warnings" not in answer
    near = [hit["score_details"]["dense"] for hit in answer["results"]]
    assert len(near) == len(PARTS)
    assert min(near) > 0.3


# Without the end of a sentence, since the rules would take a fact from each.
MEGABYTE = f"I like {' '.join(f'tea{number % 499}' for number in range(160_000))} xylophone harmonica"


@pytest.mark.stores("sqlite", "postgres")
async def test_a_megabyte_is_no_error(memory: AsyncMemory) -> None:
    assert len(MEGABYTE) > 1_000_000
    added = await memory.add(MEGABYTE, user_id="u", infer=False)
    (item,) = added["results"]
    assert f"{MAX_WINDOWS} parts of it" in added["warnings"][0]
    assert await nearness(memory, "xylophone harmonica") > 0.3
    await memory.update(item["id"], f"Well. {MEGABYTE}")
    many = await memory.add_many([{"messages": MEGABYTE, "user_id": "v", "infer": False}])
    assert many["failed"] == 0
    await memory.add(f"Nice. {MEGABYTE}", user_id="u", async_mode=True)
    await memory.add_exchange("u", MEGABYTE, MEGABYTE)
    await memory.wait_for_processing("u")
    found = (await memory.search(MEGABYTE, user_id="u"))["results"]
    assert MEGABYTE in found[0]["memory"]
