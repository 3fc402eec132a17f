"""The argument ``conn``: accepted objects, and the database they lead to."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import CellType, FunctionType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from .._core.inputs import absolute
from ..errors import ConfigError
from .models import MemoryConfig, VectorStore
from .tables import STORES

Factory = Callable[[], Any]
"""Opens a connection of psycopg, PyMySQL or sqlite3."""

IN_MEMORY = (
    "conn: an SQLite database in memory belongs to one connection, which two cannot use without mixing their "
    "transactions; give a database in a file, or leave conn out and set vector_store.config.database_path to "
    "':memory:' for memories of this process only"
)


@dataclass(frozen=True, slots=True)
class Place:
    """The contents of ``conn``.

    Attributes:
        provider: of ``vector_store``; empty until a connection of ``factory`` was examined.
        sure: whether the provider is known; otherwise the server has to be asked.
        keys: of ``vector_store.config``: where the database is, and as whom to connect.
        session: variables to set on each new connection.
        factory: opens the connections; ``None`` when our own drivers do.
    """

    provider: str = ""
    sure: bool = False
    keys: Mapping[str, Any] = field(default_factory=dict, repr=False)
    session: Mapping[str, str] = field(default_factory=dict)
    factory: Factory | None = field(default=None, repr=False)


class Inimitable(ConfigError, public=ConfigError):
    """Our drivers cannot connect in the way that was asked for; the text says what stands against it."""


# The provider for what a URL begins with.
_PROVIDERS = {
    "sqlite": "sqlite",
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "oceanbase": "oceanbase",
    "seekdb": "oceanbase",
}
_OCEANBASE = ("oceanbase", "aoceanbase")
_EXAMPLES = (
    "sqlite:///app.db, postgresql://user:password@host:5432/name or mysql://user:password@host:3306/name"
)


class Address(NamedTuple):
    """The parts of a URL; what it does not say is ``None``. Its ``repr`` is the caller's secret."""

    scheme: str
    user: str | None
    password: str | None
    host: str | None
    port: int | None
    database: str | None
    options: Mapping[str, Any]

    @property
    def provider(self) -> str:
        """The provider of ``vector_store``.

        Raises:
            ConfigError: there is none for this kind of database.
        """
        backend, _, driver = self.scheme.lower().partition("+")
        if driver in _OCEANBASE:
            return "oceanbase"
        if backend not in _PROVIDERS or "cipher" in driver:
            raise ConfigError(
                f"conn: a database of the kind {self.scheme!r} is not supported; supported: "
                f"{', '.join(_PROVIDERS)}"
            )
        return _PROVIDERS[backend]


def parse(text: str) -> Address:
    """Read a URL.

    Raises:
        ConfigError: it is none. Its text is not shown, since it may hold a password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if not parts.scheme or "://" not in text:
        raise ConfigError(
            f"conn: not the URL of a database, such as {_EXAMPLES}; in a password, write special characters "
            "as %40"
        )
    if parts.fragment:
        raise ConfigError("conn: this URL has a '#'; in a password, write it as %23")
    return Address(
        parts.scheme,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
        parts.hostname,
        port,
        # As SQLAlchemy does, the name is taken as it stands.
        parts.path[1:] or None,
        dict(parse_qsl(parts.query)),
    )


def read_object(url: Any) -> Address:
    """Read SQLAlchemy's ``URL``."""
    return Address(
        url.drivername, url.username, url.password, url.host, url.port, url.database, dict(url.query)
    )


_SAME = ("host", "port", "user", "password", "connect_timeout")
_POSTGRES = {
    **{name: name for name in _SAME},
    "dbname": "db_name",
    "database": "db_name",
    "timeout": "connect_timeout",
    "sslmode": "sslmode",
    "sslrootcert": "ssl_ca",
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
}
_MYSQL = {
    **{name: name for name in _SAME},
    "passwd": "password",
    "database": "db_name",
    "db": "db_name",
    "unix_socket": "unix_socket",
    "ssl_ca": "ssl_ca",
    "ssl_cert": "ssl_cert",
    "ssl_key": "ssl_key",
    "sslmode": "sslmode",
}
# Ignored, or replaced by our connections' own behaviour.
_INDIFFERENT = frozenset(
    {
        "application_name", "fallback_application_name", "client_encoding", "gssencmode", "keepalives",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "prepared_statement_cache_size",
        "autocommit", "charset", "use_unicode", "local_infile", "read_timeout", "write_timeout",
        "binary_prefix", "program_name", "echo", "client_flag",
    }
)  # fmt: skip
_SQLITE_INDIFFERENT = frozenset(
    {"check_same_thread", "isolation_level", "detect_types", "cached_statements", "autocommit", "uri"}
)
_CONTEXT = (
    "its argument 'ssl' is only for the driver that it names; vector_store.config.sslmode and ssl_ca can say "
    "the same"
)
_FALSE = ("", "0", "false", "no", "off")


