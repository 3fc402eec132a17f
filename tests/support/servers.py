"""Fixtures: the database servers of this test run, and an empty database on each for every test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import pytest
from servers import MariaDB, Missing, PgBouncer, Postgres, SeekDB, Server

from powermem._core.sql.postgres import SESSION

__all__ = [
    "mariadb_server",
    "mysql_config",
    "oceanbase_config",
    "poolers",
    "postgres_config",
    "postgres_server",
    "seekdb_server",
]

_Server = TypeVar("_Server", bound=Server)


def running(kind: type[_Server]) -> Iterator[_Server]:
    """Start a server, lend it, and stop it.

    Where it is not installed the test is skipped with a line that says how to get it; in CI it fails.
    """
    require(kind)
    yield from lend(kind())


def require(kind: type[Server]) -> None:
    """Skip the test where a server is not installed, and fail it in CI."""
    try:
        kind.find()
    except Missing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def lend(server: _Server) -> Iterator[_Server]:
    """Start a server, lend it, and stop it."""
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


@pytest.fixture(scope="session")
def poolers(postgres_server: Postgres) -> Iterator[dict[str, PgBouncer]]:
    """PgBouncer by what it does with sessions and with settings that it does not know."""
    require(PgBouncer)
    ignored = ", ".join(["options", "statement_timeout", *SESSION])
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(contextmanager(lend)(server))
            for name, server in {
                "transaction": PgBouncer(postgres_server),
                "ignoring": PgBouncer(postgres_server, ignore_startup_parameters=ignored),
                "session": PgBouncer(postgres_server, "session"),
            }.items()
        }


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
