# Generated from tests/_async/stores/test_buffer.py by scripts/run_unasync.py; edit that file instead.
"""Turns that wait: each comes back as it was said, in order, and is done with exactly once."""

from __future__ import annotations

import json
from functools import partial

import pytest

from powermem import StoreError
from powermem._concurrency import gather
from powermem._core.changes.writes import Change, DeleteWhere, FinishTurns, FreeTurns, LinkTurns, TurnsGone
from powermem._core.tasks.task import BufferedTurn, ProcessStatus, Task, lane_of
from powermem._core.values import Scope, Turn
from powermem._sync.stores.base import Store
from tests.support.additions import ANA, memory_of
from tests.support.queueing import AT, LANE, SECOND, UNTIL, USERS, becomes, said, task_of

pytestmark = pytest.mark.stores

BEN = Scope("ben")
TEXTS = {
    "quotes": 'Robert\'); DROP TABLE memories_buffer;-- 100% "x" `y` \\ \\0 \\u0000 %s %(x)s ? $1 :name {}',
    "unicode": "日本語 👩\u200d👩\u200d👧 🇵🇹 e\u0301 \ufeff \u2028 \uffff \U0010ffff",
    "nul": "nul \x00 inside, escape \x1b, \ufdd0\ufdd1 and \ufdd0\ufdd2",
    "a megabyte": "x" * 1_000_000,
    "nearly a megabyte": "界" * 300_000,
    "spaces": " \n tail ",
    "nothing": "",
}


def begun(store: Store, owner: str = "A", scope: Scope = ANA) -> Task:
    """Add a task, take hold of its lane and begin it."""
    lane = lane_of(scope)
    store.apply([task_of(scope)])
    assert store.claim_lanes(owner, AT, UNTIL, 1, lane=lane) == [lane]
    begun = store.begin_task(owner, lane, AT)
    assert begun is not None
    return begun.task


def contents(store: Store, task: Task) -> list[str]:
    return [waiting.turn.content for waiting in store.task_turns(task.id)]


def attempt(store: Store, batch: list[Change]) -> str:
    try:
        store.apply(batch)
    except Exception as error:
        return type(error).__name__
    return "applied"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_turns_come_back_whole(queue: Store, text: str) -> None:
    scope = Scope("ana", "an agent 😀", "a run")
    content = [{"type": "image_url", "image_url": {"url": text}}, {"nul\x00": [None, True, 1.5, 2**60, {}]}]
    plain = said(text, scope, role="assistant", actor_id="Zoë", sent_at=-7, created_at=AT + 3)
    rich = said("look", scope, sent_at=AT + 1, parts=json.dumps(content))
    queue.apply([plain, rich])
    task = begun(queue)
    first, second = queue.task_turns(task.id)
    whole = Turn(plain.turn.id, scope, "assistant", text, "Zoë", -7, AT + 3)
    assert first == BufferedTurn(whole, LANE, task.id, None)
    assert (second.turn.content, second.turn.actor_id, second.lane) == ("look", None, LANE)
    assert second.parts is not None
    assert json.loads(second.parts) == content


def test_turns_come_in_the_order_in_which_they_were_said(queue: Store) -> None:
    # Of the same second, back-dated, from before 1970, and stored in another order.
    times = [5, 5, 3, 5, -10 * SECOND, 0, 3, AT, 10**16]
    ids = [900 - number * 37 % 100 for number in range(len(times))]
    turns = [said(f"{at} {number}", id=number, sent_at=at) for at, number in zip(times, ids, strict=True)]
    queue.apply(turns[:4])
    queue.apply(turns[4:])
    expected = [f"{at} {number}" for at, number in sorted(zip(times, ids, strict=True))]
    assert contents(queue, begun(queue)) == expected


def test_what_came_of_a_turn_is_stored_once(queue: Store, other: Store) -> None:
    turns = [said("I like tea"), said("I like milk"), said("I like jam")]
    queue.apply(turns)
    task = begun(queue)
    tea, milk, jam = [turn.turn.id for turn in turns]
    kept = memory_of("Ana likes tea")
    queue.apply([kept, LinkTurns(kept.row.id, [tea]), FinishTurns([tea])])
    # Its evidence stays.
    assert [turn.content for turn in queue.turns(kept.row.id)] == ["I like tea"]
    assert contents(queue, task) == ["I like milk", "I like jam"]
    for gone in ([tea], [milk, tea], [milk, 12345], [milk, jam, milk + jam]):
        again = memory_of("Ana likes tea and milk")
        failing = [again, said("more"), becomes(task, ProcessStatus.COMPLETED), FinishTurns(gone)]
        with pytest.raises(TurnsGone):
            other.apply(failing)
        assert queue.get_many([again.row.id]) == {}
        assert contents(queue, task) == ["I like milk", "I like jam"]
        assert queue.count_buffered(LANE, 9) == 0
        assert queue.find_task(task.id) == task
    other.apply([FinishTurns([milk, jam]), FinishTurns([])])
    assert contents(queue, task) == []


