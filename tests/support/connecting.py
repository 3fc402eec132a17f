"""The ways in which a program has a database: what may be handed in as ``conn``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.databases import VectorStore, arguments

sqlalchemy = pytest.importorskip("sqlalchemy")
orm = pytest.importorskip("sqlalchemy.orm")
tasks = pytest.importorskip("sqlalchemy.ext.asyncio")

_THREADS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg", "oceanbase": "mysql+pymysql"}
_TASKS = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+asyncpg", "oceanbase": "mysql+asyncmy"}


def url(section: VectorStore, scheme: str = "", **options: str) -> Any:
    """Return SQLAlchemy's URL of a database."""
    provider, where = section["provider"], section["config"]
    chosen = scheme or _THREADS.get(provider, "mysql+pymysql")
    if provider == "sqlite":
        return sqlalchemy.URL.create(chosen, database=where["database_path"], query=options)
    if "unix_socket" in where:
        options["unix_socket"] = where["unix_socket"]
    return sqlalchemy.URL.create(
        chosen,
        where["user"],
        where["password"],
        where.get("host"),
        where.get("port"),
        where["db_name"],
        options,
    )


def opening(section: VectorStore, *, plain: bool = False) -> Callable[[], Any]:
    """Return a function that opens a connection; if not ``plain``, as it suits the program rather than us."""
    provider = section["provider"]
    if provider == "sqlite":
        return partial(sqlite3.connect, section["config"]["database_path"])
    keys = arguments(section)
    if provider == "postgres":
        import psycopg
        from psycopg.rows import dict_row

        if plain:
            return partial(psycopg.connect, **keys)

        def connect() -> Any:
            connection = psycopg.connect(**keys, row_factory=dict_row)
            connection.execute("SET application_name = 'shop'")
            return connection

        return connect
    import pymysql
    from pymysql.cursors import DictCursor

    if not plain:
        # seekdb knows no latin1.
        keys |= {"cursorclass": DictCursor, "charset": "latin1" if provider == "mysql" else "utf8mb4"}
    return partial(pymysql.connect, **keys)


def engine(section: VectorStore, **options: Any) -> Any:
    """Return an engine for threads, without a pool to dispose of."""
    return sqlalchemy.create_engine(url(section), poolclass=sqlalchemy.NullPool, **options)


def task_engine(section: VectorStore) -> Any:
    """Return an engine for tasks."""
    return tasks.create_async_engine(url(section, _TASKS.get(section["provider"], "mysql+asyncmy")))


def text_url(section: VectorStore) -> str:
    """Return a URL as text."""
    shown: str = url(section).render_as_string(hide_password=False)
    return shown


WAYS: dict[str, Callable[[VectorStore], Any]] = {
    "text": text_url,
    "engine": engine,
    "task engine": task_engine,
    "sessionmaker": lambda section: orm.sessionmaker(bind=engine(section)),
    "function": opening,
}
