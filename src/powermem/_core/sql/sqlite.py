"""The SQL of SQLite. No I/O."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..changes.writes import AddMemory
from ..clock import DAY
from ..values import Row, Stored, Words
from .collection import RECORD, words_of
from .dialects import SQLITE, Fragment
from .partitions import FollowedSQL, of_user
from .schema import SCHEMA_VERSION, TABLES, sqlite_migrations, sqlite_schema
from .steps import Query, Statement, Statements, Steps

# Keys of ``meta`` that stay when the collection is emptied.
_KEPT = "'schema_version', 'sequence', 'deleted_before', 'switches', 'moves'"


class SQLiteSQL(FollowedSQL):
    """A collection in SQLite.

    A write transaction locks the whole database, so there are no row locks.

    Attributes:
        sequence: the number of the open transaction's commit, if it changes memories. Each of these gets it,
            so that caches of other processes can ask for changes after the last number they know.
    """

    dialect = SQLITE
    as_it_is = True
    schema_version = SCHEMA_VERSION
    followed = ("sequence", "deleted_before", "dimension", "switches")
    trimmed = "deleted_before"
    locking = ""
    meta_key = "key"
    request_key = "key"
    # Before version 3.32, a statement takes at most 999 parameters.
    chunk = 900
    id_type = "INTEGER"
    binary_type = "BLOB"
    hash_type = "TEXT"
    cheap_savepoints = True
    # The disk or the file failed.
    common_errors = (sqlite3.OperationalError,)

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.vectors = f"{collection}_vectors"
        self.with_vectors = f"{self.records} JOIN {self.vectors} USING (id)"
        self.deleted = f"{collection}_deleted"
        self.sequence = 0
        self._select_state = (
            f"SELECT key, value FROM {self.meta} WHERE key IN ('sequence', 'switches', 'moves')"
        )
        self._set_sequence = f"UPDATE {self.meta} SET value = ? WHERE key = 'sequence'"
        # Not any conflict: two memories with one id would be an error.
        self._insert_record = (
            f"{self.inserting(self.records, f'{RECORD}, sequence')} "
            "ON CONFLICT (user_id, agent_id, run_id, hash) WHERE valid_to IS NULL DO NOTHING"
        )
        self._insert_vector = f"INSERT OR REPLACE INTO {self.vectors} VALUES (?, ?, ?, ?)"

    def schema(self) -> list[str]:
        return sqlite_schema(self.collection)

    def steps(self) -> Mapping[int, Sequence[str]]:
        return sqlite_migrations(self.collection)

    def exists(self) -> Query:
        return Query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (self.meta,))

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        # The table is not divided by user, and its index by user is slower than ids are.
        return self.among("id", ids)

    def of_user(self, column: str, user_id: str | None) -> Fragment:
        # Nor would it gain anything here.
        return Fragment("")

    def listing(self, columns: str, where: str, order: str) -> str:
        # In an order without an index, SQLite sorts whole rows, which takes three times as long as their ids.
        chosen = super().listing("id", where, order)
        return f"SELECT {columns} FROM {self.records} WHERE id IN ({chosen}) {order}"

    def begin(self) -> Steps[Mapping[str, str | int] | None]:
        found = dict((yield Query(self._select_state)))
        self.sequence = found["sequence"] + 1
        return found

    def finish(self, changed: Sequence[Row]) -> Steps[None]:
        if changed:
            yield Statement(self._set_sequence, (self.sequence,))

    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        number = self.sequence
        rows = [(*self.record_values(memory), number) for memory in memories]
        count = yield Statements(self._insert_record, rows)
        if count != len(memories):
            found = yield Query(f"SELECT id FROM {self.records} WHERE sequence = ?", (self.sequence,))
            written = {memory_id for (memory_id,) in found}
            memories = [memory for memory in memories if memory.row.id in written]
            if not memories:
                return set()
        yield Statements(
            self._insert_vector,
            [
                (memory.row.id, memory.embedding, *words)
                for memory, words in zip(memories, words_of(memories), strict=True)
            ],
        )
        inserted = {memory.row.id for memory in memories}
        if isinstance(memories[0], Stored):
            # It may have been deleted before.
            for chunk in self.chunks(sorted(inserted)):
                revived = self.among("id", chunk)
                yield Statement(f"DELETE FROM {self.deleted} WHERE {revived.sql}", revived.values)
        return inserted

    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        yield self.updating(row, self.rewritten(row))
        yield Statement(self._insert_vector, (row.id, embedding, *words))

    def copy(self, row: Row, values: Mapping[str, Any]) -> Steps[None]:
        columns = [*RECORD.split(", "), "sequence"]
        yield self.copying(row, columns, {**values, "sequence": self.sequence})
        yield Statement(
            f"INSERT INTO {self.vectors} SELECT ?, embedding, terms, frequencies FROM {self.vectors} "
            "WHERE id = ?",
            (values["id"], row.id),
        )

    def updating(self, row: Row, values: Mapping[str, Any]) -> Statement:
        return super().updating(row, {**values, "sequence": self.sequence})

    def remove(self, ids: Sequence[int], user_id: str | None) -> Steps[None]:
        yield from super().remove(ids, user_id)
        one = [(memory_id,) for memory_id in ids]
        yield Statements(f"DELETE FROM {self.vectors} WHERE id = ?", one)
        yield Statements(
            f"INSERT OR REPLACE INTO {self.deleted} VALUES (?, ?)",
            [(memory_id, self.sequence) for memory_id in ids],
        )

    def setting(self) -> str:
        return f"INSERT OR REPLACE INTO {self.meta} VALUES (?, ?)"

    def meta_value(self, value: str | int) -> str | int:
        return value

    def emptying(self) -> list[str]:
        return [
            self.shadow_table(),
            *(f"DELETE FROM {self.collection}_{table}" for table in TABLES if table != "meta"),
            f"DELETE FROM {self.meta} WHERE key NOT IN ({_KEPT}) AND SUBSTR(key, 1, 4) <> 'key:'",
            # Caches of other processes must not take what comes for a continuation of what they know.
            *self.abandoning(),
        ]

    def abandoning(self) -> list[str]:
        # Every cache, here and in other processes, must read the vectors again.
        return [
            f"UPDATE {self.meta} SET value = value + 1 WHERE key = 'sequence'",
            f"UPDATE {self.meta} SET value = (SELECT value FROM {self.meta} WHERE key = 'sequence') "
            "WHERE key = 'deleted_before'",
        ]

    def changed(self, user_id: str | None, since: int) -> Query:
        where = of_user(user_id)
        return Query(
            f"SELECT id FROM {self.deleted} WHERE sequence > ? "
            f"UNION ALL SELECT id FROM {self.records} WHERE sequence > ? AND {where.sql}",
            (since, since, *where.values),
        )

    def listed(self, user_id: str | None) -> Query | None:
        if user_id is None:
            return None
        # The index by user is in no order of ids, and a page would have to sort them all.
        return Query(f"SELECT id FROM {self.records} WHERE user_id = ?", (user_id,))

    def importance(self) -> str:
        return "json_extract(facets, '$.importance')"

    def days(self) -> str:
        # Division rounds towards zero, which would put 31 December 1969 into 1970.
        return f"created_at - ((created_at % {DAY}) + {DAY}) % {DAY}"
