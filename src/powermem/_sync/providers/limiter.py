# Generated from src/powermem/_async/providers/limiter.py by scripts/run_unasync.py; edit that file instead.
"""A limit on concurrent calls to a provider."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..._concurrency import Semaphore, sleep


class Limiter:
    """Limits the calls in flight to a provider, and delays all of them while it asks to slow down.

    Args:
        max_running: maximum number of calls in flight.
    """

    def __init__(self, max_running: int) -> None:
        self._slots = Semaphore(max_running)
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Start no further call for this many seconds; a longer current pause stays in effect."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until a call may start, and count it as in flight during the block."""
        with self._slots.place():
            # Keeping the place while paused costs nothing, since no other call may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                sleep(wait)
            yield
