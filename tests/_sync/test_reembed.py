# Generated from tests/_async/test_reembed.py by scripts/run_unasync.py; edit that file instead.
"""Moving a memory to another embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import ConfigError, EmbeddingMismatchError, InvalidInputError, Memory
from powermem._concurrency import gather

pytestmark = pytest.mark.stores


def smaller(config: dict[str, Any]) -> dict[str, Any]:
    """The same store, with an embedder whose vectors are shorter."""
    return {**config, "embedder": {"provider": "mock", "config": {"embedding_dims": 64}}}


def fill(config: dict[str, Any], count: int = 10) -> list[int]:
    with Memory(config) as memory:
        for number in range(count):
            memory.add(f"Note {number} about tea", user_id="u", infer=False)
        return [item["id"] for item in (memory.get_all(sort_by="id", order="asc"))["results"]]


def dense(memory: Memory, query: str) -> tuple[str, Any]:
    """The best memory, and how near its vector is."""
    (hit, *_) = (memory.search(query, user_id="u", explain=True))["results"]
    return hit["memory"], hit["score_details"]["dense"]


def test_reembed_moves_the_store(config: dict[str, Any]) -> None:
    ids = fill(config)
    told: list[dict[str, Any]] = []
    with _unopened(smaller(config)) as memory:
        result = memory.reembed(batch_size=4, on_progress=told.append)
        assert result["reembedded"] == 10
        assert result["embedder"] == "mock (mock, 64 dimensions)"
        text, near = dense(memory, "Note 3 about tea")
        assert text == "Note 3 about tea"
        assert near == pytest.approx(1.0, abs=1e-5)
        memory.add("I like rain", user_id="u", infer=False)
        assert (dense(memory, "I like rain"))[1] == pytest.approx(1.0, abs=1e-5)
        assert [entry["event"] for entry in memory.history(ids[0])] == ["ADD"]
        # Now there is nothing left to do.
        assert (memory.reembed())["reembedded"] == 0
    assert (told[-1]["done"], told[-1]["total"]) == (10, 10)
    with Memory(config) as former:
        with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)"):
            former.search("tea")


def test_a_memory_is_opened_to_be_moved(config: dict[str, Any]) -> None:
    fill(config)
    with Memory(smaller(config)) as memory, Memory(smaller(config)) as second:
        for call in (memory.search, second.add):
            with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)"):
                call("Note 3 about tea", user_id="u")
        assert (memory.reembed())["reembedded"] == 10
        assert (dense(memory, "Note 3 about tea"))[0] == "Note 3 about tea"
        # Another one that was opened before the move need not be opened again.
        assert (dense(second, "Note 3 about tea"))[0] == "Note 3 about tea"


def _unopened(config: dict[str, Any]) -> _Closing:
    return _Closing(Memory(config))


class _Closing:
    """Closes a memory that was not opened with it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __enter__(self) -> Memory:
        return self._memory

    def __exit__(self, *raised: object) -> None:
        self._memory.close()


def test_a_memory_that_does_not_fit_can_do_little_else(config: dict[str, Any], tmp_path: Path) -> None:
    fill(config)
    with _unopened(smaller(config)) as memory:
        with pytest.raises(EmbeddingMismatchError):
            memory.search("tea")
        assert (memory.export_memories(tmp_path / "out.jsonl"))["exported"] == 10
        with pytest.raises(EmbeddingMismatchError):
            memory.search("tea")
        with pytest.raises(EmbeddingMismatchError):
            memory.add("I like rain", user_id="u", infer=False)
        memory.reembed()
        assert (dense(memory, "Note 3 about tea"))[0] == "Note 3 about tea"


