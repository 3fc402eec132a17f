"""SQLAlchemy's objects, recognised without importing it: whoever hands one in has done so already."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..errors import ConfigError
from .keywords import read_address
from .place import Inimitable, Place
from .url import read_object

_LENDING = ("psycopg", "pymysql", "pysqlite")


def is_a(value: object, module: str, name: str) -> bool:
    """Return whether an object is an instance of a class of a module that may not be imported."""
    return isinstance(value, getattr(sys.modules.get(module), name, ()))


def read_engine(engine: Any) -> Place:
    """Return where an engine leads, of either colour.

    Our own drivers connect to the same place wherever that is the same; else the engine does, for us.

    Raises:
        ConfigError: neither is possible.
    """
    inner = getattr(engine, "sync_engine", engine)
    try:
        return _followed(inner)
    except Inimitable as reason:
        if inner is engine and inner.dialect.driver in _LENDING:
            return Place(factory=partial(_checked_out, inner))
        raise ConfigError(
            f"conn: powermem cannot connect as this engine does: {reason}. Give conn=engine.url where that "
            "makes no difference, or a function that returns a new connection of psycopg, pymysql or sqlite3"
        ) from None


def _followed(engine: Any) -> Place:
    address, dialect = read_object(engine.url), engine.dialect
    opens = engine.pool._creator
    if getattr(opens, "__module__", "") != "sqlalchemy.engine.create":
        raise Inimitable("its connections come from a function (creator, async_creator or a pool)")
    inside = inspect.getclosurevars(opens).nonlocals
    if not {"cargs_tup", "cparams"} <= inside.keys():
        raise Inimitable("this version of SQLAlchemy does not tell its arguments")
    if dialect.name == "sqlite":
        if address.database and not address.database.startswith("file:"):
            # SQLAlchemy made it absolute when it made the engine.
            address = address._replace(database=inside["cargs_tup"][0])
    elif listener := _listener(engine):
        raise Inimitable(f"the listener {listener!r} acts on its new connections")
    return read_address(address, _added(inside["cparams"], dialect.create_connect_args(engine.url)[1]))


def _listener(engine: Any) -> str:
    """Return the name of a function of the caller's that is told of new connections, if there is one."""
    told = (*engine.dialect.dispatch.do_connect, *engine.pool.dispatch.connect)
    for listener in told:
        if not getattr(listener, "__module__", "").startswith("sqlalchemy."):
            return str(getattr(listener, "__name__", type(listener).__name__))
    return ""


def _added(arguments: Mapping[str, Any], from_url: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that the URL does not say: ``connect_args``."""
    return {
        name: value for name, value in arguments.items() if name not in from_url or from_url[name] != value
    }


def _checked_out(engine: Any) -> Any:
    """Open a connection as the engine does; it is ours from then on."""
    lent = engine.raw_connection()
    connection = lent.dbapi_connection
    lent.detach()
    return connection
