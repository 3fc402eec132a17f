"""Threads for blocking functions, which would stall an event loop, and that interrupts cannot reach.

Ctrl-C, a signal handler that raises, and `PyThreadState_SetAsyncExc` strike in threads of the user's program,
between any two bytecodes. Code that changes shared state cannot be made safe against that, so it runs on the
threads of a pool while the caller's thread only waits. Where that thread must act, it makes a single call
into C, such as putting an item into a queue or releasing a lock.
"""

from __future__ import annotations

import _thread
import asyncio
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from .._core.forks import watch_forks
from ..errors import ClosedError, PowerMemError
from .signals import AsyncEvent, Event, wait_in_slices

P = ParamSpec("P")
R = TypeVar("R")

_logger = logging.getLogger(__name__)


class AsyncThreads:
    """Run blocking functions on its own threads, at most ``max_workers`` at once.

    Cancelling the waiting task does not cancel the function: it runs to completion on its thread, even if it
    had not started yet, and ``close`` waits for it. If it then fails, the error is logged.

    Args:
        name: used in errors and log messages.
        max_workers: maximum number of functions running at once.
    """

    def __init__(self, name: str, max_workers: int) -> None:
        _check_workers(max_workers)
        self._name = name
        self._pool = ThreadPool(max_workers)
        self._running = 0
        self._closed = False
        self._idle = AsyncEvent()

    async def run(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function on a thread, in a copy of the caller's context, and return its result.

        Raises:
            ClosedError: ``close`` was called before.
            PowerMemError: no thread can be started; the function was not called.
        """
        if self._closed:
            raise ClosedError(_closed(self._name))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        call = partial(copy_context().run, fn, *args, **kwargs)
        self._running += 1
        # Not the future of an executor: cancelling that would drop a function that has not started.
        if not self._pool.submit(partial(self._call, loop, future, call)):
            self._running -= 1
            raise PowerMemError(f"{NO_THREAD}; nothing of this call was done")
        return await future

    async def close(self) -> None:
        """Reject new functions and wait for running ones. Idempotent."""
        self._closed = True
        self._set_idle_if_done()
        await self._idle.wait()
        self._pool.close()
        # Does not block noticeably: the threads are idle by now.
        self._pool.join()

    def _call(
        self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[R], call: Callable[[], R]
    ) -> None:
        failure: BaseException | None = None
        try:
            settle = partial(_succeed, future, call())
        except BaseException as error:
            failure = error
            settle = partial(_fail, self._name, future, error)
        try:
            loop.call_soon_threadsafe(self._settle, settle)
        except RuntimeError:
            # The event loop was closed in the meantime, so no task is left to receive the outcome.
            if not isinstance(failure, ClosedError):
                _logger.warning("%s: a function outlived its event loop", self._name, exc_info=failure)

    def _settle(self, settle: Callable[[], None]) -> None:
        self._running -= 1
        settle()
        self._set_idle_if_done()

    def _set_idle_if_done(self) -> None:
        if self._closed and not self._running:
            self._idle.set()


def _succeed(future: asyncio.Future[R], result: R) -> None:
    if not future.done():
        future.set_result(result)


def _fail(name: str, future: asyncio.Future[Any], error: BaseException) -> None:
    if future.done():
        # The caller was cancelled and cannot receive the error. ClosedError says nothing new by then.
        if not isinstance(error, ClosedError):
            _logger.error("%s: a function failed after its caller was cancelled", name, exc_info=error)
        return
    if isinstance(error, StopIteration):
        # A future rejects StopIteration, which would silently end a generator. Convert it as coroutines do.
        stopped, error = error, RuntimeError("a function on a thread raised StopIteration")
        error.__cause__ = stopped
    future.set_exception(error)


class _Call(Generic[R]):
    """A function that a pool thread calls while the caller waits in ``result``."""

    __slots__ = ("_abandoned", "_error", "_fn", "_gate", "_name", "_result")

    def __init__(self, name: str, fn: Callable[[], R]) -> None:
        self._name = name
        self._fn: Callable[[], R] | None = fn
        self._error: BaseException | None = None
        self._abandoned = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def __call__(self) -> None:
        fn, self._fn = self._fn, None
        assert fn is not None
        try:
            self._result = fn()
        except BaseException as error:
            self._error = error
            if self._abandoned and not isinstance(error, ClosedError):
                _logger.error(
                    "%s: a function failed after its caller was interrupted", self._name, exc_info=error
                )
        finally:
            self._gate.release()

    def result(self) -> R:
        """Wait for the function to end, and return its result or raise its error."""
        try:
            wait_in_slices(partial(self._gate.acquire, True), None)
        except BaseException:
            self._abandoned = True
            raise
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            # Break the cycle between this frame and the error's traceback, which would keep both alive.
            del error


class Threads:
    """Run blocking functions on its own threads, at most ``max_workers`` at once.

    If the caller is interrupted, the function runs to completion and ``close`` waits for it. A function is
    called inline if the caller is on a pool thread, which no interrupt can reach, or if no thread can be
    started.

    Args:
        name: used in errors and log messages.
        max_workers: maximum number of functions running at once.
    """

    def __init__(self, name: str, max_workers: int) -> None:
        _check_workers(max_workers)
        self._name = name
        self._max_workers = max_workers
        self._pool = ThreadPool(max_workers)
        # Used as a semaphore: a function takes an item while it runs. `threading.Semaphore` takes several
        # steps to acquire and release, and an interrupt between two of them would lose a slot.
        self._slots: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(max_workers):
            self._slots.put(None)

    def run(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function in a copy of the caller's context and return its result.

        Raises:
            ClosedError: ``close`` was called before.
        """
        if self._pool.closed:
            raise ClosedError(_closed(self._name))
        call = partial(copy_context().run, fn, *args, **kwargs)
        if on_own_thread():
            return self._call(call)
        handed = _Call(self._name, partial(self._call, call))
        if self._pool.submit(handed):
            return handed.result()
        if self._pool.closed:
            raise ClosedError(_closed(self._name))
        return call()

    def _call(self, call: Callable[[], R]) -> R:
        self._slots.get()
        try:
            return call()
        finally:
            self._slots.put(None)

    def close(self) -> None:
        """Reject new functions and wait for running ones. Idempotent."""
        self._pool.close()
        self._pool.join()
        # Functions called inline are not known to the pool, but each holds a slot.
        for _ in range(self._max_workers):
            wait_in_slices(self._take_slot, None)
        for _ in range(self._max_workers):
            self._slots.put(None)

    def _take_slot(self, seconds: float) -> bool:
        try:
            self._slots.get(timeout=seconds)
        except queue.Empty:
            return False
        return True


def _check_workers(max_workers: int) -> None:
    if max_workers < 1:
        raise ValueError(f"max_workers must be at least 1, got {max_workers}")


def _closed(name: str) -> str:
    return f"the threads of {name!r} are closed"


async def async_to_thread(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function on the event loop's default executor, in a copy of the caller's context.

    Cancelling the caller does not stop a function that has started; one that has not started is dropped.

    Raises:
        PowerMemError: no thread can be started.
    """
    try:
        return await asyncio.to_thread(fn, *args, **kwargs)
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        raise PowerMemError(NO_THREAD) from error


def to_thread(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function on the caller's thread, which may block."""
    return fn(*args, **kwargs)


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
