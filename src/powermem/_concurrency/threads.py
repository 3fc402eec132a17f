"""Blocking functions, kept away from the event loop."""

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
from .waiting import patiently

P = ParamSpec("P")
R = TypeVar("R")

_logger = logging.getLogger(__name__)


class AsyncThreads:
    """Run blocking functions on threads of its own, at most ``max_workers`` at once.

    A function whose waiting task is cancelled is not lost: it runs to its end on its thread, also when it
    had not begun yet, and ``close`` waits for it. An error it then raises is logged.

    Args:
        name: the prefix of the threads' names.
        max_workers: how many functions may run at once.
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
            PowerMemError: no thread can be started; nothing was done.
        """
        if self._closed:
            raise ClosedError(_closed(self._name))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        call = partial(copy_context().run, fn, *args, **kwargs)
        self._running += 1
        # The future is not the call's own: cancelling that would lose a function that has not begun.
        if not self._pool.submit(partial(self._call, loop, future, call)):
            self._running -= 1
            raise PowerMemError(f"{NO_THREAD}; nothing of this call was done")
        return await future

    async def close(self) -> None:
        """Refuse new functions and wait for those under way; may be called again."""
        self._closed = True
        self._rest()
        await self._idle.wait()
        self._pool.close()
        # The threads are idle by now, so this takes no time worth speaking of.
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
            # The loop was closed meanwhile, and with it everybody who could wait for the outcome.
            if not isinstance(failure, ClosedError):
                _logger.warning("%s: a function outlived its event loop", self._name, exc_info=failure)

    def _settle(self, settle: Callable[[], None]) -> None:
        self._running -= 1
        settle()
        self._rest()

    def _rest(self) -> None:
        if self._closed and not self._running:
            self._idle.set()


def _succeed(future: asyncio.Future[R], result: R) -> None:
    if not future.done():
        future.set_result(result)


def _fail(name: str, future: asyncio.Future[Any], error: BaseException) -> None:
    if future.done():
        # Both were over: nothing was lost that anybody waited for.
        if not isinstance(error, ClosedError):
            _logger.error("%s: a function failed after its caller was cancelled", name, exc_info=error)
        return
    if isinstance(error, StopIteration):
        # A future refuses it, since it would end a generator in silence; coroutines turn it likewise.
        stopped, error = error, RuntimeError("a function on a thread raised StopIteration")
        error.__cause__ = stopped
    future.set_exception(error)


class _Call(Generic[R]):
    """A function that a thread of ours calls, and its caller, who waits."""

    __slots__ = ("_error", "_fn", "_gate", "_left", "_name", "_result")

    def __init__(self, name: str, fn: Callable[[], R]) -> None:
        self._name = name
        self._fn: Callable[[], R] | None = fn
        self._error: BaseException | None = None
        self._left = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def __call__(self) -> None:
        fn, self._fn = self._fn, None
        assert fn is not None
        try:
            self._result = fn()
        except BaseException as error:
            self._error = error
            if self._left and not isinstance(error, ClosedError):
                _logger.error(
                    "%s: a function failed after its caller was interrupted", self._name, exc_info=error
                )
        finally:
            self._gate.release()

    def result(self) -> R:
        """Wait for the function to end, and return or raise what it did."""
        try:
            patiently(partial(self._gate.acquire, True), None)
        except BaseException:
            self._left = True
            raise
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            # The error's traceback knows this frame: the circle would keep everything in it alive.
            del error


class Threads:
    """Run blocking functions on threads of its own, at most ``max_workers`` at once.

    A function whose caller is interrupted runs to its end, and ``close`` waits for it. A caller on a thread
    of ours, where no interrupt arrives, calls the function itself; so does every caller when no thread can be
    started.

    Args:
        name: names it in errors.
        max_workers: how many functions may run at once.
    """

    def __init__(self, name: str, max_workers: int) -> None:
        _check_workers(max_workers)
        self._name = name
        self._max_workers = max_workers
        self._pool = ThreadPool(max_workers)
        # Filled with what a function must have while it runs. Not `threading.Semaphore`, which is made of
        # several steps.
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
        """Refuse new functions and wait for those under way; may be called again."""
        self._pool.close()
        self._pool.join()
        for _ in range(self._max_workers):
            patiently(self._take_slot, None)
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
    """Call a blocking function on a thread of the event loop's own pool, in a copy of the caller's context.

    A cancelled caller does not stop a function that has begun; one that has not begun is dropped.

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
    """Call a blocking function: the caller's thread is as good as any."""
    return fn(*args, **kwargs)
