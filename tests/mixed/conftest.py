"""Fixtures of what cannot be generated: both colours together, several event loops, cancelling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the SQLite database."""
    return tmp_path / "memory.db"


@pytest.fixture
def config(vector_store: dict[str, Any]) -> dict[str, Any]:
    """A database without memories, deterministic vectors, facts by rules."""
    return {"vector_store": vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}
