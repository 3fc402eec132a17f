"""Collections as the first version of the schema made them, with a memory in each. This never changes."""

from __future__ import annotations

from powermem._core.text.cleaning import content_hash
from tests.support.databases import VectorStore, execute

MEMORY = "I like tea"

_SQLITE = """
CREATE TABLE memories_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE memories_records (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL,
    actor_id TEXT, memory_type TEXT,
    memory TEXT NOT NULL, hash TEXT NOT NULL, metadata TEXT NOT NULL, facets TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER, expires_at INTEGER,
    superseded_by INTEGER, access_count INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1, sequence INTEGER NOT NULL);
CREATE UNIQUE INDEX memories_records_once ON memories_records (user_id, agent_id, run_id, hash)
    WHERE valid_to IS NULL;
CREATE INDEX memories_records_listed ON memories_records (user_id, created_at);
CREATE INDEX memories_records_changed ON memories_records (sequence);
CREATE TABLE memories_vectors (
    id INTEGER PRIMARY KEY, embedding BLOB, terms BLOB NOT NULL, frequencies BLOB NOT NULL);
CREATE TABLE memories_history (
    id INTEGER PRIMARY KEY, memory_id INTEGER NOT NULL, event TEXT NOT NULL,
    old_memory TEXT, new_memory TEXT, actor TEXT, created_at INTEGER NOT NULL);
CREATE INDEX memories_history_of ON memories_history (memory_id);
CREATE TABLE memories_turns (
    id INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL,
    role TEXT NOT NULL, content TEXT NOT NULL, actor_id TEXT,
    sent_at INTEGER NOT NULL, created_at INTEGER NOT NULL);
CREATE INDEX memories_turns_listed ON memories_turns (user_id, sent_at);
CREATE TABLE memories_links (
    memory_id INTEGER NOT NULL, turn_id INTEGER NOT NULL,
    PRIMARY KEY (memory_id, turn_id)) WITHOUT ROWID;
CREATE TABLE memories_deleted (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
CREATE INDEX memories_deleted_changed ON memories_deleted (sequence);
CREATE TABLE memories_requests (
    user_id TEXT NOT NULL, agent_id TEXT NOT NULL, run_id TEXT NOT NULL, key TEXT NOT NULL,
    result TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, agent_id, run_id, key)) WITHOUT ROWID;
INSERT INTO memories_meta VALUES ('schema_version', 1), ('sequence', 1), ('deleted_before', 0);
INSERT INTO memories_vectors VALUES (1, NULL, x'', x'');
"""

_POSTGRES = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE memories_meta (name text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);
CREATE TABLE memories_migrations (version integer PRIMARY KEY, applied_at bigint NOT NULL);
CREATE TABLE memories_records (
    id bigint NOT NULL, user_id text COLLATE "C" NOT NULL, agent_id text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL, actor_id text COLLATE "C", memory_type text COLLATE "C",
    memory text COLLATE "C" NOT NULL, hash text COLLATE "C" NOT NULL,
    metadata text COLLATE "C" NOT NULL, facets text COLLATE "C" NOT NULL,
    document jsonb GENERATED ALWAYS AS (metadata::jsonb) STORED,
    created_at bigint NOT NULL, updated_at bigint NOT NULL,
    valid_from bigint NOT NULL, valid_to bigint, expires_at bigint,
    superseded_by bigint, access_count bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1, nature smallint NOT NULL,
    embedding vector, terms bigint[] NOT NULL, words bytea NOT NULL,
    frequencies bytea NOT NULL, length integer NOT NULL,
    PRIMARY KEY (user_id, id)) WITH (fillfactor = 85);
CREATE UNIQUE INDEX memories_records_once ON memories_records (user_id, agent_id, run_id, hash)
    WHERE valid_to IS NULL;
CREATE UNIQUE INDEX memories_records_named ON memories_records (id);
CREATE INDEX memories_records_said ON memories_records (user_id, run_id, valid_from, id);
CREATE INDEX memories_records_listed ON memories_records (user_id, created_at, id);
CREATE INDEX memories_records_words ON memories_records USING gin (terms);
CREATE TABLE memories_history (
    id bigint NOT NULL, memory_id bigint NOT NULL, event text COLLATE "C" NOT NULL,
    old_memory text COLLATE "C", new_memory text COLLATE "C", actor text COLLATE "C",
    created_at bigint NOT NULL, PRIMARY KEY (memory_id, id));
CREATE TABLE memories_turns (
    id bigint NOT NULL, user_id text COLLATE "C" NOT NULL, agent_id text COLLATE "C" NOT NULL,
    run_id text COLLATE "C" NOT NULL, role text COLLATE "C" NOT NULL, content text COLLATE "C" NOT NULL,
    actor_id text COLLATE "C", sent_at bigint NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (user_id, id)) WITH (fillfactor = 85);
CREATE INDEX memories_turns_named ON memories_turns (id);
CREATE TABLE memories_links (
    memory_id bigint NOT NULL, turn_id bigint NOT NULL, PRIMARY KEY (memory_id, turn_id));
CREATE TABLE memories_requests (
    user_id text COLLATE "C" NOT NULL, agent_id text COLLATE "C" NOT NULL, run_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL, result text COLLATE "C" NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (user_id, agent_id, run_id, name));
