# Generated from src/powermem/_async/stores/pool.py by scripts/run_unasync.py; edit that file instead.
"""A pool of connections to a database server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from ..._concurrency import Semaphore
from ..._drivers.base import Connection, ConnectionLostError, Driver
from ...errors import ClosedError, StoreError


class Pool:
    """Lends connections, a bounded number at a time, and keeps them for the next one.

    A connection that waited in the pool may be dead by now. So a read that meets a lost connection is tried
    once more on a new one, and a transaction whose very start does; what was sent inside a transaction is
    never sent again.

    Args:
        driver: opens the connections.
        least: how many to open at once.
        most: how many there may be.
        recycle: seconds after which a connection is replaced; negative for never.
    """

    def __init__(self, driver: Driver, *, least: int = 1, most: int = 10, recycle: float = 3600) -> None:
        self._driver = driver
        self._least = max(1, min(least, most))
        self._recycle = recycle
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
        with self._slots:
            reader = Reader(self, self._take())
            try:
                yield reader
            except StoreError:
                self._give(reader.lease)
                raise
            except BaseException:
                # Cancelled in the middle of a reply, perhaps: nobody could tell what comes next on it.
                reader.lease.connection.close()
                raise
            self._give(reader.lease)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection inside a transaction, which is committed at the end or undone by an error."""
        with self._slots:
            lease = self._begin()
            try:
                yield lease.connection
                lease.connection.commit()
            except ConnectionLostError:
                lease.connection.close()
                raise
            except Exception:
                self._undo(lease)
                raise
            except BaseException:
                lease.connection.close()
                raise
            self._give(lease)

    def replace(self, lease: _Lease) -> _Lease | None:
        """Return a new connection for one that was lost, or ``None`` when that one was new itself.

        Those that wait go too: what ended one of them, such as a restart of the server, ended them all.
        """
        lease.connection.close()
        if lease.fresh:
            return None
        self._clear()
        return _Lease(self._driver.connect())

    def _begin(self) -> _Lease:
        lease = self._take()
        try:
            lease.connection.begin()
        except ConnectionLostError:
            again = self.replace(lease)
            if again is None:
                raise
            lease = again
            lease.connection.begin()
        return lease

    def _undo(self, lease: _Lease) -> None:
        try:
            lease.connection.rollback()
        except StoreError:
            # The server undoes what a lost connection left open.
            lease.connection.close()
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
                return _Lease(self._driver.connect())
            if 0 <= self._recycle < monotonic() - lease.opened:
                lease.connection.close()
                continue
            return lease

    def _give(self, lease: _Lease) -> None:
        lease.fresh = False
        if self._closed or lease.lost:
            lease.connection.close()
        else:
            self._idle.append(lease)

    def _clear(self) -> None:
        while self._idle:
            lease = self._idle.pop()
            lease.connection.close()


class _Lease:
    """A connection of the pool, and what is known of it."""

    __slots__ = ("connection", "fresh", "lost", "opened")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.opened = monotonic()
        self.fresh = True
        self.lost = False


class Reader:
    """Runs queries; one that meets a lost connection is asked again on a new one."""

    __slots__ = ("_pool", "lease")

    def __init__(self, pool: Pool, lease: _Lease) -> None:
        self._pool = pool
        self.lease = lease

    def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            return self.lease.connection.fetch(sql, values)
        except ConnectionLostError:
            self.lease.lost = True
            again = self._pool.replace(self.lease)
            if again is None:
                raise
            self.lease = again
            return again.connection.fetch(sql, values)
