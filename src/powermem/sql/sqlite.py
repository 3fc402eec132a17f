"""What SQLite says differently from a database server. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import DAY
from .collection import CollectionSQL
from .dialects import SQLITE, Fragment
from .schema import QUEUE_TABLES

# What of ``meta`` stays when the collection is emptied.
_KEPT = "'schema_version', 'sequence', 'deleted_before', 'switches'"


class SQLiteSQL(CollectionSQL):
    """A collection in SQLite.

    A transaction that writes holds the only lock there is, so no row is locked by itself.
    """

    dialect = SQLITE
    locking = ""
    meta_key = "key"
    request_key = "key"
    # Before version 3.32, a statement takes at most 999 parameters.
    chunk = 900
    id_type = "INTEGER"
    binary_type = "BLOB"
    hash_type = "TEXT"

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.vectors = f"{collection}_vectors"
        self.with_vectors = f"{self.records} JOIN {self.vectors} USING (id)"
        self.deleted = f"{collection}_deleted"

    def named(self, ids: Sequence[int], user_id: str | None) -> Fragment:
        # The table is not divided by user, and its index by user is slower than ids are.
        return self.among("id", ids)

    def setting(self) -> str:
        return f"INSERT OR REPLACE INTO {self.meta} VALUES (?, ?)"

    def meta_value(self, value: str | int) -> str | int:
        return value

    def emptying(self) -> list[str]:
        tables = (
            self.records,
            self.vectors,
            self.history,
            self.turns,
            self.links,
            self.deleted,
            self.requests,
            self.shadow,
            *(f"{self.collection}_{table}" for table in QUEUE_TABLES),
        )
        return [
            self.shadow_table(),
            *(f"DELETE FROM {table}" for table in tables),
            f"DELETE FROM {self.meta} WHERE key NOT IN ({_KEPT})",
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

    def importance(self) -> str:
        return "json_extract(facets, '$.importance')"

    def days(self) -> str:
        # Division rounds towards zero, which would put 31 December 1969 into 1970.
        return f"created_at - ((created_at % {DAY}) + {DAY}) % {DAY}"
