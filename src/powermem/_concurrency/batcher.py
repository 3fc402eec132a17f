"""Batching: items that arrive while one batch runs form the next batch.

No call waits for others to join it: with a free slot, a batch starts at once, even with a single item. The
batch function serves several callers, so it runs in an empty context rather than in the context of one.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Generic, TypeVar

from ..errors import ClosedError, PowerMemError
from .calls import meanwhile_tasks, waiting_for
from .signals import AsyncEvent, wait_in_slices
from .threads import NO_THREAD, ThreadPool

T = TypeVar("T")
R = TypeVar("R")
E = TypeVar("E", bound=BaseException)

_logger = logging.getLogger("powermem")

_PENDING = object()
_CLOSED = "the batcher is closed and takes no more items"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the size and number of batches.

    Raises:
        ValueError: a limit is below 1.
    """

    max_size: int
    max_running: int
    min_share: int

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1, got {getattr(self, field.name)}")

    def shares(self, waiting: int, free: int) -> list[int]:
        """Return the sizes of the batches that may start now.

        Items are split evenly between the free slots. Shares smaller than ``min_share`` are made only when
        fewer batches could not hold all items.
        """
        if not waiting or free < 1:
            return []
        count = min(free, max(1, waiting // self.min_share, -(-waiting // self.max_size)))
        size, rest = divmod(min(waiting, count * self.max_size), count)
        return [size + 1] * rest + [size] * (count - rest)


def _matching(outcomes: Sequence[R | Exception], count: int) -> list[R | Exception]:
    """Return the outcomes as a list, or raise if there is not exactly one for each item."""
    if len(outcomes) != count:
        raise RuntimeError(f"the batch function returned {len(outcomes)} outcomes for {count} items")
    return list(outcomes)


def _interrupted(cause: BaseException | None) -> PowerMemError:
    """Return the error for a caller whose batch was stopped before it succeeded or failed."""
    error = PowerMemError("the batch was interrupted; its work may or may not have been done")
    error.__cause__ = cause
    return error


def distinct(outcomes: list[R | Exception]) -> list[R | Exception]:
    """Replace repeated occurrences of the same error object by copies.

    One error object raised in several tasks or threads would accumulate the tracebacks of all of them.
    """
    seen: set[int] = set()
    for index, outcome in enumerate(outcomes):
        if not isinstance(outcome, Exception):
            continue
        if id(outcome) in seen:
            outcomes[index] = _copy(outcome)
        seen.add(id(outcome))
    return outcomes


def _copy(error: E) -> E:
    # OSError.args lacks the file name.
    args = OSError.__reduce__(error)[1] if isinstance(error, OSError) else error.args
    try:
        # copy.copy would call __init__ with `args`, which may not match its signature.
        twin = type(error).__new__(type(error), *args)
    except TypeError:
        # A custom __new__ with another signature. A shared traceback is better than a second error.
        return error
    twin.__dict__.update(error.__dict__)
    twin.__cause__, twin.__context__ = error.__cause__, error.__context__
    twin.__suppress_context__ = error.__suppress_context__
    return twin.with_traceback(error.__traceback__)


def _start(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Start a task, from Python 3.12 on at once instead of in the next turn of the event loop."""
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    return loop.create_task(work)


class AsyncBatcher(Generic[T, R]):
    """Collect the items of concurrent tasks into batches.

    Calls made in the same iteration of the event loop share a batch. Cancelling a task withdraws its item if
    the item is still waiting; a batch that has started runs to its end.

    Args:
        run: takes the items of a batch and returns one outcome for each, in order. An ``Exception`` among
            the outcomes is raised only in the caller of that item; an error raised by ``run`` itself is
            raised in every caller of the batch.
        max_size: maximum number of items in a batch.
        max_running: maximum number of batches running at once.
        min_share: waiting items are split between free slots, but not into batches smaller than this.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Awaitable[Sequence[R | Exception]]],
        *,
        max_size: int = 64,
        max_running: int = 1,
        min_share: int = 16,
    ) -> None:
        self._run = run
        self._limits = Limits(max_size, max_running, min_share)
        self._waiting: deque[tuple[T, asyncio.Future[R] | _Place[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._flushing = False
        self._closed = False
        self._idle = AsyncEvent()

    @property
    def waiting(self) -> int:
        """Number of items that no batch has taken yet."""
        return len(self._waiting)

    async def submit(self, item: T) -> R:
        """Process the item in the next batch and return its outcome.

        Raises:
            ClosedError: the batcher is closed.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._enqueue(item, future)
        return await future

    async def submit_many(self, items: Iterable[T]) -> list[R]:
        """Process all items and return their outcomes in order.

        The first error, in the order of the items, is raised once every item has an outcome.

        Raises:
            ClosedError: the batcher is closed.
        """
        taken = list(items)
        group: _Group[R] = _Group(len(taken))
        for index, item in enumerate(taken):
            self._enqueue(item, _Place(group, index))
        return await group.results()

    async def close(self) -> None:
        """Reject new items and wait for accepted ones. Idempotent."""
        self._closed = True
        self._set_idle_if_done()
        await self._idle.wait()

    def _enqueue(self, item: T, place: asyncio.Future[R] | _Place[R]) -> None:
        if self._closed:
            raise ClosedError(_CLOSED)
        self._waiting.append((item, place))
        if not self._flushing and len(self._running) < self._limits.max_running:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush, context=Context())

    def _flush(self) -> None:
        self._flushing = False
        free = self._limits.max_running - len(self._running)
        for size in self._limits.shares(len(self._waiting), free):
            batch = [self._waiting.popleft() for _ in range(size)]
            task = _start(self._perform(batch))
            self._running.add(task)
            task.add_done_callback(partial(self._release, batch))

    async def _perform(self, batch: list[tuple[T, asyncio.Future[R] | _Place[R]]]) -> None:
        live = [(item, future) for item, future in batch if not future.done()]
        if not live:
            return
        try:
            outcomes = _matching(await self._run([item for item, _ in live]), len(live))
        except Exception as error:
            outcomes = [error] * len(live)
        for (_, future), outcome in zip(live, distinct(outcomes), strict=True):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _release(
        self, batch: list[tuple[T, asyncio.Future[R] | _Place[R]]], task: asyncio.Task[None]
    ) -> None:
        self._running.discard(task)
        cause = None if task.cancelled() else task.exception()
        if task.cancelled() or cause is not None:
            for _, future in batch:
                if not future.done():
                    future.set_exception(_interrupted(cause))
        # Tasks that this batch woke have already run, so items they submitted join the next batch.
        self._flush()
        self._set_idle_if_done()

    def _set_idle_if_done(self) -> None:
        if self._closed and not self._waiting and not self._running:
            self._idle.set()


class _Group(Generic[R]):
    """One call of ``submit_many``: a single future for all of its items.

    Attributes:
        outcomes: one for each item, ``_PENDING`` until it is known.
        unsettled: number of items without an outcome.
        settled: done once every item has an outcome, or the caller was cancelled.
    """

    __slots__ = ("outcomes", "settled", "unsettled")

    def __init__(self, count: int) -> None:
        self.outcomes: list[Any] = [_PENDING] * count
        self.unsettled = count
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def results(self) -> list[R]:
        """Wait for all outcomes; raise the first error among them."""
        if self.outcomes:
            await self.settled
        for outcome in self.outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return self.outcomes


class _Place(Generic[R]):
    """Where the outcome of an item of a group goes. A future would cost five times as much."""

    __slots__ = ("_group", "_index")

    def __init__(self, group: _Group[R], index: int) -> None:
        self._group = group
        self._index = index

    def done(self) -> bool:
        """Return whether nobody waits for it."""
        return self._group.settled.done() or self._group.outcomes[self._index] is not _PENDING

    def set_result(self, outcome: R | Exception) -> None:
        """Settle the item."""
        group = self._group
        group.outcomes[self._index] = outcome
        group.unsettled -= 1
        if not group.unsettled:
            group.settled.set_result(None)

    set_exception = set_result


class AsyncThreadBatcher(Generic[T, R]):
    """Collect the items of concurrent tasks into batches that a blocking function processes on threads.

    A thread takes what waits when it begins a batch, so calls of one turn of the event loop share a batch,
    and the next batch begins without a turn of the loop. Cancelling a task withdraws its item if the item is
    still waiting; a batch that has started runs to its end.

    Args:
        run: as of ``AsyncBatcher``, but blocking.
        max_size: maximum number of items in a batch.
        max_running: maximum number of batches running at once, each on a thread.
        after: called after each batch, on the event loop and before ``close`` returns.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R | Exception]],
        *,
        max_size: int = 64,
        max_running: int = 1,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._run = run
        self._limits = Limits(max_size, max_running, 1)
        self._after = after
        self._pool = ThreadPool(max_running)
        # Each method of a deque is atomic.
        self._waiting: deque[tuple[T, asyncio.Future[R] | _Place[R]]] = deque()
        self._called = False
        self._accepted = 0
        self._closed = False
        self._idle = AsyncEvent()

    @property
    def waiting(self) -> int:
        """Number of items that no batch has taken yet."""
        return len(self._waiting)

    async def submit(self, item: T) -> R:
        """Process the item in the next batch and return its outcome.

        Raises:
            ClosedError: the batcher is closed.
            PowerMemError: no thread can be started; the item was not processed.
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._enqueue([(item, future)])
        return await future

    async def submit_many(self, items: Iterable[T]) -> list[R]:
        """Process all items and return their outcomes in order. See ``AsyncBatcher.submit_many``.

        Raises:
            ClosedError: the batcher is closed.
            PowerMemError: no thread can be started; no item was processed.
        """
        taken = list(items)
        group: _Group[R] = _Group(len(taken))
        self._enqueue([(item, _Place(group, index)) for index, item in enumerate(taken)])
        return await group.results()

    async def close(self) -> None:
        """Reject new items and wait for accepted ones. Idempotent."""
        self._closed = True
        self._set_idle_if_done()
        await self._idle.wait()
        self._pool.close()
        # Does not block noticeably: the thread is idle by now.
        self._pool.join()

    def _enqueue(self, entries: list[tuple[T, asyncio.Future[R] | _Place[R]]]) -> None:
        if self._closed:
            raise ClosedError(_CLOSED)
        self._waiting.extend(entries)
        # A thread resets the flag before it takes what waits, so it finds these items either way.
        if entries and not self._called:
            self._called = True
            if not self._pool.submit(partial(self._run_batches, asyncio.get_running_loop())):
                self._called = False
                for entry in entries:
                    self._waiting.remove(entry)
                raise PowerMemError(f"{NO_THREAD}; nothing of this call was done")
        self._accepted += len(entries)

    def _run_batches(self, loop: asyncio.AbstractEventLoop) -> None:
        self._called = False
        while batch := self._take():
            live = [(item, future) for item, future in batch if not future.done()]
            outcomes = self._perform([item for item, _ in live]) if live else []
            settle = partial(self._settle, len(batch), [future for _, future in live], outcomes)
            try:
                loop.call_soon_threadsafe(settle)
            except RuntimeError:
                # The event loop was closed in the meantime, so no task is left to receive the outcomes.
                _logger.warning("a batch outlived its event loop")

    def _take(self) -> list[tuple[T, asyncio.Future[R] | _Place[R]]]:
        batch = []
        # Another thread may take what is counted here.
        with suppress(IndexError):
            for _ in range(min(len(self._waiting), self._limits.max_size)):
                batch.append(self._waiting.popleft())
        return batch

    def _perform(self, items: list[T]) -> list[R | Exception]:
        try:
            return distinct(_matching(self._run(items), len(items)))
        except Exception as error:
            errors: list[R | Exception] = [error] * len(items)
        except BaseException as error:
            errors = [_interrupted(error)] * len(items)
        return distinct(errors)

    def _settle(
        self,
        taken: int,
        futures: Sequence[asyncio.Future[R] | _Place[R]],
        outcomes: Sequence[R | Exception],
    ) -> None:
        self._accepted -= taken
        if self._after is not None:
            self._after()
        for future, outcome in zip(futures, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        self._set_idle_if_done()

    def _set_idle_if_done(self) -> None:
        if self._closed and not self._accepted:
            self._idle.set()


class _Call(Generic[T, R]):
    """One call of ``submit`` or ``submit_many``.

    Only the batcher's threads modify it, except for ``abandoned``, which the caller sets.

    Attributes:
        items: the items to process.
        outcomes: one for each item, ``_PENDING`` until it is known.
        taken: number of items that have gone into a batch.
        unsettled: number of items without an outcome.
        abandoned: whether the caller was interrupted and no longer waits.
        gate: held until every item has an outcome.
        meanwhile: what the caller wants computed while it waits.
    """

    __slots__ = ("_run_batches", "abandoned", "gate", "items", "meanwhile", "outcomes", "taken", "unsettled")

    def __init__(self, items: list[T], run_batches: Callable[[_Call[T, R]], None]) -> None:
        self.items = items
        self.outcomes: list[Any] = [_PENDING] * len(items)
        self.taken = 0
        self.unsettled = len(items)
        self.abandoned = False
        self.gate = threading.Lock()
        self.gate.acquire()
        self.meanwhile = meanwhile_tasks()
        self._run_batches = run_batches

    def __call__(self) -> None:
        self._run_batches(self)


class Batcher(Generic[T, R]):
    """Collect the items of concurrent threads into batches.

    Batches run on the batcher's own threads, so an interrupt in one caller's thread does not affect other
    callers: the interrupted caller's item is withdrawn if no batch has taken it, and processed otherwise.

    Args:
        run: takes the items of a batch and returns one outcome for each, in order. An ``Exception`` among
            the outcomes is raised only in the caller of that item; an error raised by ``run`` itself is
            raised in every caller of the batch.
        max_size: maximum number of items in a batch.
        max_running: maximum number of batches running at once.
        min_share: waiting items are split between free slots, but not into batches smaller than this.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R | Exception]],
        *,
        max_size: int = 64,
        max_running: int = 1,
        min_share: int = 16,
    ) -> None:
        self._run = run
        self._limits = Limits(max_size, max_running, min_share)
        self._pool = ThreadPool(max_running)
        # Guards the two attributes below, which only the batcher's threads use. A caller's thread never
        # takes it: an interrupt there could leave it locked.
        self._lock = threading.Lock()
        self._waiting: deque[_Call[T, R]] = deque()
        self._running = 0
        # Used only by the property `waiting`.
        self._accepted: set[_Call[T, R]] = set()

    @property
    def waiting(self) -> int:
        """Number of items that no batch has taken yet."""
        return sum(len(call.items) - call.taken for call in list(self._accepted))

    def submit(self, item: T) -> R:
        """Process the item in the next batch and return its outcome. See ``AsyncBatcher.submit``."""
        return self._process([item])[0]

    def submit_many(self, items: Iterable[T]) -> list[R]:
        """Process all items and return their outcomes in order. See ``AsyncBatcher.submit_many``."""
        return self._process(list(items))

    def close(self) -> None:
        """Reject new items and wait for accepted ones. Idempotent."""
        self._pool.close()
        self._pool.join()

    def _process(self, items: list[T]) -> list[R]:
        call: _Call[T, R] = _Call(items, self._run_batches)
        try:
            self._accepted.add(call)
            if not items and not self._pool.closed:
                return []
            if self._pool.submit(call):
                wait_in_slices(partial(call.gate.acquire, True), None)
            elif self._pool.closed:
                raise ClosedError(_CLOSED)
            else:
                self._process_inline(call)
        except BaseException:
            # `_take` skips items of an abandoned call that no batch has taken yet.
            call.abandoned = True
            raise
        finally:
            self._accepted.discard(call)
        for outcome in call.outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return call.outcomes

    def _process_inline(self, call: _Call[T, R]) -> None:
        """Process a call on the caller's thread, because no other thread could be started."""
        size = self._limits.max_size
        for start in range(0, len(call.items), size):
            batch = [(call, index) for index in range(start, min(start + size, len(call.items)))]
            self._settle(batch, self._perform(batch))

    def _run_batches(self, call: _Call[T, R] | None) -> None:
        """Run batches until no item waits; called on a pool thread at least once for each call."""
        with self._lock:
            if call is not None:
                self._waiting.append(call)
        while True:
            with self._lock:
                # Calls are submitted to the pool one by one. Draining its queue here lets this batch include
                # all that have arrived, instead of starting a thread for each.
                while (further := self._pool.next()) is not None:
                    if isinstance(further, _Call):
                        self._waiting.append(further)
                batch = self._take()
                if not batch:
                    return
                self._running += 1
                more = bool(self._waiting) and self._running < self._limits.max_running
            if more:
                self._pool.submit(partial(self._run_batches, None))
            outcomes = self._perform(batch)
            with self._lock:
                self._running -= 1
            self._settle(batch, outcomes)
            if not self._waiting and not self._pool.waiting:
                # A call that arrives from here on gets a pool thread of its own.
                return

    def _perform(self, batch: list[tuple[_Call[T, R], int]]) -> Sequence[R | BaseException]:
        items = [call.items[index] for call, index in batch]
        calls = dict.fromkeys(call for call, _ in batch)
        try:
            with waiting_for([task for call in calls for task in call.meanwhile]):
                return distinct(_matching(Context().run(self._run, items), len(items)))
        except Exception as error:
            errors: list[R | Exception] = [error] * len(items)
            return distinct(errors)
        except BaseException as error:
            # SystemExit or KeyboardInterrupt raised by the function itself: one caller re-raises it, the
            # others get an error of ours with it as the cause.
            return [error, *(_interrupted(error) for _ in items[1:])]

    def _take(self) -> list[tuple[_Call[T, R], int]]:
        """Return the items of the next batch, none if no slot is free; called with the lock held."""
        # An abandoned call leaves the queue here, before it could take part of a batch.
        waiting = self._waiting = deque([call for call in self._waiting if not call.abandoned])
        if len(waiting) == 1 and len(waiting[0].items) == 1:
            # By far the most common case: a single item, which nothing has to be divided for.
            if self._running < self._limits.max_running:
                call = waiting.popleft()
                call.taken = 1
                return [(call, 0)]
            return []
        count = sum(len(call.items) - call.taken for call in waiting)
        free = min(self._limits.max_running - self._running, len(waiting))
        shares = self._limits.shares(count, free)
        room = shares[0] if shares else 0
        batch: list[tuple[_Call[T, R], int]] = []
        while room and waiting:
            call = waiting[0]
            until = min(call.taken + room, len(call.items))
            room -= until - call.taken
            batch.extend((call, index) for index in range(call.taken, until))
            call.taken = until
            if until == len(call.items):
                waiting.popleft()
        return batch

    def _settle(self, batch: list[tuple[_Call[T, R], int]], outcomes: Sequence[R | BaseException]) -> None:
        with self._lock:
            settled = []
            for (call, index), outcome in zip(batch, outcomes, strict=True):
                call.outcomes[index] = outcome
                call.unsettled -= 1
                if not call.unsettled:
                    settled.append(call)
        for call in settled:
            call.gate.release()


