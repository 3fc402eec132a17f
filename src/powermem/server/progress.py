"""The progress of tasks, for any number of open streams: one query a second for all, while there are any."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextvars import Context

from .._async.memory import AsyncMemory
from .._core.inputs import parse_id
from .._core.results.records import task_record
from .._core.tasks.task import Task
from ..rest import json_safe
from ..types import TaskStatus
from .streams import event

_logger = logging.getLogger("powermem.server")

_INTERVAL = 1.0
"""Seconds between two looks at tasks that other processes run; of its own, a process is told."""
_SILENCE = 15.0
"""Seconds after which a comment is sent, so that nobody between takes the connection for dead."""

_KEEP_ALIVE = b": \n\n"
_FINAL = ("completed", "failed", "cancelled")


class Progress:
    """Follows tasks in the store of a memory.

    Args:
        memory: the memory.
        closing: is set when streams must end.
        interval: seconds between two looks.
    """

    def __init__(self, memory: AsyncMemory, closing: asyncio.Event, interval: float = _INTERVAL) -> None:
        self._memory = memory
        self._closing = closing
        self._interval = interval
        self._followers: dict[int, set[_Follower]] = {}
        self._known: dict[int, tuple[object, ...]] = {}
        self._looking: asyncio.Task[None] | None = None

    @property
    def followers(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._followers.values()))

    def attach(self) -> None:
        """Be told at once of the tasks that end in this process."""
        self._memory.processing.on_task_done(self._done)

    async def follow(self, first: TaskStatus) -> AsyncIterator[bytes]:
        """Yield the states of a task as events, from the present one to the last.

        Args:
            first: the present state, from ``get_status``.
        """
        yield _status_event(first)
        task_id = parse_id(first["task_id"])
        if first["status"] in _FINAL or task_id is None:
            return
        follower = _Follower()
        self._followers.setdefault(task_id, set()).add(follower)
        try:
            if self._looking is None:
                # In an empty context: it belongs to no request.
                self._looking = Context().run(asyncio.get_running_loop().create_task, self._look())
            while not self._closing.is_set():
                for sent, last in await follower.take():
                    yield sent
                    if last:
                        return
        finally:
            rest = self._followers[task_id]
            rest.discard(follower)
            if not rest:
                del self._followers[task_id]
                self._known.pop(task_id, None)

    def _done(self, status: TaskStatus) -> None:
        task_id = parse_id(status["task_id"])
        if task_id is not None:
            self._tell(task_id, _status_event(status), last=True)

    def _tell(self, task_id: int, sent: bytes, *, last: bool) -> None:
        for follower in self._followers.get(task_id, ()):
            follower.put(sent, last=last)

    async def _look(self) -> None:
        silent = 0.0
        try:
            while self._followers and not self._closing.is_set():
                await self._compare()
                await self._pause()
                silent += self._interval
                if silent >= _SILENCE or self._closing.is_set():
                    silent = 0.0
                    for task_id in self._followers:
                        self._tell(task_id, _KEEP_ALIVE, last=False)
        finally:
            self._looking = None

    async def _compare(self) -> None:
        try:
            components = await self._memory._access.open(any_vectors=True)
            found = {task.id: task for task in await components.store.find_tasks(sorted(self._followers))}
        except Exception as error:
            # The streams stay open; the store may come back.
            _logger.warning("the progress of tasks could not be read", exc_info=error)
            return
        for task_id in list(self._followers):
            self._note(task_id, found.get(task_id))

    def _note(self, task_id: int, task: Task | None) -> None:
        if task is None:
            self._tell(task_id, event("gone", {"task_id": str(task_id)}), last=True)
            return
        state = (task.status, task.stage, task.updated_at)
        if self._known.get(task_id) != state:
            self._known[task_id] = state
            self._tell(task_id, _status_event(task_record(task)), last=task.status.final)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._closing.wait(), self._interval)
        except asyncio.TimeoutError:
            return


class _Follower:
    """One stream: what it has not sent yet."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, bool]] = []
        self._arrived = asyncio.Event()

    def put(self, sent: bytes, *, last: bool) -> None:
        # For a client that reads slowly, the latest state only.
        if not self._waiting or (sent != _KEEP_ALIVE and not self._waiting[-1][1]):
            self._waiting = [(sent, last)]
        self._arrived.set()

    async def take(self) -> list[tuple[bytes, bool]]:
        await self._arrived.wait()
        self._arrived.clear()
        taken, self._waiting = self._waiting, []
        return taken


def _status_event(status: TaskStatus) -> bytes:
    return event("status", json_safe(status))
