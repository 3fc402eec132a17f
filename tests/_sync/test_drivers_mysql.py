# Generated from tests/_async/test_drivers_mysql.py by scripts/run_unasync.py; edit that file instead.
"""The driver of MySQL's protocol on real servers: what goes in comes out, and what fails says what to do."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from servers import MariaDB

from powermem._drivers._pymysql import MySQLConnection, MySQLDriver
from powermem._drivers.base import ConnectionLostError, MissingTableError, Server
from powermem.errors import StoreError, StoreUnavailableError
from tests.support.relays import CERTIFICATE, STRANGER, Relay
from tests.support.servers import running

pytestmark = pytest.mark.stores("mysql", "oceanbase")

TEXT = "a\0b'\"\\%s?é😀\n " + "x" * 1_000_000
BYTES = bytes(range(256)) * 6


@pytest.fixture
def target(new_vector_store: dict[str, Any]) -> Server:
    """Where an empty database is."""
    return _target(new_vector_store["config"])


def _target(config: dict[str, Any]) -> Server:
    return Server(
        host=config.get("host", ""),
        port=config.get("port", 1),
        user=config["user"],
        password=config["password"],
        database=config["db_name"],
        socket=config.get("unix_socket", ""),
    )


@pytest.fixture
def connection(target: Server) -> Iterator[MySQLConnection]:
    opened = MySQLDriver(target).connect()
    yield opened
    opened.close()


def test_text_and_bytes_come_back_as_they_were(connection: MySQLConnection) -> None:
    connection.execute(
        "CREATE TABLE t (id BIGINT, name VARBINARY(64), content LONGTEXT CHARACTER SET utf8mb4, raw LONGBLOB)"
    )
    connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", (1, "é ", TEXT, BYTES))
    connection.execute_many("INSERT INTO t VALUES (?, ?, ?, ?)", [(2, None, None, None), (3, "", "", b"")])
    assert connection.fetch("SELECT * FROM t ORDER BY id") == [
        (1, "é ", TEXT, BYTES),
        (2, None, None, None),
        (3, "", "", b""),
    ]


def test_no_bytes_are_no_bytes_in_a_statement_that_the_server_has_not_seen(
    connection: MySQLConnection,
) -> None:
    # seekdb reads a literal of no bytes differently the first time.
    for number in range(3):
        for value in (b"", b"\0", BYTES):
            (found,) = connection.fetch(f"SELECT {number}, LENGTH(?), HEX(?)", (value, value))
            assert found == (number, len(value), value.hex().upper())


def test_an_insert_that_is_passed_over_counts_no_row(connection: MySQLConnection) -> None:
    connection.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)")
    insert = "INSERT INTO t (id) VALUES (?) ON DUPLICATE KEY UPDATE id = t.id"
    assert connection.execute(insert, (1,)) == 1
    assert connection.execute(insert, (1,)) == 0
    assert connection.execute_many(insert, [(2,), (1,), (3,), (2,)]) == 2
    assert connection.execute_many("UPDATE t SET id = id + 10 WHERE id = ?", [(1,), (2,), (5,)]) == 2


def test_a_transaction_is_undone(connection: MySQLConnection) -> None:
    connection.execute("CREATE TABLE t (id BIGINT)")
    connection.begin()
    connection.execute("INSERT INTO t VALUES (1)")
    connection.rollback()
    assert connection.fetch("SELECT * FROM t") == []


def test_every_session_is_in_the_same_state(connection: MySQLConnection) -> None:
    found = connection.fetch("SELECT @@time_zone, @@sql_mode, @@tx_isolation, @@autocommit")
    assert found == [("+00:00", "STRICT_ALL_TABLES", "READ-COMMITTED", 1)]


def test_averages_are_floats(connection: MySQLConnection) -> None:
    found = connection.fetch("SELECT avg(n) FROM (SELECT 1 AS n UNION ALL SELECT 2) AS numbers")
    assert found == [(1.5,)]
    assert isinstance(found[0][0], float)


def test_a_missing_table_is_named(connection: MySQLConnection) -> None:
    with pytest.raises(MissingTableError, match="nowhere"):
        connection.fetch("SELECT * FROM nowhere")


def test_a_text_that_is_too_long_is_refused_and_not_cut(connection: MySQLConnection) -> None:
    connection.execute("CREATE TABLE t (name VARBINARY(4))")
    with pytest.raises(StoreError, match="too long"):
        connection.execute("INSERT INTO t VALUES (?)", ("abcde",))


def test_a_slow_statement_is_stopped(target: Server) -> None:
    connection = MySQLDriver(replace(target, statement_timeout=0.2)).connect()
    with pytest.raises(StoreError, match=r"more than 0\.2 s"):
        connection.fetch("SELECT SLEEP(30)")
    connection.close()


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"password": "wrong é"}, "check user and password"),
        ({"database": "nowhere"}, "no database 'nowhere'; create it"),
        ({"socket": "/nowhere/sql.sock", "host": ""}, "check that the server runs"),
    ],
)
def test_who_cannot_connect_is_told_what_to_do(target: Server, change: dict[str, Any], advice: str) -> None:
    with pytest.raises(StoreUnavailableError, match=advice) as caught:
        MySQLDriver(replace(target, **change)).connect()
    assert target.password not in str(caught.value)


@pytest.mark.stores("mysql")
def test_who_is_refused_does_not_wait_for_a_farewell(target: Server) -> None:
    with Relay(target.host, target.port) as relay:
        refused = replace(target, port=relay.port, password="wrong")
        with pytest.raises(StoreUnavailableError, match="check user and password"):
            MySQLDriver(refused).connect()
        # Over TLS, too, and though the other side has not hung up.
        assert relay.left.wait(120)


@pytest.mark.stores("mysql")
def test_a_port_where_nobody_listens(target: Server) -> None:
    with pytest.raises(StoreUnavailableError, match="check that the server runs"):
        MySQLDriver(replace(target, port=1)).connect()


@pytest.mark.stores("mysql")
def test_tls_is_used_and_checked(target: Server) -> None:
    trusting = replace(target, tls="verify-full", ca=str(CERTIFICATE))
    for tls in (trusting, replace(target, tls="require"), replace(target, tls="prefer")):
        assert _cipher(tls)
    assert not _cipher(replace(target, tls="disable"))
    with pytest.raises(StoreUnavailableError, match="no trusted TLS connection"):
        MySQLDriver(replace(target, tls="verify-full")).connect()


@pytest.mark.stores("mysql")
def test_a_certificate_that_others_vouch_for(target: Server) -> None:
    others = str(STRANGER)
    for tls in (replace(target, tls="require", ca=others), replace(target, tls="verify-ca", ca=others)):
        with pytest.raises(StoreUnavailableError, match="no trusted TLS connection"):
            MySQLDriver(tls).connect()
    assert _cipher(replace(target, tls="prefer", ca=others))


@pytest.mark.stores("mysql")
def test_a_file_for_tls_that_is_not_there(target: Server, tmp_path: Path) -> None:
    missing = replace(target, tls="require", ca=str(tmp_path / "no.pem"))
    with pytest.raises(StoreUnavailableError, match="cannot read the files for TLS"):
        MySQLDriver(missing).connect()


class Plain(MariaDB):
    """Without TLS."""

    def command(self) -> Sequence[str | Path]:
        return [*super().command(), "--skip-ssl"]


@pytest.fixture(scope="module")
def plain() -> Generator[Server, None, None]:
    for server in running(Plain):
        server.create("plain")
        yield _target(server.config("plain"))


@pytest.mark.stores("mysql")
def test_tls_is_preferred_and_can_be_insisted_on(store: str, plain: Server) -> None:
    driver = MySQLDriver(plain)
    for _ in range(2):
        connection = driver.connect()
        assert connection.fetch("SELECT 1") == [(1,)]
        connection.close()
    with pytest.raises(StoreUnavailableError, match="TLS"):
        MySQLDriver(replace(plain, tls="require")).connect()


def _cipher(target: Server) -> str:
    connection = MySQLDriver(target).connect()
    found = connection.fetch("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    connection.close()
    cipher: str = found[0][1]
    return cipher


def test_a_lost_connection_is_told_from_other_errors(target: Server) -> None:
    victim, other = MySQLDriver(target).connect(), MySQLDriver(target).connect()
    number = (victim.fetch("SELECT CONNECTION_ID()"))[0][0]
    other.execute(f"KILL {number}")
    with pytest.raises(ConnectionLostError):
        victim.fetch("SELECT 1")
    victim.close()
    victim.close()
    other.close()
