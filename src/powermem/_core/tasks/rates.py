"""Count events, in total and per minute."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW = 60.0
"""Length of the window of a rate, in seconds."""


class Rate:
    """Counts events in total and in the last minute.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = 0
        self._clock = clock
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count one event."""
        with self._lock:
            self.total += 1
            self._recent.append(self._clock())
            self._forget()

    def per_minute(self) -> int:
        """Return the number of events in the last minute."""
        with self._lock:
            self._forget()
            return len(self._recent)

    def _forget(self) -> None:
        begin = self._clock() - WINDOW
        while self._recent and self._recent[0] < begin:
            self._recent.popleft()
