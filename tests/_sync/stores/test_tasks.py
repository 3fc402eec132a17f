# Generated from tests/_async/stores/test_tasks.py by scripts/run_unasync.py; edit that file instead.
"""Tasks: begun in order when they are due, and telling the truth about how far they are."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from powermem import StoreError
from powermem._concurrency import gather
from powermem._core.changes.writes import (
    Added,
    Change,
    Duplicate,
    Items,
    LeaseLost,
    TaskEnded,
    VersionConflict,
)
from powermem._core.changes.writes import Delete as DeleteMemory
from powermem._core.tasks.task import ProcessStatus, QueueStatistics, Task, lane_of
from powermem._core.values import Scope
from powermem._sync.stores.base import Store
from tests.support.additions import ANA, memory_of
from tests.support.queueing import ALL, AT, LANE, SECOND, UNTIL, USERS, becomes, said, task_of

pytestmark = pytest.mark.stores

BEN = Scope("ben")
PENDING, RUNNING = ProcessStatus.PENDING, ProcessStatus.RUNNING
COMPLETED, FAILED, CANCELLED = ProcessStatus.COMPLETED, ProcessStatus.FAILED, ProcessStatus.CANCELLED
STRANGE = "nul \x00 quote ' \\ \\u0000 😀 \ufeff %s ? :x"


def hold(store: Store, owner: str = "A", lane: str = LANE) -> None:
    assert store.claim_lanes(owner, AT, UNTIL, 1, lane=lane) == [lane]


def begin(store: Store, at: int = AT, owner: str = "A", lane: str = LANE) -> Task:
    begun = store.begin_task(owner, lane, at)
    assert begun is not None
    return begun.task


def listed(store: Store, scope: Scope, *statuses: ProcessStatus, **more: int) -> list[int]:
    tasks = store.list_tasks(scope, frozenset(statuses), **{"limit": 1000, **more})
    return [task.id for task in tasks]


def test_a_task_is_kept_whole(queue: Store) -> None:
    deep: dict[str, Any] = {"text": STRANGE, STRANGE: [1, 2**60, 1.5, None, True, {}, []], "": "x" * 500_000}
    added = task_of(
        Scope("ana", "an agent", "a run"),
        "refine",
        created_at=-5,
        updated_at=7,
        due_at=AT,
        stage=STRANGE,
        payload=deep,
        outcome={"results": [{"id": 1, "memory": STRANGE}]},
        error=STRANGE,
        attempts=3,
        knowledge_count=4,
    )
    queue.apply([added])
    assert queue.find_task(added.task.id) == added.task
    assert queue.list_tasks(Scope(), ALL, limit=9) == [added.task]
    assert queue.find_task(added.task.id + 1) is None
    with pytest.raises(StoreError):
        queue.apply([said("x"), added])
    assert queue.count_buffered(None, 9) == 0


def test_tasks_of_a_lane_are_begun_in_order_one_at_a_time(queue: Store) -> None:
    first, second, third = task_of(), task_of(Scope("ana", "agent"), "refine"), task_of()
    # The order is that of their ids, in whichever order they arrive.
    queue.apply([third, second])
    queue.apply([first])
    hold(queue)
    for expected in (first, second, third):
        task = begin(queue)
        assert (task.id, task.status, task.attempts) == (expected.task.id, RUNNING, 1)
        assert queue.find_task(task.id) == task
        # It is the first open one until it is done.
        again = begin(queue, AT + 1)
        assert (again.id, again.attempts, again.updated_at) == (task.id, 2, AT + 1)
        assert listed(queue, Scope(), RUNNING) == [task.id]
        queue.apply([becomes(task, COMPLETED)])
    assert queue.begin_task("A", LANE, AT) is None


def test_a_task_that_is_not_due_holds_back_those_behind_it(queue: Store) -> None:
    first, second, elsewhere = task_of(), task_of(), task_of(BEN)
    queue.apply([first, second, elsewhere])
    hold(queue)
    task = begin(queue)
    queue.apply([becomes(task, PENDING, due_at=AT + 10 * SECOND, error="the model is busy", at=AT + 1)])
    kept = queue.find_task(task.id)
    assert kept is not None
    assert (kept.status, kept.error, kept.attempts) == (PENDING, "the model is busy", 1)
    assert (kept.due_at, kept.updated_at) == (AT + 10 * SECOND, AT + 1)
    assert queue.begin_task("A", LANE, AT + 10 * SECOND - 1) is None
    queue.release_lane("A", LANE)
    # Meanwhile others go on.
    assert queue.claim_lanes("B", AT + 10 * SECOND - 1, UNTIL, 9) == ["u:ben"]
    assert queue.claim_lanes("C", AT + 10 * SECOND, UNTIL, 9) == [LANE]
    assert (begin(queue, AT + 10 * SECOND, "C")).attempts == 2
    queue.apply([becomes(task, FAILED)])
    # The next one is not late because of the one before.
    assert (begin(queue, AT, "C")).id == second.task.id


def test_a_task_added_behind_one_that_waits_does_not_bring_it_forward(queue: Store) -> None:
    first = task_of(due_at=AT + 50)
    queue.apply([first])
    queue.apply([task_of(due_at=AT)])
    # Whether or not the lane is given out for that, the first is not begun before its time.
    if queue.claim_lanes("A", AT, AT + 5, 9):
        assert queue.begin_task("A", LANE, AT) is None
        queue.release_lane("A", LANE)
        assert queue.claim_lanes("B", AT + 49, UNTIL, 9) == []
    assert queue.claim_lanes("C", AT + 50, UNTIL, 9) == [LANE]
    assert (begin(queue, AT + 50, "C")).id == first.task.id


def test_updates_change_what_they_name(queue: Store) -> None:
    added = task_of(payload={"a": 1})
    queue.apply([added])
    whole = added.task
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"status": RUNNING, "stage": "extracting"}, {"status": RUNNING, "stage": "extracting"}),
        ({"error": STRANGE, "attempts": 7}, {"error": STRANGE, "attempts": 7}),
        ({"stage": STRANGE}, {"stage": STRANGE}),
        ({"due_at": AT + 9}, {"due_at": AT + 9}),
        ({"forget_error": True, "attempts": 0}, {"error": None, "attempts": 0}),
        ({"status": PENDING, "due_at": AT}, {"status": PENDING, "due_at": AT}),
        ({}, {}),
    ]
    for number, (change, effect) in enumerate(steps, 1):
        (outcome,) = queue.apply([becomes(whole, **{"status": None, **change}, at=AT + number)])
        assert isinstance(outcome, Task)
        fields = {name: getattr(whole, name) for name in Task.__slots__}
        whole = Task(**{**fields, **effect, "updated_at": AT + number})
        assert outcome == whole
        assert queue.find_task(whole.id) == whole


def test_an_update_that_comes_too_late_does_nothing(queue: Store) -> None:
    added = task_of()
    queue.apply([added])
    for state, expected in (
        (PENDING, {RUNNING}),
        (CANCELLED, {PENDING, RUNNING}),
        (FAILED, {COMPLETED, CANCELLED}),
    ):
        queue.apply([becomes(added, state, expected=ALL)])
        before = queue.find_task(added.task.id)
        late = {"stage": "late", "expected": frozenset(expected), "results": lambda before: [{"id": 1}]}
        memory = memory_of(f"kept {state}")
        outcomes = queue.apply([becomes(added, RUNNING, **late), memory])
        assert outcomes[0] is None
        assert isinstance(outcomes[1], Added)
        with pytest.raises(TaskEnded):
            queue.apply([memory_of(f"not kept {state}"), becomes(added, RUNNING, **late, strict=True)])
        assert queue.find_task(added.task.id) == before
    unknown = becomes(task_of(), RUNNING)
    assert queue.apply([unknown]) == [None]
    with pytest.raises(TaskEnded):
        queue.apply([memory_of("not kept"), becomes(task_of(), RUNNING, strict=True)])
    assert queue.count(ANA, None) == 3


def test_what_came_of_a_task_is_noted_with_it(queue: Store) -> None:
    added = task_of()
    queue.apply([added, memory_of("known")])
    liked = {"preference": f"tea {STRANGE}", "preference_type": "explicit_preference"}
    new, strange = memory_of("new"), memory_of(f"new {STRANGE}")
    known = memory_of("known")
    outcomes = queue.apply(
        [new, known, becomes(added, RUNNING, results=Items(0, 2), preferences=[liked]), strange]
    )
    assert [type(outcome) for outcome in outcomes] == [Added, Duplicate, Task, Added]
    # What failed together with its batch is not noted.
    with pytest.raises(VersionConflict):
        queue.apply(
            [
                memory_of("lost"),
                becomes(added, COMPLETED, results=Items(0, 1), preferences=[liked]),
                DeleteMemory(strange.row.id, AT, version=9),
            ]
        )
    last = memory_of("last")
    again = memory_of(strange.row.text)
    (_, _, outcome) = queue.apply(
        [again, last, becomes(added, COMPLETED, results=Items(0, 2), preferences=[{"preference": "jam"}])]
    )
    task = queue.find_task(added.task.id)
    assert task == outcome
    assert task is not None
    assert (task.status, task.knowledge_count) == (COMPLETED, 2)
    # In order: what came of the first part comes first.
    assert [(item["id"], item["memory"], item["event"]) for item in task.outcome["results"]] == [
        (new.row.id, "new", "ADD"),
        (last.row.id, "last", "ADD"),
    ]
    assert task.outcome["preferences"] == [liked, {"preference": "jam"}]
    assert json.loads(json.dumps(task.outcome)) == task.outcome


def test_what_is_noted_at_once_by_many_is_all_there(queue: Store, other: Store) -> None:
    added = task_of()
    queue.apply([added])

    def noting(number: int) -> list[Change]:
        noted = becomes(added, None, results=Items(0, 1), preferences=[{"n": number}])
        return [memory_of(f"{number}"), noted]

    calls = [partial((queue, other)[number % 2].apply, noting(number)) for number in range(16)]
    gather(calls)
    task = other.find_task(added.task.id)
    assert task is not None
    assert task.knowledge_count == 16
    assert sorted(int(item["memory"]) for item in task.outcome["results"]) == list(range(16))
    assert sorted(found["n"] for found in task.outcome["preferences"]) == list(range(16))


def test_of_cancelling_and_completing_one_wins(queue: Store, other: Store) -> None:
    for round_ in range(15):
        added = task_of()
        queue.apply([added])
        ends = [(queue, COMPLETED), (other, CANCELLED), (queue, FAILED), (other, COMPLETED)]
        outcomes = gather(
            [partial(store.apply, [becomes(added, status)]) for store, status in ends[round_ % 2 :]]
        )
        (won,) = [outcome for (outcome,) in outcomes if outcome is not None]
        assert other.find_task(added.task.id) == won


def test_a_cancelled_task_is_not_begun(queue: Store, other: Store) -> None:
    for _ in range(15):
        first, second = task_of(), task_of()
        queue.apply([first, second])
        owner = f"{first.task.id}"
        hold(queue, owner)
        begun: list[Any] = gather(
            [
                partial(other.apply, [becomes(first, CANCELLED, expected=frozenset({PENDING}))]),
                partial(queue.begin_task, owner, LANE, AT),
            ]
        )
        cancelled, work = begun[0][0] is not None, begun[1]
        if work is None:
            # Cancelled at the very moment; whoever looks again finds the next.
            work = queue.begin_task(owner, LANE, AT)
        assert work.task.id == (second if cancelled else first).task.id
        queue.apply([becomes(first, COMPLETED), becomes(second, COMPLETED)])
        queue.release_lane(owner, LANE)


def test_a_task_whose_lane_is_let_go_waits_again(queue: Store, other: Store) -> None:
    task = task_of()
    queue.apply([task])
    hold(queue)
    begin(queue)
    queue.release_lane("A", LANE)
    left = other.find_task(task.task.id)
    assert left is not None
    assert (left.status, left.stage, left.attempts) == (PENDING, "parked", 0)
    hold(other, "B")
    assert (begin(other, owner="B")).attempts == 1


def test_a_failed_task_can_be_tried_again(queue: Store) -> None:
    first, second = task_of(), task_of()
    queue.apply([said("I like tea"), first, second])
    hold(queue)
    begin(queue)
    queue.apply([becomes(first, FAILED, error="no model"), becomes(second, COMPLETED)])
    queue.release_lane("A", LANE)
    assert queue.claim_lanes("B", UNTIL, UNTIL + 1, 9) == []
    again = {"expected": frozenset({FAILED}), "forget_error": True, "attempts": 0, "due_at": AT + 5}
    queue.apply([becomes(first, PENDING, **again)])
    assert queue.claim_lanes("C", AT + 4, UNTIL, 9) == []
    assert queue.claim_lanes("D", AT + 5, UNTIL, 9) == [LANE]
    task = begin(queue, AT + 5, "D")
    assert (task.id, task.attempts, task.error) == (first.task.id, 1, None)
    assert [waiting.turn.content for waiting in queue.task_turns(task.id)] == ["I like tea"]


def test_tasks_are_listed_newest_first(queue: Store) -> None:
    states = [PENDING, FAILED, COMPLETED, FAILED, PENDING, CANCELLED, RUNNING]
    tasks = [task_of(status=state, created_at=AT - n) for n, state in enumerate(states)]
    strange = {user: task_of(Scope(user), status=FAILED) for user in USERS if user != "ana"}
    agent = task_of(Scope("ana", "agent"), status=FAILED)
    nobody = task_of(Scope(), status=FAILED)
    queue.apply([agent, *tasks[::-1], *strange.values(), nobody])
    ids = [task.task.id for task in tasks]
    by_state = {state: [n for n, at in zip(ids, states, strict=True) if at is state][::-1] for state in ALL}
    for state in ALL:
        assert listed(queue, Scope("ana", ""), state) == by_state[state]
    assert listed(queue, ANA, FAILED) == [agent.task.id, *by_state[FAILED]]
    assert listed(queue, Scope("ana", "agent"), *ALL) == [agent.task.id]
    assert listed(queue, Scope("ana", "", ""), PENDING, RUNNING) == sorted(
        by_state[PENDING] + by_state[RUNNING], reverse=True
    )
    for user, task in strange.items():
        assert listed(queue, Scope(user), *ALL) == [task.task.id]
    assert listed(queue, Scope(""), *ALL) == [nobody.task.id]
    assert listed(queue, ANA) == []
    everything = sorted([*ids, *(task.task.id for task in (*strange.values(), agent, nobody))], reverse=True)
    assert listed(queue, Scope(), *ALL) == everything
    for size in (1, 4):
        pages = [listed(queue, Scope(), *ALL, limit=size, offset=at) for at in range(0, 99, size)]
        assert [number for page in pages for number in page] == everything


def test_the_numbers_about_the_queue(queue: Store) -> None:
    def numbers(found: QueueStatistics) -> tuple[int, dict[ProcessStatus, int], int | None]:
        return found.buffered, {state: n for state, n in found.by_status.items() if n}, found.oldest_at

    assert numbers(queue.queue_statistics()) == (0, {}, None)
    queue.apply([said("one", created_at=AT - 5, sent_at=-9), said("two"), said("three", BEN)])
    assert numbers(queue.queue_statistics()) == (3, {}, AT - 5)
    first, second, elsewhere = task_of(created_at=AT - 9), task_of(created_at=AT - 2), task_of(BEN)
    queue.apply([first, second, elsewhere])
    assert numbers(queue.queue_statistics()) == (3, {PENDING: 3}, AT - 9)
    hold(queue)
    begin(queue)
    assert numbers(queue.queue_statistics()) == (1, {PENDING: 2, RUNNING: 1}, AT - 9)
    queue.apply([becomes(second, CANCELLED), becomes(elsewhere, COMPLETED)])
    assert numbers(queue.queue_statistics())[:2] == (1, {CANCELLED: 1, COMPLETED: 1, RUNNING: 1})
    queue.apply([becomes(first, FAILED)])
    assert (queue.queue_statistics()).by_status[FAILED] == 1


def test_lanes_without_any_id(queue: Store) -> None:
    queue.apply([said("nobody's", Scope()), task_of(Scope())])
    hold(queue, lane=lane_of(Scope()))
    task = begin(queue, lane=lane_of(Scope()))
    assert task.scope == Scope()
    assert [waiting.turn.content for waiting in queue.task_turns(task.id)] == ["nobody's"]


def test_tasks_that_are_over_are_forgotten_in_time(queue: Store) -> None:
    over, fresh, failed, waiting, holding = (task_of() for _ in range(5))
    queue.apply([over, fresh, failed, waiting, holding, said("kept", task_id=holding.task.id)])
    queue.apply([becomes(over, COMPLETED), becomes(failed, FAILED), becomes(holding, CANCELLED)])
    queue.apply([becomes(fresh, COMPLETED, at=AT + SECOND)])
    assert queue.forget_tasks(AT + 1) == 1
    # What failed is for somebody to see, and turns are never left without the task that they belong to.
    left = listed(queue, ANA, *ProcessStatus)
    assert sorted(left) == [task.task.id for task in (fresh, failed, waiting, holding)]
    assert queue.forget_tasks(AT + 1) == 0


def test_looking_for_the_next_task_may_release_the_lane(queue: Store) -> None:
    first, later = task_of(), task_of(due_at=AT + 10 * SECOND)
    queue.apply([said("tea"), first, later])
    hold(queue)
    begun = queue.begin_task("A", LANE, AT, release=True)
    assert begun is not None
    assert (begun.task.id, [waits.turn.content for waits in begun.turns]) == (first.task.id, ["tea"])
    # It is held while there is work.
    assert queue.claim_lanes("B", AT, UNTIL, 9) == []
    queue.apply([becomes(first, COMPLETED)])
    assert queue.begin_task("A", LANE, AT, release=True) is None
    # It is due again when its next task is.
    assert queue.claim_lanes("B", AT + 10 * SECOND - 1, UNTIL, 9) == []
    assert queue.claim_lanes("B", AT + 10 * SECOND, UNTIL + 99 * SECOND, 9) == [LANE]
    with pytest.raises(LeaseLost):
        queue.begin_task("A", LANE, AT + 10 * SECOND, release=True)
    assert (begin(queue, AT + 10 * SECOND, "B")).id == later.task.id
