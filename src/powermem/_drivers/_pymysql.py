"""MySQL's protocol for threads, with PyMySQL."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

from .._core.hints.extras import pip_install
from ..errors import ConfigError, StoreError
from . import literals, mysql
from .base import Limit, Server, Values, formatted, no_reply, not_unicode

try:
    import pymysql
    from pymysql.constants import CLIENT, CR
    from pymysql.constants.FIELD_TYPE import DECIMAL, NEWDECIMAL, VAR_STRING, VARCHAR
    from pymysql.converters import conversions
    from pymysql.cursors import Cursor
    from pymysql.err import MySQLError, OperationalError
except ImportError as error:
    raise ConfigError(f"this store needs the package pymysql; run: {pip_install('mysql')}") from error

_FAILURES = (MySQLError, OSError, EOFError, RuntimeError)
_CONVERSIONS = mysql.conversions(conversions, numbers=(DECIMAL, NEWDECIMAL), texts=(VAR_STRING, VARCHAR))

# Minimum number of bytes to request from the socket.
_PIECE = 1 << 16


def adopt(connection: Any, server: Server) -> MySQLConnection:
    """Take over a connection that the user's program opened.

    Args:
        connection: a PyMySQL connection that nothing else uses.
        server: the server that it connects to, and the settings to apply.

    Raises:
        ConfigError: the connection counts affected rows in a way that cannot be changed.
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
    adopted = MySQLConnection(connection, server)
    wire = adopted.wire
    try:
        with wire.within(server.connecting):
            connection.commit()
            connection.autocommit(True)
            connection.set_character_set(mysql.CHARSET)
            adopted.set_up()
    except _FAILURES as error:
        connection.close()
        if wire.expired is not None:
            raise no_reply(server, wire.expired) from error
        raise mysql.refusal(error, server) from error
    except BaseException:
        connection.close()
        raise
    return adopted


class _Wire:
    """Replaces the socket I/O of a PyMySQL connection to enforce a deadline for a whole exchange.

    PyMySQL's own timeouts start over with each received piece.

    Args:
        raw: the connection; idle.

    Attributes:
        expired: the limit that was exceeded, or ``None``.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._received = bytearray()
        self._until = 0.0
        self._limit: Limit | None = None
        self.expired: Limit | None = None
        raw._read_bytes = self._read
        raw._write_bytes = self._write

    @contextmanager
    def within(self, limit: Limit) -> Iterator[None]:
        """Close the connection if the block takes longer; a nested block keeps the outer limit."""
        if self._limit is not None:
            yield
            return
        self._limit = limit
        self._until = monotonic() + limit.seconds
        try:
            yield
        finally:
            self._limit = None

    def left(self) -> float:
        """Return the remaining seconds.

        Raises:
            TimeoutError: no time remains.
        """
        seconds = self._until - monotonic()
        if seconds <= 0:
            self.expired = self._limit
            raise TimeoutError("the server did not answer in time")
        return seconds

    def _read(self, size: int) -> bytes:
        received = self._received
        while len(received) < size:
            received += self._exchange(size - len(received))
        data = bytes(received[:size])
        del received[:size]
        return data

    def _exchange(self, size: int) -> bytes:
        raw = self._raw
        try:
            raw._sock.settimeout(self.left())
            data: bytes = raw._sock.recv(max(size, _PIECE))
        except OSError as error:
            self._note(error)
            raw._force_close()
            raise OperationalError(CR.CR_SERVER_LOST, f"lost while receiving ({error})") from error
        except BaseException:
            raw._force_close()
            raise
        if not data:
            raw._force_close()
            raise OperationalError(CR.CR_SERVER_LOST, "the server hung up")
        return data

    def _write(self, data: bytes) -> None:
        raw = self._raw
        try:
            raw._sock.settimeout(self.left())
            raw._sock.sendall(data)
        except OSError as error:
            self._note(error)
            raw._force_close()
            raise OperationalError(CR.CR_SERVER_GONE_ERROR, f"lost while sending ({error})") from error
        except BaseException:
            # An interrupt: part of the statement may have been sent, so the connection is unusable.
            raw._force_close()
            raise

    def _note(self, error: OSError) -> None:
        if isinstance(error, TimeoutError):
            self.expired = self._limit


class _Cursor(Cursor):  # type: ignore[misc]
    """A cursor that checks the size of each statement before sending it.

    Attributes:
        check: raises an error for a statement that is too large.
    """

    check: Callable[[str | bytes | bytearray], None]

    def _query(self, q: str | bytes | bytearray) -> Any:
        self.check(q)
        return super()._query(q)


def _escape(escape: Callable[..., str], value: Any, mapping: Any = None) -> str:
    return literals.binary(value) if isinstance(value, (bytes, bytearray)) else escape(value, mapping)


class MySQLConnection:
    """A connection to MySQL, MariaDB, OceanBase or seekdb; see ``Connection``."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server
        self.wire = _Wire(connection)
        connection.escape = partial(_escape, connection.escape)
        self._packet = mysql.MOST_AT_ONCE

    def execute(self, sql: str, values: Values = ()) -> int:
        return self._execute(sql, values, self._server.replying())

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        with self._cursor(self._server.replying()) as cursor:
            cursor.execute(formatted(sql), tuple(values))
            return list(cursor.fetchall())

    def execute_many(self, sql: str, rows: Sequence[Values]) -> int:
        if not rows:
            return 0
        with self._cursor(self._server.replying(len(rows))) as cursor:
            statements = literals.inserts(sql, rows, mysql.most_at_once(self._packet))
            if statements is None:
                cursor.executemany(formatted(sql), [tuple(row) for row in rows])
                return int(cursor.rowcount)
            count = 0
            for statement in statements:
                cursor.execute(statement)
                count += int(cursor.rowcount)
            return count

    def begin(self) -> None:
        self._execute("START TRANSACTION", (), self._server.ending("START TRANSACTION"))

    def commit(self) -> None:
        self._execute("COMMIT", (), self._server.ending("COMMIT"))

    def rollback(self) -> None:
        self._execute("ROLLBACK", (), self._server.ending("ROLLBACK"))

    def set_up(self) -> None:
        """Read the server's limits and set the session variables."""
        version, packet = self.fetch(mysql.STATE)[0]
        self._packet = int(packet)
        for statement in mysql.session(self._server, str(version)):
            self.execute(statement)
        if mysql.must_encrypt(self._server):
            found = self.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            if not found or not found[0][1]:
                raise mysql.not_encrypted(self._server)

    def ping(self) -> None:
        self._execute("SELECT 1", (), self._server.checking)

    def close(self) -> None:
        self._connection._force_close()

    def _execute(self, sql: str, values: Values, limit: Limit) -> int:
        with self._cursor(limit) as cursor:
            cursor.execute(formatted(sql), tuple(values))
            return int(cursor.rowcount)

    @contextmanager
    def _cursor(self, limit: Limit) -> Iterator[Any]:
        wire = self.wire
        try:
            with wire.within(limit), self._connection.cursor(_Cursor) as cursor:
                cursor.check = self._check
                cursor.max_stmt_length = mysql.most_at_once(self._packet)
                yield cursor
        except _FAILURES as error:
            if wire.expired is not None:
                raise no_reply(self._server, wire.expired) from error
            raise mysql.translate(error, self._server) from error
        except UnicodeEncodeError as error:
            raise not_unicode(self._server, error) from error

    def _check(self, query: str | bytes | bytearray) -> None:
        mysql.check_size(query, self._packet, self._server)