INSERT INTO memories_meta VALUES ('schema_version', '1'), ('switches', '0');
"""

_MYSQL = """
CREATE TABLE memories_records (
    user_id VARBINARY(512) NOT NULL, agent_id VARBINARY(512) NOT NULL, run_id VARBINARY(512) NOT NULL,
    id BIGINT NOT NULL, actor_id VARBINARY(512), memory_type VARBINARY(512),
    memory LONGBLOB NOT NULL, hash VARBINARY(128) NOT NULL,
    metadata LONGTEXT NOT NULL, facets LONGTEXT NOT NULL,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    valid_from BIGINT NOT NULL, valid_to BIGINT, expires_at BIGINT,
    superseded_by BIGINT,
    access_count BIGINT NOT NULL DEFAULT 0, version BIGINT NOT NULL DEFAULT 1,
    embedding MEDIUMBLOB, terms MEDIUMBLOB NOT NULL, frequencies MEDIUMBLOB NOT NULL,
    once VARBINARY(128) GENERATED ALWAYS AS (CASE WHEN valid_to IS NULL THEN hash END) STORED,
    PRIMARY KEY (user_id, id),
    UNIQUE KEY once (user_id, agent_id, run_id, once),
    KEY by_id (id), KEY by_hash (user_id, hash), KEY listed (user_id, created_at))
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_history (
    id BIGINT NOT NULL PRIMARY KEY, memory_id BIGINT NOT NULL, event VARBINARY(16) NOT NULL,
    old_memory LONGTEXT, new_memory LONGTEXT, actor VARBINARY(512), created_at BIGINT NOT NULL,
    KEY by_memory (memory_id)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_turns (
    user_id VARBINARY(512) NOT NULL, agent_id VARBINARY(512) NOT NULL, run_id VARBINARY(512) NOT NULL,
    id BIGINT NOT NULL, role VARBINARY(512) NOT NULL, content LONGTEXT NOT NULL, actor_id VARBINARY(512),
    sent_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, id), KEY by_id (id), KEY listed (user_id, sent_at))
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_links (
    memory_id BIGINT NOT NULL, turn_id BIGINT NOT NULL, PRIMARY KEY (memory_id, turn_id))
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_requests (
    user_id VARBINARY(512) NOT NULL, agent_id VARBINARY(512) NOT NULL, run_id VARBINARY(512) NOT NULL,
    name VARBINARY(1024) NOT NULL, result LONGTEXT NOT NULL, created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, agent_id, run_id, name)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_changes (
    sequence BIGINT NOT NULL, memory_id BIGINT NOT NULL, user_id VARBINARY(512) NOT NULL,
    PRIMARY KEY (sequence, memory_id), KEY of_user (user_id, sequence))
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_migrations (version BIGINT NOT NULL, applied_at BIGINT NOT NULL)
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE memories_meta (name VARBINARY(64) NOT NULL PRIMARY KEY, value VARBINARY(1024) NOT NULL)
    DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
INSERT INTO memories_meta (name, value)
    VALUES ('schema_version', '1'), ('switches', '0'), ('sequence', '1'), ('trimmed', '0');
"""

_RECORD = (
    "INSERT INTO memories_records (id, user_id, agent_id, run_id, memory, hash, metadata, facets, "
    "created_at, updated_at, valid_from{0}) "
    "VALUES (1, 'u', '', '', '{1}', '{2}', '{{}}', '{{}}', 5, 5, 5{3});"
    "INSERT INTO memories_turns (id, user_id, agent_id, run_id, role, content, sent_at, created_at) "
    "VALUES (2, 'u', '', '', 'user', '{1}', 5, 5);"
    "INSERT INTO memories_links (memory_id, turn_id) VALUES (1, 2)"
)
_OTHER_COLUMNS = {
    "sqlite": (", sequence", ", 1"),
    "postgres": (", nature, terms, words, frequencies, length", ", 0, '{}', '', '', 0"),
    "mysql": (", terms, frequencies", ", '', ''"),
}


def create_first_version(section: VectorStore) -> None:
    """Make the tables of the collection ``memories`` as they once were, with ``MEMORY`` of the user ``u``."""
    provider = section["provider"]
    kind = "mysql" if provider == "oceanbase" else provider
    names, values = _OTHER_COLUMNS[kind]
    tables = {"sqlite": _SQLITE, "postgres": _POSTGRES, "mysql": _MYSQL}[kind]
    for statement in (tables + _RECORD.format(names, MEMORY, content_hash(MEMORY), values)).split(";"):
        if statement.strip():
            execute(section, statement)


def layout(section: VectorStore, collection: str) -> list[str]:
    """Return what the database knows about the tables of a collection, without the collection's name."""
    provider = section["provider"]
    if provider == "sqlite":
        rows = execute(
            section, f"SELECT name, sql FROM sqlite_master WHERE name LIKE '{collection}!_%' ESCAPE '!'"
        )
    elif provider == "postgres":
        rows = execute(
            section,
            "SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default "
            f"FROM information_schema.columns WHERE starts_with(table_name, '{collection}_')",
        ) + execute(section, f"SELECT indexdef FROM pg_indexes WHERE starts_with(tablename, '{collection}_')")
    else:
        tables = execute(
            section,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
            f"AND LEFT(table_name, {len(collection) + 1}) = '{collection}_'",
        )
        rows = [execute(section, f"SHOW CREATE TABLE {table}")[0] for (table,) in tables]
    return sorted(
        " ".join(str(row).replace("\\n", " ").split()).replace(f"{collection}_", "") for row in rows
    )