def test_turns_can_be_done_with_by_themselves(queue: Store) -> None:
    turn = said("I like tea")
    queue.apply([turn])
    queue.apply([FinishTurns([turn.turn.id])])
    assert queue.count_buffered(None, 9) == 0
    kept = memory_of("Ana likes tea")
    queue.apply([kept, LinkTurns(kept.row.id, [turn.turn.id])])
    assert [source.content for source in queue.turns(kept.row.id)] == ["I like tea"]


def test_of_many_who_are_done_with_the_same_turns_one_wins(queue: Store, other: Store) -> None:
    turns = [said(f"turn {number}") for number in range(6)]
    ids = [turn.turn.id for turn in turns]
    queue.apply(turns)
    task = begun(queue)
    batches: list[list[Change]] = [
        # Overlapping, and in another order each time.
        [memory_of(f"by {number}"), FinishTurns((ids[number % 6 :] + ids[: number % 6])[:4])]
        for number in range(12)
    ]
    outcomes = gather([partial(attempt, (queue, other)[n % 2], batch) for n, batch in enumerate(batches)])
    # Four of six turns always meet four others of these.
    assert sorted(outcomes) == ["TurnsGone"] * 11 + ["applied"]
    assert len(contents(queue, task)) == 2
    rows, total = queue.list_rows(ANA, None, sort_by="id", descending=False, limit=9, offset=0)
    assert (total, rows[0].text) == (1, f"by {outcomes.index('applied')}")


def test_a_batch_that_fails_leaves_no_turn_waiting(queue: Store) -> None:
    known = said("known")
    queue.apply([known])
    with pytest.raises(StoreError):
        queue.apply([said("new"), task_of(), known])
    assert queue.count_buffered(None, 9) == 1
    assert queue.claim_lanes("A", AT, UNTIL, 9) == []


def test_a_task_takes_on_what_belongs_to_none(queue: Store) -> None:
    refine = task_of(kind="refine")
    queue.apply([said("mine"), said("refine this", task_id=refine.task.id), refine, said("Ben's", BEN)])
    process = task_of()
    queue.apply([process])
    assert queue.claim_lanes("A", AT, UNTIL, 9) == [LANE]
    first = queue.begin_task("A", LANE, AT)
    assert first is not None
    assert first.task.id == refine.task.id
    # It extracts from its own, and leaves the others alone.
    assert contents(queue, first.task) == ["refine this"]
    assert queue.count_buffered(LANE, 9) == 1
    queue.apply([becomes(first.task, ProcessStatus.FAILED)])
    second = queue.begin_task("A", LANE, AT)
    assert second is not None
    assert second.task.id == process.task.id
    assert contents(queue, second.task) == ["mine"]
    assert queue.count_buffered(LANE, 9) == 0
    assert queue.count_buffered(lane_of(BEN), 9) == 1
    # What is said from now on is for the next one.
    queue.apply([said("later")])
    assert contents(queue, second.task) == ["mine"]
    assert queue.count_buffered(LANE, 9) == 1


def test_a_lane_holds_all_agents_and_runs_of_a_user(queue: Store) -> None:
    scopes = [ANA, Scope("ana", "agent"), Scope("ana", "agent", "run"), Scope("ana", None, "run")]
    for number, scope in enumerate([*scopes, Scope(None, "ana"), Scope(None, None, "ana"), Scope()]):
        queue.apply([said(f"{number}", scope, sent_at=AT + number)])
    task = begun(queue)
    waiting = queue.task_turns(task.id)
    assert [turn.turn.scope for turn in waiting] == scopes
    for lane in ("a:ana", "r:ana", lane_of(Scope())):
        assert queue.count_buffered(lane, 9) == 1


def test_counting_ends_at_the_limit(queue: Store) -> None:
    queue.apply([said(f"{number}") for number in range(7)])
    queue.apply([said(f"{number}", BEN) for number in range(3)])
    counts = [queue.count_buffered(LANE, limit) for limit in (1, 6, 7, 8, 10**6)]
    assert counts == [1, 6, 7, 7, 7]
    assert [queue.count_buffered(None, limit) for limit in (1, 9, 100)] == [1, 9, 10]
    assert queue.count_buffered("u:nobody", 5) == 0
    begun(queue)
    assert queue.count_buffered(LANE, 100) == 0
    assert queue.count_buffered(None, 100) == 3