class ThreadBatcher(Generic[T, R]):
    """Collect the items of concurrent threads into batches that a blocking function processes.

    Args:
        run: as of ``Batcher``.
        max_size: maximum number of items in a batch.
        max_running: maximum number of batches running at once.
        after: called after each batch, before ``close`` returns.
    """

    def __init__(
        self,
        run: Callable[[list[T]], Sequence[R | Exception]],
        *,
        max_size: int = 64,
        max_running: int = 1,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._run = run
        self._after = after
        self._batcher = Batcher(self._perform, max_size=max_size, max_running=max_running)

    @property
    def waiting(self) -> int:
        """Number of items that no batch has taken yet."""
        return self._batcher.waiting

    def submit(self, item: T) -> R:
        """Process the item in the next batch and return its outcome. See ``AsyncThreadBatcher.submit``."""
        return self._batcher.submit(item)

    def submit_many(self, items: Iterable[T]) -> list[R]:
        """Process all items and return their outcomes in order. See ``AsyncBatcher.submit_many``."""
        return self._batcher.submit_many(items)

    def close(self) -> None:
        """Reject new items and wait for accepted ones. Idempotent."""
        self._batcher.close()

    def _perform(self, items: list[T]) -> Sequence[R | Exception]:
        outcomes = self._run(items)
        if self._after is not None:
            self._after()
        return outcomes
