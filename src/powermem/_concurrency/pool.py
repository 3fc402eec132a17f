"""A pool of threads that interrupts cannot reach.

Ctrl-C, a signal handler that raises, and `PyThreadState_SetAsyncExc` strike in threads of the user's program,
between any two bytecodes. Code that changes shared state cannot be made safe against that, so it runs here
while the caller's thread only waits. Where that thread must act, it makes a single call into C, such as
putting an item into a queue or releasing a lock.
"""

from __future__ import annotations

import _thread
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable

from .._core.forks import watch_forks
from .signals import Event

_logger = logging.getLogger(__name__)

Call = Callable[[], None]

NO_THREAD = (
    "no further thread can be started in this process; end some, or raise the limit (ulimit -u, or the pids "
    "limit of the container), and try again"
)

_END = object()

# Seconds between two checks whether the threads have ended.
_SLICE = 0.5

_own = threading.local()


def on_own_thread() -> bool:
    """Return whether the calling thread belongs to a pool, so that no interrupt can reach it."""
    return getattr(_own, "serving", False)


class ThreadPool:
    """Call functions on at most ``max_threads`` threads, started on demand.

    The threads end after ``close``, or when the pool is garbage-collected, and do not keep the process alive.

    Args:
        max_threads: maximum number of functions running at once.
    """

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._lock = threading.Lock()
        self._closed = False
        self._reset()
        watch_forks(self)

    def _reset(self) -> None:
        # Its `put` and `get` are atomic, even if an interrupt or the garbage collector strikes.
        self._calls: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._threads = _Threads()

    def submit(self, call: Call) -> bool:
        """Queue a function for one of the threads.

        The function should handle its own errors; an error that escapes is logged.

        Returns:
            ``False`` if the pool is closed, or has no thread and none can be started. Nothing is queued then.
        """
        with self._lock:
            if self._closed or not self._ensure_thread():
                return False
            self._calls.put(call)
            return True

    def next(self) -> Call | None:
        """Take a queued function, or return ``None``; for functions that run on a thread of this pool."""
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
        """Number of queued functions."""
        return self._calls.qsize()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed

    def close(self) -> None:
        """Reject new functions; those already queued are still called."""
        with self._lock:
            # Repeated on every call, in case an interrupt struck between these two lines.
            self._closed = True
            self._calls.put(_END)

    def join(self) -> None:
        """Wait until the functions submitted before ``close`` have ended."""
        threads = self._threads
        # Daemon threads no longer run while the interpreter shuts down, so waiting for them would hang.
        while threads.alive and not sys.is_finalizing():
            threads.ended.wait(_SLICE)

    def _ensure_thread(self) -> bool:
        """Start a thread unless enough are idle or the limit is reached; return whether there is any."""
        threads = self._threads
        if sys.is_finalizing():
            return False
        needed = len(threads.busy) + self._calls.qsize() + 1
        if len(threads.alive) < min(needed, self._max_threads):
            threads.ended.clear()
            try:
                # `threading.Thread.start` would wait for the thread with an Event, which an interrupt can
                # leave locked.
                threads.alive.add(_thread.start_new_thread(_serve, (self._calls, threads)))
            except (RuntimeError, MemoryError):
                if not threads.alive:
                    threads.ended.set()
                return bool(threads.alive)
        return True

    def __del__(self) -> None:
        if hasattr(self, "_calls"):
            self._calls.put(_END)

    def before_fork(self) -> None:
        """End the threads if all are idle, so that the child inherits no half-done state of theirs.

        They are started again on demand. Running functions continue in the parent.
        """
        threads, calls = self._threads, self._calls
        with self._lock:
            if threads.busy or not threads.alive or calls.qsize():
                return
            # Functions submitted from here on go to new threads.
            self._reset()
        calls.put(_END)
        if threads.ended.wait(_SLICE):
            # The operating system still counts a thread shortly after its last line, and Python warns about a
            # fork beside other threads.
            time.sleep(0.001)

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Forget the threads, which exist only in the parent, and the functions queued for them."""
        self._lock = threading.Lock()
        self._reset()


class _Threads:
    """The state that the threads of a pool share with it, without keeping the pool alive.

    Attributes:
        alive: idents of the threads.
        busy: idents of those that are running a function.
        ended: set while there is no thread.
    """

    __slots__ = ("alive", "busy", "ended")

    def __init__(self) -> None:
        self.alive: set[int] = set()
        self.busy: set[int] = set()
        self.ended = Event()
        self.ended.set()


def _serve(calls: queue.SimpleQueue[object], threads: _Threads) -> None:
    ident = _thread.get_ident()
    threads.alive.add(ident)
    _own.serving = True
    while (call := calls.get()) is not _END:
        threads.busy.add(ident)
        try:
            call()  # type: ignore[operator]
        except BaseException:
            _logger.exception("a function on a thread failed")
        # The function may hold the last reference to its pool, whose `__del__` then ends this loop.
        call = None
        threads.busy.discard(ident)
    # Pass the end on to the other threads. Their number is not known for certain: an interrupt can strike
    # after a thread was started and before it was counted.
    calls.put(_END)
    threads.alive.discard(ident)
    if not threads.alive:
        threads.ended.set()
