"""Reporting the progress of bulk work."""

from __future__ import annotations

from time import perf_counter
from typing import cast

from ..._concurrency import async_call
from ..._core.inputs import Listener, check_callback
from ...types import ProgressRecord

_INTERVAL = 0.1


class AsyncProgress:
    """Calls a listener at the start, at most ten times a second, and at the end.

    Args:
        listener: the callback, or ``None``.
        total: total number of items, if known.
    """

    def __init__(self, listener: Listener | None, total: int | None = None) -> None:
        check_callback(listener, "on_progress")
        self._listener = listener
        self._total = total
        self._started = perf_counter()
        self._reported = -_INTERVAL

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self._started

    async def tell(self, done: int, *, last: bool = False, **counts: int) -> None:
        """Report the number of finished items, at most every 0.1 s, but always if ``last``."""
        seconds = self.seconds
        if self._listener is None or (not last and seconds - self._reported < _INTERVAL):
            return
        self._reported = seconds
        rate = done / seconds if seconds else 0.0
        record = {"done": done, "total": self._total, **counts, "seconds": seconds, "rate": rate}
        await async_call(self._listener, cast("ProgressRecord", record))
