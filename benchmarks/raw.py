"""Bare database drivers, and what the library sends through its own: the same statements for both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from powermem._core.sql.postgres import SESSION
from powermem._drivers.base import formatted, numbered

Statement = tuple[str, Sequence[Any]]
Rows = list[Any]


class Sent:
    """The statements that went out while `recording` was on.

    Attributes:
        asked: queries and their values.
        inserted: statements and their rows, several of each.
    """

    def __init__(self) -> None:
        self.asked: list[Statement] = []
        self.inserted: list[tuple[str, Sequence[Sequence[Any]]]] = []

    def merged(self) -> list[tuple[str, Rows]]:
        """Return each insert once, with all its rows."""
        rows: dict[str, Rows] = {}
        for sql, some in self.inserted:
            rows.setdefault(sql, []).extend(some)
        return list(rows.items())


@contextlib.contextmanager
def recording(kind: type[Any]) -> Iterator[Sent]:
    """Note what the connections of this class send."""
    sent = Sent()
    fetch, execute_many = kind.fetch, kind.execute_many

    def noted_fetch(self: Any, sql: str, values: Sequence[Any] = ()) -> Any:
        sent.asked.append((sql, values))
        return fetch(self, sql, values)

    def noted_many(self: Any, sql: str, rows: Sequence[Sequence[Any]]) -> Any:
        sent.inserted.append((sql, rows))
        return execute_many(self, sql, rows)

    kind.fetch, kind.execute_many = noted_fetch, noted_many
    try:
        yield sent
    finally:
        kind.fetch, kind.execute_many = fetch, execute_many


class AsyncRaw(Protocol):
    """A pool of a bare driver for tasks."""

    name: str

    async def fetch(self, statements: Sequence[Statement]) -> list[Any]:
        """Run queries one after the other on one connection."""

    async def insert(self, inserts: Sequence[tuple[str, Rows]]) -> None:
        """Run executemany for each in one transaction."""

    async def close(self) -> None:
        """Disconnect."""


class AsyncpgPool:
    name = "asyncpg"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, config: Mapping[str, Any], size: int) -> AsyncpgPool:
        import asyncpg

        pool = await asyncpg.create_pool(
            host=config["host"],
            port=config["port"],
            user=config["user"],
            password=config["password"],
            database=config["db_name"],
            min_size=size,
            max_size=size,
            server_settings=SESSION,
            init=_learn_vectors,
        )
        return cls(pool)

    async def fetch(self, statements: Sequence[Statement]) -> list[Any]:
        async with self._pool.acquire() as connection:
            return [await connection.fetch(numbered(sql), *values) for sql, values in statements]

    async def insert(self, inserts: Sequence[tuple[str, Rows]]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            for sql, rows in inserts:
                await connection.executemany(numbered(sql), rows)

    async def close(self) -> None:
        await self._pool.close()


async def _learn_vectors(connection: Any) -> None:
    await connection.set_type_codec("vector", encoder=bytes, decoder=bytes, format="binary")


class AsyncmyPool:
    name = "asyncmy"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, config: Mapping[str, Any], size: int) -> AsyncmyPool:
        import asyncmy

        pool = await asyncmy.create_pool(minsize=size, maxsize=size, autocommit=True, **_mysql(config))
        return cls(pool)

    async def fetch(self, statements: Sequence[Statement]) -> list[Any]:
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            found = []
            for sql, values in statements:
                await cursor.execute(formatted(sql), tuple(values))
                found.append(await cursor.fetchall())
            return found

    async def insert(self, inserts: Sequence[tuple[str, Rows]]) -> None:
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            await connection.begin()
            for sql, rows in inserts:
                await cursor.executemany(formatted(sql), rows)
            await connection.commit()

    async def close(self) -> None:
        self._pool.close()
        await self._pool.wait_closed()


class Psycopg:
    name = "psycopg"

    def __init__(self, config: Mapping[str, Any]) -> None:
        import psycopg

        from powermem._core.sql.postgres_values import Vector
        from powermem._drivers._psycopg import _VectorDumper

        self._connection = psycopg.connect(
            host=config["host"],
            port=config["port"],
            user=config["user"],
            password=config["password"],
            dbname=config["db_name"],
            autocommit=True,
        )
        self._connection.adapters.register_dumper(Vector, _VectorDumper)

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Run a query."""
        return self._connection.execute(formatted(sql).encode(), values, binary=True).fetchall()

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


class PyMySQL:
    name = "pymysql"

    def __init__(self, config: Mapping[str, Any]) -> None:
        import pymysql

        self._connection = pymysql.connect(autocommit=True, **_mysql(config))

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Run a query."""
        with self._connection.cursor() as cursor:
            cursor.execute(formatted(sql), tuple(values))
            return list(cursor.fetchall())

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


def _mysql(config: Mapping[str, Any]) -> dict[str, Any]:
    named = {key: config[key] for key in ("host", "port", "unix_socket", "user", "password") if key in config}
    return {**named, "db": config["db_name"], "charset": "utf8mb4", "binary_prefix": True}
