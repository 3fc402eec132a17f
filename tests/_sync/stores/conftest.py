# Generated from tests/_async/stores/conftest.py by scripts/run_unasync.py; edit that file instead.
"""Fixtures of the tests of stores."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import Memory
from powermem._sync.stores.base import Store


@pytest.fixture
def new_config(new_vector_store: dict[str, Any]) -> dict[str, Any]:
    """As ``config``, with a database that nobody has opened before."""
    return {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


@pytest.fixture
def opened(memory: Memory) -> Store:
    """The store itself, open, with the identity of the embedder noted."""
    memory.initialize()
    assert memory._parts is not None
    return memory._parts.store
