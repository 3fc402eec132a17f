"""PostgreSQL for tasks, with asyncpg."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from .._core.hints.extras import pip_install
from ..errors import ConfigError, StoreError
from .base import Limit, Server, Values, no_reply, not_unicode, numbered

try:
    import asyncpg
except ImportError as error:
    raise ConfigError(f"this store needs the package asyncpg; run: {pip_install('postgres')}") from error
from . import postgres
from .base import Watch

# Seconds allowed for an orderly disconnect.
_CLOSE_TIMEOUT = 2.0
_SCHEMA_OF_VECTOR = (
    "SELECT nspname FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace "
    "WHERE t.oid = to_regtype('vector')"
)
# Iterations of the event loop until a socket that asyncpg dropped is closed.
_CLOSING_ITERATIONS = 3


class AsyncPostgresDriver:
    """Opens connections with asyncpg; see ``AsyncDriver``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True
        self.pooling = postgres.Pooling(server)

    async def connect(self) -> AsyncPostgresConnection:
        until = asyncio.get_running_loop().time() + self.server.connect_timeout
        connection = await self._connect(until)
        if not self.pooling.known:
            try:
                direct = await connection.is_direct(_left(until))
            except BaseException:
                await connection.close()
                raise
            self.pooling.learn(direct=direct)
            if not direct:
                # It has statements and settings in a session that the pooler will give to another client.
                await connection.close()
                return await self._connect(until)
        return connection

    async def _connect(self, until: float) -> AsyncPostgresConnection:
        """Try to connect with each acceptable TLS context, as libpq does."""
        server = self.server
        contexts = self._contexts()
        # Whatever fails here, the next call tries all contexts again.
        self._offers_tls = True
        while True:
            context = contexts[0]
            try:
                connection = await self._open(context, _left(until))
            except asyncpg.PostgresError as error:
                # A pooler that rejects the session settings is met without them.
                if postgres.refuses_settings(str(error)) and self.pooling.learn(direct=False):
                    continue
                # pg_hba.conf may admit this account only with TLS, or only without.
                if not (len(contexts) > 1 and error.sqlstate == postgres.NOT_ADMITTED):
                    raise postgres.translate(error.sqlstate, str(error), server, opening=True) from error
            except asyncio.TimeoutError as error:
                raise no_reply(server, server.connecting) from error
            except (OSError, asyncpg.InterfaceError, ValueError) as error:
                if not (len(contexts) > 1 and isinstance(error, (ssl.SSLError, ConnectionError))):
                    raise postgres.unreachable(server, error) from error
            else:
                self._offers_tls = context is not None or server.tls != "prefer"
                return AsyncPostgresConnection(connection, server, self.pooling)
            contexts.pop(0)

    def _contexts(self) -> list[ssl.SSLContext | None]:
        """Return the TLS contexts to try, in order; ``None`` stands for no TLS."""
        context = postgres.tls_context(self.server)
        if context is None or not self._offers_tls:
            return [None]
        return {"allow": [None, context], "prefer": [context, None]}.get(self.server.tls, [context])

    async def _open(self, context: ssl.SSLContext | None, seconds: float) -> Any:
        server, pooled = self.server, self.pooling.on
        try:
            return await asyncpg.connect(
                host=server.socket or server.host,
                port=server.port,
                user=server.user,
                # Passed even if empty: for None, asyncpg would look in the environment.
                password=server.password,
                database=server.database,
                timeout=seconds,
                ssl=context or "disable",
                server_settings=postgres.STARTUP
                if pooled
                else {**postgres.STARTUP, **postgres.session_settings(server)},
                # Without a cache, statements have no names, which the pooler's next session would not know.
                **({"statement_cache_size": 0} if pooled else {}),
            )
        except BaseException:
            # asyncpg leaves closing the socket to the event loop, which may end right after this error.
            for _ in range(_CLOSING_ITERATIONS):
                await asyncio.sleep(0)
            raise


