"""The tables of a collection, as text.

A collection named ``memories`` owns tables whose names start with ``memories_``; a table called just
``memories`` belongs to an older library and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...errors import ConfigError
from ..patterns import Pattern

SCHEMA_VERSION = 6

_NAME = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,39}\Z")

QUEUE_TABLES = ("buffer", "tasks", "lanes", "preferences")
"""Of the work to do."""

DATED_TABLES = ("records", "turns")
"""The columns of a time and the speaker's offset from UTC."""

SAID = "user_id, agent_id, run_id, sent_at, id"
"""The index of ``turns`` that finds the turns beside one."""

LINKED = "turn_id, memory_id"
"""The index of ``links`` that finds the memories of a turn."""

ENDED = "superseded_by, id"
"""The index of ``records`` that finds what a memory has superseded."""

TABLES = (
    "meta",
    "records",
    "vectors",
    "history",
    "turns",
    "links",
    "deleted",
    "requests",
    "shadow",
    *QUEUE_TABLES,
)


class QueueTable(NamedTuple):
    """A table of the work to do.

    Attributes:
        name: its whole name.
        columns: with the primary key, as it is written between the parentheses.
        indexes: their columns, by the end of their names.
    """

    name: str
    columns: str
    indexes: Mapping[str, str]


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


def queue_tables(collection: str, *, name: str, text: str, number: str) -> list[QueueTable]:
    """Return the tables of the work to do: turns that wait, tasks, lanes and preferences.

    What waits is little beside the memories, and goes when it is done: no table of these is partitioned.

    Args:
        collection: whose tables.
        name: the type of text that is compared by code point, up to 520 bytes.
        text: the type of any text.
        number: the type of integers of 64 bits.
    """
    c = check_collection(collection)
    scope = f"user_id {name} NOT NULL, agent_id {name} NOT NULL, run_id {name} NOT NULL"
    return [
        # The task of a turn is 0 when it has none, so that it can be looked up like any other.
        QueueTable(
            f"{c}_buffer",
            f"turn_id {number} NOT NULL PRIMARY KEY, lane {name} NOT NULL, task_id {number} NOT NULL, "
            f"parts {text}, {scope}, created_at {number} NOT NULL",
            {"taken": "task_id, lane", "of_user": "user_id"},
        ),
        QueueTable(
            f"{c}_tasks",
            f"id {number} NOT NULL PRIMARY KEY, lane {name} NOT NULL, {scope}, kind {name} NOT NULL, "
            f"status {name} NOT NULL, stage {text} NOT NULL, attempts {number} NOT NULL, error {text}, "
            f"knowledge_count {number} NOT NULL, payload {text} NOT NULL, outcome {text} NOT NULL, "
            f"created_at {number} NOT NULL, updated_at {number} NOT NULL, due_at {number} NOT NULL",
            {"first": "status, lane, id", "listed": "user_id, id"},
        ),
        QueueTable(
            f"{c}_lanes",
            f"lane {name} NOT NULL PRIMARY KEY, owner {name} NOT NULL, held_until {number} NOT NULL, "
            f"due_at {number} NOT NULL",
            {"due": "due_at"},
        ),
        QueueTable(
            f"{c}_preferences",
            f"id {number} NOT NULL PRIMARY KEY, {scope}, kind {name} NOT NULL, preference {text} NOT NULL, "
            f"reasoning {text} NOT NULL, hash {name} NOT NULL, created_at {number} NOT NULL, "
            "UNIQUE (user_id, agent_id, run_id, hash)",
            {},
        ),
    ]


def create_queue(tables: Sequence[QueueTable]) -> list[str]:
    """Return the statements that create these tables where an index is a separate statement."""
    statements = []
    for table in tables:
        statements.append(f"CREATE TABLE {table.name} ({table.columns})")
        statements += [
            f"CREATE INDEX {table.name}_{name} ON {table.name} ({columns})"
            for name, columns in table.indexes.items()
        ]
    return statements


def create_order(collection: str, unless: str = "") -> list[str]:
    """Return the statements that create the indexes of what was said, and what held, before and after.

    Args:
        collection: whose turns.
        unless: what the database understands as "unless it is there".
    """
    c = check_collection(collection)
    return [
        f"CREATE INDEX {unless}{c}_turns_said ON {c}_turns ({SAID})",
        f"CREATE INDEX {unless}{c}_links_from ON {c}_links ({LINKED})",
        f"CREATE INDEX {unless}{c}_records_ended ON {c}_records ({ENDED}) WHERE superseded_by IS NOT NULL",
    ]


def _sqlite_queue(collection: str) -> list[str]:
    return create_queue(queue_tables(collection, name="TEXT", text="TEXT", number="INTEGER"))


def sqlite_schema(collection: str) -> list[str]:
    """Return the statements that create a collection in SQLite.

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
            version INTEGER NOT NULL DEFAULT 1, sequence INTEGER NOT NULL, utc_offset INTEGER)""",
        # Keeps out duplicates of concurrent processes; a superseded text may be added again.
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
            sent_at INTEGER NOT NULL, created_at INTEGER NOT NULL, utc_offset INTEGER)""",
        f"""CREATE TABLE {c}_links (
            memory_id INTEGER NOT NULL, turn_id INTEGER NOT NULL,
            PRIMARY KEY (memory_id, turn_id)) WITHOUT ROWID""",
        *create_order(c),
        f"CREATE TABLE {c}_deleted (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL)",
        f"CREATE INDEX {c}_deleted_changed ON {c}_deleted (sequence)",
        f"""CREATE TABLE {c}_requests (
            user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL, key TEXT NOT NULL,
            result TEXT NOT NULL, created_at INTEGER NOT NULL,
            PRIMARY KEY (user_id, agent_id, run_id, key)) WITHOUT ROWID""",
        *_sqlite_queue(c),
        f"INSERT INTO {c}_meta VALUES ('schema_version', {SCHEMA_VERSION}), ('sequence', 0), "
        "('deleted_before', 0)",
    ]


def sqlite_migrations(collection: str) -> dict[int, list[str]]:
    """Return, for each older version, the statements that lead to the next one."""
    return {
        1: _sqlite_queue(collection),
        2: [f"ALTER TABLE {collection}_{table} ADD COLUMN utc_offset INTEGER" for table in DATED_TABLES],
        3: [f"DROP INDEX IF EXISTS {collection}_turns_listed", *create_order(collection, "IF NOT EXISTS ")],
        # Since version 5, an embedding may be several vectors, which earlier versions cannot read.
        4: [],
        # Since version 6, the first entry of a history is derived, which earlier versions would miss.
        5: [],
    }
