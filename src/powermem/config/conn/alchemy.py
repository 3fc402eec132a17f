"""SQLAlchemy's objects, recognised without importing it: whoever hands one in has done so already."""

from __future__ import annotations

import sys
from functools import partial
from types import CellType, FunctionType
from typing import Any

from ...errors import ConfigError
from .keywords import read_address
from .target import Inimitable, Place
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
    positional, arguments = _arguments(engine.pool._creator)
    if dialect.name == "sqlite":
        if address.database and not address.database.startswith("file:"):
            # SQLAlchemy made it absolute when it made the engine.
            address = address._replace(database=positional[0])
    elif listener := _listener(engine):
        raise Inimitable(f"the listener {listener!r} acts on its new connections")
    said = dialect.create_connect_args(engine.url)[1]
    # What the URL does not say: ``connect_args``.
    added = {name: value for name, value in arguments.items() if name not in said or said[name] != value}
    return read_address(address, added)


class _Asked:
    """Stands where an engine's dialect would, and tells what it is to connect with."""

    _has_events = False

    def connect(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, kwargs


def _arguments(opens: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments that an engine gives to its driver, which it keeps in a closure.

    Args:
        opens: the function by which the engine's pool connects.

    Raises:
        Inimitable: it is not SQLAlchemy's own.
    """
    if getattr(opens, "__module__", "") != "sqlalchemy.engine.create":
        raise Inimitable("its connections come from a function (creator, async_creator or a pool)")
    code, cells = opens.__code__, opens.__closure__ or ()
    if "dialect" not in code.co_freevars:
        raise Inimitable("this version of SQLAlchemy is not known")
    asking = [
        CellType(_Asked()) if name == "dialect" else cell
        for name, cell in zip(code.co_freevars, cells, strict=True)
    ]
    # A copy of the function with another dialect: whichever version it is of, and however it names the rest.
    ask = FunctionType(code, opens.__globals__, argdefs=opens.__defaults__, closure=tuple(asking))
    found: tuple[tuple[Any, ...], dict[str, Any]] = ask()
    return found


def _listener(engine: Any) -> str:
    """Return the name of a function of the caller's that is told of new connections, if there is one."""
    told = (*engine.dialect.dispatch.do_connect, *engine.pool.dispatch.connect)
    for listener in told:
        if not getattr(listener, "__module__", "").startswith("sqlalchemy."):
            return str(getattr(listener, "__name__", type(listener).__name__))
    return ""


def _checked_out(engine: Any) -> Any:
    """Open a connection as the engine does; it is ours from then on."""
    lent = engine.raw_connection()
    connection = lent.dbapi_connection
    lent.detach()
    return connection
