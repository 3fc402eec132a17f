"""The store on MySQL or MariaDB; the one on OceanBase or seekdb builds on it."""

from __future__ import annotations

from ..._concurrency import async_to_thread
from ..._core.query.search import Hit, SearchRequest
from ..._core.ranking.weights import Weights
from ..._core.sql.mysql import MySQLSQL
from ..._core.sql.partitions import PartitionLoader
from ..._core.sql.steps import Steps
from ..._drivers.base import AsyncDriver, MissingTableError
from ..._drivers.embedded import EmbeddedSeekDB
from .server.store import AsyncServerStore


class AsyncMySQLStore(AsyncServerStore):
    """Memories on a server that speaks MySQL's protocol, ranked in this process.

    Every transaction that writes first locks the row with the number of the last commit. So commits become
    visible in the order of their numbers, a reader that has seen one has seen all earlier ones, and no two
    transactions deadlock, which OceanBase takes long to detect. A switch of embedders blocks all writes.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        weights: the weights of the parts of a score.
        name: name of the store, for messages.
        cache_bytes: maximum memory for cached partitions.
        embedded: starts the server, if it is embedded in this program.
        most: maximum number of connections.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    _sql: MySQLSQL

    def __init__(
        self,
        driver: AsyncDriver,
        sql: MySQLSQL,
        weights: Weights,
        *,
        name: str = "mysql",
        cache_bytes: int = 1 << 30,
        embedded: EmbeddedSeekDB | None = None,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        super().__init__(
            driver,
            sql,
            PartitionLoader,
            weights,
            cache_bytes=cache_bytes,
            most=most,
            recycle=recycle,
            timeout=timeout,
        )
        self.name = name
        self._driver = driver
        self._embedded = embedded

    async def open(self) -> None:
        if self._embedded is not None:
            self._driver.server = await async_to_thread(self._embedded.start, self._driver.server)
        try:
            await super().open()
        except BaseException:
            await self._stop()
            raise

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            await self._stop()

    async def _stop(self) -> None:
        if self._embedded is not None:
            await async_to_thread(self._embedded.stop)

    def _prepare(self) -> Steps[None]:
        try:
            yield from self._sql.enter()
        except MissingTableError:
            # There is no row to lock yet. Several processes may create the schema at once; its statements
            # allow for that.
            return

    async def _search(self, request: SearchRequest) -> list[Hit]:
        hits = await self._searches.submit(request)
        assert hits is not None, "this server cannot search vectors"
        return hits
