"""What is kept of the work to do, and of what came of it: until it is removed, and for its own scope only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, StoreError
from powermem._async.stores.base import AsyncStore
from powermem._async.stores.factory import build_store
from powermem._concurrency import async_gather
from powermem._core.changes.writes import Delete as DeleteMemory
from powermem._core.changes.writes import DeleteWhere, FinishTurns, TaskEnded, TurnsGone, VersionConflict
from powermem._core.filters.parse import parse
from powermem._core.sql.schema import DATED_TABLES, QUEUE_TABLES
from powermem._core.tasks.task import ProcessStatus, lane_of
from powermem._core.values import Scope
from powermem.config import resolve
from tests.support.additions import ANA, memory_of, turn_of
from tests.support.databases import execute
from tests.support.queueing import (
    ALL,
    AT,
    LANE,
    LONG,
    MOCK,
    UNTIL,
    USERS,
    becomes,
    preference_of,
    said,
    task_of,
)

pytestmark = pytest.mark.stores

BEN = Scope("ben")
STRANGE = "nul \x00 quote ' \\ \\u0000 😀 \ufeff %s ? :x"


# What is there of a scope after ``fill``; see ``kept``.
KEPT = (1, 1, 2, 1)


async def texts(store: AsyncStore, scope: Scope) -> list[str]:
    return [preference.text for preference in await store.preferences(scope)]


async def fill(store: AsyncStore, *scopes: Scope) -> None:
    for scope in scopes:
        await store.apply([memory_of("tea", scope), said("waits", scope), task_of(scope)])
        await store.apply([task_of(scope, status=ProcessStatus.FAILED), preference_of("tea", scope)])


async def kept(store: AsyncStore, scope: Scope) -> tuple[int, int, int, int]:
    """Count a scope's memories, its lane's turns, its tasks and its preferences."""
    tasks = await store.list_tasks(scope, ALL, limit=99)
    turns = await store.count_buffered(lane_of(scope), 99)
    return await store.count(scope, None), turns, len(tasks), len(await store.preferences(scope))


async def test_a_preference_is_kept_whole(queue: AsyncStore) -> None:
    scope = Scope("ana", "an agent", "a run")
    changes = [
        preference_of(STRANGE, scope, kind="implicit_preference", reasoning=STRANGE, created_at=-5),
        preference_of("x" * 300_000, scope, reasoning="界" * 100_000),
        preference_of("", scope, reasoning="", created_at=10**16),
    ]
    assert await queue.apply(changes) == [1, 1, 1]
    kept = [change.preference for change in changes]
    assert await queue.preferences(scope) == kept
    assert await queue.preferences(scope, limit=2) == kept[:2]
    assert await queue.preferences(scope, after=kept[0].id, limit=1) == kept[1:2]
    assert await queue.preferences(scope, after=kept[2].id) == []


async def test_preferences_come_oldest_first_and_once(queue: AsyncStore, other: AsyncStore) -> None:
    tea, jam, cake = preference_of("tea"), preference_of("jam"), preference_of("cake")
    assert await queue.apply([tea, preference_of("tea", reasoning="said again"), jam]) == [1, 0, 1]
    assert await other.apply([preference_of("jam"), cake, preference_of("cake", BEN)]) == [0, 1, 1]
    assert await queue.preferences(ANA) == [tea.preference, jam.preference, cake.preference]
    # One batch goes as a whole.
    row = memory_of("x")
    with pytest.raises(VersionConflict):
        await queue.apply([row, preference_of("milk"), DeleteMemory(row.row.id, AT, version=9)])
    assert await texts(queue, ANA) == ["tea", "jam", "cake"]
    outcomes = await async_gather(
        [
            partial((queue, other)[n % 2].apply, [preference_of("milk"), preference_of(f"{n}")])
            for n in range(12)
        ]
    )
    assert sorted(outcomes) == [[0, 1]] * 11 + [[1, 1]]
    assert len(await texts(other, ANA)) == 16


async def test_preferences_of_scopes_do_not_mix(queue: AsyncStore) -> None:
    scopes = [*[Scope(user) for user in USERS], Scope("ana", "agent"), Scope(None, "ana"), Scope()]
    scopes.append(Scope(LONG, LONG, LONG))
    for number, scope in enumerate(scopes):
        assert await queue.apply([preference_of("tea", scope), preference_of(f"{number}", scope)]) == [1, 1]
    for number, scope in enumerate(scopes):
        exact = Scope(*[name or "" for name in scope])
        assert await texts(queue, exact) == ["tea", f"{number}"]
    # As everywhere, an id that is not given matches everything.
    assert await texts(queue, ANA) == ["tea", "0", "tea", f"{len(USERS)}"]
    assert len(await texts(queue, Scope())) == 2 * len(scopes)


async def test_work_of_a_scope_goes_with_its_memories(queue: AsyncStore, other: AsyncStore) -> None:
    agent, hostile, long = Scope("ana", "agent"), Scope("a' OR 1=1"), Scope(LONG)
    await fill(queue, ANA, agent, BEN, hostile, long, Scope(None, "ana"))
    # A filter picks memories; it says nothing about what is still to be done.
    wanted = parse({"memory": {"like": "%"}})
    assert await queue.apply([DeleteWhere(hostile, wanted, AT)]) == [1]
    assert await kept(queue, hostile) == (0, 1, 2, 1)
    assert await queue.apply([DeleteWhere(hostile, None, AT)]) == [0]
    assert await other.apply([DeleteWhere(agent, None, AT)]) == [1]
    assert await kept(other, hostile) == (0, 0, 0, 0)
    assert await kept(queue, ANA) == KEPT
    assert await kept(queue, BEN) == KEPT
    await queue.apply([DeleteWhere(long, None, AT)])
    await queue.apply([DeleteWhere(ANA, None, AT)])
    for scope in (ANA, agent, long):
        assert await kept(other, scope) == (0, 0, 0, 0)
    # Their lanes have nothing to do, though they may be given out once more.
    lanes = await queue.claim_lanes("A", AT, UNTIL, 99)
    assert {"u:ben", "a:ana"} <= set(lanes)
    for lane in (LANE, lane_of(hostile), lane_of(long)):
        if lane in lanes:
            assert await queue.begin_task("A", lane, AT) is None
            await queue.release_lane("A", lane)
    assert await queue.claim_lanes("B", AT, UNTIL, 99) == []
    assert await queue.begin_task("A", "u:ben", AT) is not None


async def test_work_that_is_removed_while_it_is_under_way(queue: AsyncStore, other: AsyncStore) -> None:
    turn, task = said("I like tea"), task_of()
    await queue.apply([turn, task])
    assert await queue.claim_lanes("A", AT, UNTIL, 9) == [LANE]
    assert await queue.begin_task("A", LANE, AT) is not None
    await other.apply([DeleteWhere(ANA, None, AT)])
    for end in (FinishTurns([turn.turn.id]), becomes(task, ProcessStatus.COMPLETED, strict=True)):
        with pytest.raises((TurnsGone, TaskEnded)):
            await queue.apply([memory_of("Ana likes tea"), preference_of("tea"), end])
    assert await kept(queue, ANA) == (0, 0, 0, 0)
    assert await queue.task_turns(task.task.id) == []
    assert await queue.apply([becomes(task, ProcessStatus.FAILED)]) == [None]
    assert await queue.begin_task("A", LANE, AT) is None
    await queue.release_lane("A", LANE)
    await fill(queue, ANA)
    assert await other.claim_lanes("B", AT, UNTIL, 9) == [LANE]


async def test_a_reset_leaves_nothing_to_do(queue: AsyncStore, other: AsyncStore) -> None:
    await fill(queue, ANA, BEN, Scope())
    assert await other.claim_lanes("A", AT, UNTIL, 1, lane=LANE) == [LANE]
    await queue.reset()
    numbers = await queue.queue_statistics()
    assert (numbers.buffered, sum(numbers.by_status.values()), numbers.oldest_at) == (0, 0, None)
    for scope in (ANA, BEN, Scope()):
        assert await kept(queue, scope) == (0, 0, 0, 0)
    assert await queue.claim_lanes("B", UNTIL, UNTIL + 1, 9) == []
    assert await queue.buffered_scopes("", 9) == []
    # Nobody holds the new work, neither.
    await fill(queue, ANA)
    assert await queue.claim_lanes("C", AT, UNTIL, 9) == [LANE]


async def test_scopes_do_not_reach_into_each_other(queue: AsyncStore) -> None:
    scopes = [Scope(user, "", "") for user in USERS] + [Scope("", "ana", ""), Scope("", "", "ana")]
    await fill(queue, *scopes)
    for scope in scopes:
        assert await kept(queue, scope) == KEPT
    for left, scope in reversed([*enumerate(scopes)]):
        await queue.apply([DeleteWhere(scope, None, AT)])
        assert await kept(queue, scope) == (0, 0, 0, 0)
        assert await queue.count_buffered(None, 99) == left
        assert len(await queue.list_tasks(Scope(), ALL, limit=99)) == 2 * left
        assert len(await queue.preferences(Scope())) == left


async def test_everything_is_there_after_opening_again(config: dict[str, Any]) -> None:
    async def opened() -> AsyncStore:
        store = build_store(resolve(config))
        await store.open()
        await store.identify(MOCK)
        return store

    store = await opened()
    parts = json.dumps([{"type": "text", "text": STRANGE}])
    turn, later, task = (
        said(STRANGE, parts=parts),
        said("later", sent_at=AT + 1),
        task_of(payload={"a": STRANGE}),
    )
    behind, liked = task_of(due_at=AT + 7), preference_of(STRANGE)
    await store.apply([turn, later, task, behind, liked, said("Ben's", BEN)])
    assert await store.claim_lanes("A", AT, UNTIL, 9) == [LANE]
    begun = await store.begin_task("A", LANE, AT)
    assert begun is not None
    await store.apply([FinishTurns([later.turn.id])])
    await store.close()

    store = await opened()
    assert await store.find_task(task.task.id) == begun.task
    assert await store.list_tasks(ANA, ALL, limit=9) == [behind.task, begun.task]
    (waiting,) = await store.task_turns(begun.task.id)
    assert (waiting.turn.content, waiting.turn.id) == (STRANGE, turn.turn.id)
    assert json.loads(waiting.parts or "") == json.loads(parts)
    assert await store.preferences(ANA) == [liked.preference]
    assert await store.count_buffered("u:ben", 9) == 1
    # Whoever held the lane still does, until his lease ends.
    assert await store.renew_lanes("A", [LANE], UNTIL + 5) == [LANE]
    assert await store.claim_lanes("B", UNTIL + 4, UNTIL + 9, 9) == []
    await store.close()

    store = await opened()
    assert await store.claim_lanes("B", UNTIL + 6, UNTIL + 9, 9) == [LANE]
    with pytest.raises(TurnsGone):
        await store.apply([FinishTurns([later.turn.id])])
    again = await store.begin_task("B", LANE, UNTIL + 6)
    assert again is not None
    assert (again.task.id, again.task.attempts) == (begun.task.id, 2)
    await store.close()


async def test_collections_have_work_of_their_own(config: dict[str, Any], queue: AsyncStore) -> None:
    named = {**config["vector_store"]["config"], "collection_name": "memories_2"}
    section = {**config["vector_store"], "config": named}
    second = build_store(resolve({**config, "vector_store": section}))
    await second.open()
    await second.identify(MOCK)
    await second.reset()
    await fill(queue, ANA)
    assert await kept(second, ANA) == (0, 0, 0, 0)
    assert await second.claim_lanes("A", AT, UNTIL, 9) == []
    await second.reset()
    assert await kept(queue, ANA) == KEPT
    await fill(second, BEN)
    await queue.reset()
    assert await kept(second, BEN) == KEPT
    await second.reset()
    await second.close()


async def test_a_database_from_before_there_was_work_to_do(
    new_config: dict[str, Any], open_new: Callable[[], Awaitable[AsyncStore]]
) -> None:
    section = new_config["vector_store"]
    async with AsyncMemory(new_config) as memory:
        await memory.add("I like tea", user_id="ana", infer=False)
    for table in QUEUE_TABLES:
        execute(section, f"DROP TABLE memories_{table}")
    for table in DATED_TABLES:
        execute(section, f"ALTER TABLE memories_{table} DROP COLUMN utc_offset")
    name = "key" if section["provider"] == "sqlite" else "name"
    execute(section, f"UPDATE memories_meta SET value = '1' WHERE {name} = 'schema_version'")
    # Several processes of the new version find it at once.
    first, second, third = await async_gather([open_new] * 3)
    await fill(first, BEN)
    assert await kept(second, BEN) == KEPT
    assert await third.count(ANA, None) == 1
    assert await second.claim_lanes("A", AT, UNTIL, 9) == ["u:ben"]


async def test_a_broken_change_says_so_and_leaves_the_rest(queue: AsyncStore) -> None:
    known = turn_of("known")
    await queue.apply([known])
    for batch in (
        [preference_of("tea"), task_of(), said("x"), known],
        [said("x", id=known.id), preference_of("tea"), task_of()],
    ):
        with pytest.raises(StoreError):
            await queue.apply(batch)
    assert await kept(queue, ANA) == (0, 0, 0, 0)
