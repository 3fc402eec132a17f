"""Reading the address of a PostgreSQL server from one text, in either of libpq's two forms."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .._core.patterns import Pattern
from ..errors import ConfigError

_NAME = "vector_store.config.connection_string"
_SCHEMES = ("postgresql", "postgres")
# key = value, the value in single quotes if it holds a blank; a backslash takes the next character as it is.
_PAIR = Pattern(r"\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|\Z)", re.DOTALL)
# Where each keyword goes in ``powermem._drivers.base.Server``.
_FIELDS = {
    "dbname": "database",
    "sslmode": "tls",
    "sslrootcert": "ca",
    "sslcert": "certificate",
    "sslkey": "key",
}
_KNOWN = ("host", "port", "user", "password", "connect_timeout", *_FIELDS)
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def read_dsn(text: str) -> dict[str, Any]:
    """Return the parts of a connection string, by the names that a driver's ``Server`` has for them.

    Args:
        text: ``postgresql://user:password@host:5432/name?sslmode=require`` or
            ``host=... port=... dbname=...``.

    Raises:
        ConfigError: it is neither form, names several hosts, or has a keyword that is not supported.
    """
    parts = _read_url(text) if "://" in text else _read_pairs(text)
    for name, value in parts.items():
        if name not in _KNOWN:
            raise ConfigError(f"{_NAME}: unknown keyword {name!r}; allowed: {', '.join(_KNOWN)}")
        if name in ("host", "port") and "," in value:
            raise ConfigError(f"{_NAME}: several hosts are not supported; name one")
    if parts.get("sslmode", "prefer") not in _MODES:
        raise ConfigError(f"{_NAME}: unknown sslmode; allowed: {', '.join(_MODES)}")
    read: dict[str, Any] = {_FIELDS.get(name, name): value for name, value in parts.items()}
    for name in ("port", "connect_timeout"):
        if name in read:
            if not read[name].isdigit():
                raise ConfigError(f"{_NAME}: {name} must be a number")
            read[name] = int(read[name])
    return read


def _read_url(text: str) -> dict[str, str]:
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError:
        raise ConfigError(f"{_NAME}: not a URL such as postgresql://user@host:5432/name") from None
    if url.scheme not in _SCHEMES:
        raise ConfigError(f"{_NAME}: expected postgresql://..., got the scheme {url.scheme!r}")
    parts = {
        "host": unquote(url.hostname or ""),
        "port": "" if port is None else str(port),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "dbname": unquote(url.path[1:]),
    }
    return {name: value for name, value in parts.items() if value} | dict(parse_qsl(url.query))


def _read_pairs(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    text, at = text.strip(), 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            raise ConfigError(f"{_NAME}: expected a URL or pairs such as host=localhost dbname=postgres")
        quoted, plain = found[2], found[3]
        parts[found[1]] = re.sub(r"\\(.)", r"\1", plain if quoted is None else quoted, flags=re.DOTALL)
        at = found.end()
    return parts
