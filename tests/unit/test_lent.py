"""Connections of the program's own, used by tasks: who is cancelled leaves none of them open or half used."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from powermem._async.stores.server.pool import AsyncPool
from powermem._drivers.base import Server
from powermem._drivers.lent import AsyncLentDriver
from tests.support.connecting import opening
from tests.support.databases import execute

pytestmark = pytest.mark.stores("postgres")

SERVER = Server(host="db", port=1, user="u", password="", database="d")
ASLEEP = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"


class Program:
    """Opens connections, and can hold one up."""

    def __init__(self, section: dict[str, Any]) -> None:
        self.open = opening(section)
        self.opened: list[Any] = []
        self.asked = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self) -> Any:
        self.asked.set()
        self.may_go_on.wait()
        self.opened.append(self.open())
        return self.opened[-1]


@pytest.fixture
def program(vector_store: dict[str, Any]) -> Program:
    return Program(vector_store)


@pytest.fixture
async def pool(program: Program) -> AsyncIterator[AsyncPool]:
    pool = AsyncPool(AsyncLentDriver(program, SERVER), most=1)
    yield pool
    await pool.close()
    assert program.opened
    assert all(connection.closed for connection in program.opened)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("powermem-connection")]


async def ask(pool: AsyncPool, sql: str) -> list[tuple[Any, ...]]:
    async with pool.reading() as reader:
        return await reader.fetch(sql)


async def test_who_is_cancelled_while_connecting_leaves_no_connection(
    pool: AsyncPool, program: Program
) -> None:
    program.may_go_on.clear()
    task = asyncio.create_task(ask(pool, "SELECT 1"))
    await asyncio.to_thread(program.asked.wait)
    task.cancel()
    program.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [connection.closed for connection in program.opened] == [True]
    assert await ask(pool, "SELECT 2") == [(2,)]


async def test_who_is_cancelled_in_a_statement_gives_the_connection_up(
    pool: AsyncPool, program: Program, vector_store: dict[str, Any]
) -> None:
    task = asyncio.create_task(ask(pool, "SELECT pg_sleep(100)"))
    while not (found := await asyncio.to_thread(execute, vector_store, ASLEEP)):
        assert not task.done()
    task.cancel()
    # The statement goes on where it is, until the server ends it.
    await asyncio.to_thread(execute, vector_store, f"SELECT pg_cancel_backend({found[0][0]})")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [connection.closed for connection in program.opened] == [True]
    assert await ask(pool, "SELECT 2") == [(2,)]
