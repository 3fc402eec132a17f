# Generated from src/powermem/_async/stores/server/pool.py by scripts/run_unasync.py; edit that file instead.
"""A pool of connections to a database server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from ...._concurrency import Semaphore, gather, sleep
from ...._core.sql.steps import TransactionAbortedError
from ...._drivers.base import (
    CommitUnknownError,
    Connection,
    ConnectionLostError,
    CrowdedServerError,
    Driver,
    NoReplyError,
    PoolerFoundError,
    ReadOnlyServerError,
)
from ....errors import ClosedError, StoreError, StoreUnavailableError

PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Seconds to wait before retrying a transaction after a conflict."""

# Seconds of idleness after which a connection is checked before use.
_LONG = 30.0


class Pool:
    """A pool with a bounded number of connections.

    An idle connection may be dead. So a read, or the start of a transaction, that meets a lost connection is
    retried once on a new one; statements inside a transaction are never repeated. Nothing is retried if the
    server did not reply in time.

    Args:
        driver: opens the connections.
        least: number of connections to open at the start.
        most: maximum number of connections.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    def __init__(
        self,
        driver: Driver,
        *,
        least: int = 1,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        self._driver = driver
        self._least = max(1, min(least, most))
        self._most = most
        self._recycle = recycle
        self._timeout = timeout
        self._slots = Semaphore(most)
        self._idle: list[_Lease] = []
        self._closed = False

    @property
    def idle(self) -> int:
        """Number of idle connections."""
        return len(self._idle)

    def open(self) -> None:
        """Open the first connections.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        while len(self._idle) < self._least:
            self._idle.append(_Lease(self._driver.connect()))

    def close(self) -> None:
        """Close the idle connections; one in use is closed when it is returned."""
        self._closed = True
        self._clear()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Lend a connection for queries, each of which sees the data committed when it starts."""
        with self._slots.place(self._timeout) as free:
            self._check_free(free)
            reader = Reader(self, self._take())
            try:
                yield reader
            except StoreError:
                self._give(reader.lease)
                raise
            except BaseException:
                # Perhaps cancelled in the middle of a reply, whose rest would be read as the next one.
                reader.lease.connection.close()
                raise
            self._give(reader.lease)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection inside a transaction, which is committed at the end, or rolled back on an error.

        Raises:
            CommitUnknownError: the connection was lost during COMMIT.
            ConnectionLostError: it was lost earlier, so that nothing was committed.
        """
        with self._slots.place(self._timeout) as free:
            self._check_free(free)
            lease = self._begin()
            try:
                yield lease.connection
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # The server does not reply, or is no longer the primary: other connections are no better.
                lease.connection.close()
                self._clear()
                raise type(error)(f"{error}; the transaction was not carried out") from error
            except Exception:
                self._undo(lease)
                raise
            except BaseException:
                lease.connection.close()
                raise
            self._commit(lease)
            self._give(lease)

    def replace(self, lease: _Lease, error: ConnectionLostError) -> _Lease | None:
        """Return a new connection in place of a lost one, or ``None`` if another would be no better.

        Idle connections are closed too: what broke one, such as a restart of the server, broke all.
        """
        lease.connection.close()
        self._clear()
        if isinstance(error, NoReplyError) or (lease.fresh and not isinstance(error, PoolerFoundError)):
            return None
        return self._connect()

    def _check_free(self, free: bool) -> None:
        """Raise an error unless a place became free in time."""
        if not free:
            raise StoreUnavailableError(
                f"{self._driver.server}: all {self._most} connections were in use for {self._timeout:g} "
                "s (pool_timeout); raise pool_size, or call less at once"
            )

    def _begin(self) -> _Lease:
        lease = self._take()
        try:
            lease.connection.begin()
        except ConnectionLostError as error:
            again = self.replace(lease, error)
            if again is None:
                raise
            lease = again
            self._begin_on(lease)
        except BaseException:
            lease.connection.close()
            raise
        return lease

    def _begin_on(self, lease: _Lease) -> None:
        try:
            lease.connection.begin()
        except BaseException:
            lease.connection.close()
            raise

    def _commit(self, lease: _Lease) -> None:
        try:
            lease.connection.commit()
        except ConnectionLostError as error:
            lease.connection.close()
            self._clear()
            raise CommitUnknownError(
                f"{error}; the server may have carried out the transaction or not"
            ) from error
        except Exception:
            self._undo(lease)
            raise
        except BaseException:
            lease.connection.close()
            raise

    def _undo(self, lease: _Lease) -> None:
        try:
            lease.connection.rollback()
        except StoreError:
            # The server rolls back the transaction of a lost connection.
            lease.connection.close()
        except BaseException:
            lease.connection.close()
            raise
        else:
            self._give(lease)

    def _take(self) -> _Lease:
        if self._closed:
            raise ClosedError("the store was closed")
        while True:
            try:
                # The most recently used one is most likely alive, and unneeded ones age and get closed.
                lease = self._idle.pop()
            except IndexError:
                return self._connect()
            if 0 <= self._recycle < monotonic() - lease.opened:
                lease.connection.close()
                continue
            if monotonic() - lease.given > _LONG and not self._answers(lease):
                continue
            return lease

    def _connect(self) -> _Lease:
        """Open a connection; if the server accepts no more, wait for one of this pool to be returned."""
        for pause in PAUSES:
            try:
                return _Lease(self._driver.connect())
            except CrowdedServerError:
                sleep(pause)
            with suppress(IndexError):
                return self._idle.pop()
        return _Lease(self._driver.connect())

    def _answers(self, lease: _Lease) -> bool:
        """Return whether a connection is alive, and close it if not."""
        try:
            lease.connection.ping()
        except StoreError:
            lease.connection.close()
            return False
        except BaseException:
            lease.connection.close()
            raise
        return True

    def _give(self, lease: _Lease) -> None:
        lease.fresh = False
        if self._closed or lease.lost:
            lease.connection.close()
        else:
            lease.given = monotonic()
            self._idle.append(lease)

    def _clear(self) -> None:
        leases = []
        while self._idle:
            leases.append(self._idle.pop())
        if leases:
            # If the server does not reply, each idle connection would have to time out.
            gather([lease.connection.close for lease in leases])


class _Lease:
    """A connection of the pool, and its state."""

    __slots__ = ("connection", "fresh", "given", "lost", "opened")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.opened = self.given = monotonic()
        self.fresh = True
        self.lost = False


class Reader:
    """Runs queries; retries a query on a new connection if its connection was lost.

    A query that the server ended to resolve a deadlock is retried too.
    """

    __slots__ = ("_pool", "lease")

    def __init__(self, pool: Pool, lease: _Lease) -> None:
        self._pool = pool
        self.lease = lease

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        pauses = iter(PAUSES)
        while True:
            try:
                return self._fetch(sql, values)
            except TransactionAbortedError:
                pause = next(pauses, None)
                if pause is None:
                    raise
            sleep(pause)

    def _fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return self.lease.connection.fetch(sql, values)
        except ConnectionLostError as error:
            self.lease.lost = True
            again = self._pool.replace(self.lease, error)
            if again is None:
                raise
            self.lease = again
        try:
            return self.lease.connection.fetch(sql, values)
        except ConnectionLostError:
            self.lease.lost = True
            raise
