"""PgBouncer before a PostgreSQL, from the distribution's package ``pgbouncer``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .postgres import Postgres
from .process import Missing, Server, free_port


class PgBouncer(Server):
    """PgBouncer on a TCP port of 127.0.0.1.

    Args:
        postgres: the server behind it, running.
        mode: what a client keeps a session for: ``transaction`` or ``session``.
        settings: further lines of its configuration.
    """

    name = "pgbouncer"

    def __init__(self, postgres: Postgres, mode: str = "transaction", **settings: str) -> None:
        super().__init__()
        self._postgres = postgres
        self.password = postgres.password
        self.port = free_port()
        self._settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "plain",
            "auth_file": str(self.folder / "users.txt"),
            "pool_mode": mode,
            # Where sessions are shared, fewer than there are clients, so that transactions meet in one.
            "default_pool_size": "20" if mode == "session" else "3",
            "max_client_conn": "200",
            **settings,
        }

    @classmethod
    def find(cls) -> Path:
        found = shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
        if found is None:
            raise Missing("PgBouncer is missing: apt-get install pgbouncer")
        return Path(found)

    def prepare(self) -> None:
        users = self.folder / "users.txt"
        users.write_text(f'"{self.user}" "{self.password}"\n')
        lines = [f"{key} = {value}" for key, value in self._settings.items()]
        configuration = self.folder / "pgbouncer.ini"
        behind = f"* = host=127.0.0.1 port={self._postgres.port}"
        configuration.write_text("\n".join(["[databases]", behind, "[pgbouncer]", *lines, ""]))
        for path in (users, configuration):
            self.own(path)

    def command(self) -> Sequence[str | Path]:
        return [self.find(), "-q", self.folder / "pgbouncer.ini"]

    def probe(self) -> None:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=self.user, password=self.password, dbname="postgres"
        ) as connection:
            connection.execute("SELECT 1")

    def config(self, database: str) -> dict[str, Any]:
        return {**self._postgres.config(database), "port": self.port}

    def create(self, database: str) -> None:
        self._postgres.create(database)

    def drop(self, database: str) -> None:
        self._postgres.drop(database)
