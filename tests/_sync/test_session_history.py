# Generated from tests/_async/test_session_history.py by scripts/run_unasync.py; edit that file instead.
"""The history of a session: items of a provider, kept as they are."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from powermem import InvalidInputError, Memory
from powermem._concurrency import gather
from powermem.integrations import SessionHistory

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


def test_items_come_back_as_they_were(memory: Memory) -> None:
    history = SessionHistory(memory, "s", user_id="ana")
    history.append(ITEMS[:3])
    history.append(ITEMS[3:])
    assert history.items() == ITEMS
    assert history.items(2) == ITEMS[-2:]
    assert history.items(0) == []
    assert history.items(100) == ITEMS


def test_items_are_popped_from_the_end(memory: Memory) -> None:
    history = SessionHistory(memory, "s", user_id="ana")
    history.append([1, 2, 3])
    assert [history.pop() for _ in range(4)] == [3, 2, 1, None]


def test_an_item_is_popped_once(memory: Memory) -> None:
    history = SessionHistory(memory, "s", user_id="ana")
    history.append(list(range(6)))
    popped = gather([partial(history.pop) for _ in range(6)])
    assert sorted(popped) == [*range(6)]
    assert history.items() == []


def test_sessions_and_owners_are_apart(memory: Memory) -> None:
    first = SessionHistory(memory, "s", user_id="ana")
    others = [
        SessionHistory(memory, "t", user_id="ana"),
        SessionHistory(memory, "s", user_id="ben"),
        SessionHistory(memory, "s", user_id="ana", agent_id="cook"),
        SessionHistory(memory, "s", user_id="ana", run_id="r"),
        SessionHistory(memory, "s"),
    ]
    first.append(["mine"])
    for number, other in enumerate(others):
        assert other.items() == []
        assert other.pop() is None
        other.append([number])
    first.clear()
    assert first.items() == []
    assert [other.items() for other in others] == [[number] for number in range(len(others))]


def test_items_are_neither_searched_nor_learned(memory: Memory) -> None:
    SessionHistory(memory, "s", user_id="ana").append([{"role": "user", "content": "I live in Rome."}])
    assert memory.flush("ana") == 0
    assert (memory.get_all(user_id="ana"))["results"] == []


def test_items_go_with_their_owner(memory: Memory) -> None:
    history = SessionHistory(memory, "s", user_id="ana")
    history.append(["mine"])
    memory.delete_all(user_id="ana")
    assert history.items() == []


@pytest.mark.parametrize("wrong", [object(), {1, 2}, float("nan"), {"a": b"bytes"}])
def test_what_is_no_json_is_refused(memory: Memory, wrong: object) -> None:
    history = SessionHistory(memory, "s", user_id="ana")
    with pytest.raises(InvalidInputError, match=r"items\[1\]: expected JSON"):
        history.append(["fine", wrong])
    assert history.items() == []


def test_a_session_has_a_name(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="session_id"):
        SessionHistory(memory, "  ")
