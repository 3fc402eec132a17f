# Generated from tests/_async/stores/test_scores.py by scripts/run_unasync.py; edit that file instead.
"""Every store gives the scores of SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from powermem import Memory
from powermem._core.changes.writes import AddMemory, Amend, Delete, ReplaceText, Supersede
from powermem._core.filters.parse import parse
from powermem._core.query.search import Hit, SearchRequest
from powermem._core.text.terms import term_id
from powermem._core.values import Scope
from powermem._sync.stores import postgres
from powermem._sync.stores.base import Store
from powermem._sync.stores.oceanbase import search
from powermem._sync.stores.oceanbase.store import OceanBaseStore
from powermem._sync.stores.postgres import PostgresStore
from powermem._sync.stores.server import partitions
from powermem._sync.stores.server.store import ServerStore
from tests.support.additions import memory_of, search_for, vector
from tests.support.filling import caches_of, random_texts

pytestmark = pytest.mark.stores("postgres", "oceanbase", "mysql")

_DAY = 86_400_000_000
_START = 1_700_000_000_000_000


@pytest.fixture
def reference(tmp_path: Path) -> Iterator[Store]:
    """SQLite."""
    section = {"provider": "sqlite", "config": {"database_path": str(tmp_path / "reference.db")}}
    with Memory({"vector_store": section, "embedder": {"provider": "mock"}}) as memory:
        assert memory._access.components is not None
        yield memory._access.components.store


def conversation(count: int, user: str, run: str = "run", *, long: bool = True) -> list[AddMemory]:
    """Return memories as conversations make them: with runs, speakers, times, and some without any.

    Some ask, some tell a time, some happen on another day than they were said, and some have a source. With
    ``long`` some have several windows.
    """
    changes = []
    sources = random_texts(count, seed=count + 1)
    for number, text in enumerate(random_texts(count, seed=count)):
        text += ("", "?", " since yesterday")[number % 3]
        scope = Scope(user, "a" if number % 7 else None, f"{run} {number // 20}" if number % 11 else None)
        changes.append(
            memory_of(
                text,
                scope,
                at=_START + number * _DAY // 7,
                actor_id=(None, "Ana", "Bo")[number % 3],
                metadata={"n": number, "even": number % 2 == 0},
                expires_at=_START if number % 13 == 5 else None,
                source=sources[number] if number % 4 == 0 else "",
                event_at=_START - number * _DAY if number % 5 == 0 else None,
            )
        )
    if long:
        for number in range(4, count, 9):
            windows = [vector(text) for text in sources[number - number % 5 - 1 : number]]
            first = changes[number].embedding or b""
            changes[number] = replace(changes[number], embedding=b"".join([first, *windows]))
    return changes


def requests(changes: list[AddMemory], user: str, *, ties: bool = True) -> list[SearchRequest]:
    """Return searches of every kind.

    With ``ties`` also one to which more memories are equally near than take part: which of them an index
    names is its own choice.
    """
    texts = [change.row.text for change in changes]
    queries = [
        texts[3],
        " ".join(texts[8].split()[:4]),
        "What did Ana say in November 2023",
        "w1 w2 w3",
        "When was w1 with w2?",
        'w3 and "w1 w2"',
        "What of w5 on 3 November 2023?",
        *(["nothing alike"] if ties else []),
    ]
    whole = Scope(user)
    return [
        *(search_for(query, whole, limit) for query in queries for limit in (3, 10, 30)),
        search_for(
            "w1 w2 w3 w4", whole, 50, forms={term_id("w2"): term_id("w1"), term_id("w4"): term_id("w1")}
        ),
        search_for(queries[0], Scope(user, "a")),
        search_for(queries[0], Scope(user, "")),
        search_for(queries[1], Scope(user, None, "run 2"), 50),
        search_for(queries[1], whole, similarity=True),
        search_for(queries[1], whole, include_expired=True),
        search_for(queries[1], whole, as_of=_START + 5 * _DAY),
        search_for(queries[1], whole, threshold=0.3, limit=50),
        search_for(queries[1], whole, expression=parse({"even": True, "n": {"gt": 30}})),
        SearchRequest(whole, None, search_for(queries[1]).terms, 10),
        SearchRequest(whole, vector(queries[1]), None, 10),
        SearchRequest(whole, vector(random_texts(len(changes), seed=len(changes) + 1)[12]), None, 10),
    ]


def compare(found: list[Hit], expected: list[Hit], request: SearchRequest) -> None:
    """Check that two answers are one, but for the order of what has the same score."""
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=1e-4), request
    scores = {hit.row.id: hit for hit in expected}
    for hit in found:
        if hit.row.id not in scores:
            # Of several that are equally good the last place may go to another.
            assert hit.score == pytest.approx(expected[-1].score, abs=1e-4), request
            continue
        other = scores[hit.row.id]
        assert hit.row == other.row
        assert hit.details["dense"] == pytest.approx(other.details["dense"], abs=1e-5)
        assert hit.details == pytest.approx(dict(other.details), abs=1e-4)


def compare_all(store: Store, reference: Store, asked: list[SearchRequest]) -> None:
    found = store.search(asked, touch=False)
    expected = reference.search(asked, touch=False)
    assert sum(map(len, expected)) > len(asked)
    for one, other, request in zip(found, expected, asked, strict=True):
        compare(one, other, request)


def test_small_scopes_are_scored_alike(opened: Store, reference: Store) -> None:
    changes = conversation(250, "ana") + conversation(40, "ben")
    for store in (opened, reference):
        store.apply(changes)
    asked = requests(changes[:250], "ana")
    compare_all(opened, reference, asked)
    compare_all(opened, reference, requests(changes[:250], "ben")[:6])
    tea = memory_of("green tea from Porto", Scope("ana", None, "run 2"), at=_START + _DAY)
    ids = [change.row.id for change in changes]
    at = _START + 40 * _DAY
    for store in (opened, reference):
        store.apply(
            [
                tea,
                Delete(ids[3], at),
                Supersede(ids[8], tea.row.id, tea.row.text, at, at),
                ReplaceText(ids[20], "black tea", "h", vector("black tea"), at),
                Amend(ids[21], at, {"even": False}, expires_at=1, set_expires_at=True),
            ]
        )
    told = search_for("tea from Porto", Scope("ana"), explain=True)
    compare_all(opened, reference, [*asked, told])
    [hits] = opened.search([told], touch=False)
    assert (hits[0].details["dense_rank"], hits[0].details["lexical_rank"]) == (1, 1)


def test_large_scopes_are_scored_alike(opened: Store, reference: Store) -> None:
    changes = conversation(2400, "ana")
    for store in (opened, reference):
        for start in range(0, len(changes), 800):
            store.apply(changes[start : start + 800])
    asked = [request for request in requests(changes, "ana", ties=False) if request.limit <= 10]
    compare_all(opened, reference, asked)
    compare_all(opened, reference, [search_for(change.row.text, Scope("ana")) for change in changes[::300]])


@pytest.mark.stores("postgres")
def test_the_index_finds_a_text_by_any_of_its_windows(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(10_000))
    monkeypatch.setattr(postgres, "_EXACT", 50)
    changes = conversation(300, "ana")
    opened.apply(changes)
    assert isinstance(opened, PostgresStore)
    opened._index.build()
    size = len(vector("tea"))
    found = 0
    for change in changes:
        embedding = change.embedding or b""
        if len(embedding) > size and change.row.expires_at is None:
            request = SearchRequest(Scope("ana"), embedding[-size:], None, 3, similarity=True)
            [hits] = opened.search([request], touch=False)
            assert change.row.id in {hit.row.id for hit in hits}
            found += 1
    assert found > 20


@pytest.fixture(params=["exact", "indexes"])
def left_to_the_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few hundred rows be too many for this process, and perhaps for comparing them all."""
    monkeypatch.setattr(partitions, "PartitionCache", caches_of(150_000))
    if request.param == "indexes":
        monkeypatch.setattr(search, "_EXACT", 100)
        monkeypatch.setattr(postgres, "_EXACT", 100)


