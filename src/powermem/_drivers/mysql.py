"""What the two drivers for MySQL's protocol have in common: errors, TLS, and the state of a session."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

from ..errors import StoreError, StoreUnavailableError
from ..sql.steps import TransactionAbortedError
from .base import (
    ConnectionLostError,
    CrowdedServerError,
    MissingTableError,
    ReadOnlyServerError,
    Server,
)

# Names of server errors: https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
# https://mariadb.com/kb/en/mariadb-error-code-reference/ and, from 4000 on, OceanBase's own numbers.
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
# An error of the storage engine, which brings one of the operating system, and the words for a full disk.
_ENGINE, _NO_SPACE = 1030, "error 28 "

# What a socket that broke in the middle of something raises; asyncio says it in many ways.
_BROKEN = (OSError, EOFError, TimeoutError, RuntimeError)

# Seconds to wait for a row that another transaction holds; then ours is undone and tried again.
_LOCK_WAIT = 5

CHARSET = "utf8mb4"
STATE = "SELECT version(), @@max_allowed_packet"
"""What has to be known of a server. What the handshake says of seekdb does not tell it from MySQL."""
MOST_AT_ONCE = 1_024_000
"""Bytes of rows that go into one statement, as the drivers have it."""
# Of a packet, what a statement is not; and how large one is that a server may have hung up on.
_HEADROOM = 1024
_LARGE = 1 << 20


def most_at_once(packet: int) -> int:
    """Return the bytes of rows for one statement on a server that takes packets of this size."""
    return max(1, min(MOST_AT_ONCE, packet - _HEADROOM))


def check_size(query: str | bytes | bytearray, packet: int, server: Server) -> None:
    """Raise an error for a statement that the server would hang up on.

    Args:
        query: with its values.
        packet: the server's ``max_allowed_packet``.
        server: which one.

    Raises:
        StoreError: it is larger.
    """
    size = len(query)
    if isinstance(query, str) and size * 4 > packet:
        size = len(query.encode(errors="surrogateescape"))
    if size + 1 > packet:
        raise too_large(server, f"a statement of {size:,} bytes is", f"{packet:,} bytes")


def too_large(server: Server, what: str, limit: str) -> StoreError:
    """Return the error for what the server takes in no packet."""
    return StoreError(
        f"{server}: {what} larger than the server takes (max_allowed_packet, {limit}); raise that setting of "
        "the server, or store shorter texts"
    )


def translate(error: BaseException, server: Server) -> Exception:
    """Return our error for one of a driver's.

    Args:
        error: of the driver, or of the socket below it.
        server: whom it was said by.
    """
    code, message = describe(error)
    if code == _TOO_LARGE:
        return too_large(server, "a statement is", message)
    if code in _READ_ONLY:
        return ReadOnlyServerError(
            f"{server}: the server takes no writes ({message}); it may be a replica: set host to the primary"
        )
    if code in _UNPRIVILEGED:
        return StoreError(f"{server}: the account lacks a privilege ({message})")
    if code in _ABORTED:
        return TransactionAbortedError(f"{server}: {message}")
    if code in _MISSING:
        return MissingTableError(f"{server}: {message}")
    if code in _TIMED_OUT:
        return StoreError(
            f"{server}: a statement took more than {server.statement_timeout:g} s and was stopped ({message})"
        )
    if code in _FULL or (code == _ENGINE and _NO_SPACE in message):
        return StoreError(
            f"{server}: there is no room left on the server; make some and try again ({message})"
        )
    if code in _LOST or code in _UNREACHABLE or (code is None and isinstance(error, _BROKEN)):
        return ConnectionLostError(f"{server}: the connection was lost ({message})")
    if code in _CROWDED:
        return _crowded(server, message)
    return StoreError(f"{server}: {message}" + ("" if code is None else f" (error {code})"))


def refusal(error: BaseException, server: Server) -> StoreError:
    """Return our error for a connection that could not be opened, saying what to do."""
    code, message = describe(error)
    if code == _NO_DATABASE:
        return StoreUnavailableError(
            f"{server}: there is no database {server.database!r}; create it, or set db_name to another"
        )
    if code in _REFUSED:
        return StoreUnavailableError(f"{server}: the server refuses us; check user and password ({message})")
    if code in _CROWDED:
        return _crowded(server, message)
    below = getattr(error, "original_exception", None) or error.__cause__ or error
    if code == _NO_TLS or isinstance(below, ssl.SSLError):
        return StoreUnavailableError(
            f"{server}: no trusted TLS connection could be made; check sslmode and ssl_ca ({message})"
        )
    return StoreUnavailableError(
        f"{server}: cannot be reached; check that the server runs, and host and port ({message})"
    )


def was_answered(error: BaseException) -> bool:
    """Return whether the server itself said why it takes no connection, so that asking again is no use."""
    code, _ = describe(error)
    return code in _REFUSED or code in _CROWDED or code == _NO_DATABASE


def _crowded(server: Server, message: str) -> StoreUnavailableError:
    return CrowdedServerError(
        f"{server}: the server takes no more connections; lower pool_size or raise its limit ({message})"
    )


def describe(error: BaseException) -> tuple[int | None, str]:
    """Return the number of a driver's error, where it has one, and its text."""
    arguments = error.args
    if isinstance(error, OSError) or not arguments or not isinstance(arguments[0], int):
        return None, str(error) or type(error).__name__
    return arguments[0], str(arguments[1]) if len(arguments) > 1 and arguments[1] else type(error).__name__


