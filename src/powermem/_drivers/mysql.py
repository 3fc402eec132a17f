"""What the two drivers for MySQL's protocol share: errors, TLS, and the setup of a session."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

from .._core.sql.steps import TransactionAbortedError
from ..errors import StoreError, StoreUnavailableError
from . import base
from .base import ConnectionLostError, CrowdedServerError, MissingTableError, ReadOnlyServerError, Server

# Server errors by number: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
# https://mariadb.com/kb/en/mariadb-error-code-reference/ and, from 4000 on, OceanBase's own.
_LOST = frozenset(
    {0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2000, 2006, 2013, 2014, 2055}
)
_ABORTED = frozenset(
    {1205, 1213, 1412, 1020, 4038, 6001, 6002, 6003, 6004, 6005, 6210, 6211, 6213, 6224, 6225}
)
_MISSING = frozenset({1051, 1146})
_TIMED_OUT = frozenset({1317, 1969, 3024, 4012})
_UNREACHABLE = frozenset({2002, 2003, 2005})
_CROWDED = frozenset({1040, 1203, 1226})
_REFUSED = frozenset({1044, 1045, 1698, 1862, 2049, 2054, 2059, 2061, 3118, 3159, 3955})
_NO_DATABASE = 1049
_NO_TLS = 2026
_FULL = frozenset({1021, 1114, 4184, 4264})
_READ_ONLY = frozenset({1290, 1792, 1836, 3100})
_UNPRIVILEGED = frozenset({1142, 1143, 1227, 1370})
_TOO_LARGE = 1153
# An error of the storage engine that quotes one of the operating system; 28 is ENOSPC.
_ENGINE, _NO_SPACE = 1030, "error 28 "

# Raised for a socket that broke in use; asyncio reports that in several ways.
_BROKEN = (OSError, EOFError, TimeoutError, RuntimeError)

# Seconds to wait for a row lock, after which the transaction is rolled back and retried.
_LOCK_WAIT = 5

CHARSET = "utf8mb4"
STATE = "SELECT version(), @@max_allowed_packet"
"""Queried on each new connection; the version in the handshake does not tell seekdb from MySQL."""
MOST_AT_ONCE = 1_024_000
"""Bytes of rows to put into one statement; the default of both drivers."""
# Bytes of a packet that are not part of the statement.
_HEADROOM = 1024


def most_at_once(packet: int) -> int:
    """Return the bytes of rows for one statement on a server with this ``max_allowed_packet``."""
    return max(1, min(MOST_AT_ONCE, packet - _HEADROOM))


def check_size(query: str | bytes | bytearray, packet: int, server: Server) -> None:
    """Check that the server accepts a statement of this size, which it would otherwise hang up on.

    Args:
        query: the statement with its values.
        packet: the server's ``max_allowed_packet``.
        server: named in the error.

    Raises:
        StoreError: the statement is larger.
    """
    size = len(query)
    # A character takes at most 4 bytes, so most statements need not be encoded to be measured.
    if isinstance(query, str) and size * 4 > packet:
        size = len(query.encode(errors="surrogateescape"))
    if size + 1 > packet:
        raise too_large(server, f"a statement of {size:,} bytes is", f"{packet:,} bytes")


def too_large(server: Server, what: str, limit: str) -> StoreError:
    """Return the error for a statement or row that fits no packet of the server."""
    return StoreError(
        f"{server}: {what} larger than the server takes (max_allowed_packet, {limit}); raise that setting of "
        "the server, or store shorter texts"
    )


def translate(error: BaseException, server: Server) -> Exception:
    """Return the error of powermem for an error of a driver or of the socket below it."""
    code, message = describe(error)
    if code == _TOO_LARGE:
        return too_large(server, "a statement is", message)
    for codes, kind, text in _ERRORS:
        if code in codes:
            return kind(f"{server}: {text.format(message=message, server=server)}")
    if code == _ENGINE and _NO_SPACE in message:
        return StoreError(f"{server}: {_NO_ROOM.format(message=message)}")
    if code is None and isinstance(error, _BROKEN):
        return ConnectionLostError(f"{server}: the connection was lost ({message})")
    return StoreError(f"{server}: {message}" + ("" if code is None else f" (error {code})"))


_NO_ROOM = "there is no room left on the server; make some and try again ({message})"
_NO_CONNECTIONS = "the server takes no more connections; lower pool_size or raise its limit ({message})"
_ERRORS: tuple[tuple[frozenset[int], type[StoreError], str], ...] = (
    (
        _READ_ONLY,
        ReadOnlyServerError,
        "the server takes no writes ({message}); it may be a replica: set host to the primary",
    ),
    (_UNPRIVILEGED, StoreError, "the account lacks a privilege ({message})"),
    (_ABORTED, TransactionAbortedError, "{message}"),
    (_MISSING, MissingTableError, "{message}"),
    (
        _TIMED_OUT,
        StoreError,
        "a statement took more than {server.statement_timeout:g} s and was stopped ({message})",
    ),
    (_FULL, StoreError, _NO_ROOM),
    (_LOST | _UNREACHABLE, ConnectionLostError, "the connection was lost ({message})"),
    (_CROWDED, CrowdedServerError, _NO_CONNECTIONS),
)
"""Numbers of errors, the class to raise, and the message."""


def refusal(error: BaseException, server: Server) -> StoreError:
    """Return the error for a connection that could not be opened, with advice."""
    code, message = describe(error)
    if code == _NO_DATABASE:
        return StoreUnavailableError(
            f"{server}: there is no database {server.database!r}; create it, or set db_name to another"
        )
    if code in _REFUSED:
        return StoreUnavailableError(
            f"{server}: the server refuses the connection; check user and password ({message})"
        )
    if code in _CROWDED:
        return CrowdedServerError(f"{server}: {_NO_CONNECTIONS.format(message=message)}")
    below = getattr(error, "original_exception", None) or error.__cause__ or error
    if code == _NO_TLS or isinstance(below, ssl.SSLError):
        return StoreUnavailableError(
            f"{server}: no trusted TLS connection could be made; check sslmode and ssl_ca ({message})"
        )
    return StoreUnavailableError(
        f"{server}: cannot be reached; check that the server runs, and host and port ({message})"
    )


def was_answered(error: BaseException) -> bool:
    """Return whether the server itself rejected the connection, so that retrying without TLS is useless."""
    code, _ = describe(error)
    return code in _REFUSED or code in _CROWDED or code == _NO_DATABASE


def describe(error: BaseException) -> tuple[int | None, str]:
    """Return the number of a driver's error, or ``None``, and its text."""
    arguments = error.args
    if isinstance(error, OSError) or not arguments or not isinstance(arguments[0], int):
        return None, str(error) or type(error).__name__
    return arguments[0], str(arguments[1]) if len(arguments) > 1 and arguments[1] else type(error).__name__


