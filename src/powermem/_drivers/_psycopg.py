"""PostgreSQL for threads, with psycopg."""

from __future__ import annotations

import contextlib
import math
import selectors
import ssl
from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any

from .._core.hints.extras import pip_install
from .._core.sql.postgres_values import Array, Vector
from ..errors import ConfigError, StoreError
from .base import Limit, Server, Values, formatted, no_reply, not_unicode

try:
    import psycopg
    from psycopg.adapt import Dumper
    from psycopg.pq import Format, TransactionStatus
    from psycopg.rows import tuple_row
except ImportError as error:
    raise ConfigError(f"this store needs the package psycopg; run: {pip_install('postgres')}") from error
from . import postgres

# Seconds allowed for cancelling a statement on the server.
_CANCEL_TIMEOUT = 1.0
_TYPE_OF_VECTOR = "SELECT oid, typarray FROM pg_type WHERE oid = to_regtype('vector')"
# Windows has no poll().
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class PostgresDriver:
    """Opens connections with psycopg; see ``Driver``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.pooling = postgres.Pooling(server)

    def connect(self) -> PostgresConnection:
        until = monotonic() + self.server.connect_timeout
        connection = self._connect()
        if not self.pooling.known:
            try:
                direct = connection.is_direct(until - monotonic())
            except BaseException:
                connection.close()
                raise
            self.pooling.learn(direct=direct)
            if not direct:
                # It has settings in a session that the pooler will give to another client.
                connection.close()
                return self._connect()
        return connection

    def _connect(self) -> PostgresConnection:
        server = self.server
        # Checks the certificate files: libpq reports an unreadable file like a server without TLS.
        postgres.tls_context(server)
        while True:
            try:
                raw = self._open()
            except psycopg.Error as error:
                if postgres.refuses_settings(str(error)) and self.pooling.learn(direct=False):
                    continue
                raise _refusal(error, server) from error
            return PostgresConnection(raw, server, self.pooling)

    def _open(self) -> Any:
        server = self.server
        files: dict[str, Any] = {
            "sslrootcert": server.ca or _trusted(server),
            "sslcert": server.certificate,
            "sslkey": server.key,
        }
        given: dict[str, Any] = {**postgres.STARTUP, **{name: path for name, path in files.items() if path}}
        if not self.pooling.on:
            settings = postgres.session_settings(server).items()
            given["options"] = " ".join(f"-c {name}={_escaped(value)}" for name, value in settings)
        return psycopg.connect(
            host=server.socket or server.host,
            port=server.port,
            user=server.user,
            password=server.password or None,
            dbname=server.database,
            # libpq takes whole seconds, at least two.
            connect_timeout=max(2, math.ceil(server.connect_timeout)),
            sslmode="disable" if server.socket else server.tls,
            autocommit=True,
            **given,
        )


def adopt(connection: Any, server: Server) -> PostgresConnection:
    """Take over a connection that the user's program opened.

    Args:
        connection: a psycopg connection that nothing else uses.
        server: the server that it connects to, and the settings to apply.
    """
    pooling = postgres.Pooling(server)
    adopted = PostgresConnection(connection, server, pooling)
    try:
        adopted.waiter.allow(server.connecting)
        # Keeps what the program set on it inside a transaction.
        connection.commit()
        connection.autocommit = True
        connection.row_factory = tuple_row
        connection.cursor_factory = psycopg.Cursor
        if not pooling.known:
            pooling.learn(direct=adopted.is_direct(server.connect_timeout))
        if pooling.on:
            # Each transaction brings its settings; set on the session, they would reach other clients.
            return PostgresConnection(connection, server, pooling)
        settings = {
            "client_encoding": postgres.STARTUP["client_encoding"],
            **postgres.session_settings(server),
        }
        calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
        adopted.waiter.allow(server.connecting)
        connection.execute(f"SELECT {calls}", [part for pair in settings.items() for part in pair])
    except psycopg.Error as error:
        adopted.close()
        if adopted.waiter.expired is not None:
            raise no_reply(server, adopted.waiter.expired) from error
        raise _refusal(error, server) from error
    except BaseException:
        adopted.close()
        raise
    return adopted


class PostgresConnection:
    """A connection of psycopg; see ``Connection``."""

    def __init__(self, connection: Any, server: Server, pooling: postgres.Pooling) -> None:
        self._connection = connection
        self._server = server
        self._pooling = pooling
        self._pooled = pooling.on
        self.waiter = _Waiter(connection)
        connection.adapters.register_dumper(Vector, _VectorDumper)
        connection.adapters.register_dumper(Array, _ArrayDumper)
        if self._pooled:
            # The next transaction may run in another session, which lacks the prepared statement.
            connection.prepare_threshold = None

    def execute(self, sql: str, values: Values = ()) -> int:
        return self._execute(sql, values, self._server.replying())

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        if self._pooled and self._connection.pgconn.transaction_status == TransactionStatus.IDLE:
            return self._fetch_alone(sql, values)
        with self._translating(self._server.replying()):
            rows: list[tuple[Any, ...]] = self._connection.execute(
                formatted(sql), values or None, binary=True
            ).fetchall()
            return rows

    def execute_many(self, sql: str, rows: Sequence[Values]) -> int | None:
        if len(rows) == 1:
            return self.execute(sql, rows[0])
        insert = postgres.insert_of_many(sql)
        with self._translating(self._server.replying(len(rows))):
            if insert is None:
                self._connection.cursor().executemany(formatted(sql), rows)
                return None
            self._learn_vectors(sql)
            statement, count = formatted(insert.sql), 0
            for columns in insert.portions(rows):
                count += self._connection.execute(statement, columns).rowcount
            return count

    def begin(self) -> None:
        self._execute(self._pooling.begin, (), self._server.ending("BEGIN"))

    def commit(self) -> None:
        self._execute("COMMIT", (), self._server.ending("COMMIT"))

    def rollback(self) -> None:
        self._execute("ROLLBACK", (), self._server.ending("ROLLBACK"))

    def is_direct(self, seconds: float) -> bool:
        """Return whether there is no pooler between this connection and the server."""
        limit = self._server.connecting
        with self._translating(Limit(limit.what, seconds, limit.setting)):
            found = self._connection.execute(postgres.BACKEND, prepare=False).fetchall()
            return bool(found[0][0] == self._connection.pgconn.backend_pid)

    def ping(self) -> None:
        self._execute("SELECT 1", (), self._server.checking)

    def close(self) -> None:
        # Closing a broken connection may fail, but leaves it closed.
        with contextlib.suppress(psycopg.Error, OSError):
            self._connection.close()

    def _fetch_alone(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        """Run a query in its own transaction, which applies the session settings."""
        self.begin()
        try:
            rows = self.fetch(sql, values)
        except StoreError:
            if not self._connection.closed:
                with contextlib.suppress(StoreError):
                    self.rollback()
            raise
        self.commit()
        return rows

    def _learn_vectors(self, sql: str) -> None:
        """Ask for the number of the type of vectors before the first array of them."""
        if "?::vector" in sql and self._connection.adapters.types.get("vector") is None:
            (found,) = self._connection.execute(_TYPE_OF_VECTOR).fetchall()
            self._connection.adapters.types.add(psycopg.types.TypeInfo("vector", *found))

    def _execute(self, sql: str, values: Values, limit: Limit) -> int:
        with self._translating(limit):
            count: int = self._connection.execute(formatted(sql), values or None).rowcount
            return max(count, 0)

    @contextlib.contextmanager
    def _translating(self, limit: Limit) -> Iterator[None]:
        try:
            self.waiter.allow(limit)
            yield
        except psycopg.Error as error:
            raise self._translate(error) from error
        except UnicodeEncodeError as error:
            raise not_unicode(self._server, error) from error

    def _translate(self, error: psycopg.Error) -> Exception:
        if self.waiter.expired is not None:
            return no_reply(self._server, self.waiter.expired)
        if not self._pooled and postgres.was_pooled(error.sqlstate):
            self._pooling.learn(direct=False)
            if self._pooling.on:
                return self._pooling.found(str(error))
        broken = self._connection.closed
        return postgres.translate(error.sqlstate or (None if broken else "XX000"), str(error), self._server)


class _Waiter:
    """Replaces the ``wait`` of a psycopg connection, which has no deadline.

    An interrupt closes the connection; psycopg itself would wait for the server once more.

    Args:
        connection: a psycopg connection.

    Attributes:
        expired: the limit that was exceeded, or ``None``.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._until = 0.0
        self._limit: Limit | None = None
        self.expired: Limit | None = None
        # Kept, since making one takes longer than using it. It holds no file.
        self._selector = _Selector()
        self._awaited: tuple[int, int] | None = None
        connection.wait = self._wait

    def allow(self, limit: Limit) -> None:
        """Stop waiting and close the connection if what follows takes longer."""
        self._until = monotonic() + limit.seconds
        self._limit = limit

    def _wait(self, steps: Any, *options: Any, **more: Any) -> Any:
        """Run a generator of psycopg, which yields the I/O it waits for and is sent what is ready."""
        del options, more
        pgconn = self._connection.pgconn
        try:
            wanted = next(steps)
            while True:
                ready = self._ready(pgconn.socket, int(wanted), self._until - monotonic())
                if not ready:
                    self.expired = self._limit
                    pgconn.finish()
                    raise psycopg.OperationalError("the server did not answer in time")
                wanted = steps.send(ready)
        except StopIteration as end:
            return end.value
        except BaseException as error:
            if not isinstance(error, Exception):
                self._cancel()
                pgconn.finish()
            # Its cleanup uses the connection, which may be gone by the time it is garbage-collected.
            with contextlib.suppress(psycopg.Error):
                steps.close()
            raise

    def _ready(self, descriptor: int, wanted: int, seconds: float) -> int:
        """Wait for a socket; return which of the wanted directions are ready, 0 after ``seconds``."""
        if self._awaited != (descriptor, wanted):
            if self._awaited is not None:
                self._selector.unregister(self._awaited[0])
            # psycopg uses the same flags as the module selectors.
            self._selector.register(descriptor, wanted)
            self._awaited = (descriptor, wanted)
        found = self._selector.select(max(seconds, 0))
        return found[0][1] if found else 0

    def _cancel(self) -> None:
        """Cancel the running statement, so that it does not hold locks on the server."""
        active = self._connection.pgconn.transaction_status == TransactionStatus.ACTIVE
        if active and psycopg.capabilities.has_cancel_safe():
            with contextlib.suppress(psycopg.Error):
                self._connection.cancel_safe(timeout=_CANCEL_TIMEOUT)


