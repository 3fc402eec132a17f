"""Call functions concurrently, call one despite cancellation, and sleep."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import Generic, TypeVar

from .signals import all_done, awaited, join_thread, wait_in_slices

T = TypeVar("T")

_logger = logging.getLogger(__name__)

# A batch that was asked for now begins in the next turn of the loop, before Python 3.12 in the one after. Its
# request waits a turn for each of httpcore's two locks. What is computed before it is sent would delay it.
_TURNS_BEFORE = 4 if sys.version_info >= (3, 12) else 5
# Functions of `AsyncMeanwhile` called in a turn of the loop, and of `Meanwhile` before a thread waits.
_EACH_TURN = 8


async def async_gather(callables: Iterable[Callable[[], Awaitable[T]]], limit: int | None = None) -> list[T]:
    """Call all functions concurrently and return their results in order.

    Each runs in a copy of the caller's context. After the first error no further call starts; running calls
    are cancelled and awaited, and the error is raised.

    Args:
        callables: functions without arguments; not coroutines.
        limit: maximum number of concurrent calls; ``None`` for no limit.
    """
    calls = list(callables)
    width = _width(len(calls), limit)
    return await _AsyncGathering(calls).run(width) if calls else []


class _AsyncGathering(Generic[T]):
    def __init__(self, calls: Sequence[Callable[[], Awaitable[T]]]) -> None:
        self._calls = calls
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[T]] = []
        self._succeeded = 0
        self._failed: asyncio.Task[T] | None = None
        self._stopping = False
        self._over: asyncio.Future[None] = self._loop.create_future()

    async def run(self, width: int) -> list[T]:
        for _ in range(width):
            self._start()
        try:
            await self._over
        finally:
            self._stopping = True
            for task in self._tasks:
                task.cancel()
            await all_done(self._tasks)
        if self._failed is not None:
            self._failed.result()
        return [task.result() for task in self._tasks]

    def _start(self) -> None:
        task = self._loop.create_task(awaited(self._calls[len(self._tasks)]))
        self._tasks.append(task)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[T]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._fail(task)
            return
        self._succeeded += 1
        if self._stopping:
            return
        if len(self._tasks) < len(self._calls):
            self._start()
        elif self._succeeded == len(self._calls) and not self._over.done():
            self._over.set_result(None)

    def _fail(self, task: asyncio.Task[T]) -> None:
        if self._stopping or self._failed is not None:
            if not task.cancelled():
                _log_later_error(task.exception())
            return
        self._failed = task
        self._stopping = True
        if not self._over.done():
            self._over.set_result(None)


def gather(callables: Iterable[Callable[[], T]], limit: int | None = None) -> list[T]:
    """Call all functions concurrently, each on a thread, and return their results in order.

    Each runs in a copy of the caller's context. After the first error no further call starts, and the error
    is raised once running calls have ended. A single call, or ``limit=1``, runs on the caller's thread.

    Args:
        callables: functions without arguments.
        limit: maximum number of concurrent calls; ``None`` for no limit.
    """
    calls = list(callables)
    width = _width(len(calls), limit)
    gathering = _Gathering(calls)
    if width <= 1:
        gathering.work()
    else:
        gathering.run(width)
    return gathering.results()


class _Gathering(Generic[T]):
    def __init__(self, calls: Sequence[Callable[[], T]]) -> None:
        self._calls = calls
        self._context = copy_context()
        self._changed = threading.Condition(threading.Lock())
        self._started = 0
        self._ended = 0
        self._results: dict[int, T] = {}
        self._error: BaseException | None = None

    def run(self, width: int) -> None:
        threads = [
            threading.Thread(target=self.work, name=f"powermem-gather-{number}", daemon=True)
            for number in range(width)
        ]
        try:
            started = []
            for thread in threads:
                try:
                    thread.start()
                except RuntimeError:
                    # The process is at its thread limit: share the calls between this thread and those
                    # already started.
                    self.work()
                    break
                started.append(thread)
            for thread in started:
                join_thread(thread, None)
        except BaseException as error:
            # Ctrl-C may have struck inside `thread.start`, and a half-started thread cannot be joined. So
            # wait until every call that has started has ended.
            self._fail(error)
            wait_in_slices(self._is_quiet, None)

    def work(self) -> None:
        while (index := self._claim()) is not None:
            try:
                self._results[index] = self._context.copy().run(self._calls[index])
            except BaseException as error:
                self._fail(error)
            finally:
                with self._changed:
                    self._ended += 1
                    self._changed.notify()

    def results(self) -> list[T]:
        if self._error is not None:
            raise self._error
        return [self._results[index] for index in range(len(self._calls))]

    def _claim(self) -> int | None:
        with self._changed:
            if self._error is not None or self._started == len(self._calls):
                return None
            self._started += 1
            return self._started - 1

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            if self._error is None:
                self._error = error
                return
        _log_later_error(error)

    def _is_quiet(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._ended == self._started, seconds)


def _width(count: int, limit: int | None) -> int:
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    return count if limit is None else min(count, limit)


def _log_later_error(error: BaseException | None) -> None:
    # Usually the same fault in many calls at once; the first one is raised and stands for all.
    _logger.debug("a gathered call failed after the first error", exc_info=error)


class AsyncMeanwhile:
    """Compute on the event loop while the callers wait for something else.

    What many callers want computed at once is divided among the turns of the loop, so that nobody is held.
    """

    def __init__(self) -> None:
        self._waiting: deque[MeanwhileTask] = deque()
        self._busy = False

    def computing(self, work: Callable[[], None]) -> AbstractContextManager[None]:
        """Call a function during the block, if there is time for it.

        It is called a few turns of the loop later, when the request is on its way that the block waits for. A
        block that ends before that goes without.

        Args:
            work: a function that waits for nothing.
        """
        task = MeanwhileTask(work)
        self._waiting.append(task)
        if not self._busy:
            self._busy = True
            self._take_turns(_TURNS_BEFORE)
        return task

    def _take_turns(self, turns: int) -> None:
        asyncio.get_running_loop().call_soon(self._compute if turns == 1 else self._take_turns, turns - 1)

    def _compute(self, _: int) -> None:
        called = 0
        while self._waiting and called < _EACH_TURN:
            called += self._waiting.popleft().call()
        self._busy = bool(self._waiting)
        if self._busy:
            self._take_turns(1)


class MeanwhileTask:
    """A function to compute meanwhile, and the block during which it may be called.

    Args:
        work: the function; ``None`` once it was called, or its block has ended.
    """

    __slots__ = ("work",)

    def __init__(self, work: Callable[[], None]) -> None:
        self.work: Callable[[], None] | None = work

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, *raised: object) -> None:
        self.work = None

    def call(self) -> bool:
        """Call the function, and return whether it was still needed."""
        work, self.work = self.work, None
        if work is None:
            return False
        try:
            work()
        except Exception:
            _logger.exception("what was computed meanwhile failed")
        return True


# What each thread computes meanwhile.
_own = threading.local()


class Meanwhile:
    """Compute on the thread that waits for the reply: that of the block, or that of its batch."""

    def __init__(self) -> None:
        pass

    def computing(self, work: Callable[[], None]) -> AbstractContextManager[None]:
        """Call a function during the block, if there is time for it.

        It is called when the request is on its way that the block waits for; see `compute_meanwhile`.

        Args:
            work: a function that waits for nothing.
        """
        return self._waiting(MeanwhileTask(work))

    @contextmanager
    def _waiting(self, task: MeanwhileTask) -> Iterator[None]:
        with waiting_for([*meanwhile_tasks(), task]), task:
            yield


def meanwhile_tasks() -> Sequence[MeanwhileTask]:
    """Return what is to be computed while this thread waits."""
    tasks: Sequence[MeanwhileTask] = getattr(_own, "tasks", ())
    return tasks


@contextmanager
def waiting_for(tasks: Sequence[MeanwhileTask]) -> Iterator[None]:
    """Let this thread compute meanwhile for those who wait for what it does in the block."""
    outer = meanwhile_tasks()
    _own.tasks = tasks
    try:
        yield
    finally:
        _own.tasks = outer


def compute_meanwhile() -> None:
    """Compute what `Meanwhile` was asked for; for a thread that has sent a request, before it waits."""
    for task in meanwhile_tasks()[:_EACH_TURN]:
        task.call()


class AsyncTurnstile:
    """Let tasks through that compute something next: a few in each turn of the event loop.

    Otherwise, replies that arrive together would all be read in one turn, and hold the loop.

    Args:
        width: maximum number of tasks in a turn.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._free = width
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a turn of the loop that not too many other tasks have entered."""
        loop = asyncio.get_running_loop()
        if self._free == self._width:
            loop.call_soon(self._admit)
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _admit(self) -> None:
        self._free = self._width
        while self._waiting and self._free:
            turn = self._waiting.popleft()
            # The task may have been cancelled.
            if not turn.done():
                turn.set_result(None)
                self._free -= 1
        if self._free < self._width:
            asyncio.get_running_loop().call_soon(self._admit)


class Turnstile:
    """Let threads through at once, since they hold no event loop."""

    def __init__(self, width: int) -> None:
        del width

    def enter(self) -> None:
        """Go on."""


async def async_shield(fn: Callable[[], Awaitable[T]]) -> T:
    """Run the function to completion even if the caller is cancelled; raise the cancellation afterwards.

    The function runs in a copy of the caller's context. An event loop that shuts down still cancels it, as it
    cancels every task. If the function fails after the caller was cancelled, its error is logged.
    """
    task = asyncio.get_running_loop().create_task(awaited(fn))
    try:
        await all_done([task])
    except asyncio.CancelledError:
        if not task.cancelled() and (error := task.exception()) is not None:
            _logger.error("a shielded call failed after its caller was cancelled: %s", error, exc_info=error)
        raise
    return task.result()


def shield(fn: Callable[[], T]) -> T:
    """Call the function; a thread cannot be cancelled."""
    return fn()


async def async_sleep(seconds: float) -> None:
    """Pause the task."""
    await asyncio.sleep(seconds)


def sleep(seconds: float) -> None:
    """Pause the thread."""
    time.sleep(seconds)
