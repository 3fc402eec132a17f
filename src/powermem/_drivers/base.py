"""What a database driver of ours looks like, for any server.

A driver only knows how to connect, and a connection how to run statements: pooling, retries and transactions
are built on top, once for all servers. Statements mark a parameter with ``?`` and hold neither ``?`` nor
``%`` otherwise; each driver translates. An error of the database leaves a driver as one of the classes here
or as ``StoreError``, never as the library's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, Literal, Protocol

from ..errors import StoreError, StoreUnavailableError

Pooler = Literal["auto", "none", "transaction"]
TLSMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
Values = Sequence[Any]

# Seconds beyond ``statement_timeout`` after which a server counts as silent; no more than the timeout itself.
_MARGIN = 5.0
# Seconds that count as no limit.
_UNLIMITED = 86_400.0
# Seconds for the end of a transaction where statements have no limit.
_MOST_TO_END = 60.0
# Each of this many rows more gives a statement its time once more.
_ROWS = 100


class ConnectionLostError(StoreUnavailableError, public=StoreUnavailableError):
    """The connection broke; whether the last statement was carried out is not known."""


class NoReplyError(ConnectionLostError, public=StoreUnavailableError):
    """The server was silent for too long, so the connection was closed; another one would wait as long."""


class CommitUnknownError(ConnectionLostError, public=StoreUnavailableError):
    """The connection broke after COMMIT was sent: the transaction was carried out as a whole, or not."""


class PoolerFoundError(ConnectionLostError, public=StoreUnavailableError):
    """A pooler turned out to stand before the server; on the next connection the driver allows for it."""


class ReadOnlyServerError(StoreUnavailableError, public=StoreUnavailableError):
    """The server takes no writes, as a former primary after a failover."""


class CrowdedServerError(StoreUnavailableError, public=StoreUnavailableError):
    """The server takes no more connections."""


class MissingTableError(StoreError, public=StoreError):
    """A table or another part of the schema does not exist."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How long to wait for a server.

    Attributes:
        what: what is waited for, for messages.
        seconds: how long.
        setting: what decides it.
    """

    what: str
    seconds: float
    setting: str


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is and how to talk to it.

    Attributes:
        host: name or address; empty where ``socket`` says it.
        port: TCP port.
        user: account.
        password: its password, never shown.
        database: name of the database.
        socket: path of a Unix socket, or empty.
        tls: how hard to insist on TLS; the meaning of libpq's ``sslmode``.
        ca: file with the certificates to trust, or empty for the system's.
        certificate: file with the client's certificate, or empty.
        key: file with the client's key, or empty.
        connect_timeout: seconds that connecting may take.
        statement_timeout: seconds that one statement may take; 0 for no limit.
        settings: session variables to set on each new connection.
        pooler: whether a pooler such as PgBouncer gives each transaction another session; ``auto`` finds out.
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
        """How long everything may take until the first statement."""
        return Limit("the connection", self.connect_timeout, "connect_timeout")

    @property
    def checking(self) -> Limit:
        """How long the answer on a connection that was not used for some time may take."""
        return Limit("a sign of life", self.connect_timeout, "connect_timeout")

    def replying(self, rows: int = 1) -> Limit:
        """Return how long the reply to a statement that runs once for each of some rows may take."""
        allowed = self.statement_timeout or _UNLIMITED
        # The server itself stops a slow statement before this is over.
        seconds = (allowed + min(allowed, _MARGIN)) * (1 + rows // _ROWS)
        return Limit("the reply to a statement", seconds, "statement_timeout and a margin")

    def ending(self, word: str) -> Limit:
        """Return how long the reply to the beginning or the end of a transaction may take."""
        limit = self.replying()
        seconds = limit.seconds if self.statement_timeout else _MOST_TO_END
        return Limit(f"the reply to {word}", seconds, limit.setting)

    def __str__(self) -> str:
        """Return where it is, without the password."""
        place = self.socket or f"{self.host}:{self.port}"
        return f"{self.user}@{place}/{self.database}"


class AsyncConnection(Protocol):
    """One connection, used by one task at a time."""

    async def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in as few trips as the driver can."""

    async def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""

    async def commit(self) -> None:
        """Make the transaction last."""

    async def rollback(self) -> None:
        """Undo the transaction."""

    async def ping(self) -> None:
        """Make sure that the server still answers.

        Raises:
            ConnectionLostError: it does not within ``connect_timeout``.
        """

    async def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""


class Connection(Protocol):
    """One connection, used by one thread at a time."""

    def execute(self, sql: str, values: Values = ()) -> int:
        """Run a statement and return how many rows it touched."""

    def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""

    def execute_many(self, sql: str, rows: Sequence[Values]) -> None:
        """Run a statement once for each row of values, in as few trips as the driver can."""

    def begin(self) -> None:
        """Start a transaction; outside of one every statement commits by itself."""

    def commit(self) -> None:
        """Make the transaction last."""

    def rollback(self) -> None:
        """Undo the transaction."""

    def ping(self) -> None:
        """Make sure that the server still answers.

        Raises:
            ConnectionLostError: it does not within ``connect_timeout``.
        """

    def close(self) -> None:
        """Disconnect, also in the middle of a statement. Never fails."""


class AsyncDriver(Protocol):
    """Opens connections for tasks."""

    server: Server

    async def connect(self) -> AsyncConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us; the message says what to do.
        """


class Driver(Protocol):
    """Opens connections for threads."""

    server: Server

    def connect(self) -> Connection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the server cannot be reached or refuses us; the message says what to do.
        """


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """Return a statement with its parameters written ``$1``, ``$2`` ..."""
    numbers = count(1)
    first, *rest = sql.split("?")
    return first + "".join(f"${next(numbers)}{part}" for part in rest)


@lru_cache(maxsize=1024)
def formatted(sql: str) -> str:
    """Return a statement with its parameters written ``%s``."""
    return sql.replace("?", "%s")


def not_unicode(server: Server, error: UnicodeEncodeError) -> StoreError:
    """Return the error for a text that cannot be sent."""
    return StoreError(f"{server}: a text is not valid Unicode at position {error.start}; nothing was sent")


def no_reply(server: Server, limit: Limit) -> NoReplyError:
    """Return the error for a server that was waited for in vain."""
    return NoReplyError(
        f"{server}: {limit.what} did not come within {limit.seconds:.3g} s ({limit.setting}), so the "
        "connection was closed; check the server and the network between"
    )
