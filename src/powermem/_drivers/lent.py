"""Connections that a function of the user's program opens, with psycopg, PyMySQL or sqlite3.

These are sync packages: in the async colour, each connection runs its statements on its own thread.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

from .._concurrency import AsyncThreads, async_to_thread
from .._concurrency.threads import NO_THREAD
from .._core.masking import mask_text
from ..config.conn import IN_MEMORY, Factory, Place
from ..errors import ConfigError, StoreUnavailableError
from . import mysql
from .base import AsyncConnection, Connection, Limit, Server, Values, no_reply

T = TypeVar("T")

_MODULES = {"psycopg": "psycopg", "pymysql": "pymysql.connections", "sqlite3": "sqlite3"}
# Seconds allowed for finding out where a function connects to.
_LONGEST = 60.0
_FUNCTION = "give one that returns what psycopg.connect(), pymysql.connect() or sqlite3.connect() returns"


class AsyncLentDriver:
    """Opens connections with a function of the user's program.

    Args:
        factory: the function.
        server: the server that it connects to, and the settings for each connection.
    """

    def __init__(self, factory: Factory, server: Server) -> None:
        self.server = server
        self._factory = factory

    async def connect(self) -> AsyncConnection:
        """Open a connection.

        Raises:
            StoreUnavailableError: the function fails.
            ConfigError: its result cannot be used.
        """
        threads = AsyncThreads("powermem-connection", 1)
        opened: list[Connection] = []
        driver = LentDriver(self._factory, self.server)
        try:
            await threads.run(lambda: opened.append(driver.connect()))
        except BaseException:
            # Cancelled, or the function failed. It may still be opening the connection on the thread, which
            # runs this only afterwards.
            for connection in await threads.run(opened.copy):
                await threads.run(connection.close)
            await threads.close()
            raise
        return _OnThread(opened[0], threads)


class LentDriver:
    """Opens connections with a function of the user's program. See ``AsyncLentDriver``."""

    def __init__(self, factory: Factory, server: Server) -> None:
        self.server = server
        self._factory = factory

    def connect(self) -> Connection:
        """Open a connection. See ``AsyncLentDriver.connect``."""
        limit = self.server.connecting
        raw = _bounded(lambda: _open(self._factory), limit.seconds, _close)
        if raw is None:
            what = "the connection that the function in conn opens"
            raise no_reply(self.server, Limit(what, limit.seconds, limit.setting))
        if _package(raw) == "psycopg":
            from ._psycopg import adopt as adopt_postgres

            return adopt_postgres(raw, self.server)
        from ._pymysql import adopt as adopt_mysql

        return adopt_mysql(raw, self.server)


