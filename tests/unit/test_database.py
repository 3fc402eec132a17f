"""What may be handed in as ``conn``, where it leads, and what is refused."""

from __future__ import annotations

import os
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory, ConfigError, Memory, auto_config
from powermem.config import MemoryConfig
from powermem.config.conn import Place, read_conn, settled
from tests.support.connecting import orm, sqlalchemy, tasks

SECRET = "hunter2"
PLAIN: dict[str, Any] = {"embedder": {"provider": "mock"}, "llm": {"provider": "none"}}


def revealed(place: Place) -> dict[str, Any]:
    """Return the keys of a place with the password as text."""
    assert SECRET not in repr(place)
    return {
        name: value.get_secret_value() if name == "password" else value for name, value in place.keys.items()
    }


SERVER = {"host": "db", "port": 1, "user": "shop", "password": SECRET, "db_name": "sales"}


@pytest.mark.parametrize(
    ("url", "provider", "keys"),
    [
        ("sqlite:////var/app.db?timeout=5", "sqlite", {"database_path": "/var/app.db", "timeout": "5"}),
        ("sqlite+aiosqlite:///app.db", "sqlite", {"database_path": os.path.abspath("app.db")}),
        ("sqlite:///file:/var/a%20b.db?mode=rw&uri=true", "sqlite", {"database_path": "/var/a b.db"}),
        (f"postgresql+asyncpg://shop:{SECRET}@db:1/sales", "postgres", SERVER),
        (f"postgres://shop:{SECRET}@db:1/sales?ssl=require", "postgres", {**SERVER, "sslmode": "require"}),
        (
            f"postgresql://shop:{SECRET}@/sales?host=/run/pg&port=1&application_name=x",
            "postgres",
            {
                **{name: SERVER[name] for name in SERVER if name != "host"},
                "port": "1",
                "unix_socket": "/run/pg",
            },
        ),
        (f"mariadb+asyncmy://shop:{SECRET}@db:1/sales?charset=utf8mb4", "mysql", SERVER),
        (f"mysql+oceanbase://shop%40t:{SECRET}@db:1/sales", "oceanbase", {**SERVER, "user": "shop@t"}),
        (
            f"mysql://shop:{SECRET}@db:1/sales?ssl_ca=/ca.pem",
            "mysql",
            {**SERVER, "ssl_ca": "/ca.pem", "sslmode": "verify-full"},
        ),
        (
            f"mysql://shop:{SECRET}@db:1/sales?ssl_ca=/ca.pem&ssl_check_hostname=false",
            "mysql",
            {**SERVER, "ssl_ca": "/ca.pem", "sslmode": "verify-ca"},
        ),
    ],
)
def test_a_url_leads_to_the_keys_of_the_configuration(url: str, provider: str, keys: dict[str, Any]) -> None:
    for place in (read_conn(url), read_conn(sqlalchemy.make_url(url))):
        assert (place.provider, revealed(place), place.factory) == (provider, keys, None)
        config, _ = settled(MemoryConfig(), place)
        assert SECRET not in repr(config) + str(config.masked())


@pytest.mark.parametrize(
    ("driver", "arguments", "keys"),
    [
        (
            "postgresql+psycopg",
            {"password": "p", "sslmode": "require"},
            {"password": "p", "sslmode": "require"},
        ),
        ("postgresql+asyncpg", {"ssl": True, "timeout": 3}, {"sslmode": "verify-full", "connect_timeout": 3}),
        ("mysql+pymysql", {"ssl": {"ca": "/ca"}}, {"ssl_ca": "/ca", "sslmode": "verify-full"}),
        ("mysql+asyncmy", {"connect_timeout": 3, "charset": "latin1"}, {"connect_timeout": 3}),
    ],
)
def test_the_arguments_of_an_engine_count(
    driver: str, arguments: dict[str, Any], keys: dict[str, Any]
) -> None:
    create = tasks.create_async_engine if "async" in driver else sqlalchemy.create_engine
    engine = create(f"{driver}://shop:{SECRET}@db:1/sales", connect_args=arguments)
    place = read_conn(engine)
    assert (revealed(place), place.factory) == ({**SERVER, **keys}, None)


