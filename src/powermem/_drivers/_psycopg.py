"""PostgreSQL for threads, with psycopg."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError
from ..installing import pip_install
from ..sql.postgres import Vector
from .base import Server, Values, formatted

try:
    import psycopg
    from psycopg.adapt import Dumper
    from psycopg.pq import Format
    from psycopg.rows import tuple_row
except ImportError as error:
    raise ConfigError(f"this store needs the package psycopg; run: {pip_install('postgres')}") from error
from .postgres import postgres_error, session_settings, tls_context, unreachable


class PostgresDriver:
    """Opens connections to one server.

    Args:
        server: where it is.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    def connect(self) -> PostgresConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us.
        """
        server = self.server
        settings = session_settings(server)
        del settings["application_name"], settings["client_encoding"]
        # libpq says of a file that it cannot read what it says of a server without TLS.
        tls_context(server)
        files: dict[str, Any] = {
            "sslrootcert": server.ca or _trusted(server),
            "sslcert": server.certificate,
            "sslkey": server.key,
        }
        try:
            connection = psycopg.connect(
                host=server.socket or server.host,
                port=server.port,
                user=server.user,
                password=server.password or None,
                dbname=server.database,
                connect_timeout=max(1, round(server.connect_timeout)),
                sslmode="disable" if server.socket else server.tls,
                application_name=session_settings(server)["application_name"],
                client_encoding="UTF8",
                options=" ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items()),
                autocommit=True,
                **{name: path for name, path in files.items() if path},
            )
        except psycopg.Error as error:
            raise _refusal(error, server) from error
        connection.adapters.register_dumper(Vector, _VectorDumper)
        return PostgresConnection(connection, server)


def adopt(connection: Any, server: Server) -> PostgresConnection:
    """Make a connection ours that the user's program has opened.

    Args:
        connection: of psycopg; nobody else uses it.
        server: what it leads to, and the settings that it is to have.
    """
    settings = session_settings(server)
    del settings["application_name"]
    try:
        # What has been set on it inside a transaction is to stay.
        connection.commit()
        connection.autocommit = True
        connection.row_factory = tuple_row
        connection.cursor_factory = psycopg.Cursor
        calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
        connection.execute(f"SELECT {calls}", [part for pair in settings.items() for part in pair])
    except psycopg.Error as error:
        connection.close()
        raise _refusal(error, server) from error
    connection.adapters.register_dumper(Vector, _VectorDumper)
    return PostgresConnection(connection, server)


class PostgresConnection:
    """One connection, used by one thread at a time."""

    def __init__(self, connection: Any, server: Server) -> None:
        self._connection = connection
        self._server = server

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""
        try:
            count: int = self._connection.execute(formatted(sql), values or None).rowcount
            return max(count, 0)
        except psycopg.Error as error:
            raise self._translate(error) from error

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        try:
            rows: list[tuple[Any, ...]] = self._connection.execute(
                formatted(sql), values or None, binary=True
            ).fetchall()
            return rows
        except psycopg.Error as error:
            raise self._translate(error) from error

    def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in few trips."""
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(formatted(sql), rows)
        except psycopg.Error as error:
            raise self._translate(error) from error

    def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""
        self.execute("BEGIN")

    def commit(self) -> None:
        """Make the transaction last."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction."""
        self.execute("ROLLBACK")

    def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""
        # A connection that is broken already has nothing to lose.
        with contextlib.suppress(psycopg.Error, OSError):
            self._connection.close()

    def _translate(self, error: psycopg.Error) -> Exception:
        broken = self._connection.closed
        return postgres_error(error.sqlstate or (None if broken else "XX000"), str(error), self._server)


class _VectorDumper(Dumper):
    """Writes a vector in the binary form that it has already.

    The type's number differs from database to database; the server knows it from the cast.
    """

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Vector) -> bytes:
        """Return the bytes."""
        return obj


def _trusted(server: Server) -> str:
    """Return whom this machine trusts, where libpq would look for a file in the user's home instead."""
    if not server.tls.startswith("verify"):
        return ""
    return ssl.get_default_verify_paths().cafile or "system"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def _refusal(error: psycopg.Error, server: Server) -> Exception:
    if error.sqlstate:
        return postgres_error(error.sqlstate, str(error), server)
    # libpq gives no code while it connects, only the server's words.
    text = str(error)
    refusals = ("password authentication failed", "no password supplied", "role", "authentication")
    if "database" not in text and any(words in text for words in refusals):
        return postgres_error("28P01", text, server)
    if "database" in text and "does not exist" in text:
        return postgres_error("3D000", text, server)
    return unreachable(server, text)
