# Generated from src/powermem/_async/processing/handle.py by scripts/run_unasync.py; edit that file instead.
"""A task as its maker sees it."""

from __future__ import annotations

from time import monotonic

from ..._concurrency import Event
from ...errors import ClosedError, ExtractionError, ProcessTimeout
from ...tasks import ProcessStatus, Task
from ..stores.base import TaskStore


class ProcessTask:
    """Work in the background that can be looked at and waited for.

    Attributes:
        id: the task's id, as ``get_status`` takes it.
        user_id: whose work it is.
        status: how far it has come.
        knowledge_count: how many memories it has written.
        error: why it failed, or why its last attempt did.
    """

    def __init__(self, watcher: Watcher, task_id: int, user_id: str | None) -> None:
        self.id = str(task_id)
        self.user_id = user_id
        self.status = ProcessStatus.PENDING
        self.knowledge_count = 0
        self.error: str | None = None
        self._watcher = watcher
        self._number = task_id
        self._cause: Exception | None = None
        self._news = Event()

    @property
    def done(self) -> bool:
        """Whether it was completed, failed or was cancelled."""
        return self.status.final

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it is done. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            How many memories were written; 0 when it failed or was cancelled, see ``raise_for_error``.

        Raises:
            ProcessTimeout: it takes longer.
            ClosedError: the memory was closed before it was done; it goes on at the next start.
        """
        self._watcher.wait(self._number, self, timeout)
        return self.knowledge_count if self.status is ProcessStatus.COMPLETED else 0

    def raise_for_error(self) -> None:
        """Raise what it failed for, if it failed.

        Raises:
            ExtractionError: or the error itself, when it happened in this process.
        """
        if self.status is not ProcessStatus.FAILED:
            return
        if self._cause is not None:
            raise self._cause
        raise ExtractionError(f"task {self.id} failed: {self.error}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} user_id={self.user_id!r}>"


class Watcher:
    """Tells tasks' makers what becomes of them, also when another process does the work.

    Tasks can be made before the store is open.

    Args:
        poll: seconds between two looks at the store.
    """

    def __init__(self, poll: float) -> None:
        self._poll = poll
        self._store: TaskStore | None = None
        self._open: dict[int, ProcessTask] = {}
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether a task that was made here is not done."""
        return bool(self._open)

    def open(self, store: TaskStore) -> None:
        """Look into this store from now on."""
        self._store = store

    def watch(self, task_id: int, user_id: str | None) -> ProcessTask:
        """Return the handle of a task, which is followed until it is done."""
        handle = self._open.get(task_id)
        if handle is None:
            handle = self._open[task_id] = ProcessTask(self, task_id, user_id)
        return handle

    def forget(self, task_id: int) -> None:
        """Stop following a task that was never stored."""
        self._open.pop(task_id, None)

    def note(self, task: Task, cause: Exception | None = None) -> None:
        """Be told how far a task has come."""
        handle = self._open.get(task.id)
        if handle is None:
            return
        handle.knowledge_count = task.knowledge_count
        handle.error = task.error
        handle._cause = cause
        # Last, because who sees that it is done may read the rest.
        handle.status = task.status
        if task.status.final:
            self._settle(handle)

    def fail(self, task_id: int, cause: Exception) -> None:
        """Be told that a task could not even be stored."""
        handle = self._open.get(task_id)
        if handle is not None:
            handle.error, handle._cause = str(cause) or type(cause).__name__, cause
            handle.status = ProcessStatus.FAILED
            self._settle(handle)

    def close(self) -> None:
        """Wake everybody who waits for something that will not come."""
        self._closed = True
        for handle in list(self._open.values()):
            handle._news.set()

    def wait(self, task_id: int, handle: ProcessTask, timeout: float | None) -> None:
        """Wait until a task is done; see ``ProcessTask.wait``."""
        deadline = None if timeout is None else monotonic() + timeout
        while not handle.done:
            if self._closed:
                raise ClosedError(f"the memory was closed before task {handle.id} was done; it is kept")
            left = self._poll if deadline is None else min(self._poll, deadline - monotonic())
            if handle._news.wait(max(0.0, left)) or handle.done:
                continue
            if deadline is not None and monotonic() >= deadline:
                raise ProcessTimeout(f"task {handle.id} took more than {timeout} s; it goes on")
            self._look(task_id, handle)

    def _look(self, task_id: int, handle: ProcessTask) -> None:
        if self._store is None:
            return
        task = self._store.find_task(task_id)
        if task is not None:
            self.note(task)
        elif handle.status is not ProcessStatus.PENDING:
            # Deleted with all that its scope held.
            handle.status = ProcessStatus.CANCELLED
            self._settle(handle)

    def _settle(self, handle: ProcessTask) -> None:
        self._open.pop(handle._number, None)
        handle._news.set()
