"""PostgreSQL for tasks, with asyncpg."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from ..errors import ConfigError, StoreError
from .base import Server, Values, numbered

try:
    import asyncpg
except ImportError as error:
    raise ConfigError("this store needs the package asyncpg: pip install 'powermem[postgres]'") from error
from .postgres import postgres_error, session_settings, tls_context, unreachable

# Seconds that saying goodbye to the server may take.
_PARTING = 2.0


class AsyncPostgresDriver:
    """Opens connections to one server.

    Args:
        server: where it is.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    async def connect(self) -> AsyncPostgresConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        server = self.server
        try:
            connection = await asyncpg.connect(
                host=server.socket or server.host,
                port=server.port,
                user=server.user,
                # Given as text even when empty: asyncpg would look for one in the environment.
                password=server.password,
                database=server.database,
                timeout=server.connect_timeout,
                ssl=tls_context(server),
                server_settings=session_settings(server),
            )
        except asyncpg.PostgresError as error:
            raise postgres_error(error.sqlstate, str(error), server) from error
        except (OSError, asyncio.TimeoutError, asyncpg.InterfaceError, ValueError) as error:
            raise unreachable(server, error) from error
        return AsyncPostgresConnection(connection, server)


class AsyncPostgresConnection:
    """One connection, used by one task at a time."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""
        try:
            status: str = await self._connection.execute(numbered(sql), *values)
        except Exception as error:
            raise self._translate(error) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            return [tuple(row) for row in await self._connection.fetch(numbered(sql), *values)]
        except Exception as error:
            raise self._translate(error) from error

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in one trip."""
        try:
            await self._connection.executemany(numbered(sql), rows)
        except Exception as error:
            raise self._translate(error) from error

    async def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""
        await self.execute("BEGIN")

    async def commit(self) -> None:
        """Make the transaction last."""
        await self.execute("COMMIT")

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self.execute("ROLLBACK")

    async def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""
        connection = self._connection
        try:
            await connection.close(timeout=_PARTING)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError):
            # It is gone already, or busy with a statement that nobody waits for any more.
            connection.terminate()
            # The event loop closes the socket on its next turn.
            await asyncio.sleep(0)
        except BaseException:
            connection.terminate()
            raise

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, asyncpg.PostgresError):
            return postgres_error(error.sqlstate, str(error), self._server)
        if isinstance(error, (OSError, EOFError)) or self._connection.is_closed():
            return postgres_error(None, str(error) or type(error).__name__, self._server)
        if isinstance(error, asyncpg.InterfaceError):
            return StoreError(f"{self._server}: {error}")
        return error
