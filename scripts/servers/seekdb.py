"""seekdb, the engine of OceanBase as one process, from the package ``pylibseekdb``."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from .process import Missing, Server


class SeekDB(Server):
    """seekdb on a unix socket only: its TCP port would listen to the whole network."""

    name = "seekdb"
    user = "root"

    def __init__(self) -> None:
        super().__init__()
        self.socket = self.folder / "db" / "run" / "sql.sock"
        self._clients: IO[bytes] | None = None
        self._locked = False

    @classmethod
    def find(cls) -> Path:
        given = os.environ.get("POWERMEM_SEEKDB")
        spec = importlib.util.find_spec("pylibseekdb")
        program = (
            Path(given) if given else Path(spec.origin).parent / "seekdb" if spec and spec.origin else None
        )
        if program is None or not program.is_file():
            raise Missing(
                "seekdb is missing: pip install pylibseekdb==1.4.0.post1 (Python 3.11 or newer), or set "
                "POWERMEM_SEEKDB to the program of that package"
            )
        return program

    def prepare(self) -> None:
        for folder in ("db", "db/run"):
            (self.folder / folder).mkdir()
            self.own(self.folder / folder)
        clients = self.folder / "db" / "run" / "seekdb.clients"
        clients.touch()
        self.own(clients)

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "TELEMETRY_ENABLED": "false"}

    def command(self) -> Sequence[str | Path]:
        # An embedded server ends when nobody holds this lock any more, so it also ends when we are killed.
        if self._clients is None:
            self._clients = (self.folder / "db" / "run" / "seekdb.clients").open("rb")
            fcntl.flock(self._clients, fcntl.LOCK_SH)
        program = self.find()
        return [
            self.reachable(program, program.parent),
            "--embedded",
            "--nodaemon",
            "--base-dir",
            self.folder / "db",
            # By default it logs some 77 MB within minutes.
            *("--log-level", "ERROR"),
            *("--parameter", "memory_budget=1G"),
            *("--parameter", "log_disk_size=2G"),
            *("--parameter", "datafile_size=64M"),
            *("--parameter", "datafile_maxsize=8G"),
        ]

    def probe(self) -> None:
        # The driver leaves a socket open on which nobody answered.
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(self.socket))
        if self._locked:
            self._run("SELECT 1")
        else:
            # It starts with a root that needs no password.
            self._run(f"ALTER USER root IDENTIFIED BY '{self.password}'", password="")
            self._locked = True

    def stop(self) -> None:
        super().stop()
        if self._clients is not None:
            self._clients.close()
            self._clients = None

    def config(self, database: str) -> dict[str, Any]:
        return {
            "unix_socket": str(self.socket),
            "user": self.user,
            "password": self.password,
            "db_name": database,
        }

    def create(self, database: str) -> None:
        # There is one named test from the beginning.
        self._run(f"CREATE DATABASE IF NOT EXISTS `{database}`")

    def drop(self, database: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS `{database}`")

    def _run(self, sql: str, password: str | None = None) -> None:
        import pymysql

        with (
            pymysql.connect(
                unix_socket=str(self.socket),
                user=self.user,
                password=self.password if password is None else password,
                autocommit=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
