"""Reading a collection from end to end, and giving it the vectors of another embedder."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..filters import Expression
from ..sql.dialects import SQLITE
from ..sql.filters import compile_filter
from ..sql.rows import COLUMNS, TURN, scope_condition, to_row, to_turn
from ..types import Embedding, HistoryEntry, Row, Scope, Stored, Turn

# SQLite before 3.32 takes at most 999 parameters.
_CHUNK = 900
_WIDTH = COLUMNS.count(",") + 1
_ENTRY = "memory_id, event, old_memory, new_memory, actor, created_at, id"


class Mover:
    """The queries of one collection; every method takes a connection inside a transaction."""

    def __init__(self, collection: str) -> None:
        self._c = collection

    def scan(
        self,
        connection: sqlite3.Connection,
        scope: Scope,
        expression: Expression | None,
        after: int,
        limit: int,
        *,
        vectors: bool,
    ) -> list[Stored]:
        """Return the next memories by id, current or not, with what belongs to them."""
        condition, values, _ = scope_condition(scope)
        if expression is not None:
            sql, more = compile_filter(expression, SQLITE)
            condition, values = f"{condition} AND ({sql})", (*values, *more)
        found = connection.execute(
            f"SELECT {COLUMNS}, facets FROM {self._c}_records WHERE id > ? AND {condition} "
            "ORDER BY id LIMIT ?",
            [after, *values, limit],
        ).fetchall()
        ids = [values[0] for values in found]
        history = self._grouped(
            connection, f"SELECT {_ENTRY} FROM {self._c}_history WHERE memory_id IN ({{}}) ORDER BY id", ids
        )
        links = self._grouped(
            connection, f"SELECT memory_id, turn_id FROM {self._c}_links WHERE memory_id IN ({{}})", ids
        )
        indexed: dict[int, Any] = {}
        if vectors:
            for chunk, marks in _chunks(ids):
                indexed.update(
                    (row[0], row[1:])
                    for row in connection.execute(
                        f"SELECT id, embedding, terms, frequencies FROM {self._c}_vectors "
                        f"WHERE id IN ({marks})",
                        chunk,
                    )
                )
        return [
            Stored(
                row=to_row(values),
                facets=json.loads(values[_WIDTH]) if values[_WIDTH] != "{}" else {},
                history=[HistoryEntry(*entry) for entry in history[values[0]]],
                turns=[turn for _, turn in links[values[0]]],
                embedding=indexed[values[0]][0] if values[0] in indexed else None,
                terms=indexed[values[0]][1:] if values[0] in indexed else None,
            )
            for values in found
        ]

    def _grouped(
        self, connection: sqlite3.Connection, sql: str, ids: Sequence[int]
    ) -> defaultdict[int, list[Any]]:
        groups: defaultdict[int, list[Any]] = defaultdict(list)
        for chunk, marks in _chunks(ids):
            for row in connection.execute(sql.format(marks), chunk):
                groups[row[0]].append(row)
        return groups

    def scan_turns(self, connection: sqlite3.Connection, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return the next source turns by id."""
        condition, values, _ = scope_condition(scope)
        return [
            to_turn(row)
            for row in connection.execute(
                f"SELECT {TURN} FROM {self._c}_turns WHERE id > ? AND {condition} ORDER BY id LIMIT ?",
                [after, *values, limit],
            )
        ]

    def get_turns(self, connection: sqlite3.Connection, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns with these ids."""
        return [
            to_turn(row)
            for chunk, marks in _chunks(ids)
            for row in connection.execute(f"SELECT {TURN} FROM {self._c}_turns WHERE id IN ({marks})", chunk)
        ]

    def scan_deleted(self, connection: sqlite3.Connection, after: int, limit: int) -> list[HistoryEntry]:
        """Return the next history entries by id whose memory was deleted."""
        return [
            HistoryEntry(*row)
            for row in connection.execute(
                f"SELECT {_ENTRY} FROM {self._c}_history h WHERE h.id > ? AND NOT EXISTS "
                f"(SELECT 1 FROM {self._c}_records r WHERE r.id = h.memory_id) ORDER BY h.id LIMIT ?",
                [after, limit],
            )
        ]

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table for the vectors to come, if it is not there."""
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {self._c}_shadow "
            "(id INTEGER PRIMARY KEY, hash TEXT NOT NULL, embedding BLOB NOT NULL)"
        )

    def discard(self, connection: sqlite3.Connection) -> None:
        """Drop the vectors to come."""
        connection.execute(f"DROP TABLE IF EXISTS {self._c}_shadow")

    def missing(self, connection: sqlite3.Connection, after: int, limit: int, *, every: bool) -> list[Row]:
        """Return the next rows by id without a vector to come; ``every`` also of those that have a vector."""
        columns = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))
        found = connection.execute(
            f"SELECT {columns} FROM {self._missing(every=every)} AND r.id > ? ORDER BY r.id LIMIT ?",
            (after, limit),
        )
        return [to_row(values) for values in found]

    def count_missing(self, connection: sqlite3.Connection, *, every: bool) -> int:
        """Return how many rows have no vector to come."""
        count: int = connection.execute(f"SELECT count(*) FROM {self._missing(every=every)}").fetchone()[0]
        return count

    def _missing(self, *, every: bool) -> str:
        return (
            f"{self._c}_records r JOIN {self._c}_vectors v ON v.id = r.id "
            f"LEFT JOIN {self._c}_shadow s ON s.id = r.id AND s.hash = r.hash "
            f"WHERE s.id IS NULL{'' if every else ' AND v.embedding IS NULL'}"
        )

    def keep(self, connection: sqlite3.Connection, embeddings: Sequence[Embedding]) -> None:
        """Put vectors aside until all are there."""
        connection.executemany(
            f"INSERT OR REPLACE INTO {self._c}_shadow VALUES (?, ?, ?)",
            [(embedding.id, embedding.hash, embedding.vector) for embedding in embeddings],
        )

    def swap(self, connection: sqlite3.Connection) -> None:
        """Put the vectors that were set aside in the place of the old ones."""
        connection.execute(
            f"UPDATE {self._c}_vectors SET embedding = "
            f"(SELECT s.embedding FROM {self._c}_shadow s WHERE s.id = {self._c}_vectors.id) "
            f"WHERE id IN (SELECT id FROM {self._c}_shadow)"
        )
        self.discard(connection)


def _chunks(ids: Sequence[int]) -> list[tuple[Sequence[int], str]]:
    chunks = [ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK)]
    return [(chunk, ",".join("?" * len(chunk))) for chunk in chunks]
