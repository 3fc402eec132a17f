"""Reading the URL of a database, as SQLAlchemy writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from ...errors import ConfigError

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
