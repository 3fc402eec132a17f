"""The common base of the stores on database servers; they differ in how they search."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ...._concurrency import AsyncBatcher, async_gather, async_sleep
from ...._core.changes.writes import Change, Outcome
from ...._core.query.search import Hit, SearchRequest
from ...._core.ranking.partition import PartitionCache
from ...._core.ranking.weights import Weights
from ...._core.results.records import Accesses
from ...._core.sql.apply import Writer
from ...._core.sql.embedder import EmbedderSQL
from ...._core.sql.evidence import evidence
from ...._core.sql.migration import migrate
from ...._core.sql.partitions import Loader
from ...._core.sql.server import ServerSQL
from ...._core.sql.steps import Steps, TransactionAbortedError
from ...._drivers.base import (
    AsyncDriver,
    CommitUnknownError,
    ConnectionLostError,
    NoReplyError,
    ReadOnlyServerError,
)
from ....errors import StoreError, StoreUnavailableError
from ..base import MAX_BATCHES_PER_COMMIT, AsyncCollector, AsyncStore
from ..steps import async_run
from .partitions import AsyncCachedSearch
from .pool import PAUSES, AsyncPool

T = TypeVar("T")

_logger = logging.getLogger("powermem")

_MAX_SEARCHES_AT_ONCE = 4
_MAX_SEARCHES_PER_PASS = 16


class AsyncServerStore(AsyncStore):
    """Memories on a database server.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        loading: returns what fills the partitions of a cache, given the collection, its embedder, the cache.
        weights: the weights of the parts of a score.
        cache_bytes: maximum memory for cached partitions.
        least: number of connections to open at the start.
        most: maximum number of connections.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    _sql: ServerSQL

    def __init__(
        self,
        driver: AsyncDriver,
        sql: ServerSQL,
        loading: Callable[[Any, EmbedderSQL, PartitionCache[Any]], Loader[Any]],
        weights: Weights,
        *,
        cache_bytes: int = 1 << 30,
        least: int = 1,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        super().__init__(sql, EmbedderSQL(sql, f"{driver.server}"), Accesses())
        self._pool = AsyncPool(driver, least=least, most=most, recycle=recycle, timeout=timeout)
        self._writer = Writer(sql, self._queue, self._embedder)
        self._cached = AsyncCachedSearch(
            partial(loading, sql, self._embedder),
            self._queries,
            self._fetch,
            weights,
            cache_bytes=cache_bytes,
        )
        self._searches: AsyncBatcher[SearchRequest, list[Hit] | None] = AsyncBatcher(
            self._pass, max_size=_MAX_SEARCHES_PER_PASS, max_running=2
        )
        self.commits = 0
        """Number of committed transactions."""

    @abstractmethod
    async def _search(self, request: SearchRequest) -> list[Hit]:
        """Answer one search, best first, unless there was a switch to another embedder."""

    async def open(self) -> None:
        await self._pool.open()
        try:
            await self._migrate()
        except BaseException:
            await self._pool.close()
            raise

    async def _fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        async with self._pool.reading() as reader:
            return await reader.fetch(sql, values)

    async def _pass(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception | None]:
        return list(await self._cached.search(requests))

    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        async with self._pool.reading() as reader:
            return await async_run(reader, work(*args))

    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            try:
                async with self._pool.transaction() as connection:
                    return await async_run(connection, work(*args))
            except TransactionAbortedError:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await async_sleep(pause)
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Nothing was committed unless the outcome is unknown, and another server may be up by now.
                if isinstance(error, (CommitUnknownError, NoReplyError)) or not repeatable:
                    raise
                repeatable = False

    async def close(self) -> None:
        try:
            await self._searches.close()
            await self._commits.close()
            try:
                await self._write_accesses()
            finally:
                await self._pool.close()
        finally:
            await self._cached.close()

    async def reset(self) -> None:
        await super().reset()
        self._cached.clear()

    async def _migrate(self) -> None:
        async with self._pool.transaction() as connection:
            await async_run(connection, self._prepared(migrate, self._sql, self._embedder))

    def _collector(self) -> AsyncCollector:
        return AsyncBatcher(self._commit, max_size=MAX_BATCHES_PER_COMMIT)

    async def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        try:
            return await self._write(batches)
        except (StoreUnavailableError, TransactionAbortedError):
            raise
        except StoreError:
            if len(batches) == 1:
                raise
        # Nothing was applied. An error in one batch must not fail the others.
        results: list[list[Outcome] | Exception] = []
        for batch in batches:
            try:
                results += await self._write([batch])
            except Exception as error:
                results.append(error)
        return results

    async def _write(self, batches: Sequence[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        """Apply batches in one transaction, and retry it after conflicts and lost connections."""
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            counts = self._accesses.take()
            results: list[list[Outcome] | Exception] = []
            try:
                async with self._pool.transaction() as connection:
                    results = await async_run(connection, self._writer.write(batches, counts))
            except TransactionAbortedError:
                self._accesses.put_back(counts)
                pause = next(pauses, None)
                if pause is None:
                    raise
                await async_sleep(pause)
            except CommitUnknownError as error:
                if await self._was_committed(batches, results, error):
                    break
                self._accesses.put_back(counts)
                if not repeatable:
                    raise
                repeatable = False
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Nothing was written. Another connection may reach a server that is up, or is the primary.
                self._accesses.put_back(counts)
                if isinstance(error, NoReplyError) or not repeatable:
                    raise
                repeatable = False
            except BaseException:
                self._accesses.put_back(counts)
                raise
            else:
                break
        self.commits += 1
        return results

    async def _write_accesses(self) -> None:
        """Write the access counts, if this account has the privilege."""
        if not self._accesses:
            return
        try:
            await self._write([])
        except StoreError as error:
            if isinstance(error, StoreUnavailableError) and not isinstance(error, ReadOnlyServerError):
                raise
            _logger.warning("how often memories were read is not kept: %s", error)

    async def _was_committed(
        self,
        batches: Sequence[Sequence[Change]],
        results: Sequence[Sequence[Outcome] | Exception],
        error: CommitUnknownError,
    ) -> bool:
        """Return whether a transaction whose COMMIT got no reply was committed.

        Raises:
            CommitUnknownError: the server cannot be queried, or the transaction left no trace of its own.
        """
        trace = evidence(self._sql, batches, results) if results else None
        if trace is None:
            raise error
        try:
            async with self._pool.transaction() as connection:
                # The transaction holds one of these locks while it is running: wait for its end.
                await async_run(connection, self._sql.enter())
                await async_run(connection, self._embedder.switches(self._sql.locking))
                return bool(await connection.fetch(trace.sql, trace.values))
        except StoreError as failure:
            raise error from failure

    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        try:
            answers = await self._search_all(requests)
        except StoreError:
            # Vectors of another length cannot even be compared: then that is what went wrong.
            await self._ask(self._embedder.check)
            raise
        self._count(answers, touch)
        await self._check_answers(requests, answers, touch)
        return answers

    async def _search_all(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        if len(requests) == 1:
            return [await self._search(requests[0])]
        calls = [partial(self._search, request) for request in requests]
        return await async_gather(calls, _MAX_SEARCHES_AT_ONCE)
