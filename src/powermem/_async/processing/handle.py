"""A task as its maker sees it."""

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

# How many tasks are looked at in the store at a time, to see what other processes have done.
_LOOKS = 50

# Seconds that storing a task may take; a call that was interrupted leaves one behind that never is.
_STORING = 5.0


@named("AsyncProcessTask")
class AsyncProcessTask:
    """Work in the background that can be looked at and waited for.

    Attributes:
        id: the task's id, as ``get_status`` takes it.
        user_id: whose work it is.
        status: how far it has come.
        knowledge_count: how many memories it has written.
        error: why it failed, or why its last attempt did.
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
        """Whether it was completed, failed or was cancelled."""
        return self.status.final

    async def wait(self, timeout: float | None = None) -> int:
        """Wait until it is done. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            How many memories were written; 0 when it failed or was cancelled, see ``raise_for_error``.

        Raises:
            ProcessTimeout: it takes longer.
            ClosedError: the memory was closed before it was done; it goes on at the next start.
        """
        await self._watcher.wait(self, check_seconds(timeout, "timeout"))
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


class AsyncWatcher:
    """Tells tasks' makers what becomes of them, also when another process does the work.

    Tasks can be made before the store is open.

    Args:
        poll: seconds between two looks at the store.
    """

    def __init__(self, poll: float) -> None:
        self._poll = poll
        self._store: AsyncStore | None = None
        # Where threads do the work, what is told last must not be overtaken by what was seen before.
        self._lock = threading.Lock()
        self._open: dict[int, AsyncProcessTask] = {}
        self._last = 0
        self._next_look = 0.0
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether a task that was made here is not done."""
        oldest = monotonic() - _STORING
        return any(
            handle._own and (handle._stored or handle._made > oldest) for handle in list(self._open.values())
        )

    def open(self, store: AsyncStore) -> None:
        """Look into this store from now on."""
        self._store = store

    def watch(
        self, task_id: int, user_id: str | None, *, own: bool = True, maker: object = None
    ) -> AsyncProcessTask:
        """Return the handle of a task, which is followed until it is done.

        Args:
            task_id: the task's id.
            user_id: whose work it is.
            own: whether it is made here, and is going to be stored; otherwise it is stored already.
            maker: for whom it is made, see ``made_by``.
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
        """Be told that tasks are in the store by now."""
        with self._lock:
            for task_id in task_ids:
                if (handle := self._open.get(task_id)) is not None:
                    handle._stored = True

    def made_here(self, user_id: str | None) -> list[AsyncProcessTask]:
        """Return the tasks that were made here and are not done; of everybody, if no user is given."""
        with self._lock:
            handles = list(self._open.values())
        return [handle for handle in handles if handle._own and user_id in (None, handle.user_id)]

    def made_by(self, maker: object) -> list[AsyncProcessTask]:
        """Return the tasks that were made for somebody and are not done."""
        return [handle for handle in self.made_here(None) if handle._maker is maker]

    def forget(self, handles: Iterable[AsyncProcessTask]) -> None:
        """Stop following tasks that were never stored."""
        with self._lock:
            for handle in handles:
                self._drop(handle)

    def blame(self, task_id: int, cause: Exception) -> None:
        """Be told why a task is going to fail, before the store is: from then on others may see it there."""
        with self._lock:
            if (handle := self._open.get(task_id)) is not None:
                handle._cause = cause

    def note(self, task: Task) -> None:
        """Be told how far a task has come."""
        with self._lock:
            handle = self._open.get(task.id)
            if handle is None or (task.updated_at < handle._updated_at and not task.status.final):
                return
            handle._updated_at = task.updated_at
            handle._stored = True
            handle.knowledge_count = task.knowledge_count
            handle.error = task.error
            # Last, because who sees that it is done may read the rest.
            handle.status = task.status
            if task.status.final:
                self._drop(handle)
                handle._news.set()

    def gone(self, task_id: int) -> None:
        """Be told that a task was deleted, with all that its scope held."""
        self._end(task_id, ProcessStatus.CANCELLED)

    def fail(self, task_ids: Iterable[int], cause: Exception) -> None:
        """Be told that tasks could not even be stored."""
        for task_id in task_ids:
            self._end(task_id, ProcessStatus.FAILED, cause)

    def close(self) -> None:
        """Wake everybody who waits for something that will not come."""
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
                raise ProcessTimeout(f"task {handle.id} took more than {timeout} s; it goes on")
            await self._look(handle)

    async def follow(self) -> None:
        """Look now and then what others have done of some tasks, for those who do not wait."""
        if monotonic() < self._next_look:
            return
        self._next_look = monotonic() + self._poll
        with self._lock:
            handles = list(self._open.values())
        later = [handle for handle in handles if handle._number > self._last]
        chosen = (later or handles)[:_LOOKS]
        self._last = chosen[-1]._number if chosen else 0
        for handle in chosen:
            await self._look(handle)

    async def _look(self, handle: AsyncProcessTask) -> None:
        # In this order: what is stored while we look is not gone.
        stored = handle._stored
        if self._store is None or not stored:
            return
        task = await self._store.find_task(handle._number)
        if task is None:
            self.gone(handle._number)
        else:
            self.note(task)

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
        # A handle may be kept for long, and with it nothing else.
        handle._maker = None
        self._open.pop(handle._number, None)
