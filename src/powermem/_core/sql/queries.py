"""The queries of one collection: memories, what they came from, and numbers about them. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..changes.history import in_order, whole_history
from ..clock import DAY
from ..filters.expression import Expression
from ..ids import MAX_ID
from ..metadata import decode
from ..query.around import Surroundings
from ..results.records import completion_key, completion_note
from ..values import HistoryEntry, Row, Scope, Statistics, Turn
from .around import read_around
from .collection import ENTRY, CollectionSQL, passes
from .dialects import Fragment
from .rows import COLUMNS, TURN, scope_condition, scope_values, to_turn, visible
from .steps import Query, Steps

_MOST_TAGS = 100


class Position(NamedTuple):
    """The place of a row in an order.

    Attributes:
        value: of the column by which rows are ordered.
        id: decides among equal values.
    """

    value: int
    id: int


class Queries:
    """Steps that only read.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self._sql = sql

    def get_many(self, ids: Sequence[int], user_id: str | None = None) -> Steps[dict[int, Row]]:
        """Return the rows that exist, by id; ``user_id`` says whose they are, if that is known."""
        found = yield from self._read(ids, user_id)
        return {values[0]: self._sql.to_row(values) for values in found}

    def get_each(
        self, lists: Sequence[Sequence[int]], users: Sequence[str | None] = ()
    ) -> Steps[list[dict[int, Row]]]:
        """Return the rows that exist for each list of ids; no two results share a row.

        Args:
            lists: of ids.
            users: whose each list is, ``None`` for those of all users; nothing if it does not matter.
        """
        owners = {
            memory_id: user
            for ids, user in zip(lists, users or [None] * len(lists), strict=True)
            for memory_id in ids
        }
        read: list[tuple[Any, ...]] = []
        for chunk in self._sql.chunks(list(owners.items())):
            where = self._sql.owned(chunk)
            read += yield Query(f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}", where.values)
        found = {values[0]: values for values in read}
        return [
            {memory_id: self._sql.to_row(found[memory_id]) for memory_id in ids if memory_id in found}
            for ids in lists
        ]

    def _read(self, ids: Sequence[int], user_id: str | None) -> Steps[list[tuple[Any, ...]]]:
        rows: list[tuple[Any, ...]] = []
        for chunk in self._sql.chunks(ids):
            where = self._sql.named(chunk, user_id)
            rows += yield Query(f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}", where.values)
        return rows

    def list_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        now: int,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
        as_of: int | None = None,
    ) -> Steps[tuple[list[Row], int]]:
        """Return a page of current rows and how many there are in all.

        Args:
            scope: whose.
            expression: a filter.
            now: microseconds UTC.
            sort_by: a checked column name.
            descending: whether the largest value comes first.
            limit: rows at most.
            offset: rows to leave out before.
            as_of: list the rows of that moment instead, microseconds UTC.
        """
        direction = "DESC" if descending else "ASC"
        order = f"ORDER BY {sort_by} {direction}, id {direction}"
        total, doubtful, where = yield from self._total(scope, expression, now, as_of)
        if doubtful:
            every = yield from self._decide(expression, where, order)
            return every[offset : offset + limit], len(every)
        if offset >= total:
            return [], total
        found = yield Query(self._sql.listing(COLUMNS, where.sql, order), (*where.values, limit, offset))
        return [self._sql.to_row(values) for values in found], total

    def next_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        now: int,
        sort_by: str,
        descending: bool,
        limit: int,
        after: Position,
        as_of: int | None = None,
    ) -> Steps[list[Row]]:
        """Return the rows behind a place in the order of `list_rows`; those before it are not read again.

        Args:
            scope: whose.
            expression: a filter.
            now: microseconds UTC.
            sort_by: a checked column name.
            descending: whether the largest value comes first.
            limit: rows at most.
            after: the last row of the page before.
            as_of: of that moment instead, microseconds UTC.
        """
        current, narrowed = visible(scope, now, as_of=as_of), self._sql.narrow(expression)
        direction, sign = ("DESC", "<") if descending else ("ASC", ">")
        # Not a comparison of pairs, for which MySQL would not use the index.
        behind = f"{sort_by} {sign}= ? AND ({sort_by} {sign} ? OR id {sign} ?)"
        select = self._sql.listing(
            f"{COLUMNS}, {narrowed.doubt}",
            f"{current.sql} AND ({narrowed.sql}) AND {behind}",
            f"ORDER BY {sort_by} {direction}, id {direction}",
        )
        rows: list[Row] = []
        while (wanted := limit - len(rows)) > 0:
            place = (after.value, after.value, after.id)
            found = yield Query(select, (*current.values, *narrowed.values, *place, wanted, 0))
            read = [self._sql.to_row(values) for values in found]
            rows += [
                row
                for row, values in zip(read, found, strict=True)
                if not values[-1] or passes(expression, row)
            ]
            if len(found) < wanted:
                break
            after = Position(getattr(read[-1], sort_by), read[-1].id)
        return rows

    def count(self, scope: Scope, expression: Expression | None, now: int) -> Steps[int]:
        """Return the number of current rows."""
        total, doubtful, where = yield from self._total(scope, expression, now)
        return len((yield from self._decide(expression, where, ""))) if doubtful else total

    def _total(
        self, scope: Scope, expression: Expression | None, now: int, as_of: int | None = None
    ) -> Steps[tuple[int, int, Fragment]]:
        """Return the number of rows that may pass, for how many of them Python decides, and the condition."""
        current, narrowed = visible(scope, now, as_of=as_of), self._sql.narrow(expression)
        where = Fragment(f"{current.sql} AND ({narrowed.sql})", (*current.values, *narrowed.values))
        doubtful = f"count(CASE WHEN {narrowed.doubt} THEN 1 END)" if narrowed.uncertain else "0"
        found = yield Query(
            f"SELECT count(*), {doubtful} FROM {self._sql.records} WHERE {where.sql}", where.values
        )
        total, in_doubt = found[0]
        return total, in_doubt, where

    def _decide(self, expression: Expression | None, where: Fragment, order: str) -> Steps[list[Row]]:
        """Return the rows that pass, after a read of all that may pass."""
        found = yield Query(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql} {order}", where.values
        )
        return [row for row in map(self._sql.to_row, found) if passes(expression, row)]

    def matching(self, scope: Scope, expression: Expression) -> Steps[list[int]]:
        """Return the ids of all rows, current or not, that pass a filter."""
        scoped, narrowed = scope_condition(scope), self._sql.narrow(expression)
        read = f"{COLUMNS}, {narrowed.doubt}" if narrowed.uncertain else "id"
        found = yield Query(
            f"SELECT {read} FROM {self._sql.records} WHERE {scoped.sql} AND ({narrowed.sql})",
            (*scoped.values, *narrowed.values),
        )
        if not narrowed.uncertain:
            return [values[0] for values in found]
        return [
            values[0] for values in found if not values[-1] or passes(expression, self._sql.to_row(values))
        ]

    def embeddings(self, ids: Sequence[int], user_id: str | None = None) -> Steps[dict[int, bytes]]:
        """Return the vectors that exist, by id; ``user_id`` says whose they are, if that is known."""
        vectors: dict[int, bytes] = {}
        for chunk in self._sql.chunks(ids):
            where = self._sql.named(chunk, user_id)
            found = yield Query(
                f"SELECT id, {self._sql.embedded} FROM {self._sql.vectors} "
                f"WHERE {where.sql} AND embedding IS NOT NULL",
                where.values,
            )
            for memory_id, value in found:
                embedding = self._sql.loaded_vector(value)
                assert embedding is not None, "asked for those that have one"
                vectors[memory_id] = embedding
        return vectors

    def users(self) -> Steps[list[str]]:
        """Return every user id, sorted."""
        found = yield Query(
            f"SELECT DISTINCT user_id FROM {self._sql.records} WHERE user_id <> '' ORDER BY user_id"
        )
        return [values[0] for values in found]

    def history(self, memory_id: int, user_id: str | None = None) -> Steps[list[HistoryEntry]]:
        """Return the history of a memory, oldest first; ``user_id`` says whose it is, if that is known."""
        # A memory that is deleted between the two reads has its whole history stored.
        rows = yield from self.get_many([memory_id], user_id)
        found = yield Query(f"SELECT {ENTRY} FROM {self._sql.history} WHERE memory_id = ?", (memory_id,))
        entries = [self._sql.to_history(values) for values in found]
        return whole_history(rows[memory_id], entries) if memory_id in rows else in_order(entries)

    def turns(self, memory_id: int, user_id: str | None = None) -> Steps[list[Turn]]:
        """Return the source turns of a memory, oldest first."""
        # The links of a deleted memory stay, so that what it said is not shown beside other memories.
        whose, ours = self._sql.of_user("t.user_id", user_id), self._sql.of_user("r.user_id", user_id)
        stored = f"EXISTS (SELECT 1 FROM {self._sql.records} r WHERE r.id = l.memory_id{ours.sql})"
        found = yield Query(
            "SELECT t.id, t.user_id, t.agent_id, t.run_id, t.role, t.content, t.actor_id, t.sent_at, "
            "t.created_at, t.utc_offset "
            f"FROM {self._sql.links} l JOIN {self._sql.turns} t ON t.id = l.turn_id "
            f"WHERE l.memory_id = ? AND {stored}{whose.sql} ORDER BY t.id",
            (memory_id, *ours.values, *whose.values),
        )
        return [to_turn(values, self._sql) for values in found]

    def said(self, scope: Scope, limit: int | None = None) -> Steps[list[Turn]]:
        """Return the latest source turns of exactly one scope, oldest first."""
        found = yield Query(
            f"SELECT {TURN} FROM {self._sql.turns} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            f"ORDER BY sent_at DESC, id DESC{'' if limit is None else ' LIMIT ?'}",
            (*scope_values(scope), *(() if limit is None else (limit,))),
        )
        return [to_turn(values, self._sql) for values in reversed(found)]

    def around(self, ids: Sequence[int], span: int, user_id: str | None = None) -> Steps[Surroundings]:
        """Return the turns up to ``span`` before and after those that memories came from."""
        return read_around(self._sql, ids, span, user_id)

    def sources(self, ids: Sequence[int], user_id: str | None = None) -> Steps[dict[int, list[Turn]]]:
        """Return the source turns of memories, by the id of the memory."""
        columns = ", ".join(f"t.{column}" for column in TURN.split(", "))
        turns: dict[int, list[Turn]] = {}
        whose = self._sql.of_user("t.user_id", user_id)
        for chunk in self._sql.chunks(ids):
            where = self._sql.among("l.memory_id", chunk)
            found = yield Query(
                f"SELECT l.memory_id, {columns} FROM {self._sql.links} l "
                f"JOIN {self._sql.turns} t ON t.id = l.turn_id WHERE {where.sql}{whose.sql}",
                (*where.values, *whose.values),
            )
            for memory_id, *values in found:
                turns.setdefault(memory_id, []).append(to_turn(values, self._sql))
        return turns

    def superseded(self, ids: Sequence[int], user_id: str | None = None) -> Steps[list[Row]]:
        """Return the memories whose place one of these has taken."""
        rows: list[Row] = []
        whose = self._sql.of_user("user_id", user_id)
        for chunk in self._sql.chunks(ids):
            where = self._sql.among("superseded_by", chunk)
            found = yield Query(
                f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}{whose.sql}",
                (*where.values, *whose.values),
            )
            rows += map(self._sql.to_row, found)
        return rows

    def recall_request(self, scope: Scope, key: str) -> Steps[str | None]:
        """Return the result kept under an idempotency key."""
        found = yield Query(
            f"SELECT result FROM {self._sql.requests} "
            f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {self._sql.request_key} = ?",
            (*scope_values(scope), self._sql.stored(key)),
        )
        return self._sql.loaded(found[0][0]) if found else None

    def completion(self, task_id: int, user_id: str | None = None) -> Steps[str | None]:
        """Return the completion note of a call of ``add``, kept or derived.

        A call that added one message word for word keeps none: the id behind its own is that of the memory,
        and the next one that of the message. The link between the two stays when the memory is deleted.

        Args:
            task_id: the id of the call.
            user_id: whose it is, if that is known.
        """
        note = yield from self.recall_request(Scope(), completion_key(task_id))
        if note is not None:
            return note
        memory_id, turn_id = task_id + 1, task_id + 2
        if turn_id > MAX_ID:
            return None
        linked = yield Query(
            f"SELECT turn_id FROM {self._sql.links} WHERE memory_id = ? AND turn_id = ?", (memory_id, turn_id)
        )
        if not linked:
            return None
        where = self._sql.named([turn_id], user_id)
        found = yield Query(f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values)
        if not found:
            return None
        turn = to_turn(found[0], self._sql)
        return completion_note(turn.scope, turn.created_at, [[memory_id, "ADD"]])

    def known_requests(self, scope: Scope, keys: Sequence[str]) -> Steps[set[str]]:
        """Return those of some idempotency keys under which a result is kept."""
        sql = self._sql
        found: set[str] = set()
        for chunk in sql.chunks(keys):
            places = ", ".join("?" * len(chunk))
            rows = yield Query(
                f"SELECT {sql.request_key} FROM {sql.requests} "
                f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {sql.request_key} IN ({places})",
                (*scope_values(scope), *map(sql.stored, chunk)),
            )
            found.update(sql.loaded(key) for (key,) in rows)
        return found

    def _topics(self, table: str, values: Sequence[Any]) -> Steps[tuple[Counter[str], Counter[str]]]:
        """Count the tags and the categories of rows; only those that a model found have some."""
        # The servers take lists in JSON apart in different ways, and some not at all.
        found = yield Query(
            f"SELECT facets FROM {table} AND (facets LIKE ? OR facets LIKE ?)",
            (*values, '%"tags"%', '%"categories"%'),
        )
        tags, categories = Counter[str](), Counter[str]()
        for (text,) in found:
            facets = decode(self._sql.loaded_json(text))
            tags.update(facets.get("tags", ()))
            categories.update(facets.get("categories", ()))
        return tags, categories

    def statistics(self, scope: Scope, now: int, since: int | None) -> Steps[Statistics]:
        """Count what a scope holds."""
        where = visible(scope, now)
        if since is not None:
            where = Fragment(f"{where.sql} AND created_at >= ?", (*where.values, since))
        table = f"{self._sql.records} WHERE {where.sql}"
        age = (
            f"CASE WHEN created_at > {now - DAY} THEN 0 WHEN created_at > {now - 7 * DAY} THEN 1 "
            f"WHEN created_at > {now - 30 * DAY} THEN 2 ELSE 3 END"
        )

        def groups(key: str) -> Steps[list[tuple[Any, int]]]:
            # By position, since a server may take the expression's name for a column's.
            found: list[tuple[Any, int]] = yield Query(
                f"SELECT {key}, count(*) FROM {table} GROUP BY 1 ORDER BY 1", where.values
            )
            return found

        whole = yield Query(f"SELECT count(*), avg({self._sql.importance()}) FROM {table}", where.values)
        top = yield Query(
            f"SELECT id, memory, access_count FROM {table} AND access_count > 0 "
            "ORDER BY access_count DESC, id LIMIT 10",
            where.values,
        )
        types = yield from groups("memory_type")
        tags, categories = yield from self._topics(table, where.values)
        days = yield from groups(self._sql.days())
        ages = yield from groups(age)
        return Statistics(
            total=whole[0][0],
            by_type={"unknown" if name is None else self._sql.loaded(name): number for name, number in types},
            by_tag=dict(tags.most_common(_MOST_TAGS)),
            by_category=dict(categories.most_common()),
            average_importance=float(whole[0][1] or 0.0),
            top_accessed=[(one, self._sql.loaded(text), number) for one, text, number in top],
            by_day={int(start) // DAY: number for start, number in days},
            by_age={int(group): number for group, number in ages},
        )
