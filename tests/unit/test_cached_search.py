"""The partitions of stores on servers, when a search breaks off in the middle of bringing one up to date."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest

from powermem._async.stores.server.partitions import AsyncCachedSearch
from powermem._core.query.search import SearchRequest
from powermem._core.ranking.bm25 import Postings
from powermem._core.ranking.columns import Columns
from powermem._core.ranking.turns import Turns
from powermem._core.ranking.vectors import Vectors
from powermem._core.ranking.weights import Weights
from powermem._core.sql.embedder import EmbedderSQL
from powermem._core.sql.partitions import Freshness, PartitionLoader
from powermem._core.sql.queries import Queries
from powermem._core.sql.sqlite import SQLiteSQL
from powermem._core.sql.steps import Query, Steps
from powermem._core.text.indexing import embedding_bytes, index, query_ids
from powermem._core.values import Row, Scope

DIMENSION = 16
PATIENCE = 60.0


class Statements(SQLiteSQL):
    """The statements of a collection, as `Tables` understands them: a name each, with its parameters."""

    progress = "progress"

    def freshness(self, progress: Mapping[str, Any]) -> Freshness:
        return Freshness(progress["sequence"], 0, DIMENSION)

    def size(self, user_id: str | None) -> Query:
        return Query("size")

    def listed(self, user_id: str | None) -> None:
        return None

    def page(self, user_id: str | None, after: int, limit: int) -> Query:
        return Query("page", [after])

    def changed(self, user_id: str | None, since: int) -> Query:
        return Query("changed", [since])

    def chosen(self, user_id: str | None, ids: Sequence[int]) -> Query:
        return Query("chosen", ids)


class Named(Queries):
    """The queries of a collection, named in the same way."""

    def embeddings(self, ids: Sequence[int], user_id: str | None = None) -> Steps[dict[int, bytes]]:
        return dict((yield Query("embeddings", ids)))

    def get_each(
        self, lists: Sequence[Sequence[int]], users: Sequence[str | None] = ()
    ) -> Steps[list[dict[int, Row]]]:
        found = dict((yield Query("get_each", [memory_id for ids in lists for memory_id in ids])))
        return [{memory_id: found[memory_id] for memory_id in ids} for ids in lists]


class Tables:
    """A collection in this process, which stops where it is told to."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.changes: list[int] = []
        self.broken: str | None = None
        self.error: BaseException | None = None
        self.reached = asyncio.Event()

    def search(self, **options: Any) -> AsyncCachedSearch:
        sql = Statements("memories")
        loading = partial(PartitionLoader, sql, EmbedderSQL(sql, "here"))
        return AsyncCachedSearch(loading, Named(sql), self.fetch, Weights(), **options)

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

    def _columns(self, row: Row) -> tuple[Any, ...]:
        vector = np.random.default_rng(row.id).standard_normal((1, DIMENSION)).astype(np.float32)
        return (row.id, "", "", None, 0, None, None, embedding_bytes(vector)[0], *index(row))

    async def _stop(self, where: str) -> None:
        if self.broken == where:
            self.broken = None
            self.reached.set()
            if self.error is not None:
                raise self.error
            await asyncio.sleep(PATIENCE)

    async def fetch(self, name: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if name != "page" or values[0] > 0:
            await self._stop(name)
        if name == "progress":
            return [("sequence", len(self.changes))]
        if name == "size":
            return [(len(self.rows),)]
        if name == "page":
            return [self._columns(row) for row in self.rows.values() if row.id > values[0]][:7]
        if name == "changed":
            return [(memory_id,) for memory_id in self.changes[values[0] :]]
        if name == "chosen":
            return [self._columns(self.rows[memory_id]) for memory_id in values]
        if name == "embeddings":
            return [(memory_id, self._columns(self.rows[memory_id])[7]) for memory_id in values]
        assert name == "get_each"
        return [(memory_id, self.rows[memory_id]) for memory_id in values]


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
    search = tables.search(exact_rows=10 if where == "embeddings" else 250_000)
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
    search = tables.search()
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


@pytest.mark.parametrize("place", [Columns, Turns, Vectors, Postings])
async def test_rows_that_were_added_in_part_are_loaded_again(
    monkeypatch: pytest.MonkeyPatch, place: type[Any]
) -> None:
    tables = Tables()
    tables.add(40)
    search = tables.search()
    await search.search([request()])
    tables.add(30)
    method = "extend" if hasattr(place, "extend") else "append"

    def fail(*args: object, **kwargs: object) -> None:
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