def test_the_path_of_an_engine_is_where_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = sqlalchemy.create_engine("sqlite:///app.db", connect_args={"check_same_thread": False})
    monkeypatch.chdir("/")
    assert read_conn(engine).keys == {"database_path": str(tmp_path / "app.db")}


def test_what_makes_sessions_leads_where_its_engine_does() -> None:
    url = f"mysql+pymysql://shop:{SECRET}@db:1/sales"
    engine = sqlalchemy.create_engine(url)
    makers = [orm.sessionmaker(bind=engine), tasks.async_sessionmaker(task_engine())]
    for maker in (*makers, orm.scoped_session(makers[0])):
        assert revealed(read_conn(maker)) == revealed(read_conn(maker().get_bind()))


def closed_session() -> Any:
    return orm.Session(sqlalchemy.create_engine("sqlite:///app.db"))


def open_connection() -> Any:
    connection = sqlite3.connect(":memory:")
    connection.close()
    return connection


def task_engine(**options: Any) -> Any:
    return tasks.create_async_engine(f"postgresql+asyncpg://shop:{SECRET}@db/sales", **options)


def listening(engine: Any) -> Any:
    sqlalchemy.event.listen(engine.sync_engine, "connect", lambda *args: None)
    return engine


async def opens_for_tasks() -> None:
    """Open nothing."""


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: 5, "expected an Engine, .* got int"),
    (lambda: "app.db", "not the URL of a database, such as sqlite:///app.db"),
    (lambda: f"postgresql://shop:{SECRET}#@db/sales", "not the URL|write it as %23"),
    (
        lambda: f"oracle+oracledb://shop:{SECRET}@db/sales",
        "'oracle.oracledb' is not supported; supported: sqlite",
    ),
    (lambda: f"mssql+pyodbc://shop:{SECRET}@db/sales", "'mssql.pyodbc' is not supported"),
    (lambda: f"sqlite+pysqlcipher://:{SECRET}@/app.db", "is not supported"),
    (lambda: "sqlite://", "in memory belongs to one connection.*give a database in a file"),
    (lambda: "sqlite:///file:x?mode=memory&cache=shared&uri=true", "in memory belongs to one"),
    (lambda: "sqlite:///file:x?mode=ro&uri=true", "mode=ro .* forbids it"),
    (lambda: sqlalchemy.create_engine("sqlite://"), "in memory belongs to one connection"),
    (lambda: f"postgresql://shop:{SECRET}@a,b/sales", "several hosts"),
    (lambda: f"postgresql://shop:{SECRET}@db/sales?krbsrvname=x", "'krbsrvname' means nothing"),
    (lambda: f"mysql://shop:{SECRET}@db", "names no database"),
    (lambda: "postgresql:///sales", "names no user"),
    (closed_session, "a Session is one conversation.*give its engine or sessionmaker"),
    (open_connection, "this Connection is open already.*lambda: sqlite3.connect"),
    (orm.sessionmaker, "has no bind; give the engine"),
    (lambda: opens_for_tasks, "coroutine function; give a plain one"),
    (
        lambda: task_engine(connect_args={"ssl": ssl.create_default_context()}),
        "'ssl' is only for the driver.*sslmode and ssl_ca",
    ),
    (lambda: task_engine(async_creator=opens_for_tasks), "come from a function .*Give conn=engine.url"),
    (lambda: listening(task_engine()), "the listener '<lambda>' acts on its new connections"),
    (lambda: task_engine(connect_args={"statement_cache_size": 0}), "'statement_cache_size' means nothing"),
]


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_cannot_be_used_is_refused_without_the_password(make: Callable[[], Any], message: str) -> None:
    for memory in (Memory, AsyncMemory):
        with pytest.raises(ConfigError, match=f"^conn: .*({message})") as caught:
            memory(PLAIN, conn=make())
        assert SECRET not in str(caught.value)


