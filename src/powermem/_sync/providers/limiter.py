# Generated from src/powermem/_async/providers/limiter.py by scripts/run_unasync.py; edit that file instead.
"""How many calls one provider gets at once."""

from __future__ import annotations

import time

from ..._concurrency import Semaphore, sleep


class Limiter:
    """Cap the calls in flight to a provider, and hold them all back while it asks for quiet.

    Args:
        max_running: how many calls may be in flight.
    """

    def __init__(self, max_running: int) -> None:
        self._slots = Semaphore(max_running)
        self._resume_at = 0.0

    def pause(self, seconds: float) -> None:
        """Let no further call start for so long; a longer pause that is under way stays."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def __enter__(self) -> None:
        self._slots.__enter__()
        try:
            # A slot is held meanwhile, which is no loss: nobody else may start either.
            while (wait := self._resume_at - time.monotonic()) > 0:
                sleep(wait)
        except BaseException:
            self._slots.__exit__(None, None, None)
            raise

    def __exit__(self, *raised: object) -> None:
        self._slots.__exit__(*raised)
