"""Fixtures of the tests that break things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.db"


@pytest.fixture
def config(path: Path) -> dict[str, Any]:
    """SQLite in a folder of its own, deterministic vectors, facts by rules."""
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(path)}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }
