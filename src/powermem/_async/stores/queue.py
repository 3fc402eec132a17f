"""Keeping the work to do, the same way in every store."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ..._concurrency import async_sleep
from ..._drivers.base import (
    AsyncConnection,
    CommitUnknownError,
    ConnectionLostError,
    NoReplyError,
    ReadOnlyServerError,
    TransactionAbortedError,
)
from ...budget import Refusal, Spend
from ...changes import AddTask, AddTurn, BufferTurn, Change, HoldLane
from ...sql.queue import QueueSQL
from ...sql.steps import Steps
from ...tasks import LONGEST_PAUSE, BufferedTurn, Preference, ProcessStatus, QueueStatistics, Task
from ...types import Scope
from .base import AsyncStore
from .locking import PAUSES
from .pool import AsyncPool
from .steps import async_run

T = TypeVar("T")

_REDATED = 500


async def async_lock_lanes(
    connection: AsyncConnection, queue: QueueSQL, batches: Sequence[Sequence[Change]]
) -> None:
    """Lock the lanes that a transaction will change, before all else and in the same order everywhere.

    Otherwise it could hold a memory or a task that a lane's owner waits for, and wait for his lane.

    Args:
        connection: inside the transaction.
        queue: the collection's statements.
        batches: what will be applied.
    """
    lanes = {change.lane for batch in batches for change in batch if isinstance(change, HoldLane)}
    lanes.update(change.task.lane for batch in batches for change in batch if isinstance(change, AddTask))
    if lanes:
        await async_run(connection, queue.lanes.lock(lanes))


async def async_add_turns(connection: AsyncConnection, queue: QueueSQL, changes: Sequence[Change]) -> None:
    """Keep messages, note which of them wait, and add tasks, a statement for each table.

    Args:
        connection: inside a transaction.
        queue: the collection's statements.
        changes: others than those that say this are passed over.
    """
    tasks = [change.task for change in changes if isinstance(change, AddTask)]
    waiting = [change for change in changes if isinstance(change, BufferTurn)]
    turns = [change for change in changes if isinstance(change, AddTurn)]
    turns += [change.turn for change in waiting]
    if tasks:
        await async_run(connection, queue.add_tasks(tasks))
    if turns:
        await connection.execute_many(queue.insert_turn, [*map(queue.encoding.turn_values, turns)])
    if waiting:
        await connection.execute_many(queue.insert_buffered, [*map(queue.encoding.buffered_values, waiting)])


class AsyncQueueStore(AsyncStore):
    """A store that can run the steps of ``powermem.sql.steps``."""

    _queue: QueueSQL

    @abstractmethod
    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps in one transaction; again from their start when it met another one and was undone."""

    @abstractmethod
    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps that only read."""

    async def claim_lanes(
        self,
        owner: str,
        at: int,
        until: int,
        limit: int,
        *,
        lane: str | None = None,
        ended: int | None = None,
    ) -> list[str]:
        claimed: list[str] = []
        over = at if ended is None else ended
        while len(claimed) < limit:
            wanted = limit - len(claimed)
            due = await self._ask(self._queue.lanes.find_due, at, over, wanted, lane)
            if due:
                claimed += await self._transact(self._queue.lanes.claim, owner, at, over, until, due)
            # Where somebody else was faster, there may be others.
            if len(due) < wanted:
                break
        return claimed

    async def redate_lanes(self, at: int, lease: int) -> int:
        latest = (at + int(LONGEST_PAUSE * 1_000_000), at + 2 * lease)
        lanes, corrected = self._queue.lanes, 0
        while found := await self._ask(lanes.find_misdated, *latest, _REDATED):
            corrected += await self._transact(lanes.redate, found, at, lease, *latest)
            if len(found) < _REDATED:
                break
        return corrected

    async def renew_lanes(self, owner: str, lanes: Sequence[str], until: int) -> list[str]:
        return await self._transact(self._queue.lanes.renew, owner, lanes, until) if lanes else []

    async def release_lane(self, owner: str, lane: str) -> None:
        await self._transact(self._queue.release, owner, lane)

    async def begin_task(self, owner: str, lane: str, at: int) -> Task | None:
        return await self._transact(self._queue.begin, owner, lane, at)

    async def task_turns(self, task_id: int) -> list[BufferedTurn]:
        return await self._ask(self._queue.task_turns, task_id)

    async def count_buffered(self, lane: str | None, limit: int) -> int:
        return await self._ask(self._queue.count_buffered, lane, limit)

    async def buffered_scopes(
        self, after: str, limit: int, *, lane: str | None = None
    ) -> list[tuple[str, Scope]]:
        return await self._ask(self._queue.buffered_scopes, after, limit, lane)

    async def find_task(self, task_id: int) -> Task | None:
        return await self._ask(self._queue.find_task, task_id)

    async def list_tasks(
        self, scope: Scope, statuses: frozenset[ProcessStatus], *, limit: int, offset: int = 0
    ) -> list[Task]:
        return await self._ask(self._queue.list_tasks, scope, statuses, limit, offset)

    async def queue_statistics(self) -> QueueStatistics:
        return await self._ask(self._queue.statistics)

    async def preferences(
        self, scope: Scope, *, after: int = 0, limit: int | None = None
    ) -> list[Preference]:
        return await self._ask(self._queue.preferences, scope, after, limit)

    async def forget_tasks(self, before: int) -> int:
        return await self._transact(self._queue.forget_tasks, before)

    async def revive_tasks(self, at: int) -> int:
        return await self._transact(self._queue.revive_tasks, at)

    async def enter(self, entries: Sequence[Spend]) -> list[Refusal | None]:
        return await self._transact(self._queue.ledger.enter, entries)


class AsyncServerQueueStore(AsyncQueueStore):
    """A store that does so on the connections of a pool."""

    _pool: AsyncPool

    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        async def take_steps(connection: AsyncConnection) -> T:
            return await async_run(connection, work(*args))

        return await self._carry_out(take_steps)

    async def _carry_out(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run work in one transaction; again from its start when the server undid it for another one."""
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            try:
                async with self._pool.transaction() as connection:
                    return await work(connection)
            except TransactionAbortedError:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await async_sleep(pause)
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Unless the end is unknown, nothing was done; another server may be there by now.
                if isinstance(error, (CommitUnknownError, NoReplyError)) or not repeatable:
                    raise
                repeatable = False

    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        async with self._pool.reading() as reader:
            return await async_run(reader, work(*args))
