"""Refuse changes of users that are on their way to another store, or were moved there. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...errors import UserMovedError
from ..changes.writes import (
    AddMemory,
    AddPreference,
    AddTask,
    AddTurn,
    Amend,
    BufferTurn,
    Change,
    CreateMemory,
    Delete,
    DeleteTurns,
    DeleteWhere,
    FinishTurns,
    FreeTurns,
    HoldLane,
    LinkTurns,
    QueueTurns,
    Remember,
    ReplaceText,
    Restore,
    Supersede,
    UpdateTask,
)
from ..tasks.task import lane_of
from ..transfer.moves import REFUSING, Move, MoveState, refused
from ..values import Scope
from .collection import CollectionSQL
from .steps import Query, Steps

_LANE = lane_of(Scope("?"))[:-1]


def admit(sql: CollectionSQL, moves: Mapping[str, Move], batch: Sequence[Change]) -> Steps[None]:
    """Check that no change of a batch is one of a user that was moved.

    Args:
        sql: the collection.
        moves: the notes of all moves; there are some.
        batch: the changes.

    Raises:
        UserMovedError: one is.
    """
    if any(isinstance(change, HoldLane) for change in batch):
        # A worker's: it has lost its lane with the user, which says so in the way that workers know.
        return
    users: set[str] = set()
    named: dict[str, set[int]] = {sql.records: set(), sql.tasks: set(), sql.buffer: set()}
    for change in batch:
        if isinstance(change, DeleteWhere) and change.scope.user_id is None:
            _refuse(next((one for one in moves.values() if one.state is not MoveState.MOVED), None))
        users.update(_users(change))
        if isinstance(change, (ReplaceText, Supersede, Amend, Delete, LinkTurns)):
            if change.user_id is None:
                named[sql.records].add(change.id)
            else:
                users.add(change.user_id)
        elif isinstance(change, UpdateTask):
            named[sql.tasks].add(change.id)
        elif isinstance(change, FinishTurns):
            named[sql.buffer].update(change.ids)
    for table, ids in named.items():
        key = "turn_id" if table == sql.buffer else "id"
        for chunk in sql.chunks(sorted(ids)):
            where = sql.among(key, chunk)
            found = yield Query(f"SELECT DISTINCT user_id FROM {table} WHERE {where.sql}", where.values)
            users.update(user_id for (user_id,) in found)
    _refuse(refused(moves, users))


def _users(change: Change) -> list[str]:
    """Return the users that a change names."""
    scopes: list[Scope] = []
    if isinstance(change, (AddTurn, DeleteTurns, DeleteWhere, Remember)):
        scopes = [change.scope]
    elif isinstance(change, AddMemory):
        scopes = [change.row.scope]
    elif isinstance(change, CreateMemory):
        scopes = [change.memory.row.scope]
    elif isinstance(change, BufferTurn):
        scopes = [change.turn.scope]
    elif isinstance(change, QueueTurns):
        scopes = [one.turn.scope for one in change.turns]
    elif isinstance(change, AddTask):
        scopes = [change.task.scope]
    elif isinstance(change, AddPreference):
        scopes = [change.preference.scope]
    elif isinstance(change, Restore):
        scopes = [stored.row.scope for stored in change.memories] + [turn.scope for turn in change.turns]
    elif isinstance(change, FreeTurns) and change.lane.startswith(_LANE):
        return [change.lane[len(_LANE) :]]
    return [scope.user_id for scope in scopes if scope.user_id]


def _refuse(move: Move | None) -> None:
    if move is None or move.state not in REFUSING:
        return
    if move.state is MoveState.MOVED:
        raise UserMovedError(f"this user was moved to {move.place}: write there", place=move.place)
    if move.state is MoveState.CLOSED:
        raise UserMovedError(
            f"this user is being moved to {move.place}: write there in a moment",
            place=move.place,
            moving=True,
        )
    raise UserMovedError(
        f"this user is being moved here from {move.place}, and has not arrived yet: write there, or here "
        "in a moment",
        place=move.place,
        moving=True,
    )
