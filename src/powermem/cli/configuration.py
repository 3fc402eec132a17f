"""Turn the options of the command line into a configuration and a memory."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .output import UsageError

if TYPE_CHECKING:
    from .._sync.memory import Memory


def open_memory(options: Namespace) -> Memory:
    """Create the memory that the options describe; its first call opens it.

    Raises:
        ConfigError: the configuration is wrong.
        UsageError: the options contradict each other.
    """
    from .._sync.memory import Memory

    return Memory(without_resuming(configuration(options)))


def without_resuming(config: Mapping[str, Any], **settings: Any) -> dict[str, Any]:
    """Return a configuration that leaves existing background tasks to workers.

    Args:
        config: an unchecked configuration.
        settings: further settings of its section ``processing``.
    """
    section = config.get("processing")
    if section is not None and not isinstance(section, Mapping):
        return dict(config)  # wrong, which is reported when it is checked
    return {**config, "processing": {**(section or {}), "resume": False, **settings}}


def configuration(options: Namespace) -> dict[str, Any]:
    """Return the configuration that the options describe, as an unchecked dict."""
    from ..config import auto_config, load_config

    if options.config is not None and options.env_file is not None:
        raise UsageError("--config and --env-file exclude each other")
    config = {**auto_config(options.env_file)} if options.config is None else load_config(options.config)
    return config if options.db is None else _with_database(config, options.db)


def scope(options: Namespace) -> dict[str, Any]:
    """Return the ids of the scope as keyword arguments."""
    return {"user_id": options.user, "agent_id": options.agent, "run_id": options.run}


def place(config: Mapping[str, Any]) -> str:
    """Describe the store of a configuration and its location, without secrets.

    Raises:
        ConfigError: the configuration is wrong.
    """
    from ..config import resolve
    from ..config.stores import OceanBaseConfig, PostgresConfig, ServerConfig, SQLiteConfig

    store = resolve(config).store
    found = store.config
    where = ""
    if isinstance(found, SQLiteConfig):
        where = found.database_path
    elif isinstance(found, OceanBaseConfig) and not found.host and not found.unix_socket:
        where = found.ob_path
    elif isinstance(found, PostgresConfig) and found.connection_string is not None:
        from ..config.dsn import read_dsn

        said = read_dsn(found.connection_string.get_secret_value())
        where = f"{said.get('host', found.host)}/{said.get('database', found.db_name)}"
    elif isinstance(found, ServerConfig):
        where = f"{found.host or getattr(found, 'unix_socket', '')}/{found.db_name}"
    return f"{store.provider} at {where}, collection {found.collection_name}"


def _with_database(config: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return a configuration whose store is an SQLite file; other settings of an SQLite store are kept."""
    name = "database" if "database" in config else "vector_store"
    section = config.get(name)
    settings: Mapping[str, Any] = {}
    if isinstance(section, Mapping) and section.get("provider", "sqlite") == "sqlite":
        given = section.get("config")
        settings = given if isinstance(given, Mapping) else {}
    return {**config, name: {"provider": "sqlite", "config": {**settings, "database_path": path}}}
