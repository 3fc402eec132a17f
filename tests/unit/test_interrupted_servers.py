"""Ctrl-C in a thread that waits for a database server, and a cancelled task that does."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from powermem._async.stores.server.pool import AsyncPool
from powermem._drivers._asyncmy import AsyncMySQLDriver
from powermem._drivers._asyncpg import AsyncPostgresDriver
from powermem._drivers._psycopg import PostgresDriver
from powermem._drivers._pymysql import MySQLDriver
from powermem._drivers.base import Server
from powermem._sync.stores.server.pool import Pool
from tests.support.databases import execute, place
from tests.support.relays import Fault, Proxy

pytestmark = [
    pytest.mark.stores("postgres", "mysql"),
    pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs a signal that comes when it is asked"),
]


@pytest.fixture
def proxy(vector_store: dict[str, Any]) -> Iterator[Proxy]:
    with Proxy(place(vector_store)) as opened:
        yield opened


@pytest.fixture
def target(vector_store: dict[str, Any], proxy: Proxy) -> Server:
    where = vector_store["config"]
    keys = {key: where[key] for key in ("user", "password")}
    return Server("127.0.0.1", proxy.port, database=where["db_name"], tls="disable", **keys)


@pytest.fixture
def interrupt() -> Iterator[Any]:
    """Raise KeyboardInterrupt here as soon as something has happened."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, stop)
    main = threading.get_ident()
    threads: list[threading.Thread] = []

    def when(happened: threading.Event) -> None:
        def run() -> None:
            if happened.wait(30):
                signal.pthread_kill(main, signal.SIGALRM)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield when
    for thread in threads:
        thread.join()
    signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("wait", ["reading", "transaction"])
def test_an_interrupt_leaves_the_pool_usable(
    store: str, target: Server, proxy: Proxy, interrupt: Any, wait: str
) -> None:
    driver = PostgresDriver(target) if store == "postgres" else MySQLDriver(target)
    pool = Pool(driver, most=1)

    def ask() -> list[tuple[Any, ...]]:
        with getattr(pool, wait)() as connection:
            found: list[tuple[Any, ...]] = connection.fetch("SELECT 1")
            return found

    assert ask() == [(1,)]
    proxy.behave(Fault("silence"))
    interrupt(proxy.struck)
    with pytest.raises(KeyboardInterrupt):
        ask()
    proxy.behave()
    assert pool.idle == 0
    assert ask() == [(1,)]
    pool.close()


@pytest.mark.stores("postgres")
def test_an_interrupted_statement_ends_on_the_server(
    target: Server, proxy: Proxy, interrupt: Any, vector_store: dict[str, Any]
) -> None:
    pool = Pool(PostgresDriver(target), most=1)
    begun = threading.Event()
    asleep = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"

    def look() -> None:
        while not execute(vector_store, asleep):
            continue
        begun.set()

    watcher = threading.Thread(target=look)
    watcher.start()
    interrupt(begun)
    with pytest.raises(KeyboardInterrupt), pool.reading() as reader:
        reader.fetch("SELECT pg_sleep(100)")
    watcher.join()
    while execute(vector_store, asleep):
        continue
    pool.close()


@pytest.mark.parametrize("wait", ["reading", "transaction"])
async def test_a_cancelled_task_leaves_the_pool_usable(
    store: str, target: Server, proxy: Proxy, wait: str
) -> None:
    driver = AsyncPostgresDriver(target) if store == "postgres" else AsyncMySQLDriver(target)
    pool = AsyncPool(driver, most=1)

    async def ask() -> list[tuple[Any, ...]]:
        async with getattr(pool, wait)() as connection:
            found: list[tuple[Any, ...]] = await connection.fetch("SELECT 1")
            return found

    assert await ask() == [(1,)]
    proxy.behave(Fault("silence"))
    task = asyncio.create_task(ask())
    assert await asyncio.to_thread(proxy.struck.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    proxy.behave()
    assert pool.idle == 0
    assert await ask() == [(1,)]
    await pool.close()
