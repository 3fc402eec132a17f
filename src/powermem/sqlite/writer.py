"""Applying batches of changes inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import Any

from ..changes import (
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
from ..types import Row
from .adder import Adder, Batch, is_addition
from .restorer import Restorer
from .steps import run


class Writer(Adder):
    """Turns changes into statements. Holds no connection and no state of the database."""

    def __init__(self, collection: str, queue: QueueSQL) -> None:
        super().__init__(collection, queue)
        self._restorer = Restorer(collection)
        self._apply: dict[type[Any], Callable[[Batch, Any], Outcome]] = {
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
        additions = [i for i, batch in enumerate(batches) if all(map(is_addition, batch))]
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
        share = Batch(connection, sequence)
        for only_adds, changes in groupby(batch, is_addition):
            if only_adds:
                share.outcomes += self.add(share, list(changes))
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

    def _read(self, batch: Batch, memory_id: int) -> Row | None:
        values = batch.execute(
            f"SELECT {COLUMNS} FROM {self._c}_records WHERE id = ?", (memory_id,)
        ).fetchone()
        return to_row(values) if values else None

    def _read_current(self, batch: Batch, memory_id: int, version: int | None) -> Row | None:
        row = self._read(batch, memory_id)
        if version is not None and (row is None or row.version != version):
            raise VersionConflict(f"memory {memory_id} changed since it was read")
        return row

    def _buffer_turn(self, batch: Batch, change: BufferTurn) -> None:
        batch.execute(self._queue.insert_turn, self._queue.encoding.turn_values(change.turn))
        batch.execute(self._queue.insert_buffered, self._queue.encoding.buffered_values(change))

    def _queued(self, batch: Batch, change: Change) -> Outcome:
        return run(batch.connection, self._queue.apply(change, batch.outcomes))

    def _replace_text(self, batch: Batch, change: ReplaceText) -> Updated | Duplicate | None:
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
        self._insert_vectors(batch, [(new, change.embedding, index(new, source=change.source))])
        self._link(batch, [(change.id, turn) for turn in change.turns])
        self._record(batch, change.id, "UPDATE", row.text, change.text, row.actor_id, change.at)
        return Updated(new, row.text)

    def _supersede(self, batch: Batch, change: Supersede) -> Updated | None:
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

    def _amend(self, batch: Batch, change: Amend) -> Updated | None:
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

    def _delete(self, batch: Batch, change: Delete) -> Row | None:
        row = self._read_current(batch, change.id, change.version)
        if row is None:
            return None
        for table, column in (("records", "id"), ("vectors", "id"), ("links", "memory_id")):
            batch.execute(f"DELETE FROM {self._c}_{table} WHERE {column} = ?", (change.id,))
        batch.execute(f"INSERT OR REPLACE INTO {self._c}_deleted VALUES (?, ?)", (change.id, batch.sequence))
        self._record(batch, change.id, "DELETE", row.text, None, row.actor_id, change.at)
        return row

    def _link_turns(self, batch: Batch, change: LinkTurns) -> None:
        if self._read_current(batch, change.id, change.version) is not None:
            self._link(batch, [(change.id, turn) for turn in change.turns])

    def _delete_where(self, batch: Batch, change: DeleteWhere) -> int:
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

    def _remember(self, batch: Batch, change: Remember) -> str:
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

    def _restore(self, batch: Batch, change: Restore) -> int:
        return self._restorer.restore(batch.connection, change, batch.sequence)
