# Generated from tests/_async/test_drivers_postgres.py by scripts/run_unasync.py; edit that file instead.
"""The driver of PostgreSQL over TLS: what is encrypted, what is checked, and what is left behind.

The server of these tests was built without TLS, so somebody in front of it speaks it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers import Postgres

from powermem._drivers._psycopg import PostgresDriver
from powermem._drivers.base import Server
from powermem.errors import StoreUnavailableError
from tests.support.relays import CERTIFICATE, STRANGER, Encryptor, Relay

pytestmark = pytest.mark.stores("postgres")

TLS = ("allow", "prefer", "require", "verify-ca", "verify-full")


@pytest.fixture
def plain(postgres_server: Postgres) -> Server:
    """A server that speaks no TLS."""
    config = postgres_server.config("postgres")
    return Server(config["host"], config["port"], config["user"], config["password"], config["db_name"])


@pytest.fixture
def secure(plain: Server) -> Generator[Server, None, None]:
    """The same behind one that speaks TLS only."""
    with Encryptor(plain.port) as encryptor:
        yield replace(plain, port=encryptor.port)


def connects(server: Server) -> bool:
    connection = PostgresDriver(server).connect()
    found = connection.fetch("SELECT ?::int", (7,))
    connection.close()
    return found == [(7,)]


def refusal(server: Server) -> str:
    with pytest.raises(StoreUnavailableError) as caught:
        PostgresDriver(server).connect()
    message = str(caught.value)
    assert server.password not in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("tls", TLS)
def test_tls_is_used(secure: Server, tls: Any) -> None:
    assert connects(replace(secure, tls=tls, ca=str(CERTIFICATE)))


def test_without_tls_the_server_does_not_listen(secure: Server) -> None:
    refusal(replace(secure, tls="disable"))


def test_what_is_required_is_not_checked(secure: Server) -> None:
    assert connects(replace(secure, tls="require"))


def test_a_certificate_that_nobody_vouches_for(secure: Server) -> None:
    # Without a file of ours it is for this machine to decide.
    assert "certificate verify failed" in refusal(replace(secure, tls="verify-full"))


@pytest.mark.parametrize("tls", ["require", "verify-ca", "verify-full"])
def test_a_certificate_that_others_vouch_for(secure: Server, tls: Any) -> None:
    assert "certificate verify failed" in refusal(replace(secure, tls=tls, ca=str(STRANGER)))


def test_the_name_is_checked_when_asked_for(plain: Server) -> None:
    # An address that the certificate does not name.
    with Encryptor(plain.port, "127.0.0.2") as encryptor:
        elsewhere = replace(plain, host="127.0.0.2", port=encryptor.port, ca=str(CERTIFICATE))
        assert connects(replace(elsewhere, tls="verify-ca"))
        assert "certificate" in refusal(replace(elsewhere, tls="verify-full"))


def test_a_file_that_is_not_there(secure: Server, tmp_path: Path) -> None:
    missing = replace(secure, tls="verify-full", ca=str(tmp_path / "no.pem"))
    assert "cannot read the files for TLS" in refusal(missing)


def test_a_server_without_tls(plain: Server) -> None:
    for tls in ("disable", "allow", "prefer"):
        driver = PostgresDriver(replace(plain, tls=tls))
        for _ in range(2):
            connection = driver.connect()
            assert connection.fetch("SELECT 1") == [(1,)]
            connection.close()
    for tls in ("require", "verify-ca", "verify-full"):
        assert "TLS" in refusal(replace(plain, tls=tls, ca=str(CERTIFICATE)))


@pytest.mark.parametrize("tls", ["disable", "require", "verify-full"])
def test_who_is_refused_does_not_wait_for_a_farewell(plain: Server, secure: Server, tls: Any) -> None:
    server = plain if tls == "disable" else secure
    with Relay(server.host, server.port) as relay:
        refused = replace(server, port=relay.port, password="wrong", tls=tls, ca=str(CERTIFICATE))
        assert "password" in refusal(refused)
        # Though the other side has not hung up.
        assert relay.left.wait(120)


def test_who_is_done_does_not_wait_for_a_farewell(secure: Server) -> None:
    with Relay(secure.host, secure.port) as relay:
        assert connects(replace(secure, port=relay.port, tls="verify-full", ca=str(CERTIFICATE)))
        assert relay.left.wait(120)
