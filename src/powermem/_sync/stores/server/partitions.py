# Generated from src/powermem/_async/stores/server/partitions.py by scripts/run_unasync.py; edit that file instead.
"""Search for servers without ranking: partitions are loaded into memory and ranked as for SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ...._concurrency import Lock, Threads, sleep
from ...._core.clock import now as clock_now
from ...._core.query.search import Hit, SearchRequest
from ...._core.ranking.fusion import Ranked
from ...._core.ranking.partition import Partition, PartitionCache
from ...._core.ranking.search import Search, cosines
from ...._core.ranking.weights import Weights
from ...._core.sql.partitions import Freshness, Loader
from ...._core.sql.queries import Queries
from ...._core.sql.steps import Compute, Loading, Query, Steps
from ....errors import StoreError

T = TypeVar("T")

# Up to this many rows, ranking inline beats a round trip to a thread.
_QUICK = 2000


class CachedSearch:
    """Answers searches.

    Args:
        loading: returns what fills the partitions of a cache.
        queries: the queries of the collection.
        fetch: runs a query.
        weights: how much each part of a score counts.
        cache_bytes: how much memory the partitions may take together.
        exact_rows: a partition with more rows keeps one bit of each dimension, and the best candidates are
            scored exactly.
    """

    def __init__(
        self,
        loading: Callable[[PartitionCache[Any]], Loader[Any]],
        queries: Queries,
        fetch: Callable[[str, Sequence[Any]], list[tuple[Any, ...]]],
        weights: Weights,
        *,
        cache_bytes: int = 1 << 30,
        exact_rows: int = 250_000,
    ) -> None:
        self._queries = queries
        self._fetch = fetch
        self._weights = weights
        self._cache = PartitionCache(cache_bytes, Lock, exact_rows=exact_rows)
        self._loader = loading(self._cache)
        # Only one, since each thread that runs Python code slows down the event loop.
        self._threads = Threads("powermem-ranking", 1)

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        return self._cache.nbytes

    @property
    def left(self) -> set[str | None]:
        """The users whose memories are left to the server."""
        return self._cache.left

    def crowded(self) -> bool:
        """Return whether a partition was loaded, since this was last asked, that the server should search."""
        crowded, self._loader.crowded = self._loader.crowded, False
        return crowded

    def close(self) -> None:
        """End the thread and drop the partitions."""
        self._threads.close()
        self._cache.clear()

    def clear(self) -> None:
        """Drop all loaded partitions."""
        self._cache.clear()

    def search(self, requests: Sequence[SearchRequest]) -> list[list[Hit] | None]:
        """Answer searches, each best first; ``None`` for one that the server has to answer."""
        ranked: list[Sequence[tuple[int, Ranked]] | None] = [None] * len(requests)
        groups: dict[str | None, list[int]] = {}
        for i, request in enumerate(requests):
            groups.setdefault(request.scope.user_id, []).append(i)
        freshness = self._run(self._loader.freshness(list(groups)))
        for user_id, members in groups.items():
            found = self._rank_of_user(user_id, [requests[i] for i in members], freshness)
            for i, one in zip(members, found, strict=True):
                ranked[i] = one
            if len(groups) > 1:
                # Let other tasks run.
                sleep(0)
        rows = self._run(
            self._queries.get_each(
                [[memory_id for memory_id, _ in one or ()] for one in ranked],
                [request.scope.user_id for request in requests],
            )
        )
        # A memory may have been deleted since the partition was refreshed.
        return [
            None if best is None else [Hit(of[id_], one.score, one.parts) for id_, one in best if id_ in of]
            for best, of in zip(ranked, rows, strict=True)
        ]

    def _rank_of_user(
        self, user_id: str | None, requests: Sequence[SearchRequest], freshness: Freshness
    ) -> Sequence[Sequence[tuple[int, Ranked]] | None]:
        entry = self._cache.entry(user_id)
        with entry.lock:
            partition = self._run(self._loader.update(entry, freshness))
            if partition is None:
                return [None] * len(requests)
            if not len(partition):
                return [()] * len(requests)
            try:
                return self._rank(partition, requests)
            except StoreError:
                raise
            except BaseException:
                # A thread may still be ranking it, which reorders its parts.
                entry.partition = None
                raise

    def _rank(
        self, partition: Partition, requests: Sequence[SearchRequest]
    ) -> list[list[tuple[int, Ranked]]]:
        """Return for each request the ids of the best memories with their scores, best first."""
        only = [
            None if one.expression is None else self._run(self._queries.matching(one.scope, one.expression))
            for one in requests
        ]
        if len(partition) * len(requests) <= _QUICK:
            begun = self._begin(partition, requests, only)
        else:
            begun = self._threads.run(self._begin, partition, requests, only)
        answers = []
        for search, unsure, ranked in begun:
            if unsure:
                vectors = self._run(self._queries.embeddings(unsure, requests[0].scope.user_id))
                ranked = self._threads.run(_finish, search, vectors)
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

    def _run(self, steps: Steps[T] | Loading[T]) -> T:
        """Run steps that only read, each query on a connection of its own."""
        try:
            step = next(steps)
            while True:
                if isinstance(step, Query):
                    answer: Any = self._fetch(step.sql, step.values)
                else:
                    assert isinstance(step, Compute), "nothing here writes"
                    answer = self._threads.run(step.function, *step.args)
                step = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result


def _finish(search: Search, vectors: Mapping[int, bytes]) -> list[tuple[int, Ranked]]:
    search.rescore(vectors)
    return search.ranked()
