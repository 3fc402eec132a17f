"""Many calls, few requests: what arrives while a batch is under way becomes the next batch.

Nobody waits for company: a call that finds a free slot starts at once, alone if it is alone. The function
that does the work belongs to no single caller, so it runs in an empty context.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from functools import partial
from typing import Any, Generic, TypeVar

from ..errors import ClosedError
from .batches import CLOSED, Limits, distinct, interrupted, matching
from .pool import ThreadPool
from .signals import AsyncEvent
from .waiting import patiently

T = TypeVar("T")
R = TypeVar("R")

_PENDING = object()


class AsyncBatcher(Generic[T, R]):
    """Collect the items of concurrent tasks into batches.

    Calls made in the same turn of the event loop share the first batch. A task that is cancelled while
    its item waits takes the item away; a batch that has begun is finished, whoever left.

    Args:
        run: takes the items of a batch and returns one outcome for each, in order. An ``Exception`` among
            the outcomes is raised in that item's caller only; an error of ``run`` itself in every caller
            of the batch.
        max_size: the most items in a batch.
        max_running: how many batches may be under way at once.
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
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._flushing = False
        self._closed = False
        self._idle = AsyncEvent()

    @property
    def waiting(self) -> int:
        """How many items wait for a batch."""
        return len(self._waiting)

    async def submit(self, item: T) -> R:
        """Have the item worked on in the next batch and return its outcome.

        Raises:
            ClosedError: ``close`` was called before.
        """
        return await self._enqueue(item)

    async def submit_many(self, items: Iterable[T]) -> list[R]:
        """Have all items worked on and return their outcomes in order.

        The first error, in the order of the items, is raised when all are settled.

        Raises:
            ClosedError: ``close`` was called before.
        """
        futures = [self._enqueue(item) for item in list(items)]
        results: list[R] = []
        errors: list[Exception] = []
        try:
            for future in futures:
                try:
                    results.append(await future)
                except Exception as error:
                    errors.append(error)
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        if errors:
            raise errors[0]
        return results

    async def close(self) -> None:
        """Refuse new items and wait for those accepted; may be called again."""
        self._closed = True
        self._rest()
        await self._idle.wait()

    def _enqueue(self, item: T) -> asyncio.Future[R]:
        if self._closed:
            raise ClosedError(CLOSED)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, future))
        if not self._flushing and len(self._running) < self._limits.max_running:
            self._flushing = True
            loop.call_soon(self._flush, context=Context())
        return future

    def _flush(self) -> None:
        self._flushing = False
        free = self._limits.max_running - len(self._running)
        for size in self._limits.shares(len(self._waiting), free):
            batch = [self._waiting.popleft() for _ in range(size)]
            task = asyncio.get_running_loop().create_task(self._perform(batch))
            self._running.add(task)
            task.add_done_callback(partial(self._release, batch))

    async def _perform(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        live = [(item, future) for item, future in batch if not future.done()]
        if not live:
            return
        try:
            outcomes = matching(await self._run([item for item, _ in live]), len(live))
        except Exception as error:
            outcomes = [error] * len(live)
        for (_, future), outcome in zip(live, distinct(outcomes), strict=True):
            if future.done():
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _release(self, batch: list[tuple[T, asyncio.Future[R]]], task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        cause = None if task.cancelled() else task.exception()
        if task.cancelled() or cause is not None:
            for _, future in batch:
                if not future.done():
                    future.set_exception(interrupted(cause))
        # The tasks that the last batch has woken ran just before this, so what they submitted is included.
        self._flush()
        self._rest()

    def _rest(self) -> None:
        if self._closed and not self._waiting and not self._running:
            self._idle.set()


class _Call(Generic[T, R]):
    """One call of ``submit`` or ``submit_many``. Only the threads of the batcher change it, but for ``left``.

    Attributes:
        items: what is to be worked on.
        outcomes: of the items, as far as there are any.
        taken: how many items went into a batch.
        unsettled: how many have no outcome.
        left: whether the caller was interrupted and waits no more.
        gate: held until every item is settled.
    """

    __slots__ = ("_lead", "gate", "items", "left", "outcomes", "taken", "unsettled")

    def __init__(self, items: list[T], lead: Callable[[_Call[T, R]], None]) -> None:
        self.items = items
        self.outcomes: list[Any] = [_PENDING] * len(items)
        self.taken = 0
        self.unsettled = len(items)
        self.left = False
        self.gate = threading.Lock()
        self.gate.acquire()
        self._lead = lead

    def __call__(self) -> None:
        self._lead(self)


class Batcher(Generic[T, R]):
    """Collect the items of concurrent threads into batches.

    Batches run on threads of the batcher, so an interrupt that strikes a caller harms no other caller: its
    item is taken away when no batch has it yet, and is worked on otherwise.

    Args:
        run: takes the items of a batch and returns one outcome for each, in order. An ``Exception`` among
            the outcomes is raised in that item's caller only; an error of ``run`` itself in every caller
            of the batch.
        max_size: the most items in a batch.
        max_running: how many batches may be under way at once.
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
        # What follows is of the batcher's threads alone, and guarded by this lock.
        self._lock = threading.Lock()
        self._waiting: deque[_Call[T, R]] = deque()
        self._running = 0
        # For `waiting` only.
        self._accepted: set[_Call[T, R]] = set()

    @property
    def waiting(self) -> int:
        """How many items wait for a batch."""
        return sum(len(call.items) - call.taken for call in list(self._accepted))

    def submit(self, item: T) -> R:
        """Have the item worked on in the next batch and return its outcome.

        Raises:
            ClosedError: ``close`` was called before.
        """
        return self._work([item])[0]

    def submit_many(self, items: Iterable[T]) -> list[R]:
        """Have all items worked on and return their outcomes in order.

        The first error, in the order of the items, is raised when all are settled.

        Raises:
            ClosedError: ``close`` was called before.
        """
        return self._work(list(items))

    def close(self) -> None:
        """Refuse new items and wait for those accepted; may be called again."""
        self._pool.close()
        self._pool.join()

    def _work(self, items: list[T]) -> list[R]:
        call: _Call[T, R] = _Call(items, self._lead)
        try:
            self._accepted.add(call)
            if not items and not self._pool.closed:
                return []
            if self._pool.submit(call):
                patiently(partial(call.gate.acquire, True), None)
            elif self._pool.closed:
                raise ClosedError(CLOSED)
            else:
                self._work_here(call)
        except BaseException:
            # A call that no batch has taken yet is passed over.
            call.left = True
            raise
        finally:
            self._accepted.discard(call)
        for outcome in call.outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return call.outcomes

    def _work_here(self, call: _Call[T, R]) -> None:
        """Work on a call alone: there is no thread to be had."""
        size = self._limits.max_size
        for start in range(0, len(call.items), size):
            batch = [(call, index) for index in range(start, min(start + size, len(call.items)))]
            self._settle(batch, self._perform(batch))

    def _lead(self, call: _Call[T, R] | None) -> None:
        """Run batches until nothing waits; called on a thread of the pool, once for each call at least."""
        with self._lock:
            if call is not None:
                self._waiting.append(call)
        while True:
            with self._lock:
                while (further := self._pool.next()) is not None:
                    if isinstance(further, _Call):
                        self._waiting.append(further)
                batch = self._take()
                if not batch:
                    return
                self._running += 1
                more = bool(self._waiting) and self._running < self._limits.max_running
            if more:
                self._pool.submit(partial(self._lead, None))
            outcomes = self._perform(batch)
            with self._lock:
                self._running -= 1
            self._settle(batch, outcomes)
            if not self._waiting and not self._pool.waiting:
                # What comes from here on leads for itself.
                return

    def _perform(self, batch: list[tuple[_Call[T, R], int]]) -> Sequence[R | BaseException]:
        items = [call.items[index] for call, index in batch]
        try:
            return distinct(matching(Context().run(self._run, items), len(items)))
        except Exception as error:
            errors: list[R | Exception] = [error] * len(items)
            return distinct(errors)
        except BaseException as error:
            # Raised by the function itself. Whoever came first is told what it was.
            return [error, *(interrupted(error) for _ in items[1:])]

    def _take(self) -> list[tuple[_Call[T, R], int]]:
        """Fill a batch, if there is a slot and something to do; called with the lock held."""
        batch: list[tuple[_Call[T, R], int]] = []
        while self._waiting and self._waiting[0].left:
            self._waiting.popleft()
        if len(self._waiting) == 1 and len(self._waiting[0].items) == 1:
            # By far the most common case, for which nothing is to be shared out.
            if self._running < self._limits.max_running:
                call = self._waiting.popleft()
                call.taken = 1
                batch.append((call, 0))
            return batch
        count = sum(len(call.items) - call.taken for call in self._waiting if not call.left)
        free = min(self._limits.max_running - self._running, len(self._waiting))
        shares = self._limits.shares(count, free)
        left = shares[0] if shares else 0
        while left and self._waiting:
            call = self._waiting[0]
            until = len(call.items) if call.left else min(call.taken + left, len(call.items))
            if not call.left:
                left -= until - call.taken
                batch.extend((call, index) for index in range(call.taken, until))
            call.taken = until
            if until == len(call.items):
                self._waiting.popleft()
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
