"""The interface of the database drivers, the same for every server.

A driver opens connections, and a connection runs statements; pooling, retries and transactions are built on
top, once for all servers. Statements mark parameters with ``?``, which each driver translates, and contain no
other ``?`` or ``%``. Errors of the underlying library are translated to ``StoreError`` or to a class below.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, Literal, NamedTuple, Protocol

from ..errors import StoreError, StoreUnavailableError

Pooler = Literal["auto", "none", "transaction"]
TLSMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
Values = Sequence[Any]

# Seconds added to `statement_timeout`, at most that timeout itself: the server should stop a slow statement
# before the client closes the connection.
_MARGIN = 5.0
# Seconds used where there is no limit.
_UNLIMITED = 86_400.0
# Seconds allowed for BEGIN, COMMIT and ROLLBACK where statements have no limit.
_MOST_TO_END = 60.0
# A statement for many rows gets one timeout per this many rows.
_ROWS = 100


class ConnectionLostError(StoreUnavailableError, public=StoreUnavailableError):
    """The connection broke; the last statement may or may not have been executed."""


class NoReplyError(ConnectionLostError, public=StoreUnavailableError):
    """The server did not reply in time, so the connection was closed. Retrying would wait as long again."""


class CommitUnknownError(ConnectionLostError, public=StoreUnavailableError):
    """The connection broke after COMMIT was sent: the transaction is committed as a whole or not at all."""


class PoolerFoundError(ConnectionLostError, public=StoreUnavailableError):
    """A pooler was detected in front of the server; the driver's next connection takes it into account."""


class ReadOnlyServerError(StoreUnavailableError, public=StoreUnavailableError):
    """The server is read-only, like a former primary after a failover."""


class CrowdedServerError(StoreUnavailableError, public=StoreUnavailableError):
    """The server accepts no more connections."""


class MissingTableError(StoreError, public=StoreError):
    """A table or another part of the schema does not exist."""


class Limit(NamedTuple):
    """A timeout on this side of the connection.

    Attributes:
        what: the operation, for error messages.
        seconds: the timeout.
        setting: name of the setting that determines it, for messages.
    """

    what: str
    seconds: float
    setting: str


@dataclass(frozen=True, slots=True)
class Server:
    """The address of a server and the settings of its connections.

    Attributes:
        host: host name or address; empty if ``socket`` is set.
        port: TCP port.
        user: account name.
        password: password of the account; excluded from ``repr``.
        database: database name.
        socket: path of a Unix socket, or empty.
        tls: TLS mode, with the meaning of libpq's ``sslmode``.
        ca: file with trusted certificates; empty for those of the system.
        certificate: file with the client's certificate, or empty.
        key: file with the client's private key, or empty.
        connect_timeout: seconds allowed for connecting.
        statement_timeout: seconds allowed for one statement; 0 for no limit.
        settings: session variables to set on each new connection.
        pooler: whether a pooler such as PgBouncer may run each transaction in another session; ``"auto"``
            detects it.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    socket: str = ""
    tls: TLSMode = "prefer"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    connect_timeout: float = 10.0
    statement_timeout: float = 60.0
    settings: Mapping[str, str] = field(default_factory=dict)
    pooler: Pooler = "auto"

    @property
    def connecting(self) -> Limit:
        """Limit for everything up to the first statement."""
        return Limit("the connection", self.connect_timeout, "connect_timeout")

    @property
    def checking(self) -> Limit:
        """Limit for the check of a connection that was idle."""
        return Limit("a sign of life", self.connect_timeout, "connect_timeout")

    def replying(self, rows: int = 1) -> Limit:
        """Return the limit for the reply to a statement that is run for each of ``rows`` rows."""
        return _replying(self.statement_timeout, 1 + rows // _ROWS)

    def ending(self, word: str) -> Limit:
        """Return the limit for the reply to BEGIN, COMMIT or ROLLBACK."""
        return _ending(self.statement_timeout, word)

    def __str__(self) -> str:
        """Return the address without the password."""
        place = self.socket or f"{self.host}:{self.port}"
        return f"{self.user}@{place}/{self.database}"


class AsyncConnection(Protocol):
    """A connection, used by one task at a time."""

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return the number of affected rows."""

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> int | None:
        """Run a statement once for each row of values, in as few round trips as the driver can.

        Returns:
            The number of affected rows, if the driver tells it.
        """

    async def begin(self) -> None:
        """Start a transaction; outside of one, every statement commits on its own."""

    async def commit(self) -> None:
        """Commit the transaction."""

    async def rollback(self) -> None:
        """Roll the transaction back."""

    async def ping(self) -> None:
        """Check that the server still replies.

        Raises:
            ConnectionLostError: no reply within ``connect_timeout``.
        """

    async def close(self) -> None:
        """Disconnect, even in the middle of a statement. Never fails."""


