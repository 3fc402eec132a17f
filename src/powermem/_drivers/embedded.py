"""Embedded seekdb: its server runs as a child process and listens on a private Unix socket."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .._core.hints.extras import pip_install
from ..errors import ConfigError, StoreUnavailableError
from .base import Server

_NEEDED = (
    "without a host, this store needs the package pylibseekdb (Linux, Python 3.11 or newer); "
    f"run: {pip_install('seekdb')}; or set host"
)


class EmbeddedSeekDB:
    """Starts and stops the server of one database folder. All methods block.

    Args:
        path: folder of the database; created if missing.

    Raises:
        ConfigError: the package pylibseekdb is not installed.
    """

    def __init__(self, path: str) -> None:
        if find_spec("pylibseekdb") is None:
            raise ConfigError(_NEEDED)
        self._path = Path(path).expanduser()
        self._lock = threading.Lock()
        self._instance: Any = None

    def start(self, server: Server) -> Server:
        """Start the server and create its database if missing.

        Args:
            server: the settings for its connections.

        Returns:
            The settings with the address filled in.

        Raises:
            ConfigError: a package is missing.
            StoreUnavailableError: the folder cannot be used, or the server does not start.
        """
        # seekdb sends telemetry when it creates a database, unless this is set.
        os.environ.setdefault("TELEMETRY_ENABLED", "false")
        try:
            import pylibseekdb
            import pymysql
        except ImportError as error:
            raise ConfigError(_NEEDED) from error
        with self._lock:
            try:
                self._path.mkdir(parents=True, exist_ok=True)
                self._instance = pylibseekdb.open(str(self._path.resolve()))
                options = self._instance.connection_options()
                with pymysql.connect(**options, autocommit=True) as connection, connection.cursor() as cursor:
                    name = server.database.replace("`", "``")
                    cursor.execute(
                        "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (server.database,)
                    )
                    if not cursor.fetchall():
                        cursor.execute(f"CREATE DATABASE `{name}`")
            except (OSError, RuntimeError, pymysql.MySQLError) as error:
                self._close()
                raise StoreUnavailableError(
                    f"{self._path}: the embedded database does not start; check that the folder is writable "
                    f"and holds nothing else ({error})"
                ) from error
        return replace(server, socket=options["unix_socket"], user=options["user"], password="", host="")

    def stop(self) -> None:
        """Release the server, which ends when no other user of the folder is left."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        instance, self._instance = self._instance, None
        if instance is not None:
            instance.close()
