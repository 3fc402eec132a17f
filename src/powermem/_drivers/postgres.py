"""What the two PostgreSQL drivers share: how they name errors and how they insist on TLS."""

from __future__ import annotations

import ssl

from ..errors import StoreError, StoreUnavailableError
from .base import ConnectionLostError, MissingTableError, Server, TransactionAbortedError

APPLICATION = "powermem"
NOT_ADMITTED = "28000"
"""The code for an account that may not connect from here, or not in this way."""


def postgres_error(sqlstate: str | None, text: str, server: Server) -> StoreError:
    """Return our error for one of the server's; codes are those of PostgreSQL's appendix A.

    Args:
        sqlstate: the five characters, or ``None`` when the connection broke.
        text: what the server said.
        server: which one.
    """
    code = sqlstate or "08006"
    said = " ".join(text.split())
    if code in ("28P01", NOT_ADMITTED):
        return StoreUnavailableError(f"{server}: the server refused user or password ({said})")
    if code == "3D000":
        return StoreUnavailableError(
            f"{server}: there is no such database ({said}); create it with CREATE DATABASE {server.database}"
        )
    if code[:2] == "08" or code in ("57P01", "57P02", "57P03", "57P05"):
        return ConnectionLostError(f"{server}: the connection was lost ({said})")
    if code[:3] == "533":
        return StoreUnavailableError(f"{server}: too many connections ({said}); lower pool_size")
    if code[:2] == "40":
        return TransactionAbortedError(f"{server}: the transaction met another one ({said})")
    if code == "57014":
        return StoreError(f"{server}: a statement took longer than statement_timeout ({said})")
    if code == "53100":
        return StoreError(f"{server}: the server's disk is full ({said})")
    if code == "42P01":
        return MissingTableError(f"{server}: {said}")
    if code == "42501":
        return StoreError(f"{server}: the account lacks a privilege ({said})")
    if code == "25006":
        return StoreError(f"{server}: the database takes no writes ({said})")
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


def session_settings(server: Server) -> dict[str, str]:
    """Return the session variables of a new connection."""
    return {
        "application_name": APPLICATION,
        "client_encoding": "UTF8",
        "statement_timeout": str(int(server.statement_timeout * 1000)),
        **server.settings,
    }
