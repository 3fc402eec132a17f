"""Reading a collection on a server from end to end, filling it, and giving it another embedder's vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..._drivers.base import AsyncConnection
from ...changes import Restore
from ...ids import new_id
from ...indexing import index
from ...sql.rows import COLUMNS, TURN, scope_values, turn_values
from ...sql.server import ServerSQL
from ...types import HistoryEntry, Row, Stored
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
