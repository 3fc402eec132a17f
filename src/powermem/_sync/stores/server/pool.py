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
"""Seconds to wait before a transaction that met another one is tried again."""

# Seconds after which a connection that was not used is asked for a sign of life.
_LONG = 30.0


class Pool:
    """Lends connections, a bounded number at a time, and keeps them for the next one.

    A connection that waited in the pool may be dead by now. So a read that meets a lost connection is tried
    once more on a new one, and a transaction whose very start does; what was sent inside a transaction is
    never sent again. A server that stays silent is not asked twice.

    Args:
        driver: opens the connections.
        least: how many to open at once.
        most: how many there may be.
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
        """How many connections wait to be used."""
        return len(self._idle)

    def open(self) -> None:
        """Open the first connections.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        while len(self._idle) < self._least:
            self._idle.append(_Lease(self._driver.connect()))

    def close(self) -> None:
        """Disconnect; a connection in use goes when its user is done."""
        self._closed = True
        self._clear()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Lend a connection for queries, each of which sees what is committed when it starts."""
        with self._slot():
            reader = Reader(self, self._take())
            try:
                yield reader
            except StoreError:
                self._give(reader.lease)
                raise
            except BaseException:
                # Perhaps cancelled in the middle of a reply: what comes next on the connection is unknown.
                reader.lease.connection.close()
                raise
            self._give(reader.lease)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection inside a transaction, which is committed at the end or undone by an error.

        Raises:
            CommitUnknownError: the connection was lost while the transaction was committed.
            ConnectionLostError: it was lost before, so that nothing was done.
        """
        with self._slot():
            lease = self._begin()
            try:
                yield lease.connection
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Of a server that is silent, or no primary any more, the other connections are no better.
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
        """Return a new connection for one that was lost, or ``None`` when another would be no better.

        Those that wait go too: what ended one of them, such as a restart of the server, ended them all.
        """
        lease.connection.close()
        self._clear()
        if isinstance(error, NoReplyError) or (lease.fresh and not isinstance(error, PoolerFoundError)):
            return None
        return self._connect()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        with self._slots.place(self._timeout) as held:
            if not held:
                raise StoreUnavailableError(
                    f"{self._driver.server}: all {self._most} connections were in use for {self._timeout:g} "
                    "s (pool_timeout); raise pool_size, or call less at once"
                )
            yield

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
            # The server undoes what a lost connection left open.
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
                # The one used last is the likeliest to be alive, and the others may grow old.
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
        """Open a connection; where the server has none to give at the moment, one of ours may come back."""
        for pause in PAUSES:
            try:
                return _Lease(self._driver.connect())
            except CrowdedServerError:
                sleep(pause)
            with suppress(IndexError):
                return self._idle.pop()
        return _Lease(self._driver.connect())

    def _answers(self, lease: _Lease) -> bool:
        """Return whether a connection is alive; one that is not is closed."""
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
            # A silent server would have us wait for each.
            gather([lease.connection.close for lease in leases])


class _Lease:
    """A connection of the pool, and what is known of it."""

    __slots__ = ("connection", "fresh", "given", "lost", "opened")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.opened = self.given = monotonic()
        self.fresh = True
        self.lost = False


class Reader:
    """Runs queries; one that meets a lost connection is asked again on a new one.

    The same holds for one that the server ended because it and a transaction waited for each other.
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
