"""The SQL of PostgreSQL with pgvector: tables, filters and vectors. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..changes.writes import AddMemory
from ..metadata import encode
from ..patterns import Pattern
from ..ranking.server_rows import ServerRows
from ..ranking.windows import DISCOUNTS
from ..values import Row, Stored, Words
from .dialects import Fragment
from .jsonb import ESCAPED, PLAIN, POSTGRES, UNICODE
from .postgres_values import Array, Vector, loaded
from .schema import create_order, create_queue, queue_tables
from .server import ServerSQL
from .snapshots import SnapshotSQL
from .steps import Query, Statement, Statements, Steps

MAX_INDEXED_DIMENSION = 2000
"""pgvector's HNSW takes no longer vectors; without an index every search is exact."""

SESSION = {"hnsw.iterative_scan": "strict_order", "hnsw.ef_search": "100"}
"""Settings of a connection. Without the first, a search of the index in a small part of the rows finds next
to nothing; the second is how many candidates it keeps, where pgvector's own 40 loses some of the nearest."""

# PostgreSQL's text cannot hold NUL. It is written as two of the code points that Unicode leaves to programs.
_ESCAPE, _NUL, _ITSELF = "\ufdd0", "\ufdd0\ufdd1", "\ufdd0\ufdd2"
# A NUL inside JSON text is \u0000, unless the backslash is itself escaped.
_JSON_NUL = Pattern(r"(?<!\\)((?:\\\\)*)\\u0000")
# The places of two of the columns that `PostgresSQL.loaded_rows` converts.
_ACTOR, _EMBEDDING = 3, 7
_TYPES = {
    **dict.fromkeys(("id", "memory_id", "turn_id", "task_id", "superseded_by"), "bigint"),
    **dict.fromkeys(("created_at", "updated_at", "applied_at", "sent_at", "due_at", "held_until"), "bigint"),
    **dict.fromkeys(("valid_from", "valid_to", "expires_at"), "bigint"),
    **dict.fromkeys(("access_count", "version", "attempts", "knowledge_count"), "bigint"),
    **dict.fromkeys(("length", "utc_offset"), "integer"),
    **dict.fromkeys(("nature", "windows", "number"), "smallint"),
    **dict.fromkeys(("words", "frequencies"), "bytea"),
    "terms": "bigint[]",
    "embedding": "vector",
}
"""The types of the columns that hold no text."""
_DISCOUNTS = ", ".join(f"{one:.6f}" for one in DISCOUNTS[1:])
# Compared and sorted by code point, whatever the database's language.
_TEXT = 'text COLLATE "C"'


def escape(text: str) -> str:
    """Return text as it is stored."""
    if "\x00" not in text and _ESCAPE not in text:
        return text
    return text.replace(_ESCAPE, _ITSELF).replace("\x00", _NUL)


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace(_NUL, "\x00").replace(_ITSELF, _ESCAPE) if _ESCAPE in text else text


def escape_json(text: str) -> str:
    """Return JSON text as it is stored; it stays JSON, without a NUL in any string."""
    if "\\u0000" not in text and _ESCAPE not in text:
        return text
    text = text.replace(_ESCAPE, _ITSELF)
    # Neighbours share no backslash, but a match ends where the next may begin only after a fresh look.
    while True:
        replaced = _JSON_NUL.sub(lambda found: f"{found[1]}{_NUL}", text)
        if replaced == text:
            return text
        text = replaced


def unescape_json(text: str) -> str:
    """Undo `escape_json`."""
    return text.replace(_NUL, "\\u0000").replace(_ITSELF, _ESCAPE) if _ESCAPE in text else text


def nature(*texts: str) -> int:
    """Return what kind of characters stored texts hold."""
    if all(text.isascii() for text in texts):
        return PLAIN
    return ESCAPED if any(_ESCAPE in text for text in texts) else UNICODE


