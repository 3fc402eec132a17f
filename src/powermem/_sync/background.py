# Generated from src/powermem/_async/background.py by scripts/run_unasync.py; edit that file instead.
"""The part of the facade whose work is done in the background."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from time import monotonic, perf_counter
from typing import Any

from .. import clock
from .._concurrency import Event, Worker
from ..buffering import waiting_turns
from ..changes import AddMemory, AddTask, AlreadyDone, Change, FreeTurns, Remember, UpdateTask
from ..errors import ClosedError, InvalidInputError, NotFoundError, ProcessTimeout
from ..ids import new_id, parse_id
from ..indexing import document
from ..inputs import Moment, check_choice, check_count, check_id
from ..messages import read_messages
from ..records import listed_task, preference_record, task_record, turn_record
from ..refinement import Refinement
from ..rough import ROUGH_TYPE, rough_metadata, rough_texts
from ..tasks import OPEN, ProcessStatus, Task, lane_of, lane_scope
from ..text import content_hash
from ..types import Message, Row, Scope, Turn, Usage
from .extraction.pipeline import verbatim_items
from .lifecycle import Parts
from .moving import Moving
from .processing.handle import ProcessTask
from .processing.view import Processing

_PAGE = 500


class Background(Moving):
    """Keeping what was said at once, and learning from it later."""

    @property
    def processing(self) -> Processing:
        """What there is to know of the work in the background."""
        return Processing(self._ready, self._observers)

    def add_exchange(
        self,
        user_id: str,
        user_message: str,
        assistant_message: str,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: str | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Keep what a user said and what was answered, to learn from it later. On return it is on disk.

        Args:
            user_id: whose it is.
            user_message: what the user said; a text, or a list of parts in OpenAI's form.
            assistant_message: what was answered.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.

        Returns:
            Both source turns: ``{"id", "role", "content", "actor_id", "sent_at"}``.
        """
        messages = [("user", user_message), ("assistant", assistant_message)]
        user, assistant = self._buffer(user_id, messages, timestamp, run_id, agent_id)
        return user, assistant

    def add_message(
        self,
        user_id: str,
        role: str,
        content: str,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: str | None = None,
    ) -> dict[str, Any]:
        """Keep one message, to learn from it later. On return it is on disk.

        Args:
            user_id: whose it is.
            role: who speaks, such as ``"user"``.
            content: what was said; a text, or a list of parts in OpenAI's form.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.

        Returns:
            The source turn: ``{"id", "role", "content", "actor_id", "sent_at"}``.
        """
        (turn,) = self._buffer(user_id, [(role, content)], timestamp, run_id, agent_id)
        return turn

    def process(self, user_id: str) -> int:
        """Learn from everything that a user's buffer holds, and wait for it.

        Turns of tasks that failed before are tried again.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or whatever else went wrong; the turns are kept, and can be processed again.
        """
        scope = self._user(user_id)
        parts = self._ready()
        handle = (self._enqueue(parts, [scope]))[0]
        count = handle.wait()
        handle.raise_for_error()
        return count

    def process_async(self, user_id: str) -> ProcessTask:
        """Begin to learn from everything that a user's buffer holds, and return at once.

        Returns:
            The task, to look at and to wait for.
        """
        scope = self._user(user_id)
        if self._closed:
            raise ClosedError("this memory was closed; make a new one")
        task_id = new_id()
        handle = self._watcher.watch(task_id, user_id)
        worker = Worker("powermem-submit", partial(self._submit, task_id, scope))
        self._submitting.add(worker)
        worker.start()
        return handle

    def flush(self, user_id: str | None = None) -> int:
        """Process all that is buffered, also what arrives while it runs.

        Args:
            user_id: only this user's; of everybody, if it is left out.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or whatever else went wrong first; everything else was processed.
        """
        only = None if user_id is None else self._user(user_id)
        parts = self._ready()
        written, failed = 0, dict[str, ProcessTask]()
        while scopes := self._buffered(parts, only, failed):
            for scope, handle in zip(scopes, self._enqueue(parts, scopes), strict=True):
                written += handle.wait()
                if handle.status is not ProcessStatus.COMPLETED:
                    failed[lane_of(scope)] = handle
        written += self.wait_for_processing(user_id)
        for handle in failed.values():
            handle.raise_for_error()
        return written

    def wait_for_processing(self, user_id: str | None = None, timeout: float | None = None) -> int:
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
        deadline = None if timeout is None else monotonic() + timeout
        parts = self._ready()
        for worker in list(self._submitting):
            if not worker.join(_left(deadline)):
                raise ProcessTimeout(f"waiting took more than {timeout} s; the work goes on")
        handles: list[ProcessTask] = []
        while page := parts.store.list_tasks(scope, OPEN, limit=_PAGE, offset=len(handles)):
            handles += [parts.watcher.watch(task.id, task.scope.user_id) for task in page]
        if handles:
            parts.processor.wake()
        written = 0
        for handle in handles:
            written += handle.wait(_left(deadline))
        return written

    def get_status(
        self, task_id: int | str, user_id: str | None = None, agent_id: str | None = None
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
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        status: str | ProcessStatus | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """List tasks, the newest first.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            status: only those in this state, such as ``"failed"``.
            limit: how many at most.
            offset: how many to pass over.
        """
        whose = self._scope(user_id, agent_id, run_id, required=True)
        names = [str(each) for each in ProcessStatus]
        chosen = None if status is None else check_choice(str(status), "status", names)
        statuses = frozenset(ProcessStatus if chosen is None else [ProcessStatus(str(status))])
        size, skipped = check_count(limit, "limit", least=0), check_count(offset, "offset", least=0)
        parts = self._ready()
        tasks = parts.store.list_tasks(whose, statuses, limit=size, offset=skipped)
        return [listed_task(task) for task in tasks]

    def retry_task(
        self, task_id: int | str, user_id: str | None = None, agent_id: str | None = None
    ) -> ProcessTask:
        """Begin a task again that failed or was cancelled.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
            InvalidInputError: it is neither.
        """
        task = self._task(task_id, user_id, agent_id)
        parts = self._ready()
        at = clock.now()
        handle = parts.watcher.watch(task.id, task.scope.user_id)
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
            parts.watcher.note(task)
            raise InvalidInputError(
                f"task_id: task {task.id} is {task.status}; only what ended is tried again"
            )
        parts.processor.wake()
        return handle

    def cancel_task(
        self, task_id: int | str, user_id: str | None = None, agent_id: str | None = None
    ) -> bool:
        """Cancel a task. Its turns stay, and can be processed by another one.

        Returns:
            Whether it was still to be done.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
        """
        task = self._task(task_id, user_id, agent_id)
        parts = self._ready()
        ended = UpdateTask(task.id, clock.now(), OPEN, status=ProcessStatus.CANCELLED, stage="cancelled")
        outcomes = parts.store.apply([ended])
        if not isinstance(outcomes[0], Task):
            return False
        parts.watcher.note(outcomes[0])
        return True

    def get_preferences(
        self, user_id: str, agent_id: str | None = None, run_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Return what a user likes or wants, oldest first.

        Returns:
            ``{"preference_type", "preference", "reasoning", "run_id"}`` and whose it is; the type is
            ``"explicit_preference"`` for what was said, ``"implicit_preference"`` for what shows in it.
        """
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        parts = self._ready()
        return [preference_record(preference) for preference in parts.store.preferences(scope)]

    def _buffer(
        self,
        user_id: str,
        messages: Sequence[tuple[str, object]],
        timestamp: Moment | None,
        run_id: str | None,
        agent_id: str | None,
    ) -> list[dict[str, Any]]:
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        at = clock.now()
        said = at if timestamp is None else clock.parse(timestamp)
        heard = [
            message
            for role, content in messages
            for message in read_messages({"role": role, "content": content}, sent_at=said)
        ]
        parts = self._ready()
        turns = waiting_turns(heard, scope, at)
        parts.store.apply(turns)
        if self._auto_process:
            self._process_when_due(parts, scope)
        return [
            turn_record(Turn(turn.id, turn.scope, turn.role, turn.content, turn.actor_id, turn.sent_at))
            for turn in (waiting.turn for waiting in turns)
        ]

    def _process_when_due(self, parts: Parts, scope: Scope) -> None:
        lane = lane_of(scope)
        if parts.store.count_buffered(lane, self._batch_threshold) >= self._batch_threshold:
            self._enqueue(parts, [lane_scope(scope)], again=False)

    def _add_later(
        self, heard: Sequence[Message], refinement: Refinement, key: str | None, usage: Usage, started: float
    ) -> dict[str, Any]:
        """Store rough memories of messages, and the task to refine them; see ``add``."""
        parts = self._ready()
        new = refinement.new
        task_id = new_id()
        turns = waiting_turns(heard, new.scope, new.at, task_id)
        rough = [_rough_row(text, heard, refinement) for text in rough_texts(heard, new.at)]
        vectors = parts.encoder.encode([document(row.text, row.actor_id, row.valid_from) for row in rough])
        usage.embedded_texts += sum(vector is not None for vector in vectors)
        ids = [waiting.turn.id for waiting in turns]
        memories = [AddMemory(row, vector, ids) for row, vector in zip(rough, vectors, strict=True)]
        payload = Refinement(
            new, refinement.prompt, refinement.filters, tuple(row.id for row in rough)
        ).payload()
        task = Task(task_id, lane_of(new.scope), new.scope, "refine", new.at, new.at, new.at, payload=payload)
        changes: list[Change] = [*turns, *memories, AddTask(task)]

        def reply(items: list[dict[str, Any]]) -> dict[str, Any]:
            usage.seconds = usage.seconds or perf_counter() - started
            return {
                "results": items,
                "status": "running",
                "task_id": str(task_id),
                "usage": usage.as_dict(),
                "extractor": parts.extractor.name,
            }

        if key is not None:
            changes.append(
                Remember(new.scope, key, lambda outcomes: json.dumps(reply(verbatim_items(outcomes))), new.at)
            )
        # Followed from here on, so that closing waits for it.
        parts.watcher.watch(task_id, new.scope.user_id)
        try:
            outcomes = parts.store.apply(changes)
        except BaseException as error:
            parts.watcher.forget(task_id)
            if isinstance(error, AlreadyDone):
                kept: dict[str, Any] = json.loads(error.result)
                return kept
            raise
        parts.processor.wake()
        return reply(verbatim_items(outcomes[: len(turns) + len(memories)]))

    def _submit(self, task_id: int, scope: Scope, stopping: Event) -> None:
        try:
            self._enqueue(self._ready(), [scope], [task_id])
        except Exception as error:
            self._watcher.fail(task_id, error)
        finally:
            self._submitting = {worker for worker in self._submitting if worker.alive}

    def _enqueue(
        self, parts: Parts, scopes: Sequence[Scope], ids: Sequence[int] = (), *, again: bool = True
    ) -> list[ProcessTask]:
        """Make a task for each scope's lane; with ``again`` it takes on what earlier ones failed at, too."""
        at = clock.now()
        changes: list[Change] = []
        handles = []
        for scope, task_id in zip(scopes, ids or [new_id() for _ in scopes], strict=True):
            lane = lane_of(scope)
            if again:
                changes.append(FreeTurns(lane))
            changes.append(AddTask(Task(task_id, lane, scope, "process", at, at, at)))
            handles.append(parts.watcher.watch(task_id, scope.user_id))
        try:
            parts.store.apply(changes)
        except BaseException:
            for handle in handles:
                parts.watcher.forget(int(handle.id))
            raise
        parts.processor.wake()
        return handles

    def _buffered(self, parts: Parts, only: Scope | None, failed: dict[str, ProcessTask]) -> list[Scope]:
        """Return a page of the scopes that have something to process, without those that failed just now."""
        lane, after = None if only is None else lane_of(only), ""
        while page := parts.store.buffered_scopes(after, _PAGE, lane=lane):
            found = [lane_scope(scope) for name, scope in page if name not in failed]
            if found or lane is not None:
                return found
            after = page[-1][0]
        return []

    def _task(self, task_id: int | str, user_id: str | None, agent_id: str | None) -> Task:
        whose = self._scope(user_id, agent_id, None)
        number = parse_id(task_id)
        parts = self._ready()
        task = None if number is None else parts.store.find_task(number)
        if task is None or any(
            given is not None and given != has for given, has in zip(whose[:2], task.scope[:2], strict=True)
        ):
            raise NotFoundError(f"task_id: there is no task {task_id!r}, or it is somebody else's")
        return task

    def _user(self, user_id: object) -> Scope:
        scope = Scope(check_id(user_id, "user_id"))
        if scope.user_id is None:
            raise InvalidInputError("user_id: required here; it says whose turn it is to be processed")
        return scope


def _rough_row(text: str, heard: Sequence[Message], refinement: Refinement) -> Row:
    new = refinement.new
    said = next((message.sent_at for message in heard if message.sent_at is not None), new.at)
    return Row(
        id=new_id(),
        scope=new.scope,
        text=text,
        hash=content_hash(text),
        actor_id=new.actor_id,
        memory_type=ROUGH_TYPE,
        metadata=rough_metadata(new.metadata),
        created_at=new.at,
        updated_at=new.at,
        valid_from=said,
        expires_at=new.expires_at,
    )


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - monotonic())
