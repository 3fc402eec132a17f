# Generated from src/powermem/_async/stores/server/store.py by scripts/run_unasync.py; edit that file instead.
"""The common base of the stores on database servers; they differ in how they search."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from ...._concurrency import Batcher, gather, sleep
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
    CommitUnknownError,
    ConnectionLostError,
    Driver,
    NoReplyError,
    ReadOnlyServerError,
)
from ....errors import StoreError, StoreUnavailableError
from ..base import MAX_BATCHES_PER_COMMIT, Collector, Store
from ..steps import run
from .partitions import CachedSearch
from .pool import PAUSES, Pool

T = TypeVar("T")

_logger = logging.getLogger("powermem")

_MAX_SEARCHES_AT_ONCE = 4
_MAX_SEARCHES_PER_PASS = 16


class ServerStore(Store):
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
        driver: Driver,
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
        self._pool = Pool(driver, least=least, most=most, recycle=recycle, timeout=timeout)
        self._writer = Writer(sql, self._queue, self._embedder)
        self._cached = CachedSearch(
            partial(loading, sql, self._embedder),
            self._queries,
            self._fetch,
            weights,
            cache_bytes=cache_bytes,
        )
        self._searches: Batcher[SearchRequest, list[Hit] | None] = Batcher(
            self._pass, max_size=_MAX_SEARCHES_PER_PASS, max_running=2
        )
        self.commits = 0
        """Number of committed transactions."""

    @abstractmethod
    def _search(self, request: SearchRequest) -> list[Hit]:
        """Answer one search, best first, unless there was a switch to another embedder."""

    def open(self) -> None:
        self._pool.open()
        try:
            self._migrate()
        except BaseException:
            self._pool.close()
            raise

    def _fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._pool.reading() as reader:
            return reader.fetch(sql, values)

    def _pass(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception | None]:
        return list(self._cached.search(requests))

    def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        with self._pool.reading() as reader:
            return run(reader, work(*args))

    def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            try:
                with self._pool.transaction() as connection:
                    return run(connection, work(*args))
            except TransactionAbortedError:
                pause = next(pauses, None)
                if pause is None:
                    raise
                sleep(pause)
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Nothing was committed unless the outcome is unknown, and another server may be up by now.
                if isinstance(error, (CommitUnknownError, NoReplyError)) or not repeatable:
                    raise
                repeatable = False

    def close(self) -> None:
        try:
            self._searches.close()
            self._commits.close()
            try:
                self._write_accesses()
            finally:
                self._pool.close()
        finally:
            self._cached.close()

    def reset(self) -> None:
        super().reset()
        self._cached.clear()

    def _migrate(self) -> None:
        with self._pool.transaction() as connection:
            run(connection, self._prepared(migrate, self._sql, self._embedder))

    def _collector(self) -> Collector:
        return Batcher(self._commit, max_size=MAX_BATCHES_PER_COMMIT)

    def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        try:
            return self._write(batches)
        except (StoreUnavailableError, TransactionAbortedError):
            raise
        except StoreError:
            if len(batches) == 1:
                raise
        # Nothing was applied. An error in one batch must not fail the others.
        results: list[list[Outcome] | Exception] = []
        for batch in batches:
            try:
                results += self._write([batch])
            except Exception as error:
                results.append(error)
        return results

    def _write(self, batches: Sequence[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        """Apply batches in one transaction, and retry it after conflicts and lost connections."""
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            counts = self._accesses.take()
            results: list[list[Outcome] | Exception] = []
            try:
                with self._pool.transaction() as connection:
                    results = run(connection, self._writer.write(batches, counts))
            except TransactionAbortedError:
                self._accesses.put_back(counts)
                pause = next(pauses, None)
                if pause is None:
                    raise
                sleep(pause)
            except CommitUnknownError as error:
                if self._was_committed(batches, results, error):
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

    def _write_accesses(self) -> None:
        """Write the access counts, if this account has the privilege."""
        if not self._accesses:
            return
        try:
            self._write([])
        except StoreError as error:
            if isinstance(error, StoreUnavailableError) and not isinstance(error, ReadOnlyServerError):
                raise
            _logger.warning("how often memories were read is not kept: %s", error)

    def _was_committed(
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
            with self._pool.transaction() as connection:
                # The transaction holds one of these locks while it is running: wait for its end.
                run(connection, self._sql.enter())
                run(connection, self._embedder.switches(self._sql.locking))
                return bool(connection.fetch(trace.sql, trace.values))
        except StoreError as failure:
            raise error from failure

    def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        try:
            answers = self._search_all(requests)
        except StoreError:
            # Vectors of another length cannot even be compared: then that is what went wrong.
            self._ask(self._embedder.check)
            raise
        self._count(answers, touch)
        self._check_answers(requests, answers, touch)
        return answers

    def _search_all(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        if len(requests) == 1:
            return [self._search(requests[0])]
        calls = [partial(self._search, request) for request in requests]
        return gather(calls, _MAX_SEARCHES_AT_ONCE)
