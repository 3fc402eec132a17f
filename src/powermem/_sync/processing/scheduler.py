# Generated from src/powermem/_async/processing/scheduler.py by scripts/run_unasync.py; edit that file instead.
"""Create, await, find, retry and cancel tasks on behalf of callers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from ..._concurrency import Event, KeyedLock, Mailbox, Worker
from ..._core import clock
from ..._core.changes.writes import AddTask, Change, FreeTurns, UpdateTask
from ..._core.ids import new_id
from ..._core.inputs import is_theirs
from ..._core.results.records import event_in_note, ids_in_note, task_from_note
from ..._core.tasks.task import OPEN, ProcessStatus, Task, lane_of, lane_scope, work_scope
from ..._core.values import Scope
from ...errors import ClosedError
from ..stores.base import Store
from .handle import ProcessTask, Watcher
from .runner import TaskRunner
from .worker import Processor

_PAGE = 500
_WAITING = frozenset({ProcessStatus.PENDING})
_ENDED = frozenset({ProcessStatus.FAILED, ProcessStatus.CANCELLED})


class Scheduler:
    """Creates and manages the tasks of a store.

    Args:
        store: holds the tasks.
        runner: runs single tasks.
        processor: chooses tasks to run.
        watcher: updates the handles of tasks.
        submitter: stores requested tasks in the background.
    """

    def __init__(
        self,
        store: Store,
        runner: TaskRunner,
        processor: Processor,
        watcher: Watcher,
        submitter: Submitter,
    ) -> None:
        self._store = store
        self._runner = runner
        self._processor = processor
        self._watcher = watcher
        self._submitter = submitter
        self._asking = KeyedLock()

    def begin(
        self, scopes: Sequence[Scope], *, again: bool = False, maker: object = None
    ) -> list[ProcessTask]:
        """Create tasks and return their handles; see ``enqueue``."""
        asked = [(new_id(), scope) for scope in scopes]
        handles = [self._watcher.watch(task_id, scope.user_id, maker=maker) for task_id, scope in asked]
        try:
            self.enqueue(asked, again=again)
        except BaseException:
            self._watcher.forget(handles)
            raise
        self._watcher.stored(task_id for task_id, _ in asked)
        if handles:
            # Callers wait for these tasks, so a worker must run.
            self._processor.start()
        return handles

    def enqueue(self, asked: Sequence[Asked], *, again: bool) -> None:
        """Store tasks; with ``again`` they also process the turns at which earlier ones failed."""
        if not asked:
            return
        at = clock.now()
        changes: list[Change] = []
        for task_id, scope in asked:
            lane = lane_of(scope)
            if again:
                changes.append(FreeTurns(lane))
            changes.append(AddTask(Task(task_id, lane, scope, "process", at, at, at)))
        try:
            self._store.apply(changes)
        finally:
            # Even if the caller was cancelled, since the tasks may be stored.
            self._processor.wake()

    def begin_when_due(self, scope: Scope, agent_id: str | None, threshold: int, maker: object) -> None:
        """Create a task for a user's buffered messages, if there are enough and no task is waiting.

        Args:
            scope: whose messages.
            agent_id: of the memory that asks; see ``work_scope``.
            threshold: how many messages are enough.
            maker: for whom the task is made.
        """
        lane = lane_of(scope)
        # One at a time for each user, so that messages that arrive together make one task.
        with self._asking(lane):
            if not self._is_due(lane, threshold):
                return
            waiting = self._store.list_tasks(lane_scope(scope), _WAITING, limit=_PAGE)
            # A task processes all turns that wait when it starts, which may be at this moment.
            if not any(task.kind == "process" for task in waiting) and self._is_due(lane, threshold):
                self.begin([work_scope(scope, agent_id)], maker=maker)

    def _is_due(self, lane: str, threshold: int) -> bool:
        return self._store.count_buffered(lane, threshold) >= threshold

    def flush(self, only: Scope | None, agent_id: str | None, maker: object) -> int:
        """Process all buffered messages, including new ones; return the number of memories written.

        Args:
            only: this user's; all users', if it is ``None``.
            agent_id: of the memory that asks; see ``work_scope``.
            maker: for whom tasks are made.
        """
        written, failed, after = 0, dict[str, ProcessTask](), ""
        under_way = deque[tuple[Scope, ProcessTask]]()
        while True:
            scopes, after = self._buffered(after, only, failed, agent_id)
            begun = self.begin(scopes, again=True, maker=maker)
            under_way.extend(zip(scopes, begun, strict=True))
            # The next page begins before this one is done, so that workers need not wait for its last tasks.
            while len(under_way) > (_PAGE // 2 if scopes else 0):
                scope, handle = under_way.popleft()
                written += handle.wait()
                if handle.status is not ProcessStatus.COMPLETED:
                    failed[lane_of(scope)] = handle
            if not scopes:
                # Turns claimed by other processes' tasks have left the buffer but are not done, and new
                # messages may arrive.
                written += self.wait(Scope() if only is None else only, None)
                if not (self._buffered("", only, failed, agent_id))[0]:
                    break
        for handle in failed.values():
            handle.raise_for_error()
        return written

    def _buffered(
        self, after: str, only: Scope | None, failed: dict[str, ProcessTask], agent_id: str | None
    ) -> tuple[list[Scope], str]:
        """Return a page of scopes with buffered messages, without those that failed just now.

        Args:
            after: the lane behind which the page begins.
            only: this user's messages; all users', if it is ``None``.
            failed: the tasks that failed, by lane.
            agent_id: of the memory that asks; see ``work_scope``.

        Returns:
            The scopes, and the last lane of the page; no scopes and ``""`` at the end.
        """
        lane = None if only is None else lane_of(only)
        while page := self._store.buffered_scopes(after, _PAGE, lane=lane):
            after = page[-1][0]
            if found := [work_scope(scope, agent_id) for name, scope in page if name not in failed]:
                return found, after
        return [], ""

    def wait(self, scope: Scope, timeout: float | None) -> int:
        """Wait for a scope's tasks that are in flight now; return the number of memories they wrote.

        Raises:
            ProcessTimeout: it takes longer than ``timeout`` seconds.
        """
        deadline = None if timeout is None else monotonic() + timeout
        # Tasks created here may not be in the store yet.
        handles = {handle.id: handle for handle in self._watcher.made_here(scope.user_id)}
        offset, page = 0, self._store.list_tasks(scope, OPEN, limit=_PAGE)
        while page:
            for task in page:
                handle = self._watcher.watch(task.id, task.scope.user_id, own=False)
                handles[handle.id] = handle
            if len(page) < _PAGE:
                break
            # Pages overlap, so that no task is missed when others end between two queries.
            offset += _PAGE // 2
            page = self._store.list_tasks(scope, OPEN, limit=_PAGE, offset=offset)
        if handles:
            self._processor.start()
        written = 0
        for handle in handles.values():
            written += handle.wait(None if deadline is None else max(0.0, deadline - monotonic()))
        return written

    def find(self, task_id: int, whose: Scope) -> Task | None:
        """Return a task, or a finished call of ``add``; ``None`` if it belongs to another user."""
        # The id of a task is returned to the caller before the task is stored.
        self._submitter.settle(task_id)
        task = self._store.find_task(task_id)
        if task is not None:
            return task if is_theirs(task.scope, whose) else None
        note = self._store.completion(task_id, user_id=whose.user_id)
        if note is None:
            return None
        rows = self._store.get_many(ids_in_note(note), user_id=whose.user_id)
        return task_from_note(
            task_id, note, whose, lambda each, event: event_in_note(each, event, rows.get(each))
        )

    def retry(self, task: Task, maker: object) -> ProcessTask | None:
        """Restart a task that failed or was cancelled; ``None`` if it is neither."""
        at = clock.now()
        again = UpdateTask(
            task.id,
            at,
            _ENDED,
            status=ProcessStatus.PENDING,
            stage="queued",
            attempts=0,
            due_at=at,
            forget_error=True,
        )
        outcomes = self._store.apply([again])
        if outcomes[0] is None:
            return None
        self._processor.wake()
        handle = self._watcher.watch(task.id, task.scope.user_id, maker=maker)
        self._watcher.stored([task.id])
        return handle

    def cancel(self, task: Task) -> bool:
        """Cancel a task; return whether it was unfinished."""
        for status in (ProcessStatus.PENDING, ProcessStatus.RUNNING):
            cancelled = UpdateTask(
                task.id,
                clock.now(),
                frozenset({status}),
                status=ProcessStatus.CANCELLED,
                stage="cancelled",
            )
            outcomes = self._store.apply([cancelled])
            if isinstance(ended := outcomes[0], Task):
                self._watcher.note(ended)
                if status is ProcessStatus.PENDING:
                    # Otherwise the process that runs it notices, and calls the observers.
                    self._runner.announce(ended)
                return True
        return False


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