class PostgresSQL(ServerSQL, SnapshotSQL):
    """A collection on PostgreSQL.

    Args:
        collection: prefix of the tables.
        partitions: into how many parts to divide memories and turns by user when they are created; 0 for one
            table each.
        indexed: whether to keep an index of the vectors; without one every search compares them all.
    """

    dialect = POSTGRES
    schema_version = 7
    held = 250_000
    page_rows = 1000
    indexed = "words, frequencies"
    binary_type = "bytea"
    sharing = " FOR SHARE"
    hash_type = _TEXT
    searched = ("nature", "embedding", "windows", "terms", "words", "frequencies", "length")

    def __init__(self, collection: str, *, partitions: int = 0, indexed: bool = True) -> None:
        super().__init__(collection)
        self.windows = f"{collection}_windows"
        """The windows behind the first of the texts that have several."""
        self.changes = f"{collection}_changes"
        self.embedded = (
            "vector_send(embedding) || CASE WHEN windows IS NULL THEN ''::bytea ELSE "
            "(SELECT string_agg(vector_send(w.embedding), ''::bytea ORDER BY w.number) "
            f"FROM {self.windows} w WHERE w.memory_id = {self.records}.id) END"
        )
        self._insert_window = self.inserting(self.windows, "memory_id, number, embedding", once=True)
        self._partitions = partitions
        self._indexed = indexed

    def schema(self) -> list[str]:
        scope = f"user_id {_TEXT} NOT NULL, agent_id {_TEXT} NOT NULL, run_id {_TEXT} NOT NULL"
        unique = "" if self._partitions else "UNIQUE"
        statements = [
            f"CREATE TABLE {self.meta} (name {_TEXT} PRIMARY KEY, value {_TEXT} NOT NULL)",
            f"CREATE TABLE {self.migrations} (version integer PRIMARY KEY, applied_at bigint NOT NULL)",
            *self._divided(
                self.records,
                f"""id bigint NOT NULL, {scope},
                actor_id {_TEXT}, memory_type {_TEXT},
                memory {_TEXT} NOT NULL, hash {_TEXT} NOT NULL,
                metadata {_TEXT} NOT NULL, facets {_TEXT} NOT NULL,
                document jsonb GENERATED ALWAYS AS (metadata::jsonb) STORED,
                created_at bigint NOT NULL, updated_at bigint NOT NULL,
                valid_from bigint NOT NULL, valid_to bigint, expires_at bigint,
                superseded_by bigint, access_count bigint NOT NULL DEFAULT 0,
                version bigint NOT NULL DEFAULT 1, nature smallint NOT NULL,
                embedding vector, terms bigint[] NOT NULL, words bytea NOT NULL,
                frequencies bytea NOT NULL, length integer NOT NULL, utc_offset integer, windows smallint,
                PRIMARY KEY (user_id, id)""",
            ),
            self._create_windows(),
            # Keeps out duplicates of concurrent processes; a superseded text may be added again.
            f"CREATE UNIQUE INDEX {self.records}_once ON {self.records} (user_id, agent_id, run_id, hash) "
            "WHERE valid_to IS NULL",
            # A partitioned table takes no unique key that leaves out what it is divided by.
            f"CREATE {unique} INDEX {self.records}_named ON {self.records} (id)",
            f"CREATE INDEX {self.records}_said ON {self.records} (user_id, run_id, valid_from, id)",
            f"CREATE INDEX {self.records}_listed ON {self.records} (user_id, created_at, id)",
            f"CREATE INDEX {self.records}_words ON {self.records} USING gin (terms)",
            f"""CREATE TABLE {self.history} (
                id bigint NOT NULL, memory_id bigint NOT NULL, event {_TEXT} NOT NULL,
                old_memory {_TEXT}, new_memory {_TEXT}, actor {_TEXT}, created_at bigint NOT NULL,
                PRIMARY KEY (memory_id, id))""",
            *self._divided(
                self.turns,
                f"""id bigint NOT NULL, {scope},
                role {_TEXT} NOT NULL, content {_TEXT} NOT NULL, actor_id {_TEXT},
                sent_at bigint NOT NULL, created_at bigint NOT NULL, utc_offset integer,
                PRIMARY KEY (user_id, id)""",
            ),
            f"CREATE INDEX {self.turns}_named ON {self.turns} (id)",
            f"""CREATE TABLE {self.links} (
                memory_id bigint NOT NULL, turn_id bigint NOT NULL, PRIMARY KEY (memory_id, turn_id))""",
            *create_order(self.collection),
            *self._follow(),
            f"""CREATE TABLE {self.requests} (
                {scope}, name {_TEXT} NOT NULL, result {_TEXT} NOT NULL, created_at bigint NOT NULL,
                PRIMARY KEY (user_id, agent_id, run_id, name))""",
            *self._work_to_do(),
        ]
        return statements

    def _create_windows(self) -> str:
        return (
            f"CREATE TABLE IF NOT EXISTS {self.windows} ("
            "memory_id bigint NOT NULL, number smallint NOT NULL, embedding vector NOT NULL, "
            "PRIMARY KEY (memory_id, number))"
        )

    def _follow(self) -> list[str]:
        """Return the statements that create the list of changes; see `_core.sql.snapshots`."""
        return [
            f"CREATE TABLE IF NOT EXISTS {self.changes} (user_id {_TEXT} NOT NULL, xid xid8 NOT NULL, "
            "ids bigint[] NOT NULL, PRIMARY KEY (user_id, xid))",
            f"CREATE INDEX IF NOT EXISTS {self.changes}_oldest ON {self.changes} (xid)",
            f"INSERT INTO {self.meta} (name, value) VALUES ('era', '0'), ('trimmed', '0') "
            "ON CONFLICT (name) DO NOTHING",
        ]

    def _work_to_do(self) -> list[str]:
        return create_queue(queue_tables(self.collection, name=_TEXT, text=_TEXT, number="bigint"))

    def _divided(self, table: str, body: str) -> list[str]:
        # A vector and what else rarely changes lie beside an access count that often does: room in each page
        # lets PostgreSQL write it without touching an index.
        if not self._partitions:
            return [f"CREATE TABLE {table} ({body}) WITH (fillfactor = 85)"]
        parts = range(self._partitions)
        return [
            f"CREATE TABLE {table} ({body}) PARTITION BY HASH (user_id)",
            *(
                f"CREATE TABLE {table}_p{part} PARTITION OF {table} "
                f"FOR VALUES WITH (MODULUS {self._partitions}, REMAINDER {part}) WITH (fillfactor = 85)"
                for part in parts
            ),
        ]

    def steps(self) -> dict[int, list[str]]:
        dated = [f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS utc_offset integer" for table in self.dated]
        windows = [
            f"ALTER TABLE {self.records} ADD COLUMN IF NOT EXISTS windows smallint",
            self._create_windows(),
            *([self._index_windows_of_former()] if self._indexed else ()),
        ]
        return {
            1: self._work_to_do(),
            2: dated,
            3: create_order(self.collection, "IF NOT EXISTS "),
            4: windows,
            5: self._follow(),
            # Since version 7 the first entry of a history is derived, which earlier versions would miss.
            6: [],
        }

    def _index_windows_of_former(self) -> str:
        """Return the statement that makes the index of `_windows` where there are vectors already."""
        index = self._create_near(self.windows, "' || length || '")
        return (
            f"DO $$ DECLARE length text := (SELECT value FROM {self.meta} WHERE name = 'dimension'); "
            f"BEGIN IF length::integer <= {MAX_INDEXED_DIMENSION} THEN EXECUTE '{index}'; END IF; END $$"
        )

    def emptying(self) -> list[str]:
        tables = (
            self.records,
            self.windows,
            self.history,
            self.turns,
            self.links,
            self.requests,
            self.changes,
            self.shadow,
            *self.queue,
        )
        return [
            self.shadow_table(),
            f"TRUNCATE {', '.join(tables)}",
            *self.drop_index(),
            f"DELETE FROM {self.meta} WHERE name IN ('embedder', 'model', 'dimension', 'budget') "
            "OR SUBSTR(name, 1, 6) = 'usage:'",
            self.next_era(),
        ]

    def exists(self) -> Query:
        return Query("SELECT 1 WHERE to_regclass(?::text) IS NOT NULL", (self.meta,))

    @property
    def indexable(self) -> bool:
        """Whether there may be an index of the vectors."""
        return self._indexed and self.dimension is not None and self.dimension <= MAX_INDEXED_DIMENSION

    @property
    def index_is_complete(self) -> str:
        """The query that has a row when every vector is in an index."""
        return (
            "SELECT 1 FROM pg_index WHERE indisvalid AND indexrelid IN "
            f"(to_regclass('{self.records}_near'), to_regclass('{self.windows}_near')) HAVING count(*) = 2"
        )

    @property
    def parts(self) -> str:
        """The query for the tables into which the memories are divided."""
        return (
            f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{self.records}'::regclass "
            "ORDER BY 1"
        )

    @property
    def broken_indexes(self) -> str:
        """The query for the indexes whose building was interrupted."""
        return (
            f"WITH whole AS (SELECT '{self.records}'::regclass AS oid), indexed AS (SELECT oid FROM whole "
            f"UNION ALL SELECT '{self.windows}'::regclass "
            "UNION ALL SELECT inhrelid FROM pg_inherits JOIN whole ON inhparent = whole.oid) "
            "SELECT indexrelid::regclass::text FROM pg_index JOIN indexed ON indrelid = indexed.oid "
            # That of a divided table is complete once those of all parts are.
            "JOIN pg_class c ON c.oid = indexrelid AND c.relkind = 'i' "
            "WHERE NOT indisvalid AND right(relname, 5) = '_near' "
            "AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index WHERE index_relid = indexrelid)"
        )

    def create_index(self, parts: Sequence[str]) -> list[str]:
        """Return the statements that build what is missing of the index of the vectors.

        Args:
            parts: the tables into which the memories are divided.
        """
        dimension = str(self.dimension)
        near = f"{self.records}_near"
        if not parts:
            return [
                self._create_near(table, dimension, beside=True) for table in (self.records, self.windows)
            ]
        return [
            # PostgreSQL builds no index of a divided table beside writes, but those of its parts.
            self._create_near(f"ONLY {self.records}", dimension),
            *(self._create_near(part, dimension, beside=True) for part in parts),
            *(f"ALTER INDEX {near} ATTACH PARTITION {part}_near" for part in parts),
            self._create_near(self.windows, dimension, beside=True),
        ]

    def _create_near(self, table: str, dimension: str, *, beside: bool = False) -> str:
        return (
            f"CREATE INDEX {'CONCURRENTLY ' if beside else ''}IF NOT EXISTS "
            f"{table.removeprefix('ONLY ')}_near ON {table} "
            f"USING hnsw ((embedding::vector({dimension})) vector_cosine_ops)"
        )

    def adopting(self, dimension: int) -> list[str]:
        return self.drop_index()

    def abandoning(self) -> list[str]:
        return [*self.drop_index(), self.next_era()]

    def drop_index(self) -> list[str]:
        """Return the statements that remove what `create_index` made."""
        # Parts may have theirs while the whole has none, if building it was interrupted.
        parts = f"SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = '{self.records}'::regclass"
        return [
            f"DROP INDEX IF EXISTS {self.records}_near, {self.windows}_near",
            f"DO $$ DECLARE part regclass; BEGIN FOR part IN {parts} LOOP "
            "EXECUTE 'DROP INDEX IF EXISTS ' || part || '_near'; END LOOP; END $$",
        ]

    @property
    def insert_memory(self) -> str:
        """The statement that adds a memory unless its scope has the same text; see `memory_values`."""
        # Not any conflict: two memories with one id would be an error.
        return super().insert_memory.removesuffix(" DO NOTHING") + (
            " (user_id, agent_id, run_id, hash) WHERE valid_to IS NULL DO NOTHING"
        )

    def mark(self, column: str) -> str:
        # With a type, the drivers insert many rows by one statement.
        return f"?::{_TYPES.get(column, 'text')}"

    def setting(self) -> str:
        return (
            f"INSERT INTO {self.meta} (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )

    def finish(self, changed: Sequence[Row]) -> Steps[None]:
        yield from self.list_changes({row.id: row.scope.user_id or "" for row in changed})

    def of_user(self, column: str, user_id: str | None) -> Fragment:
        return super().of_user(column, user_id if self._partitions else None)

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        # Given the user too, a server that has not counted the rows yet may read all of that user.
        return super().named(ids, user_id if self._partitions else None)

    def owned(self, pairs: Sequence[tuple[int, str | None]]) -> Fragment:
        ids, users = [memory_id for memory_id, _ in pairs], [user_id for _, user_id in pairs]
        if not self._partitions or None in users or len(set(users)) < 2:
            return super().owned(pairs)
        # As a join, which looks up each row in the part of its user.
        return Fragment(
            '(user_id, id) IN (SELECT whose COLLATE "C", which FROM unnest(?::text[], ?::bigint[]) '
            "AS asked (whose, which))",
            (Array("text", users), Array("bigint", ids)),
        )

    def among(self, column: str, values: Sequence[Any]) -> Fragment:
        return Fragment(f"{column} = ANY (?::bigint[])", (Array("bigint", values),))

    def search_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        ids, frequencies = words
        windows = self._windows_of(embedding)
        return (
            nature(escape(row.text), escape_json(encode(row.metadata)), escape(row.memory_type or "")),
            windows[0] if windows else None,
            len(windows) if len(windows) > 1 else None,
            Array("bigint", np.frombuffer(ids, dtype=np.int64).tolist()),
            ids,
            frequencies,
            sum(frequencies),
        )

    def amended(self, row: Row) -> dict[str, Any]:
        values = super().amended(row)
        kind = nature(escape(row.text), values["metadata"], escape(row.memory_type or ""))
        return {"nature": kind, **values}

    def _windows_of(self, embedding: bytes | None) -> list[Vector]:
        """Return the vector of each window of a text."""
        if embedding is None:
            return []
        size = 4 * self.dimension if self.dimension else len(embedding)
        return [Vector(embedding[start : start + size]) for start in range(0, len(embedding), size)]

    def _add_windows(self, embeddings: Iterable[tuple[int, bytes | None]]) -> Steps[None]:
        """Store the windows behind the first."""
        rows = [
            (memory_id, number, window)
            for memory_id, embedding in embeddings
            if embedding is not None and self.dimension and len(embedding) > 4 * self.dimension
            for number, window in enumerate(self._windows_of(embedding))
            if number
        ]
        if rows:
            yield Statements(self._insert_window, rows)

    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        inserted = yield from super().insert_memories(memories)
        yield from self._add_windows(
            (memory.row.id, memory.embedding) for memory in memories if memory.row.id in inserted
        )
        return inserted

    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        searched = zip(self.searched, self.search_values(row, embedding, words), strict=True)
        statement = self.updating(row, {**self.rewritten(row), **dict(searched)})
        yield Statement(*self._without_windows([row.id], statement))
        yield from self._add_windows([(row.id, embedding)])

    def copy(self, row: Row, values: Mapping[str, Any]) -> Steps[None]:
        yield from super().copy(row, values)
        yield Statement(
            f"INSERT INTO {self.windows} (memory_id, number, embedding) "
            f"SELECT ?, number, embedding FROM {self.windows} WHERE memory_id = ?",
            (values["id"], row.id),
        )

    def remove(self, ids: Sequence[int], user_id: str | None) -> Steps[None]:
        for chunk in self.chunks(ids):
            where = self.named(chunk, user_id)
            delete = Statement(f"DELETE FROM {self.records} WHERE {where.sql}", where.values)
            yield Statement(*self._without_windows(chunk, delete))

    def replacing(self, embeddings: Sequence[tuple[int, bytes]]) -> Steps[None]:
        where = self.among("memory_id", [memory_id for memory_id, _ in embeddings])
        yield Statement(f"DELETE FROM {self.windows} WHERE {where.sql}", where.values)
        values = [
            (windows[0], len(windows) if len(windows) > 1 else None, memory_id)
            for memory_id, embedding in embeddings
            if (windows := self._windows_of(embedding))
        ]
        yield Statements(f"UPDATE {self.records} SET embedding = ?::vector, windows = ? WHERE id = ?", values)
        yield from self._add_windows(embeddings)

    def _without_windows(self, ids: Sequence[int], statement: Statement) -> tuple[str, Sequence[Any]]:
        """Return a statement that also deletes the windows of memories, in the same round trip."""
        where = self.among("memory_id", ids)
        sql = f"WITH gone AS (DELETE FROM {self.windows} WHERE {where.sql}) {statement.sql}"
        return sql, (*where.values, *statement.values)

    def loaded_vector(self, value: bytes | None) -> bytes | None:
        if value is None:
            return None
        return loaded(value)

    def loaded_rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        values = [row[_EMBEDDING] for row in rows]
        vectors = iter(self._loaded_vectors([value for value in values if value is not None]))
        return [
            (
                *row[:_ACTOR],
                self.loaded_or_none(row[_ACTOR]),
                *row[_ACTOR + 1 : _EMBEDDING],
                None if value is None else next(vectors),
                *row[_EMBEDDING + 1 :],
            )
            for row, value in zip(rows, values, strict=True)
        ]

    def _loaded_vectors(self, values: Sequence[bytes]) -> list[bytes]:
        """Convert many vectors, those of one length at once."""
        if len({len(value) for value in values}) != 1:
            return [self.loaded_vector(value) or b"" for value in values]
        every = self.loaded_vector(b"".join(values)) or b""
        size = len(every) // len(values)
        return [every[start : start + size] for start in range(0, len(every), size)]

    def importance(self) -> str:
        return "(facets::jsonb ->> 'importance')::float8"

    def stored(self, text: str) -> str:
        return escape(text)

    def loaded(self, text: str) -> str:
        return unescape(text)

    def stored_json(self, text: str) -> str:
        return escape_json(text)

    def loaded_json(self, text: str) -> str:
        return unescape_json(text)

    def turns_beside(
        self, found: ServerRows, rows: Sequence[int], span: int
    ) -> Steps[list[tuple[int, int, int]]]:
        """See `_core.sql.beside.SearchingSQL`."""
        side = (
            "(SELECT id, row_number() OVER (ORDER BY valid_from {order}, id {order}) AS distance "
            f"FROM {self.records} WHERE user_id = asked.whose AND run_id = asked.run "
            "AND (valid_from, id) {sign} (asked.begins, asked.id) "
            "ORDER BY valid_from {order}, id {order} LIMIT ?)"
        )
        before, after = side.format(order="DESC", sign="<"), side.format(order="ASC", sign=">")
        sql = (
            'SELECT asked.id, near.id, near.distance FROM (SELECT id, whose COLLATE "C" AS whose, '
            'run COLLATE "C" AS run, begins '
            "FROM unnest(?::bigint[], ?::text[], ?::text[], ?::bigint[]) AS given (id, whose, run, begins)) "
            f"AS asked CROSS JOIN LATERAL ({before} UNION ALL {after}) AS near"
        )
        values = [
            Array("bigint", [found.ids[row] for row in rows]),
            Array("text", [found.users[row] for row in rows]),
            Array("text", [found.run_ids[row] for row in rows]),
            Array("bigint", [int(found.valid_from[row]) for row in rows]),
        ]
        near: list[tuple[int, int, int]] = yield Query(sql, [*values, span, span])
        return near


def searched_rows(
    sql: PostgresSQL,
    visible: Fragment,
    which: Fragment,
    embedding: bytes | None,
    terms: Sequence[int] | None,
) -> tuple[str, list[Any]]:
    """Return the query for what ``_core.ranking.server_rows.ServerRows`` takes, and its parameters.

    Args:
        sql: the collection.
        visible: which of the rows may be found.
        which: the rows to read.
        embedding: the query's vector as float32 bytes.
        terms: ids of the terms that make a row's words worth reading.
    """
    asked, cosine, words = Fragment(""), "NULL::float8", Fragment("NULL::bytea, NULL::bytea")
    if embedding is not None:
        # In a query of its own it is evaluated once, not for every row.
        asked = Fragment("WITH asked AS MATERIALIZED (SELECT ?::vector AS query) ", (Vector(embedding),))
        cosine = f"1 - {nearest_window(sql, '{} <=> (SELECT query FROM asked)')}"
    if terms:
        hit = "CASE WHEN terms && ?::bigint[] THEN {} END"
        values = (signed(terms), signed(terms))
        words = Fragment(f"{hit.format('words')}, {hit.format('frequencies')}", values)
    query = (
        f"{asked.sql}SELECT id, user_id, run_id, actor_id, valid_from, ({visible.sql}), {cosine}, length, "
        f"{words.sql} FROM {sql.records} WHERE {which.sql}"
    )
    return query, [*asked.values, *visible.values, *words.values, *which.values]


def nearest_window(sql: PostgresSQL, distance: str) -> str:
    """Return the distance of a memory's nearest window, with its discount; see `_core.ranking.windows`.

    Args:
        sql: the collection.
        distance: that of a vector, whose place is ``{}``.
    """
    first, further = distance.format("embedding"), distance.format("w.embedding")
    return (
        f"CASE WHEN windows IS NULL THEN {first} ELSE LEAST({first}, (SELECT min({further}) "
        f"FROM {sql.windows} w WHERE w.memory_id = {sql.records}.id)) "
        f"+ (ARRAY[{_DISCOUNTS}]::float8[])[windows] END"
    )


def signed(terms: Sequence[int]) -> Array:
    """Return term ids as the server's signed integers of 64 bits."""
    return Array("bigint", np.array(terms, dtype=np.uint64).view(np.int64).tolist())
