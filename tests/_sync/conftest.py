# Generated from tests/_async/conftest.py by scripts/run_unasync.py; edit that file instead.
"""Fixtures of the behaviour tests, for both colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """SQLite in a folder of its own, deterministic vectors, facts by rules."""
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


@pytest.fixture
def memory(config: dict[str, Any]) -> Iterator[Memory]:
    with Memory(config) as opened:
        yield opened
