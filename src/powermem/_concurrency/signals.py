"""Events and queues: how one task or thread tells another that something happened.

The asynchronous ones belong to their event loop; they are not to be called from other threads.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from .waiting import arrived, patiently

T = TypeVar("T")


class AsyncEvent:
    """A flag that tasks can wait for."""

    __slots__ = ("_set", "_waiters")

    def __init__(self) -> None:
        self._set = False
        self._waiters: set[asyncio.Future[bool]] = set()

    def set(self) -> None:
        """Raise the flag and wake everybody who waits for it."""
        self._set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(True)

    def clear(self) -> None:
        """Lower the flag."""
        self._set = False

    def is_set(self) -> bool:
        """Tell whether the flag is raised."""
        return self._set

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait for the flag; return ``False`` when ``timeout`` seconds pass first."""
        if self._set:
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            return await arrived(waiter, timeout)
        finally:
            self._waiters.discard(waiter)


class Event:
    """A flag that threads can wait for.

    Not `threading.Event`: an interrupt that strikes in its ``wait`` can leave its lock held for ever, so that
    ``set`` hangs.
    """

    __slots__ = ("_set", "_waiters")

    def __init__(self) -> None:
        self._set = False
        # Each is held until the flag is raised. A gate that an interrupted wait has left behind does no harm.
        self._waiters: set[threading.Lock] = set()

    def set(self) -> None:
        """Raise the flag and wake everybody who waits for it."""
        self._set = True
        for gate in list(self._waiters):
            self._waiters.discard(gate)
            # Another thread may be raising the flag as well.
            with suppress(RuntimeError):
                gate.release()

    def clear(self) -> None:
        """Lower the flag."""
        self._set = False

    def is_set(self) -> bool:
        """Tell whether the flag is raised."""
        return self._set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the flag; return ``False`` when ``timeout`` seconds pass first."""
        if self._set:
            return True
        gate = threading.Lock()
        gate.acquire()
        self._waiters.add(gate)
        try:
            # It may have been raised before the gate was there.
            return self._set or patiently(partial(gate.acquire, True), timeout)
        finally:
            self._waiters.discard(gate)


class QueueEmpty(Exception):
    """Nothing arrived in the queue in time."""


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
        """Take the first item, waiting for one if need be.

        Raises:
            QueueEmpty: ``timeout`` seconds passed and there was none.
        """
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while not self._items:
            left = None if deadline is None else max(deadline - loop.time(), 0.0)
            waiter: asyncio.Future[bool] = loop.create_future()
            self._waiters.append(waiter)
            try:
                woken = await arrived(waiter, left)
            except BaseException:
                # The call that woke this task must not be lost with it.
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
        """Take the first item, waiting for one if need be.

        Raises:
            QueueEmpty: ``timeout`` seconds passed and there was none.
        """
        taken: list[T] = []

        def take(seconds: float) -> bool:
            try:
                taken.append(self._items.get(timeout=seconds))
            except queue.Empty:
                return False
            return True

        if not patiently(take, timeout):
            raise QueueEmpty(f"nothing arrived in the queue in {timeout} s")
        return taken[0]

    def qsize(self) -> int:
        """Return the number of items in the queue."""
        return self._items.qsize()
