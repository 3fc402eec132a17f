"""Locks, keyed locks and semaphores. None is reentrant."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Hashable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any
from weakref import WeakValueDictionary

from .signals import wait_in_slices


class AsyncLock:
    """Admit one task at a time to an ``async with`` block."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, *raised: object) -> None:
        self._lock.release()


class Lock:
    """Admit one thread at a time to a ``with`` block.

    Calling the class returns a plain `threading.Lock`. An interrupt can strike between two bytecodes of an
    ``__enter__`` written in Python, after it took the lock: ``__exit__`` would then never release it.
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *raised: object) -> None:
        raise NotImplementedError


Lock.__new__ = lambda kind: threading.Lock()  # type: ignore[method-assign,assignment,return-value]


class AsyncSemaphore:
    """Admit at most ``value`` tasks at a time to an ``async with semaphore.place():`` block."""

    __slots__ = ("_semaphore",)

    def __init__(self, value: int) -> None:
        _check_value(value)
        self._semaphore = asyncio.Semaphore(value)

    def place(self, timeout: float | None = None) -> AbstractAsyncContextManager[bool]:
        """Hold a place during the block, which gets whether a place was free in time.

        Args:
            timeout: seconds to wait for a place; ``None`` for no limit.
        """
        return _AsyncPlace(self._semaphore, timeout)


class _AsyncPlace:
    """A place of a semaphore. As an asynchronous generator it would take twice the function calls."""

    __slots__ = ("_held", "_semaphore", "_timeout")

    def __init__(self, semaphore: asyncio.Semaphore, timeout: float | None) -> None:
        self._semaphore = semaphore
        self._timeout = timeout
        self._held = False

    async def __aenter__(self) -> bool:
        if self._timeout is None or not self._semaphore.locked():
            self._held = await self._semaphore.acquire()
        else:
            with suppress(asyncio.TimeoutError):
                self._held = await asyncio.wait_for(self._semaphore.acquire(), self._timeout)
        return self._held

    async def __aexit__(self, *raised: object) -> None:
        if self._held:
            self._semaphore.release()


class Semaphore:
    """Admit at most ``value`` threads at a time to a ``with semaphore.place():`` block.

    `threading.Semaphore` takes several steps to acquire and to release. An interrupt between two of them
    would lose a place or leave its internal lock held.
    """

    __slots__ = ("_free",)

    def __init__(self, value: int) -> None:
        _check_value(value)
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(value):
            self._free.put(None)

    def place(self, timeout: float | None = None) -> AbstractContextManager[bool]:
        """Hold a place during the block, which gets whether a place was free in time.

        See ``AsyncSemaphore.place``.
        """
        return self._held(timeout)

    @contextmanager
    def _held(self, timeout: float | None) -> Iterator[bool]:
        held: list[None] = []
        try:
            yield wait_in_slices(partial(self._take, held), timeout)
        finally:
            # The interpreter does not check for interrupts between these two lines.
            if held:
                self._free.put(None)

    def _take(self, held: list[None], seconds: float) -> bool:
        # One call into C takes a place and records it, so no interrupt can come in between.
        try:
            held.extend(islice(iter(partial(self._free.get, True, seconds), _NEVER), 1))
        except Empty:
            return False
        return True


_NEVER: Any = object()


def _check_value(value: int) -> None:
    # A place is released only by a block that took one, so nothing could ever enter with a value of zero.
    if value < 1:
        raise ValueError(f"a semaphore's value must be at least 1, got {value}")


class _AsyncEntry:
    """The lock of one key, and the number of tasks that hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


class _AsyncTurn:
    __slots__ = ("_entries", "_key")

    def __init__(self, entries: dict[Hashable, _AsyncEntry], key: Hashable) -> None:
        self._entries = entries
        self._key = key

    async def __aenter__(self) -> None:
        entry = self._entries.get(self._key)
        if entry is None:
            entry = self._entries[self._key] = _AsyncEntry()
        entry.users += 1
        try:
            await entry.lock.acquire()
        except BaseException:
            self._leave(entry)
            raise

    async def __aexit__(self, *raised: object) -> None:
        entry = self._entries[self._key]
        entry.lock.release()
        self._leave(entry)

    def _leave(self, entry: _AsyncEntry) -> None:
        entry.users -= 1
        if not entry.users:
            del self._entries[self._key]


class AsyncKeyedLock:
    """One lock per key: ``async with locks(key):``. Unused keys take no memory.

    ``len(locks)`` is the number of keys in use.
    """

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[Hashable, _AsyncEntry] = {}

    def __call__(self, key: Hashable) -> AbstractAsyncContextManager[object]:
        return _AsyncTurn(self._entries, key)

    def __len__(self) -> int:
        return len(self._entries)


class KeyedLock:
    """One lock per key: ``with locks(key):``. Unused keys take no memory.

    ``len(locks)`` is the number of keys in use.
    """

    __slots__ = ("_guard", "_locks")

    def __init__(self) -> None:
        self._guard = threading.Lock()
        # A thread that holds a lock or waits for it keeps it alive. `__call__` returns the lock itself rather
        # than a wrapper, for the reason given at `Lock`.
        self._locks: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()

    def __call__(self, key: Hashable) -> AbstractContextManager[object]:
        with self._guard:
            lock = self._locks.get(key)
            if lock is None:
                lock = self._locks[key] = threading.Lock()
            return lock

    def __len__(self) -> int:
        return len(self._locks)
