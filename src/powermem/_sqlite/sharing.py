"""A lock for many readers or one writer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

# Each is held for some instructions only, so that few of them serve the locks of all users.
_TURNS = 16


class SharedLock:
    """A readers-writer lock; a waiting writer has precedence over later readers.

    It is not reentrant.

    Args:
        turn: guards the state; locks may share one.
    """

    __slots__ = ("_changing", "_reading", "_turn", "_wanted")

    def __init__(self, turn: threading.Condition) -> None:
        self._turn = turn
        self._reading = 0
        self._changing = False
        self._wanted = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other readers."""
        with self._turn:
            while self._changing or self._wanted:
                self._turn.wait()
            self._reading += 1
        try:
            yield
        finally:
            with self._turn:
                self._reading -= 1
                # Readers wait for writers only.
                if self._wanted:
                    self._turn.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock exclusively."""
        with self._turn:
            self._wanted += 1
            try:
                self._turn.wait_for(lambda: not self._changing and not self._reading)
                self._changing = True
            finally:
                self._wanted -= 1
                self._turn.notify_all()
        try:
            yield
        finally:
            with self._turn:
                self._changing = False
                self._turn.notify_all()


class SharedLocks:
    """Makes locks of users, each of which is one object for the garbage collector: they share the rest."""

    def __init__(self) -> None:
        self._turns = cycle([threading.Condition(threading.Lock()) for _ in range(_TURNS)])

    def __call__(self) -> SharedLock:
        """Return a new lock."""
        return SharedLock(next(self._turns))