class MySQLDriver:
    """Opens connections with PyMySQL; see ``Driver``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._offers_tls = True

    def connect(self) -> MySQLConnection:
        server = self.server
        until = monotonic() + server.connect_timeout
        context = mysql.tls_context(server) if self._offers_tls else None
        try:
            connection = self._open(context, until)
        except _FAILURES as error:
            if context is None or mysql.must_encrypt(server) or mysql.was_answered(error):
                raise self._refusal(error) from error
            connection = self._open_plain(until)
        try:
            with connection.wire.within(_remaining(server, until)):
                connection.set_up()
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_plain(self, until: float) -> MySQLConnection:
        try:
            opened = self._open(None, until)
        except _FAILURES as error:
            raise self._refusal(error) from error
        self._offers_tls = False
        return opened

    def _refusal(self, error: BaseException) -> StoreError:
        server = self.server
        below = getattr(error, "original_exception", None) or error.__cause__ or error
        if isinstance(below, TimeoutError):
            return no_reply(server, server.connecting)
        return mysql.refusal(error, server)

    def _open(self, context: ssl.SSLContext | None, until: float) -> MySQLConnection:
        server = self.server
        raw: Any = pymysql.connect(
            host=server.host or None,
            port=server.port,
            unix_socket=server.socket or None,
            user=server.user,
            # As bytes: PyMySQL would encode a string as Latin-1, which cannot represent every password.
            password=server.password.encode(),
            database=server.database or None,
            charset=mysql.CHARSET,
            autocommit=True,
            connect_timeout=server.connect_timeout,
            ssl=context,
            ssl_disabled=context is None,
            conv=_CONVERSIONS,
            defer_connect=True,
        )
        connection = MySQLConnection(raw, server)
        with connection.wire.within(_remaining(server, until)):
            raw.connect_timeout = connection.wire.left()
            raw.connect(_open_socket(server, raw.connect_timeout) if server.socket else None)
        return connection


def _remaining(server: Server, until: float) -> Limit:
    limit = server.connecting
    return Limit(limit.what, until - monotonic(), limit.setting)


def _open_socket(server: Server, seconds: float) -> socket.socket:
    # PyMySQL does not close a Unix socket that it failed to connect.
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.settimeout(seconds)
        opened.connect(server.socket)
    except BaseException:
        opened.close()
        raise
    return opened
