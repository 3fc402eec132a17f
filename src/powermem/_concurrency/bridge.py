"""Hand work from callers of either colour to a memory: to its event loop, or to threads."""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Generic, TypeAlias, TypeVar

from ..errors import ClosedError, PowerMemError
from .signals import awaited, running_loop
from .threads import NO_THREAD

T = TypeVar("T")

LoopFuture: TypeAlias = asyncio.Future
"""A future that tasks of an event loop can await."""

_END = object()


class AsyncBridge:
    """Call async functions on the event loop that a memory belongs to, from any task or thread.

    Args:
        name: used in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self) -> None:
        """Take the caller's event loop as that of the memory, unless one is known already."""
        if self._loop is None:
            self._loop = running_loop()

    @property
    def on_own_loop(self) -> bool:
        """Whether the caller runs on the memory's event loop, where blocking for a result would deadlock."""
        self.attach()
        return self._loop is not None and self._loop is running_loop()

    def submit(self, fn: Callable[[], Awaitable[T]]) -> Future[T]:
        """Start the function and return a future of its result. Cancelling the future cancels the function.

        Raises:
            ClosedError: the memory's event loop is unknown or not running.
        """
        loop = self._running_own_loop()
        work = awaited(fn)
        try:
            return asyncio.run_coroutine_threadsafe(work, loop)
        except BaseException:
            work.close()
            raise

    def begin(self, fn: Callable[[], Awaitable[T]]) -> LoopFuture[T]:
        """Start the function and return a future that the caller's event loop can await; see ``submit``."""
        loop = running_loop()
        if loop is not None and loop is self._running_own_loop():
            # A task costs no lock and no system call, unlike waking another thread.
            return loop.create_task(awaited(fn))
        return asyncio.wrap_future(self.submit(fn))

    async def within(self, fn: Callable[[], Awaitable[T]], timeout: float | None) -> T:
        """Return the result of the function, for a caller on the memory's event loop.

        Raises:
            TimeoutError: it took more than ``timeout`` seconds, and was cancelled.
        """
        future = self.begin(fn)
        try:
            done, _ = await asyncio.wait({future}, timeout=timeout)
            if not done:
                raise TimeoutError
            return future.result()
        finally:
            future.cancel()

    def call_soon(self, fn: Callable[[], object]) -> None:
        """Schedule a function that does not block, without waiting for it.

        Raises:
            ClosedError: as for ``submit``.
        """
        loop = self._running_own_loop()
        if loop is running_loop():
            fn()
        else:
            loop.call_soon_threadsafe(fn)

    async def close(self) -> None:
        """Do nothing; the event loop belongs to the program."""

    def _running_own_loop(self) -> asyncio.AbstractEventLoop:
        self.attach()
        loop = self._loop
        if loop is None:
            raise ClosedError(
                f"{self._name}: the memory belongs to no event loop yet; await its initialize() first"
            )
        if not loop.is_running():
            raise ClosedError(f"{self._name}: the event loop that the memory belongs to does not run")
        return loop


