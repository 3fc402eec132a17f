"""Threads for blocking functions, which would stall an event loop."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from ..errors import ClosedError, PowerMemError
from .pool import NO_THREAD, ThreadPool, on_own_thread
from .signals import AsyncEvent
from .waiting import wait_in_slices

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
