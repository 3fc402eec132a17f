"""What the two PostgreSQL drivers share: errors, poolers, TLS and session settings."""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from .._core.sql.postgres_values import Array
from .._core.sql.steps import TransactionAbortedError
from ..errors import StoreError, StoreUnavailableError
from . import base
from .base import (
    ConnectionLostError,
    CrowdedServerError,
    MissingTableError,
    PoolerFoundError,
    ReadOnlyServerError,
    Server,
    Values,
)

APPLICATION = "powermem"
BACKEND = "SELECT pg_backend_pid()"
"""Differs from the process id given when the connection was opened if there is a pooler in between."""
NOT_ADMITTED = "28000"
"""The code for an account that may not connect from this address, or not with or without TLS."""


class Pooling:
    """Knows whether a pooler such as PgBouncer may run each transaction in another session of the server.

    If so, nothing may be kept in a session: no prepared statement, and no setting beyond the transaction.

    Args:
        server: its ``pooler`` is the answer, or ``"auto"`` to detect it.

    Attributes:
        known: whether ``on`` is certain.
        on: whether there is a pooler.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.known = server.pooler != "auto"
        self.on = server.pooler == "transaction"

    def learn(self, *, direct: bool) -> bool:
        """Record what was detected, unless it is configured; return whether a new connection is needed."""
        if self._server.pooler != "auto":
            return False
        changed = self.on == direct
        self.known, self.on = True, not direct
        return changed

    def found(self, message: str) -> PoolerFoundError:
        """Return the error for a connection on which a pooler was detected."""
        return PoolerFoundError(
            f"{self._server}: there is a pooler in front of this server ({' '.join(message.split())}); "
            "set pooler to 'transaction'"
        )

    @property
    def begin(self) -> str:
        """SQL that starts a transaction; behind a pooler it includes the session settings."""
        if not self.on:
            return "BEGIN"
        settings = session_settings(self._server)
        local = [f"SET LOCAL {name} = '{_quoted(value)}'" for name, value in settings.items()]
        return "; ".join(["BEGIN", *local])


# An array, like a message to the server, takes 1 GB. Rows with more than this, in bytes or characters, are
# divided among statements.
_LARGE = 16 << 20
_SIZED = ("text", "bytea", "vector")


class Insert(NamedTuple):
    """An insert of any number of rows, whose parameters are the columns.

    Arrays of different lengths are no array of arrays, so a column of arrays is sent as one of all their
    elements, and where each begins and ends.

    Attributes:
        sql: the statement.
        types: the SQL names of the columns' types.
    """

    sql: str
    types: tuple[str, ...]

    def portions(self, rows: Sequence[Values]) -> Iterator[list[Array]]:
        """Yield the parameters of each statement that it takes to insert rows."""
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        sized = [some for some, type in zip(columns, self.types, strict=True) if type in _SIZED]
        if len(rows) > 1 and sum([len(one) for some in sized for one in some if one is not None]) > _LARGE:
            half = len(rows) // 2
            yield from self.portions(rows[:half])
            yield from self.portions(rows[half:])
        else:
            yield self._parameters(columns)

    def _parameters(self, columns: Sequence[Sequence[Any]]) -> list[Array]:
        whole, given = [], []
        for some, type in zip(columns, self.types, strict=True):
            if not type.endswith("[]"):
                given.append(Array(type, some))
                continue
            elements, first, last = Array(type[:-2]), Array("integer"), Array("integer")
            for one in some:
                first.append(None if one is None else len(elements) + 1)
                elements += one or ()
                last.append(None if one is None else len(elements))
            whole.append(elements)
            given += [first, last]
        return [*whole, *given]


@lru_cache
def insert_of_many(sql: str) -> Insert | None:
    """Return the form for many rows of an insert of one, or ``None`` of another statement.

    Args:
        sql: an insert of one group of parameters, each with its type.
    """
    head, values, rest = sql.partition(" VALUES (")
    marks, _, tail = rest.partition(")")
    types = tuple(mark.partition("::")[2] for mark in marks.split(", "))
    if not (values and head.startswith("INSERT ") and all(types)):
        return None
    read, given, names = [], [], []
    for i, type in enumerate(types):
        if type.endswith("[]"):
            read.append(f"(?::{type})[first{i}:last{i}]")
            given += ["?::integer[]"] * 2
            names += [f"first{i}", f"last{i}"]
        else:
            read.append(f"c{i}")
            given.append(f"?::{type}[]")
            names.append(f"c{i}")
    rows = f"unnest({', '.join(given)}) AS given ({', '.join(names)})"
    return Insert(f"{head} SELECT {', '.join(read)} FROM {rows}{tail}", types)


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def was_pooled(sqlstate: str | None) -> bool:
    """Return whether a statement failed because it was prepared in another session."""
    return sqlstate in ("26000", "42P05")


def refuses_settings(text: str) -> bool:
    """Return whether a pooler refused a connection because of its session settings."""
    return "unsupported startup parameter" in text


_STARTING = (StoreUnavailableError, "the server is starting or shutting down ({message}); try later")
_REFUSED = (StoreUnavailableError, "the server refused user or password ({message})")
_LOST = (ConnectionLostError, "the connection was lost ({message})")
_ABORTED = (TransactionAbortedError, "the transaction conflicted with another one ({message})")
_POOLED = (StoreError, "a statement was prepared in another session ({message}); set pooler to 'transaction'")
_TOO_LARGE = (StoreError, "the server cannot hold such a text or number of texts ({message})")
_ERRORS: dict[str, tuple[type[StoreError], str]] = {
    "08": _LOST,
    "22021": _TOO_LARGE,
    "22P05": _TOO_LARGE,
    "25006": (
        ReadOnlyServerError,
        "the database takes no writes ({message}); it may be a standby: set host to the primary",
    ),
    "25P03": _LOST,
    "26000": _POOLED,
    NOT_ADMITTED: _REFUSED,
    "28P01": _REFUSED,
    "3D000": (
        StoreUnavailableError,
        "there is no such database ({message}); create it with CREATE DATABASE {server.database}",
    ),
    "40": _ABORTED,
    "40003": _LOST,
    "42501": (StoreError, "the account lacks a privilege ({message})"),
    "42P01": (MissingTableError, "{message}"),
    "42P05": _POOLED,
    "53": (StoreUnavailableError, "the server lacks memory or another resource ({message})"),
    "53100": (
        StoreError,
        "the server's disk is full ({message}); nothing was written. Make room and try again",
    ),
    "53300": (
        CrowdedServerError,
        "too many connections ({message}); lower pool_size or raise the server's max_connections",
    ),
    "54000": _TOO_LARGE,
    "55P03": _ABORTED,
    "57014": (StoreError, "a statement took longer than statement_timeout ({message})"),
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _STARTING,
    "57P04": _LOST,
    "57P05": _LOST,
}
"""By code of PostgreSQL's appendix A, or its class, the first two characters: error class and message."""


