"""The work to do in SQLite, where there is much of it, and what its statements cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from powermem._core.changes.writes import Change, DeleteWhere, FinishTurns, FreeTurns, HoldLane, TurnsGone
from powermem._core.sql.lanes import NEVER
from powermem._core.sql.queue import QueueSQL
from powermem._core.sql.sqlite import SQLiteSQL
from powermem._core.sql.steps import Query, Statements, Steps
from powermem._core.tasks.task import ProcessStatus, lane_of
from powermem._core.values import Scope
from powermem._sqlite.engine import Engine
from tests.support.additions import ANA
from tests.support.queueing import AT, LANE, UNTIL, becomes, said, task_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    engine = Engine(str(path), "memories")
    engine.open()
    yield engine
    engine.close()


@pytest.fixture
def queue() -> QueueSQL:
    return QueueSQL(SQLiteSQL("memories"))


def apply(engine: Engine, *changes: Change) -> None:
    (outcome,) = engine.apply([changes])
    assert isinstance(outcome, list)


def waiting(engine: Engine, queue: QueueSQL) -> int:
    return engine.ask(queue.count_buffered, None, 10_000)


def test_more_turns_than_a_statement_takes(engine: Engine, queue: QueueSQL) -> None:
    turns = [said(f"{number}") for number in range(1201)]
    apply(engine, *turns)
    ids = [change.turn.id for change in turns]
    with pytest.raises(TurnsGone, match="1 of 1202"):
        engine.apply([[FinishTurns([*ids, 1])]])
    assert waiting(engine, queue) == 1201
    apply(engine, FinishTurns(ids))
    assert waiting(engine, queue) == 0


def test_the_same_turn_is_not_done_with_twice_in_one_change(engine: Engine, queue: QueueSQL) -> None:
    turn = said("once")
    apply(engine, turn)
    with pytest.raises(TurnsGone):
        engine.apply([[FinishTurns([turn.turn.id, turn.turn.id])]])
    assert waiting(engine, queue) == 1


def test_more_lanes_than_a_statement_takes(engine: Engine, queue: QueueSQL) -> None:
    scopes = [Scope(f"user {number:04}") for number in range(1201)]
    apply(engine, *[change for scope in scopes for change in (said("hello", scope), task_of(scope))])
    lanes = [lane_of(scope) for scope in scopes]
    assert engine.ask(queue.buffered_scopes, "", 5000, None) == list(zip(lanes, scopes, strict=True))
    found = engine.ask(queue.lanes.find_due, AT, AT, 5000, None)
    assert engine.transact(queue.lanes.claim, "A", AT, AT, UNTIL, found) == lanes
    assert engine.transact(queue.lanes.renew, "A", lanes[::-1], UNTIL + 1) == lanes[::-1]
    assert engine.ask(queue.lanes.find_due, UNTIL, UNTIL, 5000, None) == []


def test_a_removed_scope_lets_go_of_the_turns_of_others(engine: Engine, queue: QueueSQL) -> None:
    gone, stays = Scope("ana", None, "gone"), Scope("ana", None, "stays")
    task = task_of(gone)
    apply(engine, said("gone", gone), said("stays", stays), task)
    engine.transact(queue.lanes.claim, "A", AT, AT, UNTIL, [LANE])
    assert engine.transact(queue.begin, "A", LANE, AT) is not None
    assert waiting(engine, queue) == 0
    apply(engine, DeleteWhere(gone, None, AT))
    assert engine.ask(queue.find_task, task.task.id) is None
    assert engine.ask(queue.buffered_scopes, "", 9, None) == [(LANE, stays)]


def test_a_lane_with_nothing_to_do_is_never_due(engine: Engine, queue: QueueSQL) -> None:
    task = task_of(due_at=NEVER - 1)
    apply(engine, task)
    assert engine.ask(queue.lanes.find_due, NEVER - 1, NEVER - 1, 9, None) == [LANE]
    engine.transact(queue.lanes.claim, "A", NEVER - 1, NEVER - 1, NEVER - 1, [LANE])
    apply(engine, becomes(task, ProcessStatus.CANCELLED))
    engine.transact(queue.release, "A", LANE)
    assert engine.ask(queue.lanes.find_due, NEVER - 1, NEVER - 1, 9, None) == []


def explained(steps: Steps[Any], plans: list[str]) -> Steps[Any]:
    """Run steps, and note how SQLite goes about each."""
    try:
        step = next(steps)
        while True:
            values = step.rows[0] if isinstance(step, Statements) else step.values
            plan = yield Query(f"EXPLAIN QUERY PLAN {step.sql}", values)
            plans += [detail for *_, detail in plan]
            step = steps.send((yield step))
    except StopIteration as end:
        return end.value


def test_no_step_reads_a_whole_table(engine: Engine, queue: QueueSQL) -> None:
    task = task_of()
    apply(engine, said("hello"), task)
    plans: list[str] = []
    for steps in [
        queue.lanes.find_due(AT, AT, 9, None),
        queue.lanes.claim("A", AT, AT, UNTIL, [LANE]),
        queue.lanes.find_misdated(UNTIL, UNTIL, 9),
        queue.lanes.redate([LANE], AT, 60, UNTIL, UNTIL),
        queue.begin("A", LANE, AT),
        queue.begin("A", LANE, AT - 1, True),
        queue.lanes.claim("A", AT, AT, UNTIL, [LANE]),
        queue.apply(HoldLane(LANE, "A", UNTIL), [], []),
        queue.task_turns(task.task.id),
        queue.apply(becomes(task, ProcessStatus.FAILED), [], []),
        queue.buffered_scopes("", 9, None),
        queue.apply(FreeTurns(LANE), [], []),
        queue.count_buffered(None, 9),
        queue.count_buffered(LANE, 9),
        queue.list_tasks(ANA, frozenset({ProcessStatus.FAILED}), 9, 0),
        queue.preferences(ANA),
        queue.delete_scope(ANA),
        queue.release("A", LANE),
    ]:
        engine.transact(explained, steps, plans)
    assert len(plans) > 20
    # What is counted is a subquery of a limited length.
    whole = [plan for plan in plans if "SCAN" in plan and "INDEX" not in plan and "waiting" not in plan]
    assert whole == []
