"""The keys of a server are kept in its store: for every process, and also when it is emptied."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._core.access_keys import AccessKey, make_key
from powermem._core.values import Scope

pytestmark = pytest.mark.stores

AT = 1_700_000_000_000_000


async def these(store: AsyncStore, keys: list[AccessKey]) -> list[AccessKey]:
    """Return the stored keys with the ids of these; other tests have left theirs, which nothing removes."""
    ids = {key.id for key in keys}
    return [key for key in await store.access_keys() if key.id in ids]


async def test_keys_are_kept_changed_and_found_by_others(vector_store: dict[str, Any]) -> None:
    config = {"vector_store": vector_store, "llm": {"provider": "none"}, "embedder": {"provider": "none"}}
    texts = [f"{'日本' * 30}", "ana"]
    keys = [make_key(f"key {n}", "write", user_id=text, created_at=AT + n)[1] for n, text in enumerate(texts)]
    async with AsyncMemory(config) as memory:
        store = (await memory._access.open()).store
        for key in reversed(keys):
            await store.put_access_key(key)
        assert await these(store, keys) == keys
        revoked = keys[0].revoked(AT + 9)
        await store.put_access_key(revoked)
        # The memories go, the keys stay: without any, a server would be open.
        await memory.reset()
    async with AsyncMemory(config) as memory:
        store = (await memory._access.open()).store
        assert await these(store, keys) == [revoked, keys[1]]
        assert keys[1].scope == Scope("ana")