def read_address(address: Address, arguments: Mapping[str, Any]) -> Place:
    """Return where a URL leads.

    Args:
        address: the URL.
        arguments: of the driver, which go before what the URL says.

    Raises:
        Inimitable: our drivers cannot connect like that.
        ConfigError: such a database cannot be shared, or is not supported.
    """
    provider = address.provider
    if provider == "sqlite":
        return _sqlite(address, arguments)
    named = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "database": address.database,
    }
    said = {**{name: value for name, value in named.items() if value is not None}, **address.options}
    read = _read_postgres if provider == "postgres" else _read_mysql
    keys, session = read({**said, **arguments})
    for name, word in (("user", "user"), ("db_name", "database")):
        if not keys.get(name):
            raise Inimitable(f"it names no {word}")
    if not (keys.get("host") or keys.get("unix_socket")):
        raise Inimitable("it names no host")
    # Only the server itself can tell whether it is MySQL or OceanBase.
    return Place(provider, sure=provider != "mysql", keys=keys, session=session)


def _sqlite(address: Address, arguments: Mapping[str, Any]) -> Place:
    options = {**address.options, **arguments}
    path = address.database or ""
    if path.startswith("file:"):
        path = unquote(path.removeprefix("file:").removeprefix("//"))
        mode = options.pop("mode", "rwc")
        if mode == "memory":
            path = ""
        elif mode not in ("rw", "rwc"):
            raise ConfigError(
                f"conn: powermem writes, and mode={mode} in the URL of this SQLite database forbids it"
            )
    if not path or path.startswith(":memory:"):
        raise ConfigError(IN_MEMORY)
    keys: dict[str, Any] = {"database_path": absolute(path, "conn")}
    for name, value in options.items():
        if name == "timeout":
            keys["timeout"] = value
        elif name not in _SQLITE_INDIFFERENT:
            raise _without_counterpart(name)
    return Place("sqlite", sure=True, keys=keys)


