# Generated from src/powermem/_async/processing/runner.py by scripts/run_unasync.py; edit that file instead.
"""Run one task: turn waiting turns into memories, each turn exactly once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from ..._concurrency import call
from ..._core import clock
from ..._core.changes.addition import Refinement
from ..._core.changes.writes import (
    AddPreference,
    Change,
    FinishTurns,
    HoldLane,
    Items,
    LeaseLost,
    Outcome,
    TaskEnded,
    TurnsGone,
    UpdateTask,
)
from ..._core.filters.parse import parse as parse_filters
from ..._core.inputs import Observer
from ..._core.instruments import Value
from ..._core.results.records import preference_record, task_record
from ..._core.tasks.buffering import by_gap, read_call, read_parts
from ..._core.tasks.task import (
    LONGEST_PAUSE,
    OVER_BUDGET,
    BegunTask,
    BufferedTurn,
    ProcessStatus,
    Rate,
    Task,
    is_hopeless,
)
from ..._core.tracing import annotate, span
from ..._core.values import Message, Turn, Usage
from ..._core.wire.failure import Backoff
from ..._core.wire.reasons import QUOTA
from ...errors import (
    AuthenticationError,
    ClosedError,
    ConfigError,
    EmbeddingMismatchError,
    PowerMemError,
    ProviderError,
    QuotaExceededError,
    StoreUnavailableError,
)
from ..extraction.extractor import Extractor
from ..extraction.pipeline import Extraction
from ..providers.media import Media
from ..stores.base import Store
from .handle import Watcher

_logger = logging.getLogger("powermem.processing")

_RUNNING = frozenset({ProcessStatus.RUNNING})
_RETRIES = Backoff(base=1.0, cap=LONGEST_PAUSE)

# Fail a task after `max_retries` plus this many starts: it kills whatever process runs it.
_DEATHS = 10

# Errors that end the attempt before all segments were tried.
_ENDS = (LeaseLost, TaskEnded, TurnsGone, StoreUnavailableError, ClosedError)

# Errors that all other segments would raise too.
_EVERYWHERE = (AuthenticationError, ConfigError, EmbeddingMismatchError, QuotaExceededError)


class TaskRunner:
    """Runs tasks, one for each call, and records their state in the store.

    Args:
        store: holds the tasks and turns.
        extraction: stores the memories.
        extractor: divides long conversations into topics.
        media: converts images and audio to text.
        watcher: is notified of the progress of tasks.
        observers: are called when a task ends.
        gap: a pause of this many microseconds between messages ends a topic.
        lease: duration of a lane's lease after each step, microseconds.
        max_retries: how often a failed task is retried automatically.
        zone: time zone of turns stored without an offset.

    Attributes:
        done: counts tasks completed here.
        failed: counts tasks that failed here for good.
    """

    def __init__(
        self,
        store: Store,
        extraction: Extraction,
        extractor: Extractor,
        media: Media,
        watcher: Watcher,
        observers: Iterable[Observer],
        *,
        gap: int,
        lease: int,
        max_retries: int,
        zone: tzinfo,
    ) -> None:
        self._store = store
        self._extraction = extraction
        self._extractor = extractor
        self._media = media
        self._watcher = watcher
        self._observers = observers
        self._gap = gap
        self._lease = lease
        self._max_retries = max_retries
        self._zone = zone
        self.done = Rate()
        self.failed = Rate()

    def run(self, begun: BegunTask, owner: str, read: Callable[[], None]) -> None:
        """Run a task that was started.

        Args:
            begun: the task as it was started, and its turns.
            owner: the holder of its lane.
            read: is called once the facts of all messages are found, before they are stored.

        Raises:
            LeaseLost: another owner holds the lane by now.
            StoreUnavailableError: the store is gone; the task is started again once the lease has ended.
            ClosedError: the store is closed; as above.
        """
        task = begun.task
        traced: dict[str, Value] = {"powermem.task.kind": task.kind, "powermem.task.attempt": task.attempts}
        with span("powermem.process", traced, apart=True, store=self._store.name):
            try:
                if task.attempts > self._max_retries + _DEATHS:
                    raise PowerMemError(f"the work was interrupted {task.attempts - 1} times")
                self._work(task, begun.turns, owner, read)
            except (LeaseLost, StoreUnavailableError, ClosedError):
                raise
            except TaskEnded:
                # Its end is in the store already, but only here is it certain that the task no longer runs.
                self._tell(task, None)
            except Exception as error:
                self._fail(task, owner, error)

    def _work(
        self, task: Task, waiting: Sequence[BufferedTurn], owner: str, read: Callable[[], None]
    ) -> None:
        usage = Usage()
        while True:
            try:
                ended = self._learn_all(task, owner, waiting, usage, read)
                break
            except TurnsGone:
                # Some turns were deleted in the meantime. Process the others all the same.
                whose = task.scope.user_id or ""
                before, waiting = waiting, self._store.task_turns(task.id, user_id=whose)
                if len(waiting) >= len(before):
                    raise
        self.done.count()
        self._tell(task, ended)

    def _learn_all(
        self,
        task: Task,
        owner: str,
        waiting: Sequence[BufferedTurn],
        usage: Usage,
        read: Callable[[], None],
    ) -> Outcome:
        """Store the memories of the turns; return the resulting task."""
        ended: Outcome = None
        heard, problem = self._hear(waiting, usage)
        problems = [] if problem is None else [problem]
        readable = [waits.turn for waits in waiting if waits.turn.id in heard]
        calls = {waits.turn.id: read_call(waits.parts) for waits in waiting}
        groups = self._groups(task, readable, heard, calls, usage)
        for number, turns in enumerate(groups, 1):
            last = number == len(groups) and not problems
            try:
                asked = replace(task, payload=calls[turns[0].id] or task.payload)
                told = read if number == len(groups) else None
                ended = self._learn(asked, owner, turns, heard, usage, told, last=last)
            except _ENDS:
                raise
            except PowerMemError as error:
                # Other segments do not depend on this one, so continue with them.
                problems.append(error)
                if _ends_all(error):
                    break
        if problems:
            # If any error is temporary, the task is worth another attempt.
            raise next((error for error in problems if not is_hopeless(error)), problems[-1])
        return ended if groups else self._complete_empty(task, owner)

    def _hear(
        self, waiting: Sequence[BufferedTurn], usage: Usage
    ) -> tuple[dict[int, Message], PowerMemError | None]:
        """Return the readable messages by turn id, and the error of the others, if any."""
        heard: dict[int, Message] = {}
        problem: PowerMemError | None = None
        for waits in waiting:
            turn = waits.turn
            content = turn.content
            if parts := read_parts(waits.parts):
                try:
                    content = self._media.read(parts, usage)
                except PowerMemError as error:
                    problem = problem or error
                    continue
            utc_offset = turn.utc_offset
            if utc_offset is None:
                utc_offset = clock.local_time(turn.sent_at, self._zone).utc_offset
            heard[turn.id] = Message(turn.role, content, turn.actor_id, turn.sent_at, utc_offset=utc_offset)
        return heard, problem

    def _groups(
        self,
        task: Task,
        turns: Sequence[Turn],
        heard: Mapping[int, Message],
        calls: Mapping[int, Mapping[str, Any]],
        usage: Usage,
    ) -> list[list[Turn]]:
        """Return groups of related turns, ordered by the first turn of each."""
        if task.kind == "refine":
            return [list(turns)] if turns else []
        together: dict[str, list[Turn]] = {}
        for turn in turns:
            # Turns of one call are stored with the arguments of that call, most turns with none.
            given = calls[turn.id]
            together.setdefault(json.dumps(given, sort_keys=True) if given else "", []).append(turn)
        groups = []
        for same in together.values():
            for stretch in by_gap(same, self._gap):
                for numbers in self._extractor.segment([heard[turn.id] for turn in stretch], usage):
                    groups.append([stretch[number] for number in numbers])
        return groups

    def _learn(
        self,
        task: Task,
        owner: str,
        turns: Sequence[Turn],
        heard: dict[int, Message],
        usage: Usage,
        read: Callable[[], None] | None,
        *,
        last: bool,
    ) -> Outcome:
        """Store the memories of a group of turns, and mark these as done, in one transaction.

        Returns:
            The resulting task.

        Raises:
            PowerMemError: the extraction of some turns failed. These keep waiting; the others are done.
        """
        refinement = Refinement.of(replace(task, scope=turns[0].scope), clock.now())
        ids = [turn.id for turn in turns]
        messages = [heard[turn_id] for turn_id in ids]
        learned = self._extraction.learn(messages, refinement.new, usage, refinement.prompt)
        if read is not None:
            read()
        missing = frozenset(learned.missing)
        done = [turn_id for number, turn_id in enumerate(ids) if number not in missing]
        last = last and learned.problem is None

        def enclose(changes: Sequence[Change], verbatim: bool) -> tuple[list[Change], Items]:
            before: list[Change] = [self._hold(task, owner), FinishTurns(done)]
            items = Items.behind(before, changes, verbatim=verbatim)
            preferences = [change.preference for change in changes if isinstance(change, AddPreference)]
            noted = UpdateTask(
                task.id,
                clock.now(),
                _RUNNING,
                strict=True,
                status=ProcessStatus.COMPLETED if last else None,
                stage="done" if last else "extracting",
                forget_error=last,
                results=items,
                preferences=[preference_record(preference) for preference in preferences],
                warnings=tuple(usage.warnings),
            )
            endings = refinement.endings(changes) if last else ()
            return [*before, *changes, *endings, noted], items

        _, outcomes = self._extraction.store_learned(
            learned,
            messages,
            ids,
            refinement.new,
            usage,
            parse_filters(refinement.filters, self._zone),
            enclose,
        )
        if learned.problem is not None:
            raise learned.problem
        return outcomes[-1]

    def _complete_empty(self, task: Task, owner: str) -> Outcome:
        at = clock.now()
        changes = Refinement.of(task, at).endings(())
        ended = UpdateTask(
            task.id,
            at,
            _RUNNING,
            strict=True,
            status=ProcessStatus.COMPLETED,
            stage="done",
            forget_error=True,
        )
        outcomes = self._store.apply([self._hold(task, owner), *changes, ended])
        return outcomes[-1]

    def _fail(self, task: Task, owner: str, error: Exception) -> None:
        at = clock.now()
        again = task.attempts <= self._max_retries and not is_hopeless(error)
        pause = _RETRIES.delay(task.attempts - 1) if again else 0.0
        due, stage = at + int(pause * 1_000_000), "waiting to try again" if again else "failed"
        if isinstance(error, QuotaExceededError):
            due, stage = clock.parse(error.free_at), OVER_BUDGET
            # A new day may have begun, and with it a new budget.
            again = due <= at
        _logger.warning(
            "task %s of %r failed at attempt %s: %r%s",
            task.id,
            task.lane,
            task.attempts,
            error,
            f"; again in {pause:.1f} s" if again else "",
        )
        ended = UpdateTask(
            task.id,
            at,
            _RUNNING,
            status=ProcessStatus.PENDING if again else ProcessStatus.FAILED,
            stage=stage,
            error=f"{error}" or type(error).__name__,
            due_at=due,
        )
        self._watcher.record_cause(task.id, error)
        outcomes = self._store.apply([self._hold(task, owner), ended])
        if not again and outcomes[-1] is not None:
            self.failed.count()
        self._tell(task, outcomes[-1])

    def _hold(self, task: Task, owner: str) -> HoldLane:
        # Counted from now, since the model may have taken longer than a lease lasts.
        return HoldLane(task.lane, owner, clock.now() + self._lease)

    def _tell(self, task: Task, now: Outcome) -> None:
        """Notify the watcher and observers of the state of a task, which is queried unless given."""
        found = now if isinstance(now, Task) else self._store.find_task(task.id)
        if found is None:
            self._watcher.gone(task.id)
            return
        self._watcher.note(found)
        annotate({"powermem.task.status": str(found.status)})
        if found.status.final:
            self.announce(found)

    def announce(self, task: Task) -> None:
        """Call the observers of a task that has ended."""
        for observer in list(self._observers):
            try:
                call(observer, task_record(task))
            except Exception:
                _logger.exception("on_task_done: the callback failed for task %s", task.id)


def _ends_all(error: PowerMemError) -> bool:
    """Return whether an error meets every further segment too."""
    return isinstance(error, _EVERYWHERE) or (isinstance(error, ProviderError) and error.reason == QUOTA)
