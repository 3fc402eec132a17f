"""Reading rows, lists and numbers from a collection."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..clock import DAY
from ..filters import Expression
from ..sql.dialects import SQLITE
from ..sql.filters import compile_filter
from ..sql.rows import COLUMNS, scope_condition, to_row, to_turn, visible
from ..types import HistoryEntry, Row, Scope, Statistics, Turn

# SQLite before 3.32 takes at most 999 parameters.
_CHUNK = 900


class Reader:
    """The queries of one collection; every method takes a connection inside a transaction."""

    def __init__(self, collection: str) -> None:
        self._c = collection

    def get_many(self, connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Row]:
        """Return the rows that exist, by id."""
        rows: dict[int, Row] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            for values in connection.execute(
                f"SELECT {COLUMNS} FROM {self._c}_records WHERE id IN ({marks})", chunk
            ):
                rows[values[0]] = to_row(values)
        return rows

    def embeddings(self, connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the vectors that exist, by id."""
        found: dict[int, bytes] = {}
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            found.update(
                connection.execute(
                    f"SELECT id, embedding FROM {self._c}_vectors "
                    f"WHERE id IN ({marks}) AND embedding IS NOT NULL",
                    chunk,
                )
            )
        return found

    def list_rows(
        self,
        connection: sqlite3.Connection,
        scope: Scope,
        expression: Expression | None,
        *,
        now: int,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
    ) -> tuple[list[Row], int]:
        """Return a page of current rows and how many there are in all. ``sort_by`` is a checked column
        name."""
        condition, values = self._condition(scope, expression, now)
        total: int = connection.execute(
            f"SELECT count(*) FROM {self._c}_records WHERE {condition}", values
        ).fetchone()[0]
        direction = "DESC" if descending else "ASC"
        found = connection.execute(
            f"SELECT {COLUMNS} FROM {self._c}_records WHERE {condition} "
            f"ORDER BY {sort_by} {direction}, id {direction} LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )
        return [to_row(row) for row in found], total

    def count(
        self, connection: sqlite3.Connection, scope: Scope, expression: Expression | None, *, now: int
    ) -> int:
        """Return how many current rows there are."""
        condition, values = self._condition(scope, expression, now)
        total: int = connection.execute(
            f"SELECT count(*) FROM {self._c}_records WHERE {condition}", values
        ).fetchone()[0]
        return total

    def matching(self, connection: sqlite3.Connection, scope: Scope, expression: Expression) -> list[int]:
        """Return the ids of all rows, current or not, that pass a filter."""
        condition, values, _ = scope_condition(scope)
        sql, more = compile_filter(expression, SQLITE)
        return [
            row[0]
            for row in connection.execute(
                f"SELECT id FROM {self._c}_records WHERE {condition} AND ({sql})", [*values, *more]
            )
        ]

    def users(self, connection: sqlite3.Connection) -> list[str]:
        """Return every user id, sorted."""
        return [
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT user_id FROM {self._c}_records WHERE user_id != '' ORDER BY user_id"
            )
        ]

    def history(self, connection: sqlite3.Connection, memory_id: int) -> list[HistoryEntry]:
        """Return what happened to a memory, oldest first."""
        return [
            HistoryEntry(*row)
            for row in connection.execute(
                "SELECT memory_id, event, old_memory, new_memory, actor, created_at "
                f"FROM {self._c}_history WHERE memory_id = ? ORDER BY id",
                (memory_id,),
            )
        ]

    def turns(self, connection: sqlite3.Connection, memory_id: int) -> list[Turn]:
        """Return the source turns that a memory came from, oldest first."""
        return [
            to_turn(row)
            for row in connection.execute(
                "SELECT t.id, t.user_id, t.agent_id, t.run_id, t.role, t.content, t.actor_id, t.sent_at, "
                "t.created_at, t.utc_offset "
                f"FROM {self._c}_links l JOIN {self._c}_turns t ON t.id = l.turn_id "
                "WHERE l.memory_id = ? ORDER BY t.id",
                (memory_id,),
            )
        ]

    def recall_request(self, connection: sqlite3.Connection, scope: Scope, key: str) -> str | None:
        """Return the kept result of an earlier call with the same key."""
        found = connection.execute(
            f"SELECT result FROM {self._c}_requests "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND key = ?",
            (scope.user_id or "", scope.agent_id or "", scope.run_id or "", key),
        ).fetchone()
        return found[0] if found else None

    def statistics(
        self, connection: sqlite3.Connection, scope: Scope, *, now: int, since: int | None
    ) -> Statistics:
        """Count what a scope holds."""
        condition, values = self._condition(scope, None, now)
        if since is not None:
            condition, values = f"{condition} AND created_at >= ?", [*values, since]
        table = f"{self._c}_records WHERE {condition}"

        def pairs(sql: str) -> list[tuple[Any, int]]:
            return [(key, number) for key, number in connection.execute(sql, values)]

        importance = connection.execute(
            f"SELECT avg(json_extract(facets, '$.importance')) FROM {table}", values
        ).fetchone()[0]
        return Statistics(
            total=connection.execute(f"SELECT count(*) FROM {table}", values).fetchone()[0],
            by_type={
                name or "unknown": n
                for name, n in pairs(f"SELECT memory_type, count(*) FROM {table} GROUP BY memory_type")
            },
            average_importance=importance or 0.0,
            top_accessed=[
                (row[0], row[1], row[2])
                for row in connection.execute(
                    f"SELECT id, memory, access_count FROM {table} AND access_count > 0 "
                    "ORDER BY access_count DESC, id LIMIT 10",
                    values,
                )
            ],
            # Integer division rounds towards zero, which would put 31 December 1969 into 1970.
            by_day=dict(
                pairs(
                    f"SELECT (created_at - ((created_at % {DAY}) + {DAY}) % {DAY}) / {DAY} AS d, count(*) "
                    f"FROM {table} GROUP BY d ORDER BY d"
                )
            ),
            by_age=dict(
                pairs(
                    f"SELECT CASE WHEN created_at > {now - DAY} THEN 0 "
                    f"WHEN created_at > {now - 7 * DAY} THEN 1 "
                    f"WHEN created_at > {now - 30 * DAY} THEN 2 ELSE 3 END AS age, count(*) "
                    f"FROM {table} GROUP BY age"
                )
            ),
        )

    def _condition(self, scope: Scope, expression: Expression | None, now: int) -> tuple[str, list[Any]]:
        condition, values, _ = visible(scope, now)
        if expression is None:
            return condition, [*values]
        sql, more = compile_filter(expression, SQLITE)
        return f"{condition} AND ({sql})", [*values, *more]
