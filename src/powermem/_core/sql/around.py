"""The turns before and after those that memories came from. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..clock import DAY
from ..query.around import Said, Surroundings
from ..values import Row
from .collection import CollectionSQL
from .rows import COLUMNS, TURN, to_turn
from .steps import Query, Steps

# Earlier than any moment.
_NEVER = -(2**62)
_TURN_WIDTH = TURN.count(",") + 1


def read_around(
    sql: CollectionSQL, ids: Sequence[int], span: int, user_id: str | None = None
) -> Steps[Surroundings]:
    """Read what was said around memories, in two queries.

    Messages without a run are in one conversation if one call has stored them.

    Args:
        sql: the collection.
        ids: the memories.
        span: how many turns to look away in each direction.
        user_id: whose the memories are, if that is known; see `CollectionSQL.of_user`.
    """
    sources: dict[int, set[int]] = {}
    beside: dict[int, dict[int, int]] = {}
    distances = [distance for step in range(1, span + 1) for distance in (-step, step)]
    columns = ", ".join(_turn_at(sql, distance, user_id) for distance in distances)
    whose = sql.of_user("s.user_id", user_id)
    for chunk in sql.chunks(ids):
        where = sql.among("l.memory_id", chunk)
        found = yield Query(
            f"SELECT l.memory_id, s.id, {columns} FROM {sql.links} l JOIN {sql.turns} s ON s.id = l.turn_id "
            f"WHERE {where.sql}{whose.sql}",
            (*whose.values * len(distances), *where.values, *whose.values),
        )
        for memory_id, turn_id, *others in found:
            sources.setdefault(memory_id, set()).add(turn_id)
            near = beside.setdefault(memory_id, {})
            for distance, other in zip(distances, others, strict=True):
                if other is not None and abs(distance) < abs(near.get(other, span + 1)):
                    near[other] = distance
    said = yield from _read_said(sql, {turn_id for near in beside.values() for turn_id in near}, user_id)
    return Surroundings({one: frozenset(turns) for one, turns in sources.items()}, beside, said)


def _turn_at(sql: CollectionSQL, distance: int, user_id: str | None) -> str:
    """Return the expression for the id of the turn at a distance from the turn ``s``."""
    # One bound at each end, since SQLite uses no more. The far one keeps a query without a run from walking
    # through everything that the user ever said.
    if distance < 0:
        sign, order, low, high = "<", "DESC", _far(f"s.sent_at - {DAY}", _NEVER), "s.sent_at"
    else:
        sign, order, low, high = ">", "ASC", "s.sent_at", _far(f"s.sent_at + {DAY}", -_NEVER)
    return (
        f"(SELECT t.id FROM {sql.turns} t "
        "WHERE t.user_id = s.user_id AND t.agent_id = s.agent_id AND t.run_id = s.run_id "
        f"AND t.sent_at >= {low} AND t.sent_at <= {high} "
        "AND (s.run_id <> '' OR t.created_at = s.created_at) "
        f"AND (t.sent_at {sign} s.sent_at OR t.id {sign} s.id){sql.of_user('t.user_id', user_id).sql} "
        f"ORDER BY t.sent_at {order}, t.id {order} LIMIT 1 OFFSET {abs(distance) - 1})"
    )


def _far(within_a_call: str, within_a_run: int) -> str:
    return f"CASE WHEN s.run_id = '' THEN {within_a_call} ELSE {within_a_run} END"


def _read_said(sql: CollectionSQL, ids: Iterable[int], user_id: str | None) -> Steps[dict[int, Said]]:
    whose, ours = sql.of_user("t.user_id", user_id), sql.of_user("r.user_id", user_id)
    turn = ", ".join(f"t.{column}" for column in TURN.split(", "))
    row = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))
    said: dict[int, Said] = {}
    memories: dict[int, list[Row | None]] = {}
    for chunk in sql.chunks(sorted(ids)):
        where = sql.among("t.id", chunk)
        found: list[tuple[Any, ...]] = yield Query(
            f"SELECT {turn}, l.memory_id, {row} FROM {sql.turns} t "
            f"LEFT JOIN {sql.links} l ON l.turn_id = t.id "
            f"LEFT JOIN {sql.records} r ON r.id = l.memory_id AND r.user_id = t.user_id{ours.sql} "
            f"WHERE {where.sql}{whose.sql}",
            (*ours.values, *where.values, *whose.values),
        )
        for values in found:
            turn_id, linked, of_row = values[0], values[_TURN_WIDTH], values[_TURN_WIDTH + 1 :]
            if turn_id not in said:
                said[turn_id] = Said(to_turn(values[:_TURN_WIDTH], sql), memories.setdefault(turn_id, []))
            if linked is not None:
                memories[turn_id].append(None if of_row[0] is None else sql.to_row(of_row))
    return said