def tls_context(server: Server) -> ssl.SSLContext | None:
    """Return the TLS context for the mode, which has libpq's meaning, or ``None`` for no TLS.

    Raises:
        StoreUnavailableError: a file cannot be read.
    """
    if server.socket or server.tls in ("disable", "allow"):
        return None
    trusting = server.tls == "prefer" or (server.tls == "require" and not server.ca)
    return base.tls_context(server, trusting=trusting, ca=server.ca)


def must_encrypt(server: Server) -> bool:
    """Return whether the mode forbids a connection without TLS."""
    return not server.socket and server.tls in ("require", "verify-ca", "verify-full")


def not_encrypted(server: Server) -> StoreUnavailableError:
    """Return the error for a server without TLS where the mode requires it."""
    return StoreUnavailableError(
        f"{server}: the server offers no TLS; enable it there, or set sslmode to 'prefer' or 'disable'"
    )


def session(server: Server, version: str) -> tuple[str, ...]:
    """Return the statements that set up a new session.

    Args:
        server: supplies the settings.
        version: the server's own version string.
    """
    variables = {
        # Other modes may truncate long texts silently or read backslashes differently.
        "sql_mode": "'STRICT_ALL_TABLES'",
        "time_zone": "'+00:00'",
        # Drivers log the server's notes, such as that a table to drop does not exist, as warnings.
        "sql_notes": "0",
        **_timeout(server.statement_timeout, version),
        **server.settings,
    }
    assignments = ", ".join(f"SESSION {name} = {value}" for name, value in variables.items())
    # A statement, since the name of the variable differs between servers.
    return ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", f"SET {assignments}")


def _timeout(seconds: float, version: str) -> dict[str, str]:
    if "MariaDB" in version:
        return {"max_statement_time": f"{seconds:g}", "innodb_lock_wait_timeout": str(_LOCK_WAIT)}
    if is_oceanbase(version):
        # In microseconds, with no value for "no limit".
        microseconds = round((seconds or 86_400) * 1_000_000)
        return {
            "ob_query_timeout": str(microseconds),
            "ob_trx_timeout": str(10 * microseconds),
            # OceanBase does not detect deadlocks, so this timeout has to end them.
            "ob_trx_lock_timeout": str(_LOCK_WAIT * 1_000_000),
        }
    return {
        "max_execution_time": str(round(seconds * 1000)),
        "innodb_lock_wait_timeout": str(_LOCK_WAIT),
    }


def is_oceanbase(version: str) -> bool:
    """Return whether a version string is that of OceanBase or seekdb."""
    return "OceanBase" in version or "seekdb" in version


def conversions(defaults: dict[Any, Any], *, numbers: Iterable[int], texts: Iterable[int]) -> dict[Any, Any]:
    """Return a driver's conversions, adapted to what the stores expect.

    Args:
        defaults: the driver's own.
        numbers: types to read as floats, which other databases return for averages.
        texts: types to read as text even if they are binary: the schema keeps text that is compared exactly
            in ``VARBINARY``, and other bytes only in ``BLOB``.
    """
    to_float: Callable[[Any], float] = float
    return {**defaults, **dict.fromkeys(numbers, to_float), **dict.fromkeys(texts, _text)}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