@pytest.mark.parametrize("end", [ProcessStatus.FAILED, ProcessStatus.CANCELLED])
def test_only_turns_of_work_that_was_given_up_are_freed(queue: Store, end: ProcessStatus) -> None:
    refine = task_of(kind="refine")
    queue.apply([said("mine"), said("Ben's", BEN), said("refine this", task_id=refine.task.id)])
    mine, ben = begun(queue), begun(queue, "B", BEN)
    queue.apply([refine, becomes(ben, end), becomes(refine, end)])
    # Mine is under way, and Ben's are in another lane.
    assert queue.apply([FreeTurns(LANE)]) == [0]
    queue.apply([becomes(mine, None, stage="extracting")])
    assert queue.apply([FreeTurns(LANE)]) == [0]
    assert queue.count_buffered(None, 9) == 0
    queue.apply([becomes(mine, end, error="no model")])
    assert queue.apply([FreeTurns(LANE), FreeTurns(LANE)]) == [1, 0]
    assert queue.count_buffered(LANE, 9) == 1
    assert queue.count_buffered(None, 9) == 1
    assert contents(queue, refine.task) == ["refine this"]
    assert contents(queue, ben) == ["Ben's"]
    assert contents(queue, mine) == []
    again = task_of()
    queue.apply([again])
    following = queue.begin_task("A", LANE, AT)
    assert following is not None
    assert following.task.id == again.task.id
    assert [waiting.turn.content for waiting in following.turns] == ["mine"]


def test_a_completed_task_lets_go_of_nothing(queue: Store) -> None:
    queue.apply([said("mine")])
    task = begun(queue)
    queue.apply([becomes(task, ProcessStatus.COMPLETED)])
    assert queue.apply([FreeTurns(LANE)]) == [0]


def test_lanes_where_turns_wait_are_found_page_by_page(queue: Store) -> None:
    scopes = [Scope(user) for user in USERS]
    queue.apply([said(f"{n} {scope[0]}", scope) for scope in scopes for n in range(2)])
    queue.apply([said("no user", Scope(None, "agent")), said("nobody's", Scope())])
    expected = sorted([(lane_of(scope), scope) for scope in [*scopes, Scope(None, "agent"), Scope()]])
    for size in (1, 3, 100):
        found: list[tuple[str, Scope]] = []
        after = ""
        while page := queue.buffered_scopes(after, size):
            assert len(page) <= size
            found += page
            after = page[-1][0]
        assert found == expected


def test_turns_that_were_given_up_count_among_those_that_wait(queue: Store) -> None:
    refine = task_of(kind="refine")
    queue.apply([said("mine", Scope("ana", "agent")), said("Ben's", BEN)])
    mine, ben = begun(queue), begun(queue, "B", BEN)
    queue.apply([refine, said("refine this", task_id=refine.task.id)])
    queue.apply([becomes(refine, ProcessStatus.FAILED)])
    assert queue.buffered_scopes("", 9) == []
    queue.apply([becomes(mine, ProcessStatus.FAILED), becomes(ben, ProcessStatus.CANCELLED)])
    assert queue.buffered_scopes("", 9) == [(LANE, Scope("ana", "agent")), ("u:ben", BEN)]
    assert queue.buffered_scopes(LANE, 9) == [("u:ben", BEN)]
    assert queue.buffered_scopes("", 9, lane="u:ben") == [("u:ben", BEN)]
    assert queue.buffered_scopes("", 9, lane="u:nobody") == []
    # As soon as it is tried again, they are its own.
    retried = becomes(mine, ProcessStatus.PENDING, expected=frozenset({ProcessStatus.FAILED}), due_at=AT)
    queue.apply([retried, said("more", BEN)])
    assert queue.buffered_scopes("", 9) == [("u:ben", BEN)]
    assert queue.buffered_scopes("", 9, lane=LANE) == []


def test_turns_of_a_scope_that_was_removed_are_gone(queue: Store) -> None:
    turns = [said("mine"), said("mine too", Scope("ana", "agent"))]
    queue.apply([*turns, said("Ben's", BEN)])
    task = begun(queue)
    queue.apply([DeleteWhere(Scope("ana", "agent"), None, AT)])
    assert contents(queue, task) == ["mine"]
    with pytest.raises(TurnsGone):
        queue.apply([memory_of("late"), FinishTurns([turn.turn.id for turn in turns])])
    assert queue.count(ANA, None) == 0
    queue.apply([memory_of("in time"), FinishTurns([turns[0].turn.id])])
    assert queue.count_buffered(None, 9) == 1
