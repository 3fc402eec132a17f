# Generated from src/powermem/_async/processing/worker.py by scripts/run_unasync.py; edit that file instead.
"""Who does the work in the background, and when."""

from __future__ import annotations

import logging
import threading
import uuid
from functools import partial
from time import monotonic

from ..._concurrency import Event, Worker
from ..._core import clock
from ..._core.changes.writes import HoldLane, LeaseLost, UpdateTask
from ..._core.tasks.task import ProcessStatus, Task
from ..._core.wire.budget import day_of
from ...config.sections import Processing
from ...errors import ClosedError, PowerMemError
from ..stores.base import Store
from .handle import Watcher
from .runner import TaskRunner

_logger = logging.getLogger("powermem.processing")

# How often a lease is renewed in the time that it lasts: two renewals may fail.
_RENEWALS = 3

# Seconds between two removals of tasks that are over for long.
_TIDYING = 3600.0

# Seconds between two looks whether all is done, when closing.
_GLANCE = 0.05


class _Lane:
    """A lane that is worked on here, and the task that is under way."""

    __slots__ = ("name", "owner", "task", "worker")

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        self.task: Task | None = None
        self.worker: Worker | None = None


class Processor:
    """Works on the tasks of a store: one at a time for each user, many users side by side.

    Nothing here is the truth. What there is to do and who does it stands in the store; any process may do
    it, and what a killed one had begun is begun again when its lease has ended.

    Args:
        store: where the tasks are.
        runner: does one task.
        watcher: is told how far tasks have come.
        settings: how many lanes at once, how long a lease is, how often to look for work.
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
        # Lanes that are still leased to an owner here although nobody works on them, and since when.
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
        """How many lanes are worked on here at this moment."""
        return len(self._lanes)

    @property
    def claiming(self) -> bool:
        """Whether tasks are taken on here."""
        return self._started and self._claiming and self._settings.concurrency > 0

    def wake(self) -> None:
        """Look for work now, and from now on."""
        try:
            self.start()
        except PowerMemError as error:
            # What was asked for is in the store, and is done once a thread can be started.
            _logger.warning("background work cannot begin: %s", error)

    def start(self) -> None:
        """Look for work now, and from now on, or say why that cannot be.

        Raises:
            PowerMemError: no thread can be started; what is in the store is done once one can.
        """
        self._changed.set()
        with self._lock:
            # Nothing is started behind the back of who closes. What runs already goes on: an interrupt may
            # have come between the two.
            if not self._closed:
                self._heart.start()
                self._dispatcher.start()
                self._started = True

    def resize(self, width: int) -> None:
        """Work on so many lanes at once from now on; those under way are finished."""
        self._width = width
        self._changed.set()

    def resume(self) -> None:
        """Take on tasks, whoever made them, also after a pause."""
        self._claiming = True
        self.wake()

    def abandon(self) -> None:
        """Come to an end soon, because nobody is left who could close this.

        May be called from anywhere, also by a collection of garbage: it waits for nothing and wakes nobody.
        """
        self._claiming = False
        self._abandoned = True

    def pause(self, timeout: float | None) -> bool:
        """Take on no more tasks; return whether those under way here are done in so many seconds."""
        self._claiming = False
        deadline = None if timeout is None else monotonic() + timeout
        while self._busy:
            if deadline is not None and monotonic() >= deadline:
                return False
            self._glance()
        return True

    def close(self, drain: bool, timeout: float | None) -> None:
        """Finish the tasks that were made here and those under way, or park them for the next start.

        Args:
            drain: finish; what takes longer than the timeout is parked.
            timeout: seconds.
        """
        # Who leaves all work to others does not wait for them.
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
            # What others have put there is theirs to finish, once what was made here is done.
            self._claiming = self._watcher.waiting
            if not self._claiming and not self._busy:
                return
            if deadline is not None and monotonic() >= deadline:
                _logger.warning(
                    "closing with work under way after %s s; it goes on at the next start", timeout
                )
                return
            self._glance()

    @property
    def _busy(self) -> bool:
        # A lane that is being claimed is not among the others yet.
        return self._looking or bool(self._lanes)

    def _glance(self) -> None:
        """Wait until a lane has ended, or for a moment."""
        self._ended.wait(_GLANCE)
        self._ended.clear()

    def _park(self, lane: _Lane) -> None:
        worker = lane.worker
        if worker is not None:
            worker.stop()
            # This cancels a task. A thread goes on, but what it brings is refused from here on.
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
                self._mind_clock()
                self._release_owed(self._settings.poll_interval)
                claimed = self._look(stopping)
                self._watcher.follow()
            except PowerMemError as error:
                _logger.warning("cannot look for work: %s", error)
            except Exception:
                # Whoever waits for a task would wait for ever if nobody looked any more.
                _logger.exception("looking for work failed; it is tried again")
            if not claimed and not stopping.is_set():
                self._changed.wait(self._settings.poll_interval)

    def _look(self, stopping: Event) -> int:
        """Begin to work on lanes, as far as there are places; return on how many."""
        self._revive()
        free = self._width - len(self._lanes)
        # Before the question whether to, so that who forbids it sees what is under way.
        self._looking = True
        try:
            return self._claim(free, stopping) if free > 0 and self._claiming else 0
        finally:
            self._looking = False

    def _mind_clock(self) -> None:
        """See to it that work is neither put off nor begun twice where the clock was set."""
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
        """By when leases must have ended to be over; 0 after a jump, until their holders renewed them."""
        return None if monotonic() - self._jumped_at >= self._settings.lease_seconds else 0

    def _revive(self) -> None:
        """Let what waits for a budget begin again, once on each day."""
        at = clock.now()
        if self._claiming and day_of(at) != self._revived:
            self._store.revive_tasks(at)
            self._revived = day_of(at)

    def _release_owed(self, pause: float) -> None:
        """Let go of lanes whose work a failure of the store has cut short here, after a pause of seconds.

        Otherwise this process would wait for the end of its own lease.
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
        # A new name each time: what is left of an earlier lease of this very process must not pass.
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
            # There is no thread to be had but this one.
            self._work(lane, stopping)
        return len(names)

    def _work(self, lane: _Lane, stopping: Event) -> None:
        try:
            while not stopping.is_set():
                task = self._store.begin_task(lane.owner, lane.name, clock.now())
                if task is None:
                    break
                lane.task = task
                self._watcher.note(task)
                self._runner.run(task, lane.owner)
                lane.task = None
                # Where all places are taken, users take turns: who has much to do must not keep others out.
                if not self._claiming or len(self._lanes) >= self._width:
                    break
            self._store.release_lane(lane.owner, lane.name)
        except LeaseLost:
            _logger.warning("the lease of %r ended before its work; somebody else goes on", lane.name)
        except PowerMemError as error:
            # A store that is closed under the work has parked it; that is no news for a log.
            if not isinstance(error, ClosedError):
                _logger.warning("work for %r was cut short: %s; it is begun again", lane.name, error)
            self._owed[lane.name] = (lane.owner, monotonic())
        except Exception:
            self._owed[lane.name] = (lane.owner, monotonic())
            raise
        finally:
            # Lane and worker know each other: apart, both go at once and not with a collection of garbage.
            lane.worker = None
            self._lanes.discard(lane)
            self._changed.set()
            self._ended.set()

    def _renew(self, stopping: Event) -> None:
        pause = self._settings.lease_seconds / _RENEWALS
        tidied = float("-inf")
        while not (stopping.wait(pause) or self._abandoned):
            self._renew_leases()
            # What another process wrote by a wrong clock is found as soon as a lease would have ended.
            self._misdated = True
            if monotonic() - tidied > _TIDYING:
                tidied = monotonic()
                self.tidy()

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
                _logger.exception("leases could not be renewed; it is tried again")

    def tidy(self) -> None:
        """Forget tasks and calls that are over for long."""
        try:
            self._store.forget_tasks(clock.now() - int(self._settings.keep_days * clock.DAY))
        except PowerMemError as error:
            _logger.warning("tasks that are over could not be removed: %s", error)
        except Exception:
            # An `add` that is stored must not fail with it.
            _logger.exception("tasks that are over could not be removed")

    @property
    def _lease(self) -> int:
        return int(self._settings.lease_seconds * 1_000_000)
