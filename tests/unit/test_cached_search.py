"""The partitions of stores on servers, when a search breaks off in the middle of bringing one up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from powermem._async.stores.cached import AsyncCachedSearch, AsyncTables, Freshness
from powermem.filters import Expression
from powermem.indexing import embedding_bytes, index, query_ids
from powermem.ranking.growing import Column, Names
from powermem.ranking.postings import Postings
from powermem.ranking.turns import Turns
from powermem.ranking.vectors import Vectors
from powermem.ranking.weights import Weights
from powermem.types import Row, Scope, SearchRequest

DIMENSION = 16
PATIENCE = 60.0


class Tables(AsyncTables):
    """A collection in this process, which stops where it is told to."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.changes: list[int] = []
        self.broken: str | None = None
        self.error: BaseException | None = None
        self.reached = asyncio.Event()

    def add(self, count: int) -> None:
        for number in range(len(self.rows) + 1, len(self.rows) + count + 1):
            self.rows[number] = Row(
                id=number,
                scope=Scope("u"),
                text=f"note {number} about tea",
                hash=str(number),
                created_at=number,
            )
            self.changes.append(number)

    def _columns(self, row: Row) -> Sequence[Any]:
        vector = np.random.default_rng(row.id).standard_normal((1, DIMENSION)).astype(np.float32)
        return (row.id, "", "", None, 0, None, None, embedding_bytes(vector)[0], *index(row))

    async def _stop(self, where: str) -> None:
        if self.broken == where:
            self.broken = None
            self.reached.set()
            if self.error is not None:
                raise self.error
            await asyncio.sleep(PATIENCE)

    async def freshness(self) -> Freshness:
        return Freshness(len(self.changes), 0, DIMENSION)

    async def size(self, user_id: str | None) -> int:
        await self._stop("size")
        return len(self.rows)

    async def page(self, user_id: str | None, after: int, limit: int) -> Sequence[Sequence[Any]]:
        found = [self._columns(row) for row in self.rows.values() if row.id > after][:7]
        if after > 0:
            await self._stop("page")
        return found

    async def changed(self, user_id: str | None, since: int) -> list[int]:
        await self._stop("changed")
        return self.changes[since:]

    async def chosen(self, user_id: str | None, ids: Sequence[int]) -> Sequence[Sequence[Any]]:
        await self._stop("chosen")
        return [self._columns(self.rows[memory_id]) for memory_id in ids]

    async def embeddings(self, user_id: str | None, ids: Sequence[int]) -> dict[int, bytes]:
        await self._stop("embeddings")
        return {memory_id: self._columns(self.rows[memory_id])[7] for memory_id in ids}

    async def matching(self, scope: Scope, expression: Expression) -> list[int]:
        return list(self.rows)

    async def get_each(self, chosen: Sequence[Sequence[int]]) -> list[dict[int, Row]]:
        await self._stop("get_each")
        return [{memory_id: self.rows[memory_id] for memory_id in ids} for ids in chosen]


def request() -> SearchRequest:
    vector = np.random.default_rng(1).standard_normal((1, DIMENSION)).astype(np.float32)
    return SearchRequest(Scope("u"), embedding_bytes(vector)[0], query_ids("tea").terms, 1000)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize(
    "error", [None, MemoryError(), ConnectionError()], ids=["cancelled", "memory", "broken"]
)
@pytest.mark.parametrize("where", ["size", "page", "changed", "chosen", "embeddings", "get_each"])
async def test_a_search_that_broke_off_changes_no_later_one(
    where: str, error: BaseException | None, loaded: bool
) -> None:
    tables = Tables()
    tables.add(40)
    search = AsyncCachedSearch(tables, Weights(), exact_rows=10 if where == "embeddings" else 250_000)
    if loaded:
        await search.search([request()])
    tables.add(30)
    tables.broken, tables.error = where, error
    task = asyncio.create_task(search.search([request()]))
    await asyncio.wait(
        {task, asyncio.create_task(tables.reached.wait())}, return_when=asyncio.FIRST_COMPLETED
    )
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    tables.broken = None
    tables.add(3)
    for _ in range(2):
        (hits,) = await search.search([request()])
        assert hits is not None
        assert sorted(hit.row.id for hit in hits) == sorted(tables.rows)
    await search.close()


@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_search_may_be_cancelled_at_any_turn_of_the_event_loop(steps: int) -> None:
    tables = Tables()
    tables.add(20)
    search = AsyncCachedSearch(tables, Weights())
    for _ in range(5):
        tables.add(5)
        task = asyncio.create_task(search.search([request()]))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (hits,) = await search.search([request()])
        assert hits is not None
        assert sorted(hit.row.id for hit in hits) == sorted(tables.rows)
    await search.close()


@pytest.mark.parametrize("place", [Column, Names, Turns, Vectors, Postings])
async def test_rows_that_were_added_in_part_are_loaded_again(
    monkeypatch: pytest.MonkeyPatch, place: type[Any]
) -> None:
    tables = Tables()
    tables.add(40)
    search = AsyncCachedSearch(tables, Weights())
    await search.search([request()])
    tables.add(30)
    method = "extend" if hasattr(place, "extend") else "append"

    def fail(*args: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(place, method, fail)
        with pytest.raises(MemoryError):
            await search.search([request()])
    for _ in range(2):
        (hits,) = await search.search([request()])
        assert hits is not None
        assert sorted(hit.row.id for hit in hits) == sorted(tables.rows)
    await search.close()