def translate(sqlstate: str | None, text: str, server: Server, *, opening: bool = False) -> StoreError:
    """Return the error of powermem for an error of the server.

    Args:
        sqlstate: the five characters of the code, or ``None`` if the connection broke.
        text: the server's message.
        server: named in the error.
        opening: whether the connection was being opened.
    """
    code = sqlstate or "08006"
    message = " ".join(text.split())
    if refuses_settings(message):
        return StoreUnavailableError(
            f"{server}: there is a pooler in front of this server ({message}); "
            "set pooler to 'transaction' or 'auto'"
        )
    if opening and code[:2] == "08":
        return unreachable(server, message)
    if opening and code in ("57P01", "57P02"):
        code = "57P03"
    kind, form = _ERRORS.get(code) or _ERRORS.get(code[:2]) or (StoreError, f"{{message}} [{code}]")
    return kind(f"{server}: {form.format(message=message, server=server)}")


def unreachable(server: Server, reason: object) -> StoreUnavailableError:
    """Return the error for a server that cannot be reached."""
    message = " ".join(str(reason).split()) or type(reason).__name__
    if "SSL" in message:
        return StoreUnavailableError(
            f"{server}: no connection with TLS ({message}); set sslmode to what the server offers"
        )
    return StoreUnavailableError(
        f"{server}: cannot connect ({message}); is the server running, and are host and port right?"
    )


def tls_context(server: Server) -> ssl.SSLContext | None:
    """Return the TLS context for the mode, or ``None`` for no TLS.

    As in libpq, ``require`` encrypts without checking the certificate unless there is a ``ca``.

    Raises:
        StoreUnavailableError: a file cannot be read.
    """
    if server.socket or server.tls == "disable":
        return None
    trusting = server.tls in ("allow", "prefer") or (server.tls == "require" and not server.ca)
    context = base.tls_context(server, trusting=trusting, ca="" if trusting else server.ca)
    context.sslobject_class = _NoWaitSSLObject
    return context


class _NoWaitSSLObject(ssl.SSLObject):
    """Sends close_notify without waiting for the server's, which may never come."""

    def unwrap(self) -> None:
        try:
            super().unwrap()
        except ssl.SSLWantReadError:
            return


STARTUP = {"application_name": APPLICATION, "client_encoding": "UTF8"}
"""Session variables that every pooler accepts when a connection is opened."""


def session_settings(server: Server) -> dict[str, str]:
    """Return the session variables beyond those of ``STARTUP``."""
    return {
        # Rounded up: less than a millisecond must not become 0, which means no limit.
        "statement_timeout": str(math.ceil(server.statement_timeout * 1000)),
        **server.settings,
    }
