"""Work for callers of either colour, handed to where a memory lives: its event loop, or threads."""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Generic, TypeAlias, TypeVar

from ..errors import ClosedError, PowerMemError
from .pool import NO_THREAD

T = TypeVar("T")

LoopFuture: TypeAlias = asyncio.Future
"""What an event loop's tasks await."""

_END = object()


class AsyncBridge:
    """Call async functions on a memory's event loop, whoever asks for it.

    Args:
        name: names it in errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self) -> None:
        """Remember where the memory lives, if the caller is there and it is not known yet."""
        if self._loop is None:
            self._loop = _running_loop()

    @property
    def at_home(self) -> bool:
        """Whether the caller is where the work is done, so that it cannot block until it is done."""
        self.attach()
        return self._loop is not None and self._loop is _running_loop()

    def submit(self, fn: Callable[[], Awaitable[T]]) -> Future[T]:
        """Begin the function and return what it will return. Cancelling that cancels the function.

        Raises:
            ClosedError: the event loop is not known, or does not run.
        """
        loop = self._home()
        work = _awaited(fn)
        try:
            return asyncio.run_coroutine_threadsafe(work, loop)
        except BaseException:
            work.close()
            raise

    def begin(self, fn: Callable[[], Awaitable[T]]) -> LoopFuture[T]:
        """Begin the function for a caller on any event loop; otherwise like ``submit``."""
        loop = _running_loop()
        if loop is not None and loop is self._home():
            # Nearest by far: no lock, no system call.
            return loop.create_task(_awaited(fn))
        return asyncio.wrap_future(self.submit(fn))

    def tell(self, fn: Callable[[], object]) -> None:
        """Have a function called that does not wait for anything; do not wait for it.

        Raises:
            ClosedError: as for ``submit``.
        """
        loop = self._home()
        if loop is _running_loop():
            fn()
        else:
            loop.call_soon_threadsafe(fn)

    async def close(self) -> None:
        """Give up what is held; may be called again."""

    def _home(self) -> asyncio.AbstractEventLoop:
        self.attach()
        loop = self._loop
        if loop is None:
            raise ClosedError(
                f"{self._name}: the memory belongs to no event loop yet; await its initialize() first"
            )
        if not loop.is_running():
            raise ClosedError(f"{self._name}: the event loop that the memory belongs to does not run")
        return loop


async def _awaited(fn: Callable[[], Awaitable[T]]) -> T:
    return await fn()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class Bridge:
    """Call functions on threads, whoever asks for it.

    Args:
        name: the prefix of the threads' names.
    """

    _WIDTH = 32

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    def attach(self) -> None:
        """Do nothing: threads are everywhere."""

    @property
    def at_home(self) -> bool:
        """Whether the caller is where the work is done; never."""
        return False

    def submit(self, fn: Callable[[], T]) -> Future[T]:
        """Begin the function and return what it will return. Cancelling that takes it back, if it waits.

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
        """Begin the function for a caller on an event loop; otherwise like ``submit``."""
        return asyncio.wrap_future(self.submit(fn))

    def tell(self, fn: Callable[[], object]) -> None:
        """Call a function that does not wait for anything."""
        fn()

    def close(self) -> None:
        """Refuse new work, forget what waits and finish what is under way; may be called again."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(cancel_futures=True)


class AsyncMailbox(Generic[T]):
    """Items left by any thread, also while an object is being collected, for one task to take."""

    def __init__(self) -> None:
        self._items: deque[object] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Whether items were left that are not taken."""
        return bool(self._items)

    def post(self, item: T) -> None:
        """Leave an item; never waits.

        Raises:
            RuntimeError: the event loop of whoever takes them is closed.
        """
        self._post(item)

    def end(self) -> None:
        """Let ``take`` return nothing once everything before was taken."""
        self._post(_END)

    async def take(self, limit: Callable[[], int]) -> list[T]:
        """Return the items that have arrived, at least one and so many at most; none after ``end``.

        Args:
            limit: says how many, when something has arrived.
        """
        self._loop = asyncio.get_running_loop()
        while not self._items:
            self._arrived.clear()
            # Whatever arrived in between has been left by a thread that did not see the loop.
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
        if loop is _running_loop():
            self._arrived.set()
        else:
            loop.call_soon_threadsafe(self._arrived.set)


class Mailbox(Generic[T]):
    """Items left by any thread, also while an object is being collected, for one thread to take."""

    def __init__(self) -> None:
        # The one queue whose `put` may interrupt itself.
        self._items: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ended = False

    @property
    def waiting(self) -> bool:
        """Whether items were left that are not taken."""
        return not self._items.empty()

    def post(self, item: T) -> None:
        """Leave an item; never waits."""
        self._items.put(item)

    def end(self) -> None:
        """Let ``take`` return nothing once everything before was taken."""
        self._items.put(_END)

    def take(self, limit: Callable[[], int]) -> list[T]:
        """Return the items that have arrived, at least one and so many at most; none after ``end``.

        Args:
            limit: says how many, when something has arrived.
        """
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
    """Call a function when the event loop ends, as ``asyncio.run`` ends it.

    Args:
        fn: is awaited once, after the loop's tasks were cancelled, unless ``cancel`` was called before.
    """

    def __init__(self, fn: Callable[[], Awaitable[object]]) -> None:
        self._fn: Callable[[], Awaitable[object]] | None = fn
        self._waiting: AsyncGenerator[None, None] | None = None

    def start(self) -> None:
        """Begin to wait for the end of the running event loop; do nothing when it is under way."""
        if self._waiting is None:
            self._waiting = self._wait()
            # A generator that has begun is what an event loop closes at its end.
            _step(self._waiting.__anext__())

    def cancel(self) -> None:
        """Call nothing at the end."""
        self._fn = None
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            _step(waiting.aclose())

    async def _wait(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            # By now it is closed already.
            self._waiting = None
            fn, self._fn = self._fn, None
            if fn is not None:
                await fn()


class AtExit:
    """Call a function when the process ends by itself.

    Args:
        fn: is called once, unless ``cancel`` was called before.
    """

    def __init__(self, fn: Callable[[], object]) -> None:
        self._fn = fn
        self._started = False

    def start(self) -> None:
        """Begin to wait for the end of the process; do nothing when it is under way."""
        if not self._started:
            self._started = True
            atexit.register(self._fn)

    def cancel(self) -> None:
        """Call nothing at the end."""
        if self._started:
            self._started = False
            atexit.unregister(self._fn)


def _step(work: Awaitable[object]) -> None:
    """Run what waits for nothing."""
    try:
        work.__await__().send(None)
    except StopIteration:
        return
