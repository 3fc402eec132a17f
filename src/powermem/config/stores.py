"""The keys of ``vector_store.config`` for each database."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from .fields import (
    Amount,
    Count,
    DatabaseFile,
    Env,
    Foreign,
    Host,
    Identifier,
    Path,
    Port,
    Seconds,
    Section,
    Whole,
    alias,
)

TLSMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class StoreConfig(Section):
    """Settings of every store."""

    collection_name: Identifier = "memories"
    embedding_model_dims: Count | None = None
    """Length of the vectors; the embedder's by default."""


class SQLiteConfig(StoreConfig):
    """A database file; ``":memory:"`` keeps it in this process and writes nothing."""

    collection_name: Annotated[Identifier, Env("VECTOR_STORE_COLLECTION_NAME", "SQLITE_COLLECTION")] = (
        "memories"
    )
    database_path: Annotated[DatabaseFile, Env("SQLITE_PATH", "DATABASE_PATH")] = "./data/powermem_dev.db"
    enable_wal: Annotated[bool, Env("SQLITE_ENABLE_WAL")] = True
    timeout: Annotated[Seconds, Env("SQLITE_TIMEOUT")] = 30.0
    """Seconds to wait for another process's write."""
    synchronous: Annotated[Literal["normal", "full"], Env("SQLITE_SYNCHRONOUS")] = "normal"
    """``full`` also survives a power cut, not only a killed process."""
    cache_mb: Annotated[Count, Env("SQLITE_CACHE_MB")] = 1024
    """Maximum memory for cached vectors, in MiB."""
    partition_files: Annotated[bool, Env("SQLITE_PARTITION_FILES")] = True
    """Whether the search data of users with 20,000 memories or more is saved beside the file."""


class ConnectionArgs(Section):
    """Connection settings as a group; the same keys are also accepted outside it."""

    host: Host | None = None
    port: Port | None = None
    user: str | None = None
    password: SecretStr | None = None
    db_name: str | None = alias("db_name", "dbname", "database", default=None)


class MySQLArgs(ConnectionArgs):
    """`ConnectionArgs`, or a socket instead of host and port."""

    unix_socket: Path | None = None


class OceanBaseArgs(MySQLArgs):
    """`MySQLArgs` and the directory of an embedded database."""

    ob_path: Path | None = None


class ServerConfig(StoreConfig):
    """A database server."""

    host: Host = ""
    port: Port
    user: str = ""
    password: SecretStr | None = None
    db_name: str = alias("db_name", "dbname", "database", default="powermem")
    connection_args: Annotated[ConnectionArgs | None, Env()] = None
    pool_size: Annotated[Count, Env("DATABASE_POOL_SIZE")] = 10
    connect_timeout: Seconds = 10.0
    """Timeout of connecting, seconds."""
    statement_timeout: Amount = 60.0
    """Timeout of one statement, seconds; 0 for none."""
    pool_timeout: Seconds = 60.0
    """Seconds to wait for a connection while all ``pool_size`` are in use."""
    sslmode: Annotated[TLSMode | None, Env("DATABASE_SSLMODE")] = None
    """TLS mode; ``prefer`` by default."""
    ssl_ca: Path | None = None
    """File with the certificates to trust; the system's by default."""
    ssl_cert: Path | None = None
    """File with the client certificate, if the server requires one."""
    ssl_key: Path | None = None
    """File with the key of the client certificate."""
    partitions: Annotated[int, Field(ge=0, le=1024)] = 0
    """Number of partitions by user in newly created tables; 0 for none."""

    @model_validator(mode="after")
    def _lift_connection_args(self) -> "ServerConfig":
        # Normalize both spellings, so that equal settings compare equal.
        args = self.connection_args
        if args is None:
            return self
        given = {name: getattr(args, name) for name in args.model_fields_set}
        lifted = {name: value for name, value in given.items() if value is not None}
        for name, value in lifted.items():
            if name in self.model_fields_set and getattr(self, name) != value:
                raise ValueError(
                    f"{name!r} stands here and in 'connection_args' with another value; keep one"
                )
        self.__dict__.update(lifted, connection_args=None)  # a frozen model refuses setattr
        self.model_fields_set.update(lifted)
        self.model_fields_set.discard("connection_args")
        return self


