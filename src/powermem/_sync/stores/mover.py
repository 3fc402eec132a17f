# Generated from src/powermem/_async/stores/mover.py by scripts/run_unasync.py; edit that file instead.
"""Reading a collection on a server from end to end, filling it, and giving it another embedder's vectors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..._drivers.base import Connection
from ...changes import Restore
from ...filters import Expression
from ...ids import new_id
from ...indexing import index
from ...sql.collection import passes
from ...sql.rows import COLUMNS, TURN, scope_condition, scope_values, to_turn, turn_values
from ...sql.server import ServerSQL
from ...types import Embedding, HistoryEntry, Row, Scope, Stored, Turn
from .pool import Reader

_CHUNK = 1000
_WIDTH = COLUMNS.count(",") + 1
_ENTRY = "memory_id, event, old_memory, new_memory, actor, created_at, id"

Asked = Reader | Connection


class ServerMover:
    """The statements of one collection.

    Args:
        sql: the collection's statements.
        note: called inside a transaction with the rows that it changes.
    """

    def __init__(self, sql: ServerSQL, note: Callable[[Connection, Sequence[Row]], None]) -> None:
        self._sql = sql
        self._note = note

    def scan(
        self,
        reader: Reader,
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
            found = reader.fetch(
                f"SELECT {COLUMNS}, facets, {narrowed.doubt}{searched} FROM {sql.records} "
                f"WHERE id > ? AND {where.sql} AND ({narrowed.sql}) ORDER BY id LIMIT ?",
                [after, *where.values, *narrowed.values, limit],
            )
            if not found:
                return []
            after = found[-1][0]
            rows = [row for row in found if not row[_WIDTH + 1] or passes(expression, sql.to_row(row))]
        ids = [row[0] for row in rows]
        history = self._grouped(reader, sql.history, _ENTRY, ids)
        links = self._grouped(reader, sql.links, "memory_id, turn_id", ids)
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

    def _grouped(
        self, reader: Reader, table: str, columns: str, ids: Sequence[int]
    ) -> defaultdict[int, list[Any]]:
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for start in range(0, len(ids), _CHUNK):
            where = self._sql.among("memory_id", ids[start : start + _CHUNK])
            for row in reader.fetch(f"SELECT {columns} FROM {table} WHERE {where.sql}", where.values):
                groups[row[0]].append(row)
        return groups

    def scan_turns(self, reader: Reader, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return the next source turns by id."""
        where = scope_condition(scope)
        found = reader.fetch(
            f"SELECT {TURN} FROM {self._sql.turns} WHERE id > ? AND {where.sql} ORDER BY id LIMIT ?",
            [after, *where.values, limit],
        )
        return [to_turn(row, self._sql) for row in found]

    def get_turns(self, reader: Reader, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns with these ids."""
        turns: list[Turn] = []
        for start in range(0, len(ids), _CHUNK):
            where = self._sql.among("id", ids[start : start + _CHUNK])
            found = reader.fetch(f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values)
            turns += [to_turn(row, self._sql) for row in found]
        return turns

    def scan_deleted(self, reader: Reader, after: int, limit: int) -> list[HistoryEntry]:
        """Return the next history entries by id whose memory was deleted."""
        found = reader.fetch(
            f"SELECT {_ENTRY} FROM {self._sql.history} WHERE id > ? AND NOT EXISTS "
            f"(SELECT 1 FROM {self._sql.records} r WHERE r.id = memory_id) ORDER BY id LIMIT ?",
            [after, limit],
        )
        return [self._sql.to_history(row) for row in found]

    def restore(self, connection: Connection, change: Restore) -> int:
        """Store what is not there yet, and return how many memories were new."""
        sql = self._sql
        self._insert(connection, sql.turns, TURN, (turn_values(turn, sql) for turn in change.turns))
        wanted = {stored.row.id: stored for stored in change.memories}
        there = self._existing(connection, sql.records, "id", wanted)
        fresh = [stored for memory_id, stored in wanted.items() if memory_id not in there]
        self._insert_memories(connection, fresh)
        written = self._existing(connection, sql.records, "id", [stored.row.id for stored in fresh])
        for stored in fresh:
            if stored.row.id not in written and self._make_room(connection, stored, change.at):
                self._insert_memories(connection, [stored])
                written.add(stored.row.id)
        new = [stored for stored in fresh if stored.row.id in written]
        self._note(connection, [stored.row for stored in new])
        self._insert_belongings(connection, new, change.at)
        self._insert(connection, sql.history, _ENTRY, map(self._entry, change.history))
        return len(new)

    def _existing(
        self, connection: Connection, table: str, column: str, ids: Iterable[int], also: str = ""
    ) -> set[int]:
        asked, found = list(ids), set[int]()
        for start in range(0, len(asked), _CHUNK):
            where = self._sql.among(column, asked[start : start + _CHUNK])
            rows = connection.fetch(f"SELECT {column} FROM {table} WHERE {where.sql}{also}", where.values)
            found.update(row[0] for row in rows)
        return found

    def _insert(
        self, connection: Connection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]
    ) -> None:
        values = list(rows)
        if values:
            connection.execute_many(self._sql.inserting(table, columns, once=True), values)

    def _insert_memories(self, connection: Connection, memories: Sequence[Stored]) -> None:
        if not memories:
            return
        connection.execute_many(
            self._sql.insert_memory,
            [self._values(one) for one in memories],
        )
        lived = [
            (one.row.access_count, one.row.version, one.row.scope.user_id or "", one.row.id)
            for one in memories
            if one.row.access_count or one.row.version != 1
        ]
        if lived:
            connection.execute_many(
                f"UPDATE {self._sql.records} SET access_count = ?, version = ? WHERE user_id = ? AND id = ?",
                lived,
            )

    def _values(self, stored: Stored) -> tuple[Any, ...]:
        words = stored.terms or index(stored.row, stored.facets, stored.source)
        return self._sql.memory_values(stored.row, stored.facets, stored.embedding, words)

    def _make_room(self, connection: Connection, stored: Stored, now: int) -> bool:
        """End an expired memory with the same text: nobody can find it, so it must not stand in the way."""
        found = connection.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            "AND hash = ? AND valid_to IS NULL AND expires_at <= ? FOR UPDATE",
            (*scope_values(stored.row.scope), stored.row.hash, now),
        )
        for row in map(self._sql.to_row, found):
            self._note(connection, [row])
            connection.execute(
                f"UPDATE {self._sql.records} SET valid_to = expires_at, version = version + 1 "
                "WHERE user_id = ? AND id = ?",
                (row.scope.user_id or "", row.id),
            )
        return bool(found)

    def _insert_belongings(self, connection: Connection, memories: Sequence[Stored], now: int) -> None:
        sql = self._sql
        ids = [stored.row.id for stored in memories]
        revived = self._existing(connection, sql.history, "memory_id", ids, " AND event = 'DELETE'")
        links = [(stored.row.id, turn) for stored in memories for turn in stored.turns]
        self._insert(connection, sql.links, "memory_id, turn_id", links)
        entries = [entry for stored in memories for entry in stored.history]
        for stored in memories:
            row = stored.row
            if row.id in revived or not stored.history:
                at = now if row.id in revived else row.created_at
                entries.append(HistoryEntry(row.id, "ADD", None, row.text, row.actor_id, at, new_id()))
        self._insert(connection, sql.history, _ENTRY, map(self._entry, entries))

    def _entry(self, entry: HistoryEntry) -> tuple[Any, ...]:
        old, new = (
            None if text is None else self._sql.stored(text) for text in (entry.old_memory, entry.new_memory)
        )
        return (entry.memory_id, entry.event, old, new, entry.actor, entry.created_at, entry.id)

    def discard(self, connection: Connection) -> None:
        """Remove the vectors to come."""
        connection.execute(f"DELETE FROM {self._sql.shadow}")

    def missing(self, asked: Asked, after: int, limit: int, *, every: bool) -> list[Row]:
        """Return the next rows by id without a vector to come; ``every`` also of those that have a vector."""
        columns = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))
        found = asked.fetch(
            f"SELECT {columns} FROM {self._missing(every=every)} AND r.id > ? ORDER BY r.id LIMIT ?",
            (after, limit),
        )
        return [self._sql.to_row(row) for row in found]

    def count_missing(self, asked: Asked, *, every: bool) -> int:
        """Return how many rows have no vector to come."""
        found = asked.fetch(f"SELECT count(*) FROM {self._missing(every=every)}")
        number: int = found[0][0]
        return number

    def _missing(self, *, every: bool) -> str:
        return (
            f"{self._sql.records} r LEFT JOIN {self._sql.shadow} s ON s.id = r.id AND s.hash = r.hash "
            f"WHERE s.id IS NULL{'' if every else ' AND r.embedding IS NULL'}"
        )

    def keep(self, connection: Connection, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until all are there."""
        latest = {embedding.id: embedding for embedding in embeddings}
        if not latest:
            return
        where = self._sql.among("id", list(latest))
        connection.execute(f"DELETE FROM {self._sql.shadow} WHERE {where.sql}", where.values)
        connection.execute_many(
            f"INSERT INTO {self._sql.shadow} (id, hash, embedding) VALUES (?, ?, ?)",
            [(one.id, one.hash, one.vector) for one in latest.values()],
        )

    def swap(self, connection: Connection) -> None:
        """Put the vectors that were set aside in the place of the old ones."""
        sql, after = self._sql, 0
        while True:
            found = connection.fetch(
                f"SELECT id, embedding FROM {sql.shadow} WHERE id > ? ORDER BY id LIMIT ?", (after, _CHUNK)
            )
            if not found:
                break
            connection.execute_many(
                f"UPDATE {sql.records} SET embedding = {sql.mark('embedding')} WHERE id = ?",
                [(sql.vector_value(vector), memory_id) for memory_id, vector in found],
            )
            after = found[-1][0]
        self.discard(connection)
