"""Who does the work in the background, and when."""

from __future__ import annotations

import logging
import uuid
from functools import partial
from time import monotonic

from ... import clock
from ..._concurrency import AsyncEvent, AsyncWorker
from ...changes import HoldLane, LeaseLost, UpdateTask
from ...config.sections import Processing
from ...errors import PowerMemError
from ...tasks import ProcessStatus, Task
from ..stores.base import AsyncTaskStore
from .handle import AsyncWatcher
from .runner import AsyncTaskRunner

_logger = logging.getLogger("powermem.processing")

# How often a lease is renewed in the time that it lasts: two renewals may fail.
_RENEWALS = 3

# Seconds between two looks whether all is done, when closing.
_GLANCE = 0.05


class _AsyncLane:
    """A lane that is worked on here, and the task that is under way."""

    __slots__ = ("name", "owner", "task", "worker")

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        self.task: Task | None = None
        self.worker: AsyncWorker | None = None


class AsyncProcessor:
    """Works on the tasks of a store: one at a time for each user, many users side by side.

    Nothing here is the truth. What there is to do and who does it stands in the store; any process may do
    it, and what a killed one had begun is begun again when its lease has ended.

    Args:
        store: where the tasks are.
        runner: does one task.
        watcher: is told how far tasks have come.
        settings: how many lanes at once, how long a lease is, how often to look for work.
    """

    def __init__(
        self, store: AsyncTaskStore, runner: AsyncTaskRunner, watcher: AsyncWatcher, settings: Processing
    ) -> None:
        self._store = store
        self._runner = runner
        self._watcher = watcher
        self._settings = settings
        self._width = settings.concurrency
        self._lanes: set[_AsyncLane] = set()
        self._changed = AsyncEvent()
        self._dispatcher = AsyncWorker("powermem-processing", self._dispatch)
        self._heart = AsyncWorker("powermem-leases", self._renew)
        self._started = False
        self._claiming = True

    @property
    def running(self) -> int:
        """How many lanes are worked on here at this moment."""
        return len(self._lanes)

    def wake(self) -> None:
        """Look for work now, and from now on."""
        self._changed.set()
        if not self._started and self._claiming:
            self._started = True
            self._dispatcher.start()
            self._heart.start()

    def resize(self, width: int) -> None:
        """Work on so many lanes at once from now on; those under way are finished."""
        self._width = width
        self._changed.set()

    def resume(self) -> None:
        """Take on tasks, whoever made them, also after a pause."""
        self._claiming = True
        self.wake()

    async def pause(self, timeout: float | None) -> bool:
        """Take on no more tasks; return whether those under way here are done in so many seconds."""
        self._claiming = False
        deadline = None if timeout is None else monotonic() + timeout
        while self._lanes:
            if deadline is not None and monotonic() >= deadline:
                return False
            await self._changed.wait(_GLANCE)
        return True

    async def close(self, drain: bool, timeout: float | None) -> None:
        """Finish the tasks that were made here and those under way, or park them for the next start.

        Args:
            drain: finish; what takes longer than the timeout is parked.
            timeout: seconds.
        """
        if drain and self._started:
            await self._drain(timeout)
        self._claiming = False
        self._dispatcher.stop()
        self._changed.set()
        await self._dispatcher.join()
        for lane in list(self._lanes):
            await self._park(lane)
        self._heart.stop()
        await self._heart.join()
        self._watcher.close()

    async def _drain(self, timeout: float | None) -> None:
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            # What others have put there is theirs to finish, once what was made here is done.
            self._claiming = self._watcher.waiting
            if not self._claiming and not self._lanes:
                return
            if deadline is not None and monotonic() >= deadline:
                _logger.warning(
                    "closing with work under way after %s s; it goes on at the next start", timeout
                )
                return
            await self._changed.wait(_GLANCE)

    async def _park(self, lane: _AsyncLane) -> None:
        if lane.worker is not None:
            lane.worker.stop()
            # This cancels a task. A thread goes on, but what it brings is refused from here on.
            await lane.worker.join(0)
        at = clock.now()
        try:
            if lane.task is not None:
                running = frozenset({ProcessStatus.RUNNING})
                parked = UpdateTask(
                    lane.task.id, at, running, status=ProcessStatus.PENDING, stage="parked", due_at=at
                )
                await self._store.apply([HoldLane(lane.name, lane.owner, at), parked])
            await self._store.release_lane(lane.owner, lane.name)
        except (PowerMemError, LeaseLost) as error:
            _logger.warning("work for %r could not be parked: %r; its lease will end", lane.name, error)

    async def _dispatch(self, stopping: AsyncEvent) -> None:
        while not stopping.is_set():
            self._changed.clear()
            free = self._width - len(self._lanes)
            claimed = await self._claim(free) if free > 0 and self._claiming else 0
            if not claimed and not stopping.is_set():
                await self._changed.wait(self._settings.poll_interval)

    async def _claim(self, limit: int) -> int:
        # A new name each time: what is left of an earlier lease of this very process must not pass.
        owner = uuid.uuid4().hex
        at = clock.now()
        try:
            names = await self._store.claim_lanes(owner, at, at + self._lease, limit)
        except PowerMemError as error:
            _logger.warning("cannot look for work: %s", error)
            return 0
        for name in names:
            lane = _AsyncLane(name, owner)
            lane.worker = AsyncWorker("powermem-lane", partial(self._work, lane))
            self._lanes.add(lane)
            lane.worker.start()
        return len(names)

    async def _work(self, lane: _AsyncLane, stopping: AsyncEvent) -> None:
        try:
            # Asked before each task: what was claimed while work was being ended is left to others.
            while self._claiming and not stopping.is_set():
                task = await self._store.begin_task(lane.owner, lane.name, clock.now())
                if task is None:
                    break
                lane.task = task
                self._watcher.note(task)
                await self._runner.run(task, lane.owner)
                lane.task = None
            await self._store.release_lane(lane.owner, lane.name)
        except LeaseLost:
            _logger.warning("the lease of %r ended before its work; somebody else goes on", lane.name)
        except PowerMemError as error:
            _logger.warning("work for %r was cut short: %s; it is begun again", lane.name, error)
        finally:
            self._lanes.discard(lane)
            self._changed.set()

    async def _renew(self, stopping: AsyncEvent) -> None:
        pause = self._settings.lease_seconds / _RENEWALS
        while not await stopping.wait(pause):
            held: dict[str, list[str]] = {}
            for lane in list(self._lanes):
                held.setdefault(lane.owner, []).append(lane.name)
            for owner, names in held.items():
                try:
                    await self._store.renew_lanes(owner, names, clock.now() + self._lease)
                except PowerMemError as error:
                    _logger.warning("leases could not be renewed: %s", error)

    @property
    def _lease(self) -> int:
        return int(self._settings.lease_seconds * 1_000_000)