@pytest.mark.stores("oceanbase", "postgres")
def test_what_the_server_finds_is_scored_alike(
    left_to_the_server: None, opened: Store, reference: Store
) -> None:
    # The server's index holds the first windows only.
    changes = conversation(1200, "ana", long=False) + conversation(300, "ben", "talk", long=False)
    for store in (opened, reference):
        for start in range(0, len(changes), 800):
            store.apply(changes[start : start + 800])
    if isinstance(opened, OceanBaseStore):
        opened.search([search_for("tea", Scope("ana"))], touch=False)
        assert opened._indexer.join()
    if isinstance(opened, PostgresStore):
        opened._index.build()
    ana = [request for request in requests(changes[:1200], "ana", ties=False) if request.limit <= 10]
    ben = requests(changes[1200:], "ben", ties=False)
    compare_all(opened, reference, ana)
    compare_all(opened, reference, ben)
    compare_all(opened, reference, [search_for(change.row.text, Scope()) for change in changes[::200]])
    assert isinstance(opened, ServerStore)
    # Nothing of it was loaded.
    assert opened._cached.left == {"ana", "ben", None}
    ids, at = [change.row.id for change in changes], _START + 400 * _DAY
    tea = memory_of("green tea from Porto", Scope("ana", None, "run 2"), at=_START + _DAY)
    for store in (opened, reference):
        store.apply(
            [
                tea,
                Delete(ids[3], at),
                Supersede(ids[8], tea.row.id, tea.row.text, at, at),
                ReplaceText(ids[20], "black tea", "h", vector("black tea"), at),
                Amend(ids[21], at, {"even": False}, expires_at=1, set_expires_at=True),
            ]
        )
    compare_all(opened, reference, [*ana, search_for("black tea from Porto", Scope("ana"))])


def test_everybody_is_scored_alike(opened: Store, reference: Store) -> None:
    changes: list[Any] = [change for user in ("ana", "ben", "cem") for change in conversation(60, user)]
    changes += [memory_of("nobody drinks green tea", Scope())]
    for store in (opened, reference):
        store.apply(changes)
    queries = [changes[5].row.text, changes[100].row.text, "green tea", "Ana"]
    compare_all(opened, reference, [search_for(query, Scope(), 20) for query in queries])
