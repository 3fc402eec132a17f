"""What the tests of all adapters use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, Memory
from tests.support.chatserver import ChatServer


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """A database without memories, deterministic vectors, facts by rules."""
    return {
        "vector_store": {"provider": "sqlite", "config": {"database_path": str(tmp_path / "memory.db")}},
        "embedder": {"provider": "mock"},
        "llm": {"provider": "none"},
    }


@pytest.fixture
def memory(config: dict[str, Any]) -> Iterator[Memory]:
    with Memory(config) as opened:
        yield opened


@pytest.fixture
async def async_memory(config: dict[str, Any]) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(config) as opened:
        yield opened


@pytest.fixture
def model(chats: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ChatServer:
    """A server that answers as the model of whatever framework asks it."""
    for name, value in chats.variables.items():
        monkeypatch.setenv(name, value)
    chats.on_chat = lambda body: "I see."
    return chats
