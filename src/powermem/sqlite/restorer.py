"""Storing memories as they were in another store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from ..changes import Restore
from ..ids import new_id
from ..indexing import index
from ..sql.rows import TURN, scope_values, turn_values
from ..types import HistoryEntry, Stored, Turn
from .adder import RECORD_MARKS, record_values

# SQLite before 3.32 takes at most 999 parameters.
_CHUNK = 900
_TURN_MARKS = ",".join("?" * len(TURN.split(",")))


class Restorer:
    """Applies ``Restore``. Holds no connection and no state of the database."""

    def __init__(self, collection: str) -> None:
        self._c = collection

    def restore(self, connection: sqlite3.Connection, change: Restore, sequence: int) -> int:
        """Store what is not there yet.

        Args:
            connection: inside a write transaction.
            change: what to store.
            sequence: the number of this commit.

        Returns:
            How many memories were new.
        """
        self._insert_turns(connection, change.turns)
        wanted = {stored.row.id: stored for stored in change.memories}
        there = self._existing(connection, wanted)
        fresh = [stored for memory_id, stored in wanted.items() if memory_id not in there]
        inserted = self._insert_rows(connection, fresh, sequence)
        written = {stored.row.id for stored in fresh}
        if inserted < len(fresh):
            written = self._existing(connection, written)
        for stored in fresh:
            if stored.row.id not in written and self._make_room(connection, stored, change.at, sequence):
                self._insert_rows(connection, [stored], sequence)
                written.add(stored.row.id)
        new = [stored for stored in fresh if stored.row.id in written]
        self._insert_belongings(connection, new, change.at)
        self._insert_history(connection, change.history)
        return len(new)

    def _existing(self, connection: sqlite3.Connection, ids: Iterable[int]) -> set[int]:
        return self._ids(connection, f"SELECT id FROM {self._c}_records WHERE id IN", ids)

    def _ids(self, connection: sqlite3.Connection, sql: str, ids: Iterable[int]) -> set[int]:
        asked = list(ids)
        found: set[int] = set()
        for start in range(0, len(asked), _CHUNK):
            chunk = asked[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            found.update(row[0] for row in connection.execute(f"{sql} ({marks})", chunk))
        return found

    def _insert_rows(self, connection: sqlite3.Connection, memories: Sequence[Stored], sequence: int) -> int:
        """Insert memories unless something is in their way, and return how many were inserted."""
        cursor = connection.executemany(
            f"INSERT INTO {self._c}_records VALUES ({RECORD_MARKS}) ON CONFLICT DO NOTHING",
            [record_values(stored.row, stored.facets, sequence) for stored in memories],
        )
        return max(cursor.rowcount, 0)

    def _make_room(self, connection: sqlite3.Connection, stored: Stored, now: int, sequence: int) -> bool:
        """End an expired memory with the same text: nobody can find it, so it must not stand in the way."""
        row = stored.row
        cursor = connection.execute(
            f"UPDATE {self._c}_records SET valid_to = expires_at, version = version + 1, sequence = ? "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND hash = ? AND valid_to IS NULL "
            "AND expires_at <= ?",
            (sequence, *scope_values(row.scope), row.hash, now),
        )
        return cursor.rowcount == 1

    def _insert_belongings(
        self, connection: sqlite3.Connection, memories: Sequence[Stored], now: int
    ) -> None:
        connection.executemany(
            f"INSERT OR REPLACE INTO {self._c}_vectors VALUES (?, ?, ?, ?)",
            [
                (
                    stored.row.id,
                    stored.embedding,
                    *(stored.terms or index(stored.row, stored.facets, stored.source)),
                )
                for stored in memories
            ],
        )
        ids = [stored.row.id for stored in memories]
        revived = self._ids(
            connection,
            f"SELECT memory_id FROM {self._c}_history WHERE event = 'DELETE' AND memory_id IN",
            ids,
        )
        connection.executemany(
            f"INSERT OR IGNORE INTO {self._c}_links VALUES (?, ?)",
            [(stored.row.id, turn) for stored in memories for turn in stored.turns],
        )
        self._insert_history(connection, [entry for stored in memories for entry in stored.history])
        self._insert_history(
            connection,
            [
                _addition(stored, now if stored.row.id in revived else stored.row.created_at)
                for stored in memories
                if stored.row.id in revived or not stored.history
            ],
        )
        connection.executemany(
            f"DELETE FROM {self._c}_deleted WHERE id = ?", [(memory_id,) for memory_id in revived]
        )

    def _insert_turns(self, connection: sqlite3.Connection, turns: Sequence[Turn]) -> None:
        connection.executemany(
            f"INSERT OR IGNORE INTO {self._c}_turns ({TURN}) VALUES ({_TURN_MARKS})",
            [turn_values(turn) for turn in turns],
        )

    def _insert_history(self, connection: sqlite3.Connection, entries: Sequence[HistoryEntry]) -> None:
        connection.executemany(
            f"INSERT OR IGNORE INTO {self._c}_history VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    entry.id,
                    entry.memory_id,
                    entry.event,
                    entry.old_memory,
                    entry.new_memory,
                    entry.actor,
                    entry.created_at,
                )
                for entry in entries
            ],
        )


def _addition(stored: Stored, at: int) -> HistoryEntry:
    return HistoryEntry(stored.row.id, "ADD", None, stored.row.text, stored.row.actor_id, at, new_id())
