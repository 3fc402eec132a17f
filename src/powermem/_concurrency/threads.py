"""Blocking functions, kept away from the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

from ..errors import ClosedError
from .signals import AsyncEvent, Event

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
        self._max_workers = max_workers
        self._executor: ThreadPoolExecutor | None = None
        self._running = 0
        self._closed = False
        self._idle = AsyncEvent()

    async def run(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function on a thread, in a copy of the caller's context, and return its result.

        Raises:
            ClosedError: ``close`` was called before.
        """
        if self._closed:
            raise ClosedError(_closed(self._name))
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._max_workers, thread_name_prefix=self._name)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        call = partial(copy_context().run, fn, *args, **kwargs)
        # The executor's own future is left alone: cancelling it would lose a function that has not begun.
        self._executor.submit(self._call, loop, future, call)
        self._running += 1
        return await future

    async def close(self) -> None:
        """Refuse new functions and wait for those under way; may be called again."""
        self._closed = True
        self._rest()
        await self._idle.wait()
        if self._executor is not None:
            # Its threads are idle by now, so this takes no time worth speaking of.
            self._executor.shutdown()
            self._executor = None

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
        _logger.error("%s: a function failed after its caller was cancelled", name, exc_info=error)
        return
    if isinstance(error, StopIteration):
        # A future refuses it, since it would end a generator in silence; coroutines turn it likewise.
        stopped, error = error, RuntimeError("a function on a thread raised StopIteration")
        error.__cause__ = stopped
    future.set_exception(error)


class Threads:
    """Run blocking functions on the callers' threads, at most ``max_workers`` at once.

    Args:
        name: names it in errors.
        max_workers: how many functions may run at once.
    """

    def __init__(self, name: str, max_workers: int) -> None:
        _check_workers(max_workers)
        self._name = name
        self._max_workers = max_workers
        self._slots = threading.Semaphore(max_workers)
        self._lock = threading.Lock()
        # A set rather than a number, so that Ctrl-C between two lines cannot make it wrong for ever.
        self._accepted: set[object] = set()
        self._closed = False
        self._idle = Event()

    def run(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function and return its result.

        Raises:
            ClosedError: ``close`` was called before.
        """
        call = object()
        try:
            with self._lock:
                if self._closed:
                    raise ClosedError(_closed(self._name))
                self._accepted.add(call)
            with self._slots:
                return fn(*args, **kwargs)
        finally:
            with self._lock:
                self._accepted.discard(call)
                self._rest()

    def close(self) -> None:
        """Refuse new functions and wait for those under way; may be called again."""
        with self._lock:
            self._closed = True
            self._rest()
        self._idle.wait()

    def _rest(self) -> None:
        if self._closed and not self._accepted:
            self._idle.set()


def _check_workers(max_workers: int) -> None:
    if max_workers < 1:
        raise ValueError(f"max_workers must be at least 1, got {max_workers}")


def _closed(name: str) -> str:
    return f"the threads of {name!r} are closed"


async def async_to_thread(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function on a thread of the event loop's own pool, in a copy of the caller's context.

    A cancelled caller does not stop a function that has begun; one that has not begun is dropped.
    """
    return await asyncio.to_thread(fn, *args, **kwargs)


def to_thread(fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function: the caller's thread is as good as any."""
    return fn(*args, **kwargs)
