# Generated from src/powermem/_async/processing/view.py by scripts/run_unasync.py; edit that file instead.
"""What there is to know of the work in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ... import clock
from ...errors import InvalidInputError
from ...inputs import check_seconds
from ...masking import shown
from ...tasks import ProcessStatus
from ...types import ProcessingStatistics
from ..calling import named
from ..stores.base import Store
from .runner import Observer, TaskRunner
from .worker import Processor


class Working(Protocol):
    """The parts of an open memory that do the work."""

    @property
    def store(self) -> Store:
        """Where the tasks are."""

    @property
    def runner(self) -> TaskRunner:
        """What does one of them."""

    @property
    def processor(self) -> Processor:
        """What decides which."""


@named("Memory.processing")
class Processing:
    """Numbers about the work in the background, a way to be told of its results, and to do all of it.

    Args:
        ready: opens the memory and returns its parts.
        observers: who is told when a task is done.
    """

    def __init__(self, ready: Callable[[], Working], observers: list[Observer]) -> None:
        self._ready = ready
        self._observers = observers

    def on_task_done(self, callback: Observer) -> None:
        """Call a function whenever this process has brought a task to its end.

        Args:
            callback: gets what ``get_status`` returns. What it raises is logged. Until it returns the user's
                next task does not begin, so it must not wait for one.
        """
        if not callable(callback):
            raise InvalidInputError(f"callback: expected a function, got {shown(callback)}")
        self._observers.append(callback)

    def start(self) -> None:
        """Work on the tasks of the store from now on, whoever made them, and look for new ones.

        A memory does so by itself once it has made a task, and when it finds some at its opening, unless
        ``processing.resume`` is off. A program that is there for the work alone calls this.
        """
        parts = self._ready()
        parts.processor.resume()

    def stop(self, timeout: float | None = None) -> bool:
        """Take on no more tasks, and wait until those under way here are done. ``start`` goes on.

        What is left is there for other processes, and for the next start. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether all that was under way is done.
        """
        timeout = check_seconds(timeout, "timeout")
        parts = self._ready()
        return parts.processor.pause(timeout)

    def stats(self) -> ProcessingStatistics:
        """Count the work to do, and what was done of late.

        Returns:
            Of the store: ``"buffered"`` (turns that no task has taken on), ``"queue_depth"`` (tasks that have
            not begun), ``"running"``, ``"completed"``, ``"failed"``, ``"cancelled"`` (tasks) and
            ``"oldest_age"`` (seconds since the oldest of what waits came, or ``None``). Of this process:
            ``"working"`` (users whose work is under way) and ``"completed_per_minute"``,
            ``"failed_per_minute"`` (tasks in the last minute).
        """
        parts = self._ready()
        found = parts.store.queue_statistics()
        tasks = {status: found.by_status.get(status, 0) for status in ProcessStatus}
        oldest = found.oldest_at
        return {
            "buffered": found.buffered,
            "queue_depth": tasks[ProcessStatus.PENDING],
            "running": tasks[ProcessStatus.RUNNING],
            "completed": tasks[ProcessStatus.COMPLETED],
            "failed": tasks[ProcessStatus.FAILED],
            "cancelled": tasks[ProcessStatus.CANCELLED],
            "oldest_age": None if oldest is None else max(0.0, (clock.now() - oldest) / 1_000_000),
            "working": parts.processor.running,
            "completed_per_minute": parts.runner.done.per_minute(),
            "failed_per_minute": parts.runner.failed.per_minute(),
        }
