"""Which databases a test runs on, and an empty one for it.

A test marked ``stores`` runs once on each of them; ``stores("sqlite", "mysql")`` names some. A test without
the mark uses SQLite.
"""

from __future__ import annotations

import copy
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from servers import Server

from powermem import Memory

STORES = ("sqlite", "postgres", "oceanbase", "mysql")
_SERVERS = {"postgres": "postgres_server", "oceanbase": "seekdb_server", "mysql": "mariadb_server"}

VectorStore = dict[str, Any]


def add_option(parser: pytest.Parser) -> None:
    """Let the command line choose the databases."""
    parser.addoption(
        "--store",
        action="append",
        choices=STORES,
        help="run the tests of stores on this one only; may be repeated. A server starts when it is needed",
    )


def spread(metafunc: pytest.Metafunc) -> None:
    """Run a marked test on each database."""
    mark = metafunc.definition.get_closest_marker("stores")
    if mark is not None and "store" in metafunc.fixturenames:
        metafunc.parametrize("store", mark.args or STORES)


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the databases that the command line does not name.

    A test that asks for a server by name is one of that store only, and gets the mark.
    """
    chosen = {*(config.getoption("--store") or STORES)}
    left_out = []
    for item in items:
        needed = {name for name, server in _SERVERS.items() if server in getattr(item, "fixturenames", ())}
        if needed and item.get_closest_marker("stores") is None:
            item.add_marker(pytest.mark.stores(*sorted(needed)))
        if "store" in (parameters := getattr(getattr(item, "callspec", None), "params", {})):
            needed.add(parameters["store"])
        if not needed <= chosen:
            left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


@pytest.fixture
def store() -> str:
    """The database under test; marked tests get each in turn."""
    return "sqlite"


@pytest.fixture
def server(store: str, request: pytest.FixtureRequest) -> Server:
    """The server of the database under test, running."""
    found: Server = request.getfixturevalue(_SERVERS[store])
    return found


@pytest.fixture(scope="session")
def shared() -> dict[str, VectorStore]:
    """One database for each server: making a new one costs more than most tests."""
    return {}


@pytest.fixture
def vector_store(
    store: str, shared: dict[str, VectorStore], tmp_path: Path, request: pytest.FixtureRequest
) -> VectorStore:
    """The ``vector_store`` section of a database that holds no memories."""
    if store == "sqlite":
        return _file(tmp_path)
    server: Server = request.getfixturevalue(_SERVERS[store])
    if store not in shared:
        server.create("shared")
        shared[store] = {
            "provider": store,
            "config": {**server.config("shared"), "collection_name": "memories"},
        }
    else:
        # Work that an earlier test has left must not be gone on with while it is removed.
        idle = {"embedder": {"provider": "none"}, "processing": {"resume": False}}
        with Memory({"vector_store": shared[store], **idle}) as memory:
            memory.reset()
    return copy.deepcopy(shared[store])


@pytest.fixture
def new_vector_store(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> VectorStore:
    """The ``vector_store`` section of a new database."""
    if store == "sqlite":
        return _file(tmp_path)
    section: VectorStore = request.getfixturevalue(f"{store}_config")
    section["config"]["collection_name"] = "memories"
    return section


def _file(folder: Path) -> VectorStore:
    return {"provider": "sqlite", "config": {"database_path": str(folder / "memory.db")}}


def execute(section: VectorStore, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement behind the library's back and return its rows."""
    with closing(_connect(section)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = list(cursor.fetchall()) if cursor.description else []
        connection.commit()
        return rows


def arguments(section: VectorStore) -> dict[str, Any]:
    """Return what psycopg or PyMySQL connects to a server with."""
    where = section["config"]
    if section["provider"] == "postgres":
        keys = {key: where[key] for key in ("host", "port", "user", "password")}
        return {**keys, "dbname": where["db_name"]}
    known = {"host", "port", "unix_socket", "user", "password"} & where.keys()
    return {**{key: where[key] for key in known}, "database": where["db_name"]}


def place(section: VectorStore) -> tuple[str, int] | str:
    """Return host and port of a server, or its socket."""
    where = section["config"]
    if "unix_socket" in where:
        path: str = where["unix_socket"]
        return path
    return where["host"], where["port"]


def _connect(section: VectorStore) -> Any:
    if section["provider"] == "sqlite":
        return sqlite3.connect(section["config"]["database_path"])
    if section["provider"] == "postgres":
        import psycopg

        return psycopg.connect(**arguments(section))
    import pymysql

    return pymysql.connect(**arguments(section))
