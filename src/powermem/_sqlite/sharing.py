"""A lock that many readers or one writer may hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class SharedLock:
    """A writer waits for the readers that hold the lock, and goes before readers that come later.

    It is not reentrant.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._reading = 0
        self._changing = False
        self._wanted = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it together with others."""
        with self._turn:
            self._turn.wait_for(lambda: not self._changing and not self._wanted)
            self._reading += 1
        try:
            yield
        finally:
            with self._turn:
                self._reading -= 1
                self._turn.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold it alone."""
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