class _OnThread:
    """A connection whose statements run on its own thread; closing waits for a running statement."""

    def __init__(self, connection: Connection, threads: AsyncThreads) -> None:
        self._connection = connection
        self._threads = threads

    async def execute(self, sql: str, values: Values = ()) -> int:
        return await self._threads.run(self._connection.execute, sql, values)

    async def fetch(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return await self._threads.run(self._connection.fetch, sql, values)

    async def execute_many(self, sql: str, rows: Sequence[Values]) -> int | None:
        return await self._threads.run(self._connection.execute_many, sql, rows)

    async def begin(self) -> None:
        await self._threads.run(self._connection.begin)

    async def commit(self) -> None:
        await self._threads.run(self._connection.commit)

    async def rollback(self) -> None:
        await self._threads.run(self._connection.rollback)

    async def ping(self) -> None:
        await self._threads.run(self._connection.ping)

    async def close(self) -> None:
        await self._threads.run(self._connection.close)
        await self._threads.close()


async def async_recognize(factory: Factory) -> Place:
    """Open two connections with a function of the user's program, and return where they lead.

    Raises:
        StoreUnavailableError: the function fails.
        ConfigError: its result cannot be used.
    """
    return await async_to_thread(recognize, factory)


def recognize(factory: Factory) -> Place:
    """Open two connections with a function of the user's program, and return where they lead.

    See ``async_recognize``.
    """
    # They are opened, used and closed on one thread, as sqlite3 demands.
    found = _bounded(lambda: _recognize(factory), _LONGEST, lambda place: None)
    if found is None:
        raise StoreUnavailableError(
            f"conn: the function opened no connection within {_LONGEST:g} s; give it a timeout of its own"
        )
    return found


def _recognize(factory: Factory) -> Place:
    first = _open(factory)
    try:
        second = _open(factory)
    except BaseException:
        first.close()
        raise
    if first is second:
        # The connection belongs to the program, so it is not closed here.
        raise ConfigError(
            "conn: this function returns the same connection each time, and the memory needs some of its "
            "own; call connect() inside of the function"
        )
    try:
        return _look_at(first, factory)
    finally:
        first.close()
        second.close()


def _bounded(call: Callable[[], T], seconds: float, discard: Callable[[T], None]) -> T | None:
    """Call a function on a daemon thread, and return its result, or ``None`` if it takes too long.

    A result that arrives too late is passed to ``discard``.

    Raises:
        StoreUnavailableError: no thread can be started; the function was not called.
    """
    lock, done = threading.Lock(), threading.Event()
    results: list[T] = []
    failures: list[BaseException] = []
    given_up = False

    def run() -> None:
        try:
            result = call()
        except BaseException as error:
            failures.append(error)
        else:
            with lock:
                late = given_up
                if not late:
                    results.append(result)
            if late:
                discard(result)
        done.set()

    thread = threading.Thread(target=copy_context().run, args=(run,), name="powermem-opening", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise StoreUnavailableError(f"conn: {NO_THREAD}") from error
    try:
        done.wait(seconds)
    except BaseException:
        with lock:
            given_up = True
        for result in results:
            discard(result)
        raise
    with lock:
        given_up = True
    if failures:
        raise failures[0]
    return results[0] if results else None


def _close(raw: Any) -> None:
    raw.close()


def _look_at(raw: Any, factory: Factory) -> Place:
    package = _package(raw)
    if package == "sqlite3":
        # The store opens the file itself: its connections are shared by threads, which those of this function
        # may not allow.
        return Place("sqlite", sure=True, keys={"database_path": _file(raw)})
    if package == "psycopg":
        info = raw.info
        place = {"unix_socket" if info.host.startswith("/") else "host": info.host, "port": info.port}
        keys = {**place, "user": info.user, "db_name": info.dbname}
        return Place("postgres", sure=True, keys=keys, factory=factory)
    with raw.cursor() as cursor:
        cursor.execute("SELECT version() AS version, database() AS name")
        found = cursor.fetchall()[0]
    version, name = found.values() if isinstance(found, dict) else found
    if name is None:
        raise ConfigError("conn: the connections of this function name no database")
    place = {"unix_socket": raw.unix_socket} if raw.unix_socket else {"host": raw.host, "port": raw.port}
    provider = "oceanbase" if mysql.is_oceanbase(str(version)) else "mysql"
    user = raw.user.decode() if isinstance(raw.user, bytes) else raw.user
    return Place(provider, sure=True, keys={**place, "user": user, "db_name": name}, factory=factory)


def _file(raw: Any) -> str:
    cursor = raw.cursor()
    cursor.row_factory = None
    files = {name: file for _, name, file in cursor.execute("PRAGMA database_list").fetchall()}
    if not files["main"]:
        raise ConfigError(IN_MEMORY)
    path: str = files["main"]
    return path


def _open(factory: Factory) -> Any:
    try:
        raw = factory()
    except Exception as error:
        message = mask_text(" ".join(str(error).split()))
        raise StoreUnavailableError(
            f"conn: no connection could be opened ({type(error).__name__}: {message})"
        ) from error
    try:
        _package(raw)
    except ConfigError:
        if hasattr(raw, "throw") and hasattr(raw, "close"):
            # A coroutine: close it, so that Python does not warn that it was never awaited.
            raw.close()
        raise
    return raw


def _package(raw: Any) -> str:
    """Return the name of the package that a connection belongs to."""
    if getattr(raw, "_pool", None) is not None:
        raise ConfigError(f"conn: the function returned a connection of a pool; {_FUNCTION}")
    for package, module in _MODULES.items():
        if isinstance(raw, getattr(sys.modules.get(module), "Connection", ())):
            return package
    kind = type(raw)
    raise ConfigError(f"conn: the function returned a {kind.__module__}.{kind.__qualname__}; {_FUNCTION}")
