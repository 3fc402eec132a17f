"""The history of a session: items of a provider, kept as they are."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, InvalidInputError
from powermem._concurrency import async_gather
from powermem.integrations import AsyncSessionHistory

pytestmark = pytest.mark.stores

ITEMS: list[Any] = [
    {"role": "user", "content": "I live in Rome.\x00 \ud83d 🐈"},
    {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"a": [1, 2.5, null]}'},
    {"type": "function_call_output", "call_id": "c1", "output": ""},
    {"role": "assistant", "content": [{"type": "output_text", "text": "Noted.", "annotations": []}]},
    "a text",
    None,
    17,
]


async def test_items_come_back_as_they_were(memory: AsyncMemory) -> None:
    history = AsyncSessionHistory(memory, "s", user_id="ana")
    await history.append(ITEMS[:3])
    await history.append(ITEMS[3:])
    assert await history.items() == ITEMS
    assert await history.items(2) == ITEMS[-2:]
    assert await history.items(0) == []
    assert await history.items(100) == ITEMS


async def test_items_are_popped_from_the_end(memory: AsyncMemory) -> None:
    history = AsyncSessionHistory(memory, "s", user_id="ana")
    await history.append([1, 2, 3])
    assert [await history.pop() for _ in range(4)] == [3, 2, 1, None]


async def test_an_item_is_popped_once(memory: AsyncMemory) -> None:
    history = AsyncSessionHistory(memory, "s", user_id="ana")
    await history.append(list(range(6)))
    popped = await async_gather([partial(history.pop) for _ in range(6)])
    assert sorted(popped) == [*range(6)]
    assert await history.items() == []


async def test_sessions_and_owners_are_apart(memory: AsyncMemory) -> None:
    first = AsyncSessionHistory(memory, "s", user_id="ana")
    others = [
        AsyncSessionHistory(memory, "t", user_id="ana"),
        AsyncSessionHistory(memory, "s", user_id="ben"),
        AsyncSessionHistory(memory, "s", user_id="ana", agent_id="cook"),
        AsyncSessionHistory(memory, "s", user_id="ana", run_id="r"),
        AsyncSessionHistory(memory, "s"),
    ]
    await first.append(["mine"])
    for number, other in enumerate(others):
        assert await other.items() == []
        assert await other.pop() is None
        await other.append([number])
    await first.clear()
    assert await first.items() == []
    assert [await other.items() for other in others] == [[number] for number in range(len(others))]


async def test_items_are_neither_searched_nor_learned(memory: AsyncMemory) -> None:
    await AsyncSessionHistory(memory, "s", user_id="ana").append(
        [{"role": "user", "content": "I live in Rome."}]
    )
    assert await memory.flush("ana") == 0
    assert (await memory.get_all(user_id="ana"))["results"] == []


async def test_items_go_with_their_owner(memory: AsyncMemory) -> None:
    history = AsyncSessionHistory(memory, "s", user_id="ana")
    await history.append(["mine"])
    await memory.delete_all(user_id="ana")
    assert await history.items() == []


@pytest.mark.parametrize("wrong", [object(), {1, 2}, float("nan"), {"a": b"bytes"}])
async def test_what_is_no_json_is_refused(memory: AsyncMemory, wrong: object) -> None:
    history = AsyncSessionHistory(memory, "s", user_id="ana")
    with pytest.raises(InvalidInputError, match=r"items\[1\]: expected JSON"):
        await history.append(["fine", wrong])
    assert await history.items() == []


async def test_a_session_has_a_name(memory: AsyncMemory) -> None:
    with pytest.raises(InvalidInputError, match="session_id"):
        AsyncSessionHistory(memory, "  ")
