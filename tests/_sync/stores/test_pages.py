# Generated from tests/_async/stores/test_pages.py by scripts/run_unasync.py; edit that file instead.
"""Order, and pages of lists that change while they are read."""

from __future__ import annotations

from functools import partial
from itertools import permutations
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import Event, gather
from powermem._core.changes.writes import Amend
from powermem._core.filters.parse import parse as parse_filters
from powermem._core.sql.queries import Position
from powermem._core.values import Scope
from powermem._sync.stores.base import Store
from tests.support.additions import memory_of

pytestmark = pytest.mark.stores


@pytest.mark.parametrize("sort_by", ["created_at", "updated_at", "valid_from", "id"])
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_is_total(opened: Store, sort_by: str, descending: bool) -> None:
    times = [-5, 0, 7, 7, 7, 10**15]
    changes = [
        memory_of(f"{number}", at=created or 1, updated_at=times[-number], id=100 + number * 37 % 11)
        for number, created in enumerate(times)
    ]
    opened.apply(changes)
    rows = sorted([change.row for change in changes], key=lambda row: (getattr(row, sort_by), row.id))
    expected = [row.id for row in (rows[::-1] if descending else rows)]
    for size in (1, 4, 100):
        read: list[int] = []
        while len(read) < len(expected):
            page, total = opened.list_rows(
                Scope("ana"), None, sort_by=sort_by, descending=descending, limit=size, offset=len(read)
            )
            assert total == len(expected)
            assert page
            read += [row.id for row in page]
        assert read == expected
    ordered: dict[str, Any] = {"sort_by": sort_by, "descending": descending}
    for size in (1, 4):
        (last,), _ = opened.list_rows(Scope("ana"), None, limit=1, offset=0, **ordered)
        read = [last.id]
        while rows := opened.next_rows(
            Scope("ana"), None, limit=size, after=Position(getattr(last, sort_by), last.id), **ordered
        ):
            last = rows[-1]
            read += [row.id for row in rows]
        assert read == expected
    beyond = opened.list_rows(Scope("ana"), None, sort_by=sort_by, descending=descending, limit=5, offset=99)
    assert beyond == ([], len(expected))


def test_the_next_page_of_a_filter_is_full(opened: Store) -> None:
    # Some of these a server cannot tell from matches, so that more than a page is read for one.
    texts = ["İ tea" if number % 5 else "green TEA" for number in range(20)]
    changes = [memory_of(f"{text} {number}", at=number + 1) for number, text in enumerate(texts)]
    opened.apply(changes)
    expression = parse_filters({"memory": {"icontains": "green tea"}})
    first, total = opened.list_rows(
        Scope("ana"), expression, sort_by="created_at", descending=False, limit=1, offset=0
    )
    assert total == 4
    rows = opened.next_rows(
        Scope("ana"),
        expression,
        sort_by="created_at",
        descending=False,
        limit=3,
        after=Position(first[0].created_at, first[0].id),
    )
    assert [row.created_at for row in rows] == [6, 11, 16]


def test_pages_miss_nothing_while_others_write(memory: Memory, config: dict[str, Any]) -> None:
    for start in range(0, 120, 40):
        memory.add([f"old {n}" for n in range(start, start + 40)], user_id="u", infer=False)
    old = {item["id"] for item in (memory.get_all(user_id="u", limit=1000))["results"]}
    half = Event()
    done = Event()

    def write(client: Memory, number: int) -> None:
        for turn in range(1000):
            if done.is_set():
                return
            client.add(f"new {number} {turn}", user_id="u", infer=False)
            client.add(f"new {number} {turn}", user_id="v", infer=False)
            if turn >= 2:
                half.set()

    def read() -> list[int]:
        assert half.wait(120)
        read: list[int] = []
        try:
            while True:
                page = memory.get_all(user_id="u", sort_by="id", order="asc", limit=7, offset=len(read))
                read += [item["id"] for item in page["results"]]
                if not page["results"] or len(read) > 400:
                    return read
        finally:
            done.set()

    with Memory(config) as other:
        writers = [partial(write, memory, 1), partial(write, other, 2)]
        answers: list[list[int] | None] = gather([read, *writers])
    seen = answers[0]
    assert seen is not None
    # What was there comes whole, once and in order. Where two write, one with a lower id may be committed
    # later, so of what is new a memory may come twice.
    assert seen[: len(old)] == sorted(old)
    assert not old & set(seen[len(old) :])


def test_a_page_is_of_the_moment(opened: Store) -> None:
    changes = [memory_of(f"{n}") for n in range(5)]
    opened.apply(changes)
    ids = [change.row.id for change in changes]
    for at, order in enumerate(list(permutations(ids))[::30], 2_000_000_000):
        for i, memory_id in enumerate(order):
            opened.apply([Amend(memory_id, at * 1_000_000 + i)])
        rows, _ = opened.list_rows(
            Scope("ana"), None, sort_by="updated_at", descending=False, limit=9, offset=0
        )
        assert [row.id for row in rows] == list(order)
