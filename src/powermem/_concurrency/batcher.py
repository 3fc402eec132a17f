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
from .signals import AsyncEvent, Event
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
    """One call of ``submit`` or ``submit_many``, and the thread that made it."""

    __slots__ = ("gate", "items", "outcomes", "taken", "unsettled")

    def __init__(self, items: list[T]) -> None:
        self.items = items
        self.taken = 0
        self.unsettled = len(items)
        self.outcomes: list[Any] = [_PENDING] * len(items)
        # Held while the thread sleeps; releasing it wakes the thread.
        self.gate: threading.Lock | None = None

    def sleep(self) -> threading.Lock:
        self.gate = threading.Lock()
        self.gate.acquire()
        return self.gate

    def wake(self) -> bool:
        """Wake the thread and tell whether it slept."""
        if self.gate is None:
            return False
        self.gate.release()
        self.gate = None
        return True


class Batcher(Generic[T, R]):
    """Collect the items of concurrent threads into batches.

    There is no thread of its own: the first caller leads, which is to run a batch, and the others wait.
    When it is done, one of those still waiting takes the lead.

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
        self._lock = threading.Lock()
        self._waiting: deque[_Call[T, R]] = deque()
        self._items = 0
        self._leaders: set[_Call[T, R]] = set()
        self._closed = False
        self._idle = Event()

    @property
    def waiting(self) -> int:
        """How many items wait for a batch."""
        return self._items

    def submit(self, item: T) -> R:
        """Have the item worked on in the next batch and return its outcome.

        Raises:
            ClosedError: ``close`` was called before.
        """
        return self._work(_Call([item]))[0]

    def submit_many(self, items: Iterable[T]) -> list[R]:
        """Have all items worked on and return their outcomes in order.

        The first error, in the order of the items, is raised when all are settled.

        Raises:
            ClosedError: ``close`` was called before.
        """
        return self._work(_Call(list(items)))

    def close(self) -> None:
        """Refuse new items and wait for those accepted; may be called again."""
        with self._lock:
            self._closed = True
            self._rest()
        self._idle.wait()

    def _work(self, call: _Call[T, R]) -> list[R]:
        batch: list[tuple[_Call[T, R], int]] = []
        try:
            self._enqueue(call)
            while True:
                with self._lock:
                    if not call.unsettled:
                        # This thread leads no more, or was woken to lead and is not going to.
                        self._wake_one()
                        break
                    gate = None if self._take(call, batch) else call.sleep()
                if gate is not None:
                    patiently(partial(gate.acquire, True), None)
                    continue
                outcomes = self._perform(batch)
                with self._lock:
                    self._settle(call, batch, outcomes)
        except BaseException as error:
            # Ctrl-C can strike at any line above, so what follows may repeat what was done already.
            with self._lock:
                self._abandon(call)
                self._settle(call, batch, [interrupted(error) for _ in batch])
                self._wake_one()
            raise
        for outcome in call.outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return call.outcomes

    def _enqueue(self, call: _Call[T, R]) -> None:
        with self._lock:
            if self._closed:
                raise ClosedError(CLOSED)
            if call.items:
                self._waiting.append(call)
                self._items += len(call.items)

    def _perform(self, batch: list[tuple[_Call[T, R], int]]) -> list[R | Exception]:
        items = [call.items[index] for call, index in batch]
        try:
            outcomes = matching(Context().run(self._run, items), len(items))
        except Exception as error:
            outcomes = [error] * len(items)
        return distinct(outcomes)

    # The methods below are called with the lock held.

    def _take(self, leader: _Call[T, R], batch: list[tuple[_Call[T, R], int]]) -> bool:
        """Take a slot and fill the batch; ``False`` when there is no slot or nothing to do."""
        # A thread leads one batch at a time, so there are no more leaders than callers.
        free = min(self._limits.max_running - len(self._leaders), len(self._waiting))
        shares = self._limits.shares(self._items, free)
        if not shares:
            return False
        self._leaders.add(leader)
        left = shares[0]
        self._items -= left
        while left:
            call = self._waiting[0]
            until = min(call.taken + left, len(call.items))
            left -= until - call.taken
            batch.extend((call, index) for index in range(call.taken, until))
            call.taken = until
            if until == len(call.items):
                self._waiting.popleft()
        return True

    def _settle(
        self, leader: _Call[T, R], batch: list[tuple[_Call[T, R], int]], outcomes: Sequence[R | Exception]
    ) -> None:
        for (call, index), outcome in zip(batch, outcomes, strict=True):
            if call.outcomes[index] is _PENDING:
                call.outcomes[index] = outcome
                call.unsettled -= 1
                if not call.unsettled:
                    call.wake()
        self._leaders.discard(leader)
        self._rest()
        batch.clear()

    def _wake_one(self) -> None:
        """Have a sleeping thread take the lead, if there is something to lead.

        Threads that are awake look for themselves before they sleep.
        """
        if len(self._leaders) < self._limits.max_running:
            for call in self._waiting:
                if call.wake():
                    return

    def _abandon(self, call: _Call[T, R]) -> None:
        call.gate = None
        if call in self._waiting:
            self._waiting.remove(call)
        self._items = sum(len(other.items) - other.taken for other in self._waiting)

    def _rest(self) -> None:
        if self._closed and not self._waiting and not self._leaders:
            self._idle.set()
