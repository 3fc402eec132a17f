"""The statements of background work: buffered turns, tasks, lanes and preferences. No I/O.

Transactions that lock a lane do so before they lock any task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from ..changes.writes import (
    AddPreference,
    AddTask,
    AddTurn,
    BufferTurn,
    Change,
    FinishTurns,
    FreeTurns,
    HoldLane,
    LeaseLost,
    Outcome,
    QueueTurns,
    TaskEnded,
    TurnsGone,
    UpdateTask,
)
from ..clock import DAY
from ..ids import first_id
from ..results.records import COMPLETION_KEYS, completion_key, completion_pattern, event_items
from ..tasks.task import (
    OPEN,
    OVER_BUDGET,
    BegunTask,
    BufferedTurn,
    Preference,
    ProcessStatus,
    QueueStatistics,
    Task,
    is_due,
    lane_of,
    lane_scope,
)
from ..values import Scope
from .collection import CollectionSQL
from .consumption import ConsumptionSQL
from .encoding import BUFFERED, PREFERENCE, TASK, Encoding
from .lanes import NEVER, LaneSQL, chunks, marks
from .ledger import LedgerSQL
from .rows import TURN, scope_condition, to_scope, turn_values
from .steps import Query, Statement, Statements, Steps

_SCOPE = "user_id, agent_id, run_id"
_OPEN = ", ".join(f"'{status}'" for status in sorted(OPEN))
_OVER = f"'{ProcessStatus.COMPLETED.value}', '{ProcessStatus.CANCELLED.value}'"
# Tasks whose turns go to the next task of the lane.
_GIVEN_UP = (
    f"kind = 'process' AND status IN ('{ProcessStatus.FAILED.value}', '{ProcessStatus.CANCELLED.value}')"
)


Batch: TypeAlias = tuple[Sequence[Change], Sequence[Outcome]]
"""The changes of a batch, and the outcomes of those that were applied."""


class QueueSQL:
    """One collection's statements.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self.encoding = Encoding(sql)
        self._sql = sql
        self._buffer, self._tasks = sql.buffer, sql.tasks
        # Completion notes of calls have no scope: `get_status` finds them by the task's id alone.
        self.notes = (
            f"{sql.requests} WHERE user_id = '' AND agent_id = '' AND run_id = '' "
            f"AND {sql.request_key} >= ? AND {sql.request_key} < ?"
        )
        self.lanes = LaneSQL(sql)
        self.ledger = LedgerSQL(sql)
        self.consumption = ConsumptionSQL(sql)
        self._insert_turn = sql.inserting(sql.turns, TURN)
        self._insert_buffered = sql.inserting(sql.buffer, BUFFERED)
        self._apply: dict[type[Any], Callable[[Any, Batch], Steps[Outcome]]] = {
            FinishTurns: self._finish_turns,
            QueueTurns: self._queue_turns,
            FreeTurns: self._free_turns,
            HoldLane: self._hold_lane,
            UpdateTask: self._update_task,
            AddPreference: self._add_preference,
        }
        self.changes = (*self._apply,)
        """The changes that `apply` knows."""

    def apply(self, change: Any, changes: Sequence[Change], outcomes: Sequence[Outcome]) -> Steps[Outcome]:
        """Apply one of ``changes``.

        Args:
            change: the change to apply.
            changes: its batch.
            outcomes: of the changes of its batch before it.
        """
        return self._apply[type(change)](change, (changes, outcomes))

    def _finish_turns(self, change: FinishTurns, batch: Batch) -> Steps[None]:
        finished = 0
        for ids in chunks(change.ids):
            finished += yield Statement(f"DELETE FROM {self._buffer} WHERE turn_id IN ({marks(ids)})", ids)
        if change.strict and finished != len(change.ids):
            raise TurnsGone(f"{len(change.ids) - finished} of {len(change.ids)} turns wait no more")

    def _queue_turns(self, change: QueueTurns, batch: Batch) -> Steps[None]:
        yield Statements(
            self._sql.inserting(self._sql.buffer, BUFFERED, once=True),
            [*map(self.encoding.buffered_values, change.turns)],
        )

    def _free_turns(self, change: FreeTurns, batch: Batch) -> Steps[int]:
        freed: int = yield Statement(
            f"UPDATE {self._buffer} SET task_id = 0 WHERE lane = ? AND task_id IN "
            f"(SELECT id FROM {self._tasks} WHERE lane = ? AND {_GIVEN_UP})",
            (change.lane, change.lane),
        )
        return freed

    def _add_tasks(self, tasks: Sequence[Task]) -> Steps[None]:
        """Put tasks at the end of their lanes."""
        due: dict[str, int] = {}
        for task in tasks:
            due[task.lane] = min(task.due_at, due.get(task.lane, NEVER))
        yield from self.lanes.make_due(due)
        yield Statements(
            self._sql.inserting(self._sql.tasks, TASK), [self.encoding.task_values(task) for task in tasks]
        )

    def add(self, changes: Sequence[Change]) -> Steps[None]:
        """Add turns, buffered turns and tasks, with one statement for each table."""
        turns = [change for change in changes if type(change) is AddTurn]
        waiting: list[BufferTurn] = []
        if len(turns) < len(changes):
            waiting = [change for change in changes if type(change) is BufferTurn]
            turns += [change.turn for change in waiting]
        if len(turns) != len(changes):
            yield from self._add_tasks([change.task for change in changes if isinstance(change, AddTask)])
        if turns:
            texts = self.encoding.texts
            yield Statements(self._insert_turn, [turn_values(turn, texts) for turn in turns])
        if waiting:
            yield Statements(self._insert_buffered, [*map(self.encoding.buffered_values, waiting)])

    def _hold_lane(self, change: HoldLane, batch: Batch) -> Steps[None]:
        yield from self.lanes.check(change.owner, change.lane)
        yield from self.lanes.hold(change.lane, change.until)

    def _update_task(self, change: UpdateTask, batch: Batch) -> Steps[Task | None]:
        if change.status is ProcessStatus.PENDING:
            # Lock the lane before the task, whatever the task's status is: it may change until it is locked.
            waits = yield from self.find_task(change.id)
            if waits is not None:
                yield from self.lanes.make_due({waits.lane: _changed(waits, change).due_at})
        task = yield from self.find_task(change.id, self._sql.locking)
        if task is None or task.status not in change.expected:
            if change.strict:
                raise TaskEnded(f"task {change.id} is {'gone' if task is None else task.status}")
            return None
        results = event_items(*batch, change.results) if change.results is not None else ()
        task = _changed(task, change, results)
        yield Statement(
            f"UPDATE {self._tasks} SET status = ?, stage = ?, attempts = ?, error = ?, due_at = ?, "
            "updated_at = ?, knowledge_count = ?, outcome = ? WHERE id = ?",
            (
                task.status.value,
                self._sql.stored(task.stage),
                task.attempts,
                self._sql.stored_or_none(task.error),
                task.due_at,
                task.updated_at,
                task.knowledge_count,
                self.encoding.encoded(task.outcome),
                task.id,
            ),
        )
        return task

    def _add_preference(self, change: AddPreference, batch: Batch) -> Steps[int]:
        added: int = yield Statement(
            self._sql.inserting(self._sql.preferences, PREFERENCE, once=True),
            self.encoding.preference_values(change.preference),
        )
        return 1 if added == 1 else 0

    def delete_scope(self, scope: Scope) -> Steps[None]:
        """Delete the buffered turns, the tasks, the preferences and the kept results of a scope."""
        where = scope_condition(scope)
        if scope == lane_scope(scope):
            # The lane has no tasks left, and its name is personal data: a user's id.
            yield from self.lanes.remove(lane_of(scope))
        # A task may own turns of another scope in its lane; they go to the next task.
        yield Statement(
            f"UPDATE {self._buffer} SET task_id = 0 WHERE task_id IN "
            f"(SELECT id FROM {self._tasks} WHERE {where.sql})",
            where.values,
        )
        yield Statement(f"DELETE FROM {self._tasks} WHERE {where.sql}", where.values)
        # After the tasks: a task added at this moment may lose its turns, but no turn loses its task.
        yield Statement(f"DELETE FROM {self._buffer} WHERE {where.sql}", where.values)
        yield Statement(f"DELETE FROM {self._sql.preferences} WHERE {where.sql}", where.values)
        # Results kept under idempotency keys hold the text of memories.
        yield Statement(f"DELETE FROM {self._sql.requests} WHERE {where.sql}", where.values)
        pattern = completion_pattern(scope)
        if pattern is not None:
            notes = (*map(self._sql.stored, COMPLETION_KEYS), self._sql.stored(pattern))
            yield Statement(f"DELETE FROM {self.notes} AND result LIKE ?", notes)

    def release(self, owner: str, lane: str) -> Steps[None]:
        """Release a lane if this owner holds it; it becomes due when its next open task is."""
        try:
            yield from self.lanes.check(owner, lane)
        except LeaseLost:
            return
        # A concurrent `add` waits for the lane, which is locked, and then sets the due time itself.
        yield from self._let_go(lane, (yield from self._first_open(lane)))

    def _let_go(self, lane: str, task: Task | None) -> Steps[None]:
        """Release a lane that was checked, and whose first open task is known."""
        if task is not None and task.status is ProcessStatus.RUNNING:
            # It was started while its worker was stopping, and does not run: do not count the attempt.
            yield Statement(
                f"UPDATE {self._tasks} SET status = ?, stage = ?, attempts = ? WHERE id = ? AND status = ?",
                (ProcessStatus.PENDING.value, "parked", task.attempts - 1, task.id, task.status.value),
            )
        yield from self.lanes.let_go(lane, NEVER if task is None else task.due_at)

    def reopen(self, lane: str) -> Steps[None]:
        """Let workers take a lane, whoever holds it; it is due when its first open task is."""
        task = yield from self._first_open(lane)
        yield from self.lanes.let_go(lane, NEVER if task is None else task.due_at)

    def begin(self, owner: str, lane: str, at: int, release: bool = False) -> Steps[BegunTask | None]:
        """Start the first open task of a lane if it is due; it takes the turns that have no task yet.

        Otherwise the lane is released, if that is asked for.
        """
        yield from self.lanes.check(owner, lane)
        while True:
            task = yield from self._first_open(lane, self._sql.locking)
            if task is None or (task.status in OPEN and not is_due(task.due_at, at)):
                if release:
                    yield from self._let_go(lane, task)
                return None
            # It was cancelled between the two queries; look for the next one.
            if task.status in OPEN:
                break
        task = replace(task, status=ProcessStatus.RUNNING, attempts=task.attempts + 1, updated_at=at)
        yield Statement(
            f"UPDATE {self._tasks} SET status = ?, attempts = ?, updated_at = ? WHERE id = ?",
            (task.status.value, task.attempts, at, task.id),
        )
        if task.kind == "process":
            yield Statement(
                f"UPDATE {self._buffer} SET task_id = ? WHERE task_id = 0 AND lane = ?", (task.id, lane)
            )
        return BegunTask(task, (yield from self.task_turns(task.id, task.scope.user_id or "")))

    def _first_open(self, lane: str, locking: str = "") -> Steps[Task | None]:
        # One query for all statuses would sort every open task of the lane instead of using the index.
        each = " UNION ALL ".join(
            f"SELECT min(id) AS id FROM {self._tasks} WHERE status = '{status.value}' AND lane = ?"
            for status in sorted(OPEN)
        )
        found = yield Query(f"SELECT min(id) FROM ({each}) AS firsts", (lane,) * len(OPEN))
        task_id = found[0][0]
        return None if task_id is None else (yield from self.find_task(task_id, locking))

    def find_task(self, task_id: int, locking: str = "") -> Steps[Task | None]:
        """Return a task."""
        found = yield Query(f"SELECT {TASK} FROM {self._tasks} WHERE id = ?{locking}", (task_id,))
        return self.encoding.to_task(found[0]) if found else None

    def find_tasks(self, task_ids: Sequence[int]) -> Steps[list[Task]]:
        """Return the tasks that exist, of any number of ids."""
        tasks: list[Task] = []
        for some in chunks(task_ids):
            found = yield Query(f"SELECT {TASK} FROM {self._tasks} WHERE id IN ({marks(some)})", some)
            tasks += map(self.encoding.to_task, found)
        return tasks

    def list_tasks(
        self, scope: Scope, statuses: frozenset[ProcessStatus], limit: int, offset: int
    ) -> Steps[list[Task]]:
        """Return tasks in one of these states, the newest first."""
        if not statuses:
            return []
        where, chosen = scope_condition(scope), sorted(status.value for status in statuses)
        found = yield Query(
            f"SELECT {TASK} FROM {self._tasks} WHERE {where.sql} AND status IN ({marks(chosen)}) "
            "ORDER BY id DESC LIMIT ? OFFSET ?",
            (*where.values, *chosen, limit, offset),
        )
        return [self.encoding.to_task(values) for values in found]

    def task_turns(self, task_id: int, user_id: str | None = None) -> Steps[list[BufferedTurn]]:
        """Return the turns of a task that still wait, in the order in which they were said.

        Args:
            task_id: the task.
            user_id: whose lane it is in, if that is known; the empty string for a lane of no user.
        """
        whose = self._sql.of_user("t.user_id", user_id)
        found = yield Query(
            "SELECT b.turn_id, b.user_id, b.agent_id, b.run_id, t.role, t.content, t.actor_id, t.sent_at, "
            f"t.created_at, t.utc_offset, b.lane, b.task_id, b.parts FROM {self._buffer} b "
            f"JOIN {self._sql.turns} t ON t.user_id = b.user_id AND t.id = b.turn_id "
            f"WHERE b.task_id = ?{whose.sql} ORDER BY t.sent_at, b.turn_id",
            (task_id, *whose.values),
        )
        return [self.encoding.to_buffered(values) for values in found]

    def count_buffered(self, lane: str | None, limit: int) -> Steps[int]:
        """Return the number of buffered turns without a task, at most ``limit``."""
        only, values = ("", ()) if lane is None else (" AND lane = ?", (lane,))
        found = yield Query(
            f"SELECT count(*) FROM (SELECT turn_id FROM {self._buffer} WHERE task_id = 0{only} LIMIT ?) "
            "AS waiting",
            (*values, limit),
        )
        count: int = found[0][0]
        return count

    def buffered_scopes(self, after: str, limit: int, lane: str | None) -> Steps[list[tuple[str, Scope]]]:
        """Return the next lanes with buffered turns that need a task, each with the scope of one turn."""
        only, values = ("", ()) if lane is None else (" AND b.lane = ?", (lane,))
        page = f"b.lane > ?{only} GROUP BY b.lane ORDER BY b.lane LIMIT ?"
        untaken = yield Query(
            f"SELECT b.lane, min(b.turn_id) FROM {self._buffer} b WHERE b.task_id = 0 AND {page}",
            (after, *values, limit),
        )
        given_up = yield Query(
            f"SELECT b.lane, min(b.turn_id) FROM {self._buffer} b JOIN {self._tasks} k ON k.id = b.task_id "
            f"WHERE {_GIVEN_UP} AND {page}",
            (after, *values, limit),
        )
        first = dict(sorted({**dict(given_up), **dict(untaken)}.items())[:limit])
        scopes: list[tuple[str, Scope]] = []
        for ids in chunks(list(first.values())):
            found = yield Query(
                f"SELECT lane, {_SCOPE} FROM {self._buffer} WHERE turn_id IN ({marks(ids)})", ids
            )
            scopes += [(lane, to_scope(ids)) for lane, *ids in found]
        return sorted(scopes)

    def statistics(self) -> Steps[QueueStatistics]:
        """Count buffered turns and tasks."""
        buffered = yield Query(f"SELECT count(*) FROM {self._buffer} WHERE task_id = 0")
        counts = yield Query(f"SELECT status, count(*) FROM {self._tasks} GROUP BY status")
        oldest = yield Query(
            f"SELECT min(created_at) FROM {self._buffer} UNION ALL "
            f"SELECT min(created_at) FROM {self._tasks} WHERE status IN ({_OPEN})"
        )
        by_status = dict.fromkeys(ProcessStatus, 0)
        by_status.update((ProcessStatus(status), count) for status, count in counts)
        return QueueStatistics(
            buffered[0][0], by_status, min((at for (at,) in oldest if at is not None), default=None)
        )

    def preferences(self, scope: Scope, after: int = 0, limit: int | None = None) -> Steps[list[Preference]]:
        """Return the preferences of a scope with ids above ``after``, oldest first."""
        where = scope_condition(scope)
        found = yield Query(
            f"SELECT {PREFERENCE} FROM {self._sql.preferences} WHERE {where.sql} AND id > ? "
            "ORDER BY id LIMIT ?",
            (*where.values, after, NEVER if limit is None else limit),
        )
        return [self.encoding.to_preference(values) for values in found]

    def forget_tasks(self, before: int) -> Steps[int]:
        """Delete tasks without turns that were completed or cancelled before a moment.

        The notes of calls that were over before it go too; they do not count.
        """
        old = (COMPLETION_KEYS[0], completion_key(first_id(before)))
        # Compare the time too: as text, a longer id of the future would sort before a shorter one.
        yield Statement(f"DELETE FROM {self.notes} AND created_at < ?", (*map(self._sql.stored, old), before))
        forgotten: int = yield Statement(
            f"DELETE FROM {self._tasks} WHERE status IN ({_OVER}) AND updated_at < ? "
            f"AND id NOT IN (SELECT task_id FROM {self._buffer})",
            (before,),
        )
        return forgotten

    def revive_tasks(self, at: int) -> Steps[int]:
        """Restart due tasks that had failed because a budget was used up."""
        stage = self._sql.stored(OVER_BUDGET)
        # Budgets are daily, so a due time beyond two days comes from a wrong clock.
        chosen = f"status = '{ProcessStatus.FAILED.value}' AND stage = ? AND (due_at <= ? OR due_at > ?)"
        due = (stage, at, at + 2 * DAY)
        found = yield Query(f"SELECT DISTINCT lane FROM {self._tasks} WHERE {chosen}", due)
        if not found:
            return 0
        yield from self.lanes.make_due({lane: at for (lane,) in found})
        revived: int = yield Statement(
            f"UPDATE {self._tasks} SET status = '{ProcessStatus.PENDING.value}', stage = ?, attempts = 0, "
            f"updated_at = ? WHERE {chosen}",
            (self._sql.stored("queued"), at, *due),
        )
        return revived


def _changed(task: Task, change: UpdateTask, results: Sequence[Mapping[str, Any]] = ()) -> Task:
    """Return a task as a change leaves it."""
    outcome = dict(task.outcome)
    for name, more in (("results", results), ("preferences", change.preferences)):
        if more:
            outcome[name] = [*outcome.get(name, ()), *map(dict, more)]
    if change.warnings:
        outcome["warnings"] = list(dict.fromkeys([*outcome.get("warnings", ()), *change.warnings]))
    error = None if change.forget_error else task.error
    return replace(
        task,
        status=change.status or task.status,
        stage=change.stage or task.stage,
        error=error if change.error is None else change.error,
        attempts=task.attempts if change.attempts is None else change.attempts,
        knowledge_count=task.knowledge_count + len(results),
        outcome=outcome,
        due_at=task.due_at if change.due_at is None else change.due_at,
        updated_at=change.at,
    )