def _read_postgres(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    session = _options(said.pop("options", ""))
    session |= {name: str(value) for name, value in said.pop("server_settings", {}).items()}
    session.pop("application_name", None)
    if "ssl" in said:
        said["sslmode"] = _mode(said.pop("ssl"))
    keys = _renamed(said, _POSTGRES)
    if str(keys.get("host", "")).startswith("/"):
        keys["unix_socket"] = keys.pop("host")
    return keys, session


def _options(text: str) -> dict[str, str]:
    """Read libpq's ``options``, such as ``-c search_path=app``."""
    found = {}
    for word in text.replace("-c ", "-c").split():
        name, equals, value = word.removeprefix("-c").removeprefix("--").partition("=")
        if not (word.startswith(("-c", "--")) and equals) or "\\" in word:
            raise _without_counterpart("options")
        found[name] = value
    return found


def _mode(value: object) -> str:
    """Return asyncpg's ``ssl`` as a mode."""
    if isinstance(value, bool):
        return "verify-full" if value else "disable"
    if not isinstance(value, str):
        raise Inimitable(_CONTEXT)
    return value


def _read_mysql(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    given = said.pop("ssl", None) or {}
    if not isinstance(given, Mapping):
        raise Inimitable(_CONTEXT)
    tls = {name.removeprefix("ssl_"): said.pop(name) for name in list(said) if name.startswith("ssl_")}
    tls |= given
    if tls:
        named = [tls.pop(name) for name in ("check_hostname", "verify_identity") if name in tls]
        certified = _is_true(tls.pop("verify_cert", "ca" in tls))
        identified = all(map(_is_true, named)) if named else "ca" in tls
        said["sslmode"] = "verify-full" if identified else "verify-ca" if certified else "require"
    said |= {f"ssl_{name}": value for name, value in tls.items()}
    return _renamed(said, _MYSQL), {}


def _renamed(said: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments of a driver under the names of our keys."""
    keys = {}
    for name, value in said.items():
        if name in names:
            if not isinstance(value, (str, int, float)):
                raise _without_counterpart(name)
            keys[names[name]] = SecretStr(str(value)) if names[name] == "password" else value
        elif name not in _INDIFFERENT:
            raise _without_counterpart(name)
    if "," in str(keys.get("host", "")):
        raise Inimitable("it names several hosts")
    return keys


def _is_true(value: object) -> bool:
    return value is not None and str(value).lower() not in _FALSE


def _without_counterpart(name: str) -> Inimitable:
    return Inimitable(f"its argument {name!r} means nothing to the drivers of powermem")


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
    # Settings outside the URL: ``connect_args``.
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
    """Return the name of the caller's listener for new connections, if there is one."""
    for listener in (*engine.dialect.dispatch.do_connect, *engine.pool.dispatch.connect):
        if not getattr(listener, "__module__", "").startswith("sqlalchemy."):
            return str(getattr(listener, "__name__", type(listener).__name__))
    return ""


def _checked_out(engine: Any) -> Any:
    """Open a connection as the engine does; it is ours from then on."""
    lent = engine.raw_connection()
    connection = lent.dbapi_connection
    lent.detach()
    return connection


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


_WHERE = frozenset(
    {
        "database_path", "host", "port", "user", "password", "db_name", "unix_socket", "ob_path",
        "connection_string", "connection_pool",
    }
)  # fmt: skip
_FAMILY = {"oceanbase": "mysql"}


def without_place(config: MemoryConfig, place: Place) -> MemoryConfig:
    """Remove the database settings of the environment, which ``conn`` overrides.

    Args:
        config: the configuration from the environment.
        place: the database in ``conn``.
    """
    section = config.vector_store
    said = {name: getattr(section.config, name) for name in section.config.model_fields_set - _WHERE}
    raw: dict[str, Any] = {"provider": section.provider, "config": said}
    if not place.provider or _family(section.provider) != _family(place.provider):
        # The settings of another kind of database; only the name of the collection is common to all.
        raw = {"config": {name: value for name, value in said.items() if name == "collection_name"}}
    return config.model_copy(update={"vector_store": MemoryConfig(vector_store=raw).vector_store})


def settled(config: MemoryConfig, place: Place) -> tuple[MemoryConfig, Place]:
    """Put a place into a configuration; what this says of the tables and the pool stays.

    Returns:
        The configuration, and the place, with the provider if it is named only there.

    Raises:
        ConfigError: the two contradict each other; the message names the key.
    """
    section = config.vector_store
    # `auto_config` spells the defaults out: that is no word about the database.
    silent = "database_path" in section.config.model_fields_set and section == VectorStore()
    said = {} if silent else _said(section, place)
    named = "" if silent or "provider" not in section.model_fields_set else section.provider
    if place.provider and named and _family(named) != _family(place.provider):
        raise ConfigError(
            f"vector_store.provider: {named!r} contradicts conn, which leads to {place.provider}; drop one"
        )
    if not place.provider:
        return config, place
    place = replace(place, provider=named or place.provider, sure=place.sure or bool(named))
    raw = {"provider": place.provider, "config": {**said, **place.keys}}
    update = {"vector_store": MemoryConfig(vector_store=raw).vector_store}
    return config.model_copy(update=update), place


def _said(section: VectorStore, place: Place) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name in section.config.model_fields_set:
        value, field = getattr(section.config, name), type(section.config).model_fields[name]
        if name in _WHERE and value == field.get_default(call_default_factory=True):
            continue
        if name == "database_path":
            value = absolute(value, "vector_store.config.database_path")
        if (name in _WHERE or name in place.keys) and value != place.keys.get(name):
            raise ConfigError(
                f"vector_store.config.{name}: contradicts conn, which says where the database is and how to "
                "connect; leave it out"
            )
        said[name] = value
    return said


def _family(provider: str) -> str:
    dialect = STORES[provider].dialect
    return _FAMILY.get(dialect, dialect)
