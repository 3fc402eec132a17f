"""Real database servers for tests and benchmarks, each in a temporary folder and gone when it is stopped."""

from __future__ import annotations

from .mariadb import MariaDB
from .pgbouncer import PgBouncer
from .postgres import Postgres
from .process import Missing, Server
from .seekdb import SeekDB

SERVERS: tuple[type[Server], ...] = (Postgres, SeekDB, MariaDB)

__all__ = ["SERVERS", "MariaDB", "Missing", "PgBouncer", "Postgres", "SeekDB", "Server"]
