"""MySQL's protocol for tasks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError
from ..installing import pip_install
from . import mysql
from .base import Server, Values, formatted

try:
    from asyncmy.connection import Connection
    from asyncmy.constants.FIELD_TYPE import DECIMAL, NEWDECIMAL, VAR_STRING, VARCHAR
    from asyncmy.converters import conversions
    from asyncmy.errors import MySQLError
except ImportError as error:
    raise ConfigError(f"this store needs the package asyncmy; run: {pip_install('mysql')}") from error

_FAILURES = (MySQLError, OSError, EOFError, asyncio.TimeoutError, RuntimeError)
_CONVERSIONS = mysql.conversions(conversions, numbers=(DECIMAL, NEWDECIMAL), texts=(VAR_STRING, VARCHAR))

# Typed as anything: the package declares its constructor without types.
_CONNECTION: Any = Connection

# A server that is gone is noticed at last by this; it stops a slow statement itself, and earlier.
_GRACE = 15.0

# COM_QUIT as the first packet of a command; without it the server notes an aborted connection.
_QUIT = b"\x01\x00\x00\x00\x01"


class AsyncMySQLConnection:
    """A connection to MySQL, MariaDB, OceanBase or seekdb."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""
        try:
            async with self._connection.cursor() as cursor:
                await cursor.execute(formatted(sql), tuple(values))
                return int(cursor.rowcount)
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            async with self._connection.cursor() as cursor:
                await cursor.execute(formatted(sql), tuple(values))
                return list(await cursor.fetchall())
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in as few trips as the driver can."""
        if not rows:
            return
        try:
            async with self._connection.cursor() as cursor:
                await cursor.executemany(formatted(sql), [tuple(row) for row in rows])
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    async def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""
        await self.execute("START TRANSACTION")

    async def commit(self) -> None:
        """Make the transaction last."""
        await self.execute("COMMIT")

    async def rollback(self) -> None:
        """Undo the transaction."""
        await self.execute("ROLLBACK")

    async def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""
        raw = self._connection
        transport = raw._transport
        if transport is not None and not transport.is_closing():
            transport.write(_QUIT)
        await _hang_up(raw)


async def _hang_up(raw: Any) -> None:
    """Close the socket now, whatever the other side does."""
    protocol = raw._proto
    raw.close()
    if protocol is not None and protocol.transport is not None:
        # With TLS, an orderly end waits for the other side, which may be busy with a statement, or gone.
        protocol.transport.abort()
        await protocol.wait_closed()


class AsyncMySQLDriver:
    """Opens connections with asyncmy."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True

    async def connect(self) -> AsyncMySQLConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us; the message says what to do.
        """
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
            # What the handshake says of seekdb does not tell it from MySQL.
            version = str((await connection.fetch("SELECT version()"))[0][0])
            for statement in mysql.session(server, version):
                await connection.execute(statement)
            if mysql.must_encrypt(server):
                found = await connection.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
                if not found or not found[0][1]:
                    raise mysql.not_encrypted(server)
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
        raw = _CONNECTION(
            host=server.host or None,
            port=server.port,
            unix_socket=server.socket or None,
            user=server.user,
            # asyncmy encodes text as Latin-1, which not every password is.
            password=server.password.encode(),
            database=server.database or None,
            charset=mysql.CHARSET,
            autocommit=True,
            binary_prefix=True,
            connect_timeout=server.connect_timeout,
            read_timeout=server.statement_timeout + _GRACE if server.statement_timeout else None,
            ssl=context,
            conv=_CONVERSIONS,
        )
        try:
            await raw.connect()
        except BaseException:
            await _hang_up(raw)
            raise
        return raw
