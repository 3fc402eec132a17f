# Generated from src/powermem/_async/following.py by scripts/run_unasync.py; edit that file instead.
"""The part of the facade that looks after work in the background: waiting for it, listing, ending it."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from .. import clock
from ..changes import UpdateTask
from ..errors import InvalidInputError, NotFoundError
from ..inputs import Id, check_choice, check_count, check_id, check_limit, check_seconds, is_theirs, read_id
from ..masking import shown
from ..records import listed_task, noted_item, task_record
from ..tasks import OPEN, ProcessStatus, Task, done_key, noted_ids, noted_task
from ..types import Scope
from .moving import Moving
from .processing.handle import ProcessTask

if TYPE_CHECKING:
    from .engine import Parts

_PAGE = 500


class Following(Moving):
    """Following tasks, trying them again, and cancelling them."""

    def wait_for_processing(self, user_id: Id | None = None, timeout: float | None = None) -> int:
        """Wait for every task that is in flight now. Giving up to wait cancels nothing.

        Args:
            user_id: only this user's; everybody's, if it is left out.
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            How many memories these tasks wrote.

        Raises:
            ProcessTimeout: it takes longer.
        """
        scope = Scope() if user_id is None else self._user(user_id)
        patience = check_seconds(timeout, "timeout")
        deadline = None if patience is None else monotonic() + patience
        parts = self._ready()
        # Those that were made here may not be in the store yet.
        handles = {handle.id: handle for handle in parts.watcher.made_here(scope.user_id)}
        offset, page = 0, parts.store.list_tasks(scope, OPEN, limit=_PAGE)
        while page:
            for task in page:
                handle = parts.watcher.watch(task.id, task.scope.user_id, own=False)
                handles[handle.id] = handle
            if len(page) < _PAGE:
                break
            # Pages overlap: tasks that end meanwhile must not let others slip through between two of them.
            offset += _PAGE // 2
            page = parts.store.list_tasks(scope, OPEN, limit=_PAGE, offset=offset)
        if handles:
            parts.processor.start()
        written = 0
        for handle in handles.values():
            written += handle.wait(time_left(deadline))
        return written

    def get_status(
        self, task_id: int | str, user_id: Id | None = None, agent_id: Id | None = None
    ) -> dict[str, Any]:
        """Return how far a task has come.

        Args:
            task_id: as ``add`` returned it, or ``ProcessTask.id``.
            user_id: it must be this user's.
            agent_id: it must be this agent's.

        Returns:
            ``{"task_id", "status", "stage", "error", "results", "preferences", "created_at", "updated_at"}``;
            the status is ``"running"``, ``"completed"``, ``"failed"`` or ``"cancelled"``.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
        """
        return task_record(self._task(task_id, user_id, agent_id))

    def list_tasks(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        status: str | ProcessStatus | None = None,
        limit: int = 100,
        offset: int = 0,
        *,
        top_k: int | None = None,
    ) -> list[dict[str, Any]]:
        """List tasks, the newest first.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            status: only those in this state, such as ``"failed"``.
            limit: how many at most.
            offset: how many to pass over.
            top_k: another name for ``limit``.
        """
        whose = self._scope(user_id, agent_id, run_id, required=True)
        statuses = frozenset(ProcessStatus)
        if status is not None:
            names = [str(each) for each in ProcessStatus]
            statuses = frozenset({ProcessStatus(check_choice(status, "status", names))})
        size, skipped = check_limit(limit, top_k, least=0), check_count(offset, "offset", least=0)
        parts = self._ready()
        tasks = parts.store.list_tasks(whose, statuses, limit=size, offset=skipped)
        return [listed_task(task) for task in tasks]

    def retry_task(
        self, task_id: int | str, user_id: Id | None = None, agent_id: Id | None = None
    ) -> ProcessTask:
        """Begin a task again that failed or was cancelled.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
            InvalidInputError: it is neither.
        """
        task = self._task(task_id, user_id, agent_id)
        parts = self._ready()
        at = clock.now()
        ended = frozenset({ProcessStatus.FAILED, ProcessStatus.CANCELLED})
        again = UpdateTask(
            task.id,
            at,
            ended,
            status=ProcessStatus.PENDING,
            stage="queued",
            attempts=0,
            due_at=at,
            forget_error=True,
        )
        outcomes = parts.store.apply([again])
        if outcomes[0] is None:
            raise InvalidInputError(
                f"task_id: task {task.id} is {task.status}; only what ended is tried again"
            )
        parts.processor.wake()
        handle = parts.watcher.watch(task.id, task.scope.user_id, maker=self._share)
        parts.watcher.stored([task.id])
        return handle

    def cancel_task(self, task_id: int | str, user_id: Id | None = None, agent_id: Id | None = None) -> bool:
        """Cancel a task. Its turns stay, and can be processed by another one.

        Returns:
            Whether it was still to be done.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
        """
        task = self._task(task_id, user_id, agent_id)
        parts = self._ready()
        for status in (ProcessStatus.PENDING, ProcessStatus.RUNNING):
            outcomes = parts.store.apply(
                [
                    UpdateTask(
                        task.id,
                        clock.now(),
                        frozenset({status}),
                        status=ProcessStatus.CANCELLED,
                        stage="cancelled",
                    )
                ]
            )
            if isinstance(ended := outcomes[0], Task):
                parts.watcher.note(ended)
                if status is ProcessStatus.PENDING:
                    # Otherwise who works on it will find out, and tell.
                    parts.runner.announce(ended)
                return True
        return False

    def _task(self, task_id: int | str, user_id: Id | None, agent_id: Id | None) -> Task:
        whose = self._scope(user_id, agent_id, None)
        number = read_id(task_id, "task_id")
        parts = self._ready()
        if number is not None:
            # An id is handed out before its task is stored.
            self._engine().submitter.settle(number)
        task = None if number is None else parts.store.find_task(number)
        if task is None and number is not None:
            task = self._done(parts, number, whose)
        elif task is not None and not is_theirs(task.scope, whose):
            task = None
        if task is None:
            raise NotFoundError(f"task_id: there is no task {shown(task_id)}, or it is somebody else's")
        return task

    def _done(self, parts: Parts, number: int, whose: Scope) -> Task | None:
        """Return a call of ``add`` that was over when it returned, as a task."""
        note = parts.store.recall_request(Scope(), done_key(number))
        if note is None:
            return None
        rows = parts.store.get_many(noted_ids(note))
        return noted_task(number, note, whose, lambda each, event: noted_item(each, event, rows.get(each)))

    def _user(self, user_id: object) -> Scope:
        scope = Scope(check_id(user_id, "user_id"))
        if scope.user_id is None:
            raise InvalidInputError("user_id: required here; it says whose turn it is to be processed")
        return scope


def time_left(deadline: float | None) -> float | None:
    """Return the seconds until a moment of ``monotonic``, or ``None`` where there is no end to waiting."""
    return None if deadline is None else max(0.0, deadline - monotonic())
