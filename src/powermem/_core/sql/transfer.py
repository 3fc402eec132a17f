"""Read a whole collection, and replace its vectors by those of another embedder. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..changes.history import whole_history
from ..filters.expression import Expression
from ..values import EmbedderIdentity, Embedding, HistoryEntry, Row, Scope, Stored, Turn
from .collection import ENTRY, CollectionSQL, passes
from .embedder import EmbedderSQL
from .rows import COLUMNS, TURN, scope_condition, to_turn
from .steps import Query, Statement, Statements, Steps

_WIDTH = COLUMNS.count(",") + 1


class Transfer:
    """Steps over one collection.

    Args:
        sql: the collection's tables and what its database says differently.
        embedder: whose vectors it holds.
    """

    def __init__(self, sql: CollectionSQL, embedder: EmbedderSQL) -> None:
        self._sql = sql
        self._embedder = embedder

    def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, vectors: bool
    ) -> Steps[list[Stored]]:
        """Return the next memories by id, current or not, with what belongs to them; empty at the end."""
        sql, where, narrowed = self._sql, scope_condition(scope), self._sql.narrow(expression)
        searched = f", {sql.embedded}, {sql.indexed}" if vectors else ""
        rows: list[tuple[Any, ...]] = []
        while not rows:
            found = yield Query(
                f"SELECT {COLUMNS}, {narrowed.doubt}{searched} "
                f"FROM {sql.with_vectors if vectors else sql.records} "
                f"WHERE id > ? AND {where.sql} AND ({narrowed.sql}) ORDER BY id LIMIT ?",
                [after, *where.values, *narrowed.values, limit],
            )
            if not found:
                return []
            after = found[-1][0]
            rows = [row for row in found if not row[_WIDTH] or passes(expression, sql.to_row(row))]
        ids = [row[0] for row in rows]
        history = yield from self._grouped(sql.history, ENTRY, ids)
        links = yield from self._grouped(sql.links, "memory_id, turn_id", ids)
        return [
            Stored(
                row=memory,
                history=whole_history(memory, map(sql.to_history, history[memory.id])),
                turns=[turn for _, turn in links[memory.id]],
                embedding=sql.loaded_vector(row[_WIDTH + 1]) if vectors else None,
                terms=(row[_WIDTH + 2], row[_WIDTH + 3]) if vectors else None,
            )
            for row, memory in zip(rows, map(sql.to_row, rows), strict=True)
        ]

    def _grouped(self, table: str, columns: str, ids: Sequence[int]) -> Steps[defaultdict[int, list[Any]]]:
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for chunk in self._sql.chunks(ids):
            where = self._sql.among("memory_id", chunk)
            for row in (yield Query(f"SELECT {columns} FROM {table} WHERE {where.sql}", where.values)):
                groups[row[0]].append(row)
        return groups

    def scan_turns(self, scope: Scope, after: int, limit: int) -> Steps[list[Turn]]:
        """Return the next source turns by id."""
        where = scope_condition(scope)
        found = yield Query(
            f"SELECT {TURN} FROM {self._sql.turns} WHERE id > ? AND {where.sql} ORDER BY id LIMIT ?",
            [after, *where.values, limit],
        )
        return [to_turn(row, self._sql) for row in found]

    def get_turns(self, ids: Sequence[int]) -> Steps[list[Turn]]:
        """Return the source turns with these ids."""
        turns: list[Turn] = []
        for chunk in self._sql.chunks(ids):
            where = self._sql.among("id", chunk)
            found = yield Query(f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values)
            turns += [to_turn(row, self._sql) for row in found]
        return turns

    def scan_deleted(self, after: int, limit: int) -> Steps[list[HistoryEntry]]:
        """Return the next history entries by id whose memory was deleted."""
        found = yield Query(
            f"SELECT {ENTRY} FROM {self._sql.history} WHERE id > ? AND NOT EXISTS "
            f"(SELECT 1 FROM {self._sql.records} r WHERE r.id = memory_id) ORDER BY id LIMIT ?",
            [after, limit],
        )
        return [self._sql.to_history(row) for row in found]

    def add_shadow(self) -> Steps[None]:
        """Create the table of the vectors to come, if it is missing."""
        yield Statement(self._sql.shadow_table())

    def prepare_switch(self, identity: EmbedderIdentity, everything: bool) -> Steps[int]:
        """Return the number of memories that need a vector of this embedder; see `missing_embeddings`.

        What an earlier call has put aside for the same embedder stays; that for any other goes.
        """
        if (yield from self._lock_shadow()) != str(identity):
            yield from self._discard()
            yield from self._embedder.set_meta("shadow", str(identity))
        former = yield from self._embedder.find()
        return (yield from self._count_missing(everything or former != identity))

    def missing_embeddings(
        self, identity: EmbedderIdentity, everything: bool, after: int, limit: int
    ) -> Steps[list[Row]]:
        """Return the next rows by id that need a vector of this embedder.

        ``everything`` includes those that have one of it already.
        """
        former = yield from self._embedder.find()
        missing = self._missing(everything or former != identity)
        found = yield Query(f"SELECT {COLUMNS} FROM {missing} AND id > ? ORDER BY id LIMIT ?", (after, limit))
        return [self._sql.to_row(row) for row in found]

    def keep_embeddings(self, embeddings: Sequence[Embedding]) -> Steps[None]:
        """Put vectors aside until all are there."""
        # Two processes that move the same memories take turns.
        yield from self._lock_shadow()
        latest = {embedding.id: embedding for embedding in embeddings}
        for ids in self._sql.chunks(list(latest)):
            where = self._sql.among("id", ids)
            yield Statement(f"DELETE FROM {self._sql.shadow} WHERE {where.sql}", where.values)
        yield Statements(
            f"INSERT INTO {self._sql.shadow} (id, hash, embedding) VALUES (?, ?, ?)",
            [(one.id, one.hash, one.vector) for one in latest.values()],
        )

    def switch(self, identity: EmbedderIdentity, everything: bool) -> Steps[tuple[bool, bool]]:
        """Replace the vectors by those put aside, unless one is missing.

        Returns:
            Whether the vectors were replaced, and whether those of another embedder were.
        """
        yield from self._lock_shadow()
        switches = yield from self._embedder.switches(self._sql.locking)
        former = yield from self._embedder.find()
        if (yield from self._count_missing(everything or former != identity)):
            return False, False
        for statement in self._sql.abandoning():
            yield Statement(statement)
        self._sql.dimension = identity.dimension
        yield from self._swap()
        yield from self._embedder.set(identity)
        yield from self._embedder.set_meta("shadow", "")
        if former in (None, identity):
            return True, False
        yield from self._embedder.set_meta("switches", switches + 1)
        return True, True

    def _lock_shadow(self) -> Steps[str | int | None]:
        """Return for which embedder vectors were put aside, and lock them until the end."""
        return (yield from self._embedder.meta("shadow", self._sql.locking))

    def _discard(self) -> Steps[None]:
        yield Statement(f"DELETE FROM {self._sql.shadow}")

    def _count_missing(self, every: bool) -> Steps[int]:
        found = yield Query(f"SELECT count(*) FROM {self._missing(every)}")
        number: int = found[0][0]
        return number

    def _missing(self, every: bool) -> str:
        """Return the rows without a vector to come; ``every`` includes those that have a vector."""
        sql = self._sql
        table, without = (sql.records, "") if every else (sql.with_vectors, " AND embedding IS NULL")
        return (
            f"{table} WHERE NOT EXISTS (SELECT 1 FROM {sql.shadow} s "
            f"WHERE s.id = {sql.records}.id AND s.hash = {sql.records}.hash){without}"
        )

    def _swap(self) -> Steps[None]:
        """Put the vectors that were set aside in the place of the old ones."""
        sql, after = self._sql, 0
        while found := (
            yield Query(
                f"SELECT id, embedding FROM {sql.shadow} WHERE id > ? ORDER BY id LIMIT ?", (after, sql.chunk)
            )
        ):
            yield from sql.replacing(found)
            after = found[-1][0]
        yield from self._discard()
