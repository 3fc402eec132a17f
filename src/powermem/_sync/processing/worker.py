# Generated from src/powermem/_async/processing/worker.py by scripts/run_unasync.py; edit that file instead.
"""Choose tasks from the store and run them in the background."""

from __future__ import annotations

import logging
import threading
import uuid
from functools import partial
from time import monotonic

from ..._concurrency import Event, Worker
from ..._core import clock
from ..._core.changes.writes import HoldLane, LeaseLost, UpdateTask
from ..._core.instruments import measuring
from ..._core.tasks.task import ProcessStatus, Task
from ..._core.wire.budget import day_of
from ...config.sections import Processing
from ...errors import ClosedError, PowerMemError
from ..stores.base import Store
from .handle import Watcher
from .runner import TaskRunner

_logger = logging.getLogger("powermem.processing")

# Renewals during the duration of a lease; two of them may fail.
_RENEWALS = 3

# Seconds between two removals of old finished tasks.
_TIDYING = 3600.0

# Lanes held for each of those whose messages a model reads: the others' facts are being stored.
_HELD = 2

# Seconds between two checks whether everything is done, while closing.
_CLOSING_POLL = 0.05


class _Lane:
    """A lane that this process holds, and its running task.

    Attributes:
        reading: whether a model still has to read messages of the task.
    """

    __slots__ = ("name", "owner", "reading", "task", "worker")

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        self.reading = True
        self.task: Task | None = None
        self.worker: Worker | None = None


