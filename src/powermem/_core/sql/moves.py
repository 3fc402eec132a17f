"""Move a user from one collection to another. No I/O.

The notes of moves are values of ``meta``, and ``moves`` there counts their changes. Every transaction that
writes memories reads this number together with that of the switches to another embedder, and holds both until
it ends. A change of a note waits for such transactions, and those that begin later see it: so after a user
was closed, no write of theirs is under way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from ...errors import InvalidInputError, StoreError
from ..results.records import COMPLETION_KEYS, completion_pattern
from ..tasks.task import OPEN, Preference, ProcessStatus, Task, lane_of
from ..transfer.moves import Difference, Holdings, KeptResult, Move, MoveState
from ..values import HistoryEntry, Row, Scope, Stored, Turn
from .collection import ENTRY, CollectionSQL
from .embedder import EmbedderSQL
from .encoding import BUFFERED, PREFERENCE, TASK
from .lanes import NEVER
from .queue import QueueSQL
from .rows import COLUMNS, TURN, to_turn, turn_values
from .steps import Query, Statement, Statements, Steps

_WIDTH = COLUMNS.count(",") + 1
_PURGED = 500
_HOLDER = "moved"
"""Who holds the lane of a user that is closed, until the end of time."""


@dataclass(slots=True)
class Load:
    """Things to store where a user arrives."""

    memories: Sequence[Stored] = ()
    accesses: Mapping[int, int] = field(default_factory=dict)
    turns: Sequence[Turn] = ()
    links: Sequence[tuple[int, int]] = ()
    preferences: Sequence[Preference] = ()
    results: Sequence[KeptResult] = ()
    entries: Sequence[HistoryEntry] = ()


@dataclass(slots=True)
class Work:
    """The background work of a user: tasks, and the values of ``BUFFERED`` of each turn that waits."""

    tasks: Sequence[Task]
    buffered: Sequence[tuple[Any, ...]]


class MovesSQL:
    """Steps over one collection.

    Args:
        sql: the collection's tables and what its database says differently.
        queue: the steps of background work.
        embedder: whose vectors it holds, and the notes of moves.
    """

    def __init__(self, sql: CollectionSQL, queue: QueueSQL, embedder: EmbedderSQL) -> None:
        self._sql = sql
        self._queue = queue
        self._embedder = embedder

    def find(self, user_id: str) -> Steps[Move | None]:
        """Return the note of a user's move."""
        return (yield from self._embedder.find_move(user_id))

    def note(self, user_id: str, move: Move, expected: Iterable[MoveState | None]) -> Steps[None]:
        """Write the note of a move, after all writes that began before it.

        Args:
            user_id: the user.
            move: the note.
            expected: the states from which this is the next one; ``None`` for no note.

        Raises:
            StoreError: another call has continued or cancelled the move.
            InvalidInputError: the user is to arrive where there is something of theirs already.
        """
        yield from self._fence()
        yield from self._expect(user_id, move, expected)
        if move.state is MoveState.ARRIVING and (yield from self.holdings(user_id)):
            # In this transaction: what is there from now on was copied, and may be removed again.
            raise InvalidInputError(
                f"target: {self._embedder.place} has memories of this user already; delete them there first, "
                "or copy the memories instead of moving the user"
            )
        yield from self._embedder.set_move(user_id, move)
        if move.state is MoveState.CLOSED:
            yield from self._take_lane(lane_of(Scope(user_id)))

    def forget(self, user_id: str, move: Move) -> Steps[None]:
        """Remove the note of a move; a lane that was taken is free again."""
        yield from self._fence()
        found = yield from self.find(user_id)
        if found is None or found.id != move.id:
            return
        yield from self._embedder.set_move(user_id, None)
        if found.state is MoveState.CLOSED:
            yield from self._queue.reopen(lane_of(Scope(user_id)))

    def _fence(self) -> Steps[None]:
        """Wait for the transactions that write memories, and keep others from beginning."""
        yield from self._sql.enter()
        yield from self._embedder.guards(self._sql.locking)

    def _expect(self, user_id: str, move: Move, expected: Iterable[MoveState | None]) -> Steps[None]:
        found = yield from self.find(user_id)
        if found is not None and found.id != move.id and found.state is not MoveState.MOVED:
            raise InvalidInputError(
                f"user_id: this user is on the way between {self._embedder.place} and {found.place}; finish "
                "or cancel that move first"
            )
        state = None if found is None or found.id != move.id else found.state
        if state not in expected:
            raise StoreError(
                f"{self._embedder.place}: the move of this user was continued or cancelled by another call"
            )

    def _take_lane(self, lane: str) -> Steps[None]:
        """Keep workers from the tasks of a lane; one that works on them loses its lease."""
        yield from self._queue.lanes.make_due({lane: NEVER})
        yield Statement(
            f"UPDATE {self._sql.lanes} SET owner = ?, held_until = ?, due_at = ? WHERE lane = ?",
            (_HOLDER, NEVER, NEVER, lane),
        )

    def holdings(self, user_id: str) -> Steps[Holdings]:
        """Return the names of what there is of a user, but for the history."""
        sql, whose = self._sql, (user_id,)
        found = Holdings()
        for memory_id, version, accesses in (
            yield Query(f"SELECT id, version, access_count FROM {sql.records} WHERE user_id = ?", whose)
        ):
            found.memories[memory_id], found.accesses[memory_id] = version, accesses
        turns = yield Query(f"SELECT id FROM {sql.turns} WHERE user_id = ?", whose)
        found.turns.update(turn_id for (turn_id,) in turns)
        linked = yield Query(
            f"SELECT l.memory_id, l.turn_id FROM {sql.turns} t JOIN {sql.links} l ON l.turn_id = t.id "
            "WHERE t.user_id = ?",
            whose,
        )
        found.links.update((memory_id, turn_id) for memory_id, turn_id in linked)
        preferences = yield Query(f"SELECT id FROM {sql.preferences} WHERE user_id = ?", whose)
        found.preferences.update(one for (one,) in preferences)
        results = yield Query(
            f"SELECT agent_id, run_id, {sql.request_key} FROM {sql.requests} WHERE user_id = ?", whose
        )
        found.results.update((agent, run, sql.loaded(key)) for agent, run, key in results)
        pattern = completion_pattern(Scope(user_id))
        assert pattern is not None
        notes = yield Query(
            f"SELECT {sql.request_key} FROM {self._queue.notes} AND result LIKE ?",
            (*map(sql.stored, COMPLETION_KEYS), sql.stored(pattern)),
        )
        found.notes.update(sql.loaded(key) for (key,) in notes)
        return found

    def entries(self, memory_ids: Sequence[int]) -> Steps[dict[int, int]]:
        """Return the ids of the stored history of memories, each with its memory."""
        entries: dict[int, int] = {}
        for chunk in self._sql.chunks(memory_ids):
            where = self._sql.among("memory_id", chunk)
            entries.update(
                (
                    yield Query(
                        f"SELECT id, memory_id FROM {self._sql.history} WHERE {where.sql}", where.values
                    )
                )
            )
        return entries

    def history(self, memory_ids: Sequence[int]) -> Steps[list[HistoryEntry]]:
        """Return the stored history of memories; what is derived, the target derives too."""
        stored = yield from self._sql.stored_history(memory_ids)
        return [*chain.from_iterable(stored.values())]

    def memories(self, user_id: str, ids: Sequence[int]) -> Steps[list[Stored]]:
        """Return memories with their vectors and terms, without history and turns."""
        sql = self._sql
        stored: list[Stored] = []
        for chunk in sql.chunks(ids):
            where = sql.named(chunk, user_id)
            found = yield Query(
                f"SELECT {COLUMNS}, {sql.embedded}, {sql.indexed} FROM {sql.with_vectors} WHERE {where.sql}",
                where.values,
            )
            stored += [
                Stored(
                    sql.to_row(row),
                    embedding=sql.loaded_vector(row[_WIDTH]),
                    terms=(row[_WIDTH + 1], row[_WIDTH + 2]),
                )
                for row in found
            ]
        return stored

    def turns(self, user_id: str, ids: Sequence[int]) -> Steps[list[Turn]]:
        """Return source turns."""
        turns: list[Turn] = []
        for chunk in self._sql.chunks(ids):
            where = self._sql.named(chunk, user_id)
            found = yield Query(f"SELECT {TURN} FROM {self._sql.turns} WHERE {where.sql}", where.values)
            turns += [to_turn(row, self._sql) for row in found]
        return turns

    def preferences(self, user_id: str, ids: Sequence[int]) -> Steps[list[Preference]]:
        """Return preferences."""
        preferences: list[Preference] = []
        for chunk in self._sql.chunks(ids):
            where = self._sql.among("id", chunk)
            found = yield Query(
                f"SELECT {PREFERENCE} FROM {self._sql.preferences} WHERE user_id = ? AND {where.sql}",
                (user_id, *where.values),
            )
            preferences += map(self._queue.encoding.to_preference, found)
        return preferences

    def results(
        self, user_id: str, keys: Sequence[tuple[str, str, str]], notes: Sequence[str]
    ) -> Steps[list[KeptResult]]:
        """Return kept results, and notes of finished calls."""
        sql = self._sql
        results: list[KeptResult] = []
        whole = [(user_id, agent, run, key) for agent, run, key in keys]
        for scoped in (*whole, *(("", "", "", note) for note in notes)):
            found = yield Query(
                f"SELECT result, created_at FROM {sql.requests} "
                f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {sql.request_key} = ?",
                (*scoped[:3], sql.stored(scoped[3])),
            )
            results += [KeptResult(*scoped, sql.loaded(result), at) for result, at in found]
        return results

    def work(self, user_id: str) -> Steps[Work]:
        """Return the background work of a user; no task of it is running."""
        found = yield Query(f"SELECT {TASK} FROM {self._sql.tasks} WHERE user_id = ?", (user_id,))
        waiting = yield Query(f"SELECT {BUFFERED} FROM {self._sql.buffer} WHERE user_id = ?", (user_id,))
        tasks = [self._queue.encoding.to_task(values) for values in found]
        return Work(
            [
                replace(task, status=ProcessStatus.PENDING, stage="parked", attempts=task.attempts - 1)
                if task.status is ProcessStatus.RUNNING
                else task
                for task in tasks
            ],
            [(*row[:3], self._sql.loaded_json(row[3]) if row[3] else None, *row[4:]) for row in waiting],
        )

    def clear(self, user_id: str, move: Move, difference: Difference) -> Steps[None]:
        """Remove what is no longer where the user comes from, or has changed there.

        All of it goes before anything is stored, since a memory that changed may have the former text of
        another.
        """
        sql = self._sql
        yield from self._admit(user_id, move)
        yield from sql.begin()
        yield from sql.remove(difference.stale, user_id)
        yield from self._delete(sql.turns, "user_id = ? AND id = ?", user_id, difference.stale_turns)
        yield from self._delete(
            sql.preferences, "user_id = ? AND id = ?", user_id, difference.stale_preferences
        )
        pairs = "memory_id = ? AND turn_id = ?"
        if difference.stale_links:
            yield Statements(f"DELETE FROM {sql.links} WHERE {pairs}", difference.stale_links)
        if difference.stale_entries:
            yield Statements(
                f"DELETE FROM {sql.history} WHERE memory_id = ? AND id = ?", difference.stale_entries
            )
        kept = [(user_id, agent, run, sql.stored(key)) for agent, run, key in difference.stale_results]
        kept += [("", "", "", sql.stored(key)) for key in difference.stale_notes]
        if kept:
            yield Statements(
                f"DELETE FROM {sql.requests} "
                f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {sql.request_key} = ?",
                kept,
            )
        yield from sql.finish([_named(memory_id, user_id) for memory_id in difference.stale])

    def _delete(self, table: str, where: str, user_id: str, ids: Sequence[int]) -> Steps[None]:
        if ids:
            yield Statements(f"DELETE FROM {table} WHERE {where}", [(user_id, one) for one in ids])

    def store(self, user_id: str, move: Move, load: Load) -> Steps[None]:
        """Store a page where a user arrives; what is there already stays."""
        sql = self._sql
        yield from self._admit(user_id, move)
        yield from sql.begin()
        changed: list[Row] = []
        if load.memories:
            inserted = yield from sql.insert_memories(load.memories)
            changed = [stored.row for stored in load.memories if stored.row.id in inserted]
        yield from self._insert(sql.turns, TURN, [turn_values(turn, sql) for turn in load.turns])
        yield from self._insert(sql.links, "memory_id, turn_id", load.links)
        yield from self._insert(
            sql.preferences, PREFERENCE, [*map(self._queue.encoding.preference_values, load.preferences)]
        )
        yield from self._insert(sql.history, ENTRY, [*map(sql.entry_values, load.entries)])
        yield from self._insert(
            sql.requests,
            f"user_id, agent_id, run_id, {sql.request_key}, result, created_at",
            [(*one[:3], sql.stored(one.key), sql.stored(one.result), one.created_at) for one in load.results],
        )
        if load.accesses:
            yield Statements(
                f"UPDATE {sql.records} SET access_count = ? WHERE user_id = ? AND id = ?",
                [(count, user_id, memory_id) for memory_id, count in load.accesses.items()],
            )
        yield from sql.finish(changed)

    def _insert(self, table: str, columns: str, rows: Sequence[tuple[Any, ...]]) -> Steps[None]:
        if rows:
            yield Statements(self._sql.inserting(table, columns, once=True), rows)

    def _admit(self, user_id: str, move: Move) -> Steps[None]:
        """Lock the collection against other moves, and check that this one still goes on."""
        yield from self._fence()
        yield from self._expect(user_id, move, {MoveState.ARRIVING})

    def switch(self, user_id: str, move: Move, work: Work) -> Steps[None]:
        """Accept writes of a user who has arrived, with their background work; one transaction."""
        yield from self._fence()
        yield from self._expect(user_id, move, {MoveState.ARRIVING})
        encoding, lane = self._queue.encoding, lane_of(Scope(user_id))
        due = [task.due_at for task in work.tasks if task.status in OPEN]
        if due:
            yield from self._queue.lanes.make_due({lane: min(due)})
        yield from self._insert(self._sql.tasks, TASK, [*map(encoding.task_values, work.tasks)])
        yield from self._insert(
            self._sql.buffer,
            BUFFERED,
            [
                (*row[:3], self._sql.stored_json(row[3]) if row[3] else None, *row[4:])
                for row in work.buffered
            ],
        )
        yield from self._embedder.set_move(user_id, move._replace(state=MoveState.ARRIVED))

    def purge(self, user_id: str, move: Move, expected: MoveState) -> Steps[bool]:
        """Remove a part of everything of a user, without a trace; return whether it was the last one.

        Args:
            user_id: the user.
            move: the move for which this is done.
            expected: the state in which its note must be.
        """
        sql = self._sql
        yield from self._fence()
        yield from self._expect(user_id, move, {expected})
        yield from sql.begin()
        rows = yield Query(f"SELECT id FROM {sql.records} WHERE user_id = ? LIMIT {_PURGED}", (user_id,))
        ids = [memory_id for (memory_id,) in rows]
        if ids:
            yield from sql.remove(ids, user_id)
        else:
            # The memories that were deleted before are still linked to what was said.
            rows = yield Query(
                f"SELECT l.memory_id FROM {sql.turns} t JOIN {sql.links} l ON l.turn_id = t.id "
                f"WHERE t.user_id = ? LIMIT {_PURGED}",
                (user_id,),
            )
            ids = list({memory_id for (memory_id,) in rows})
        if ids:
            yield from sql.unlink(ids)
            for chunk in sql.chunks(ids):
                where = sql.among("memory_id", chunk)
                yield Statement(f"DELETE FROM {sql.history} WHERE {where.sql}", where.values)
            yield from sql.finish([_named(memory_id, user_id) for memory_id in ids])
            return False
        yield Statement(f"DELETE FROM {sql.turns} WHERE user_id = ?", (user_id,))
        yield from self._queue.delete_scope(Scope(user_id))
        yield Statement(f"DELETE FROM {sql.lanes} WHERE lane = ?", (lane_of(Scope(user_id)),))
        return True


def _named(memory_id: int, user_id: str) -> Row:
    """Return a row of which only the name matters."""
    return Row(memory_id, Scope(user_id), "", "", created_at=0, updated_at=0, valid_from=0)
