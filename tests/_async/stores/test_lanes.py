"""Who works on what: a lane has one owner at a time, and no work in it is forgotten."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import pytest

from powermem._async.stores.base import AsyncStore
from powermem._concurrency import async_gather
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
from tests.support.additions import memory_of
from tests.support.queueing import AT, LANE, LONG, SECOND, UNTIL, USERS, becomes, said, task_of

pytestmark = pytest.mark.stores

BEN = Scope("ben")


async def claim(store: AsyncStore, owner: str, at: int = AT, limit: int = 9, **more: str) -> list[str]:
    return await store.claim_lanes(owner, at, at + 60 * SECOND, limit, **more)


async def test_a_lane_without_work_is_not_claimed(queue: AsyncStore) -> None:
    assert await claim(queue, "A") == []
    # Turns alone are no task.
    await queue.apply([said("I like tea")])
    assert await claim(queue, "A") == []
    assert await claim(queue, "A", lane=LANE) == []
    with pytest.raises(LeaseLost):
        await queue.begin_task("A", LANE, AT)


async def test_the_longest_due_lanes_are_claimed_first(queue: AsyncStore) -> None:
    due = {"ana": 3, "ben": -5, "cat": 0, "dan": 7, "eve": -5 * SECOND}
    for user, later in due.items():
        await queue.apply([task_of(Scope(user), due_at=AT + later)])
    # A later task of a lane does not put it off, and an earlier one brings it forward.
    await queue.apply([task_of(Scope("cat"), due_at=AT + 99), task_of(Scope("dan"), due_at=AT - 1)])
    assert await claim(queue, "A", limit=2) == ["u:eve", "u:ben"]
    assert await claim(queue, "B", limit=9) == ["u:dan", "u:cat"]
    assert await claim(queue, "C", limit=9) == []
    assert await claim(queue, "D", AT + 2) == []
    assert await claim(queue, "E", AT + 3) == ["u:ana"]


async def test_one_lane_can_be_claimed_by_name(queue: AsyncStore) -> None:
    await queue.apply([task_of(), task_of(BEN), task_of(Scope("cat"), due_at=AT + 5)])
    assert await claim(queue, "A", lane="u:ben") == ["u:ben"]
    assert await claim(queue, "B", lane="u:ben") == []
    assert await claim(queue, "C", lane="u:cat") == []
    assert await claim(queue, "D", lane="u:nobody") == []
    assert await claim(queue, "E") == [LANE]


async def test_what_a_fast_clock_put_off_is_due_at_once(queue: AsyncStore) -> None:
    ahead = AT + 7200 * SECOND
    await queue.apply([task_of(due_at=ahead), task_of(BEN, due_at=AT + 50 * SECOND)])
    assert await claim(queue, "A") == []
    assert await queue.redate_lanes(AT, 60 * SECOND) == 1
    assert await queue.redate_lanes(AT, 60 * SECOND) == 0
    assert await claim(queue, "A") == [LANE]
    assert await queue.begin_task("A", LANE, AT) is not None
    # What waits to be tried again waits still.
    assert await claim(queue, "B", AT + 49 * SECOND) == []
    assert await claim(queue, "B", AT + 50 * SECOND) == ["u:ben"]


async def test_a_lease_by_a_fast_clock_lasts_as_long_as_any(queue: AsyncStore) -> None:
    ahead = AT + 7200 * SECOND
    await queue.apply([task_of(), task_of(BEN), task_of(Scope("cat"))])
    assert await claim(queue, "A", ahead, lane=LANE) == [LANE]
    assert await claim(queue, "B", AT + SECOND, lane="u:ben") == ["u:ben"]
    assert await queue.redate_lanes(AT, 60 * SECOND) == 1
    assert await claim(queue, "C", UNTIL - 1) == ["u:cat"]
    assert await claim(queue, "D", UNTIL) == [LANE]
    # Who was slow, and alive, has lost it; who renewed in time has not.
    assert await queue.renew_lanes("A", [LANE], UNTIL) == []
    assert await queue.renew_lanes("B", ["u:ben"], UNTIL) == ["u:ben"]


async def test_nobodys_lanes_alone_are_taken_where_times_are_not_to_be_trusted(queue: AsyncStore) -> None:
    await queue.apply([task_of(), task_of(BEN)])
    assert await claim(queue, "A", lane=LANE) == [LANE]
    ahead = AT + 7200 * SECOND
    assert await queue.claim_lanes("B", ahead, ahead + 1, 9, ended=0) == ["u:ben"]
    assert await claim(queue, "C", ahead) == [LANE]


async def test_a_held_lane_is_free_when_its_lease_has_ended(queue: AsyncStore, other: AsyncStore) -> None:
    await queue.apply([task_of()])
    assert await claim(queue, "A") == [LANE]
    for store in (queue, other):
        assert await claim(store, "B", UNTIL - 1) == []
        assert await claim(store, "B", UNTIL - 1, lane=LANE) == []
        with pytest.raises(LeaseLost):
            await store.begin_task("B", LANE, AT)
    # Going on holding it, in either way, puts off the end.
    assert await queue.renew_lanes("A", [LANE], UNTIL + 10 * SECOND) == [LANE]
    assert await claim(other, "B", UNTIL + 10 * SECOND - 1) == []
    await queue.apply([HoldLane(LANE, "A", UNTIL + 20 * SECOND)])
    assert await claim(other, "B", UNTIL + 20 * SECOND - 1) == []
    assert await claim(other, "B", UNTIL + 20 * SECOND + 1) == [LANE]


async def test_only_what_is_still_held_is_renewed(queue: AsyncStore, other: AsyncStore) -> None:
    scopes = [Scope(user) for user in USERS]
    lanes = [lane_of(scope) for scope in scopes]
    await queue.apply([task_of(scope) for scope in scopes])
    assert sorted(await claim(queue, "A", limit=100)) == sorted(lanes)
    await queue.release_lane("A", lanes[0])
    # One is taken by somebody else; another has ended, but nobody came.
    assert await claim(other, "B", UNTIL + 1, lane=lanes[1]) == [lanes[1]]
    held = await queue.renew_lanes("A", ["u:nobody", *lanes], UNTIL + 60 * SECOND)
    assert sorted(held) == sorted(lanes[2:])
    assert await queue.renew_lanes("A", [], UNTIL) == []
    assert await queue.renew_lanes("C", lanes, UNTIL) == []
    assert await claim(other, "D", UNTIL + 2, limit=100) == [lanes[0]]


async def test_who_has_lost_a_lane_changes_nothing_more(queue: AsyncStore, other: AsyncStore) -> None:
    turn = said("I like tea")
    task = task_of()
    await queue.apply([turn, task])
    assert await claim(queue, "A") == [LANE]
    assert await queue.begin_task("A", LANE, AT) is not None
    assert await claim(other, "B", UNTIL + 1) == [LANE]
    taken_over = await other.begin_task("B", LANE, UNTIL + 1)
    assert taken_over is not None
    late = memory_of("Ana likes tea")
    with pytest.raises(LeaseLost):
        await queue.begin_task("A", LANE, UNTIL + 2)
    for batch in (
        [HoldLane(LANE, "A", UNTIL + 99 * SECOND), late, FinishTurns([turn.turn.id]), task_of(BEN)],
        [late, FinishTurns([turn.turn.id]), task_of(BEN), HoldLane(LANE, "A", UNTIL + 99 * SECOND)],
        [becomes(task, ProcessStatus.FAILED, error="x"), HoldLane(LANE, "C", UNTIL)],
        [HoldLane("u:nobody", "A", UNTIL), task_of(BEN)],
    ):
        with pytest.raises(LeaseLost):
            await queue.apply(batch)
    await queue.release_lane("A", LANE)
    assert await queue.find_task(task.task.id) == taken_over.task
    assert await queue.get_many([late.row.id]) == {}
    assert [waiting.turn.content for waiting in await queue.task_turns(task.task.id)] == ["I like tea"]
    assert await claim(queue, "D", UNTIL + 2) == []
    await other.apply([late, FinishTurns([turn.turn.id]), HoldLane(LANE, "B", UNTIL + 61 * SECOND)])
    await other.release_lane("B", LANE)
    with pytest.raises(LeaseLost):
        await other.apply([HoldLane(LANE, "B", UNTIL + 62 * SECOND)])


async def test_what_a_killed_owner_had_begun_is_begun_again(queue: AsyncStore, other: AsyncStore) -> None:
    first, second = task_of(payload={"prompt": "a"}), task_of()
    await queue.apply([said("one"), said("two", sent_at=AT + 1), first, second])
    assert await claim(queue, "A") == [LANE]
    begun = await queue.begin_task("A", LANE, AT)
    assert begun is not None
    assert (begun.task.attempts, begun.task.updated_at) == (1, AT)
    assert begun.task.status is ProcessStatus.RUNNING
    (one, two) = begun.turns
    await queue.apply([memory_of("one"), FinishTurns([one.turn.id]), said("three", sent_at=AT + 2)])
    # Killed here. That work is under way keeps nobody from it when the lease has ended.
    for attempts, owner in ((2, "B"), (3, "C")):
        at = AT + (attempts - 1) * 61 * SECOND
        assert await claim(other, owner, at - 2 * SECOND) == []
        assert await claim(other, owner, at) == [LANE]
        again = await other.begin_task(owner, LANE, at)
        assert again is not None
        task, waiting = again.task, again.turns
        assert (task.id, task.attempts, task.updated_at) == (first.task.id, attempts, at)
        assert (task.status, task.payload, task.created_at) == (ProcessStatus.RUNNING, {"prompt": "a"}, AT)
        # With the same turns, without what is done with, and with what came meanwhile.
        assert waiting[0] == two
        assert [turn.turn.content for turn in waiting] == ["two", "three"]
    await other.apply([becomes(first, ProcessStatus.COMPLETED)])
    last = await other.begin_task("C", LANE, UNTIL)
    assert last is not None
    assert (last.task.id, last.task.attempts) == (second.task.id, 1)


async def test_a_lane_that_was_let_go_of_is_due_when_its_next_task_is(
    queue: AsyncStore, other: AsyncStore
) -> None:
    first, second = task_of(), task_of(due_at=AT + 5)
    await queue.apply([first, second])
    assert await claim(queue, "A") == [LANE]
    await queue.release_lane("B", LANE)
    assert await claim(other, "C") == []
    await queue.release_lane("A", LANE)
    assert await claim(other, "D") == [LANE]
    assert await other.begin_task("D", LANE, AT) is not None
    # Let go of with the work begun: it is still there to do.
    await other.release_lane("D", LANE)
    assert await claim(queue, "E") == [LANE]
    await queue.apply([becomes(first, ProcessStatus.COMPLETED)])
    await queue.release_lane("E", LANE)
    assert await claim(queue, "F", AT + 4) == []
    assert await claim(queue, "G", AT + 5) == [LANE]
    await queue.apply([becomes(second, ProcessStatus.CANCELLED)])
    assert await queue.begin_task("G", LANE, AT + 5) is None
    await queue.release_lane("G", LANE)
    assert await claim(queue, "H", AT + 10**9 * SECOND) == []
    await queue.apply([task_of()])
    assert await claim(queue, "I") == [LANE]


async def test_lanes_that_look_alike_are_different(queue: AsyncStore, other: AsyncStore) -> None:
    scopes = [*[Scope(user) for user in USERS], Scope(None, "ana"), Scope(None, None, "ana"), Scope()]
    scopes += [Scope(None, LONG), Scope(None, None, LONG), Scope(LONG[1:], LONG, LONG)]
    tasks = {lane_of(scope): task_of(scope) for scope in scopes}
    assert len(tasks) == len(scopes)
    await queue.apply([*tasks.values(), *[said(lane_of(scope), scope) for scope in scopes]])
    for number, lane in enumerate(tasks):
        assert await claim(queue, f"{number}", lane=lane) == [lane]
        begun = await other.begin_task(f"{number}", lane, AT)
        assert begun is not None
        assert (begun.task.id, begun.task.lane) == (tasks[lane].task.id, lane)
        assert [waiting.turn.content for waiting in begun.turns] == [lane]
        assert await other.claim_lanes("B", AT, UNTIL, 100, lane=lane) == []
    lane = lane_of(Scope("a' OR 1=1"))
    assert await queue.renew_lanes("' OR ''='", list(tasks), UNTIL) == []
    await queue.release_lane(f"{list(tasks).index(lane)}", lane)
    assert await claim(queue, "C") == [lane]


async def test_each_of_many_lanes_is_claimed_by_one(queue: AsyncStore, other: AsyncStore) -> None:
    expected = [lane_of(Scope(f"user {number}")) for number in range(200)]
    await queue.apply([task_of(Scope(f"user {number}")) for number in range(200)])
    claimed: list[tuple[str, str]] = []

    async def work(store: AsyncStore, number: int) -> None:
        for round_ in range(1000):
            owner = f"{number} {round_}"
            lanes = await claim(store, owner, limit=1 + number % 7)
            claimed.extend((lane, owner) for lane in lanes)
            if not lanes:
                return

    await async_gather([partial(work, (queue, other)[number % 2], number) for number in range(16)])
    # Who found nothing may have been overtaken each time.
    await work(queue, 16)
    assert sorted(lane for lane, _ in claimed) == sorted(expected)
    # What each was told is what the store knows.
    for lane, owner in claimed[::10]:
        assert await other.begin_task(owner, lane, AT) is not None


async def test_of_many_who_want_one_lane_one_gets_it(queue: AsyncStore, other: AsyncStore) -> None:
    await queue.apply([task_of()])
    for round_ in range(10):
        # Each round, all leases of the one before have ended.
        at = AT + round_ * 61 * SECOND
        claims = await async_gather(
            [partial(claim, (queue, other)[n % 2], f"{round_} {n}", at, lane=LANE) for n in range(12)]
        )
        (owner,) = [n for n, lanes in enumerate(claims) if lanes]
        begun = await other.begin_task(f"{round_} {owner}", LANE, at)
        assert begun is not None
        assert begun.task.attempts == round_ + 1


@pytest.mark.parametrize("how", ["added", "retried"])
async def test_no_task_is_forgotten_when_a_lane_is_let_go_of(
    queue: AsyncStore, other: AsyncStore, how: str
) -> None:
    scopes = [Scope(f"user {number}") for number in range(12)]
    chance = random.Random(12)
    await queue.apply([task_of(scope) for scope in scopes])
    known: dict[str, Task] = {}
    for round_ in range(12):
        owner = f"{round_}"
        assert sorted(await claim(queue, owner, limit=99)) == sorted(map(lane_of, scopes)), round_
        calls = []
        for scope in scopes:
            lane = lane_of(scope)
            begun = await queue.begin_task(owner, lane, AT)
            assert begun is not None
            # Nothing is left to do in the lane: who lets go of it finds that out at the moment when somebody
            # else brings more.
            await queue.apply([becomes(begun.task, ProcessStatus.FAILED)])
            known[lane] = begun.task
            more: Change = task_of(scope) if how == "added" else retry(known[lane])
            calls += [partial(queue.release_lane, owner, lane), partial(other.apply, [more])]
        chance.shuffle(calls)
        await async_gather(calls)


async def test_no_task_is_forgotten_when_its_scope_is_emptied(queue: AsyncStore, other: AsyncStore) -> None:
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
        await async_gather(calls)
        left = {lane for lane, task in tasks.items() if await other.find_task(task.task.id) is not None}
        claimed = await claim(queue, f"{round_}", limit=99)
        assert left <= set(claimed)
        for lane in claimed:
            begun = await queue.begin_task(f"{round_}", lane, AT)
            assert (begun is not None) == (lane in left)
            if begun is not None:
                # It may have lost its turn, but then it has nothing to do; no turn has lost its task.
                ids = [waiting.turn.id for waiting in begun.turns]
                await queue.apply([FinishTurns(ids), becomes(begun.task, ProcessStatus.COMPLETED)])
            await queue.release_lane(f"{round_}", lane)
        assert (await queue.queue_statistics()).oldest_at is None


def retry(task: Task) -> UpdateTask:
    """Return the change that has a failed task tried again."""
    return becomes(task, ProcessStatus.PENDING, expected=frozenset({ProcessStatus.FAILED}), due_at=AT)


async def test_many_workers_do_each_turn_once_and_in_order(queue: AsyncStore, other: AsyncStore) -> None:
    users, turns = 5, 12
    ticks = iter(range(AT, AT + 10_000_000))
    done: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()

    async def say(user: int) -> None:
        scope = Scope(f"user {user}")
        for number in range(turns):
            turn = said(f"{user} says {number:02}", scope, sent_at=number)
            batch: list[Change] = [turn]
            if number % 3 == 2:
                batch.append(task_of(scope))
            await (queue, other)[number % 2].apply(batch)

    async def work(store: AsyncStore, name: int) -> None:
        chance = random.Random(name)
        for round_ in range(3000):
            if sum(done.values()) == users * turns:
                return
            owner, at = f"{name} {round_}", next(ticks)
            # Leases are short, so that also the living are overtaken now and then.
            for lane in await store.claim_lanes(owner, at, at + 60, 2):
                try:
                    await work_on(store, owner, lane, chance)
                except (LeaseLost, TurnsGone, TaskEnded) as error:
                    outcomes[type(error).__name__] += 1

    async def work_on(store: AsyncStore, owner: str, lane: str, chance: random.Random) -> None:
        while (begun := await store.begin_task(owner, lane, next(ticks))) is not None:
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
                await store.apply(batch)
                done[turn.turn.content] += 1
            await store.apply(
                [becomes(task, ProcessStatus.COMPLETED, strict=True), HoldLane(lane, owner, next(ticks) + 60)]
            )
            outcomes["completed"] += 1
        await store.release_lane(owner, lane)

    await async_gather(
        [partial(say, user) for user in range(users)]
        + [partial(work, (queue, other)[number % 2], number) for number in range(6)]
    )
    print(outcomes)
    said_by_all = [f"{user} says {number:02}" for user in range(users) for number in range(turns)]
    assert done == Counter(said_by_all)
    for user in range(users):
        rows, total = await queue.list_rows(
            Scope(f"user {user}"), None, sort_by="id", descending=False, limit=99, offset=0
        )
        # Ids are in the order in which the memories were made.
        assert [row.text for row in rows] == said_by_all[user * turns : (user + 1) * turns]
        assert total == turns