def test_an_interrupted_move_goes_on(config: dict[str, Any]) -> None:
    fill(config, 20)

    def stop(counts: dict[str, Any]) -> None:
        raise RuntimeError("enough for today")

    with _unopened(smaller(config)) as memory:
        with pytest.raises(RuntimeError, match="enough"):
            memory.reembed(batch_size=8, on_progress=stop)
        with pytest.raises(EmbeddingMismatchError):
            memory.search("tea", user_id="u")
    # Nobody has noticed.
    with Memory(config) as memory:
        assert (dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)
    with _unopened(smaller(config)) as memory:
        assert (memory.reembed(batch_size=8))["reembedded"] == 12


def test_another_embedder_does_not_go_on_with_the_vectors_of_the_first(config: dict[str, Any]) -> None:
    fill(config, 20)

    def stop(counts: dict[str, Any]) -> None:
        raise RuntimeError("enough for today")

    with _unopened(smaller(config)) as memory:
        with pytest.raises(RuntimeError, match="enough"):
            memory.reembed(batch_size=8, on_progress=stop)
    third = {**config, "embedder": {"provider": "mock", "config": {"embedding_dims": 32}}}
    with _unopened(third) as memory:
        assert (memory.reembed(batch_size=8))["reembedded"] == 20
        assert (dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)


def test_it_is_searched_and_changed_meanwhile(config: dict[str, Any]) -> None:
    ids = fill(config, 20)
    former = Memory(config)
    former.initialize()
    moving = Memory(smaller(config))
    seen: list[Any] = []

    def listen(counts: dict[str, Any]) -> None:
        if counts["done"] == 8:
            # Whoever has the former embedder goes on as before,
            seen.append(dense(former, "Note 3 about tea"))
            former.add("Added by the former", user_id="u", infer=False)
            former.update(ids[0], "Changed by the former")
            former.delete(ids[1])
            # and the one that moves searches by words.
            seen.append(dense(moving, "Note 3 about tea"))
            moving.add("Added by the moving", user_id="u", infer=False)

    result = moving.reembed(batch_size=8, on_progress=listen)
    assert result["reembedded"] >= 20
    assert seen[0] == ("Note 3 about tea", pytest.approx(1.0, abs=1e-5))
    assert seen[1] == ("Note 3 about tea", 0.0)
    for text in ("Added by the former", "Changed by the former", "Added by the moving", "Note 19 about tea"):
        assert dense(moving, text) == (text, pytest.approx(1.0, abs=1e-5))
    assert moving.count() == 21
    # The former's vectors can no longer be compared with those that are there.
    with pytest.raises(EmbeddingMismatchError, match="while it was open"):
        former.search("tea", user_id="u")
    with pytest.raises(EmbeddingMismatchError, match="while it was open"):
        former.add("One too late", user_id="u", infer=False)
    former.close()
    assert moving.count() == 21
    moving.close()


def test_two_moves_at_once_do_no_harm(config: dict[str, Any]) -> None:
    fill(config, 20)
    first, second = Memory(smaller(config)), Memory(smaller(config))
    gather([first.reembed, second.reembed])
    for memory in (first, second):
        assert (dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)
        memory.close()


def test_memories_without_vectors_get_theirs(config: dict[str, Any]) -> None:
    fill({**config, "embedder": {"provider": "none"}}, 5)
    with Memory(config) as memory:
        memory.add("I like rain", user_id="u", infer=False)
        assert (dense(memory, "Note 3 about tea"))[1] == 0.0
        assert (memory.reembed())["reembedded"] == 5
        assert (dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)


def test_there_must_be_an_embedder(config: dict[str, Any]) -> None:
    with Memory({**config, "embedder": {"provider": "none"}}) as memory:
        with pytest.raises(ConfigError, match="embedder: none is configured"):
            memory.reembed()
        with pytest.raises(InvalidInputError, match="batch_size"):
            memory.reembed(batch_size=0)


def test_after_a_reset_all_is_as_at_first(config: dict[str, Any]) -> None:
    fill(config)
    with _unopened(smaller(config)) as memory:
        memory.reembed()
        memory.reset()
        memory.add("I like rain", user_id="u", infer=False)
        assert (dense(memory, "I like rain"))[1] == pytest.approx(1.0, abs=1e-5)