class Processor:
    """Runs the tasks of a store: one at a time for each user, many users concurrently.

    All state is in the store: which tasks are due, and which process holds which lane. Any process may run
    any task, and a task whose process was killed is started again once the lease has ended.

    Args:
        store: holds the tasks.
        runner: runs a task.
        watcher: is notified of the progress of tasks.
        settings: number of lanes whose messages are read at once, duration of a lease, polling interval.
    """

    def __init__(self, store: Store, runner: TaskRunner, watcher: Watcher, settings: Processing) -> None:
        self._store = store
        self._runner = runner
        self._watcher = watcher
        self._settings = settings
        self._width = settings.concurrency
        self._lanes: set[_Lane] = set()
        self._lock = threading.Lock()
        self._changed = Event()
        self._ended = Event()
        self._dispatcher = Worker("powermem-processing", self._dispatch)
        self._heart = Worker("powermem-leases", self._renew)
        # Lanes that are still leased to this process although no task runs, and since when.
        self._owed: dict[str, tuple[str, float]] = {}
        self._started = False
        self._closed = False
        self._claiming = True
        self._looking = False
        self._abandoned = False
        self._revived: int | None = None
        self._jumps = clock.JumpDetector(settings.lease_seconds / _RENEWALS)
        self._jumped_at = float("-inf")
        self._misdated = True

    @property
    def running(self) -> int:
        """Number of lanes with a running task here."""
        return len(self._lanes)

    @property
    def claiming(self) -> bool:
        """Whether this process runs tasks."""
        return self._started and self._claiming and self._settings.concurrency > 0

    def wake(self) -> None:
        """Start looking for tasks; never fails."""
        try:
            self.start()
        except PowerMemError as error:
            # The tasks are stored, and will run once a thread can be started.
            _logger.warning("background work cannot start: %s", error)

    def start(self) -> None:
        """Start looking for tasks.

        Raises:
            PowerMemError: no thread can be started; stored tasks will run once one can.
        """
        self._changed.set()
        with self._lock:
            # Start nothing while `close` is running. A worker that runs already continues: an interrupt may
            # have struck between starting it and recording that.
            if not self._closed:
                self._heart.start()
                self._dispatcher.start()
                self._started = True

    def resize(self, width: int) -> None:
        """Set the number of lanes whose messages are read concurrently; running tasks finish."""
        self._width = width
        self._changed.set()

    def resume(self) -> None:
        """Run tasks of any process from now on, even after a pause."""
        self._claiming = True
        self.wake()

    def abandon(self) -> None:
        """Stop soon, because the memory was garbage-collected without being closed.

        May be called from a ``__del__``: it neither waits nor wakes anything.
        """
        self._claiming = False
        self._abandoned = True

    def pause(self, timeout: float | None) -> bool:
        """Start no more tasks; return whether running ones end within the given seconds."""
        self._claiming = False
        deadline = None if timeout is None else monotonic() + timeout
        while self._busy:
            if deadline is not None and monotonic() >= deadline:
                return False
            self._wait_briefly()
        return True

    def close(self, drain: bool, timeout: float | None) -> None:
        """Finish the tasks created here and the running ones, or leave them for the next start.

        Args:
            drain: whether to finish them; what exceeds the timeout is left for the next start.
            timeout: seconds.
        """
        # A memory that leaves all tasks to other processes does not wait for them.
        if drain and self._started and self._settings.concurrency:
            self._drain(timeout)
        with self._lock:
            self._closed = True
        self._claiming = False
        self._dispatcher.stop()
        self._changed.set()
        self._dispatcher.join()
        for lane in list(self._lanes):
            self._park(lane)
        self._release_owed(0.0)
        self._heart.stop()
        self._heart.join()

    def _drain(self, timeout: float | None) -> None:
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            # Once the tasks created here are done, leave those of other processes to them.
            self._claiming = self._watcher.waiting
            if not self._claiming and not self._busy:
                return
            if deadline is not None and monotonic() >= deadline:
                _logger.warning(
                    "closing with work under way after %s s; it continues at the next start", timeout
                )
                return
            self._wait_briefly()

    @property
    def _busy(self) -> bool:
        # A lane that is being claimed is not in `_lanes` yet.
        return self._looking or bool(self._lanes)

    def _wait_briefly(self) -> None:
        """Wait until a lane ends, but only briefly."""
        self._ended.wait(_CLOSING_POLL)
        self._ended.clear()

    def _park(self, lane: _Lane) -> None:
        worker = lane.worker
        if worker is not None:
            worker.stop()
            # Cancels an asyncio task. A thread continues, but its results are refused from here on.
            worker.join(0)
        at = clock.now()
        try:
            if lane.task is not None:
                running = frozenset({ProcessStatus.RUNNING})
                parked = UpdateTask(
                    lane.task.id,
                    at,
                    running,
                    status=ProcessStatus.PENDING,
                    stage="parked",
                    due_at=at,
                    # It did not fail.
                    attempts=lane.task.attempts - 1,
                )
                self._store.apply([HoldLane(lane.name, lane.owner, at), parked])
            self._store.release_lane(lane.owner, lane.name)
        except (PowerMemError, LeaseLost) as error:
            _logger.warning("work for %r could not be parked: %r; its lease will end", lane.name, error)

    def _dispatch(self, stopping: Event) -> None:
        while not (stopping.is_set() or self._abandoned):
            self._changed.clear()
            claimed = 0
            try:
                self._handle_clock_change()
                self._release_owed(self._settings.poll_interval)
                claimed = self._claim_free(stopping)
                self._watcher.follow()
            except PowerMemError as error:
                _logger.warning("cannot look for work: %s", error)
            except Exception:
                # Keep polling after an error: callers may be waiting for tasks.
                _logger.exception("looking for work failed; retrying")
            if not claimed and not stopping.is_set():
                self._changed.wait(self._settings.poll_interval)

    def _claim_free(self, stopping: Event) -> int:
        """Claim lanes for all free slots and run their tasks; return the number of lanes."""
        self._revive()
        free = self._free
        # Set before reading `_claiming`, so that `pause` waits for a claim in progress.
        self._looking = True
        try:
            return self._claim(free, stopping) if free > 0 and self._claiming else 0
        finally:
            self._looking = False

    @property
    def _free(self) -> int:
        """How many more tasks may begin.

        What follows the answer of a model is the work of this process, and takes as long for many tasks at
        once as one by one. So the model reads the next messages meanwhile, unless the store falls behind.
        """
        lanes = list(self._lanes)
        reading = sum(lane.reading for lane in lanes)
        return min(self._width - reading, _HELD * self._width - len(lanes))

    def _handle_clock_change(self) -> None:
        """Handle a changed system clock, so that tasks are neither delayed nor started twice."""
        ticks = monotonic()
        if self._jumps.jumped(clock.now(), ticks):
            _logger.warning("the clock was set, or the machine slept; leases are renewed by the new time")
            self._jumped_at = ticks
            self._misdated = True
            self._renew_leases()
        if self._misdated and self._claiming:
            self._store.redate_lanes(clock.now(), self._lease)
            self._misdated = False

    @property
    def _ended_by(self) -> int | None:
        """The moment before which leases have expired; 0 after a jump, until their holders renewed them."""
        return None if monotonic() - self._jumped_at >= self._settings.lease_seconds else 0

    def _revive(self) -> None:
        """Reopen tasks that failed because of a used-up budget, once a day."""
        at = clock.now()
        if self._claiming and day_of(at) != self._revived:
            self._store.revive_tasks(at)
            self._revived = day_of(at)

    def _release_owed(self, pause: float) -> None:
        """Release lanes whose task ended here because the store failed, after a pause of seconds.

        Otherwise this process would have to wait for its own leases to expire.
        """
        for name, (owner, since) in list(self._owed.items()):
            if monotonic() - since >= pause:
                try:
                    self._store.release_lane(owner, name)
                except PowerMemError as error:
                    _logger.warning("the lane of %r cannot be released yet: %s", name, error)
                else:
                    self._owed.pop(name, None)

    def _claim(self, limit: int, stopping: Event) -> int:
        # A new name each time, so that writes under an earlier lease of this process are refused too.
        owner = uuid.uuid4().hex
        at = clock.now()
        names = self._store.claim_lanes(owner, at, at + self._lease, limit, ended=self._ended_by)
        waiting: list[_Lane] = []
        for name in names:
            lane = _Lane(name, owner)
            lane.worker = Worker("powermem-lane", partial(self._work, lane))
            self._lanes.add(lane)
            try:
                lane.worker.start()
            except PowerMemError:
                lane.worker = None
                waiting.append(lane)
        for lane in waiting:
            # No thread can be started, so run the lane on this one.
            self._work(lane, stopping)
        return len(names)

    def _work(self, lane: _Lane, stopping: Event) -> None:
        try:
            if not stopping.is_set():
                begun = self._store.begin_task(lane.owner, lane.name, clock.now(), release=True)
                if begun is None:
                    return
                lane.task = begun.task
                self._watcher.note(begun.task)
                self._runner.run(begun, lane.owner, partial(self._pass_on, lane))
                lane.task = None
            # After each task, so that one user with many tasks cannot starve the others.
            self._store.release_lane(lane.owner, lane.name)
        except LeaseLost:
            _logger.warning("the lease of %r ended before its work; another process continues", lane.name)
        except PowerMemError as error:
            # The store was closed while the task ran. It continues at the next start, so log nothing.
            if not isinstance(error, ClosedError):
                _logger.warning("work for %r was interrupted: %s; it will be restarted", lane.name, error)
            self._owed[lane.name] = (lane.owner, monotonic())
        except Exception:
            self._owed[lane.name] = (lane.owner, monotonic())
            raise
        finally:
            # Break the reference cycle of lane and worker, so that both are freed at once.
            lane.worker = None
            self._lanes.discard(lane)
            self._changed.set()
            self._ended.set()

    def _pass_on(self, lane: _Lane) -> None:
        """Let another task begin, since a model has read all messages of this one."""
        lane.reading = False
        self._changed.set()

    def _renew(self, stopping: Event) -> None:
        pause = self._settings.lease_seconds / _RENEWALS
        tidied = float("-inf")
        while not (stopping.wait(pause) or self._abandoned):
            self._renew_leases()
            self._tell_metrics()
            # Corrects what another process with a wrong clock wrote, as soon as a lease would have expired.
            self._misdated = True
            if monotonic() - tidied > _TIDYING:
                tidied = monotonic()
                self.tidy()

    def _tell_metrics(self) -> None:
        """Record how much waits, if anybody wants to know."""
        if measuring():
            try:
                (self._store.queue_statistics()).record()
            except PowerMemError as error:
                _logger.warning("background work could not be counted: %s", error)

    def _renew_leases(self) -> None:
        held: dict[str, list[str]] = {}
        for lane in list(self._lanes):
            held.setdefault(lane.owner, []).append(lane.name)
        for owner, names in held.items():
            try:
                self._store.renew_lanes(owner, names, clock.now() + self._lease)
            except PowerMemError as error:
                _logger.warning("leases could not be renewed: %s", error)
            except Exception:
                _logger.exception("leases could not be renewed; retrying")

    def tidy(self) -> None:
        """Delete old finished tasks and calls."""
        try:
            self._store.forget_tasks(clock.now() - int(self._settings.keep_days * clock.DAY))
        except PowerMemError as error:
            _logger.warning("finished tasks could not be removed: %s", error)
        except Exception:
            # An error here must not fail the `add` that triggered it, whose memories are stored.
            _logger.exception("finished tasks could not be removed")

    @property
    def _lease(self) -> int:
        return int(self._settings.lease_seconds * 1_000_000)
