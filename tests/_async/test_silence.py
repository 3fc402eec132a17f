"""A server, or the network before it, that falls silent or hangs up: every wait ends on this side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from powermem._async.stores.server.pool import AsyncPool
from powermem._concurrency import async_gather, async_to_thread
from powermem._drivers._asyncmy import AsyncMySQLDriver
from powermem._drivers._asyncpg import AsyncPostgresDriver
from powermem._drivers.base import AsyncConnection, AsyncDriver, ConnectionLostError, NoReplyError, Server
from powermem._drivers.lent import AsyncLentDriver
from powermem.errors import StoreError, StoreUnavailableError
from tests.support.databases import place
from tests.support.relays import CERTIFICATE, Encryptor, Fault, Proxy

# OceanBase is reached by the driver of MySQL.
pytestmark = [pytest.mark.stores("postgres", "mysql"), pytest.mark.timeout(60)]

ACTIONS: tuple[Any, ...] = ("silence", "fin", "rst")
SIDES: tuple[Any, ...] = ("server", "client")


@pytest.fixture
def proxy(vector_store: dict[str, Any]) -> Iterator[Proxy]:
    with Proxy(place(vector_store)) as opened:
        yield opened


@pytest.fixture
def target(vector_store: dict[str, Any], proxy: Proxy) -> Server:
    """The server behind the proxy, with little patience."""
    where = vector_store["config"]
    return Server(
        host="127.0.0.1",
        port=proxy.port,
        user=where["user"],
        password=where["password"],
        database=where["db_name"],
        tls="disable",
        connect_timeout=2,
        statement_timeout=0.2,
    )


def driver(store: str, server: Server) -> AsyncDriver:
    """Return the driver for a store."""
    return AsyncPostgresDriver(server) if store == "postgres" else AsyncMySQLDriver(server)


async def refused(store: str, server: Server, fault: Fault) -> None:
    """Check that connecting fails in one way for a caller, whatever happens on the way."""
    with Proxy((server.host, server.port)) as proxy:
        proxy.behave(fault)
        with pytest.raises(StoreUnavailableError) as caught:
            await driver(store, replace(server, port=proxy.port)).connect()
        assert proxy.struck.is_set()
        message = str(caught.value)
        assert str(proxy.port) in message
        assert server.password not in message
        if fault.action == "silence":
            assert "connect_timeout" in message


async def test_a_connection_that_never_comes_about(store: str, target: Server) -> None:
    # Before, at the beginning of, and in the middle of what is said before the first statement.
    faults = [Fault(action, side, after) for action in ACTIONS for side in SIDES for after in (0, 1, 40)]
    await async_gather([partial(refused, store, target, fault) for fault in faults])


async def test_a_handshake_of_tls_that_stops(store: str, target: Server) -> None:
    secure = replace(target, tls="verify-ca", ca=str(CERTIFICATE))
    faults = [Fault("silence", side, after) for side in SIDES for after in (150, 300)]
    if store == "mysql":
        await async_gather([partial(refused, store, secure, fault) for fault in faults])
        return
    with Encryptor(target.port) as encryptor:
        secure = replace(secure, port=encryptor.port)
        await async_gather([partial(refused, store, secure, fault) for fault in faults])


async def use(connection: AsyncConnection, call: str) -> None:
    """Do one of the things that may wait for the server."""
    if call == "execute_many":
        await connection.execute_many("SELECT ?", [(1,), (2,)])
    elif call in ("execute", "fetch"):
        await getattr(connection, call)("SELECT 1")
    else:
        await getattr(connection, call)()


@pytest.mark.parametrize("call", ["execute", "fetch", "execute_many", "begin", "commit", "rollback", "ping"])
async def test_a_connection_that_breaks(store: str, target: Server, call: str) -> None:
    quick = replace(target, connect_timeout=0.4 if call == "ping" else 2)

    async def check(fault: Fault) -> None:
        with Proxy((target.host, target.port)) as proxy:
            connection = await driver(store, replace(target, port=proxy.port)).connect()
            if call == "ping":
                connection._server = quick  # type: ignore[attr-defined]
            proxy.behave(fault)
            with pytest.raises(ConnectionLostError) as caught:
                await use(connection, call)
            assert proxy.struck.is_set()
            assert isinstance(caught.value, NoReplyError) == (fault.action == "silence")
            if fault.action == "silence":
                assert ("connect_timeout" if call == "ping" else "statement_timeout") in str(caught.value)
            # It stays lost, and closing does not wait either.
            with pytest.raises(ConnectionLostError):
                await connection.fetch("SELECT 1")
            await connection.close()

    faults = [Fault(action, side) for action in ACTIONS for side in SIDES]
    await async_gather([partial(check, fault) for fault in faults])


async def test_a_text_that_is_not_unicode(store: str, target: Server) -> None:
    connection = await driver(store, target).connect()
    with pytest.raises(StoreError):
        await connection.fetch("SELECT ?", ("a\ud800b",))
    # It was not sent, so the connection is as good as before.
    assert await connection.fetch("SELECT 1") == [(1,)]
    await connection.close()


async def test_all_connections_in_use(store: str, target: Server) -> None:
    pool = AsyncPool(driver(store, target), most=1, timeout=0.05)
    async with pool.reading() as reader:
        with pytest.raises(StoreUnavailableError, match="pool_timeout"):
            await ask(pool)
        assert await reader.fetch("SELECT 1") == [(1,)]
    assert await ask(pool) == [(1,)]
    await pool.close()


async def test_a_connection_that_died_while_it_lay_idle(store: str, target: Server, proxy: Proxy) -> None:
    pool = AsyncPool(driver(store, replace(target, connect_timeout=1)), most=1)
    assert await ask(pool) == [(1,)]
    # As a firewall does that forgets about it.
    proxy.behave(Fault("silence", times=1))
    pool._idle[0].given -= 100
    assert await ask(pool) == [(1,)]
    assert proxy.connections == 2
    await pool.close()


async def ask(pool: AsyncPool) -> list[tuple[Any, ...]]:
    async with pool.reading() as reader:
        return await reader.fetch("SELECT 1")


@pytest.mark.parametrize("call", ["fetch", "execute_many", "commit"])
async def test_a_connection_of_the_program_that_breaks(
    store: str, target: Server, proxy: Proxy, call: str
) -> None:
    connection = await AsyncLentDriver(opener(store, target), target).connect()
    proxy.behave(Fault("silence"))
    with pytest.raises(NoReplyError, match="statement_timeout"):
        await use(connection, call)
    await connection.close()


async def test_a_function_of_the_program_that_never_returns(store: str, target: Server) -> None:
    may_return, closed = threading.Event(), threading.Event()
    connect = opener(store, target)

    def late() -> Any:
        may_return.wait()
        connection = connect()
        close = connection.close

        def note() -> None:
            close()
            closed.set()

        connection.close = note
        return connection

    with pytest.raises(NoReplyError, match="connect_timeout"):
        await AsyncLentDriver(late, replace(target, connect_timeout=0.1)).connect()
    # What it returns after all does not stay open.
    may_return.set()
    assert await async_to_thread(closed.wait, 30)


def opener(store: str, server: Server) -> Callable[[], Any]:
    """Return a function that connects as a program does."""
    keys: dict[str, Any] = {"host": server.host, "port": server.port, "user": server.user}
    keys["password"] = server.password
    if store == "postgres":
        psycopg = pytest.importorskip("psycopg")
        return partial(psycopg.connect, dbname=server.database, sslmode="disable", **keys)
    pymysql = pytest.importorskip("pymysql")
    return partial(pymysql.connect, database=server.database, **keys)


async def test_an_answer_that_comes_drop_by_drop(store: str, target: Server, proxy: Proxy) -> None:
    # Each piece is in time, and all of them together are not.
    connection = await driver(store, target).connect()
    proxy.behave(Fault("delay", delay=0.5))
    with pytest.raises(NoReplyError):
        await connection.fetch("SELECT 1")
    await connection.close()
