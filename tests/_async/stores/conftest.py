"""Fixtures of the tests of stores."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore


@pytest.fixture
def new_config(new_vector_store: dict[str, Any]) -> dict[str, Any]:
    """As ``config``, with a database that nobody has opened before."""
    return {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


@pytest.fixture
async def opened(memory: AsyncMemory) -> AsyncStore:
    """The store itself, open, with the identity of the embedder noted."""
    await memory.initialize()
    assert memory._parts is not None
    return memory._parts.store
