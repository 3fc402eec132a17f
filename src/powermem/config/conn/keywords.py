"""From the parts of a URL, and the arguments of a driver, to the keys of ``vector_store.config``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr

from ..._core.inputs import absolute
from ...errors import ConfigError
from .target import IN_MEMORY, Inimitable, Place
from .url import Address

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
# What makes no difference to us, or what our connections do in their own way.
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
