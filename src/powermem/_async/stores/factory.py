"""Create stores from settings, without opening them."""

from __future__ import annotations

from dataclasses import replace

from ..._core.ranking.weights import Weights
from ..._drivers.base import AsyncDriver, Server
from ..._drivers.lent import AsyncLentDriver
from ..._sqlite.engine import Engine
from ...config import Settings
from ...config.conn import Place
from ...config.registry import require_available
from ...config.stores import MySQLConfig, OceanBaseConfig, PostgresConfig, ServerConfig, SQLiteConfig
from ...errors import ConfigError
from .base import AsyncStore
from .sqlite import AsyncSQLiteStore


def build_store(settings: Settings, place: Place | None = None) -> AsyncStore:
    """Return the configured store.

    Args:
        settings: of the memory.
        place: where the database in ``conn`` is, if given.

    Raises:
        ConfigError: the provider is unknown, or a package that it needs is not installed.
    """
    require_available(settings.store.provider)
    memory = settings.intelligent_memory
    search = {name: value for name, value in settings.search if name != "voiced"}
    weights = Weights(
        **search,
        retention_days=memory.decay_rate * memory.decay_rate_multipliers.short_term,
    )
    if not memory.enabled:
        weights = weights._replace(recency=0.0)
    config = settings.store.config
    if isinstance(config, SQLiteConfig):
        return _sqlite(config, weights)
    if isinstance(config, PostgresConfig):
        return _postgres(config, weights, place)
    assert isinstance(config, (MySQLConfig, OceanBaseConfig)), "require_available lets no other store pass"
    return _mysql(config, weights, settings.store.provider, place)


def _sqlite(config: SQLiteConfig, weights: Weights) -> AsyncStore:
    return AsyncSQLiteStore(
        Engine(
            config.database_path,
            config.collection_name,
            timeout=config.timeout,
            wal=config.enable_wal,
            synchronous=config.synchronous,
            cache_bytes=config.cache_mb << 20,
            weights=weights,
            saving=config.partition_files,
        )
    )


def _postgres(config: PostgresConfig, weights: Weights, place: Place | None) -> AsyncStore:
    from ..._core.sql.postgres import PostgresSQL
    from .postgres import AsyncPostgresStore

    return AsyncPostgresStore(
        _postgres_driver(config, place),
        PostgresSQL(config.collection_name, partitions=config.partitions, indexed=config.hnsw),
        weights,
        cache_bytes=config.cache_mb << 20,
        least=config.minconn,
        most=config.pool_size,
        recycle=config.pool_recycle,
        timeout=config.pool_timeout,
    )


def build_driver(config: ServerConfig) -> AsyncDriver:
    """Return the driver of a configured server, without a store on it.

    Raises:
        ConfigError: a package that it needs is not installed, or the server is a part of this program.
    """
    if isinstance(config, PostgresConfig):
        return _postgres_driver(config)
    assert isinstance(config, (MySQLConfig, OceanBaseConfig)), "there are no other servers"
    if not config.host and not config.unix_socket:
        raise ConfigError("host: is missing; an embedded database is only opened as a store of our own")
    return _mysql_driver(config)


def _postgres_driver(config: PostgresConfig, place: Place | None = None) -> AsyncDriver:
    from ..._core.sql.postgres import SESSION
    from ...config.dsn import read_dsn

    if config.connection_pool is not None:
        raise ConfigError(
            "vector_store.config.connection_pool: a pool of your own is not supported; set pool_size instead"
        )
    text = config.connection_string
    # Parts of the URL have precedence over separate settings.
    said = {} if text is None else read_dsn(text.get_secret_value())
    session = {**(place.session if place else {}), **SESSION}
    server = replace(_server(config, socket=config.unix_socket), settings=session, **said)
    if server.host.startswith("/"):
        # As in libpq, a host that starts with a slash is the folder of a socket.
        server = replace(server, socket=server.host)
    if place and place.factory:
        return AsyncLentDriver(place.factory, server)
    from ..._drivers._asyncpg import AsyncPostgresDriver

    return AsyncPostgresDriver(server)


def _mysql_driver(config: MySQLConfig | OceanBaseConfig, place: Place | None = None) -> AsyncDriver:
    from ..._core.sql.oceanbase import SESSION

    server = _server(config, socket=config.unix_socket)
    if isinstance(config, OceanBaseConfig):
        server = replace(server, settings=SESSION)
    if place and place.factory:
        return AsyncLentDriver(place.factory, server)
    from ..._drivers._asyncmy import AsyncMySQLDriver

    return AsyncMySQLDriver(server)


def _mysql(
    config: MySQLConfig | OceanBaseConfig, weights: Weights, name: str, place: Place | None
) -> AsyncStore:
    from ..._core.sql.mysql import MySQLSQL
    from ..._core.sql.oceanbase import OceanBaseSQL
    from ..._drivers.embedded import EmbeddedSeekDB
    from .mysql import AsyncMySQLStore
    from .oceanbase.store import AsyncOceanBaseStore

    served = config.host or config.unix_socket or (place and place.factory)
    # Created first, since its error names all missing packages.
    embedded = EmbeddedSeekDB(config.ob_path) if isinstance(config, OceanBaseConfig) and not served else None
    driver = _mysql_driver(config, place)
    if isinstance(config, MySQLConfig):
        return AsyncMySQLStore(
            driver,
            MySQLSQL(config.collection_name, config.partitions),
            weights,
            name=name,
            cache_bytes=config.cache_mb << 20,
            most=config.pool_size,
            recycle=config.pool_recycle,
            timeout=config.pool_timeout,
        )
    return AsyncOceanBaseStore(
        driver,
        OceanBaseSQL(config.collection_name, config.partitions),
        weights,
        name=name,
        cache_bytes=config.cache_mb << 20,
        embedded=embedded,
        most=config.pool_size,
        recycle=config.pool_recycle,
        timeout=config.pool_timeout,
    )


def _server(config: ServerConfig, *, socket: str | None) -> Server:
    return Server(
        host=config.host,
        port=config.port,
        user=config.user,
        password="" if config.password is None else config.password.get_secret_value(),
        database=config.db_name,
        socket=socket or "",
        tls=config.sslmode or "prefer",
        ca=config.ssl_ca or "",
        certificate=config.ssl_cert or "",
        key=config.ssl_key or "",
        connect_timeout=config.connect_timeout,
        statement_timeout=config.statement_timeout,
        pooler=config.pooler if isinstance(config, PostgresConfig) else "none",
    )
