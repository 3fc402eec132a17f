"""Moving a memory to another embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, ConfigError, EmbeddingMismatchError, InvalidInputError
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores


def smaller(config: dict[str, Any]) -> dict[str, Any]:
    """The same store, with an embedder whose vectors are shorter."""
    return {**config, "embedder": {"provider": "mock", "config": {"embedding_dims": 64}}}


async def fill(config: dict[str, Any], count: int = 10) -> list[int]:
    async with AsyncMemory(config) as memory:
        for number in range(count):
            await memory.add(f"Note {number} about tea", user_id="u", infer=False)
        return [item["id"] for item in (await memory.get_all(sort_by="id", order="asc"))["results"]]


async def dense(memory: AsyncMemory, query: str) -> tuple[str, Any]:
    """The best memory, and how near its vector is."""
    (hit, *_) = (await memory.search(query, user_id="u", explain=True))["results"]
    return hit["memory"], hit["score_details"]["dense"]


async def test_reembed_moves_the_store(config: dict[str, Any]) -> None:
    ids = await fill(config)
    told: list[dict[str, Any]] = []
    async with _unopened(smaller(config)) as memory:
        result = await memory.reembed(batch_size=4, on_progress=told.append)
        assert result["reembedded"] == 10
        assert result["embedder"] == "mock (mock, 64 dimensions)"
        text, near = await dense(memory, "Note 3 about tea")
        assert text == "Note 3 about tea"
        assert near == pytest.approx(1.0, abs=1e-5)
        await memory.add("I like rain", user_id="u", infer=False)
        assert (await dense(memory, "I like rain"))[1] == pytest.approx(1.0, abs=1e-5)
        assert [entry["event"] for entry in await memory.history(ids[0])] == ["ADD"]
        # Now there is nothing left to do.
        assert (await memory.reembed())["reembedded"] == 0
    assert (told[-1]["done"], told[-1]["total"]) == (10, 10)
    async with AsyncMemory(config) as former:
        with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)"):
            await former.search("tea")


async def test_a_memory_is_opened_to_be_moved(config: dict[str, Any]) -> None:
    await fill(config)
    async with AsyncMemory(smaller(config)) as memory, AsyncMemory(smaller(config)) as second:
        for call in (memory.search, second.add):
            with pytest.raises(EmbeddingMismatchError, match=r"reembed\(\)"):
                await call("Note 3 about tea", user_id="u")
        assert (await memory.reembed())["reembedded"] == 10
        assert (await dense(memory, "Note 3 about tea"))[0] == "Note 3 about tea"
        # Another one that was opened before the move need not be opened again.
        assert (await dense(second, "Note 3 about tea"))[0] == "Note 3 about tea"


def _unopened(config: dict[str, Any]) -> _AsyncClosing:
    return _AsyncClosing(AsyncMemory(config))


class _AsyncClosing:
    """Closes a memory that was not opened with it."""

    def __init__(self, memory: AsyncMemory) -> None:
        self._memory = memory

    async def __aenter__(self) -> AsyncMemory:
        return self._memory

    async def __aexit__(self, *raised: object) -> None:
        await self._memory.close()


async def test_a_memory_that_does_not_fit_can_do_little_else(config: dict[str, Any], tmp_path: Path) -> None:
    await fill(config)
    async with _unopened(smaller(config)) as memory:
        with pytest.raises(EmbeddingMismatchError):
            await memory.search("tea")
        assert (await memory.export_memories(tmp_path / "out.jsonl"))["exported"] == 10
        with pytest.raises(EmbeddingMismatchError):
            await memory.search("tea")
        with pytest.raises(EmbeddingMismatchError):
            await memory.add("I like rain", user_id="u", infer=False)
        await memory.reembed()
        assert (await dense(memory, "Note 3 about tea"))[0] == "Note 3 about tea"


async def test_an_interrupted_move_goes_on(config: dict[str, Any]) -> None:
    await fill(config, 20)

    def stop(counts: dict[str, Any]) -> None:
        raise RuntimeError("enough for today")

    async with _unopened(smaller(config)) as memory:
        with pytest.raises(RuntimeError, match="enough"):
            await memory.reembed(batch_size=8, on_progress=stop)
        with pytest.raises(EmbeddingMismatchError):
            await memory.search("tea", user_id="u")
    # Nobody has noticed.
    async with AsyncMemory(config) as memory:
        assert (await dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)
    async with _unopened(smaller(config)) as memory:
        assert (await memory.reembed(batch_size=8))["reembedded"] == 12


async def test_another_embedder_does_not_go_on_with_the_vectors_of_the_first(config: dict[str, Any]) -> None:
    await fill(config, 20)

    def stop(counts: dict[str, Any]) -> None:
        raise RuntimeError("enough for today")

    async with _unopened(smaller(config)) as memory:
        with pytest.raises(RuntimeError, match="enough"):
            await memory.reembed(batch_size=8, on_progress=stop)
    third = {**config, "embedder": {"provider": "mock", "config": {"embedding_dims": 32}}}
    async with _unopened(third) as memory:
        assert (await memory.reembed(batch_size=8))["reembedded"] == 20
        assert (await dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)


async def test_it_is_searched_and_changed_meanwhile(config: dict[str, Any]) -> None:
    ids = await fill(config, 20)
    former = AsyncMemory(config)
    await former.initialize()
    moving = AsyncMemory(smaller(config))
    seen: list[Any] = []

    async def listen(counts: dict[str, Any]) -> None:
        if counts["done"] == 8:
            # Whoever has the former embedder goes on as before,
            seen.append(await dense(former, "Note 3 about tea"))
            await former.add("Added by the former", user_id="u", infer=False)
            await former.update(ids[0], "Changed by the former")
            await former.delete(ids[1])
            # and the one that moves searches by words.
            seen.append(await dense(moving, "Note 3 about tea"))
            await moving.add("Added by the moving", user_id="u", infer=False)

    result = await moving.reembed(batch_size=8, on_progress=listen)
    assert result["reembedded"] >= 20
    assert seen[0] == ("Note 3 about tea", pytest.approx(1.0, abs=1e-5))
    assert seen[1] == ("Note 3 about tea", 0.0)
    for text in ("Added by the former", "Changed by the former", "Added by the moving", "Note 19 about tea"):
        assert await dense(moving, text) == (text, pytest.approx(1.0, abs=1e-5))
    assert await moving.count() == 21
    # The former's vectors can no longer be compared with those that are there.
    with pytest.raises(EmbeddingMismatchError, match="while it was open"):
        await former.search("tea", user_id="u")
    with pytest.raises(EmbeddingMismatchError, match="while it was open"):
        await former.add("One too late", user_id="u", infer=False)
    await former.close()
    assert await moving.count() == 21
    await moving.close()


async def test_two_moves_at_once_do_no_harm(config: dict[str, Any]) -> None:
    await fill(config, 20)
    first, second = AsyncMemory(smaller(config)), AsyncMemory(smaller(config))
    await async_gather([first.reembed, second.reembed])
    for memory in (first, second):
        assert (await dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)
        await memory.close()


async def test_memories_without_vectors_get_theirs(config: dict[str, Any]) -> None:
    await fill({**config, "embedder": {"provider": "none"}}, 5)
    async with AsyncMemory(config) as memory:
        await memory.add("I like rain", user_id="u", infer=False)
        assert (await dense(memory, "Note 3 about tea"))[1] == 0.0
        assert (await memory.reembed())["reembedded"] == 5
        assert (await dense(memory, "Note 3 about tea"))[1] == pytest.approx(1.0, abs=1e-5)


async def test_there_must_be_an_embedder(config: dict[str, Any]) -> None:
    async with AsyncMemory({**config, "embedder": {"provider": "none"}}) as memory:
        with pytest.raises(ConfigError, match="embedder: none is configured"):
            await memory.reembed()
        with pytest.raises(InvalidInputError, match="batch_size"):
            await memory.reembed(batch_size=0)


async def test_after_a_reset_all_is_as_at_first(config: dict[str, Any]) -> None:
    await fill(config)
    async with _unopened(smaller(config)) as memory:
        await memory.reembed()
        await memory.reset()
        await memory.add("I like rain", user_id="u", infer=False)
        assert (await dense(memory, "I like rain"))[1] == pytest.approx(1.0, abs=1e-5)
