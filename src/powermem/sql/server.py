"""The statements that every database server gets, and what one of them may say differently. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..changes import AddMemory
from ..types import Row, Stored, Words
from .collection import RECORD, CollectionSQL, words_of
from .dialects import Fragment
from .schema import DATED_TABLES, QUEUE_TABLES
from .steps import Query, Statements, Steps


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
        return self.inserting(self.records, ", ".join([RECORD, *self.searched]), once=True)

    def memory_values(self, memory: AddMemory | Stored) -> tuple[Any, ...]:
        """Return the values of `insert_memory`."""
        searched = self.search_values(memory.row, memory.embedding, words_of(memory))
        return (*self.record_values(memory), *searched)

    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        yield Statements(self.insert_memory, [*map(self.memory_values, memories)])
        users = {memory.row.scope.user_id or "" for memory in memories}
        whose = users.pop() if len(users) == 1 else None
        present: set[tuple[int, str]] = set()
        for chunk in self.chunks([memory.row.id for memory in memories]):
            where = self.named(chunk, whose)
            present.update(
                (yield Query(f"SELECT id, hash FROM {self.records} WHERE {where.sql}", where.values))
            )
        return {memory.row.id for memory in memories if (memory.row.id, memory.row.hash) in present}

    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        searched = zip(self.searched, self.search_values(row, embedding, words), strict=True)
        yield self.updating(row, {**self.rewritten(row), **dict(searched)})
