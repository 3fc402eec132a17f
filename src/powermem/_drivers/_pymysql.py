"""MySQL's protocol for threads."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError
from ..installing import pip_install
from . import mysql
from .base import Server, Values, formatted

try:
    import pymysql
    from pymysql.constants import CLIENT
    from pymysql.constants.FIELD_TYPE import DECIMAL, NEWDECIMAL, VAR_STRING, VARCHAR
    from pymysql.converters import conversions
    from pymysql.cursors import Cursor
    from pymysql.err import MySQLError
except ImportError as error:
    raise ConfigError(f"this store needs the package pymysql; run: {pip_install('mysql')}") from error

_FAILURES = (MySQLError, OSError, EOFError, RuntimeError)
_CONVERSIONS = mysql.conversions(conversions, numbers=(DECIMAL, NEWDECIMAL), texts=(VAR_STRING, VARCHAR))

# A server that is gone is noticed at last by this; it stops a slow statement itself, and earlier.
_GRACE = 15.0


def adopt(connection: Any, server: Server) -> MySQLConnection:
    """Make a connection ours that the user's program has opened.

    Args:
        connection: of PyMySQL; nobody else uses it.
        server: what it leads to, and the settings that it is to have.

    Raises:
        ConfigError: it counts rows in a way that cannot be changed.
    """
    if connection.client_flag & CLIENT.FOUND_ROWS:
        connection.close()
        raise ConfigError(
            "conn: these connections count the rows that a statement finds instead of those that it changes "
            "(CLIENT.FOUND_ROWS, which SQLAlchemy sets); give a URL, or a function that calls pymysql.connect"
        )
    connection.cursorclass = Cursor
    connection.decoders = {kind: read for kind, read in _CONVERSIONS.items() if isinstance(kind, int)}
    connection.encoders = {kind: write for kind, write in _CONVERSIONS.items() if not isinstance(kind, int)}
    connection._binary_prefix = True
    adopted = MySQLConnection(connection, server)
    try:
        connection.commit()
        connection.autocommit(True)
        connection.set_character_set(mysql.CHARSET)
        _set_up(adopted, server)
    except _FAILURES as error:
        connection.close()
        raise mysql.refusal(error, server) from error
    except BaseException:
        connection.close()
        raise
    return adopted


class MySQLConnection:
    """A connection to MySQL, MariaDB, OceanBase or seekdb."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(formatted(sql), tuple(values))
                return int(cursor.rowcount)
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(formatted(sql), tuple(values))
                return list(cursor.fetchall())
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in as few trips as the driver can."""
        if not rows:
            return
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(formatted(sql), [tuple(row) for row in rows])
        except _FAILURES as error:
            raise mysql.translate(error, self._server) from error

    def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""
        self.execute("START TRANSACTION")

    def commit(self) -> None:
        """Make the transaction last."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction."""
        self.execute("ROLLBACK")

    def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""
        self._connection._force_close()


class MySQLDriver:
    """Opens connections with PyMySQL."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True

    def connect(self) -> MySQLConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us; the message says what to do.
        """
        server = self.server
        context = mysql.tls_context(server) if self._offers_tls else None
        try:
            raw = self._open(context)
        except _FAILURES as error:
            if context is None or mysql.must_encrypt(server) or mysql.was_answered(error):
                raise mysql.refusal(error, server) from error
            raw = self._open_plain()
        connection = MySQLConnection(raw, server)
        try:
            _set_up(connection, server)
            if mysql.must_encrypt(server):
                found = connection.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
                if not found or not found[0][1]:
                    raise mysql.not_encrypted(server)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_plain(self) -> Any:
        try:
            raw = self._open(None)
        except _FAILURES as error:
            raise mysql.refusal(error, self.server) from error
        self._offers_tls = False
        return raw

    def _open(self, context: ssl.SSLContext | None) -> Any:
        server = self.server
        raw: Any = pymysql.connect(
            host=server.host or None,
            port=server.port,
            unix_socket=server.socket or None,
            user=server.user,
            # PyMySQL encodes text as Latin-1, which not every password is.
            password=server.password.encode(),
            database=server.database or None,
            charset=mysql.CHARSET,
            autocommit=True,
            binary_prefix=True,
            connect_timeout=server.connect_timeout,
            read_timeout=server.statement_timeout + _GRACE if server.statement_timeout else None,
            ssl=context,
            ssl_disabled=context is None,
            conv=_CONVERSIONS,
            defer_connect=True,
        )
        raw.connect(_knock(server) if server.socket else None)
        return raw


def _set_up(connection: MySQLConnection, server: Server) -> None:
    # What the handshake says of seekdb does not tell it from MySQL.
    version = str((connection.fetch("SELECT version()"))[0][0])
    for statement in mysql.session(server, version):
        connection.execute(statement)


def _knock(server: Server) -> socket.socket:
    # Left to itself, PyMySQL forgets to close a socket on which nobody answers.
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.settimeout(server.connect_timeout)
        opened.connect(server.socket)
    except BaseException:
        opened.close()
        raise
    return opened