class AsyncPostgresConnection:
    """A connection of asyncpg; see ``AsyncConnection``."""

    def __init__(self, connection: Any, server: Server, pooling: postgres.Pooling) -> None:
        self._connection = connection
        self._server = server
        self._pooling = pooling
        self._pooled = pooling.on
        self._takes_vectors = False
        self._watch = Watch(connection.terminate)
        self._guard = _Guard(self._watch, self._translate)

    async def execute(self, sql: str, values: Values = ()) -> int:
        return await self._execute(sql, values, self._server.replying())

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        if self._pooled and not self._connection.is_in_transaction():
            return await self._fetch_alone(sql, values)

        with self._guard.within(self._server.replying()):
            if not self._takes_vectors:
                await self._register_vectors(sql)
            return [*map(tuple, await self._connection.fetch(numbered(sql), *values))]

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> int | None:
        if len(rows) == 1:
            return await self.execute(sql, rows[0])
        insert = postgres.insert_of_many(sql)
        with self._guard.within(self._server.replying(len(rows))):
            if not self._takes_vectors:
                await self._register_vectors(sql)
            if insert is None:
                await self._connection.executemany(numbered(sql), rows)
                return None
            statement, count = numbered(insert.sql), 0
            for columns in insert.portions(rows):
                count += _changed(await self._connection.execute(statement, *columns))
            return count

    async def begin(self) -> None:
        await self._execute(self._pooling.begin, (), self._server.ending("BEGIN"))

    async def commit(self) -> None:
        await self._execute("COMMIT", (), self._server.ending("COMMIT"))

    async def rollback(self) -> None:
        await self._execute("ROLLBACK", (), self._server.ending("ROLLBACK"))

    async def is_direct(self, seconds: float) -> bool:
        """Return whether there is no pooler between this connection and the server."""

        limit = self._server.connecting
        with self._guard.within(Limit(limit.what, seconds, limit.setting)):
            # An unnamed statement leaves nothing behind in a session that may be shared.
            statement = await self._connection.prepare(postgres.BACKEND, name="")
            return bool(await statement.fetchval() == self._connection.get_server_pid())

    async def ping(self) -> None:
        await self._execute("SELECT 1", (), self._server.checking)

    async def close(self) -> None:
        self._watch.stop()
        connection = self._connection
        try:
            await connection.close(timeout=_CLOSE_TIMEOUT)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError):
            # Broken already, or busy with a statement whose caller was cancelled.
            connection.terminate()
            # The event loop closes the socket in its next iteration.
            await asyncio.sleep(0)
        except BaseException:
            connection.terminate()
            raise

    async def _fetch_alone(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        """Run a query in its own transaction, which applies the session settings."""
        await self.begin()
        try:
            rows = await self.fetch(sql, values)
        except StoreError:
            if not self._connection.is_closed():
                with contextlib.suppress(StoreError):
                    await self.rollback()
            raise
        await self.commit()
        return rows

    async def _execute(self, sql: str, values: Values, limit: Limit) -> int:
        with self._guard.within(limit):
            if not self._takes_vectors:
                await self._register_vectors(sql)
            return _changed(await self._connection.execute(numbered(sql), *values))

    async def _register_vectors(self, sql: str) -> None:
        """Set asyncpg's codec for vectors before the first one; the extension must exist by then."""
        if "?::vector" not in sql:
            return
        schema = await self._connection.fetchval(_SCHEMA_OF_VECTOR)
        await self._connection.set_type_codec(
            "vector", schema=schema, encoder=bytes, decoder=bytes, format="binary"
        )
        self._takes_vectors = True

    def _translate(self, error: Exception) -> Exception:
        if self._watch.expired is not None:
            return no_reply(self._server, self._watch.expired)
        if isinstance(error, asyncpg.PostgresError):
            if not self._pooled and postgres.was_pooled(error.sqlstate):
                self._pooling.learn(direct=False)
                if self._pooling.on:
                    return self._pooling.found(str(error))
            return postgres.translate(error.sqlstate, str(error), self._server)
        if isinstance(error, (OSError, EOFError)) or self._connection.is_closed():
            return postgres.translate(None, str(error) or type(error).__name__, self._server)
        if isinstance(error, UnicodeEncodeError):
            return not_unicode(self._server, error)
        if isinstance(error, asyncpg.InterfaceError):
            return StoreError(f"{self._server}: {error}")
        return error


class _Guard:
    """Limits the time of an operation of a connection, and translates its error.

    Args:
        watch: aborts the connection.
        translate: returns our error for one of asyncpg's.
    """

    __slots__ = ("_translate", "_watch")

    def __init__(self, watch: Watch, translate: Callable[[Exception], Exception]) -> None:
        self._watch = watch
        self._translate = translate

    def within(self, limit: Limit) -> _Guard:
        """Return this, to be entered for the operation."""
        self._watch.within(limit)
        return self

    def __enter__(self) -> None:
        self._watch.__enter__()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._watch.__exit__()
        if isinstance(error, Exception):
            raise self._translate(error) from error


def _changed(status: str) -> int:
    """Return the number of rows that a statement changed, by what the server calls its end."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


def _left(until: float) -> float:
    """Return the seconds until a deadline; never 0, which asyncpg rejects as a timeout."""
    return max(until - asyncio.get_running_loop().time(), 0.001)
