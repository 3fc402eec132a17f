"""What happened, in order: read by pages, counted and grouped by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.stores.base import AsyncStore
from powermem._core.changes.writes import AddTurn, Change, Delete, ReplaceText, Supersede
from powermem._core.sql.events import Asked, Event, Place
from powermem._core.text.cleaning import content_hash
from powermem._core.values import Scope
from tests.support.additions import memory_of, vector

pytestmark = pytest.mark.stores

ANA = Scope("ana")


@pytest.fixture
async def filled(opened: AsyncStore) -> AsyncStore:
    """A store with messages, memories of two runs and none, and changes of some of them."""
    memories = [
        memory_of(f"memory {number}", Scope("ana", None, run), at=100 + number, id=1000 - number)
        for number, run in enumerate((None, "a", "b") * 3)
    ]
    said = [
        AddTurn(10 + number, Scope("ana", None, run), "user", f"said {number}", None, 101 + number, 1)
        for number, run in enumerate(("a", "b", "a"))
    ]
    said.append(AddTurn(20, ANA, "user", "before 1970", None, -5, 1))
    bob = Scope("bob")
    other: list[Change] = [
        memory_of("other", bob, at=104, id=2000),
        AddTurn(99, bob, "user", "x", None, 1, 1),
    ]
    await opened.apply([*memories, *said, *other])
    text = "memory 1, changed"
    await opened.apply(
        [
            ReplaceText(999, text, content_hash(text), vector(text), 106, user_id="ana"),
            Supersede(998, 997, "memory 3", 106, 110, user_id="ana"),
            Delete(996, 120, user_id="ana"),
        ]
    )
    return opened


async def everything(store: AsyncStore) -> list[tuple[Any, ...]]:
    """Return all events in order, as an export has them."""
    found: list[tuple[Any, ...]] = []
    for turn in await store.scan_turns(ANA, 0, 99):
        found.append(((turn.sent_at, 0, turn.id, 0), turn.scope, "MESSAGE", turn.content))
    for stored in await store.scan(ANA, None, 0, 99, vectors=False):
        for entry in stored.history:
            place = (entry.created_at, 1, stored.row.id, entry.id)
            found.append((place, stored.row.scope, entry.event, entry.new_memory))
    return sorted(found)


def plain(events: list[Event]) -> list[tuple[Any, ...]]:
    return [
        (event.place, event.scope, event.name, event.turn.content if event.turn else _changed(event))
        for event in events
    ]


def _changed(event: Event) -> str | None:
    assert event.change is not None
    return event.change.new_memory


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_events_come_in_order_page_by_page(filled: AsyncStore, size: int) -> None:
    expected = await everything(filled)
    assert len({row[2] for row in expected}) == 3
    for descending in (False, True):
        read: list[Event] = []
        after: Place | None = None
        while page := await filled.events(Asked(ANA), limit=size, after=after, descending=descending):
            assert len(page) <= size
            read += page
            after = page[-1].place
        assert plain(read) == (expected[::-1] if descending else expected)


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (Asked(ANA), lambda row: True),
        (Asked(ANA, since=105), lambda row: row[0][0] >= 105),
        (Asked(ANA, name="MESSAGE"), lambda row: row[2] == "MESSAGE"),
        (Asked(ANA, name="ADD"), lambda row: row[2] == "ADD"),
        (Asked(ANA, name="UPDATE"), lambda row: row[2] == "UPDATE"),
        (Asked(Scope("ana", None, "a")), lambda row: row[1].run_id == "a"),
        (Asked(ANA, exact=True), lambda row: row[1].run_id is None),
        (Asked(ANA, in_runs=True), lambda row: row[1].run_id is not None),
        (Asked(Scope("nobody")), lambda row: False),
    ],
)
async def test_events_are_chosen_and_counted(
    filled: AsyncStore, asked: Asked, chosen: Callable[[tuple[Any, ...]], bool]
) -> None:
    expected = [row for row in await everything(filled) if chosen(row)]
    assert plain(await filled.events(asked, limit=99)) == expected
    assert await filled.count_events(asked) == len(expected)
    assert await filled.event_names(asked) == Counter(row[2] for row in expected)
    assert await filled.changed_memories(asked) == len({row[0][2] for row in expected if row[0][1]})


async def test_sessions_are_grouped(filled: AsyncStore) -> None:
    groups: dict[Scope, list[tuple[Any, ...]]] = {}
    for row in await everything(filled):
        if row[1].run_id is not None:
            groups.setdefault(row[1], []).append(row)
    expected = {
        scope: (rows[0][0][0], rows[-1][0][0], len(rows), len({row[0][2] for row in rows if row[0][1]}))
        for scope, rows in groups.items()
    }
    options: dict[str, Any] = {"sort_by": "event_count", "descending": True}
    found, total = await filled.sessions(Asked(ANA), limit=9, offset=0, **options)
    assert {session.scope: session[1:] for session in found} == expected
    assert [session.event_count for session in found] == sorted([row[2] for row in expected.values()])[::-1]
    second, again = await filled.sessions(Asked(ANA), limit=1, offset=1, **options)
    assert (second, again) == (found[1:], total)


async def test_a_page_reads_no_more_than_itself(
    memory: AsyncMemory, opened: AsyncStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await memory.add([f"memory {number}" for number in range(60)], user_id="ana", infer=False)
    rows = 0
    page = opened._events.page

    def counting(*args: Any) -> Any:
        nonlocal rows
        steps = page(*args)
        answer = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as done:
                return done.value
            answer = yield step
            rows += len(answer)

    monkeypatch.setattr(opened._events, "page", counting)
    found = await opened.events(Asked(ANA), limit=5, descending=True)
    assert len(found) == 5
    # The places, then the messages, the memories and their stored changes.
    assert rows <= 10
