"""A pool of connections to a database server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from ..._concurrency import AsyncSemaphore
from ..._drivers.base import AsyncConnection, AsyncDriver, ConnectionLostError
from ...errors import ClosedError, StoreError


class AsyncPool:
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

    def __init__(self, driver: AsyncDriver, *, least: int = 1, most: int = 10, recycle: float = 3600) -> None:
        self._driver = driver
        self._least = max(1, min(least, most))
        self._recycle = recycle
        self._slots = AsyncSemaphore(most)
        self._idle: list[_AsyncLease] = []
        self._closed = False

    @property
    def idle(self) -> int:
        """How many connections wait to be used."""
        return len(self._idle)

    async def open(self) -> None:
        """Open the first connections.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        while len(self._idle) < self._least:
            self._idle.append(_AsyncLease(await self._driver.connect()))

    async def close(self) -> None:
        """Disconnect; a connection in use goes when its user is done."""
        self._closed = True
        await self._clear()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncReader]:
        """Lend a connection for queries, each of which sees what is committed when it starts."""
        async with self._slots:
            reader = AsyncReader(self, await self._take())
            try:
                yield reader
            except StoreError:
                await self._give(reader.lease)
                raise
            except BaseException:
                # Cancelled in the middle of a reply, perhaps: nobody could tell what comes next on it.
                await reader.lease.connection.close()
                raise
            await self._give(reader.lease)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection inside a transaction, which is committed at the end or undone by an error."""
        async with self._slots:
            lease = await self._begin()
            try:
                yield lease.connection
                await lease.connection.commit()
            except ConnectionLostError:
                await lease.connection.close()
                raise
            except Exception:
                await self._undo(lease)
                raise
            except BaseException:
                await lease.connection.close()
                raise
            await self._give(lease)

    async def replace(self, lease: _AsyncLease) -> _AsyncLease | None:
        """Return a new connection for one that was lost, or ``None`` when that one was new itself.

        Those that wait go too: what ended one of them, such as a restart of the server, ended them all.
        """
        await lease.connection.close()
        if lease.fresh:
            return None
        await self._clear()
        return _AsyncLease(await self._driver.connect())

    async def _begin(self) -> _AsyncLease:
        lease = await self._take()
        try:
            await lease.connection.begin()
        except ConnectionLostError:
            again = await self.replace(lease)
            if again is None:
                raise
            lease = again
            await lease.connection.begin()
        return lease

    async def _undo(self, lease: _AsyncLease) -> None:
        try:
            await lease.connection.rollback()
        except StoreError:
            # The server undoes what a lost connection left open.
            await lease.connection.close()
        else:
            await self._give(lease)

    async def _take(self) -> _AsyncLease:
        if self._closed:
            raise ClosedError("the store was closed")
        while True:
            try:
                # The one used last is the likeliest to be alive, and the others may grow old.
                lease = self._idle.pop()
            except IndexError:
                return _AsyncLease(await self._driver.connect())
            if 0 <= self._recycle < monotonic() - lease.opened:
                await lease.connection.close()
                continue
            return lease

    async def _give(self, lease: _AsyncLease) -> None:
        lease.fresh = False
        if self._closed or lease.lost:
            await lease.connection.close()
        else:
            self._idle.append(lease)

    async def _clear(self) -> None:
        while self._idle:
            lease = self._idle.pop()
            await lease.connection.close()


class _AsyncLease:
    """A connection of the pool, and what is known of it."""

    __slots__ = ("connection", "fresh", "lost", "opened")

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.opened = monotonic()
        self.fresh = True
        self.lost = False


class AsyncReader:
    """Runs queries; one that meets a lost connection is asked again on a new one."""

    __slots__ = ("_pool", "lease")

    def __init__(self, pool: AsyncPool, lease: _AsyncLease) -> None:
        self._pool = pool
        self.lease = lease

    async def fetch(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            return await self.lease.connection.fetch(sql, values)
        except ConnectionLostError:
            self.lease.lost = True
            again = await self._pool.replace(self.lease)
            if again is None:
                raise
            self.lease = again
            return await again.connection.fetch(sql, values)
