"""Waiting in tests for what is done elsewhere."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from powermem import AsyncMemory
from powermem._concurrency import async_sleep

# Seconds after which a test that waits in vain fails.
PATIENCE = 120


async def async_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        await async_sleep(0.002)


async def async_comes(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait until a question has this answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := await ask()) != wanted:
        assert time.monotonic() < deadline, f"it stayed {answer!r}"
        await async_sleep(0.002)


async def async_known(memory: AsyncMemory, user_id: str | None = None) -> list[str]:
    """Return what a memory holds of a user, sorted."""
    return sorted(item["memory"] for item in (await memory.get_all(user_id=user_id))["results"])
