"""What happened, in order: messages, and the changes of the memories that there are. No I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..changes.history import ADD, whole_history
from ..values import HistoryEntry, Row, Scope, Turn
from .collection import CollectionSQL
from .dialects import Fragment
from .queries import Queries
from .rows import TURN, to_scope, to_turn
from .steps import Query, Steps

MESSAGE = "MESSAGE"

ALWAYS = -(1 << 62)
"""Before everything that may be dated, in microseconds UTC."""

_SCOPE = ("user_id", "agent_id", "run_id")
_PLACE = ("happened", "kind", "id", "entry")
_NOTHING = Fragment("")


class Place(NamedTuple):
    """The place of an event in the order of all.

    Attributes:
        happened: when; microseconds UTC.
        kind: 0 for a message, 1 for a change.
        id: of the message or the memory.
        entry: the id of the change.
    """

    happened: int
    kind: int
    id: int
    entry: int


class Event(NamedTuple):
    """A message or a change.

    Attributes:
        place: among all events.
        scope: whose.
        turn: the message.
        change: the change.
    """

    place: Place
    scope: Scope
    turn: Turn | None = None
    change: HistoryEntry | None = None

    @property
    def name(self) -> str:
        """``MESSAGE``, or what the history calls the change."""
        return MESSAGE if self.change is None else self.change.event


class Asked(NamedTuple):
    """Which events are asked for.

    Attributes:
        scope: whose; ids not given match all.
        since: not those before; microseconds UTC.
        name: only ``MESSAGE``, or those of a name of the history.
        in_runs: only those of a run.
        exact: an id that is not given matches only events without one.
    """

    scope: Scope
    since: int = ALWAYS
    name: str | None = None
    in_runs: bool = False
    exact: bool = False


class Session(NamedTuple):
    """What happened in one run of one user.

    Attributes:
        scope: whose.
        first_seen: when the first event was; microseconds UTC.
        last_seen: likewise the last one.
        event_count: how many there are.
        memory_count: of how many memories.
    """

    scope: Scope
    first_seen: int
    last_seen: int
    event_count: int
    memory_count: int


class EventsSQL:
    """Steps that read events. The database orders, counts and groups them; a page is all that is read.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self._sql = sql
        self._queries = Queries(sql)

    def page(self, asked: Asked, limit: int, after: Place | None, descending: bool) -> Steps[list[Event]]:
        """Return the first events, or those behind a place."""
        # Each kind by itself, so that an index that has its order ends the reading.
        arms = [arm.first(limit, after, descending) for arm in self._arms(asked)]
        found = yield Query(
            f"SELECT {', '.join(_PLACE)} FROM ({' UNION ALL '.join(arm.sql for arm in arms)}) e "
            f"ORDER BY {_order(_PLACE, descending)} LIMIT ?",
            (*(value for arm in arms for value in arm.values), limit),
        )
        return (yield from self._read([Place(*values) for values in found], asked.scope.user_id))

    def count(self, asked: Asked) -> Steps[int]:
        """Return the number of events."""
        events = self._events(asked)
        found = yield Query(f"SELECT count(*) FROM ({events.sql}) e", events.values)
        number: int = found[0][0]
        return number

    def names(self, asked: Asked) -> Steps[Counter[str]]:
        """Return the number of events of each name."""
        events = self._events(asked)
        found = yield Query(f"SELECT name, count(*) FROM ({events.sql}) e GROUP BY name", events.values)
        return Counter(dict(found))

    def changed(self, asked: Asked) -> Steps[int]:
        """Return the number of memories that have an event."""
        events = self._events(asked)
        found = yield Query(
            f"SELECT count(DISTINCT CASE WHEN kind = 1 THEN id END) FROM ({events.sql}) e", events.values
        )
        number: int = found[0][0]
        return number

    def sessions(
        self, asked: Asked, sort_by: str, descending: bool, limit: int, offset: int
    ) -> Steps[tuple[list[Session], int]]:
        """Return a page of the sessions, and how many there are in all.

        Args:
            asked: of which events.
            sort_by: an attribute of `Session` but the scope, or ``run_id``.
            descending: whether the largest value comes first.
            limit: sessions at most.
            offset: sessions to leave out before.
        """
        events, scope = self._events(asked._replace(in_runs=True)), ", ".join(_SCOPE)
        grouped = (
            f"SELECT {scope}, min(happened) AS first_seen, max(happened) AS last_seen, "
            "count(*) AS event_count, count(DISTINCT CASE WHEN kind = 1 THEN id END) AS memory_count "
            f"FROM ({events.sql}) e GROUP BY {scope}"
        )
        counted = yield Query(f"SELECT count(*) FROM ({grouped}) g", events.values)
        order = _order((sort_by, "run_id", "user_id", "agent_id"), descending)
        found = yield Query(
            f"SELECT * FROM ({grouped}) g ORDER BY {order} LIMIT ? OFFSET ?", (*events.values, limit, offset)
        )
        return [Session(to_scope(values[:3]), *values[3:]) for values in found], counted[0][0]

    def _events(self, asked: Asked) -> Fragment:
        """Return the query for the places, names and owners of events."""
        arms = self._arms(asked)
        sql = " UNION ALL ".join(arm.sql for arm in arms)
        return Fragment(sql, tuple(value for arm in arms for value in arm.values))

    def _arms(self, asked: Asked) -> list[_Arm]:
        sql, name = self._sql, asked.name
        arms = []
        if name in (None, MESSAGE):
            place = ("t.sent_at", "0", "t.id", "0")
            arms.append(_arm(asked, "t", f"{sql.turns} t", place, f"'{MESSAGE}'"))
        if name in (None, ADD):
            # What is not stored follows from the memory; see `changes.history`.
            stored = f"SELECT 1 FROM {sql.history} a WHERE a.memory_id = r.id AND a.event = '{ADD}'"
            place = ("r.created_at", "1", "r.id", "r.id")
            alone = Fragment(f" AND NOT EXISTS ({stored})")
            arms.append(_arm(asked, "r", f"{sql.records} r", place, f"'{ADD}'", alone))
        if name != MESSAGE:
            place = ("h.created_at", "1", "r.id", "h.id")
            joined = f"{sql.history} h JOIN {sql.records} r ON r.id = h.memory_id"
            named = _NOTHING if name is None else Fragment(" AND h.event = ?", (name,))
            arms.append(_arm(asked, "r", joined, place, "h.event", named))
        return arms

    def _read(self, places: Sequence[Place], user_id: str | None) -> Steps[list[Event]]:
        """Return the events at some places; one whose memory was deleted meanwhile is left out."""
        turns = yield from self._turns([place.id for place in places if not place.kind], user_id)
        ids = list({place.id for place in places if place.kind})
        rows = yield from self._queries.get_many(ids, user_id)
        changes = yield from self._changes(rows)
        found = []
        for place in places:
            if not place.kind and place.id in turns:
                turn = turns[place.id]
                found.append(Event(place, turn.scope, turn=turn))
            elif (place.id, place.entry) in changes:
                change = changes[place.id, place.entry]
                found.append(Event(place, rows[place.id].scope, change=change))
        return found

    def _turns(self, ids: Sequence[int], user_id: str | None) -> Steps[dict[int, Turn]]:
        turns: dict[int, Turn] = {}
        for chunk in self._sql.chunks(ids):
            where = self._sql.named(chunk, user_id)
            found = yield Query(f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values)
            turns.update((values[0], to_turn(values, self._sql)) for values in found)
        return turns

    def _changes(self, rows: dict[int, Row]) -> Steps[dict[tuple[int, int], HistoryEntry]]:
        stored = yield from self._sql.stored_history(list(rows))
        return {
            (row.id, entry.id): entry for row in rows.values() for entry in whole_history(row, stored[row.id])
        }


