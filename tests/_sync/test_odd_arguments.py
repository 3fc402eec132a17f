# Generated from tests/_async/test_odd_arguments.py by scripts/run_unasync.py; edit that file instead.
"""Whatever an argument is, only errors of this library come of it, and the store still works afterwards."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory, PowerMemError
from powermem.errors import InvalidInputError


def nested(levels: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


CYCLE: dict[str, Any] = {}
CYCLE["a"] = CYCLE
RING: list[Any] = []
RING.append(RING)


class Unwritable:
    """An object whose ``repr`` fails, as that of a broken proxy does."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


ODD: list[Any] = [
    None, True, 0, -1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**5000, 0.5, float("nan"),
    float("inf"), 1e300, "", "  ", "\x00", "a\x00b", "\ud800", "x\udfffy", "a" * 10_000, "9" * 5000,
    "9223372036854775808", "-5", "1_000", b"bytes", bytearray(b"x"), [], [None], ["a"], ["\ud800"], (),
    {}, {"a": 1}, {1: 2}, {None: 1}, {"a": {1, 2}}, {"a": float("nan")}, {"a": datetime(2026, 1, 1)},
    {"\ud800": 1}, {"a": 2**70}, {"a": Unwritable()}, CYCLE, RING, nested(2000, lambda value: {"a":
    value}), nested(2000, lambda value: [value]), nested(2000, lambda value: {"AND": [{"k": value}]}),
    set(), frozenset({"a"}), datetime.max, datetime.min,
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-23))), date.max, timedelta(1), Decimal("NaN"),
    uuid.UUID(int=1), object(), Unwritable(), range(3), 1 + 2j, Ellipsis, "9999-12-31T23:59:59-12:00",
    "2026-01-01T00:00:00+99:99", {"role": 5, "content": "x"}, {"role": "user", "content": [{"type":
    "text", "text": 5}]}, {"role": "user", "content": {}}, {"content": "\ud800"}, {"k": {"gt": None}},
    {"k": {"like": "%" * 5000}}, {"created_at": {"gt": 1e300}}, {"id": 2**70}, {"k": {"in":
    [Unwritable()]}}, {"": 1}, {"a" * 10_000: 1},
]  # fmt: skip
USUAL: dict[str, dict[str, Any]] = {
    "add": {"messages": "I like coffee.", "infer": False, "user_id": "f"},
    "add_exchange": {"user_id": "b", "user_message": "hi", "assistant_message": "ho"},
    "add_many": {"items": ["I like tea"]},
    "add_message": {"user_id": "b", "role": "user", "content": "hi"},
    "attribution": {"entity_id": "u"},
    "cancel_task": {"task_id": "5"},
    "context": {"query": "tea"},
    "copy_to": {"target": None},
    "move_user": {"target": None},
    "cancel_move": {"target": None},
    "count": {},
    "delete": {"memory_id": 5},
    "delete_all": {"user_id": "nobody"},
    "get": {"memory_id": 5},
    "get_all": {},
    "get_preferences": {"user_id": "u"},
    "get_statistics": {},
    "get_status": {"task_id": "5"},
    "history": {"memory_id": 5},
    "import_memories": {"source": "/nowhere/at/all"},
    "list_tasks": {},
    "process": {"user_id": "b"},
    "recall": {"query": "tea"},
    "retry_task": {"task_id": "5"},
    "search": {"query": "tea"},
    "search_many": {"queries": ["tea"]},
    "set_session": {"session_id": "s"},
    "sources": {"memory_id": 5},
    "update": {"memory_id": 5, "content": "x"},
}


@pytest.mark.parametrize("name", USUAL)
def test_odd_arguments(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Some of the values are names of files.
    monkeypatch.chdir(tmp_path)
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
        method, said = getattr(memory, name), [""]
        for parameter in inspect.signature(method).parameters:
            for value in ODD:
                try:
                    outcome = method(**{**USUAL[name], parameter: value})
                    if inspect.isawaitable(outcome):
                        outcome
                except PowerMemError as error:
                    said.append(str(error))
        assert max(map(len, said)) < 1500
        "".join(said).encode()
        assert (memory.get_all(user_id="u"))["results"][0]["memory"] == "I like tea"
        assert (memory.search("tea", user_id="u"))["results"][0]["memory"] == "I like tea"


@pytest.mark.parametrize("value", [2**63 - 1, 2**63, 2**64, 10**5000], ids=["63 bits", "64", "65", "huge"])
def test_numbers_beyond_every_store(value: int) -> None:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    with Memory(config) as memory:
        memory.add("I like tea", user_id="u", infer=False)
        assert len((memory.get_all(limit=value))["results"]) == 1
        assert (memory.get_all(offset=value))["results"] == []
        assert len((memory.search("tea", limit=value))["results"]) == 1
        assert memory.get(value) is None
        assert not memory.delete(value)


def test_a_limit_may_be_called_top_k() -> None:
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "none"},
    }
    with Memory(config) as memory:
        for i in range(3):
            memory.add(f"I like tea number {i}", user_id="u", infer=False)
        memory.attribution("u")
        assert len((memory.search("tea", top_k=2))["results"]) == 2
        assert len((memory.search_many(["tea"], top_k=2))[0]["results"]) == 2
        assert len((memory.get_all(top_k=2))["results"]) == 2
        assert len(memory.recall("tea", top_k=2)) == 2
        assert memory.list_tasks(top_k=2) == []
        assert (memory.context("tea", top_k=2)).count("I like tea") == 2


@pytest.mark.parametrize("path", ["a\x00b.db", "\ud800.db", " "])
def test_a_path_that_no_system_has(path: str) -> None:
    with pytest.raises(PowerMemError, match=r"vector_store\.config\.database_path"):
        Memory({"vector_store": {"config": {"database_path": path}}})
    with Memory(
        {
            "vector_store": {"config": {"database_path": ":memory:"}},
            "llm": {"provider": "none"},
            "embedder": {"provider": "none"},
        }
    ) as memory:
        with pytest.raises(InvalidInputError, match="path_or_file: "):
            memory.export_memories(path)
        with pytest.raises(InvalidInputError, match="source: "):
            memory.import_memories(path)
        with pytest.raises(InvalidInputError, match="checkpoint: "):
            memory.add_many(["x"], checkpoint=path)
