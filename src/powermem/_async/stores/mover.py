"""Reading a collection on a server from end to end, filling it, and giving it another embedder's vectors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..._drivers.base import AsyncConnection
from ...changes import Restore
from ...filters import Expression
from ...ids import new_id
from ...indexing import index
from ...sql.collection import passes
from ...sql.rows import COLUMNS, TURN, scope_condition, scope_values, to_turn, turn_values
from ...sql.server import ServerSQL
from ...types import Embedding, HistoryEntry, Row, Scope, Stored, Turn
from .pool import AsyncReader

_CHUNK = 1000
_WIDTH = COLUMNS.count(",") + 1
_ENTRY = "memory_id, event, old_memory, new_memory, actor, created_at, id"

Asked = AsyncReader | AsyncConnection


class AsyncServerMover:
    """The statements of one collection.

    Args:
        sql: the collection's statements.
        note: called inside a transaction with the rows that it changes.
    """

    def __init__(self, sql: ServerSQL, note: Callable[[AsyncConnection, Sequence[Row]], None]) -> None:
        self._sql = sql
        self._note = note

    async def scan(
        self,
        reader: AsyncReader,
        scope: Scope,
        expression: Expression | None,
        after: int,
        limit: int,
        *,
        vectors: bool,
    ) -> list[Stored]:
        """Return the next memories by id, current or not, with what belongs to them; empty at the end."""
        sql, where, narrowed = self._sql, scope_condition(scope), self._sql.narrow(expression)
        searched = f", {sql.embedded}, {sql.indexed}" if vectors else ""
        rows: list[tuple[Any, ...]] = []
        while not rows:
            found = await reader.fetch(
                f"SELECT {COLUMNS}, facets, {narrowed.doubt}{searched} FROM {sql.records} "
                f"WHERE id > ? AND {where.sql} AND ({narrowed.sql}) ORDER BY id LIMIT ?",
                [after, *where.values, *narrowed.values, limit],
            )
            if not found:
                return []
            after = found[-1][0]
            rows = [row for row in found if not row[_WIDTH + 1] or passes(expression, sql.to_row(row))]
        ids = [row[0] for row in rows]
        history = await self._grouped(reader, sql.history, _ENTRY, ids)
        links = await self._grouped(reader, sql.links, "memory_id, turn_id", ids)
        return [
            Stored(
                row=sql.to_row(row),
                facets=json.loads(sql.loaded_json(row[_WIDTH])) if row[_WIDTH] != "{}" else {},
                history=sorted(map(sql.to_history, history[row[0]]), key=lambda entry: entry.id),
                turns=[turn for _, turn in links[row[0]]],
                embedding=None if not vectors else sql.loaded_vector(row[_WIDTH + 2]),
                terms=(row[_WIDTH + 3], row[_WIDTH + 4]) if vectors else None,
            )
            for row in rows
        ]

    async def _grouped(
        self, reader: AsyncReader, table: str, columns: str, ids: Sequence[int]
    ) -> defaultdict[int, list[Any]]:
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for start in range(0, len(ids), _CHUNK):
            where = self._sql.among("memory_id", ids[start : start + _CHUNK])
            for row in await reader.fetch(f"SELECT {columns} FROM {table} WHERE {where.sql}", where.values):
                groups[row[0]].append(row)
        return groups

    async def scan_turns(self, reader: AsyncReader, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return the next source turns by id."""
        where = scope_condition(scope)
        found = await reader.fetch(
            f"SELECT {TURN} FROM {self._sql.turns} WHERE id > ? AND {where.sql} ORDER BY id LIMIT ?",
            [after, *where.values, limit],
        )
        return [to_turn(row, self._sql) for row in found]

    async def get_turns(self, reader: AsyncReader, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns with these ids."""
        turns: list[Turn] = []
        for start in range(0, len(ids), _CHUNK):
            where = self._sql.among("id", ids[start : start + _CHUNK])
            found = await reader.fetch(
                f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values
            )
            turns += [to_turn(row, self._sql) for row in found]
        return turns

    async def scan_deleted(self, reader: AsyncReader, after: int, limit: int) -> list[HistoryEntry]:
        """Return the next history entries by id whose memory was deleted."""
        found = await reader.fetch(
            f"SELECT {_ENTRY} FROM {self._sql.history} WHERE id > ? AND NOT EXISTS "
            f"(SELECT 1 FROM {self._sql.records} r WHERE r.id = memory_id) ORDER BY id LIMIT ?",
            [after, limit],
        )
        return [self._sql.to_history(row) for row in found]

    async def restore(self, connection: AsyncConnection, change: Restore) -> int:
        """Store what is not there yet, and return how many memories were new."""
        sql = self._sql
        await self._insert(connection, sql.turns, TURN, (turn_values(turn, sql) for turn in change.turns))
        wanted = {stored.row.id: stored for stored in change.memories}
        there = await self._existing(connection, sql.records, "id", wanted)
        fresh = [stored for memory_id, stored in wanted.items() if memory_id not in there]
        await self._insert_memories(connection, fresh)
        written = await self._existing(connection, sql.records, "id", [stored.row.id for stored in fresh])
        for stored in fresh:
            if stored.row.id not in written and await self._make_room(connection, stored, change.at):
                await self._insert_memories(connection, [stored])
                written.add(stored.row.id)
        new = [stored for stored in fresh if stored.row.id in written]
        self._note(connection, [stored.row for stored in new])
        await self._insert_belongings(connection, new, change.at)
        await self._insert(connection, sql.history, _ENTRY, map(self._entry, change.history))
        return len(new)

    async def _existing(
        self, connection: AsyncConnection, table: str, column: str, ids: Iterable[int], also: str = ""
    ) -> set[int]:
        asked, found = list(ids), set[int]()
        for start in range(0, len(asked), _CHUNK):
            where = self._sql.among(column, asked[start : start + _CHUNK])
            rows = await connection.fetch(
                f"SELECT {column} FROM {table} WHERE {where.sql}{also}", where.values
            )
            found.update(row[0] for row in rows)
        return found

    async def _insert(
        self, connection: AsyncConnection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        values = list(rows)
        if values:
            await connection.execute_many(self._sql.inserting(table, columns, once=True), values)

    async def _insert_memories(self, connection: AsyncConnection, memories: Sequence[Stored]) -> None:
        if not memories:
            return
        await connection.execute_many(
            self._sql.insert_memory,
            [self._values(one) for one in memories],
        )
        lived = [
            (one.row.access_count, one.row.version, one.row.scope.user_id or "", one.row.id)
            for one in memories
            if one.row.access_count or one.row.version != 1
        ]
        if lived:
            await connection.execute_many(
                f"UPDATE {self._sql.records} SET access_count = ?, version = ? WHERE user_id = ? AND id = ?",
                lived,
            )

    def _values(self, stored: Stored) -> tuple[Any, ...]:
        words = stored.terms or index(stored.row, stored.facets, stored.source)
        return self._sql.memory_values(stored.row, stored.facets, stored.embedding, words)

    async def _make_room(self, connection: AsyncConnection, stored: Stored, now: int) -> bool:
        """End an expired memory with the same text: nobody can find it, so it must not stand in the way."""
        found = await connection.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            "AND hash = ? AND valid_to IS NULL AND expires_at <= ? FOR UPDATE",
            (*scope_values(stored.row.scope), stored.row.hash, now),
        )
        for row in map(self._sql.to_row, found):
            self._note(connection, [row])
            await connection.execute(
                f"UPDATE {self._sql.records} SET valid_to = expires_at, version = version + 1 "
                "WHERE user_id = ? AND id = ?",
                (row.scope.user_id or "", row.id),
            )
        return bool(found)

    async def _insert_belongings(
        self, connection: AsyncConnection, memories: Sequence[Stored], now: int
    ) -> None:
        sql = self._sql
        ids = [stored.row.id for stored in memories]
        revived = await self._existing(connection, sql.history, "memory_id", ids, " AND event = 'DELETE'")
        links = [(stored.row.id, turn) for stored in memories for turn in stored.turns]
        await self._insert(connection, sql.links, "memory_id, turn_id", links)
        entries = [entry for stored in memories for entry in stored.history]
        for stored in memories:
            row = stored.row
            if row.id in revived or not stored.history:
                at = now if row.id in revived else row.created_at
                entries.append(HistoryEntry(row.id, "ADD", None, row.text, row.actor_id, at, new_id()))
        await self._insert(connection, sql.history, _ENTRY, map(self._entry, entries))

    def _entry(self, entry: HistoryEntry) -> tuple[Any, ...]:
        old, new = (
            None if text is None else self._sql.stored(text) for text in (entry.old_memory, entry.new_memory)
        )
        return (entry.memory_id, entry.event, old, new, entry.actor, entry.created_at, entry.id)

    async def discard(self, connection: AsyncConnection) -> None:
        """Remove the vectors to come."""
        await connection.execute(f"DELETE FROM {self._sql.shadow}")

    async def missing(self, asked: Asked, after: int, limit: int, *, every: bool) -> list[Row]:
        """Return the next rows by id without a vector to come; ``every`` also of those that have a vector."""
        columns = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))
        found = await asked.fetch(
            f"SELECT {columns} FROM {self._missing(every=every)} AND r.id > ? ORDER BY r.id LIMIT ?",
            (after, limit),
        )
        return [self._sql.to_row(row) for row in found]

    async def count_missing(self, asked: Asked, *, every: bool) -> int:
        """Return how many rows have no vector to come."""
        found = await asked.fetch(f"SELECT count(*) FROM {self._missing(every=every)}")
        number: int = found[0][0]
        return number

    def _missing(self, *, every: bool) -> str:
        return (
            f"{self._sql.records} r LEFT JOIN {self._sql.shadow} s ON s.id = r.id AND s.hash = r.hash "
            f"WHERE s.id IS NULL{'' if every else ' AND r.embedding IS NULL'}"
        )

    async def keep(self, connection: AsyncConnection, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until all are there."""
        latest = {embedding.id: embedding for embedding in embeddings}
        if not latest:
            return
        where = self._sql.among("id", list(latest))
        await connection.execute(f"DELETE FROM {self._sql.shadow} WHERE {where.sql}", where.values)
        await connection.execute_many(
            f"INSERT INTO {self._sql.shadow} (id, hash, embedding) VALUES (?, ?, ?)",
            [(one.id, one.hash, one.vector) for one in latest.values()],
        )

    async def swap(self, connection: AsyncConnection) -> None:
        """Put the vectors that were set aside in the place of the old ones."""
        sql, after = self._sql, 0
        while True:
            found = await connection.fetch(
                f"SELECT id, embedding FROM {sql.shadow} WHERE id > ? ORDER BY id LIMIT ?", (after, _CHUNK)
            )
            if not found:
                break
            await connection.execute_many(
                f"UPDATE {sql.records} SET embedding = {sql.mark('embedding')} WHERE id = ?",
                [(sql.vector_value(vector), memory_id) for memory_id, vector in found],
            )
            after = found[-1][0]
        await self.discard(connection)
