"""Reading rows, lists and numbers from a database server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...clock import DAY
from ...filters import Expression
from ...sql.collection import passes
from ...sql.dialects import Fragment
from ...sql.rows import COLUMNS, scope_values, to_turn, visible
from ...sql.server import ServerSQL
from ...types import HistoryEntry, Row, Scope, Statistics, Turn
from .pool import AsyncReader

_CHUNK = 1000


class AsyncServerReader:
    """The queries of one collection."""

    def __init__(self, sql: ServerSQL) -> None:
        self._sql = sql

    async def get_many(
        self, reader: AsyncReader, ids: Sequence[int], user_id: str | None = None
    ) -> dict[int, Row]:
        """Return the rows that exist, by id; ``user_id`` says whose they are, if that is known."""
        rows: dict[int, Row] = {}
        for start in range(0, len(ids), _CHUNK):
            where = self._sql.named(ids[start : start + _CHUNK], user_id)
            found = await reader.fetch(
                f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}", where.values
            )
            rows.update((values[0], self._sql.to_row(values)) for values in found)
        return rows

    async def list_rows(
        self,
        reader: AsyncReader,
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
        direction = "DESC" if descending else "ASC"
        order = f"ORDER BY {sort_by} {direction}, id {direction}"
        total, doubtful, where = await self._total(reader, scope, expression, now)
        if doubtful:
            every = await self._decide(reader, expression, where, order)
            return every[offset : offset + limit], len(every)
        if offset >= total:
            return [], total
        found = await reader.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql} {order} LIMIT ? OFFSET ?",
            [*where.values, limit, offset],
        )
        return [self._sql.to_row(values) for values in found], total

    async def count(
        self, reader: AsyncReader, scope: Scope, expression: Expression | None, *, now: int
    ) -> int:
        """Return how many current rows there are."""
        total, doubtful, where = await self._total(reader, scope, expression, now)
        return len(await self._decide(reader, expression, where, "")) if doubtful else total

    async def _total(
        self, reader: AsyncReader, scope: Scope, expression: Expression | None, now: int
    ) -> tuple[int, int, Fragment]:
        """Return how many rows may pass, for how many of them that is in doubt, and the condition."""
        current, narrowed = visible(scope, now), self._sql.narrow(expression)
        where = Fragment(f"{current.sql} AND ({narrowed.sql})", (*current.values, *narrowed.values))
        found = await reader.fetch(
            f"SELECT count(*), count(CASE WHEN {narrowed.doubt} THEN 1 END) "
            f"FROM {self._sql.records} WHERE {where.sql}",
            where.values,
        )
        return found[0][0], found[0][1], where

    async def _decide(
        self, reader: AsyncReader, expression: Expression | None, where: Fragment, order: str
    ) -> list[Row]:
        """Return the rows that pass; costs a read of all that may pass."""
        found = await reader.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql} {order}", where.values
        )
        return [row for row in map(self._sql.to_row, found) if passes(expression, row)]

    async def users(self, reader: AsyncReader) -> list[str]:
        """Return every user id, sorted."""
        found = await reader.fetch(
            f"SELECT DISTINCT user_id FROM {self._sql.records} WHERE user_id <> '' ORDER BY user_id"
        )
        return [values[0] for values in found]

    async def history(self, reader: AsyncReader, memory_id: int) -> list[HistoryEntry]:
        """Return what happened to a memory, oldest first."""
        found = await reader.fetch(
            "SELECT memory_id, event, old_memory, new_memory, actor, created_at, id "
            f"FROM {self._sql.history} WHERE memory_id = ? ORDER BY id",
            (memory_id,),
        )
        return [self._sql.to_history(values) for values in found]

    async def turns(self, reader: AsyncReader, memory_id: int) -> list[Turn]:
        """Return the source turns that a memory came from, oldest first."""
        found = await reader.fetch(
            "SELECT t.id, t.user_id, t.agent_id, t.run_id, t.role, t.content, t.actor_id, t.sent_at, "
            "t.created_at, t.utc_offset "
            f"FROM {self._sql.links} l JOIN {self._sql.turns} t ON t.id = l.turn_id "
            "WHERE l.memory_id = ? ORDER BY t.id",
            (memory_id,),
        )
        return [to_turn(values, self._sql) for values in found]

    async def recall_request(self, reader: AsyncReader, scope: Scope, key: str) -> str | None:
        """Return the kept result of an earlier call with the same key."""
        found = await reader.fetch(
            f"SELECT result FROM {self._sql.requests} "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND name = ?",
            (*scope_values(scope), self._sql.stored(key)),
        )
        return self._sql.loaded(found[0][0]) if found else None

    async def statistics(
        self, reader: AsyncReader, scope: Scope, *, now: int, since: int | None
    ) -> Statistics:
        """Count what a scope holds."""
        where = visible(scope, now)
        if since is not None:
            where = Fragment(f"{where.sql} AND created_at >= ?", (*where.values, since))
        table = f"{self._sql.records} WHERE {where.sql}"
        age = (
            f"CASE WHEN created_at > {now - DAY} THEN 0 WHEN created_at > {now - 7 * DAY} THEN 1 "
            f"WHEN created_at > {now - 30 * DAY} THEN 2 ELSE 3 END"
        )

        async def groups(key: str) -> list[tuple[Any, ...]]:
            # By place, since a server may know the expression's name as a column's.
            return await reader.fetch(
                f"SELECT {key}, count(*) FROM {table} GROUP BY 1 ORDER BY 1", where.values
            )

        whole = await reader.fetch(
            f"SELECT count(*), avg({self._sql.importance()}) FROM {table}", where.values
        )
        top = await reader.fetch(
            f"SELECT id, memory, access_count FROM {table} AND access_count > 0 "
            "ORDER BY access_count DESC, id LIMIT 10",
            where.values,
        )
        types = await groups("memory_type")
        days = await groups(self._sql.days())
        ages = await groups(age)
        return Statistics(
            total=whole[0][0],
            by_type={"unknown" if name is None else self._sql.loaded(name): number for name, number in types},
            average_importance=float(whole[0][1] or 0.0),
            top_accessed=[(one, self._sql.loaded(text), number) for one, text, number in top],
            by_day={int(start) // DAY: number for start, number in days},
            by_age={int(group): number for group, number in ages},
        )
