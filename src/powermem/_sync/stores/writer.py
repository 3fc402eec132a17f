# Generated from src/powermem/_async/stores/writer.py by scripts/run_unasync.py; edit that file instead.
"""Applying batches of changes inside one transaction of a database server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any

from ..._drivers.base import Connection, ConnectionLostError, TransactionAbortedError
from ...changes import (
    Added,
    AddMemory,
    AddTask,
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
from ...errors import StoreError
from ...ids import new_id
from ...indexing import index
from ...metadata import encode, merge
from ...sql.collection import passes
from ...sql.queue import QueueSQL
from ...sql.rows import COLUMNS, scope_condition, scope_values
from ...sql.server import ServerSQL
from ...types import Row, Scope
from .mover import ServerMover
from .queue import add_turns
from .steps import run

_CHUNK = 1000
_HISTORY = "id, memory_id, event, old_memory, new_memory, actor, created_at"
_REQUEST = "user_id, agent_id, run_id, name, result, created_at"


@dataclass(slots=True)
class _Share:
    """One caller's share of the open transaction.

    ``instead`` maps the id of a memory that turned out to be known to the id under which it is known, and
    ``outcomes`` are those of the changes so far.
    """

    connection: Connection
    instead: dict[int, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


class ServerWriter:
    """Turns changes into statements. Holds no connection and no state of the database."""

    def __init__(self, sql: ServerSQL) -> None:
        self._sql = sql
        self.queue = QueueSQL(sql)
        self._mover = ServerMover(sql, self._note)
        self._apply: dict[type[Any], Callable[[_Share, Any], Outcome]] = {
            **dict.fromkeys(self.queue.changes, self._queued),
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
        self, connection: Connection, batches: Sequence[Sequence[Change]]
    ) -> list[list[Outcome] | Exception]:
        """Apply batches of changes inside the open transaction.

        Batches that only add go first, all together: a statement for each table instead of several for each
        memory. The callers are concurrent, so any order of the batches is as good.

        Args:
            connection: inside a transaction.
            batches: one per caller.

        Returns:
            For each batch its outcomes, or the error for which that batch alone was undone.

        Raises:
            StoreError: the server refused something that concerns more than one batch.
        """
        if len(batches) == 1:
            return [self._run(connection, batches[0])]
        results: dict[int, list[Outcome] | Exception] = {}
        additions = [i for i, batch in enumerate(batches) if all(map(_adds, batch))]
        joined = self._run(connection, [change for i in additions for change in batches[i]])
        outcomes = iter(joined)
        results.update((i, list(islice(outcomes, len(batches[i])))) for i in additions)
        for i, batch in enumerate(batches):
            if i not in results:
                results[i] = self._try(connection, batch)
        return [results[i] for i in range(len(batches))]

    def _note(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Be told of rows that searches have to see anew; for stores that keep them in memory."""

    def _try(self, connection: Connection, batch: Sequence[Change]) -> list[Outcome] | Exception:
        connection.execute("SAVEPOINT batch")
        try:
            outcomes = self._run(connection, batch)
        except (ConnectionLostError, TransactionAbortedError):
            # There is no transaction any more.
            raise
        except Exception as error:
            connection.execute("ROLLBACK TO SAVEPOINT batch")
            return error
        connection.execute("RELEASE SAVEPOINT batch")
        return outcomes

    def _run(self, connection: Connection, batch: Sequence[Change]) -> list[Outcome]:
        share = _Share(connection)
        for adds, changes in groupby(batch, _adds):
            if adds:
                share.outcomes += self._add(share, list(changes))
            else:
                for change in changes:
                    share.outcomes.append(self._apply[type(change)](share, change))
        return share.outcomes

    def _add(self, share: _Share, changes: Sequence[Change]) -> list[Outcome]:
        """Add turns, tasks and memories; each table gets all its rows by one statement."""
        memories = [change for change in changes if isinstance(change, AddMemory)]
        add_turns(share.connection, self.queue, changes)
        outcomes = iter(self._add_memories(share, memories) if memories else ())
        return [next(outcomes) if isinstance(change, AddMemory) else None for change in changes]

    def _add_memories(self, share: _Share, changes: Sequence[AddMemory]) -> list[Added | Duplicate]:
        sql, connection = self._sql, share.connection
        # In the same order everywhere: a text that another process is adding is waited for.
        order = sorted(range(len(changes)), key=lambda i: _identity(changes[i].row))
        in_order = [changes[i] for i in order]
        connection.execute_many(
            sql.insert_memory,
            [self._values(change) for change in in_order],
        )
        inserted = self._present(connection, [change.row for change in in_order])
        by_place: dict[int, Added | Duplicate] = {}
        for i, change in zip(order, in_order, strict=True):
            known = (change.row.id, change.row.hash) not in inserted
            by_place[i] = self._add_known(share, change) if known else Added(change.row)
        outcomes = [by_place[i] for i in range(len(changes))]
        added = [outcome.row for outcome in outcomes if isinstance(outcome, Added)]
        self._note(connection, added)
        if added:
            connection.execute_many(
                self._insert(sql.history, _HISTORY),
                [sql.history_values(new_id(), row, "ADD", None, row.text, row.created_at) for row in added],
            )
        self._link(
            connection,
            [
                (outcome.row.id, turn)
                for outcome, change in zip(outcomes, changes, strict=True)
                for turn in change.turns
            ],
        )
        return outcomes

    def _values(self, change: AddMemory) -> tuple[Any, ...]:
        words = index(change.row, change.facets, change.source)
        return self._sql.memory_values(change.row, change.facets, change.embedding, words)

    def _add_known(self, share: _Share, change: AddMemory) -> Added | Duplicate:
        """Add a memory whose insert was passed over, because its scope has the text or had it."""
        row = change.row
        same = self._find_same(share.connection, row.scope, row.hash)
        if same is None:
            # It was removed between the two statements, or another process made the same id.
            raise TransactionAbortedError(f"memory {row.id}: what it collided with is gone")
        if same.expires_at is None or same.expires_at > row.created_at:
            share.instead[row.id] = same.id
            return Duplicate(same)
        # Nobody can find the expired one any more, so it must not stand in the way of saying it again.
        self._note(share.connection, [same])
        share.connection.execute(
            f"UPDATE {self._sql.records} SET valid_to = ?, version = version + 1 "
            "WHERE user_id = ? AND id = ?",
            (same.expires_at, same.scope.user_id or "", same.id),
        )
        share.connection.execute(self._sql.insert_memory, self._values(change))
        if not self._present(share.connection, [row]):
            raise TransactionAbortedError(f"memory {row.id}: another process said it first")
        return Added(row)

    def _present(self, connection: Connection, rows: Sequence[Row]) -> set[tuple[int, str]]:
        present: set[tuple[int, str]] = set()
        users = {row.scope.user_id or "" for row in rows}
        whose = users.pop() if len(users) == 1 else None
        for start in range(0, len(rows), _CHUNK):
            where = self._sql.named([row.id for row in rows[start : start + _CHUNK]], whose)
            found = connection.fetch(
                f"SELECT id, hash FROM {self._sql.records} WHERE {where.sql}", where.values
            )
            present.update((memory_id, content_hash) for memory_id, content_hash in found)
        return present

    def _read(self, share: _Share, memory_id: int) -> Row | None:
        found = share.connection.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE id = ? FOR UPDATE", (memory_id,)
        )
        return self._sql.to_row(found[0]) if found else None

    def _read_current(self, share: _Share, memory_id: int, version: int | None) -> Row | None:
        row = self._read(share, memory_id)
        if version is not None and (row is None or row.version != version):
            raise VersionConflict(f"memory {memory_id} changed since it was read")
        return row

    def _find_same(self, connection: Connection, scope: Scope, content_hash: str) -> Row | None:
        found = connection.fetch(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            "AND hash = ? AND valid_to IS NULL FOR UPDATE",
            (*scope_values(scope), content_hash),
        )
        return self._sql.to_row(found[0]) if found else None

    def _record(self, share: _Share, row: Row, event: str, old: str | None, new: str | None, at: int) -> None:
        share.connection.execute(
            self._insert(self._sql.history, _HISTORY),
            self._sql.history_values(new_id(), row, event, old, new, at),
        )

    def _link(self, connection: Connection, pairs: Sequence[tuple[int, int]]) -> None:
        if pairs:
            sql = self._sql.inserting(self._sql.links, "memory_id, turn_id", once=True)
            connection.execute_many(sql, pairs)

    def _insert(self, table: str, columns: str) -> str:
        return self._sql.inserting(table, columns, once=False)

    def _queued(self, share: _Share, change: Change) -> Outcome:
        return run(share.connection, self.queue.apply(change, share.outcomes))

    def _replace_text(self, share: _Share, change: ReplaceText) -> Updated | Duplicate | None:
        row = self._read_current(share, change.id, change.version)
        if row is None:
            return None
        if row.valid_to is None and row.hash != change.hash:
            same = self._find_same(share.connection, row.scope, change.hash)
            if same is not None and change.strict:
                raise AlreadyStored(same.id)
            if same is not None:
                return Duplicate(same)
        new = replace(row, text=change.text, hash=change.hash, updated_at=change.at, version=row.version + 1)
        self._note(share.connection, [new])
        words = index(new, source=change.source)
        values = self._sql.text_values(new, change.embedding, words)
        share.connection.execute(self._sql.rewrite_memory, values)
        self._link(share.connection, [(change.id, turn) for turn in change.turns])
        self._record(share, row, "UPDATE", row.text, change.text, change.at)
        return Updated(new, row.text)

    def _supersede(self, share: _Share, change: Supersede) -> Updated | None:
        row = self._read_current(share, change.id, change.version)
        successor = share.instead.get(change.successor, change.successor)
        if row is None or successor == row.id:
            return None
        self._note(share.connection, [row])
        # What is superseded by something said earlier was never true for any length of time.
        valid_to = max(change.valid_to, row.valid_from)
        share.connection.execute(
            f"UPDATE {self._sql.records} SET valid_to = ?, superseded_by = ?, updated_at = ?, "
            "version = version + 1 WHERE user_id = ? AND id = ?",
            (valid_to, successor, change.at, row.scope.user_id or "", row.id),
        )
        self._record(share, row, "UPDATE", row.text, change.text, change.at)
        new = replace(
            row, valid_to=valid_to, superseded_by=successor, updated_at=change.at, version=row.version + 1
        )
        return Updated(new, row.text)

    def _amend(self, share: _Share, change: Amend) -> Updated | None:
        row = self._read(share, change.id)
        if row is None:
            return None
        metadata = row.metadata
        if change.metadata is not None:
            metadata = change.metadata if change.replace_metadata else merge(row.metadata, change.metadata)
        expires_at = change.expires_at if change.set_expires_at else row.expires_at
        new = replace(
            row, metadata=metadata, expires_at=expires_at, updated_at=change.at, version=row.version + 1
        )
        self._note(share.connection, [new])
        sql, values = self._sql.amend_memory(new, encode(metadata))
        share.connection.execute(sql, values)
        return Updated(new, row.text)

    def _delete(self, share: _Share, change: Delete) -> Row | None:
        row = self._read_current(share, change.id, change.version)
        if row is None:
            return None
        self._note(share.connection, [row])
        share.connection.execute(
            f"DELETE FROM {self._sql.records} WHERE user_id = ? AND id = ?",
            (row.scope.user_id or "", row.id),
        )
        share.connection.execute(f"DELETE FROM {self._sql.links} WHERE memory_id = ?", (row.id,))
        self._record(share, row, "DELETE", row.text, None, change.at)
        return row

    def _link_turns(self, share: _Share, change: LinkTurns) -> None:
        if self._read_current(share, change.id, change.version) is not None:
            self._link(share.connection, [(change.id, turn) for turn in change.turns])

    def _delete_where(self, share: _Share, change: DeleteWhere) -> int:
        sql, connection = self._sql, share.connection
        where, narrowed = scope_condition(change.scope), sql.narrow(change.expression)
        if change.expression is None:
            connection.execute(f"DELETE FROM {sql.turns} WHERE {where.sql}", where.values)
            run(connection, self.queue.delete_scope(change.scope))
        found = connection.fetch(
            f"SELECT {COLUMNS}, {narrowed.doubt} FROM {sql.records} WHERE {where.sql} AND ({narrowed.sql}) "
            "FOR UPDATE",
            [*where.values, *narrowed.values],
        )
        rows = [
            row
            for values in found
            if (row := sql.to_row(values)) and (not values[-1] or passes(change.expression, row))
        ]
        self._note(connection, rows)
        for start in range(0, len(rows), _CHUNK):
            ids = [row.id for row in rows[start : start + _CHUNK]]
            for table, chosen in (
                (sql.records, sql.named(ids, change.scope.user_id)),
                (sql.links, sql.among("memory_id", ids)),
            ):
                connection.execute(f"DELETE FROM {table} WHERE {chosen.sql}", chosen.values)
        if rows:
            connection.execute_many(
                self._insert(sql.history, _HISTORY),
                [sql.history_values(new_id(), row, "DELETE", row.text, None, change.at) for row in rows],
            )
        return len(rows)

    def _remember(self, share: _Share, change: Remember) -> str:
        sql = self._sql
        where = (*scope_values(change.scope), sql.stored(change.key))
        result = change.result if isinstance(change.result, str) else change.result(share.outcomes)
        count = share.connection.execute(
            sql.inserting(sql.requests, _REQUEST, once=True), (*where, sql.stored(result), change.at)
        )
        if count == 1:
            return result
        found = share.connection.fetch(
            f"SELECT result FROM {sql.requests} "
            "WHERE user_id = ? AND agent_id = ? AND run_id = ? AND name = ?",
            where,
        )
        if not found:
            raise StoreError("the result of a call could not be kept under its key")
        kept = sql.loaded(found[0][0])
        if not isinstance(change.result, str):
            raise AlreadyDone(kept)
        return kept

    def _restore(self, share: _Share, change: Restore) -> int:
        return self._mover.restore(share.connection, change)


def _identity(row: Row) -> tuple[str, ...]:
    return (*scope_values(row.scope), row.hash)


def _adds(change: Change) -> bool:
    return isinstance(change, (AddTurn, AddMemory, BufferTurn, AddTask))