class OceanBaseConfig(ServerConfig):
    """OceanBase or seekdb; without a host, a database embedded in this process at ``ob_path``."""

    collection_name: Annotated[Identifier, Env("VECTOR_STORE_COLLECTION_NAME", "OCEANBASE_COLLECTION")] = (
        "power_mem"
    )
    embedding_model_dims: Annotated[Count | None, Env("OCEANBASE_EMBEDDING_MODEL_DIMS")] = None
    host: Annotated[Host, Env("OCEANBASE_HOST", "DATABASE_HOST")] = ""
    port: Annotated[Port, Env("OCEANBASE_PORT", "DATABASE_PORT")] = 2881
    user: Annotated[str, Env("OCEANBASE_USER", "DATABASE_USER")] = "root@test"
    password: Annotated[SecretStr | None, Env("OCEANBASE_PASSWORD", "DATABASE_PASSWORD")] = None
    db_name: Annotated[str, Env("OCEANBASE_DATABASE", "DATABASE_NAME")] = alias(
        "db_name", "dbname", "database", default="test"
    )
    unix_socket: Path | None = None
    """Path of the server's socket, instead of host and port."""
    ob_path: Annotated[Path, Env("OCEANBASE_PATH")] = "./seekdb_data"
    cache_mb: Count = 1024
    """Maximum memory for cached vectors, in MiB."""
    connection_args: Annotated[OceanBaseArgs | None, Env()] = None
    pool_recycle: Annotated[int, Env("OCEANBASE_POOL_RECYCLE"), Field(ge=-1)] = 3600


class PostgresConfig(ServerConfig):
    """PostgreSQL with pgvector."""

    collection_name: Annotated[Identifier, Env("VECTOR_STORE_COLLECTION_NAME", "POSTGRES_COLLECTION")] = (
        "power_mem"
    )
    embedding_model_dims: Annotated[Count | None, Env("POSTGRES_EMBEDDING_MODEL_DIMS")] = None
    host: Annotated[Host, Env("POSTGRES_HOST", "DATABASE_HOST")] = "localhost"
    port: Annotated[Port, Env("POSTGRES_PORT", "DATABASE_PORT")] = 5432
    user: Annotated[str, Env("POSTGRES_USER", "DATABASE_USER")] = "postgres"
    password: Annotated[SecretStr | None, Env("POSTGRES_PASSWORD", "DATABASE_PASSWORD")] = None
    db_name: Annotated[str, Env("POSTGRES_DATABASE", "POSTGRES_DB", "DATABASE_NAME")] = alias(
        "db_name", "dbname", "database", default="postgres"
    )
    hnsw: Annotated[bool, Env("POSTGRES_HNSW")] = True
    cache_mb: Count = 1024
    """Maximum memory for cached vectors, in MiB."""
    unix_socket: Path | None = None
    """Folder of the server's socket, instead of host."""
    pooler: Literal["auto", "none", "transaction"] = "auto"
    """Whether a pooler such as PgBouncer gives each transaction another session; ``auto`` detects it."""
    minconn: Whole = 1
    pool_size: Annotated[Count, Env("VECTOR_STORE_MAXCONN", "DATABASE_POOL_SIZE")] = alias(
        "pool_size", "maxconn", default=5
    )
    pool_recycle: Annotated[int, Field(ge=-1)] = 3600
    """Seconds after which a connection is replaced; -1 for never."""
    connection_string: SecretStr | None = None
    connection_pool: Foreign = None


class MySQLConfig(ServerConfig):
    """MySQL or MariaDB."""

    collection_name: Annotated[Identifier, Env("VECTOR_STORE_COLLECTION_NAME", "MYSQL_COLLECTION")] = (
        "memories"
    )
    embedding_model_dims: Annotated[Count | None, Env("MYSQL_EMBEDDING_MODEL_DIMS")] = None
    host: Annotated[Host, Env("MYSQL_HOST", "DATABASE_HOST")] = "localhost"
    port: Annotated[Port, Env("MYSQL_PORT", "DATABASE_PORT")] = 3306
    user: Annotated[str, Env("MYSQL_USER", "DATABASE_USER")] = "root"
    password: Annotated[SecretStr | None, Env("MYSQL_PASSWORD", "DATABASE_PASSWORD")] = None
    db_name: Annotated[str, Env("MYSQL_DATABASE", "DATABASE_NAME")] = alias(
        "db_name", "dbname", "database", default="powermem"
    )
    unix_socket: Path | None = None
    """Path of the server's socket, instead of host and port."""
    cache_mb: Count = 1024
    """Maximum memory for cached vectors, in MiB."""
    connection_args: Annotated[MySQLArgs | None, Env()] = None
    pool_recycle: Annotated[int, Field(ge=-1)] = 3600
