"""MySQL's protocol for tasks, with asyncmy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from .._core.hints.extras import pip_install
from ..errors import ConfigError
from . import literals, mysql
from .base import Limit, Server, Values, Watch, formatted, no_reply, not_unicode

try:
    from asyncmy.connection import Connection
    from asyncmy.constants.FIELD_TYPE import DECIMAL, NEWDECIMAL, VAR_STRING, VARCHAR
    from asyncmy.converters import conversions
    from asyncmy.cursors import Cursor
    from asyncmy.errors import MySQLError
except ImportError as error:
    raise ConfigError(f"this store needs the package asyncmy; run: {pip_install('mysql')}") from error

_FAILURES = (MySQLError, OSError, EOFError, asyncio.TimeoutError, RuntimeError)
_CONVERSIONS = mysql.conversions(conversions, numbers=(DECIMAL, NEWDECIMAL), texts=(VAR_STRING, VARCHAR))

# Typed as Any: the package's own annotations are missing or incomplete.
_CONNECTION: Any = Connection
_CURSOR: Any = Cursor


class _Connection(_CONNECTION):  # type: ignore[misc]
    """A connection that writes bytes as `literals.binary`."""

    def escape(self, value: Any, mapping: Any = None) -> Any:
        if isinstance(value, (bytes, bytearray)):
            return literals.binary(value)
        return super().escape(value, mapping)


# COM_QUIT as the first packet of a command. Without it, the server logs an aborted connection.
_QUIT = b"\x01\x00\x00\x00\x01"


class _Cursor(_CURSOR):  # type: ignore[misc]
    """A cursor that checks the size of each statement before sending it.

    Attributes:
        check: raises an error for a statement that is too large.
    """

    check: Callable[[str | bytes], None]

    async def _query(self, q: str | bytes) -> Any:
        self.check(q)
        return await super()._query(q)


class AsyncMySQLConnection:
    """A connection to MySQL, MariaDB, OceanBase or seekdb; see ``AsyncConnection``."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server
        self._packet = mysql.MOST_AT_ONCE
        self._watch = Watch(partial(_abort, connection))

    async def execute(self, sql: str, values: Values = ()) -> int:
        return await self._execute(sql, values, self._server.replying())

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        async with self._cursor(self._server.replying()) as cursor:
            await cursor.execute(formatted(sql), tuple(values))
            return list(await cursor.fetchall())

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> int:
        if not rows:
            return 0
        async with self._cursor(self._server.replying(len(rows))) as cursor:
            statements = literals.inserts(sql, rows, mysql.most_at_once(self._packet))
            if statements is None:
                await cursor.executemany(formatted(sql), [tuple(row) for row in rows])
                return int(cursor.rowcount)
            count = 0
            for statement in statements:
                await cursor.execute(statement)
                count += int(cursor.rowcount)
            return count

    async def begin(self) -> None:
        await self._execute("START TRANSACTION", (), self._server.ending("START TRANSACTION"))

    async def commit(self) -> None:
        await self._execute("COMMIT", (), self._server.ending("COMMIT"))

    async def rollback(self) -> None:
        await self._execute("ROLLBACK", (), self._server.ending("ROLLBACK"))

    async def set_up(self) -> None:
        """Read the server's limits and set the session variables."""
        version, packet = (await self.fetch(mysql.STATE))[0]
        self._packet = int(packet)
        for statement in mysql.session(self._server, str(version)):
            await self.execute(statement)
        if mysql.must_encrypt(self._server):
            found = await self.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            if not found or not found[0][1]:
                raise mysql.not_encrypted(self._server)

    async def ping(self) -> None:
        await self._execute("SELECT 1", (), self._server.checking)

    async def close(self) -> None:
        self._watch.stop()
        raw = self._connection
        transport = raw._transport
        if transport is not None and not transport.is_closing():
            transport.write(_QUIT)
        await _hang_up(raw)

    async def _execute(self, sql: str, values: Values, limit: Limit) -> int:
        async with self._cursor(limit) as cursor:
            await cursor.execute(formatted(sql), tuple(values))
            return int(cursor.rowcount)

    @asynccontextmanager
    async def _cursor(self, limit: Limit) -> AsyncIterator[Any]:
        try:
            with self._watch.within(limit):
                async with self._connection.cursor(_Cursor) as cursor:
                    cursor.check = self._check
                    cursor.max_stmt_length = mysql.most_at_once(self._packet)
                    yield cursor
        except _FAILURES as error:
            if self._watch.expired is not None:
                raise no_reply(self._server, self._watch.expired) from error
            raise mysql.translate(error, self._server) from error
        except UnicodeEncodeError as error:
            raise not_unicode(self._server, error) from error

    def _check(self, query: str | bytes) -> None:
        mysql.check_size(query, self._packet, self._server)


def _abort(raw: Any) -> None:
    """Close the socket at once; an orderly end of TLS would wait for the server, which may be gone."""
    protocol = raw._proto
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()


async def _hang_up(raw: Any) -> None:
    """Close the socket and wait until it is closed."""
    protocol = raw._proto
    raw.close()
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()
        await protocol.wait_closed()


class AsyncMySQLDriver:
    """Opens connections with asyncmy; see ``AsyncDriver``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True

    async def connect(self) -> AsyncMySQLConnection:
        limit = self.server.connecting
        try:
            return await asyncio.wait_for(self._connect(), limit.seconds)
        except asyncio.TimeoutError as error:
            raise no_reply(self.server, limit) from error

    async def _connect(self) -> AsyncMySQLConnection:
        server = self.server
        context = mysql.tls_context(server) if self._offers_tls else None
        try:
            raw = await self._open(context)
        except _FAILURES as error:
            if context is None or mysql.must_encrypt(server) or mysql.was_answered(error):
                raise mysql.refusal(error, server) from error
            raw = await self._open_plain()
        connection = AsyncMySQLConnection(raw, server)
        try:
            await connection.set_up()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _open_plain(self) -> Any:
        try:
            raw = await self._open(None)
        except _FAILURES as error:
            raise mysql.refusal(error, self.server) from error
        self._offers_tls = False
        return raw

    async def _open(self, context: ssl.SSLContext | None) -> Any:
        server = self.server
        raw = _Connection(
            host=server.host or None,
            port=server.port,
            unix_socket=server.socket or None,
            user=server.user,
            # As bytes: asyncmy would encode a string as Latin-1, which cannot represent every password.
            password=server.password.encode(),
            database=server.database or None,
            charset=mysql.CHARSET,
            autocommit=True,
            # Never reached first: `connect` limits the whole of connecting.
            connect_timeout=server.connect_timeout + 1,
            ssl=context,
            conv=_CONVERSIONS,
        )
        try:
            await raw.connect()
        except BaseException:
            await _hang_up(raw)
            raise
        return raw
