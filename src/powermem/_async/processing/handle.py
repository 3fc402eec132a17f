"""Handles of background tasks, and the watcher that updates them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING

from ..._concurrency import AsyncEvent
from ..._core.inputs import check_seconds, named
from ..._core.tasks.task import ProcessStatus, Task
from ...errors import ClosedError, ExtractionError, ProcessTimeout

if TYPE_CHECKING:
    from ..stores.base import AsyncStore

# How many tasks to look up in the store at a time, to see the progress made by other processes.
_LOOKS = 50

# Seconds that storing a task may take; a call that was interrupted leaves one behind that never is.
_STORING = 5.0


@named("AsyncProcessTask")
class AsyncProcessTask:
    """A background task that can be inspected and awaited.

    Attributes:
        id: the task's id, as taken by ``get_status``.
        user_id: the user whose messages it processes.
        status: its current status.
        knowledge_count: number of memories it has written.
        error: the error of its last attempt, if any.
    """

    def __init__(self, watcher: AsyncWatcher, task_id: int, user_id: str | None) -> None:
        self.id = str(task_id)
        self.user_id = user_id
        self.status = ProcessStatus.PENDING
        self.knowledge_count = 0
        self.error: str | None = None
        self._watcher = watcher
        self._number = task_id
        self._stored = False
        self._own = False
        self._made = monotonic()
        self._updated_at = 0
        self._cause: Exception | None = None
        self._news = AsyncEvent()
        self._maker: object = None

    @property
    def done(self) -> bool:
        """Whether it is completed, failed or cancelled."""
        return self.status.final

    async def wait(self, timeout: float | None = None) -> int:
        """Wait until it is done. A timeout or cancellation of the wait does not cancel the task.

        Args:
            timeout: seconds, or ``None`` for no limit.

        Returns:
            The number of memories written; 0 if it failed or was cancelled, see ``raise_for_error``.

        Raises:
            ProcessTimeout: it takes longer.
            ClosedError: the memory was closed first; the task continues at the next start.
        """
        await self._watcher.wait(self, check_seconds(timeout, "timeout"))
        return self.knowledge_count if self.status is ProcessStatus.COMPLETED else 0

    def raise_for_error(self) -> None:
        """Raise the error of a failed task; do nothing for others.

        Raises:
            ExtractionError: the task failed; or the original error, if it was raised in this process.
        """
        if self.status is not ProcessStatus.FAILED:
            return
        if self._cause is not None:
            raise self._cause
        raise ExtractionError(f"task {self.id} failed: {self.error}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.status} user_id={self.user_id!r}>"


class AsyncWatcher:
    """Updates the handles of tasks, including tasks that another process runs.

    Tasks can be created before the store is open.

    Args:
        poll: seconds between two queries of the store.
    """

    def __init__(self, poll: float) -> None:
        self._poll = poll
        self._store: AsyncStore | None = None
        # In the sync colour, an older status read from the store must not overwrite a newer notification.
        self._lock = threading.Lock()
        self._open: dict[int, AsyncProcessTask] = {}
        self._last = 0
        self._next_look = 0.0
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether a task created here is not done."""
        oldest = monotonic() - _STORING
        return any(
            handle._own and (handle._stored or handle._made > oldest) for handle in list(self._open.values())
        )

    def open(self, store: AsyncStore) -> None:
        """Set the store to query."""
        self._store = store

    def watch(
        self, task_id: int, user_id: str | None, *, own: bool = True, maker: object = None
    ) -> AsyncProcessTask:
        """Return the handle of a task, which is updated until the task is done.

        Args:
            task_id: the task's id.
            user_id: the user whose messages it processes.
            own: whether it is created here and not stored yet; otherwise it is in the store already.
            maker: the caller it is created for, see ``made_by``.
        """
        with self._lock:
            handle = self._open.get(task_id)
            if handle is None:
                handle = self._open[task_id] = AsyncProcessTask(self, task_id, user_id)
                handle._stored = not own
            if own and not handle._own:
                handle._own = True
                handle._maker = maker
            return handle

    def stored(self, task_ids: Iterable[int]) -> None:
        """Handle that tasks were stored."""
        with self._lock:
            for task_id in task_ids:
                if (handle := self._open.get(task_id)) is not None:
                    handle._stored = True

    def made_here(self, user_id: str | None) -> list[AsyncProcessTask]:
        """Return the unfinished tasks created here, of one user or of all."""
        with self._lock:
            handles = list(self._open.values())
        return [handle for handle in handles if handle._own and user_id in (None, handle.user_id)]

    def made_by(self, maker: object) -> list[AsyncProcessTask]:
        """Return the unfinished tasks created for a caller."""
        return [handle for handle in self.made_here(None) if handle._maker is maker]

    def forget(self, handles: Iterable[AsyncProcessTask]) -> None:
        """Stop following tasks that were never stored."""
        with self._lock:
            for handle in handles:
                self._drop(handle)

    def record_cause(self, task_id: int, cause: Exception) -> None:
        """Record the error of a task; call before storing it, since others may read it from then on."""
        with self._lock:
            if (handle := self._open.get(task_id)) is not None:
                handle._cause = cause

    def note(self, task: Task) -> None:
        """Handle a new state of a task."""
        with self._lock:
            handle = self._open.get(task.id)
            if handle is None or (task.updated_at < handle._updated_at and not task.status.final):
                return
            handle._updated_at = task.updated_at
            handle._stored = True
            handle.knowledge_count = task.knowledge_count
            handle.error = task.error
            # Set last, since a caller that sees a final status may read the other attributes at once.
            handle.status = task.status
            if task.status.final:
                self._drop(handle)
                handle._news.set()

    def gone(self, task_id: int) -> None:
        """Handle that a task was deleted along with all data of its scope."""
        self._end(task_id, ProcessStatus.CANCELLED)

    def fail(self, task_ids: Iterable[int], cause: Exception) -> None:
        """Handle that tasks could not be stored."""
        for task_id in task_ids:
            self._end(task_id, ProcessStatus.FAILED, cause)

    def close(self) -> None:
        """Wake all waiters, since no further updates will come."""
        with self._lock:
            self._closed = True
            handles = list(self._open.values())
        lost = [handle._number for handle in handles if not handle._stored]
        self.fail(lost, ClosedError("the memory was closed before the task could be stored"))
        for handle in handles:
            handle._news.set()

    async def wait(self, handle: AsyncProcessTask, timeout: float | None) -> None:
        """Wait until a task is done; see ``AsyncProcessTask.wait``."""
        deadline = None if timeout is None else monotonic() + timeout
        while not handle.done:
            if self._closed:
                raise ClosedError(f"the memory was closed before task {handle.id} was done; it is kept")
            left = self._poll if deadline is None else min(self._poll, deadline - monotonic())
            if await handle._news.wait(max(0.0, left)) or handle.done:
                continue
            if deadline is not None and monotonic() >= deadline:
                raise ProcessTimeout(f"task {handle.id} took more than {timeout} s; it continues")
            await self._update([handle])

    async def follow(self) -> None:
        """Query the store, at most every ``poll`` seconds, for the progress that other processes made."""
        if monotonic() < self._next_look:
            return
        self._next_look = monotonic() + self._poll
        with self._lock:
            handles = list(self._open.values())
        later = [handle for handle in handles if handle._number > self._last]
        chosen = (later or handles)[:_LOOKS]
        self._last = chosen[-1]._number if chosen else 0
        await self._update(chosen)

    async def _update(self, handles: Iterable[AsyncProcessTask]) -> None:
        # In this order, so that a task stored during the query does not count as missing.
        asked = [handle._number for handle in handles if handle._stored]
        if self._store is None or not asked:
            return
        found = {task.id: task for task in await self._store.find_tasks(asked)}
        for number in asked:
            if number in found:
                self.note(found[number])
            else:
                self.gone(number)

    def _end(self, task_id: int, status: ProcessStatus, cause: Exception | None = None) -> None:
        with self._lock:
            handle = self._open.get(task_id)
            if handle is None:
                return
            if cause is not None:
                handle.error, handle._cause = str(cause) or type(cause).__name__, cause
            handle.status = status
            self._drop(handle)
            handle._news.set()

    def _drop(self, handle: AsyncProcessTask) -> None:
        # Handles may be kept for long, and must not keep anything else alive.
        handle._maker = None
        self._open.pop(handle._number, None)