class _Arm(NamedTuple):
    """The query for the events of one kind.

    Attributes:
        sql: the query, which ends with its condition.
        values: its parameters.
        place: what its rows are ordered by, as expressions.
    """

    sql: str
    values: tuple[Any, ...]
    place: tuple[str, ...]

    def first(self, limit: int, after: Place | None, descending: bool) -> Fragment:
        """Return the query for the first of its events, or those behind a place."""
        behind = _NOTHING if after is None else _behind(self.place, after, descending)
        order = _order([part for part in dict.fromkeys(self.place) if not part.isdigit()], descending)
        limited = f"{self.sql}{behind.sql} ORDER BY {order} LIMIT ?"
        return Fragment(f"SELECT * FROM ({limited}) x", (*self.values, *behind.values, limit))


def _arm(
    asked: Asked, owner: str, table: str, place: tuple[str, ...], name: str, further: Fragment = _NOTHING
) -> _Arm:
    given = [
        (f"{owner}.{column}", value or "")
        for column, value in zip(_SCOPE, asked.scope, strict=True)
        if asked.exact or value is not None
    ]
    where = [*(f"{column} = ?" for column, _ in given), f"{place[0]} >= ?"]
    if asked.in_runs:
        where.append(f"{owner}.run_id <> ''")
    scope = ", ".join(f"{owner}.{column} AS {column}" for column in _SCOPE)
    placed = ", ".join(f"{part} AS {column}" for part, column in zip(place, _PLACE, strict=True))
    return _Arm(
        f"SELECT {placed}, {name} AS name, {scope} FROM {table} WHERE {' AND '.join(where)}{further.sql}",
        (*(value for _, value in given), asked.since, *further.values),
        place,
    )


def _order(columns: Sequence[str], descending: bool) -> str:
    return ", ".join(f"{column} {'DESC' if descending else 'ASC'}" for column in columns)


def _behind(columns: Sequence[str], place: Place, descending: bool) -> Fragment:
    """Return the end of a condition on events behind a place; a comparison of tuples would use no index."""
    sign, where, values = "<" if descending else ">", "1 = 0", tuple[int, ...]()
    for column, value in reversed(list(zip(columns, place, strict=True))):
        if not column.isdigit():
            where = f"{column} {sign}= ? AND ({column} {sign} ? OR ({where}))"
            values = (value, value, *values)
        elif int(column) != value:
            # PostgreSQL would take a number that is compared with this one for as small.
            behind = (int(column) < value) is descending
            where, values = "1 = 1" if behind else "1 = 0", ()
    return Fragment(f" AND {where}", values)
