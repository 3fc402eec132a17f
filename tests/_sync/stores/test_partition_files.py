# Generated from tests/_async/stores/test_partition_files.py by scripts/run_unasync.py; edit that file instead.
"""Search data of large users that is saved beside an SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._core.ranking.partition import Partition

pytestmark = pytest.mark.stores("sqlite")


def with_least(memory: Memory, least: int) -> Memory:
    """Return the memory, open, with partitions saved from so many rows on."""
    memory.initialize()
    components = memory._access.components
    assert components is not None
    store: Any = components.store
    store._engine._partitions._least_saved = least
    return memory


def files(config: dict[str, Any]) -> list[Path]:
    path = Path(config["vector_store"]["config"]["database_path"])
    return list(path.with_name(f"{path.name}-partitions").glob("*"))


def test_closing_leaves_a_file_that_the_next_memory_reads(
    new_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_least(Memory(new_config), 20) as memory:
        for number in range(20):
            memory.add(f"tea {number} is green", user_id="u", infer=False)
        found = memory.search("green tea", user_id="u")
    assert len(files(new_config)) == 1

    def refused(self: Partition, rows: Any) -> None:
        raise AssertionError("rows were read")

    monkeypatch.setattr(Partition, "append", refused)
    with Memory(new_config) as memory:
        again = memory.search("green tea", user_id="u")
    assert [hit["id"] for hit in again["results"]] == [hit["id"] for hit in found["results"]]


def test_the_setting_does_without(new_config: dict[str, Any]) -> None:
    new_config["vector_store"]["config"]["partition_files"] = False
    with with_least(Memory(new_config), 2) as memory:
        for number in range(3):
            memory.add(f"tea {number} is green", user_id="u", infer=False)
        memory.search("green tea", user_id="u")
    assert not files(new_config)


def test_deleting_everything_leaves_no_file(new_config: dict[str, Any]) -> None:
    for deleting in ("delete_all", "reset"):
        with with_least(Memory(new_config), 2) as memory:
            for number in range(3):
                memory.add(f"tea {number} is green", user_id="u", infer=False)
            memory.search("green tea", user_id="u")
        assert len(files(new_config)) == 1
        with Memory(new_config) as memory:
            if deleting == "reset":
                memory.reset()
            else:
                memory.delete_all(user_id="u")
        assert not files(new_config)
