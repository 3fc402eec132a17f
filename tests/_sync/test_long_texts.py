# Generated from tests/_async/test_long_texts.py by scripts/run_unasync.py; edit that file instead.
"""Texts that are longer than an embedder takes: found by any part of them, stored once, never refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from powermem import Memory
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
def memory(config: dict[str, Any]) -> Iterator[Memory]:
    with Memory(narrow(config)) as opened:
        yield opened


def nearest(memory: Memory, query: str) -> tuple[str, float]:
    """The best memory, and how near its vector is."""
    found = (memory.search(query, user_id="u", explain=True))["results"]
    return (found[0]["memory"], found[0]["score_details"]["dense"]) if found else ("", 0.0)


def nearness(memory: Memory, query: str) -> float:
    """How near the vector of the best memory is."""
    return (nearest(memory, query))[1]


def finds(memory: Memory, query: str, wanted: str) -> bool:
    """Whether a text is found, and by its vector."""
    text, near = nearest(memory, query)
    return text == wanted and near > 0.8


def test_a_long_text_is_found_by_each_of_its_parts(memory: Memory) -> None:
    memory.add("Nothing of this kind.", user_id="u", infer=False)
    added = memory.add(LONG, user_id="u", infer=False)
    assert "warnings" not in added
    for part in PARTS:
        assert finds(memory, part, LONG)
    assert memory.count(user_id="u") == 2
    assert len(memory.history(added["results"][0]["id"])) == 1


def test_another_text_has_other_windows(memory: Memory) -> None:
    (item,) = (memory.add(LONG, user_id="u", infer=False))["results"]
    shorter = "\n\n".join(PARTS[2:4])
    memory.update(item["id"], shorter)
    assert finds(memory, PARTS[3], shorter)
    assert nearness(memory, PARTS[0]) < 0.7
    memory.update(item["id"], "Short now.")
    assert nearness(memory, PARTS[3]) < 0.7
    memory.update(item["id"], LONG)
    assert finds(memory, PARTS[4], LONG)
    memory.delete(item["id"])
    assert (memory.search(PARTS[4], user_id="u"))["results"] == []
    memory.add(LONG, user_id="u", infer=False)
    assert finds(memory, PARTS[1], LONG)
    memory.delete_all(user_id="u")
    memory.add("Short.", user_id="u", infer=False)
    assert nearness(memory, PARTS[1]) < 0.7


def test_what_was_deleted_leaves_nothing_to_the_next(memory: Memory) -> None:
    memory.add(LONG, user_id="u", infer=False)
    memory.reset()
    memory.add(LONG, user_id="u", infer=False)
    assert finds(memory, PARTS[3], LONG)


@pytest.mark.parametrize("include_vectors", [False, True])
def test_an_import_finds_every_part(config: dict[str, Any], memory: Memory, include_vectors: bool) -> None:
    memory.add(LONG, user_id="u", infer=False)
    memory.add("Short.", user_id="u", infer=False)
    file = io.StringIO()
    memory.export_memories(file, include_vectors=include_vectors)
    memory.reset()
    file.seek(0)
    assert (memory.import_memories(file))["imported"] == 2
    assert finds(memory, PARTS[4], LONG)


def test_another_embedder_embeds_every_part(config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        memory.add(LONG, user_id="u", infer=False)
        assert nearness(memory, PARTS[4]) < 0.7
    with Memory(narrow(config, embedding_dims=64)) as memory:
        assert (memory.reembed())["reembedded"] == 1
        assert finds(memory, PARTS[4], LONG)
        memory.add("Short.", user_id="u", infer=False)
        assert finds(memory, "Short.", "Short.")


def test_all_memories_can_be_embedded_again(config: dict[str, Any]) -> None:
    with Memory(config) as memory:
        # With one vector for the whole text, as before there were windows.
        memory.add(LONG, user_id="u", infer=False)
        memory.add("Short.", user_id="u", infer=False)
    with Memory(narrow(config)) as memory:
        assert nearness(memory, PARTS[4]) < 0.7
        assert (memory.reembed())["reembedded"] == 0
        assert (memory.reembed(everything=True))["reembedded"] == 2
        assert finds(memory, PARTS[4], LONG)
        assert finds(memory, "Short.", "Short.")
        assert (memory.reembed())["reembedded"] == 0


def test_a_long_query_is_the_mean_of_its_parts(memory: Memory) -> None:
    for part in PARTS:
        memory.add(part, user_id="u", infer=False)
    answer = memory.search(LONG, user_id="u", explain=True)
    assert "warnings" not in answer
    near = [hit["score_details"]["dense"] for hit in answer["results"]]
    assert len(near) == len(PARTS)
    assert min(near) > 0.3


# Without the end of a sentence, since the rules would take a fact from each.
MEGABYTE = f"I like {' '.join(f'tea{number % 499}' for number in range(160_000))} xylophone harmonica"


@pytest.mark.stores("sqlite", "postgres")
def test_a_megabyte_is_no_error(memory: Memory) -> None:
    assert len(MEGABYTE) > 1_000_000
    added = memory.add(MEGABYTE, user_id="u", infer=False)
    (item,) = added["results"]
    assert f"{MAX_WINDOWS} parts of it" in added["warnings"][0]
    assert nearness(memory, "xylophone harmonica") > 0.3
    memory.update(item["id"], f"Well. {MEGABYTE}")
    many = memory.add_many([{"messages": MEGABYTE, "user_id": "v", "infer": False}])
    assert many["failed"] == 0
    memory.add(f"Nice. {MEGABYTE}", user_id="u", async_mode=True)
    memory.add_exchange("u", MEGABYTE, MEGABYTE)
    memory.wait_for_processing("u")
    found = (memory.search(MEGABYTE, user_id="u"))["results"]
    assert MEGABYTE in found[0]["memory"]