def tls_context(server: Server) -> ssl.SSLContext | None:
    """Return how to encrypt, or ``None`` for not at all; the modes mean what libpq's mean.

    Raises:
        StoreUnavailableError: a file cannot be read.
    """
    if server.socket or server.tls in ("disable", "allow"):
        return None
    try:
        context = ssl.create_default_context(cafile=server.ca or None)
        if server.certificate:
            context.load_cert_chain(server.certificate, server.key or None)
    except OSError as error:
        raise StoreUnavailableError(f"{server}: cannot read the files for TLS ({error})") from error
    context.check_hostname = server.tls == "verify-full"
    if server.tls == "prefer" or (server.tls == "require" and not server.ca):
        context.verify_mode = ssl.CERT_NONE
    return context


def must_encrypt(server: Server) -> bool:
    """Return whether a connection that turned out not to be encrypted may not be used."""
    return not server.socket and server.tls in ("require", "verify-ca", "verify-full")


def not_encrypted(server: Server) -> StoreUnavailableError:
    """Return the error for a server that does not encrypt though it must."""
    return StoreUnavailableError(
        f"{server}: the server offers no TLS; enable it there, or set sslmode to 'prefer' or 'disable'"
    )


def session(server: Server, version: str) -> tuple[str, ...]:
    """Return the statements that bring a new connection into the state that all others are in.

    Args:
        server: whose settings count.
        version: what the server says it is.
    """
    variables = {
        # With an unknown mode, the server might cut a long text off or read backslashes otherwise.
        "sql_mode": "'STRICT_ALL_TABLES'",
        "time_zone": "'+00:00'",
        # Notes, such as of a table that is not there to be dropped, would land in the user's log.
        "sql_notes": "0",
        **_timeout(server.statement_timeout, version),
        **server.settings,
    }
    assignments = ", ".join(f"SESSION {name} = {value}" for name, value in variables.items())
    # The name of the variable for this one is not the same everywhere; the statement is.
    return ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", f"SET {assignments}")


def _timeout(seconds: float, version: str) -> dict[str, str]:
    if "MariaDB" in version:
        return {"max_statement_time": f"{seconds:g}", "innodb_lock_wait_timeout": str(_LOCK_WAIT)}
    if is_oceanbase(version):
        # Microseconds, and there is no word for "no limit".
        microseconds = round((seconds or 86_400) * 1_000_000)
        return {
            "ob_query_timeout": str(microseconds),
            "ob_trx_timeout": str(10 * microseconds),
            # It does not notice when two wait for each other.
            "ob_trx_lock_timeout": str(_LOCK_WAIT * 1_000_000),
        }
    return {
        "max_execution_time": str(round(seconds * 1000)),
        "innodb_lock_wait_timeout": str(_LOCK_WAIT),
    }


def is_oceanbase(version: str) -> bool:
    """Return whether this is OceanBase or seekdb."""
    return "OceanBase" in version or "seekdb" in version


def conversions(base: dict[Any, Any], *, numbers: Iterable[int], texts: Iterable[int]) -> dict[Any, Any]:
    """Return a driver's conversions, changed to what the stores expect.

    Args:
        base: the driver's own.
        numbers: types to read as floats, as other databases give averages.
        texts: types to read as text also when they are binary: ``VARBINARY`` holds text that is compared
            exactly. What is not text is in a ``BLOB``.
    """
    to_float: Callable[[Any], float] = float
    return {**base, **dict.fromkeys(numbers, to_float), **dict.fromkeys(texts, _text)}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
