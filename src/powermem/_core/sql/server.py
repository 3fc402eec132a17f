"""The SQL that all database servers share. No I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ..changes.writes import AddMemory
from ..values import Row, Stored, Words
from .collection import RECORD, CollectionSQL, words_of
from .schema import DATED_TABLES, QUEUE_TABLES
from .steps import Query, Statement, Statements, Steps


class ServerSQL(CollectionSQL, ABC):
    """One collection's statements for a database server.

    Attributes:
        searched: columns of ``records`` that only searches read, besides the common ones.
    """

    searched: tuple[str, ...]

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.migrations = f"{collection}_migrations"
        self.dated = tuple(f"{collection}_{table}" for table in DATED_TABLES)
        """The tables that keep a moment together with the speaker's offset from UTC."""
        self.queue = tuple(f"{collection}_{table}" for table in QUEUE_TABLES)
        """The tables of background work."""

    def note_migration(self, version: int, at: int) -> Steps[None]:
        yield Statement(self.inserting(self.migrations, "version, applied_at", once=True), (version, at))

    @abstractmethod
    def search_values(self, row: Row, embedding: bytes | None, words: Words) -> tuple[Any, ...]:
        """Return the values of the columns ``searched``."""

    @property
    def insert_memory(self) -> str:
        """The statement that adds a memory unless its scope has the same text; see `memory_values`."""
        return self.inserting(self.records, ", ".join([RECORD, *self.searched]), once=True)

    def memory_values(self, memory: AddMemory | Stored, words: Words) -> tuple[Any, ...]:
        """Return the values of `insert_memory`, given the terms by which full text finds the memory."""
        return (*self.record_values(memory), *self.search_values(memory.row, memory.embedding, words))

    def insert_memories(self, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        count = yield Statements(self.insert_memory, [*map(self.memory_values, memories, words_of(memories))])
        if count == len(memories):
            return {memory.row.id for memory in memories}
        users = {memory.row.scope.user_id or "" for memory in memories}
        whose = users.pop() if len(users) == 1 else None
        present: set[tuple[int, str]] = set()
        for chunk in self.chunks([memory.row.id for memory in memories]):
            where = self.named(chunk, whose)
            present.update(
                (yield Query(f"SELECT id, hash FROM {self.records} WHERE {where.sql}", where.values))
            )
        return {memory.row.id for memory in memories if (memory.row.id, memory.row.hash) in present}

    def counting(self, accesses: Mapping[tuple[str, int], int]) -> Steps[None]:
        # Most were accessed once, and each statement takes its time on the way.
        having: dict[int, list[tuple[int, str | None]]] = {}
        for (user_id, memory_id), times in accesses.items():
            having.setdefault(times, []).append((memory_id, user_id))
        for times, pairs in having.items():
            for chunk in self.chunks(pairs):
                where = self.owned(chunk)
                yield Statement(
                    f"UPDATE {self.records} SET access_count = access_count + ? WHERE {where.sql}",
                    (times, *where.values),
                )

    def rewrite(self, row: Row, embedding: bytes | None, words: Words) -> Steps[None]:
        searched = zip(self.searched, self.search_values(row, embedding, words), strict=True)
        yield self.updating(row, {**self.rewritten(row), **dict(searched)})

    def copy(self, row: Row, values: Mapping[str, Any]) -> Steps[None]:
        yield self.copying(row, [*RECORD.split(", "), *self.searched], values)