class Bridge:
    """Call functions on threads, for callers on any task or thread.

    Args:
        name: prefix of the names of the threads.
    """

    _WIDTH = 32

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    def attach(self) -> None:
        """Do nothing; a sync memory belongs to no event loop."""

    @property
    def on_own_loop(self) -> bool:
        """Always ``False``: waiting for another thread does not deadlock."""
        return False

    def submit(self, fn: Callable[[], T]) -> Future[T]:
        """Start the function and return a future of its result. Cancelling works until the function starts.

        Raises:
            ClosedError: ``close`` was called before.
            PowerMemError: no thread can be started.
        """
        with self._lock:
            if self._closed:
                raise ClosedError(f"{self._name}: the memory was closed")
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._WIDTH, thread_name_prefix=self._name)
            try:
                return self._threads.submit(copy_context().run, fn)
            except RuntimeError as error:
                raise PowerMemError(NO_THREAD) from error

    def begin(self, fn: Callable[[], T]) -> LoopFuture[T]:
        """Start the function and return a future that the caller's event loop can await; see ``submit``."""
        return asyncio.wrap_future(self.submit(fn))

    def within(self, fn: Callable[[], T], timeout: float | None) -> T:
        """Return the result of the function.

        Raises:
            TimeoutError: it took more than ``timeout`` seconds; what has started continues, unobserved.
        """
        future = self.submit(fn)
        try:
            # Not `result(timeout)`, whose error before Python 3.11 is no `TimeoutError`.
            if not wait([future], timeout).done:
                raise TimeoutError
            return future.result()
        finally:
            future.cancel()

    def call_soon(self, fn: Callable[[], object]) -> None:
        """Call a function that does not block."""
        fn()

    def close(self) -> None:
        """Reject new functions, drop queued ones and wait for running ones. Idempotent."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(cancel_futures=True)


class AsyncMailbox(Generic[T]):
    """A queue that any thread, and any ``__del__``, may put items into, for one task to take."""

    def __init__(self) -> None:
        self._items: deque[object] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Whether there are items that were not taken yet."""
        return bool(self._items)

    def post(self, item: T) -> None:
        """Add an item; never waits.

        Raises:
            RuntimeError: the event loop of the receiving task is closed.
        """
        self._post(item)

    def end(self) -> None:
        """Make ``take`` return an empty list once all items before this call are taken."""
        self._post(_END)

    async def take(self, limit: Callable[[], int]) -> list[T]:
        """Wait for items and return them, none after ``end``.

        Args:
            limit: returns the maximum number of items; called once items have arrived.
        """
        self._loop = asyncio.get_running_loop()
        while not self._items:
            self._arrived.clear()
            # Check again: a thread that did not see `_loop` yet adds an item without setting the event.
            if not self._items:
                await self._arrived.wait()
        taken: list[T] = []
        while self._items and len(taken) < limit():
            item = self._items.popleft()
            if item is _END:
                if taken:
                    self._items.appendleft(_END)
                break
            taken.append(item)  # type: ignore[arg-type]
        return taken

    def _post(self, item: object) -> None:
        self._items.append(item)
        loop = self._loop
        if loop is None:
            return
        if loop is running_loop():
            self._arrived.set()
        else:
            loop.call_soon_threadsafe(self._arrived.set)


class Mailbox(Generic[T]):
    """A queue that any thread, and any ``__del__``, may put items into, for one thread to take."""

    def __init__(self) -> None:
        # The only queue whose `put` is reentrant: a `__del__` may run in the middle of another `put`.
        self._items: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ended = False

    @property
    def waiting(self) -> bool:
        """Whether there are items that were not taken yet."""
        return not self._items.empty()

    def post(self, item: T) -> None:
        """Add an item; never waits."""
        self._items.put(item)

    def end(self) -> None:
        """Make ``take`` return an empty list once all items before this call are taken."""
        self._items.put(_END)

    def take(self, limit: Callable[[], int]) -> list[T]:
        """Wait for items and return them, none after ``end``. See ``AsyncMailbox.take``."""
        taken: list[T] = []
        while not self._ended and (not taken or len(taken) < limit()):
            try:
                item = self._items.get(block=not taken)
            except queue.Empty:
                break
            if item is _END:
                self._ended = True
            else:
                taken.append(item)  # type: ignore[arg-type]
        if not taken:
            self._ended = False
        return taken


class AsyncAtExit:
    """Call a function when the event loop shuts down, as at the end of ``asyncio.run``.

    Args:
        fn: awaited once, after the loop's tasks were cancelled, unless ``cancel`` was called before.
    """

    def __init__(self, fn: Callable[[], Awaitable[object]]) -> None:
        self._fn: Callable[[], Awaitable[object]] | None = fn
        self._waiting: AsyncGenerator[None, None] | None = None

    def start(self) -> None:
        """Register with the running event loop; do nothing if that was done before."""
        if self._waiting is None:
            self._waiting = self._wait()
            # asyncio has no exit hook. But it closes async generators that have started, and this one calls
            # the function from its `finally`.
            _step(self._waiting.__anext__())

    def cancel(self) -> None:
        """Do not call the function."""
        self._fn = None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            _step(waiting.aclose())

    async def _wait(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            # The generator is being closed right now, so `cancel` must not close it as well.
            self._waiting = None
            fn, self._fn = self._fn, None
            if fn is not None:
                await fn()


class AtExit:
    """Call a function when the interpreter exits.

    Args:
        fn: called once, unless ``cancel`` was called before.
    """

    def __init__(self, fn: Callable[[], object]) -> None:
        self._fn = fn
        self._started = False

    def start(self) -> None:
        """Register with the interpreter; do nothing if that was done before."""
        if not self._started:
            self._started = True
            atexit.register(self._fn)

    def cancel(self) -> None:
        """Do not call the function."""
        if self._started:
            self._started = False
            atexit.unregister(self._fn)


def _step(work: Awaitable[object]) -> None:
    """Run an awaitable that never suspends to its end."""
    try:
        work.__await__().send(None)
    except StopIteration:
        return
