# Generated from tests/_async/stores/test_lanes.py by scripts/run_unasync.py; edit that file instead.
"""Who works on what: a lane has one owner at a time, and no work in it is forgotten."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import pytest

from powermem._concurrency import gather
from powermem._core.changes.writes import (
    Change,
    DeleteWhere,
    FinishTurns,
    HoldLane,
    LeaseLost,
    TaskEnded,
    TurnsGone,
    UpdateTask,
)
from powermem._core.tasks.task import ProcessStatus, Task, lane_of
from powermem._core.values import Scope
from powermem._sync.stores.base import Store
from tests.support.additions import memory_of
from tests.support.queueing import AT, LANE, LONG, SECOND, UNTIL, USERS, becomes, said, task_of

pytestmark = pytest.mark.stores

BEN = Scope("ben")


def claim(store: Store, owner: str, at: int = AT, limit: int = 9, **more: str) -> list[str]:
    return store.claim_lanes(owner, at, at + 60 * SECOND, limit, **more)


def test_a_lane_without_work_is_not_claimed(queue: Store) -> None:
    assert claim(queue, "A") == []
    # Turns alone are no task.
    queue.apply([said("I like tea")])
    assert claim(queue, "A") == []
    assert claim(queue, "A", lane=LANE) == []
    with pytest.raises(LeaseLost):
        queue.begin_task("A", LANE, AT)


def test_the_longest_due_lanes_are_claimed_first(queue: Store) -> None:
    due = {"ana": 3, "ben": -5, "cat": 0, "dan": 7, "eve": -5 * SECOND}
    for user, later in due.items():
        queue.apply([task_of(Scope(user), due_at=AT + later)])
    # A later task of a lane does not put it off, and an earlier one brings it forward.
    queue.apply([task_of(Scope("cat"), due_at=AT + 99), task_of(Scope("dan"), due_at=AT - 1)])
    assert claim(queue, "A", limit=2) == ["u:eve", "u:ben"]
    assert claim(queue, "B", limit=9) == ["u:dan", "u:cat"]
    assert claim(queue, "C", limit=9) == []
    assert claim(queue, "D", AT + 2) == []
    assert claim(queue, "E", AT + 3) == ["u:ana"]


def test_one_lane_can_be_claimed_by_name(queue: Store) -> None:
    queue.apply([task_of(), task_of(BEN), task_of(Scope("cat"), due_at=AT + 5)])
    assert claim(queue, "A", lane="u:ben") == ["u:ben"]
    assert claim(queue, "B", lane="u:ben") == []
    assert claim(queue, "C", lane="u:cat") == []
    assert claim(queue, "D", lane="u:nobody") == []
    assert claim(queue, "E") == [LANE]


def test_what_a_fast_clock_put_off_is_due_at_once(queue: Store) -> None:
    ahead = AT + 7200 * SECOND
    queue.apply([task_of(due_at=ahead), task_of(BEN, due_at=AT + 50 * SECOND)])
    assert claim(queue, "A") == []
    assert queue.redate_lanes(AT, 60 * SECOND) == 1
    assert queue.redate_lanes(AT, 60 * SECOND) == 0
    assert claim(queue, "A") == [LANE]
    assert queue.begin_task("A", LANE, AT) is not None
    # What waits to be tried again waits still.
    assert claim(queue, "B", AT + 49 * SECOND) == []
    assert claim(queue, "B", AT + 50 * SECOND) == ["u:ben"]


def test_a_lease_by_a_fast_clock_lasts_as_long_as_any(queue: Store) -> None:
    ahead = AT + 7200 * SECOND
    queue.apply([task_of(), task_of(BEN), task_of(Scope("cat"))])
    assert claim(queue, "A", ahead, lane=LANE) == [LANE]
    assert claim(queue, "B", AT + SECOND, lane="u:ben") == ["u:ben"]
    assert queue.redate_lanes(AT, 60 * SECOND) == 1
    assert claim(queue, "C", UNTIL - 1) == ["u:cat"]
    assert claim(queue, "D", UNTIL) == [LANE]
    # Who was slow, and alive, has lost it; who renewed in time has not.
    assert queue.renew_lanes("A", [LANE], UNTIL) == []
    assert queue.renew_lanes("B", ["u:ben"], UNTIL) == ["u:ben"]


def test_nobodys_lanes_alone_are_taken_where_times_are_not_to_be_trusted(queue: Store) -> None:
    queue.apply([task_of(), task_of(BEN)])
    assert claim(queue, "A", lane=LANE) == [LANE]
    ahead = AT + 7200 * SECOND
    assert queue.claim_lanes("B", ahead, ahead + 1, 9, ended=0) == ["u:ben"]
    assert claim(queue, "C", ahead) == [LANE]


def test_a_held_lane_is_free_when_its_lease_has_ended(queue: Store, other: Store) -> None:
    queue.apply([task_of()])
    assert claim(queue, "A") == [LANE]
    for store in (queue, other):
        assert claim(store, "B", UNTIL - 1) == []
        assert claim(store, "B", UNTIL - 1, lane=LANE) == []
        with pytest.raises(LeaseLost):
            store.begin_task("B", LANE, AT)
    # Going on holding it, in either way, puts off the end.
    assert queue.renew_lanes("A", [LANE], UNTIL + 10 * SECOND) == [LANE]
    assert claim(other, "B", UNTIL + 10 * SECOND - 1) == []
    queue.apply([HoldLane(LANE, "A", UNTIL + 20 * SECOND)])
    assert claim(other, "B", UNTIL + 20 * SECOND - 1) == []
    assert claim(other, "B", UNTIL + 20 * SECOND + 1) == [LANE]


def test_only_what_is_still_held_is_renewed(queue: Store, other: Store) -> None:
    scopes = [Scope(user) for user in USERS]
    lanes = [lane_of(scope) for scope in scopes]
    queue.apply([task_of(scope) for scope in scopes])
    assert sorted(claim(queue, "A", limit=100)) == sorted(lanes)
    queue.release_lane("A", lanes[0])
    # One is taken by somebody else; another has ended, but nobody came.
    assert claim(other, "B", UNTIL + 1, lane=lanes[1]) == [lanes[1]]
    held = queue.renew_lanes("A", ["u:nobody", *lanes], UNTIL + 60 * SECOND)
    assert sorted(held) == sorted(lanes[2:])
    assert queue.renew_lanes("A", [], UNTIL) == []
    assert queue.renew_lanes("C", lanes, UNTIL) == []
    assert claim(other, "D", UNTIL + 2, limit=100) == [lanes[0]]


def test_who_has_lost_a_lane_changes_nothing_more(queue: Store, other: Store) -> None:
    turn = said("I like tea")
    task = task_of()
    queue.apply([turn, task])
    assert claim(queue, "A") == [LANE]
    assert queue.begin_task("A", LANE, AT) is not None
    assert claim(other, "B", UNTIL + 1) == [LANE]
    taken_over = other.begin_task("B", LANE, UNTIL + 1)
    assert taken_over is not None
    late = memory_of("Ana likes tea")
    with pytest.raises(LeaseLost):
        queue.begin_task("A", LANE, UNTIL + 2)
    for batch in (
        [HoldLane(LANE, "A", UNTIL + 99 * SECOND), late, FinishTurns([turn.turn.id]), task_of(BEN)],
        [late, FinishTurns([turn.turn.id]), task_of(BEN), HoldLane(LANE, "A", UNTIL + 99 * SECOND)],
        [becomes(task, ProcessStatus.FAILED, error="x"), HoldLane(LANE, "C", UNTIL)],
        [HoldLane("u:nobody", "A", UNTIL), task_of(BEN)],
    ):
        with pytest.raises(LeaseLost):
            queue.apply(batch)
    queue.release_lane("A", LANE)
    assert queue.find_task(task.task.id) == taken_over.task
    assert queue.get_many([late.row.id]) == {}
    assert [waiting.turn.content for waiting in queue.task_turns(task.task.id)] == ["I like tea"]
    assert claim(queue, "D", UNTIL + 2) == []
    other.apply([late, FinishTurns([turn.turn.id]), HoldLane(LANE, "B", UNTIL + 61 * SECOND)])
    other.release_lane("B", LANE)
    with pytest.raises(LeaseLost):
        other.apply([HoldLane(LANE, "B", UNTIL + 62 * SECOND)])


def test_what_a_killed_owner_had_begun_is_begun_again(queue: Store, other: Store) -> None:
    first, second = task_of(payload={"prompt": "a"}), task_of()
    queue.apply([said("one"), said("two", sent_at=AT + 1), first, second])
    assert claim(queue, "A") == [LANE]
    begun = queue.begin_task("A", LANE, AT)
    assert begun is not None
    assert (begun.task.attempts, begun.task.updated_at) == (1, AT)
    assert begun.task.status is ProcessStatus.RUNNING
    (one, two) = begun.turns
    queue.apply([memory_of("one"), FinishTurns([one.turn.id]), said("three", sent_at=AT + 2)])
    # Killed here. That work is under way keeps nobody from it when the lease has ended.
    for attempts, owner in ((2, "B"), (3, "C")):
        at = AT + (attempts - 1) * 61 * SECOND
        assert claim(other, owner, at - 2 * SECOND) == []
        assert claim(other, owner, at) == [LANE]
        again = other.begin_task(owner, LANE, at)
        assert again is not None
        task, waiting = again.task, again.turns
        assert (task.id, task.attempts, task.updated_at) == (first.task.id, attempts, at)
        assert (task.status, task.payload, task.created_at) == (ProcessStatus.RUNNING, {"prompt": "a"}, AT)
        # With the same turns, without what is done with, and with what came meanwhile.
        assert waiting[0] == two
        assert [turn.turn.content for turn in waiting] == ["two", "three"]
    other.apply([becomes(first, ProcessStatus.COMPLETED)])
    last = other.begin_task("C", LANE, UNTIL)
    assert last is not None
    assert (last.task.id, last.task.attempts) == (second.task.id, 1)


def test_a_lane_that_was_let_go_of_is_due_when_its_next_task_is(queue: Store, other: Store) -> None:
    first, second = task_of(), task_of(due_at=AT + 5)
    queue.apply([first, second])
    assert claim(queue, "A") == [LANE]
    queue.release_lane("B", LANE)
    assert claim(other, "C") == []
    queue.release_lane("A", LANE)
    assert claim(other, "D") == [LANE]
    assert other.begin_task("D", LANE, AT) is not None
    # Let go of with the work begun: it is still there to do.
    other.release_lane("D", LANE)
    assert claim(queue, "E") == [LANE]
    queue.apply([becomes(first, ProcessStatus.COMPLETED)])
    queue.release_lane("E", LANE)
    assert claim(queue, "F", AT + 4) == []
    assert claim(queue, "G", AT + 5) == [LANE]
    queue.apply([becomes(second, ProcessStatus.CANCELLED)])
    assert queue.begin_task("G", LANE, AT + 5) is None
    queue.release_lane("G", LANE)
    assert claim(queue, "H", AT + 10**9 * SECOND) == []
    queue.apply([task_of()])
    assert claim(queue, "I") == [LANE]


def test_lanes_that_look_alike_are_different(queue: Store, other: Store) -> None:
    scopes = [*[Scope(user) for user in USERS], Scope(None, "ana"), Scope(None, None, "ana"), Scope()]
    scopes += [Scope(None, LONG), Scope(None, None, LONG), Scope(LONG[1:], LONG, LONG)]
    tasks = {lane_of(scope): task_of(scope) for scope in scopes}
    assert len(tasks) == len(scopes)
    queue.apply([*tasks.values(), *[said(lane_of(scope), scope) for scope in scopes]])
    for number, lane in enumerate(tasks):
        assert claim(queue, f"{number}", lane=lane) == [lane]
        begun = other.begin_task(f"{number}", lane, AT)
        assert begun is not None
        assert (begun.task.id, begun.task.lane) == (tasks[lane].task.id, lane)
        assert [waiting.turn.content for waiting in begun.turns] == [lane]
        assert other.claim_lanes("B", AT, UNTIL, 100, lane=lane) == []
    lane = lane_of(Scope("a' OR 1=1"))
    assert queue.renew_lanes("' OR ''='", list(tasks), UNTIL) == []
    queue.release_lane(f"{list(tasks).index(lane)}", lane)
    assert claim(queue, "C") == [lane]


def test_each_of_many_lanes_is_claimed_by_one(queue: Store, other: Store) -> None:
    expected = [lane_of(Scope(f"user {number}")) for number in range(200)]
    queue.apply([task_of(Scope(f"user {number}")) for number in range(200)])
    claimed: list[tuple[str, str]] = []

    def work(store: Store, number: int) -> None:
        for round_ in range(1000):
            owner = f"{number} {round_}"
            lanes = claim(store, owner, limit=1 + number % 7)
            claimed.extend((lane, owner) for lane in lanes)
            if not lanes:
                return

    gather([partial(work, (queue, other)[number % 2], number) for number in range(16)])
    # Who found nothing may have been overtaken each time.
    work(queue, 16)
    assert sorted(lane for lane, _ in claimed) == sorted(expected)
    # What each was told is what the store knows.
    for lane, owner in claimed[::10]:
        assert other.begin_task(owner, lane, AT) is not None


def test_of_many_who_want_one_lane_one_gets_it(queue: Store, other: Store) -> None:
    queue.apply([task_of()])
    for round_ in range(10):
        # Each round, all leases of the one before have ended.
        at = AT + round_ * 61 * SECOND
        claims = gather(
            [partial(claim, (queue, other)[n % 2], f"{round_} {n}", at, lane=LANE) for n in range(12)]
        )
        (owner,) = [n for n, lanes in enumerate(claims) if lanes]
        begun = other.begin_task(f"{round_} {owner}", LANE, at)
        assert begun is not None
        assert begun.task.attempts == round_ + 1


@pytest.mark.parametrize("how", ["added", "retried"])
def test_no_task_is_forgotten_when_a_lane_is_let_go_of(queue: Store, other: Store, how: str) -> None:
    scopes = [Scope(f"user {number}") for number in range(12)]
    chance = random.Random(12)
    queue.apply([task_of(scope) for scope in scopes])
    known: dict[str, Task] = {}
    for round_ in range(12):
        owner = f"{round_}"
        assert sorted(claim(queue, owner, limit=99)) == sorted(map(lane_of, scopes)), round_
        calls = []
        for scope in scopes:
            lane = lane_of(scope)
            begun = queue.begin_task(owner, lane, AT)
            assert begun is not None
            # Nothing is left to do in the lane: who lets go of it finds that out at the moment when somebody
            # else brings more.
            queue.apply([becomes(begun.task, ProcessStatus.FAILED)])
            known[lane] = begun.task
            more: Change = task_of(scope) if how == "added" else retry(known[lane])
            calls += [partial(queue.release_lane, owner, lane), partial(other.apply, [more])]
        chance.shuffle(calls)
        gather(calls)


def test_no_task_is_forgotten_when_its_scope_is_emptied(queue: Store, other: Store) -> None:
    scopes = [Scope(f"user {number}") for number in range(8)]
    chance = random.Random(8)
    for round_ in range(12):
        tasks = {lane_of(scope): task_of(scope, "refine") for scope in scopes}
        calls = [
            partial(other.apply, [said("new", scope, task_id=task.task.id), task])
            for scope, task in zip(scopes, tasks.values(), strict=True)
        ]
        calls += [partial(queue.apply, [DeleteWhere(scope, None, AT)]) for scope in scopes]
        chance.shuffle(calls)
        gather(calls)
        left = {lane for lane, task in tasks.items() if other.find_task(task.task.id) is not None}
        claimed = claim(queue, f"{round_}", limit=99)
        assert left <= set(claimed)
        for lane in claimed:
            begun = queue.begin_task(f"{round_}", lane, AT)
            assert (begun is not None) == (lane in left)
            if begun is not None:
                # It may have lost its turn, but then it has nothing to do; no turn has lost its task.
                ids = [waiting.turn.id for waiting in begun.turns]
                queue.apply([FinishTurns(ids), becomes(begun.task, ProcessStatus.COMPLETED)])
            queue.release_lane(f"{round_}", lane)
        assert (queue.queue_statistics()).oldest_at is None


def retry(task: Task) -> UpdateTask:
    """Return the change that has a failed task tried again."""
    return becomes(task, ProcessStatus.PENDING, expected=frozenset({ProcessStatus.FAILED}), due_at=AT)


def test_many_workers_do_each_turn_once_and_in_order(queue: Store, other: Store) -> None:
    users, turns = 5, 12
    ticks = iter(range(AT, AT + 10_000_000))
    done: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()

    def say(user: int) -> None:
        scope = Scope(f"user {user}")
        for number in range(turns):
            turn = said(f"{user} says {number:02}", scope, sent_at=number)
            batch: list[Change] = [turn]
            if number % 3 == 2:
                batch.append(task_of(scope))
            (queue, other)[number % 2].apply(batch)

    def work(store: Store, name: int) -> None:
        chance = random.Random(name)
        for round_ in range(3000):
            if sum(done.values()) == users * turns:
                return
            owner, at = f"{name} {round_}", next(ticks)
            # Leases are short, so that also the living are overtaken now and then.
            for lane in store.claim_lanes(owner, at, at + 60, 2):
                try:
                    work_on(store, owner, lane, chance)
                except (LeaseLost, TurnsGone, TaskEnded) as error:
                    outcomes[type(error).__name__] += 1

    def work_on(store: Store, owner: str, lane: str, chance: random.Random) -> None:
        while (begun := store.begin_task(owner, lane, next(ticks))) is not None:
            task, waiting = begun.task, begun.turns
            if chance.random() < 0.3:
                outcomes["killed"] += 1
                return
            for turn in waiting:
                batch: list[Change] = [
                    memory_of(turn.turn.content, turn.turn.scope),
                    FinishTurns([turn.turn.id]),
                    HoldLane(lane, owner, next(ticks) + 60),
                ]
                store.apply(batch)
                done[turn.turn.content] += 1
            store.apply(
                [becomes(task, ProcessStatus.COMPLETED, strict=True), HoldLane(lane, owner, next(ticks) + 60)]
            )
            outcomes["completed"] += 1
        store.release_lane(owner, lane)

    gather(
        [partial(say, user) for user in range(users)]
        + [partial(work, (queue, other)[number % 2], number) for number in range(6)]
    )
    print(outcomes)
    said_by_all = [f"{user} says {number:02}" for user in range(users) for number in range(turns)]
    assert done == Counter(said_by_all)
    for user in range(users):
        rows, total = queue.list_rows(
            Scope(f"user {user}"), None, sort_by="id", descending=False, limit=99, offset=0
        )
        # Ids are in the order in which the memories were made.
        assert [row.text for row in rows] == said_by_all[user * turns : (user + 1) * turns]
        assert total == turns
