"""A batch of changes is applied as a whole or not at all, and concurrent ones do not lose each other's."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from powermem import AsyncMemory, StoreError
from powermem._async.stores.base import AsyncStore
from powermem._concurrency import async_gather
from powermem._core.changes.writes import (
    Added,
    AlreadyDone,
    AlreadyStored,
    Amend,
    Change,
    Delete,
    DeleteWhere,
    DoneNote,
    Duplicate,
    Items,
    LinkTurns,
    Remember,
    ReplaceText,
    Supersede,
    Updated,
    VersionConflict,
)
from powermem._core.clock import now
from powermem._core.values import Row, Scope
from tests.support.additions import ANA, memory_of, search_for, turn_of, vector

pytestmark = pytest.mark.stores


def replacement(row: Row, text: str, **more: Any) -> ReplaceText:
    return ReplaceText(row.id, text, f"hash of {text}", vector(text), now(), **more)


async def stored(store: AsyncStore, text: str, **fields: Any) -> Row:
    (outcome,) = await store.apply([memory_of(text, **fields)])
    assert isinstance(outcome, Added)
    return outcome.row


async def texts(store: AsyncStore, scope: Scope = ANA) -> list[str]:
    rows, total = await store.list_rows(scope, None, sort_by="id", descending=False, limit=10_000, offset=0)
    assert total == len(rows)
    return [row.text for row in rows]


async def attempt(store: AsyncStore, batch: list[Change]) -> str:
    try:
        await store.apply(batch)
    except Exception as error:
        return type(error).__name__
    return "applied"


async def test_each_change_does_what_it_says(opened: AsyncStore) -> None:
    tea, milk = await stored(opened, "tea", metadata={"a": 1}), await stored(opened, "milk")
    turn = turn_of("I'd rather have coffee")
    coffee = memory_of("coffee")
    at = now()
    note = DoneNote(Items(1, 8), ANA, at)
    outcomes = await opened.apply(
        [
            turn,
            coffee,
            Supersede(tea.id, coffee.row.id, "coffee", at, at),
            replacement(milk, "oat milk", turns=(turn.id,)),
            Amend(milk.id, at, {"b": 2}, expires_at=at + 10**12, set_expires_at=True),
            LinkTurns(coffee.row.id, (turn.id, turn.id)),
            Delete(999, at),
            LinkTurns(999, (turn.id,)),
            Remember(ANA, "key", note, at),
        ]
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "NoneType", "Added", "Updated", "Updated", "Updated", "NoneType", "NoneType", "NoneType", "str",
    ]  # fmt: skip
    kept = outcomes[-1]
    assert isinstance(kept, str)
    assert json.loads(kept)[2] == [[coffee.row.id, "UPDATE"], [milk.id, "UPDATE"]]
    rows = await opened.get_many([tea.id, milk.id, coffee.row.id])
    assert (rows[tea.id].valid_to, rows[tea.id].superseded_by, rows[tea.id].version) == (at, coffee.row.id, 2)
    changed = rows[milk.id]
    assert (changed.text, changed.metadata, changed.expires_at) == ("oat milk", {"b": 2}, at + 10**12)
    assert (changed.version, changed.updated_at) == (3, at)
    assert [known.id for known in await opened.turns(coffee.row.id)] == [turn.id]
    assert [known.content for known in await opened.turns(milk.id)] == [turn.content]
    assert [entry.event for entry in await opened.history(tea.id)] == ["ADD", "UPDATE"]
    assert await opened.recall_request(ANA, "key") == kept
    assert await opened.recall_request(Scope("ben"), "key") is None
    assert await opened.known_requests(ANA, ["key", "Key", "other"]) == {"key"}
    assert await opened.known_requests(Scope("ben"), ["key"]) == set()
    assert await texts(opened) == ["oat milk", "coffee"]


async def test_what_was_superseded_may_be_said_again(opened: AsyncStore) -> None:
    tea, coffee = await stored(opened, "tea"), memory_of("coffee")
    await opened.apply([coffee, Supersede(tea.id, coffee.row.id, "coffee", now(), now())])
    again = await stored(opened, "tea")
    assert again.id != tea.id
    assert set(await texts(opened)) == {"tea", "coffee"}
    (hits,) = await opened.search([search_for("tea")], touch=False)
    assert hits[0].row.id == again.id


async def test_a_batch_that_fails_at_its_end_leaves_nothing(opened: AsyncStore) -> None:
    tea = await stored(opened, "tea")
    turn, coffee, cake = turn_of("said"), memory_of("coffee"), memory_of("cake", Scope("new user"))
    before = await opened.get_many([tea.id])
    at = now()
    harm: list[Change] = [
        turn,
        coffee,
        cake,
        Amend(tea.id, at, {"touched": True}),
        replacement(tea, "black tea"),
        LinkTurns(tea.id, (turn.id,)),
        Remember(ANA, "key", "kept", at),
        DeleteWhere(ANA, None, at),
    ]
    said = turn_of("said before", Scope("zoe"))
    await opened.apply([said])
    juice = await stored(opened, "juice", scope=Scope("zoe"))
    water = await stored(opened, "water", scope=Scope("zoe"))
    failing: dict[str, Change] = {
        "VersionConflict": Delete(juice.id, at, version=77),
        "AlreadyStored": ReplaceText(juice.id, "water", water.hash, None, at, strict=True),
        "StoreError": said,
    }
    for name, last in failing.items():
        assert await attempt(opened, [*harm, last]) == name
        assert await opened.get_many([tea.id, coffee.row.id, cake.row.id]) == before
        assert await texts(opened) == ["tea"]
        assert await opened.turns(tea.id) == []
        assert [entry.event for entry in await opened.history(tea.id)] == ["ADD"]
        assert await opened.history(coffee.row.id) == []
        assert await opened.recall_request(ANA, "key") is None
        assert await opened.users() == ["ana", "zoe"]
        (hits,) = await opened.search([search_for("tea coffee cake", Scope("ana"))], touch=False)
        assert [hit.row.id for hit in hits] == [tea.id]


async def test_each_way_to_fail_has_its_error(opened: AsyncStore) -> None:
    tea, coffee = await stored(opened, "tea"), await stored(opened, "coffee")
    for change in (
        Delete(tea.id, now(), version=2),
        replacement(tea, "x", version=9),
        LinkTurns(tea.id, (1,), version=2),
        Supersede(tea.id, 1, "x", now(), now(), version=3),
        Delete(12345, now(), version=1),
    ):
        with pytest.raises(VersionConflict):
            await opened.apply([change])
    taken = ReplaceText(tea.id, "coffee", coffee.hash, None, now())
    (outcome,) = await opened.apply([taken])
    assert outcome == Duplicate(coffee)
    with pytest.raises(AlreadyStored) as caught:
        await opened.apply([replace(taken, strict=True)])
    assert caught.value.id == coffee.id
    await opened.apply([Remember(ANA, "key", "first", now())])
    with pytest.raises(AlreadyDone) as done:
        await opened.apply(
            [memory_of("cake"), Remember(ANA, "key", DoneNote(Items(0, 1), ANA, now()), now())]
        )
    assert done.value.result == "first"
    turn = turn_of("said")
    await opened.apply([turn])
    with pytest.raises(StoreError):
        await opened.apply([memory_of("cake"), turn])
    assert await texts(opened) == ["tea", "coffee"]


async def test_one_bad_batch_among_many_fails_alone(opened: AsyncStore) -> None:
    tea = await stored(opened, "tea")
    turn = turn_of("said")
    await opened.apply([turn])
    batches: list[list[Change]] = [[turn_of(f"turn {n}"), memory_of(f"good {n}")] for n in range(20)]
    batches.insert(5, [memory_of("bad conflict"), Delete(tea.id, now(), version=5)])
    batches.insert(11, [memory_of("bad key"), turn])
    batches.insert(17, [memory_of("good too"), replacement(tea, "green tea", version=1)])
    outcomes = await async_gather([partial(attempt, opened, batch) for batch in batches])
    assert outcomes[5] == "VersionConflict"
    assert outcomes[11] == "StoreError"
    assert [outcome for n, outcome in enumerate(outcomes) if n not in (5, 11)] == ["applied"] * 21
    assert sorted(await texts(opened)) == sorted([*(f"good {n}" for n in range(20)), "good too", "green tea"])


async def test_a_batch_may_use_what_it_has_just_added(opened: AsyncStore) -> None:
    first = memory_of("first")
    outcomes = await opened.apply(
        [
            first,
            memory_of("first"),
            replacement(first.row, "second"),
            memory_of("first"),
            Delete(first.row.id, now()),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Added, Duplicate, Updated, Added, Row]
    assert await texts(opened) == ["first"]
    assert [entry.event for entry in await opened.history(first.row.id)] == ["ADD", "UPDATE", "DELETE"]


async def test_of_many_added_at_once_what_is_known_is_told(opened: AsyncStore) -> None:
    at = now()
    tea = await stored(opened, "tea")
    old = await stored(opened, "milk", at=at - 10, expires_at=at - 5)
    turn = turn_of("said")
    names = ("coffee", "tea", "milk", "coffee", "milk", "cake")
    additions = [replace(memory_of(text), turns=(turn.id,)) for text in names]
    outcomes = await opened.apply(
        [turn, *additions, Remember(ANA, "key", DoneNote(Items(0, 7, verbatim=True), ANA, at), at)]
    )
    assert [type(outcome).__name__ for outcome in outcomes] == [
        "NoneType", "Added", "Duplicate", "Added", "Duplicate", "Duplicate", "Added", "str",
    ]  # fmt: skip
    ids = [outcome.row.id for outcome in outcomes if isinstance(outcome, (Added, Duplicate))]
    coffee, _, milk, _, _, cake = (change.row.id for change in additions)
    assert ids == [coffee, tea.id, milk, coffee, milk, cake]
    told = zip(ids, ("ADD", "NONE", "ADD", "NONE", "NONE", "ADD"), strict=True)
    assert json.loads(f"{outcomes[-1]}")[2] == [*map(list, told)]
    assert await texts(opened) == ["tea", "coffee", "milk", "cake"]
    for memory_id in (tea.id, coffee, milk, cake):
        assert [known.id for known in await opened.turns(memory_id)] == [turn.id]
        assert [entry.event for entry in await opened.history(memory_id)] == ["ADD"]
    ended = (await opened.get_many([old.id]))[old.id]
    assert ended.valid_to == ended.expires_at


async def test_calls_that_add_at_once_get_their_own_notes(opened: AsyncStore) -> None:
    at = now()
    tea = await stored(opened, "tea")
    notes = [Remember(ANA, f"note {n}", DoneNote(Items(0, 3, verbatim=True), ANA, at), at) for n in range(4)]
    calls = [
        partial(opened.apply, [turn_of(f"said {n}"), memory_of("tea"), memory_of(f"cup {n}"), note])
        for n, note in enumerate(notes)
    ]
    for note, (_, known, added, told) in zip(notes, await async_gather(calls), strict=True):
        assert isinstance(known, Duplicate)
        assert isinstance(added, Added)
        assert json.loads(f"{told}")[2] == [[tea.id, "NONE"], [added.row.id, "ADD"]]
        assert await opened.recall_request(ANA, note.key) == told
    # A key that is there already means that the work was done.
    repeated = [notes[0]._replace(key="new"), notes[1]]
    outcomes = await async_gather(
        [partial(attempt, opened, [memory_of(f"plate {n}"), note]) for n, note in enumerate(repeated)]
    )
    assert outcomes == ["applied", "AlreadyDone"]
    assert await texts(opened) == ["tea", *(f"cup {n}" for n in range(4)), "plate 0"]


async def test_of_many_with_the_same_version_one_wins(opened: AsyncStore) -> None:
    tea = await stored(opened, "tea")
    outcomes = await async_gather(
        [partial(attempt, opened, [replacement(tea, f"tea {n}", version=1)]) for n in range(12)]
    )
    assert sorted(outcomes) == ["VersionConflict"] * 11 + ["applied"]
    assert len(await opened.history(tea.id)) == 2


async def test_several_clients_say_the_same(config: dict[str, Any], memory: AsyncMemory) -> None:
    async with AsyncMemory(config) as other, AsyncMemory(config) as third:
        for number in range(5):
            results = await async_gather(
                [
                    partial(
                        client.add,
                        [f"I like tea {number}", f"I like cake {number}"][:: 1 - 2 * (i % 2)],
                        "u",
                        infer=False,
                    )
                    for i, client in enumerate([memory, other, third] * 4)
                ]
            )
            events = [item["event"] for result in results for item in result["results"]]
            assert events.count("ADD") == 2
            assert len({item["id"] for result in results for item in result["results"]}) == 2
        assert await memory.count(user_id="u") == await third.count(user_id="u") == 10
        # What one has written, the others find.
        found = await other.search("tea 4", user_id="u", limit=1)
        assert found["results"][0]["memory"] == "I like tea 4"


async def test_several_clients_change_the_same_memories(config: dict[str, Any], memory: AsyncMemory) -> None:
    added = await memory.add([f"note {n}" for n in range(4)], user_id="u", infer=False)
    ids = [item["id"] for item in added["results"]]
    async with AsyncMemory(config) as other:
        await async_gather(
            [
                partial(client.update, ids[(i + n) % 4], f"note {n} by {i}, round {n}")
                for n in range(6)
                for i, client in enumerate([memory, other])
            ]
        )
        for memory_id in ids:
            entries = await other.history(memory_id)
            # Every change starts from what the one before it left: none was lost or overwritten unseen.
            assert all(new["old_memory"] == old["new_memory"] for old, new in pairwise(entries))
            kept = await memory.get(memory_id)
            assert kept is not None
            assert kept["memory"] == entries[-1]["new_memory"]
