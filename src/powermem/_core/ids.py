"""Ids that sort by time and need no coordination.

An id has 63 bits: 42 bits of milliseconds since 2021-01-01 UTC (enough until the year 2160), then 21 bits
that start at a random number in each millisecond and count up. The ids of one process never repeat; those of
two processes collide by chance only, within one millisecond, and the store's primary key catches that.
"""

from __future__ import annotations

import os
import random
import threading
import time

_EPOCH_MS = 1_609_459_200_000
_LOW_BITS = 21

MAX_ID = (1 << 63) - 1
"""The largest id that a store can hold."""

# The counter starts in the lower half of its range, which leaves at least a million ids within one
# millisecond.
_START_BITS = _LOW_BITS - 1


class IdGenerator:
    """Generates ids; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        # Seeded by the operating system once: asking it for each id would cost more than all the rest.
        self._random = random.Random()

    def __call__(self) -> int:
        """Return the next id, larger than every one before it."""
        with self._lock:
            moment = time.time_ns() // 1_000_000 - _EPOCH_MS
            candidate = (moment << _LOW_BITS) | self._random.getrandbits(_START_BITS)
            # Within one millisecond, or if the clock went back, continue from the last id.
            self._last = candidate if moment > self._last >> _LOW_BITS else self._last + 1
            return self._last

    def several(self, count: int) -> range:
        """Return that many ids at once, in order."""
        with self._lock:
            moment = time.time_ns() // 1_000_000 - _EPOCH_MS
            candidate = (moment << _LOW_BITS) | self._random.getrandbits(_START_BITS)
            first = candidate if moment > self._last >> _LOW_BITS else self._last + 1
            self._last = first + count - 1
        # Not within: an interrupt between the call and the end of the block would keep the lock.
        return range(first, first + count)


new_id = IdGenerator()

# A forked child would otherwise continue from its parent's last id and generate the same ids.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: new_id.__init__())  # type: ignore[misc]


def first_id(at: int) -> int:
    """Return the smallest id that could be generated at a time (microseconds UTC)."""
    return max(0, at // 1000 - _EPOCH_MS) << _LOW_BITS
