"""The tables of a collection, as text.

A collection named ``memories`` owns tables whose names start with ``memories_``; a table called just
``memories`` belongs to an older library and is left alone.
"""

from __future__ import annotations

import re

from ..errors import ConfigError

SCHEMA_VERSION = 1

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}\Z")

TABLES = ("meta", "records", "vectors", "history", "turns", "links", "deleted", "requests", "shadow")


def check_collection(name: str) -> str:
    """Return a collection name that is safe inside SQL.

    Raises:
        ConfigError: it is not a plain identifier of at most 40 characters.
    """
    if not _NAME.match(name):
        raise ConfigError(
            "vector_store.config.collection_name: expected letters, digits and underscores, starting without "
            f"a digit, at most 40 characters; got {name!r}"
        )
    return name


def sqlite_schema(collection: str) -> list[str]:
    """Return the statements that create version 1 of a collection in SQLite.

    Scope ids that were not given are stored as ``''``, so that they can be part of a unique key. Times are
    microseconds UTC. Vectors lie in a table of their own, so that listing memories does not read past them.
    """
    c = check_collection(collection)
    return [
        f"CREATE TABLE {c}_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
        f"""CREATE TABLE {c}_records (
            id INTEGER PRIMARY KEY,
            user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL,
            actor_id TEXT, memory_type TEXT,
            memory TEXT NOT NULL, hash TEXT NOT NULL, metadata TEXT NOT NULL, facets TEXT NOT NULL,
            created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
            valid_from INTEGER NOT NULL, valid_to INTEGER, expires_at INTEGER,
            superseded_by INTEGER, access_count INTEGER NOT NULL DEFAULT 0,
            version INTEGER NOT NULL DEFAULT 1, sequence INTEGER NOT NULL)""",
        # The last word against duplicates, whoever writes. What was superseded may be said again.
        f"""CREATE UNIQUE INDEX {c}_records_once ON {c}_records (user_id, agent_id, run_id, hash)
            WHERE valid_to IS NULL""",
        f"CREATE INDEX {c}_records_listed ON {c}_records (user_id, created_at)",
        f"CREATE INDEX {c}_records_changed ON {c}_records (sequence)",
        f"""CREATE TABLE {c}_vectors (
            id INTEGER PRIMARY KEY, embedding BLOB, terms BLOB NOT NULL, frequencies BLOB NOT NULL)""",
        f"""CREATE TABLE {c}_history (
            id INTEGER PRIMARY KEY, memory_id INTEGER NOT NULL, event TEXT NOT NULL,
            old_memory TEXT, new_memory TEXT, actor TEXT, created_at INTEGER NOT NULL)""",
        f"CREATE INDEX {c}_history_of ON {c}_history (memory_id)",
        f"""CREATE TABLE {c}_turns (
            id INTEGER PRIMARY KEY,
            user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL,
            role TEXT NOT NULL, content TEXT NOT NULL, actor_id TEXT,
            sent_at INTEGER NOT NULL, created_at INTEGER NOT NULL)""",
        f"CREATE INDEX {c}_turns_listed ON {c}_turns (user_id, sent_at)",
        f"""CREATE TABLE {c}_links (
            memory_id INTEGER NOT NULL, turn_id INTEGER NOT NULL,
            PRIMARY KEY (memory_id, turn_id)) WITHOUT ROWID""",
        f"CREATE TABLE {c}_deleted (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL)",
        f"CREATE INDEX {c}_deleted_changed ON {c}_deleted (sequence)",
        f"""CREATE TABLE {c}_requests (
            user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL, key TEXT NOT NULL,
            result TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, agent_id, run_id, key)) WITHOUT ROWID""",
        f"INSERT INTO {c}_meta VALUES ('schema_version', 1), ('sequence', 0), ('deleted_before', 0)",
    ]


def sqlite_migrations(collection: str) -> dict[int, list[str]]:
    """Return, for each older version, the statements that lead to the next one."""
    check_collection(collection)
    return {}
