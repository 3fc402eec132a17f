"""Fixtures of the behaviour tests, for both colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from powermem import AsyncMemory
from tests.support.apiserver import ApiServer
from tests.support.scripted import ScriptedModel


@pytest.fixture
def config(vector_store: dict[str, Any]) -> dict[str, Any]:
    """A database without memories, deterministic vectors, facts by rules."""
    return {"vector_store": vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


@pytest.fixture
async def memory(config: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(config) as opened:
        yield opened


@pytest.fixture
def model(api: ApiServer) -> ScriptedModel:
    """A language model that answers what the test says."""
    return ScriptedModel(api)
