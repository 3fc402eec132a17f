"""What may be handed in as ``conn``."""

from __future__ import annotations

import inspect
from typing import Any

from ...errors import ConfigError
from .alchemy import is_a, read_engine
from .keywords import read_address
from .target import Inimitable, Place
from .url import Address, parse, read_object

_TASKS = "sqlalchemy.ext.asyncio"
_EXPECTED = (
    "expected an Engine, AsyncEngine or sessionmaker of SQLAlchemy, the URL of a database, or a function "
    "that returns a new connection of psycopg, pymysql or sqlite3"
)


def read_conn(conn: Any) -> Place:
    """Return where the caller's database is. Nothing is connected to.

    Raises:
        ConfigError: ``conn`` is something else, or leads to a database that cannot be used; the message says
            what to give instead, and holds no password.
    """
    if isinstance(conn, str):
        return _read_url(parse(conn))
    if is_a(conn, "sqlalchemy.engine", "URL"):
        return _read_url(read_object(conn))
    if is_a(conn, "sqlalchemy.engine", "Engine") or is_a(conn, _TASKS, "AsyncEngine"):
        return read_engine(conn)
    if is_a(conn, "sqlalchemy.orm", "scoped_session") or is_a(conn, _TASKS, "async_scoped_session"):
        return read_conn(conn.session_factory)
    if is_a(conn, "sqlalchemy.orm", "sessionmaker") or is_a(conn, _TASKS, "async_sessionmaker"):
        bind = conn.kw.get("bind")
        if bind is None:
            raise ConfigError("conn: this sessionmaker has no bind; give the engine")
        return read_conn(bind)
    _refuse_open(conn)
    if not callable(conn):
        raise ConfigError(f"conn: {_EXPECTED}, got {type(conn).__name__}")
    if inspect.iscoroutinefunction(conn):
        raise ConfigError(
            "conn: this function is a coroutine function; give a plain one that returns a new connection of "
            "psycopg, pymysql or sqlite3, in both colours, or a URL"
        )
    return Place(factory=conn)


def _read_url(address: Address) -> Place:
    try:
        return read_address(address, {})
    except Inimitable as reason:
        raise ConfigError(f"conn: powermem cannot connect by this URL: {reason}") from None


def _refuse_open(conn: Any) -> None:
    """Refuse what is one connection: what others do on it would be in our transactions."""
    name = type(conn).__name__
    if is_a(conn, "sqlalchemy.orm", "Session") or is_a(conn, _TASKS, "AsyncSession"):
        raise ConfigError(
            f"conn: a {name} is one conversation with the database; give its engine or sessionmaker"
        )
    opened = is_a(conn, "sqlalchemy.engine", "Connection") or is_a(conn, _TASKS, "AsyncConnection")
    if opened or hasattr(conn, "cursor"):
        raise ConfigError(
            f"conn: this {name} is open already, and the memory needs connections of its own; give the "
            "engine, or a function that opens one, such as lambda: sqlite3.connect('app.db')"
        )
