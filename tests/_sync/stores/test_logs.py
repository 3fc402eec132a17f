# Generated from tests/_async/stores/test_logs.py by scripts/run_unasync.py; edit that file instead.
"""The log of an SQLite file, which is copied into the file beside the commits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._sqlite import connection
from powermem.errors import StoreError

pytestmark = pytest.mark.stores("sqlite")


def store_of(memory: Memory) -> Any:
    memory.initialize()
    components = memory._access.components
    assert components is not None
    return components.store


def size(config: dict[str, Any]) -> int:
    return Path(config["vector_store"]["config"]["database_path"]).stat().st_size


def test_the_log_is_copied_once_it_is_long(
    new_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_CHECKPOINT", 50)
    with Memory(new_config) as memory:
        store = store_of(memory)
        empty = size(new_config)
        memory.add("tea is green", user_id="u", infer=False)
        store._checkpointer.join()
        assert size(new_config) == empty
        for number in range(9):
            memory.add(f"tea {number} is green", user_id="u", infer=False)
        store._checkpointer.join()
        assert size(new_config) > empty
        assert memory.count(user_id="u") == 10
    with Memory(new_config) as memory:
        assert memory.count(user_id="u") == 10


def test_what_is_committed_is_stored_though_the_log_cannot_be_copied(
    new_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_CHECKPOINT", 1)
    tried = []

    def failing() -> None:
        tried.append(True)
        raise StoreError("the disk is full")

    with Memory(new_config) as memory:
        store = store_of(memory)
        monkeypatch.setattr(store._engine, "checkpoint", failing)
        for number in range(3):
            memory.add(f"tea {number} is green", user_id="u", infer=False)
            store._checkpointer.join()
        assert memory.count(user_id="u") == 3
    assert len(tried) == 3
