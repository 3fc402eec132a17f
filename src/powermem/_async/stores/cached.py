"""Search for databases that cannot rank by themselves: partitions in memory, loaded from the tables.

Every commit gets a number, whoever makes it. A partition knows the last number it has seen; when the
collection has a higher one, what changed since is read. So a search sees what any process has committed
before it began, and its scores are those of the SQLite store, because the same code computes them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..._concurrency import AsyncLock, AsyncThreads, async_sleep
from ...clock import now as clock_now
from ...errors import StoreError
from ...filters import Expression
from ...ranking.cache import Entry, PartitionCache
from ...ranking.fusion import Ranked
from ...ranking.partition import Partition
from ...ranking.search import Search, columns, cosines
from ...ranking.weights import Weights
from ...types import Hit, Row, Scope, SearchRequest

_CHUNK = 5000
# So many rows are ranked in less time than it takes to get to a thread and back when others are busy, too.
_QUICK = 2000


class Freshness(NamedTuple):
    """How far a collection is.

    Attributes:
        sequence: number of the last commit.
        trimmed: up to this number, changes are no longer listed.
        dimension: length of the vectors, ``None`` before the first.
        indexed: whether the server can search by itself what is too large to be ranked here.
    """

    sequence: int
    trimmed: int
    dimension: int | None
    indexed: bool = False


class AsyncTables(ABC):
    """What the tables of a collection can be asked, each question by itself."""

    @abstractmethod
    async def freshness(self) -> Freshness:
        """Return how far the collection is."""

    @abstractmethod
    async def size(self, user_id: str | None) -> int:
        """Return how many rows a user has, or all have for ``None``."""

    @abstractmethod
    async def page(self, user_id: str | None, after: int, limit: int) -> Sequence[Sequence[Any]]:
        """Return what `columns` takes, of a user's rows with an id above ``after``, in the order of their
        ids."""

    @abstractmethod
    async def changed(self, user_id: str | None, since: int) -> list[int]:
        """Return the ids of a user's memories that were changed or deleted after a commit."""

    @abstractmethod
    async def chosen(self, user_id: str | None, ids: Sequence[int]) -> Sequence[Sequence[Any]]:
        """Return what `columns` takes, of those rows that exist."""

    @abstractmethod
    async def embeddings(self, user_id: str | None, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the vectors that exist, by id."""

    @abstractmethod
    async def matching(self, scope: Scope, expression: Expression) -> list[int]:
        """Return the ids of all rows, current or not, that pass a filter."""

    @abstractmethod
    async def get_each(self, chosen: Sequence[Sequence[int]]) -> list[dict[int, Row]]:
        """Return for each of some lists of ids the memories that exist, by id; no two share an object."""


class AsyncCachedSearch:
    """Answers searches.

    Args:
        tables: where the memories are.
        weights: how much each part of a score counts.
        cache_bytes: how much memory the partitions may take together.
        exact_rows: a partition with more rows keeps one bit of each dimension, and the best candidates are
            scored exactly.
        most_rows: what has more rows is left to a server that can search by itself; it is not loaded.
    """

    def __init__(
        self,
        tables: AsyncTables,
        weights: Weights,
        *,
        cache_bytes: int = 1 << 30,
        exact_rows: int = 250_000,
        most_rows: int = 20_000,
    ) -> None:
        self._tables = tables
        self._weights = weights
        self._most_rows = most_rows
        self._cache = PartitionCache(cache_bytes, AsyncLock, exact_rows=exact_rows)
        # Two threads that both run Python code let an event loop beside them wait for its turn twice as long.
        self._threads = AsyncThreads("powermem-ranking", 1)

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        return self._cache.nbytes

    async def close(self) -> None:
        """Give the thread and the partitions up."""
        await self._threads.close()
        self._cache.clear()

    def clear(self) -> None:
        """Forget everything that was loaded."""
        self._cache.clear()

    async def search(self, requests: Sequence[SearchRequest]) -> list[list[Hit] | None]:
        """Answer searches, each best first; ``None`` for one that is left to the server."""
        freshness = await self._tables.freshness()
        left: set[int] = set()
        ranked: list[Sequence[tuple[int, Ranked]]] = [()] * len(requests)
        groups: dict[str | None, list[int]] = {}
        for i, request in enumerate(requests):
            groups.setdefault(request.scope.user_id, []).append(i)
        for user_id, members in groups.items():
            entry = self._cache.entry(user_id)
            async with entry.lock:
                partition = await self._fresh(entry, freshness)
                if partition is None:
                    left.update(members)
                elif len(partition):
                    try:
                        found = await self._rank(partition, [requests[i] for i in members])
                    except StoreError:
                        raise
                    except BaseException:
                        # Ranking puts parts of it in order, and a thread may still be doing so.
                        entry.partition = None
                        raise
                    for i, one in zip(members, found, strict=True):
                        ranked[i] = one
            if len(groups) > 1:
                # Let others have a turn.
                await async_sleep(0)
        rows = await self._tables.get_each([[memory_id for memory_id, _ in one] for one in ranked])
        # A memory may have been deleted since the partition was refreshed.
        return [
            None if i in left else [Hit(of[id_], one.score, one.details()) for id_, one in best if id_ in of]
            for i, (best, of) in enumerate(zip(ranked, rows, strict=True))
        ]

    async def _rank(
        self, partition: Partition, requests: Sequence[SearchRequest]
    ) -> list[list[tuple[int, Ranked]]]:
        """Return for each request the ids of the best memories with their scores, best first."""
        only = [
            None if one.expression is None else await self._tables.matching(one.scope, one.expression)
            for one in requests
        ]
        if len(partition) * len(requests) <= _QUICK:
            begun = self._begin(partition, requests, only)
        else:
            begun = await self._threads.run(self._begin, partition, requests, only)
        answers = []
        for search, unsure, ranked in begun:
            if unsure:
                vectors = await self._tables.embeddings(requests[0].scope.user_id, unsure)
                ranked = await self._threads.run(_finish, search, vectors)
            answers.append(ranked)
        return answers

    def _begin(
        self,
        partition: Partition,
        requests: Sequence[SearchRequest],
        only: Sequence[Sequence[int] | None],
    ) -> list[tuple[Search, list[int], list[tuple[int, Ranked]]]]:
        """Return for each request the ids whose vectors it still needs, and its answer if there are none."""
        scores = cosines(partition, [request.embedding for request in requests])
        begun = []
        for request, passing, dense in zip(requests, only, scores, strict=True):
            search = Search(partition, request, dense, weights=self._weights, only=passing, now=clock_now())
            unsure = search.unsure()
            begun.append((search, unsure, [] if unsure else search.ranked()))
        return begun

    async def _fresh(self, entry: Entry[AsyncLock], freshness: Freshness) -> Partition | None:
        partition = entry.partition
        if (
            partition is not None
            and not self._cache.outgrown(partition)
            and entry.sequence >= freshness.trimmed
            # Otherwise the first vector of the collection is among the changes.
            and (partition.dimension is not None or freshness.dimension is None)
        ):
            if entry.sequence >= freshness.sequence:
                return partition
            # Until it is whole again there is none: after an error or a cancellation the next search loads
            # it, although a thread may still be adding rows to what is dropped here.
            entry.partition = None
            changed = await self._tables.changed(entry.user_id, entry.sequence)
            if len(partition) + len(changed) > self._most_rows and freshness.indexed:
                partition = await self._whole(entry, freshness)
            else:
                await self._refresh(partition, entry, changed)
        else:
            entry.partition = None
            partition = await self._whole(entry, freshness)
        # What was read may be newer than this number; then it is read once more, which does no harm.
        entry.sequence = freshness.sequence
        entry.partition = partition
        self._cache.resize(entry)
        return partition

    async def _whole(self, entry: Entry[AsyncLock], freshness: Freshness) -> Partition | None:
        """Load a partition, or return ``None`` when it is left to the server."""
        size = await self._tables.size(entry.user_id)
        if size > self._most_rows and freshness.indexed:
            return None
        partition = self._cache.make(freshness.dimension, size)
        await self._load(partition, entry.user_id)
        return partition

    async def _load(self, partition: Partition, user_id: str | None) -> None:
        after = -1
        while found := await self._tables.page(user_id, after, _CHUNK):
            await self._threads.run(_replace, partition, (), found)
            after = found[-1][0]

    async def _refresh(self, partition: Partition, entry: Entry[AsyncLock], changed: Sequence[int]) -> None:
        for start in range(0, len(changed), _CHUNK):
            ids = changed[start : start + _CHUNK]
            found = await self._tables.chosen(entry.user_id, ids)
            await self._threads.run(_replace, partition, ids, found)


def _finish(search: Search, vectors: Mapping[int, bytes]) -> list[tuple[int, Ranked]]:
    search.rescore(vectors)
    return search.ranked()


def _replace(partition: Partition, ids: Sequence[int], rows: Sequence[Sequence[Any]]) -> None:
    """Put rows in the place of what a partition has under these ids."""
    partition.remove(ids)
    if rows:
        partition.append(columns(rows, partition.dimension))
