"""Fixtures: the database servers of this test run, and an empty database on each for every test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any, TypeVar

import pytest
from servers import MariaDB, Missing, Postgres, SeekDB, Server

__all__ = [
    "mariadb_server",
    "mysql_config",
    "oceanbase_config",
    "postgres_config",
    "postgres_server",
    "seekdb_server",
]

_Server = TypeVar("_Server", bound=Server)


def running(kind: type[_Server]) -> Iterator[_Server]:
    """Start a server, lend it, and stop it.

    Where it is not installed the test is skipped with a line that says how to get it; in CI it fails.
    """
    try:
        kind.find()
    except Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    server = kind()
    try:
        server.start()
        yield server
    finally:
        server.stop()


def database(server: Server, provider: str) -> Iterator[dict[str, Any]]:
    """Create an empty database, lend its ``vector_store`` section, and drop it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.create(name)
    yield {"provider": provider, "config": server.config(name)}
    server.drop(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    yield from running(Postgres)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    yield from running(MariaDB)


@pytest.fixture(scope="session")
def seekdb_server() -> Iterator[SeekDB]:
    yield from running(SeekDB)


@pytest.fixture
def postgres_config(postgres_server: Postgres) -> Iterator[dict[str, Any]]:
    """The ``vector_store`` section of an empty PostgreSQL database."""
    yield from database(postgres_server, "postgres")


@pytest.fixture
def mysql_config(mariadb_server: MariaDB) -> Iterator[dict[str, Any]]:
    """The ``vector_store`` section of an empty MariaDB database."""
    yield from database(mariadb_server, "mysql")


@pytest.fixture
def oceanbase_config(seekdb_server: SeekDB) -> Iterator[dict[str, Any]]:
    """The ``vector_store`` section of an empty seekdb database."""
    yield from database(seekdb_server, "oceanbase")
