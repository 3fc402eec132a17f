"""Threads of our own, on which no caller's interrupt arrives.

Ctrl-C, a signal handler that raises, and an exception that is set from outside strike in a thread of the
caller's, between any two bytecodes. Code that changes what threads share cannot be made safe against that, so
it runs here, and the caller only waits. What the caller's thread does by itself is a single call of C at a
time: a put into a queue, the release of a lock.
"""

from __future__ import annotations

import _thread
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable

from ..forks import watch_forks
from .signals import Event

_logger = logging.getLogger(__name__)

Call = Callable[[], None]

NO_THREAD = (
    "no further thread can be started in this process; end some, or raise the limit (ulimit -u, or the pids "
    "limit of the container), and try again"
)

_END = object()

# Seconds between two looks whether the threads are gone.
_SLICE = 0.5

_own = threading.local()


def on_own_thread() -> bool:
    """Return whether the caller's thread is one of a pool, so that no interrupt can arrive on it."""
    return getattr(_own, "serving", False)


class ThreadPool:
    """Calls functions on at most ``max_threads`` threads, which start when they are needed.

    The threads end with ``close``, or when the pool is collected. They do not keep the process alive.

    Args:
        max_threads: how many functions may run at once.
    """

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._lock = threading.Lock()
        self._closed = False
        self._reset()
        watch_forks(self)

    def _reset(self) -> None:
        # Its `put` and `get` are atomic, also towards an interrupt and a collection of garbage.
        self._calls: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._crew = _Crew()

    def submit(self, call: Call) -> bool:
        """Have a function called by one of the threads.

        The function is to handle its own errors; one that gets out is logged.

        Returns:
            ``False`` when the pool is closed, or has no thread and none can be started: nothing was done.
        """
        with self._lock:
            if self._closed or not self._hire():
                return False
            self._calls.put(call)
            return True

    def next(self) -> Call | None:
        """Return a further function that waits, or ``None``; for functions that run on a thread here."""
        if self._calls.empty():
            return None
        try:
            call = self._calls.get_nowait()
        except queue.Empty:
            return None
        if call is _END:
            self._calls.put(_END)
            return None
        return call  # type: ignore[return-value]

    @property
    def waiting(self) -> int:
        """How many functions wait for a thread."""
        return self._calls.qsize()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def close(self) -> None:
        """Take on no more functions; those submitted before are still called."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._dismiss()

    def join(self) -> None:
        """Wait until the functions submitted before ``close`` have ended."""
        crew = self._crew
        # At the end of the process, other threads do not run any more.
        while crew.members and not sys.is_finalizing():
            crew.left.wait(_SLICE)

    def _hire(self) -> bool:
        crew = self._crew
        if sys.is_finalizing():
            return False
        if (
            len(crew.members) < self._max_threads
            and len(crew.members) <= len(crew.busy) + self._calls.qsize()
        ):
            crew.left.clear()
            try:
                # Not `threading.Thread`: its `start` waits by means that an interrupt can leave locked.
                crew.members.add(_thread.start_new_thread(_serve, (self._calls, crew)))
            except (RuntimeError, MemoryError):
                if not crew.members:
                    crew.left.set()
                return bool(crew.members)
        return True

    def _dismiss(self) -> None:
        for _ in range(self._max_threads):
            self._calls.put(_END)

    def __del__(self) -> None:
        if hasattr(self, "_calls"):
            self._dismiss()

    def before_fork(self) -> None:
        """End the threads that have nothing to do, so that nothing of theirs is lost in the child.

        They start again when they are needed. What is under way goes on in the parent.
        """
        crew, calls = self._crew, self._calls
        with self._lock:
            if crew.busy or not crew.members or calls.qsize():
                return
            # What is submitted from here on goes to other threads.
            self._reset()
        for _ in range(self._max_threads):
            calls.put(_END)
        if crew.left.wait(_SLICE):
            # The system counts a thread until a moment after its last line; a fork beside it draws a warning.
            time.sleep(0.001)

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Forget the threads, which are the parent's, and what they were to do."""
        self._lock = threading.Lock()
        self._reset()


class _Crew:
    """What the threads of a pool share with it; it does not keep the pool alive.

    Attributes:
        members: the idents of the threads.
        busy: those that call a function at the moment.
        left: set when there is no thread.
    """

    __slots__ = ("busy", "left", "members")

    def __init__(self) -> None:
        self.members: set[int] = set()
        self.busy: set[int] = set()
        self.left = Event()
        self.left.set()


def _serve(calls: queue.SimpleQueue[object], crew: _Crew) -> None:
    ident = _thread.get_ident()
    crew.members.add(ident)
    _own.serving = True
    while (call := calls.get()) is not _END:
        crew.busy.add(ident)
        try:
            call()  # type: ignore[operator]
        except BaseException:
            _logger.exception("a function on a thread failed")
        # What was called may be the last to know its pool, which is collected here then.
        call = None
        crew.busy.discard(ident)
    crew.members.discard(ident)
    if not crew.members:
        crew.left.set()
