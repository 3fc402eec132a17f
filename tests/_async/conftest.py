"""Fixtures of the behaviour tests, for both colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """SQLite in a folder of its own, deterministic vectors, facts by rules."""
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


@pytest.fixture
async def memory(config: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(config) as opened:
        yield opened
