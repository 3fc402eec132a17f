"""Keeping the work to do, the same way in every store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ..._drivers.base import (
    AsyncConnection,
)
from ...changes import AddTask, AddTurn, BufferTurn, Change, HoldLane
from ...sql.queue import QueueSQL
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
