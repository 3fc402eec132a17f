"""MariaDB, from the distribution's package ``mariadb-server-core``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .process import Missing, Server, free_port

_CERTIFICATE = Path(__file__).parents[2] / "tests" / "data" / "localhost.pem"


class MariaDB(Server):
    """MariaDB on a TCP port of 127.0.0.1 and on a socket, with TLS for those who ask for it."""

    name = "mariadb"

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.socket = self.folder / "m.sock"

    @classmethod
    def find(cls) -> Path:
        found = shutil.which("mariadbd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
        if found is None or shutil.which("mariadb-install-db") is None:
            raise Missing("MariaDB is missing: apt-get install mariadb-server-core mariadb-client-core")
        return Path(found)

    def prepare(self) -> None:
        certificate = self.folder / "server.pem"
        certificate.write_bytes(_CERTIFICATE.read_bytes())
        self.own(certificate)
        first = self.folder / "first.sql"
        first.write_text(
            f"CREATE USER IF NOT EXISTS {self.user}@'%' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON *.* TO {self.user}@'%' WITH GRANT OPTION;\n"
            # Whoever else is on this machine must not get in without a password.
            f"ALTER USER root@localhost IDENTIFIED BY '{self.password}';\n"
            "DELETE FROM mysql.global_priv WHERE user = 'root' AND host <> 'localhost' OR user = '';\n"
            "FLUSH PRIVILEGES;\n"
        )
        self.own(first)
        self.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ]
        )

    def command(self) -> Sequence[str | Path]:
        options = {
            "datadir": self.folder / "data",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "socket": self.socket,
            "pid-file": self.folder / "m.pid",
            "init-file": self.folder / "first.sql",
            "ssl-cert": self.folder / "server.pem",
            "ssl-key": self.folder / "server.pem",
            "max-allowed-packet": "64M",
            "max-connections": 300,
            "innodb-buffer-pool-size": "256M",
            # A killed process loses nothing by this; only a power cut would.
            "innodb-flush-log-at-trx-commit": 2,
            "innodb-flush-method": "nosync",
        }
        arguments = [f"--{key}={value}" for key, value in options.items()]
        return [self.find(), "--no-defaults", *arguments, "--skip-name-resolve"]

    def probe(self) -> None:
        self._run("SELECT 1")

    def config(self, database: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "db_name": database,
        }

    def create(self, database: str) -> None:
        self._run(f"CREATE DATABASE `{database}`")

    def drop(self, database: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS `{database}`")

    def _run(self, sql: str) -> None:
        import pymysql

        with (
            pymysql.connect(
                host="127.0.0.1", port=self.port, user=self.user, password=self.password, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
