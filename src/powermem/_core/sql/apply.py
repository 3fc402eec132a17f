"""Applying batches of changes inside one transaction, for any store. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from ...errors import StoreError
from ..changes.facets import joined
from ..changes.history import ADD, derived_addition, without_derived
from ..changes.writes import (
    Added,
    AddMemory,
    AddTask,
    AddTurn,
    AlreadyDone,
    AlreadyStored,
    Amend,
    BufferTurn,
    Change,
    CreateMemory,
    Delete,
    DeleteTurns,
    DeleteWhere,
    DoneNote,
    Duplicate,
    HoldLane,
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
from ..metadata import merge
from ..results.records import kept_text
from ..text.indexing import index
from ..values import HistoryEntry, Row, Scope, Stored
from .admission import admit
from .collection import ENTRY, CollectionSQL, passes
from .dialects import Fragment
from .embedder import EmbedderSQL
from .queue import QueueSQL
from .rows import COLUMNS, TURN, scope_condition, scope_values, turn_values
from .steps import Query, Statement, Statements, Steps, TransactionAbortedError

T = TypeVar("T")

_ADDITIONS = frozenset({AddTurn, BufferTurn, AddTask, AddMemory})
_NAMING = (ReplaceText, Supersede, Amend, Delete, LinkTurns)
_Naming: TypeAlias = ReplaceText | Supersede | Amend | Delete | LinkTurns


@dataclass(slots=True)
class _Share:
    """One caller's share of the open transaction.

    Attributes:
        changed: all memories that the transaction changes.
        changes: the caller's changes.
        instead: for the id of a duplicate, the id of the memory that has its text.
        outcomes: the outcomes of the changes applied so far.
    """

    changed: list[Row]
    changes: Sequence[Change]
    instead: dict[int, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)


class Writer:
    """The steps by which changes are applied. Holds no state of the database.

    Args:
        sql: the tables and the SQL of the collection's database.
        queue: the steps of changes to background work.
        embedder: the check that the collection still has this store's embedder.
    """

    def __init__(self, sql: CollectionSQL, queue: QueueSQL, embedder: EmbedderSQL) -> None:
        self._sql = sql
        self._embedder = embedder
        self._queue = queue
        self._insert_history = sql.inserting(sql.history, ENTRY)
        self._restore_history = sql.inserting(sql.history, ENTRY, once=True)
        self._insert_link = sql.inserting(sql.links, "memory_id, turn_id", once=True)
        self._restore_turn = sql.inserting(sql.turns, TURN, once=True)
        kept = f"user_id, agent_id, run_id, {sql.request_key}, result, created_at"
        self._insert_result = sql.inserting(sql.requests, kept, once=True)
        self._apply: dict[type[Any], Callable[[_Share, Any], Steps[Outcome]]] = {
            **dict.fromkeys(queue.changes, self._queued),
            CreateMemory: self._create,
            ReplaceText: self._replace_text,
            Supersede: self._supersede,
            Amend: self._amend,
            Delete: self._delete,
            LinkTurns: self._link_turns,
            DeleteTurns: self._delete_turns,
            DeleteWhere: self._delete_where,
            Remember: self._remember,
            Restore: self._restore,
        }

    def write(
        self, batches: Sequence[Sequence[Change]], accesses: Mapping[tuple[str, int], int]
    ) -> Steps[list[list[Outcome] | Exception]]:
        """Apply batches of changes, and write access counts.

        Args:
            batches: one per caller.
            accesses: the number of new accesses, by the memory's owner and id.

        Returns:
            For each batch its outcomes, or the error for which that batch alone was undone.

        Raises:
            EmbeddingMismatchError: the collection was moved to another embedder while it was open.
            StoreError: the database refused something that concerns more than one batch.
        """
        if self._sql.locking:
            yield from self._sql.enter()
            yield from self._lock(batches, accesses)
        if accesses:
            yield from self._sql.counting(accesses)
        if not batches:
            return []
        guards = yield from self._sql.begin()
        if guards is None:
            # On PostgreSQL this locks the rows, so that a switch to another embedder, or the end of a user's
            # move, waits for this commit.
            guards = yield from self._embedder.guards(self._sql.sharing)
        yield from self._embedder.heed(guards)
        changed: list[Row] = []
        results = yield from self._apply_all(batches, changed)
        yield from self._sql.finish(changed)
        return results

    def _lock(self, batches: Sequence[Sequence[Change]], accessed: Iterable[tuple[str, int]]) -> Steps[None]:
        """Lock the lanes and the memories that a transaction will change.

        All transactions lock lanes first, then memories, each in a fixed order. Otherwise two of them could
        deadlock, which takes a server a second or more to notice.
        """
        changes = [change for batch in batches for change in batch]
        lanes = {change.lane for change in changes if isinstance(change, HoldLane)}
        lanes.update(change.task.lane for change in changes if isinstance(change, AddTask))
        if lanes:
            yield from self._queue.lanes.lock(lanes)
        owners: dict[int, str | None] = {memory_id: user_id for user_id, memory_id in accessed}
        owners.update((change.id, change.user_id) for change in changes if isinstance(change, _NAMING))
        if len(owners) < 2:
            return
        for chunk in self._sql.chunks(sorted(owners)):
            where = self._sql.owned([(memory_id, owners[memory_id]) for memory_id in chunk])
            # The version is read because seekdb, beside a vector index, locks no rows for a query that an
            # index answers without the table.
            yield Query(
                f"SELECT id, version FROM {self._sql.records} WHERE {where.sql} ORDER BY id"
                f"{self._sql.locking}",
                where.values,
            )

    def _apply_all(
        self, batches: Sequence[Sequence[Change]], changed: list[Row]
    ) -> Steps[list[list[Outcome] | Exception]]:
        """Apply batches of changes, each undone alone if it fails.

        Batches that only add, and note that they have, are joined and go first, so that each table takes one
        statement for all of them. The callers are concurrent, so the order of their batches does not matter.
        """
        if len(batches) == 1:
            return [(yield from self._run(batches[0], changed))]
        results: dict[int, list[Outcome] | Exception] = {}
        additions = [i for i, batch in enumerate(batches) if _only_adds(batch)]
        if additions:
            joining = self._run_joined([batches[i] for i in additions], changed)
            joined = yield from self._try(joining) if self._sql.cheap_savepoints else joining
            if not isinstance(joined, Exception):
                results.update(zip(additions, joined, strict=True))
        for i, batch in enumerate(batches):
            if i not in results:
                results[i] = yield from self._try(self._run(batch, changed))
        return [results[i] for i in range(len(batches))]

    def _try(self, applying: Steps[T]) -> Steps[T | Exception]:
        yield Statement("SAVEPOINT batch")
        try:
            outcomes = yield from applying
        except self._sql.common_errors:
            raise
        except Exception as error:
            yield Statement("ROLLBACK TO SAVEPOINT batch")
            return error
        yield Statement("RELEASE SAVEPOINT batch")
        return outcomes

    def _run_joined(
        self, batches: Sequence[Sequence[Change]], changed: list[Row]
    ) -> Steps[list[list[Outcome]]]:
        """Apply batches for which `_only_adds` holds."""
        added = yield from self._run([one for batch in batches for one in batch if _adds(one)], changed)
        outcomes = iter(added)
        results: list[list[Outcome]] = []
        kept: list[tuple[Any, ...]] = []
        for batch in batches:
            notes = [change for change in batch if isinstance(change, Remember)]
            result = list(islice(outcomes, len(batch) - len(notes)))
            texts = [
                kept_text(note.result, batch, result) for note in notes if not isinstance(note.result, str)
            ]
            kept += [
                self._kept_values(note, text)
                for note, text in zip(notes, texts, strict=True)
                if text is not None
            ]
            results.append([*result, *texts])
        if kept and (yield Statements(self._insert_result, kept)) not in (None, len(kept)):
            raise StoreError("the results of calls could not be kept under their keys")
        return results

    def _run(self, batch: Sequence[Change], changed: list[Row]) -> Steps[list[Outcome]]:
        if self._embedder.moves:
            yield from admit(self._sql, self._embedder.moves, batch)
        share = _Share(changed, batch)
        end = 0
        while end < len(batch):
            begin, change = end, batch[end]
            while end < len(batch) and _adds(batch[end]):
                end += 1
            if end > begin:
                share.outcomes += yield from self._add(share, batch[begin:end])
            else:
                share.outcomes.append((yield from self._apply[type(change)](share, change)))
                end += 1
        return share.outcomes

    def _add(self, share: _Share, changes: Sequence[Change]) -> Steps[list[Outcome]]:
        """Add turns, tasks and memories, with one statement for each table."""
        memories = [change for change in changes if type(change) is AddMemory]
        if len(memories) < len(changes):
            yield from self._queue.add([change for change in changes if type(change) is not AddMemory])
        if not memories:
            return [None] * len(changes)
        outcomes = yield from self._add_memories(share, memories)
        return [outcomes[change.row.id] if type(change) is AddMemory else None for change in changes]

    def _add_memories(
        self, share: _Share, changes: Sequence[AddMemory]
    ) -> Steps[dict[int, Added | Duplicate]]:
        if self._sql.locking:
            # The unique key makes this insert wait for another process that adds the same text. A fixed order
            # keeps two processes from waiting for each other.
            changes = sorted(changes, key=_identity)
        outcomes: dict[int, Added | Duplicate] = {}
        for change in changes:
            if change.row.valid_to is not None and (held := (yield from self._find_held(change.row))):
                share.instead[change.row.id] = held.id
                outcomes[change.row.id] = Duplicate(held)
        wanted = [change for change in changes if change.row.id not in outcomes] if outcomes else changes
        inserted = yield from self._insert(share, wanted)
        for change in wanted:
            new = change.row.id in inserted
            outcomes[change.row.id] = (
                Added(change.row) if new else (yield from self._add_known(share, change))
            )
        links = [(outcomes[change.row.id].row.id, turn) for change in changes for turn in change.turns]
        if links:
            yield Statements(self._insert_link, links)
        return outcomes

    def _insert(self, share: _Share, memories: Sequence[AddMemory | Stored]) -> Steps[set[int]]:
        """Insert memories unless their scope has the same text; return the ids of those inserted."""
        if not memories:
            return set()
        inserted = yield from self._sql.insert_memories(memories)
        share.changed += [memory.row for memory in memories if memory.row.id in inserted]
        return inserted

    def _add_known(self, share: _Share, change: AddMemory) -> Steps[Added | Duplicate]:
        """Add a memory whose insert met an existing one: it is a duplicate unless that one has expired."""
        row = change.row
        same = yield from self._make_room(share, row, row.created_at)
        if same is not None:
            share.instead[row.id] = same.id
            return Duplicate(same)
        if not (yield from self._insert(share, [change])):
            raise TransactionAbortedError(f"memory {row.id}: another process said it first, or made its id")
        return Added(row)

    def _make_room(self, share: _Share, row: Row, at: int) -> Steps[Row | None]:
        """End the validity of an expired memory with the same text, which blocks the unique key.

        Returns:
            The memory with the same text if it has not expired, else ``None``.
        """
        same = yield from self._find_same(row.scope, row.hash)
        if same is None or same.expires_at is None or same.expires_at > at:
            return same
        yield self._update(share, same, {"valid_to": same.expires_at})
        return None

    def _update(self, share: _Share, row: Row, values: Mapping[str, Any]) -> Statement:
        share.changed.append(row)
        return self._sql.updating(row, values)

    def _read(self, change: _Naming) -> Steps[Row | None]:
        where = self._sql.one(change.id, change.user_id)
        found = yield Query(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}{self._sql.locking}", where.values
        )
        return self._sql.to_row(found[0]) if found else None

    def _read_current(self, change: ReplaceText | Supersede | Delete | LinkTurns) -> Steps[Row | None]:
        row = yield from self._read(change)
        if change.version is not None and (row is None or row.version != change.version):
            raise VersionConflict(f"memory {change.id} changed since it was read")
        return row

    def _find_same(self, scope: Scope, content_hash: str) -> Steps[Row | None]:
        found = yield Query(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            f"AND hash = ? AND valid_to IS NULL{self._sql.locking}",
            (*scope_values(scope), content_hash),
        )
        return self._sql.to_row(found[0]) if found else None

    def _find_held(self, row: Row) -> Steps[Row | None]:
        """Return the memory by which a scope held a row's text at its beginning."""
        found = yield Query(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE user_id = ? AND agent_id = ? AND run_id = ? "
            "AND hash = ? AND valid_from <= ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY id LIMIT 1"
            f"{self._sql.locking}",
            (*scope_values(row.scope), row.hash, row.valid_from, row.valid_from),
        )
        return self._sql.to_row(found[0]) if found else None

    def _addition(self, row: Row, at: int) -> tuple[Any, ...]:
        entry = HistoryEntry(row.id, ADD, None, row.text, row.actor_id, at, new_id())
        return self._sql.entry_values(entry)

    def _change(self, row: Row, new: str | None, at: int) -> tuple[Any, ...]:
        event = "DELETE" if new is None else "UPDATE"
        entry = HistoryEntry(row.id, event, row.text, new, row.actor_id, at, new_id())
        return self._sql.entry_values(entry)

    def _link(self, pairs: Sequence[tuple[int, int]]) -> Steps[None]:
        if pairs:
            yield Statements(self._insert_link, pairs)

    def _queued(self, share: _Share, change: Change) -> Steps[Outcome]:
        return self._queue.apply(change, share.changes, share.outcomes)

    def _create(self, share: _Share, change: CreateMemory) -> Steps[Outcome]:
        outcomes = yield from self._add_memories(share, [change.memory])
        outcome = outcomes[change.memory.row.id]
        if isinstance(outcome, Duplicate):
            raise AlreadyStored(outcome.row.id)
        return outcome

    def _replace_text(self, share: _Share, change: ReplaceText) -> Steps[Updated | Duplicate | None]:
        row = yield from self._read_current(change)
        if row is None:
            return None
        if row.valid_to is None and row.hash != change.hash:
            same = yield from self._find_same(row.scope, change.hash)
            if same is not None and change.strict:
                raise AlreadyStored(same.id)
            if same is not None:
                return Duplicate(same)
        new = replace(
            row,
            text=change.text,
            hash=change.hash,
            updated_at=change.at,
            version=row.version + 1,
            facets=joined(row.facets, change.facets),
        )
        if change.valid_from is not None and change.valid_from > row.valid_from and row.hash != change.hash:
            yield from self._keep_version(share, row, change.text, change.valid_from, change.at)
            new.valid_from, new.utc_offset = change.valid_from, change.utc_offset
        share.changed.append(new)
        yield from self._sql.rewrite(new, change.embedding, index(new, change.source))
        yield from self._link([(change.id, turn) for turn in change.turns])
        yield Statement(self._insert_history, self._change(row, change.text, change.at))
        return Updated(new, row.text)

    def _keep_version(self, share: _Share, row: Row, text: str, until: int, at: int) -> Steps[None]:
        """Store the text that a memory had until a moment as a memory that ended then."""
        ending: dict[str, Any] = {
            "valid_to": until,
            "superseded_by": row.id,
            "updated_at": at,
            "access_count": 0,
        }
        kept = replace(row, id=new_id(), **ending)
        share.changed.append(kept)
        yield from self._sql.copy(row, {"id": kept.id, **ending})
        yield Statement(
            f"INSERT INTO {self._sql.links} (memory_id, turn_id) "
            f"SELECT ?, turn_id FROM {self._sql.links} WHERE memory_id = ?",
            (kept.id, row.id),
        )
        entries = [self._addition(kept, row.updated_at), self._change(kept, text, at)]
        yield Statements(self._insert_history, entries)

    def _supersede(self, share: _Share, change: Supersede) -> Steps[Updated | None]:
        row = yield from self._read_current(change)
        successor = share.instead.get(change.successor, change.successor)
        if row is None or successor == row.id:
            return None
        # A successor that was said earlier leaves the old memory with an empty period of validity.
        valid_to = max(change.valid_to, row.valid_from)
        values: dict[str, Any] = {"valid_to": valid_to, "superseded_by": successor, "updated_at": change.at}
        yield self._update(share, row, values)
        yield Statement(self._insert_history, self._change(row, change.text, change.at))
        return Updated(replace(row, **values, version=row.version + 1), row.text)

    def _amend(self, share: _Share, change: Amend) -> Steps[Updated | None]:
        row = yield from self._read(change)
        if row is None:
            return None
        metadata = row.metadata
        if change.metadata is not None:
            metadata = change.metadata if change.replace_metadata else merge(row.metadata, change.metadata)
        expires_at = change.expires_at if change.set_expires_at else row.expires_at
        new = replace(
            row, metadata=metadata, expires_at=expires_at, updated_at=change.at, version=row.version + 1
        )
        yield self._update(share, row, self._sql.amended(new))
        return Updated(new, row.text)

    def _delete(self, share: _Share, change: Delete) -> Steps[Row | None]:
        row = yield from self._read_current(change)
        if row is not None:
            user_id = row.scope.user_id or ""
            # The index by user and date leads to them.
            where = Fragment(
                "user_id = ? AND created_at = ? AND superseded_by = ?", (user_id, row.created_at, row.id)
            )
            versions = yield from self._versions([row], where)
            yield from self._remove(share, [row, *versions], user_id, change.at)
        return row

    def _versions(self, rows: Sequence[Row], where: Fragment) -> Steps[list[Row]]:
        """Return the earlier versions of memories, among the rows that pass a condition."""
        found = yield Query(
            f"SELECT {COLUMNS} FROM {self._sql.records} WHERE {where.sql}{self._sql.locking}", where.values
        )
        born = {row.id: row.created_at for row in rows}
        return [
            row
            for row in map(self._sql.to_row, found)
            if row.superseded_by in born and row.is_version_of(row.superseded_by, born[row.superseded_by])
        ]

    def _remove(self, share: _Share, rows: Sequence[Row], user_id: str | None, at: int) -> Steps[None]:
        if rows:
            share.changed += rows
            yield from self._store_additions(rows)
            yield from self._sql.remove([row.id for row in rows], user_id)
            yield Statements(self._insert_history, [self._change(row, None, at) for row in rows])

    def _store_additions(self, rows: Sequence[Row]) -> Steps[None]:
        """Store what the history of memories begins with, as long as that can be derived."""
        stored = yield from self._sql.stored_history([row.id for row in rows])
        derived = [addition for row in rows if (addition := derived_addition(row, stored[row.id]))]
        if derived:
            yield Statements(self._restore_history, [*map(self._sql.entry_values, derived)])

    def _link_turns(self, share: _Share, change: LinkTurns) -> Steps[None]:
        if (yield from self._read_current(change)) is not None:
            yield from self._link([(change.id, turn) for turn in change.turns])

    def _delete_turns(self, share: _Share, change: DeleteTurns) -> Steps[int]:
        where, values = "user_id = ? AND agent_id = ? AND run_id = ?", scope_values(change.scope)
        if change.ids is None:
            everything: int = yield Statement(f"DELETE FROM {self._sql.turns} WHERE {where}", values)
            return everything
        deleted = 0
        for chunk in self._sql.chunks(change.ids):
            named = self._sql.among("id", chunk)
            deleted += yield Statement(
                f"DELETE FROM {self._sql.turns} WHERE {where} AND {named.sql}", (*values, *named.values)
            )
        return deleted

    def _delete_where(self, share: _Share, change: DeleteWhere) -> Steps[int]:
        sql, where, narrowed = self._sql, scope_condition(change.scope), self._sql.narrow(change.expression)
        if change.expression is None:
            if not change.keep_turns:
                yield Statement(f"DELETE FROM {sql.turns} WHERE {where.sql}", where.values)
            yield from self._queue.delete_scope(change.scope)
        found = yield Query(
            f"SELECT {COLUMNS}, {narrowed.doubt} FROM {sql.records} WHERE {where.sql} AND ({narrowed.sql})"
            f"{sql.locking}",
            [*where.values, *narrowed.values],
        )
        rows = [
            row
            for values in found
            if (row := sql.to_row(values)) and (not values[-1] or passes(change.expression, row))
        ]
        ended = Fragment(f"{where.sql} AND superseded_by IS NOT NULL", where.values)
        versions = {row.id: row for row in (yield from self._versions(rows, ended))} if rows else {}
        every = {**{row.id: row for row in rows}, **versions}
        yield from self._remove(share, list(every.values()), change.scope.user_id, change.at)
        if change.expression is None and not change.keep_turns:
            yield from sql.unlink(list(every))
        return len(every) - len(versions)

    def _kept_values(self, change: Remember, result: str) -> tuple[Any, ...]:
        """Return the values of a row of ``requests``, those of its key first."""
        sql = self._sql
        return (*scope_values(change.scope), sql.stored(change.key), sql.stored(result), change.at)

    def _remember(self, share: _Share, change: Remember) -> Steps[str | None]:
        sql = self._sql
        result = change.result
        if not isinstance(result, str):
            text = kept_text(result, share.changes, share.outcomes)
            if text is None:
                return None
            result = text
        values = self._kept_values(change, result)
        where = values[:4]
        if change.replace:
            yield Statement(
                f"DELETE FROM {sql.requests} "
                f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {sql.request_key} = ?",
                where,
            )
        count = yield Statement(self._insert_result, values)
        if count == 1:
            return result
        found = yield Query(
            f"SELECT result FROM {sql.requests} "
            f"WHERE user_id = ? AND agent_id = ? AND run_id = ? AND {sql.request_key} = ?",
            where,
        )
        if not found:
            raise StoreError("the result of a call could not be kept under its key")
        kept = sql.loaded(found[0][0])
        if change.strict or not isinstance(change.result, str):
            raise AlreadyDone(kept)
        return kept

    def _restore(self, share: _Share, change: Restore) -> Steps[int]:
        """Store what is missing, and return the number of new memories."""
        sql = self._sql
        if change.turns:
            yield Statements(self._restore_turn, [turn_values(turn, sql) for turn in change.turns])
        new = yield from self._restore_memories(share, change)
        yield from self._link([(stored.row.id, turn) for stored in new for turn in stored.turns])
        ids = [stored.row.id for stored in new]
        revived = yield from self._existing(sql.history, "memory_id", ids, " AND event = 'DELETE'")
        entries: list[tuple[Any, ...]] = []
        for stored in new:
            if stored.row.id in revived:
                # The history of a memory that was deleted here must not end with its deletion.
                entries += map(sql.entry_values, stored.history)
                entries.append(self._addition(stored.row, change.at))
            else:
                entries += map(sql.entry_values, without_derived(stored.row, stored.history))
        entries += map(sql.entry_values, change.history)
        if entries:
            yield Statements(self._restore_history, entries)
        return len(new)

    def _restore_memories(self, share: _Share, change: Restore) -> Steps[list[Stored]]:
        wanted = {stored.row.id: stored for stored in change.memories}
        existing = yield from self._existing(self._sql.records, "id", list(wanted))
        fresh = [stored for memory_id, stored in wanted.items() if memory_id not in existing]
        written = yield from self._insert(share, fresh)
        for stored in fresh:
            if stored.row.id in written:
                continue
            # Only an expired memory with the same text gives way; a valid one stays, and nothing is lost.
            if (yield from self._make_room(share, stored.row, change.at)) is None:
                written |= yield from self._insert(share, [stored])
        return [stored for stored in fresh if stored.row.id in written]

    def _existing(self, table: str, column: str, ids: Sequence[int], also: str = "") -> Steps[set[int]]:
        existing: set[int] = set()
        for chunk in self._sql.chunks(ids):
            where = self._sql.among(column, chunk)
            found = yield Query(f"SELECT {column} FROM {table} WHERE {where.sql}{also}", where.values)
            existing.update(memory_id for (memory_id,) in found)
        return existing


def _identity(change: AddMemory) -> tuple[str, ...]:
    return (*scope_values(change.row.scope), change.row.hash)


def _adds(change: Change) -> bool:
    return type(change) in _ADDITIONS


def _only_adds(batch: Sequence[Change]) -> bool:
    """Return whether a batch only adds, perhaps with notes of that behind, each under a new key."""
    added = sum(map(_adds, batch))
    return all(map(_adds, batch[:added])) and all(
        isinstance(change, Remember) and isinstance(change.result, DoneNote) for change in batch[added:]
    )
