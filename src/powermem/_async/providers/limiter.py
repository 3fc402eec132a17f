"""How many calls one provider gets at once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..._concurrency import AsyncSemaphore, async_sleep


class AsyncLimiter:
    """Cap the calls in flight to a provider, and hold them all back while it asks for quiet.

    Args:
        max_running: how many calls may be in flight.
    """

    def __init__(self, max_running: int) -> None:
        self._slots = AsyncSemaphore(max_running)
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Let no further call start for so long; a longer pause that is under way stays."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a call may start, and count it as in flight during the block."""
        async with self._slots.place():
            # A place is held meanwhile, which is no loss: no other call may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                await async_sleep(wait)
            yield
