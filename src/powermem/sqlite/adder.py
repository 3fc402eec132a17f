"""Adding turns and memories inside one transaction: each table gets all its rows by one statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..changes import Added, AddMemory, AddTurn, Change, Duplicate, Outcome
from ..ids import new_id
from ..indexing import index
from ..metadata import encode
from ..sql.queue import QueueSQL
from ..sql.rows import COLUMNS, scope_values, to_row
from ..types import Row, Scope, Words

RECORD_MARKS = ",".join("?" * 20)
"""Where the values of a record go in a statement; see `record_values`."""


@dataclass(slots=True)
class Batch:
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


class Adder:
    """The changes that only add. Holds no connection and no state of the database."""

    def __init__(self, collection: str, queue: QueueSQL) -> None:
        self._c = collection
        self._queue = queue
        self._insert_history = f"INSERT INTO {collection}_history VALUES (?, ?, ?, ?, ?, ?, ?)"

    def add(self, batch: Batch, changes: Sequence[Change]) -> list[Outcome]:
        """Add turns and memories; each table gets all its rows by one statement."""
        turn_values = self._queue.encoding.turn_values
        batch.execute_many(
            self._queue.insert_turn,
            [turn_values(change) for change in changes if isinstance(change, AddTurn)],
        )
        memories = [change for change in changes if isinstance(change, AddMemory)]
        outcomes = self._add_memories(batch, memories) if memories else {}
        return [outcomes[change.row.id] if isinstance(change, AddMemory) else None for change in changes]

    def _add_memories(self, batch: Batch, changes: Sequence[AddMemory]) -> dict[int, Added | Duplicate]:
        outcomes: dict[int, Added | Duplicate] = {}
        inserted = self._insert(batch, changes)
        written = None if inserted == len(changes) else self._written(batch)
        for change in changes:
            row = change.row
            new = written is None or row.id in written
            outcomes[row.id] = Added(row) if new else self._add_known(batch, change)
        added = [change for change in changes if isinstance(outcomes[change.row.id], Added)]
        self._insert_vectors(
            batch,
            [
                (change.row, change.embedding, index(change.row, change.facets, change.source))
                for change in added
            ],
        )
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

    def _written(self, batch: Batch) -> set[int]:
        """Return the ids of all memories that were written since the transaction began."""
        found = batch.execute(f"SELECT id FROM {self._c}_records WHERE sequence = ?", (batch.sequence,))
        return {memory_id for (memory_id,) in found}

    def _add_known(self, batch: Batch, change: AddMemory) -> Added | Duplicate:
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

    def _insert(self, batch: Batch, changes: Sequence[AddMemory]) -> int:
        """Insert memories unless their scope has the same text; return how many were inserted."""
        return batch.execute_many(
            f"INSERT INTO {self._c}_records VALUES ({RECORD_MARKS}) "
            "ON CONFLICT (user_id, agent_id, run_id, hash) WHERE valid_to IS NULL DO NOTHING",
            [record_values(change.row, change.facets, batch.sequence) for change in changes],
        )

    def _end(self, batch: Batch, memory_id: int, moment: int) -> None:
        batch.execute(
            f"UPDATE {self._c}_records SET valid_to = ?, version = version + 1, sequence = ? WHERE id = ?",
            (moment, batch.sequence, memory_id),
        )

    def _insert_vectors(self, batch: Batch, memories: Sequence[tuple[Row, bytes | None, Words]]) -> None:
        batch.execute_many(
            f"INSERT OR REPLACE INTO {self._c}_vectors VALUES (?, ?, ?, ?)",
            [(row.id, embedding, *words) for row, embedding, words in memories],
        )

    def _find_same(self, batch: Batch, scope: Scope, content_hash: str) -> Row | None:
        values = batch.execute(
            f"SELECT {COLUMNS} FROM {self._c}_records "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND hash = ? AND valid_to IS NULL",
            (*scope_values(scope), content_hash),
        ).fetchone()
        return to_row(values) if values else None

    def _record(
        self,
        batch: Batch,
        memory_id: int,
        event: str,
        old: str | None,
        new: str | None,
        actor: str | None,
        at: int,
    ) -> None:
        batch.execute(self._insert_history, (new_id(), memory_id, event, old, new, actor, at))

    def _link(self, batch: Batch, pairs: Sequence[tuple[int, int]]) -> None:
        batch.execute_many(f"INSERT OR IGNORE INTO {self._c}_links VALUES (?, ?)", pairs)


def record_values(row: Row, facets: Mapping[str, Any], sequence: int) -> tuple[Any, ...]:
    """Return what the table of the memories holds of one, in the order of its columns."""
    return (
        row.id,
        *scope_values(row.scope),
        row.actor_id,
        row.memory_type,
        row.text,
        row.hash,
        encode(row.metadata),
        encode(facets),
        row.created_at,
        row.updated_at,
        row.valid_from,
        row.valid_to,
        row.expires_at,
        row.superseded_by,
        row.access_count,
        row.version,
        sequence,
        row.utc_offset,
    )


def is_addition(change: Change) -> bool:
    """Return whether `Adder` knows a change."""
    return isinstance(change, (AddTurn, AddMemory))
