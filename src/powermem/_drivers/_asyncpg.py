"""PostgreSQL for tasks, with asyncpg."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError, StoreError
from ..installing import pip_install
from ..sql.postgres import Vector
from .base import Server, Values, numbered

try:
    import asyncpg
except ImportError as error:
    raise ConfigError(f"this store needs the package asyncpg; run: {pip_install('postgres')}") from error
from .postgres import NOT_ADMITTED, postgres_error, session_settings, tls_context, unreachable

# Seconds that saying goodbye to the server may take.
_PARTING = 2.0
_SCHEMA_OF_VECTOR = (
    "SELECT nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
    "WHERE t.oid = to_regtype('vector')"
)
# So often the event loop has to come around until a socket is closed.
_TURNS = 3


class AsyncPostgresDriver:
    """Opens connections to one server.

    Args:
        server: where it is.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True

    async def connect(self) -> AsyncPostgresConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        server = self.server
        contexts = self._contexts()
        # Whoever is refused begins anew the next time.
        self._offers_tls = True
        while True:
            context = contexts.pop(0)
            try:
                connection = await self._open(context)
            except asyncpg.PostgresError as error:
                # The server may want the other way of talking from this account.
                if not (contexts and error.sqlstate == NOT_ADMITTED):
                    raise postgres_error(error.sqlstate, str(error), server) from error
            except (OSError, asyncio.TimeoutError, asyncpg.InterfaceError, ValueError) as error:
                if not (contexts and isinstance(error, (ssl.SSLError, ConnectionError))):
                    raise unreachable(server, error) from error
            else:
                self._offers_tls = context is not None or server.tls != "prefer"
                return AsyncPostgresConnection(connection, server)

    def _contexts(self) -> list[ssl.SSLContext | None]:
        """Return how to talk to the server, in the order in which to try."""
        context = tls_context(self.server)
        if context is None or not self._offers_tls:
            return [None]
        return {"allow": [None, context], "prefer": [context, None]}.get(self.server.tls, [context])

    async def _open(self, context: ssl.SSLContext | None) -> Any:
        server = self.server
        try:
            return await asyncpg.connect(
                host=server.socket or server.host,
                port=server.port,
                user=server.user,
                # Given as text even when empty: asyncpg would look for one in the environment.
                password=server.password,
                database=server.database,
                timeout=server.connect_timeout,
                ssl=context or "disable",
                server_settings=session_settings(server),
            )
        except BaseException:
            # asyncpg closes the socket of a server that refused us, and leaves it to the event loop.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            raise


class AsyncPostgresConnection:
    """One connection, used by one task at a time."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server
        self._takes_vectors = False

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""
        try:
            await self._expect([values])
            status: str = await self._connection.execute(numbered(sql), *values)
        except Exception as error:
            raise self._translate(error) from error
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            await self._expect([values])
            return [tuple(row) for row in await self._connection.fetch(numbered(sql), *values)]
        except Exception as error:
            raise self._translate(error) from error

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in one trip."""
        try:
            await self._expect(rows)
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

    async def _expect(self, rows: Sequence[Values]) -> None:
        """Tell asyncpg how vectors are written, before the first one; the extension has to exist by then."""
        if self._takes_vectors or not any(type(value) is Vector for row in rows for value in row):
            return
        schema = await self._connection.fetchval(_SCHEMA_OF_VECTOR)
        await self._connection.set_type_codec(
            "vector", schema=schema, encoder=bytes, decoder=bytes, format="binary"
        )
        self._takes_vectors = True

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, asyncpg.PostgresError):
            return postgres_error(error.sqlstate, str(error), self._server)
        if isinstance(error, (OSError, EOFError)) or self._connection.is_closed():
            return postgres_error(None, str(error) or type(error).__name__, self._server)
        if isinstance(error, asyncpg.InterfaceError):
            return StoreError(f"{self._server}: {error}")
        return error
