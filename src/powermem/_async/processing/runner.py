"""Doing one task: from turns that wait to memories, each turn exactly once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ... import clock
from ..._concurrency import async_call
from ...changes import (
    AddPreference,
    Change,
    FinishTurns,
    HoldLane,
    LeaseLost,
    TaskEnded,
    TurnsGone,
    UpdateTask,
)
from ...errors import PowerMemError, StoreUnavailableError
from ...filters import parse as parse_filters
from ...rates import Rate
from ...records import preference_record, task_record
from ...refinement import Refinement
from ...segments import by_gap
from ...tasks import BufferedTurn, ProcessStatus, Task, is_hopeless
from ...types import Message, Turn, Usage
from ...wire.retry import Backoff
from ..extraction.extractor import AsyncExtractor
from ..extraction.pipeline import AsyncExtraction, Frame, Tell
from ..providers.media import AsyncMedia
from ..stores.base import AsyncTaskStore
from .handle import AsyncWatcher

_logger = logging.getLogger("powermem.processing")

Observer = Callable[[dict[str, Any]], object]
"""Is called with what ``get_status`` returns."""

_RUNNING = frozenset({ProcessStatus.RUNNING})
_RETRIES = Backoff(base=1.0, cap=60.0)

# A task that was begun so many times more often than it may fail has ended every process that tried it.
_DEATHS = 10

# What says that the work is somebody else's, or nobody's, by now.
_TAKEN = (LeaseLost, TaskEnded, TurnsGone)


class AsyncTaskRunner:
    """Does one task for each caller, and notes in the store what becomes of it.

    Args:
        store: where tasks and turns are.
        extraction: stores what is worth remembering.
        extractor: cuts long conversations into topics.
        media: reads images and audio.
        watcher: is told how far tasks have come.
        observers: are called when a task has come to its end.
        gap: a silence of so many microseconds ends a topic.
        lease: how long a lane is held after each step, microseconds.
        max_retries: how often a task that failed is tried again by itself.

    Attributes:
        done: counts the tasks that were completed here.
        failed: counts those that failed here for good.
    """

    def __init__(
        self,
        store: AsyncTaskStore,
        extraction: AsyncExtraction,
        extractor: AsyncExtractor,
        media: AsyncMedia,
        watcher: AsyncWatcher,
        observers: Sequence[Observer],
        *,
        gap: int,
        lease: int,
        max_retries: int,
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
        self.done = Rate()
        self.failed = Rate()

    async def run(self, task: Task, owner: str) -> None:
        """Do a task that was begun.

        Args:
            task: as it was begun.
            owner: who holds its lane.

        Raises:
            LeaseLost: the lane is held by somebody else by now.
            StoreUnavailableError: the store is gone; the task is begun again when the lease has ended.
        """
        try:
            if task.attempts > self._max_retries + _DEATHS:
                raise PowerMemError(f"the work was cut short {task.attempts - 1} times")
            await self._work(task, owner)
        except (LeaseLost, StoreUnavailableError):
            raise
        except (TaskEnded, TurnsGone):
            await self._give_up(task, owner)
        except Exception as error:
            await self._fail(task, owner, error)

    async def _work(self, task: Task, owner: str) -> None:
        usage = Usage()
        waiting = await self._store.task_turns(task.id)
        heard, problem = await self._hear(waiting)
        problems = [] if problem is None else [problem]
        groups = await self._groups(task, [waits.turn for waits in waiting if waits.turn.id in heard], usage)
        for number, turns in enumerate(groups, 1):
            last = number == len(groups) and not problems
            try:
                await self._learn(task, owner, turns, heard, usage, last=last)
            except (*_TAKEN, StoreUnavailableError):
                raise
            except PowerMemError as error:
                # What other segments say does not depend on this one.
                problems.append(error)
                if is_hopeless(error):
                    break
        if problems:
            raise problems[0]
        if not groups:
            await self._complete_empty(task, owner)
        await self._tell_done(task)

    async def _hear(self, waiting: Sequence[BufferedTurn]) -> tuple[dict[int, Message], PowerMemError | None]:
        """Return what can be read, by the turn's id, and why something cannot."""
        heard: dict[int, Message] = {}
        problem: PowerMemError | None = None
        for waits in waiting:
            turn = waits.turn
            content = turn.content
            if waits.parts is not None:
                try:
                    content = await self._media.read(json.loads(waits.parts))
                except PowerMemError as error:
                    problem = problem or error
                    continue
            heard[turn.id] = Message(turn.role, content, turn.actor_id, turn.sent_at)
        return heard, problem

    async def _groups(self, task: Task, turns: Sequence[Turn], usage: Usage) -> list[list[Turn]]:
        """Return the turns that belong together, in the order in which the groups begin."""
        if task.kind == "refine":
            return [list(turns)] if turns else []
        groups = []
        for stretch in by_gap(turns, self._gap):
            messages = [Message(turn.role, turn.content, turn.actor_id, turn.sent_at) for turn in stretch]
            for numbers in await self._extractor.segment(messages, usage):
                groups.append([stretch[number] for number in numbers])
        return groups

    async def _learn(
        self,
        task: Task,
        owner: str,
        turns: Sequence[Turn],
        heard: dict[int, Message],
        usage: Usage,
        *,
        last: bool,
    ) -> None:
        """Store what a group of turns says, and that they are done, in one transaction."""
        at = clock.now()
        refinement = Refinement.of(replace(task, scope=turns[0].scope), at)
        ids = [turn.id for turn in turns]

        def note(changes: Sequence[Change], tell: Tell) -> list[Change]:
            learned = [change.preference for change in changes if isinstance(change, AddPreference)]
            noted = UpdateTask(
                task.id,
                at,
                _RUNNING,
                strict=True,
                status=ProcessStatus.COMPLETED if last else None,
                stage="done" if last else "extracting",
                forget_error=last,
                results=tell,
                preferences=[preference_record(preference) for preference in learned],
            )
            return [*(refinement.endings(changes) if last else ()), noted]

        await self._extraction.store_kept(
            [heard[turn_id] for turn_id in ids],
            ids,
            refinement.new,
            usage,
            refinement.prompt,
            parse_filters(refinement.filters),
            Frame((HoldLane(task.lane, owner, at + self._lease), FinishTurns(ids)), note),
        )

    async def _complete_empty(self, task: Task, owner: str) -> None:
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
        await self._store.apply([HoldLane(task.lane, owner, at + self._lease), *changes, ended])

    async def _fail(self, task: Task, owner: str, error: Exception) -> None:
        at = clock.now()
        again = task.attempts <= self._max_retries and not is_hopeless(error)
        pause = _RETRIES.delay(task.attempts - 1) if again else 0.0
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
            stage="waiting to try again" if again else "failed",
            error=f"{error}" or type(error).__name__,
            due_at=at + int(pause * 1_000_000),
        )
        await self._store.apply([HoldLane(task.lane, owner, at + self._lease), ended])
        if not again:
            self.failed.count()
        await self._tell(task, error)

    async def _give_up(self, task: Task, owner: str) -> None:
        """End a task whose turns are gone: it was cancelled, or all of its scope was deleted."""
        at = clock.now()
        ended = UpdateTask(task.id, at, _RUNNING, status=ProcessStatus.CANCELLED, stage="cancelled")
        await self._store.apply([HoldLane(task.lane, owner, at + self._lease), ended])
        await self._tell(task)

    async def _tell_done(self, task: Task) -> None:
        self.done.count()
        await self._tell(task)

    async def _tell(self, task: Task, cause: Exception | None = None) -> None:
        """Tell everybody who wants to know what has become of a task."""
        found = await self._store.find_task(task.id)
        if found is None:
            return
        self._watcher.note(found, cause)
        if not found.status.final:
            return
        for observer in list(self._observers):
            try:
                await async_call(observer, task_record(found))
            except Exception:
                _logger.exception("on_task_done: the callback failed for task %s", task.id)