class Connection(Protocol):
    """A connection, used by one thread at a time."""

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return the number of affected rows."""

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    def execute_many(self, sql: str, rows: Sequence[Values]) -> int | None:
        """Run a statement once for each row of values, in as few round trips as the driver can.

        Returns:
            The number of affected rows, if the driver tells it.
        """

    def begin(self) -> None:
        """Start a transaction; outside of one, every statement commits on its own."""

    def commit(self) -> None:
        """Commit the transaction."""

    def rollback(self) -> None:
        """Roll the transaction back."""

    def ping(self) -> None:
        """Check that the server still replies. See ``AsyncConnection.ping``."""

    def close(self) -> None:
        """Disconnect, even in the middle of a statement. Never fails."""


class AsyncDriver(Protocol):
    """Opens connections for tasks."""

    server: Server

    async def connect(self) -> AsyncConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses the connection.
        """


class Driver(Protocol):
    """Opens connections for threads."""

    server: Server

    def connect(self) -> Connection:
        """Open a connection. See ``AsyncDriver.connect``."""


@lru_cache
def _replying(timeout: float, times: int) -> Limit:
    allowed = timeout or _UNLIMITED
    seconds = (allowed + min(allowed, _MARGIN)) * times
    return Limit("the reply to a statement", seconds, "statement_timeout and a margin")


@lru_cache
def _ending(timeout: float, word: str) -> Limit:
    limit = _replying(timeout, 1)
    return Limit(f"the reply to {word}", limit.seconds if timeout else _MOST_TO_END, limit.setting)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """Return a statement with parameters written ``$1``, ``$2`` ..."""
    numbers = count(1)
    first, *rest = sql.split("?")
    return first + "".join(f"${next(numbers)}{part}" for part in rest)


@lru_cache(maxsize=1024)
def formatted(sql: str) -> str:
    """Return a statement with parameters written ``%s``."""
    return sql.replace("?", "%s")


def tls_context(server: Server, *, trusting: bool, ca: str = "") -> ssl.SSLContext:
    """Return a TLS context with the server's certificate files.

    Args:
        server: names the files.
        trusting: whether to accept any certificate of the server.
        ca: file with the certificates to trust, or empty for those of the system.

    Raises:
        StoreUnavailableError: a file cannot be read.
    """
    try:
        if trusting and not ca:
            # Skips loading the system's certificates, which takes milliseconds.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.create_default_context(cafile=ca or None)
        if server.certificate:
            context.load_cert_chain(server.certificate, server.key or None)
    except OSError as error:
        raise StoreUnavailableError(f"{server}: cannot read the files for TLS ({error})") from error
    context.check_hostname = server.tls == "verify-full"
    context.verify_mode = ssl.CERT_NONE if trusting else ssl.CERT_REQUIRED
    return context


def not_unicode(server: Server, error: UnicodeEncodeError) -> StoreError:
    """Return the error for a text that cannot be encoded."""
    return StoreError(f"{server}: a text is not valid Unicode at position {error.start}; nothing was sent")


def no_reply(server: Server, limit: Limit) -> NoReplyError:
    """Return the error for a server that exceeded a limit."""
    return NoReplyError(
        f"{server}: {limit.what} did not come within {limit.seconds:.3g} s ({limit.setting}), so the "
        "connection was closed; check the server and the network between"
    )


class Watch:
    """Aborts a connection whose server takes too long, so that the pending operation fails.

    Each operation moves the deadline, but a timer that is set stays: when it fires too early, it is set
    again. So a connection in use sets one timer in the time that a statement may take.

    Args:
        abort: closes the socket at once.

    Attributes:
        expired: the limit that was exceeded, or ``None``.
    """

    __slots__ = ("_abort", "_limit", "_timer", "_until", "expired")

    def __init__(self, abort: Callable[[], object]) -> None:
        self._abort = abort
        self._limit: Limit | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.expired: Limit | None = None

    def within(self, limit: Limit) -> Watch:
        """Abort the connection if the block takes longer than the limit; blocks may not contain another."""
        self._limit = limit
        return self

    def __enter__(self) -> None:
        assert self._limit is not None, "entered without `within`"
        loop = asyncio.get_running_loop()
        self._until = loop.time() + self._limit.seconds
        if self._timer is None or self._timer.when() > self._until:
            self.stop()
            self._timer = loop.call_at(self._until, self._check)

    def __exit__(self, *raised: object) -> None:
        self._limit = None

    def stop(self) -> None:
        """Drop the timer, which would keep a closed connection until it fires."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        fired, self._timer = self._timer, None
        if self._limit is None or fired is None:
            return
        if self._until > fired.when():
            self._timer = asyncio.get_running_loop().call_at(self._until, self._check)
        else:
            self.expired = self._limit
            self._abort()