class _VectorDumper(Dumper):
    """Passes on a vector, which is in the binary form already.

    The type is left open, since its oid differs between databases; the server takes it from the cast.
    """

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Vector) -> bytes:
        """Return the bytes."""
        return obj


class _ArrayDumper(Dumper):
    """Writes an array at once, which psycopg does element by element.

    The type is left open, since the class does not tell it; the server takes it from the cast.
    """

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Array) -> bytes:
        """Return the array in the server's binary form."""
        assert self.connection is not None, "dumpers are made for a connection"
        return obj.packed(self.connection.adapters.types[obj.type].oid)


def _trusted(server: Server) -> str:
    """Return the system's certificates for the modes that verify; libpq's default is a file in the home."""
    if not server.tls.startswith("verify"):
        return ""
    return ssl.get_default_verify_paths().cafile or "system"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def _refusal(error: psycopg.Error, server: Server) -> Exception:
    if error.sqlstate:
        return postgres.translate(error.sqlstate, str(error), server, opening=True)
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return no_reply(server, server.connecting)
    # While connecting, libpq gives no code but only a message.
    text = str(error)
    for code, sentences in _REFUSALS.items():
        if any(words in text for words in sentences):
            return postgres.translate(code, text, server, opening=True)
    if "database" in text and "does not exist" in text:
        return postgres.translate("3D000", text, server)
    refusals = ("password authentication failed", "no password supplied", "role", "authentication")
    if "database" not in text and any(words in text for words in refusals):
        return postgres.translate("28P01", text, server)
    if postgres.refuses_settings(text):
        return postgres.translate("08P01", text, server)
    return postgres.unreachable(server, text)


_REFUSALS = {
    "53300": (
        "too many clients already",
        "too many connections for",
        "remaining connection slots are reserved",
        "no more connections allowed",
    ),
    "57P03": ("the database system is", "not yet accepting connections", "pgbouncer is shutting down"),
}
"""Parts of messages of the server and of PgBouncer, by the code they stand for."""
