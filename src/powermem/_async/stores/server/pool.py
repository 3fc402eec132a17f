"""A pool of connections to a database server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any

from ...._concurrency import AsyncSemaphore, async_gather, async_sleep
from ...._core.sql.steps import TransactionAbortedError
from ...._drivers.base import (
    AsyncConnection,
    AsyncDriver,
    CommitUnknownError,
    ConnectionLostError,
    CrowdedServerError,
    NoReplyError,
    PoolerFoundError,
    ReadOnlyServerError,
)
from ....errors import ClosedError, StoreError, StoreUnavailableError

PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Seconds to wait before retrying a transaction after a conflict."""

# Seconds of idleness after which a connection is checked before use.
_LONG = 30.0


class AsyncPool:
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
        driver: AsyncDriver,
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
        self._slots = AsyncSemaphore(most)
        self._idle: list[_AsyncLease] = []
        self._closed = False

    @property
    def idle(self) -> int:
        """Number of idle connections."""
        return len(self._idle)

    async def open(self) -> None:
        """Open the first connections.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        while len(self._idle) < self._least:
            self._idle.append(_AsyncLease(await self._driver.connect()))

    async def close(self) -> None:
        """Close the idle connections; one in use is closed when it is returned."""
        self._closed = True
        await self._clear()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncReader]:
        """Lend a connection for queries, each of which sees the data committed when it starts."""
        async with self._slots.place(self._timeout) as free:
            self._check_free(free)
            reader = AsyncReader(self, await self._take())
            try:
                yield reader
            except StoreError:
                await self._give(reader.lease)
                raise
            except BaseException:
                # Perhaps cancelled in the middle of a reply, whose rest would be read as the next one.
                await reader.lease.connection.close()
                raise
            await self._give(reader.lease)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection inside a transaction, which is committed at the end, or rolled back on an error.

        Raises:
            CommitUnknownError: the connection was lost during COMMIT.
            ConnectionLostError: it was lost earlier, so that nothing was committed.
        """
        async with self._slots.place(self._timeout) as free:
            self._check_free(free)
            lease = await self._begin()
            try:
                yield lease.connection
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # The server does not reply, or is no longer the primary: other connections are no better.
                await lease.connection.close()
                await self._clear()
                raise type(error)(f"{error}; the transaction was not carried out") from error
            except Exception:
                await self._undo(lease)
                raise
            except BaseException:
                await lease.connection.close()
                raise
            await self._commit(lease)
            await self._give(lease)

    async def replace(self, lease: _AsyncLease, error: ConnectionLostError) -> _AsyncLease | None:
        """Return a new connection in place of a lost one, or ``None`` if another would be no better.

        Idle connections are closed too: what broke one, such as a restart of the server, broke all.
        """
        await lease.connection.close()
        await self._clear()
        if isinstance(error, NoReplyError) or (lease.fresh and not isinstance(error, PoolerFoundError)):
            return None
        return await self._connect()

    def _check_free(self, free: bool) -> None:
        """Raise an error unless a place became free in time."""
        if not free:
            raise StoreUnavailableError(
                f"{self._driver.server}: all {self._most} connections were in use for {self._timeout:g} "
                "s (pool_timeout); raise pool_size, or call less at once"
            )

    async def _begin(self) -> _AsyncLease:
        lease = await self._take()
        try:
            await lease.connection.begin()
        except ConnectionLostError as error:
            again = await self.replace(lease, error)
            if again is None:
                raise
            lease = again
            await self._begin_on(lease)
        except BaseException:
            await lease.connection.close()
            raise
        return lease

    async def _begin_on(self, lease: _AsyncLease) -> None:
        try:
            await lease.connection.begin()
        except BaseException:
            await lease.connection.close()
            raise

    async def _commit(self, lease: _AsyncLease) -> None:
        try:
            await lease.connection.commit()
        except ConnectionLostError as error:
            await lease.connection.close()
            await self._clear()
            raise CommitUnknownError(
                f"{error}; the server may have carried out the transaction or not"
            ) from error
        except Exception:
            await self._undo(lease)
            raise
        except BaseException:
            await lease.connection.close()
            raise

    async def _undo(self, lease: _AsyncLease) -> None:
        try:
            await lease.connection.rollback()
        except StoreError:
            # The server rolls back the transaction of a lost connection.
            await lease.connection.close()
        except BaseException:
            await lease.connection.close()
            raise
        else:
            await self._give(lease)

    async def _take(self) -> _AsyncLease:
        if self._closed:
            raise ClosedError("the store was closed")
        while True:
            try:
                # The most recently used one is most likely alive, and unneeded ones age and get closed.
                lease = self._idle.pop()
            except IndexError:
                return await self._connect()
            if 0 <= self._recycle < monotonic() - lease.opened:
                await lease.connection.close()
                continue
            if monotonic() - lease.given > _LONG and not await self._answers(lease):
                continue
            return lease

    async def _connect(self) -> _AsyncLease:
        """Open a connection; if the server accepts no more, wait for one of this pool to be returned."""
        for pause in PAUSES:
            try:
                return _AsyncLease(await self._driver.connect())
            except CrowdedServerError:
                await async_sleep(pause)
            with suppress(IndexError):
                return self._idle.pop()
        return _AsyncLease(await self._driver.connect())

    async def _answers(self, lease: _AsyncLease) -> bool:
        """Return whether a connection is alive, and close it if not."""
        try:
            await lease.connection.ping()
        except StoreError:
            await lease.connection.close()
            return False
        except BaseException:
            await lease.connection.close()
            raise
        return True

    async def _give(self, lease: _AsyncLease) -> None:
        lease.fresh = False
        if self._closed or lease.lost:
            await lease.connection.close()
        else:
            lease.given = monotonic()
            self._idle.append(lease)

    async def _clear(self) -> None:
        leases = []
        while self._idle:
            leases.append(self._idle.pop())
        if leases:
            # If the server does not reply, each idle connection would have to time out.
            await async_gather([lease.connection.close for lease in leases])


class _AsyncLease:
    """A connection of the pool, and its state."""

    __slots__ = ("connection", "fresh", "given", "lost", "opened")

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.opened = self.given = monotonic()
        self.fresh = True
        self.lost = False


class AsyncReader:
    """Runs queries; retries a query on a new connection if its connection was lost.

    A query that the server ended to resolve a deadlock is retried too.
    """

    __slots__ = ("_pool", "lease")

    def __init__(self, pool: AsyncPool, lease: _AsyncLease) -> None:
        self._pool = pool
        self.lease = lease

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        pauses = iter(PAUSES)
        while True:
            try:
                return await self._fetch(sql, values)
            except TransactionAbortedError:
                pause = next(pauses, None)
                if pause is None:
                    raise
            await async_sleep(pause)

    async def _fetch(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            return await self.lease.connection.fetch(sql, values)
        except ConnectionLostError as error:
            self.lease.lost = True
            again = await self._pool.replace(self.lease, error)
            if again is None:
                raise
            self.lease = again
        try:
            return await self.lease.connection.fetch(sql, values)
        except ConnectionLostError:
            self.lease.lost = True
            raise
