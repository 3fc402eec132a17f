# Generated from tests/_async/stores/conftest.py by scripts/run_unasync.py; edit that file instead.
"""Fixtures of the tests of stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._sync.stores.base import Store
from powermem._sync.stores.factory import build_store
from powermem.config import resolve
from tests.support.queueing import MOCK


@pytest.fixture
def new_config(new_vector_store: dict[str, Any]) -> dict[str, Any]:
    """As ``config``, with a database that nobody has opened before."""
    return {"vector_store": new_vector_store, "embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


@pytest.fixture
def opened(memory: Memory) -> Store:
    """The store itself, open, with the identity of the embedder noted."""
    memory.initialize()
    assert memory._access.components is not None
    return memory._access.components.store


@pytest.fixture
def open_queue(config: dict[str, Any]) -> Iterator[Callable[[], Store]]:
    """Opens stores of the same collection, whose work nobody does; they are closed in the end."""
    stores: list[Store] = []
    yield partial(_open, config, stores)
    for store in stores:
        store.close()


@pytest.fixture
def open_new(new_config: dict[str, Any]) -> Iterator[Callable[[], Store]]:
    """As ``open_queue``, with the database of ``new_config``."""
    stores: list[Store] = []
    yield partial(_open, new_config, stores)
    for store in stores:
        store.close()


def _open(config: dict[str, Any], stores: list[Store]) -> Store:
    store = build_store(resolve(config))
    stores.append(store)
    store.open()
    store.identify(MOCK)
    return store


@pytest.fixture
def queue(open_queue: Callable[[], Store]) -> Store:
    """A store, open, with nothing to do."""
    return open_queue()


@pytest.fixture
def other(open_queue: Callable[[], Store]) -> Store:
    """Another store of the same collection."""
    return open_queue()
