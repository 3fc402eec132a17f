"""Waiting that respects a timeout and stays interruptible, and the events and queues to wait for.

The async halves belong to their event loop and must not be called from other threads.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class AsyncEvent:
    """A flag that tasks can wait for."""

    __slots__ = ("_set", "_waiters")

    def __init__(self) -> None:
        self._set = False
        self._waiters: set[asyncio.Future[bool]] = set()

    def set(self) -> None:
        """Set the flag and wake all waiters."""
        self._set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(True)

    def clear(self) -> None:
        """Clear the flag."""
        self._set = False

    def is_set(self) -> bool:
        """Return whether the flag is set."""
        return self._set

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait for the flag; return ``False`` if ``timeout`` seconds pass first."""
        if self._set:
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            return await resolved(waiter, timeout)
        finally:
            self._waiters.discard(waiter)


class Event:
    """A flag that threads can wait for.

    Not `threading.Event`: an interrupt inside its ``wait`` can leave the internal lock held, after which
    ``set`` hangs.
    """

    __slots__ = ("_set", "_waiters")

    def __init__(self) -> None:
        self._set = False
        # Locks that `set` releases, one for each waiter. One left behind by an interrupted wait is harmless.
        self._waiters: set[threading.Lock] = set()

    def set(self) -> None:
        """Set the flag and wake all waiters."""
        self._set = True
        for gate in list(self._waiters):
            self._waiters.discard(gate)
            # Another thread may be in `set` and have released this lock already.
            with suppress(RuntimeError):
                gate.release()

    def clear(self) -> None:
        """Clear the flag."""
        self._set = False

    def is_set(self) -> bool:
        """Return whether the flag is set."""
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the flag; return ``False`` if ``timeout`` seconds pass first."""
        if self._set:
            return True
        gate = threading.Lock()
        gate.acquire()
        self._waiters.add(gate)
        try:
            # Check again: `set` may have run before the gate was registered.
            return self._set or wait_in_slices(partial(gate.acquire, True), timeout)
        finally:
            self._waiters.discard(gate)


class QueueEmpty(Exception):
    """No item arrived before the timeout."""


class AsyncQueue(Generic[T]):
    """An unbounded queue between tasks, first in, first out."""

    __slots__ = ("_items", "_waiters")

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waiters: deque[asyncio.Future[bool]] = deque()

    async def put(self, item: T) -> None:
        """Add an item at the end; never waits."""
        self._items.append(item)
        self._wake()

    async def get(self, timeout: float | None = None) -> T:
        """Remove and return the first item, waiting for one if the queue is empty.

        Raises:
            QueueEmpty: no item arrived within ``timeout`` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while not self._items:
            left = None if deadline is None else max(deadline - loop.time(), 0.0)
            waiter: asyncio.Future[bool] = loop.create_future()
            self._waiters.append(waiter)
            try:
                woken = await resolved(waiter, left)
            except BaseException:
                # Cancelled after it was woken: pass the wake-up on, or the item would wait for the next put.
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
            if not woken and not self._items:
                raise QueueEmpty(f"nothing arrived in the queue in {timeout} s")
        return self._items.popleft()

    def qsize(self) -> int:
        """Return the number of items in the queue."""
        return len(self._items)

    def _wake(self) -> None:
        while self._items and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(True)
                return


class Queue(Generic[T]):
    """An unbounded queue between threads, first in, first out."""

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[T] = queue.SimpleQueue()

    def put(self, item: T) -> None:
        """Add an item at the end; never waits."""
        self._items.put(item)

    def get(self, timeout: float | None = None) -> T:
        """Remove and return the first item, waiting for one if the queue is empty. See ``AsyncQueue.get``."""
        taken: list[T] = []

        def take(seconds: float) -> bool:
            try:
                taken.append(self._items.get(timeout=seconds))
            except queue.Empty:
                return False
            return True

        if not wait_in_slices(take, timeout):
            raise QueueEmpty(f"nothing arrived in the queue in {timeout} s")
        return taken[0]

    def qsize(self) -> int:
        """Return the number of items in the queue."""
        return self._items.qsize()


# Seconds. On Windows, waiting for a lock ignores Ctrl-C until the timeout, so threads wait in short slices.
_SLICE = 0.5


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of the calling task, or ``None`` outside of any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def awaited(fn: Callable[[], Awaitable[T]]) -> T:
    """Call a function and await its result, as the coroutine that a task needs."""
    return await fn()


async def resolved(waiter: asyncio.Future[bool], timeout: float | None) -> bool:
    """Wait for the future; after ``timeout`` seconds, resolve it with ``False``."""
    if timeout is None:
        return await waiter
    timer = asyncio.get_running_loop().call_later(timeout, _give_up, waiter)
    try:
        return await waiter
    finally:
        timer.cancel()


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


async def all_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait until all tasks are done. A cancellation of the caller is raised only after that."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def join_thread(thread: threading.Thread, timeout: float | None) -> bool:
    """Wait for a thread to end; return ``False`` if it is still running after ``timeout`` seconds."""
    return wait_in_slices(partial(_ended, thread), timeout)


def _ended(thread: threading.Thread, seconds: float) -> bool:
    thread.join(seconds)
    return not thread.is_alive()


def wait_in_slices(attempt: Callable[[float], bool], timeout: float | None) -> bool:
    """Repeat a timed wait until it succeeds or the timeout passes; return whether it succeeded.

    Args:
        attempt: waits at most the given number of seconds and returns whether it succeeded.
        timeout: seconds, or ``None`` for no limit.
    """
    if timeout is None:
        while not attempt(_SLICE):
            continue
        return True
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > _SLICE:
        if attempt(_SLICE):
            return True
    return attempt(max(left, 0.0))
