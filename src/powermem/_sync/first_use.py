# Generated from src/powermem/_async/first_use.py by scripts/run_unasync.py; edit that file instead.
"""Keep the first call of a kind from holding the event loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from .._concurrency import Lock, to_thread
from .._core.forks import undivided


class FirstUse:
    """Calls a function on a thread, the first time.

    Code is loaded, and expressions are compiled, by the first call that needs them, which takes some 20 ms.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._done = False

    def run(self, work: Callable[[], object]) -> None:
        """Call a function that loads what it needs, unless such a call has ended before; wait for its end."""
        if self._done:
            return
        with self._lock:
            if not self._done:
                to_thread(partial(_call, work))
                self._done = True


def _call(work: Callable[[], object]) -> None:
    # A process that is forked meanwhile would wait forever for the imports to end.
    with undivided():
        work()
