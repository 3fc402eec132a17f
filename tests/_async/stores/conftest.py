"""Fixtures of the tests of stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._async.stores.factory import build_store
from powermem.config import resolve
from tests.support.queueing import MOCK


@pytest.fixture
def new_config(new_vector_store: dict[str, Any]) -> dict[str, Any]:
    """As ``config``, with a database that nobody has opened before."""
    return {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


@pytest.fixture
async def opened(memory: AsyncMemory) -> AsyncStore:
    """The store itself, open, with the identity of the embedder noted."""
    await memory.initialize()
    assert memory._access.components is not None
    return memory._access.components.store


@pytest.fixture
async def open_queue(config: dict[str, Any]) -> AsyncIterator[Callable[[], Awaitable[AsyncStore]]]:
    """Opens stores of the same collection, whose work nobody does; they are closed in the end."""
    stores: list[AsyncStore] = []
    yield partial(_open, config, stores)
    for store in stores:
        await store.close()


@pytest.fixture
async def open_new(new_config: dict[str, Any]) -> AsyncIterator[Callable[[], Awaitable[AsyncStore]]]:
    """As ``open_queue``, with the database of ``new_config``."""
    stores: list[AsyncStore] = []
    yield partial(_open, new_config, stores)
    for store in stores:
        await store.close()


async def _open(config: dict[str, Any], stores: list[AsyncStore]) -> AsyncStore:
    store = build_store(resolve(config))
    stores.append(store)
    await store.open()
    await store.identify(MOCK)
    return store


@pytest.fixture
async def queue(open_queue: Callable[[], Awaitable[AsyncStore]]) -> AsyncStore:
    """A store, open, with nothing to do."""
    return await open_queue()


@pytest.fixture
async def other(open_queue: Callable[[], Awaitable[AsyncStore]]) -> AsyncStore:
    """Another store of the same collection."""
    return await open_queue()
