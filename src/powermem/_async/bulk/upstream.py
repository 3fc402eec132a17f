"""Read a table of powermem 1.1 on a database server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._core.sql.schema import check_collection
from ..._core.transfer.sources import Page, foreign_page
from ..._drivers.base import AsyncConnection
from ...config import resolve
from ...config.stores import PostgresConfig, ServerConfig
from ...errors import ConfigError, InvalidInputError
from ..stores.factory import build_driver
from .exporting import PAGE

if TYPE_CHECKING:
    from typing_extensions import Self

_FLAT = (
    "id",
    "document",
    "user_id",
    "agent_id",
    "run_id",
    "actor_id",
    "created_at",
    "updated_at",
    "category",
    "metadata",
)
"""Columns on OceanBase and MySQL; on PostgreSQL, everything but the id is JSON in one column."""


class AsyncUpstreamTable:
    """Reads the memories of powermem 1.1 from a server, without changing them.

    Args:
        section: the ``vector_store`` section with which 1.1 was configured.
        table: the name of the table, if not the section's ``collection_name``.

    Raises:
        ConfigError: the section is wrong, or names no server.
    """

    def __init__(self, section: Mapping[str, Any], table: str | None) -> None:
        settings = resolve({"vector_store": dict(section)})
        config = settings.store.config
        if not isinstance(config, ServerConfig):
            raise ConfigError(f"source: {settings.store.provider} is no server; give the path of the file")
        self._driver = build_driver(config)
        self._postgres = isinstance(config, PostgresConfig)
        self._table = check_collection(table or config.collection_name)
        self._after = -1
        self._query = ""

    async def __aenter__(self) -> Self:
        self._connection: AsyncConnection = await self._driver.connect()
        try:
            self._query = self._select(await self._columns())
        except BaseException:
            await self._connection.close()
            raise
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._connection.close()

    async def _columns(self) -> set[str]:
        here = "current_schema()" if self._postgres else "DATABASE()"
        found = await self._connection.fetch(
            f"SELECT column_name FROM information_schema.columns WHERE table_schema = {here} "
            "AND table_name = ?",
            (self._table,),
        )
        return {name for (name,) in found}

    def _select(self, columns: set[str]) -> str:
        if self._postgres and {"id", "payload"} <= columns:
            chosen, table = "id, CAST(payload AS text)", f'"{self._table}"'
        elif not self._postgres and columns >= {*_FLAT}:
            chosen, table = ", ".join(_FLAT), f"`{self._table}`"
        else:
            raise InvalidInputError(
                f"source: {self._driver.server}: {self._table} is no table of powermem 1.1; "
                f"its columns are: {', '.join(sorted(columns)) or 'none, it does not exist'}"
            )
        return f"SELECT {chosen} FROM {table} WHERE id > ? ORDER BY id LIMIT {PAGE}"

    async def take(self) -> Page:
        """Return the next memories by id."""
        rows = await self._connection.fetch(self._query, (self._after,))
        if rows:
            self._after = rows[-1][0]
        return foreign_page([(row[0], self._record(row)) for row in rows], last=len(rows) < PAGE)

    def _record(self, row: tuple[Any, ...]) -> dict[str, Any]:
        if self._postgres:
            return {"id": row[0], "payload": row[1]}
        record = dict(zip(_FLAT, row, strict=True))
        record["data"] = record.pop("document")
        return record
