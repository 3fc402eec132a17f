# Generated from src/powermem/_async/processing/submitter.py by scripts/run_unasync.py; edit that file instead.
"""Store requested tasks from a background worker, so that the call that requests them returns at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..._concurrency import Event, Mailbox, Worker
from ..._core.values import Scope
from ...errors import ClosedError

Asked = tuple[int, Scope]
"""The id of a task, and the scope whose messages it processes."""


class Submitter:
    """Accepts tasks without waiting, and stores them in order.

    Args:
        submit: stores tasks; must not raise, which would end the submitter.
    """

    _MOST = 200
    """Maximum number of tasks in one transaction."""

    def __init__(self, submit: Callable[[Sequence[Asked]], None]) -> None:
        self._submit = submit
        self._asked = Mailbox[Asked]()
        self._unsettled: dict[int, Event] = {}
        self._lock = threading.Lock()
        self._worker = Worker("powermem-submit", self._run)
        self._closed = False

    def ask(self, task_id: int, scope: Scope) -> None:
        """Queue a task to be stored.

        Raises:
            ClosedError: ``close`` was called before.
        """
        with self._lock:
            if self._closed:
                raise ClosedError("this memory was closed; make a new one")
            self._worker.start()
            self._unsettled[task_id] = Event()
            self._asked.post((task_id, scope))

    def settle(self, task_id: int) -> None:
        """Wait until a task requested here is stored, or could not be stored."""
        if (settled := self._unsettled.get(task_id)) is not None:
            settled.wait()

    def close(self, timeout: float | None) -> None:
        """Store the queued tasks, and accept no more.

        Args:
            timeout: seconds.
        """
        with self._lock:
            self._closed = True
            self._worker.stop()
            self._asked.end()
        self._worker.join(timeout)

    def _run(self, stopping: Event) -> None:
        while asked := self._asked.take(lambda: self._MOST):
            try:
                self._submit(asked)
            finally:
                for task_id, _ in asked:
                    self._unsettled.pop(task_id).set()
