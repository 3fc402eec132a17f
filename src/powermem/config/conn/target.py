"""Where a caller's database is, and how connections to it come about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigError

Factory = Callable[[], Any]
"""Opens a connection of psycopg, PyMySQL or sqlite3."""

IN_MEMORY = (
    "conn: an SQLite database in memory belongs to one connection, which two cannot use without mixing their "
    "transactions; give a database in a file, or leave conn out and set vector_store.config.database_path to "
    "':memory:' for memories that nobody else reads"
)


@dataclass(frozen=True, slots=True)
class Place:
    """What ``conn`` says.

    Attributes:
        provider: of ``vector_store``; empty until a connection of ``factory`` was looked at.
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