def test_an_engine_that_only_it_can_follow_lends_connections() -> None:
    url = f"postgresql+psycopg://shop:{SECRET}@db/sales"
    for engine in (
        sqlalchemy.create_engine(url, creator=open_connection),
        sqlalchemy.create_engine(url, connect_args={"krbsrvname": "x"}),
        sqlalchemy.create_engine("postgresql+psycopg://"),
    ):
        assert read_conn(engine).factory is not None


URL = f"postgresql://shop:{SECRET}@db:1/sales"


@pytest.mark.parametrize(
    ("section", "key"),
    [
        ({"provider": "sqlite"}, "provider"),
        ({"provider": "mysql", "config": {"host": "db"}}, "provider|config.host"),
        ({"provider": "postgres", "config": {"host": "other"}}, "config.host"),
        ({"provider": "postgres", "config": {"connection_args": {"user": "other"}}}, "config.user"),
        ({"provider": "postgres", "config": {"password": "other"}}, "config.password"),
        ({"provider": "postgres", "config": {"connection_string": "host=other"}}, "config.connection_string"),
        ({"config": {"database_path": "app.db"}}, "config.database_path"),
    ],
)
def test_a_contradicting_configuration_is_named(section: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^vector_store\.({key}): .*contradicts conn"):
        Memory({**PLAIN, "vector_store": section}, conn=URL)


def test_a_configuration_that_agrees_goes_with_it() -> None:
    agreeing = {"host": "db", "collection_name": "shop", "pool_size": 3, "sslmode": "require"}
    memory = Memory({**PLAIN, "vector_store": {"provider": "pgvector", "config": agreeing}}, conn=URL)
    config: Any = memory.config.vector_store.config
    assert (config.collection_name, config.pool_size, config.sslmode) == ("shop", 3, "require")
    assert (config.host, config.user, memory.config.vector_store.provider) == ("db", "shop", "pgvector")
    assert SECRET not in repr(memory.config)
    with pytest.raises(ConfigError, match=r"vector_store\.config\.enable_wal: unknown key"):
        Memory({**PLAIN, "vector_store": {"config": {"enable_wal": False}}}, conn=URL)


def test_defaults_that_were_written_out_do_not_contradict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMBEDDING_PROVIDER", "mock")
    for config in (None, auto_config()):
        assert Memory(config, conn=URL).config.vector_store.provider == "postgres"


@pytest.mark.parametrize(
    "environment",
    [
        {"SQLITE_PATH": "./other.db", "SQLITE_COLLECTION": "shop"},
        {
            "DATABASE_PROVIDER": "mysql",
            "MYSQL_HOST": "other",
            "MYSQL_PASSWORD": "other",
            "MYSQL_COLLECTION": "shop",
        },
        {
            "DATABASE_PROVIDER": "postgres",
            "POSTGRES_HOST": "other",
            "POSTGRES_USER": "other",
            "POSTGRES_COLLECTION": "shop",
        },
    ],
)
def test_a_database_that_is_handed_in_overrides_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMBEDDING_PROVIDER", "mock")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    config: Any = Memory(conn=URL).config.vector_store
    assert config.provider == "postgres"
    assert (config.config.host, config.config.user, config.config.collection_name) == ("db", "shop", "shop")
    with Memory(conn=f"sqlite:///{tmp_path / 'app.db'}") as memory:
        assert memory.count() == 0
    assert not (tmp_path / "other.db").exists()


def test_sqlalchemy_is_not_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from powermem import Memory\n"
        f"with Memory({PLAIN!r}, conn='sqlite:///app.db') as memory: memory.count()\n"
        "print('sqlalchemy' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.stdout == "False\n"
