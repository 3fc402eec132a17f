"""Applying batches of changes inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any

from ..changes import (
    Added,
    AddMemory,
    AddTurn,
    AlreadyDone,
    AlreadyStored,
    Amend,
    BufferTurn,
    Change,
    Delete,
    DeleteWhere,
    Duplicate,
    LinkTurns,
    Outcome,
    Remember,
    ReplaceText,
    Restore,
    Supersede,
    Updated,
    VersionConflict,
)
from ..ids import new_id
from ..indexing import index
from ..metadata import encode, merge
from ..sql.dialects import SQLITE
from ..sql.filters import compile_filter
from ..sql.queue import QueueSQL
from ..sql.rows import COLUMNS, scope_condition, scope_values, to_row
from ..types import Row, Scope
from .queue import run
from .restorer import Restorer


@dataclass(slots=True)
class _Batch:
    """One caller's share of the open transaction.

    ``instead`` maps the id of a memory that turned out to be known to the id under which it is known, and
    ``outcomes`` are those of the changes so far.
    """

    connection: sqlite3.Connection
    sequence: int
    instead: dict[int, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self.connection.execute(sql, values)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement for each row of values and return how many rows were written in all."""
        return self.connection.executemany(sql, rows).rowcount if rows else 0


class Writer:
    """Turns changes into statements. Holds no connection and no state of the database."""

    def __init__(self, collection: str, queue: QueueSQL) -> None:
        self._c = collection
        self._insert_history = f"INSERT INTO {collection}_history VALUES (?, ?, ?, ?, ?, ?, ?)"
        self._restorer = Restorer(collection)
        self._queue = queue
        self._apply: dict[type[Any], Callable[[_Batch, Any], Outcome]] = {
            **dict.fromkeys(self._queue.changes, self._queued),
            BufferTurn: self._buffer_turn,
            ReplaceText: self._replace_text,
            Supersede: self._supersede,
            Amend: self._amend,
            Delete: self._delete,
            LinkTurns: self._link_turns,
            DeleteWhere: self._delete_where,
            Remember: self._remember,
            Restore: self._restore,
        }

    def apply(
        self, connection: sqlite3.Connection, batches: Sequence[Sequence[Change]]
    ) -> list[list[Outcome] | Exception]:
        """Apply batches of changes inside the open transaction.

        Batches that only add go first, all together: a statement for each table instead of several for each
        memory. The callers are concurrent, so any order of the batches is as good.

        Args:
            connection: inside ``BEGIN IMMEDIATE``.
            batches: one per caller.

        Returns:
            For each batch its outcomes, or the error for which that batch alone was undone.
        """
        sequence = self._next_sequence(connection)
        if len(batches) == 1:
            return [self._run(connection, batches[0], sequence)]
        results: dict[int, list[Outcome] | Exception] = {}
        additions = [i for i, batch in enumerate(batches) if all(map(_adds, batch))]
        joined = self._try(connection, [one for i in additions for one in batches[i]], sequence)
        if not isinstance(joined, Exception):
            outcomes = iter(joined)
            results.update((i, list(islice(outcomes, len(batches[i])))) for i in additions)
        for i, batch in enumerate(batches):
            if i not in results:
                results[i] = self._try(connection, batch, sequence)
        return [results[i] for i in range(len(batches))]

    def _try(
        self, connection: sqlite3.Connection, batch: Sequence[Change], sequence: int
    ) -> list[Outcome] | Exception:
        connection.execute("SAVEPOINT batch")
        result: list[Outcome] | Exception
        try:
            result = self._run(connection, batch, sequence)
        except sqlite3.OperationalError:
            # The disk or the file is at fault, which concerns every batch.
            raise
        except Exception as error:
            connection.execute("ROLLBACK TO batch")
            result = error
        connection.execute("RELEASE batch")
        return result

    def _run(self, connection: sqlite3.Connection, batch: Sequence[Change], sequence: int) -> list[Outcome]:
        share = _Batch(connection, sequence)
        for adds, changes in groupby(batch, _adds):
            if adds:
                share.outcomes += self._add(share, list(changes))
            else:
                for change in changes:
                    share.outcomes.append(self._apply[type(change)](share, change))
        return share.outcomes

    def _next_sequence(self, connection: sqlite3.Connection) -> int:
        # Caches elsewhere ask for what changed after the last number that they have seen.
        last: int = connection.execute(f"SELECT value FROM {self._c}_meta WHERE key = 'sequence'").fetchone()[
            0
        ]
        connection.execute(f"UPDATE {self._c}_meta SET value = ? WHERE key = 'sequence'", (last + 1,))
        return last + 1

    def _read(self, batch: _Batch, memory_id: int) -> Row | None:
        values = batch.execute(
            f"SELECT {COLUMNS} FROM {self._c}_records WHERE id = ?", (memory_id,)
        ).fetchone()
        return to_row(values) if values else None

    def _read_current(self, batch: _Batch, memory_id: int, version: int | None) -> Row | None:
        row = self._read(batch, memory_id)
        if version is not None and (row is None or row.version != version):
            raise VersionConflict(f"memory {memory_id} changed since it was read")
        return row

    def _find_same(self, batch: _Batch, scope: Scope, content_hash: str) -> Row | None:
        values = batch.execute(
            f"SELECT {COLUMNS} FROM {self._c}_records "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND hash = ? AND valid_to IS NULL",
            (*scope_values(scope), content_hash),
        ).fetchone()
        return to_row(values) if values else None

    def _record(
        self,
        batch: _Batch,
        memory_id: int,
        event: str,
        old: str | None,
        new: str | None,
        actor: str | None,
        at: int,
    ) -> None:
        batch.execute(self._insert_history, (new_id(), memory_id, event, old, new, actor, at))

    def _link(self, batch: _Batch, pairs: Sequence[tuple[int, int]]) -> None:
        batch.execute_many(f"INSERT OR IGNORE INTO {self._c}_links VALUES (?, ?)", pairs)

    def _buffer_turn(self, batch: _Batch, change: BufferTurn) -> None:
        batch.execute(self._queue.insert_turn, self._queue.encoding.turn_values(change.turn))
        batch.execute(self._queue.insert_buffered, self._queue.encoding.buffered_values(change))

    def _queued(self, batch: _Batch, change: Change) -> Outcome:
        return run(batch.connection, self._queue.apply(change, batch.outcomes))

    def _add(self, batch: _Batch, changes: Sequence[Change]) -> list[Outcome]:
        """Add turns and memories; each table gets all its rows by one statement."""
        turn_values = self._queue.encoding.turn_values
        batch.execute_many(
            self._queue.insert_turn,
            [turn_values(change) for change in changes if isinstance(change, AddTurn)],
        )
        memories = [change for change in changes if isinstance(change, AddMemory)]
        outcomes = self._add_memories(batch, memories) if memories else {}
        return [outcomes[change.row.id] if isinstance(change, AddMemory) else None for change in changes]

    def _add_memories(self, batch: _Batch, changes: Sequence[AddMemory]) -> dict[int, Added | Duplicate]:
        outcomes: dict[int, Added | Duplicate] = {}
        inserted = self._insert(batch, changes)
        written = None if inserted == len(changes) else self._written(batch)
        for change in changes:
            row = change.row
            new = written is None or row.id in written
            outcomes[row.id] = Added(row) if new else self._add_known(batch, change)
        added = [change for change in changes if isinstance(outcomes[change.row.id], Added)]
        self._insert_vectors(batch, [(change.row, change.embedding) for change in added])
        self._link(
            batch, [(outcomes[change.row.id].row.id, turn) for change in changes for turn in change.turns]
        )
        batch.execute_many(
            self._insert_history,
            [
                (new_id(), row.id, "ADD", None, row.text, row.actor_id, row.created_at)
                for row in (change.row for change in added)
            ],
        )
        return outcomes

    def _written(self, batch: _Batch) -> set[int]:
        """Return the ids of all memories that were written since the transaction began."""
        found = batch.execute(f"SELECT id FROM {self._c}_records WHERE sequence = ?", (batch.sequence,))
        return {memory_id for (memory_id,) in found}

    def _add_known(self, batch: _Batch, change: AddMemory) -> Added | Duplicate:
        """Add a memory whose insert was passed over, because its scope has the text or had it."""
        row = change.row
        same = self._find_same(batch, row.scope, row.hash)
        assert same is not None, "a row that conflicts exists"
        if same.expires_at is None or same.expires_at > row.created_at:
            batch.instead[row.id] = same.id
            return Duplicate(same)
        # Nobody can find the expired one any more, so it must not stand in the way of saying it again.
        self._end(batch, same.id, same.expires_at)
        self._insert(batch, [change])
        return Added(row)

    def _insert(self, batch: _Batch, changes: Sequence[AddMemory]) -> int:
        """Insert memories unless their scope has the same text; return how many were inserted."""
        return batch.execute_many(
            f"INSERT INTO {self._c}_records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,1,?) "
            "ON CONFLICT (user_id, agent_id, run_id, hash) WHERE valid_to IS NULL DO NOTHING",
            [
                (
                    row.id,
                    *scope_values(row.scope),
                    row.actor_id,
                    row.memory_type,
                    row.text,
                    row.hash,
                    encode(row.metadata),
                    encode(change.facets),
                    row.created_at,
                    row.updated_at,
                    row.valid_from,
                    row.valid_to,
                    row.expires_at,
                    row.superseded_by,
                    batch.sequence,
                )
                for change in changes
                for row in (change.row,)
            ],
        )

    def _end(self, batch: _Batch, memory_id: int, moment: int) -> None:
        batch.execute(
            f"UPDATE {self._c}_records SET valid_to = ?, version = version + 1, sequence = ? WHERE id = ?",
            (moment, batch.sequence, memory_id),
        )

    def _insert_vectors(self, batch: _Batch, memories: Sequence[tuple[Row, bytes | None]]) -> None:
        batch.execute_many(
            f"INSERT OR REPLACE INTO {self._c}_vectors VALUES (?, ?, ?, ?)",
            [
                (row.id, embedding, *index(row.text, row.actor_id, row.valid_from))
                for row, embedding in memories
            ],
        )

    def _replace_text(self, batch: _Batch, change: ReplaceText) -> Updated | Duplicate | None:
        row = self._read_current(batch, change.id, change.version)
        if row is None:
            return None
        if row.valid_to is None and row.hash != change.hash:
            same = self._find_same(batch, row.scope, change.hash)
            if same is not None and change.strict:
                raise AlreadyStored(same.id)
            if same is not None:
                return Duplicate(same)
        batch.execute(
            f"UPDATE {self._c}_records SET memory = ?, hash = ?, updated_at = ?, version = version + 1, "
            "sequence = ? "
            "WHERE id = ?",
            (change.text, change.hash, change.at, batch.sequence, change.id),
        )
        new = replace(row, text=change.text, hash=change.hash, updated_at=change.at, version=row.version + 1)
        self._insert_vectors(batch, [(new, change.embedding)])
        self._link(batch, [(change.id, turn) for turn in change.turns])
        self._record(batch, change.id, "UPDATE", row.text, change.text, row.actor_id, change.at)
        return Updated(new, row.text)

    def _supersede(self, batch: _Batch, change: Supersede) -> Updated | None:
        row = self._read_current(batch, change.id, change.version)
        successor = batch.instead.get(change.successor, change.successor)
        if row is None or successor == row.id:
            return None
        # What is superseded by something said earlier was never true for any length of time.
        valid_to = max(change.valid_to, row.valid_from)
        batch.execute(
            f"UPDATE {self._c}_records SET valid_to = ?, superseded_by = ?, updated_at = ?, "
            "version = version + 1, sequence = ? WHERE id = ?",
            (valid_to, successor, change.at, batch.sequence, change.id),
        )
        self._record(batch, change.id, "UPDATE", row.text, change.text, row.actor_id, change.at)
        new = replace(
            row, valid_to=valid_to, superseded_by=successor, updated_at=change.at, version=row.version + 1
        )
        return Updated(new, row.text)

    def _amend(self, batch: _Batch, change: Amend) -> Updated | None:
        row = self._read(batch, change.id)
        if row is None:
            return None
        metadata = row.metadata
        if change.metadata is not None:
            metadata = change.metadata if change.replace_metadata else merge(row.metadata, change.metadata)
        expires_at = change.expires_at if change.set_expires_at else row.expires_at
        batch.execute(
            f"UPDATE {self._c}_records SET metadata = ?, expires_at = ?, updated_at = ?, "
            "version = version + 1, sequence = ? WHERE id = ?",
            (encode(metadata), expires_at, change.at, batch.sequence, change.id),
        )
        new = replace(
            row, metadata=metadata, expires_at=expires_at, updated_at=change.at, version=row.version + 1
        )
        return Updated(new, row.text)

    def _delete(self, batch: _Batch, change: Delete) -> Row | None:
        row = self._read_current(batch, change.id, change.version)
        if row is None:
            return None
        for table, column in (("records", "id"), ("vectors", "id"), ("links", "memory_id")):
            batch.execute(f"DELETE FROM {self._c}_{table} WHERE {column} = ?", (change.id,))
        batch.execute(f"INSERT OR REPLACE INTO {self._c}_deleted VALUES (?, ?)", (change.id, batch.sequence))
        self._record(batch, change.id, "DELETE", row.text, None, row.actor_id, change.at)
        return row

    def _link_turns(self, batch: _Batch, change: LinkTurns) -> None:
        if self._read_current(batch, change.id, change.version) is not None:
            self._link(batch, [(change.id, turn) for turn in change.turns])

    def _delete_where(self, batch: _Batch, change: DeleteWhere) -> int:
        condition, values, _ = scope_condition(change.scope)
        if change.expression is not None:
            sql, more = compile_filter(change.expression, SQLITE)
            condition, values = f"{condition} AND ({sql})", (*values, *more)
        else:
            batch.execute(f"DELETE FROM {self._c}_turns WHERE {condition}", values)
            run(batch.connection, self._queue.delete_scope(change.scope))
        found = batch.execute(
            f"SELECT id, memory, actor_id FROM {self._c}_records WHERE {condition}", values
        ).fetchall()
        ids = [(memory_id,) for memory_id, _, _ in found]
        for table, column in (("records", "id"), ("vectors", "id"), ("links", "memory_id")):
            batch.connection.executemany(f"DELETE FROM {self._c}_{table} WHERE {column} = ?", ids)
        batch.connection.executemany(
            f"INSERT OR REPLACE INTO {self._c}_deleted VALUES (?, ?)",
            [(memory_id, batch.sequence) for (memory_id,) in ids],
        )
        batch.execute_many(
            self._insert_history,
            [
                (new_id(), memory_id, "DELETE", text, None, actor, change.at)
                for memory_id, text, actor in found
            ],
        )
        return len(found)

    def _remember(self, batch: _Batch, change: Remember) -> str:
        where = (*scope_values(change.scope), change.key)
        result = change.result if isinstance(change.result, str) else change.result(batch.outcomes)
        cursor = batch.execute(
            f"INSERT OR IGNORE INTO {self._c}_requests VALUES (?, ?, ?, ?, ?, ?)",
            (*where, result, change.at),
        )
        if cursor.rowcount == 1:
            return result
        kept: str = batch.execute(
            f"SELECT result FROM {self._c}_requests "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND key = ?",
            where,
        ).fetchone()[0]
        if not isinstance(change.result, str):
            raise AlreadyDone(kept)
        return kept

    def _restore(self, batch: _Batch, change: Restore) -> int:
        return self._restorer.restore(batch.connection, change, batch.sequence)


def _adds(change: Change) -> bool:
    return isinstance(change, (AddTurn, AddMemory))
