"""How many calls one provider gets at once."""

from __future__ import annotations

import time

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

    async def __aenter__(self) -> None:
        await self._slots.__aenter__()
        try:
            # A slot is held meanwhile, which is no loss: nobody else may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                await async_sleep(wait)
        except BaseException:
            await self._slots.__aexit__(None, None, None)
            raise

    async def __aexit__(self, *raised: object) -> None:
        await self._slots.__aexit__(*raised)
