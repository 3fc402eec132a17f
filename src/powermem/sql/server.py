"""The statements that every database server gets, and what one of them may say differently. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..metadata import encode
from ..types import Row, Words
from .collection import CollectionSQL
from .dialects import Fragment
from .rows import scope_values
from .schema import DATED_TABLES, QUEUE_TABLES

_INSERTED = (
    "id, user_id, agent_id, run_id, actor_id, memory_type, memory, hash, metadata, facets, created_at, "
    "updated_at, valid_from, valid_to, expires_at, superseded_by, utc_offset"
)


class NewColumn(NamedTuple):
    """A step that adds a column which may hold nothing, unless an earlier try has added it.

    Some servers can neither undo such a statement nor leave it out where the column is there.
    """

    table: str
    column: str
    type: str

    @property
    def known(self) -> Fragment:
        """The query that has a row when the column is there."""
        return Fragment(
            "SELECT 1 FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = ? AND column_name = ?",
            (self.table, self.column),
        )

    @property
    def statement(self) -> str:
        """The statement that adds it."""
        return f"ALTER TABLE {self.table} ADD COLUMN {self.column} {self.type}"


class ServerSQL(CollectionSQL, ABC):
    """One collection's statements for a database server.

    Attributes:
        schema_version: the newest version that this library knows.
        searched: columns of ``records`` that only searches read, besides the common ones.
    """

    schema_version: int
    searched: tuple[str, ...]

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.migrations = f"{collection}_migrations"
        self.dated = tuple(f"{collection}_{table}" for table in DATED_TABLES)
        """What keeps a moment together with the speaker's offset from UTC."""
        self.queue = tuple(f"{collection}_{table}" for table in QUEUE_TABLES)
        """The tables of the work to do."""

    @abstractmethod
    def schema(self) -> list[str]:
        """Return the statements that create the newest version of the collection."""

    @abstractmethod
    def steps(self) -> Mapping[int, Sequence[str | NewColumn]]:
        """Return, for each older version, the statements that lead to the next one."""

    @abstractmethod
    def exists(self) -> Fragment:
        """Return a query that has a row when the collection's tables exist."""

    @abstractmethod
    def search_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        """Return the values of the columns ``searched``."""

    @property
    def insert_memory(self) -> str:
        """The statement that adds a memory unless its scope has the same text; see `memory_values`."""
        columns = ", ".join([_INSERTED, *self.searched])
        return self.inserting(self.records, columns, once=True)

    @property
    def rewrite_memory(self) -> str:
        """The statement that gives a memory another text; see `text_values`."""
        searched = "".join(f", {column} = {self.mark(column)}" for column in self.searched)
        return (
            f"UPDATE {self.records} SET memory = ?, hash = ?, updated_at = ?, version = version + 1"
            f"{searched} WHERE user_id = ? AND id = ?"
        )

    def memory_values(
        self, row: Row, facets: Mapping[str, Any], embedding: bytes | None, words: Words
    ) -> tuple[Any, ...]:
        """Return the values of `insert_memory`."""
        return (
            row.id,
            *scope_values(row.scope),
            self.stored_or_none(row.actor_id),
            self.stored_or_none(row.memory_type),
            self.stored(row.text),
            row.hash,
            self.stored_json(encode(row.metadata)),
            self.stored_json(encode(facets)),
            row.created_at,
            row.updated_at,
            row.valid_from,
            row.valid_to,
            row.expires_at,
            row.superseded_by,
            row.utc_offset,
            *self.search_values(row, embedding, words),
        )

    def text_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        """Return the values of `rewrite_memory`; the row has its new text already."""
        return (
            self.stored(row.text),
            row.hash,
            row.updated_at,
            *self.search_values(row, embedding, words),
            row.scope.user_id or "",
            row.id,
        )

    def amend_memory(self, row: Row, metadata: str) -> tuple[str, tuple[Any, ...]]:
        """Return the statement that writes a memory's metadata and expiry, and its values."""
        sql = (
            f"UPDATE {self.records} SET metadata = ?, expires_at = ?, updated_at = ?, version = version + 1 "
            "WHERE user_id = ? AND id = ?"
        )
        stored = self.stored_json(metadata)
        return sql, (stored, row.expires_at, row.updated_at, row.scope.user_id or "", row.id)
