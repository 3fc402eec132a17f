"""What the two PostgreSQL drivers share: how they name errors and how they insist on TLS."""

from __future__ import annotations

import math
import ssl

from ..errors import StoreError, StoreUnavailableError
from ..sql.steps import TransactionAbortedError
from .base import (
    ConnectionLostError,
    CrowdedServerError,
    MissingTableError,
    PoolerFoundError,
    ReadOnlyServerError,
    Server,
)

APPLICATION = "powermem"
BACKEND = "SELECT pg_backend_pid()"
"""Its answer differs from what the server said at the start when a pooler stands between."""
NOT_ADMITTED = "28000"
"""The code for an account that may not connect from here, or not in this way."""


class Pooling:
    """Whether a pooler such as PgBouncer gives each transaction another session of the server.

    Then nothing may be kept in a session: no prepared statement, and no setting beyond the transaction.

    Args:
        server: whose ``pooler`` says so, or that it is to be found out.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.known = server.pooler != "auto"
        self.on = server.pooler == "transaction"

    def learn(self, *, direct: bool) -> bool:
        """Note what was found out, unless it is set, and return whether it calls for another connection."""
        if self._server.pooler != "auto":
            return False
        news = self.on == direct
        self.known, self.on = True, not direct
        return news

    def found(self, said: str) -> PoolerFoundError:
        """Return the error for a connection on which a pooler showed itself."""
        return PoolerFoundError(
            f"{self._server}: a pooler stands before this server ({' '.join(said.split())}); "
            "set pooler to 'transaction'"
        )

    @property
    def begin(self) -> str:
        """What starts a transaction; in a pooler's session the settings come with it."""
        if not self.on:
            return "BEGIN"
        settings = session_settings(self._server)
        local = [f"SET LOCAL {name} = '{_quoted(value)}'" for name, value in settings.items()]
        return "; ".join(["BEGIN", *local])


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def was_pooled(sqlstate: str | None) -> bool:
    """Return whether a statement was prepared in another session than the one that ran it."""
    return sqlstate in ("26000", "42P05")


def refuses_settings(text: str) -> bool:
    """Return whether a pooler refused a connection for the settings that it brought."""
    return "unsupported startup parameter" in text


def postgres_error(sqlstate: str | None, text: str, server: Server, *, opening: bool = False) -> StoreError:
    """Return our error for one of the server's; codes are those of PostgreSQL's appendix A.

    Args:
        sqlstate: the five characters, or ``None`` when the connection broke.
        text: what the server said.
        server: which one.
        opening: whether the connection was not open yet.
    """
    code = sqlstate or "08006"
    said = " ".join(text.split())
    if refuses_settings(said):
        return StoreUnavailableError(
            f"{server}: a pooler stands before this server ({said}); set pooler to 'transaction' or 'auto'"
        )
    if was_pooled(sqlstate):
        return StoreError(
            f"{server}: a statement was prepared in another session ({said}); set pooler to 'transaction'"
        )
    if code == "57P03" or (opening and code in ("57P01", "57P02")):
        return StoreUnavailableError(f"{server}: the server is starting or shutting down ({said}); try later")
    if opening and code[:2] == "08":
        return unreachable(server, said)
    if code in ("28P01", NOT_ADMITTED):
        return StoreUnavailableError(f"{server}: the server refused user or password ({said})")
    if code == "3D000":
        return StoreUnavailableError(
            f"{server}: there is no such database ({said}); create it with CREATE DATABASE {server.database}"
        )
    if code[:2] == "08" or code in ("40003", "57P01", "57P02", "57P04", "57P05", "25P03"):
        return ConnectionLostError(f"{server}: the connection was lost ({said})")
    if code == "53300":
        return CrowdedServerError(
            f"{server}: too many connections ({said}); lower pool_size or raise the server's max_connections"
        )
    if code[:2] == "40" or code == "55P03":
        return TransactionAbortedError(f"{server}: the transaction met another one ({said})")
    if code == "57014":
        return StoreError(f"{server}: a statement took longer than statement_timeout ({said})")
    if code == "53100":
        return StoreError(
            f"{server}: the server's disk is full ({said}); nothing was written. Make room and try again"
        )
    if code[:2] == "53":
        return StoreUnavailableError(f"{server}: the server lacks memory or another resource ({said})")
    if code in ("54000", "22021", "22P05"):
        return StoreError(f"{server}: the server cannot hold such a text or number of texts ({said})")
    if code == "42P01":
        return MissingTableError(f"{server}: {said}")
    if code == "42501":
        return StoreError(f"{server}: the account lacks a privilege ({said})")
    if code == "25006":
        return ReadOnlyServerError(
            f"{server}: the database takes no writes ({said}); it may be a standby: set host to the primary"
        )
    return StoreError(f"{server}: {said} [{code}]")


def unreachable(server: Server, reason: object) -> StoreUnavailableError:
    """Return the error for a server that does not answer."""
    said = " ".join(str(reason).split()) or type(reason).__name__
    if "SSL" in said:
        return StoreUnavailableError(
            f"{server}: no connection with TLS ({said}); set sslmode to what the server offers"
        )
    return StoreUnavailableError(
        f"{server}: cannot connect ({said}); is the server running, and are host and port right?"
    )


def tls_context(server: Server) -> ssl.SSLContext | None:
    """Return how to speak TLS, or ``None`` for not at all.

    As with libpq, ``require`` encrypts without looking at the certificate unless there is a ``ca``.

    Raises:
        StoreUnavailableError: a file cannot be read.
    """
    if server.socket or server.tls == "disable":
        return None
    trusting = server.tls in ("allow", "prefer") or (server.tls == "require" and not server.ca)
    try:
        if trusting:
            # Without the certificates of this machine, which take milliseconds to read.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        else:
            context = ssl.create_default_context(cafile=server.ca or None)
        if server.certificate:
            context.load_cert_chain(server.certificate, server.key or None)
    except OSError as error:
        raise StoreUnavailableError(f"{server}: cannot read the files for TLS ({error})") from error
    context.check_hostname = server.tls == "verify-full"
    context.verify_mode = ssl.CERT_NONE if trusting else ssl.CERT_REQUIRED
    context.sslobject_class = _Parting
    return context


class _Parting(ssl.SSLObject):
    """Says goodbye and does not wait for the answer, which may never come."""

    def unwrap(self) -> None:
        try:
            super().unwrap()
        except ssl.SSLWantReadError:
            return


STARTUP = {"application_name": APPLICATION, "client_encoding": "UTF8"}
"""The session variables that every pooler takes when a connection is opened."""


def session_settings(server: Server) -> dict[str, str]:
    """Return the further session variables, beyond those of ``STARTUP``."""
    return {
        # At least a millisecond: 0 would be no limit.
        "statement_timeout": str(math.ceil(server.statement_timeout * 1000)),
        **server.settings,
    }
