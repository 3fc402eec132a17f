"""An AsyncMemory and the event loops around it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, ClosedError


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


def test_constructed_outside_a_loop_it_works_inside_one(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)

    async def use() -> int:
        async with memory:
            await memory.add("I like tea", user_id="u")
            return await memory.count()

    assert asyncio.run(use()) == 1


def test_a_second_event_loop_is_refused(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)
    first = asyncio.new_event_loop()
    second = asyncio.new_event_loop()
    try:
        first.run_until_complete(memory.add("I like tea", user_id="u"))
        for call in (memory.count, memory.initialize, memory.close, lambda: memory.search("tea")):
            with pytest.raises(ClosedError, match="another event loop, which is still open"):
                second.run_until_complete(call())
        # The first loop's memory took no harm.
        assert first.run_until_complete(memory.count()) == 1
        first.run_until_complete(memory.close())
    finally:
        first.close()
        second.close()


def test_the_loop_that_is_over_is_named_as_such(config: dict[str, Any]) -> None:
    memory = AsyncMemory(config)

    async def open_only() -> None:
        await memory.initialize()

    async def count() -> int:
        return await memory.count()

    asyncio.run(open_only())
    with pytest.raises(ClosedError, match="another event loop, which is closed"):
        asyncio.run(count())
    # The event loop has closed it at its own end.
    assert memory._access.components is None


def test_another_memory_in_the_second_loop_works(config: dict[str, Any]) -> None:
    async def use(text: str) -> int:
        async with AsyncMemory(config) as memory:
            await memory.add(text, user_id="u", infer=False)
            return await memory.count()

    assert [asyncio.run(use("tea")), asyncio.run(use("coffee"))] == [1, 2]
