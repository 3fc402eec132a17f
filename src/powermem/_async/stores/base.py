"""The interface of every store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from ..._concurrency import AsyncBatcher, AsyncThreadBatcher
from ..._core.access_keys import AccessKey
from ..._core.changes.writes import Change, Outcome
from ..._core.clock import now
from ..._core.filters.expression import Expression
from ..._core.instruments import STORE, measured
from ..._core.query.around import Surroundings
from ..._core.query.search import Hit, SearchRequest
from ..._core.results.records import Accesses
from ..._core.sql.access_keys import AccessKeysSQL
from ..._core.sql.collection import CollectionSQL
from ..._core.sql.embedder import EmbedderSQL
from ..._core.sql.events import Asked, Event, EventsSQL, Place, Session
from ..._core.sql.moves import Load, MovesSQL, Work
from ..._core.sql.queries import Position, Queries
from ..._core.sql.queue import QueueSQL
from ..._core.sql.steps import Statement, Steps
from ..._core.sql.transfer import Transfer
from ..._core.tasks.task import (
    LONGEST_PAUSE,
    BegunTask,
    BufferedTurn,
    Preference,
    ProcessStatus,
    QueueStatistics,
    Task,
)
from ..._core.transfer.moves import Difference, Holdings, KeptResult, Move, MoveState
from ..._core.values import EmbedderIdentity, Embedding, HistoryEntry, Row, Scope, Statistics, Stored, Turn
from ..._core.wire.budget import Refusal, Spend
from ..._core.wire.consumption import Days

T = TypeVar("T")

AsyncCollector: TypeAlias = (
    "AsyncBatcher[Sequence[Change], list[Outcome]] | AsyncThreadBatcher[Sequence[Change], list[Outcome]]"
)

MAX_BATCHES_PER_COMMIT = 256
_REDATED = 500


class AsyncStore(ABC):
    """One collection: memories, their source turns, and the tasks that turn turns into memories.

    In a scope, ``None`` matches any id, and the empty string matches records without that id. Times are given
    by the caller, in microseconds UTC. Every method raises ``StoreError`` or a subclass if the store fails.

    The tasks of a lane run one at a time, in the order of their ids. A worker holds a lane by a lease, which
    it renews with ``renew_lanes``; if the worker is killed, the next holder starts its task again.

    Methods that read pages by id, for exports and re-embedding, take the last id of the previous page as
    ``after``, or 0; an empty page is the end. Each page is a separate read, so a scan of millions of memories
    blocks nothing. Records added during a scan have higher ids and are included.

    Operations are written as steps, in ``_core.sql``; a store only runs them.

    Args:
        sql: the collection's tables, and the dialect of its database.
        embedder: the identity of the embedder of the stored vectors.
        accesses: counts the accesses to memories.
    """

    name: str
    read_only = False
    """Whether the store is read-only; known once it is open."""
    in_process = False
    """Whether the database runs in this process, so that the two work in turns."""

    def __init__(self, sql: CollectionSQL, embedder: EmbedderSQL, accesses: Accesses) -> None:
        self._sql = sql
        self._queue = QueueSQL(sql)
        self._queries = Queries(sql)
        self._events = EventsSQL(sql)
        self._access_keys = AccessKeysSQL(sql)
        self._embedder = embedder
        self._transfer = Transfer(sql, self._embedder)
        self._moves = MovesSQL(sql, self._queue, self._embedder)
        self._accesses = accesses
        self._commits = self._collector()

    @abstractmethod
    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps that only read."""

    @abstractmethod
    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        """Run steps in one transaction; if a conflict rolls it back, run them again from the start."""

    @abstractmethod
    def _collector(self) -> AsyncCollector:
        """Return what collects the changes of concurrent callers, to apply them in one transaction."""

    def _prepare(self) -> Steps[None]:
        """Check the database, and lock its schema against other processes during the block."""
        yield from ()

    def _prepared(self, work: Callable[..., Steps[T]], *args: Any) -> Steps[T]:
        yield from self._prepare()
        return (yield from work(*args))

    @abstractmethod
    async def _write_accesses(self) -> None:
        """Write the access counts collected since the last commit, if possible."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and bring the schema up to date."""

    @abstractmethod
    async def close(self) -> None:
        """Write what is pending and disconnect."""

    async def identify(self, identity: EmbedderIdentity) -> None:
        """Check that the stored vectors are from this embedder; record it if it is the first."""
        if await self._ask(self._embedder.identify, identity):
            return
        if identity.dimension is not None and not self.read_only:
            await self._transact(self._prepared, self._embedder.settle, identity)

    async def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        """Apply all changes or none; on return they are durable.

        Raises:
            VersionConflict: a memory was changed since it was read; nothing was applied.
        """
        with measured(STORE, {"db.operation.name": "apply"}, self.name):
            return await self._commits.submit(changes)

    @abstractmethod
    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        """Answer searches, each best first; ``touch`` counts the hits as accesses."""

    def _count(self, answers: Sequence[Sequence[Hit]], touch: bool) -> None:
        """Add unwritten access counts to the hits; ``touch`` counts these as accesses too."""
        for hits in answers:
            self._accesses.include([hit.row for hit in hits])
        if touch and not self.read_only:
            self._accesses.add(hit.row for hits in answers for hit in hits)

    async def _check_moved(self, user_id: str | None) -> None:
        """Refuse to say that there is nothing of a user who was moved to another store."""
        if user_id:
            await self._ask(self._embedder.refuse_read, user_id)

    async def _check_answers(
        self, requests: Sequence[SearchRequest], answers: Sequence[Sequence[Hit]], touch: bool
    ) -> None:
        """Do so for the searches of callers."""
        for request, hits in zip(requests, answers, strict=True):
            if touch and not hits:
                await self._check_moved(request.scope.user_id)

    async def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        """Return the memories that exist, by id.

        Args:
            ids: the ids.
            touch: whether to count them as accesses.
            user_id: the owner, if known: a store partitioned by user then reads only one partition, and may
                leave out memories of other users.
        """
        with measured(STORE, {"db.operation.name": "get"}, self.name):
            rows = await self._ask(self._queries.get_many, ids, user_id)
        self._accesses.include(list(rows.values()))
        if touch and not self.read_only:
            self._accesses.add(rows.values())
        return rows

    async def list_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        *,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
        as_of: int | None = None,
    ) -> tuple[list[Row], int]:
        """Return a page of the memories valid now or at a moment, and how many there are in all."""
        with measured(STORE, {"db.operation.name": "list"}, self.name):
            rows, total = await self._ask(
                self._queries.list_rows, scope, expression, now(), sort_by, descending, limit, offset, as_of
            )
        self._accesses.include(rows)
        if not total:
            await self._check_moved(scope.user_id)
        return rows, total

    async def next_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        *,
        sort_by: str,
        descending: bool,
        limit: int,
        after: Position,
        as_of: int | None = None,
    ) -> list[Row]:
        """Return the memories of `list_rows` behind a place in their order; nothing is counted."""
        with measured(STORE, {"db.operation.name": "list"}, self.name):
            rows = await self._ask(
                self._queries.next_rows, scope, expression, now(), sort_by, descending, limit, after, as_of
            )
        self._accesses.include(rows)
        if not rows:
            await self._check_moved(scope.user_id)
        return rows

    async def count(self, scope: Scope, expression: Expression | None) -> int:
        """Return the number of current memories."""
        number = await self._ask(self._queries.count, scope, expression, now())
        if not number:
            await self._check_moved(scope.user_id)
        return number

    async def users(self) -> list[str]:
        """Return every user id that has a memory, sorted."""
        return await self._ask(self._queries.users)

    async def history(self, memory_id: int, *, user_id: str | None = None) -> list[HistoryEntry]:
        """Return the history of a memory, oldest first; ``user_id`` says whose it is, if that is known."""
        return await self._ask(self._queries.history, memory_id, user_id)

    async def events(
        self, asked: Asked, *, limit: int, after: Place | None = None, descending: bool = False
    ) -> list[Event]:
        """Return the first events, or those behind a place."""
        return await self._ask(self._events.page, asked, limit, after, descending)

    async def count_events(self, asked: Asked) -> int:
        """Return the number of events."""
        return await self._ask(self._events.count, asked)

    async def event_names(self, asked: Asked) -> Counter[str]:
        """Return the number of events of each name."""
        return await self._ask(self._events.names, asked)

    async def changed_memories(self, asked: Asked) -> int:
        """Return the number of memories that have an event."""
        return await self._ask(self._events.changed, asked)

    async def sessions(
        self, asked: Asked, *, sort_by: str, descending: bool, limit: int, offset: int
    ) -> tuple[list[Session], int]:
        """Return a page of the runs in which something happened, and how many there are in all."""
        return await self._ask(self._events.sessions, asked, sort_by, descending, limit, offset)

    async def around(self, ids: Sequence[int], span: int, *, user_id: str | None = None) -> Surroundings:
        """Return the turns up to ``span`` before and after those that memories came from.

        ``user_id`` is whose all of them are, if that is known, here and in the next methods; the empty string
        for memories without a user.
        """
        return await self._ask(self._queries.around, ids, span, user_id)

    async def sources(self, ids: Sequence[int], *, user_id: str | None = None) -> dict[int, list[Turn]]:
        """Return the turns that memories came from, by the id of the memory."""
        return await self._ask(self._queries.sources, ids, user_id)

    async def superseded(self, ids: Sequence[int], *, user_id: str | None = None) -> list[Row]:
        """Return the memories whose place one of these has taken."""
        return await self._ask(self._queries.superseded, ids, user_id)

    async def turns(self, memory_id: int, *, user_id: str | None = None) -> list[Turn]:
        """Return the turns that a memory came from, oldest first."""
        return await self._ask(self._queries.turns, memory_id, user_id)

    async def said(self, scope: Scope, limit: int | None = None) -> list[Turn]:
        """Return the latest turns of exactly one scope, oldest first."""
        turns = await self._ask(self._queries.said, scope, limit)
        if not turns:
            await self._check_moved(scope.user_id)
        return turns

    async def recall_request(self, scope: Scope, key: str) -> str | None:
        """Return the result stored under an idempotency key."""
        return await self._ask(self._queries.recall_request, scope, key)

    async def completion(self, task_id: int, *, user_id: str | None = None) -> str | None:
        """Return the completion note of a call of ``add``; ``user_id`` says whose it is, if that is known."""
        return await self._ask(self._queries.completion, task_id, user_id)

    async def known_requests(self, scope: Scope, keys: Sequence[str]) -> set[str]:
        """Return those of some idempotency keys under which a result is stored."""
        return await self._ask(self._queries.known_requests, scope, keys)

    async def statistics(self, scope: Scope, since: int | None) -> Statistics:
        """Count the records of a scope, with ``since`` only those created from then on."""
        await self._write_accesses()
        return await self._ask(self._queries.statistics, scope, now(), since)

    async def reset(self) -> None:
        """Remove everything in the collection."""
        await self._transact(self._empty)

    def _empty(self) -> Steps[None]:
        yield from self._sql.enter()
        for statement in self._sql.emptying():
            yield Statement(statement)
        yield from self._embedder.forget_moves()

    async def claim_lanes(
        self,
        owner: str,
        at: int,
        until: int,
        limit: int,
        *,
        lane: str | None = None,
        ended: int | None = None,
    ) -> list[str]:
        """Claim lanes that have a due task and no lease at ``at``, longest due first.

        Each lane is claimed by one statement that succeeds for only one caller.

        Args:
            owner: id of the claimant; never used twice.
            at: the present moment.
            until: end of the lease.
            limit: maximum number of lanes.
            lane: claim only this lane.
            ended: leases that end before this moment have expired; defaults to ``at``, 0 for none.
        """
        claimed: list[str] = []
        over = at if ended is None else ended
        while len(claimed) < limit:
            wanted = limit - len(claimed)
            due = await self._ask(self._queue.lanes.find_due, at, over, wanted, lane)
            if due:
                claimed += await self._transact(self._queue.lanes.claim, owner, at, over, until, due)
            # Another owner may have claimed some of these; there may be more lanes that are due.
            if len(due) < wanted:
                break
        return claimed

    async def redate_lanes(self, at: int, lease: int) -> int:
        """Correct due times and leases far in the future, which a clock that was ahead has written.

        Such a lane becomes due at once, and such a lease ends as if it were taken now; its holder, if alive,
        renews it earlier.

        Args:
            at: the present moment.
            lease: duration of a lease.

        Returns:
            The number of corrected lanes.
        """
        latest = (at + int(LONGEST_PAUSE * 1_000_000), at + 2 * lease)
        lanes, corrected = self._queue.lanes, 0
        while found := await self._ask(lanes.find_misdated, *latest, _REDATED):
            corrected += await self._transact(lanes.redate, found, at, lease, *latest)
            if len(found) < _REDATED:
                break
        return corrected

    async def renew_lanes(self, owner: str, lanes: Sequence[str], until: int) -> list[str]:
        """Extend the leases on lanes; return the lanes that this owner still holds."""
        return await self._transact(self._queue.lanes.renew, owner, lanes, until) if lanes else []

    async def release_lane(self, owner: str, lane: str) -> None:
        """Release a lane, if this owner holds it. It is due again when its next open task is."""
        await self._transact(self._queue.release, owner, lane)

    async def begin_task(self, owner: str, lane: str, at: int, *, release: bool = False) -> BegunTask | None:
        """Start the first open task of a lane, and return it with its turns; ``None`` if none is due.

        Its status becomes running, and its attempts increase by one. A ``"process"`` task claims all turns
        of the lane that belong to no task.

        Args:
            owner: the holder of the lane.
            lane: the lane.
            at: the present moment.
            release: whether to release the lane if no task is due.

        Raises:
            LeaseLost: another owner holds the lane.
        """
        return await self._transact(self._queue.begin, owner, lane, at, release)

    async def task_turns(self, task_id: int, *, user_id: str | None = None) -> list[BufferedTurn]:
        """Return the waiting turns of a task, in chronological order."""
        return await self._ask(self._queue.task_turns, task_id, user_id)

    async def count_buffered(self, lane: str | None, limit: int) -> int:
        """Return the number of waiting turns that belong to no task, counting up to ``limit``."""
        return await self._ask(self._queue.count_buffered, lane, limit)

    async def buffered_scopes(
        self, after: str, limit: int, *, lane: str | None = None
    ) -> list[tuple[str, Scope]]:
        """Return a page of the lanes where turns wait that belong to no task, or to a ``"process"`` task that
        failed or was cancelled, each with the scope of one of them, by lane, ascending; with ``lane`` only
        that one."""
        return await self._ask(self._queue.buffered_scopes, after, limit, lane)

    async def find_task(self, task_id: int) -> Task | None:
        """Return a task."""
        return await self._ask(self._queue.find_task, task_id)

    async def find_tasks(self, task_ids: Sequence[int]) -> list[Task]:
        """Return the tasks that exist, of any number of ids."""
        return await self._ask(self._queue.find_tasks, task_ids)

    async def list_tasks(
        self, scope: Scope, statuses: frozenset[ProcessStatus], *, limit: int, offset: int = 0
    ) -> list[Task]:
        """Return tasks in one of these states, the newest first."""
        return await self._ask(self._queue.list_tasks, scope, statuses, limit, offset)

    async def queue_statistics(self) -> QueueStatistics:
        """Count the open tasks."""
        return await self._ask(self._queue.statistics)

    async def preferences(
        self, scope: Scope, *, after: int = 0, limit: int | None = None
    ) -> list[Preference]:
        """Return the preferences of a scope, oldest first; those with a higher id than ``after``, at most
        ``limit`` of them."""
        return await self._ask(self._queue.preferences, scope, after, limit)

    async def forget_tasks(self, before: int) -> int:
        """Remove tasks that were completed or cancelled before a moment, and return how many.

        One whose turns still wait for another task stays.
        """
        return await self._transact(self._queue.forget_tasks, before)

    async def revive_tasks(self, at: int) -> int:
        """Reopen the tasks that are due and had failed because a budget was used up; return how many."""
        return await self._transact(self._queue.revive_tasks, at)

    async def enter(self, entries: Sequence[Spend]) -> list[Refusal | None]:
        """Make entries in the ledger of model usage, which all processes on the collection share.

        On return they are durable. Entries beyond their limits are refused, without affecting the others.
        """
        return await self._transact(self._queue.ledger.enter, entries)

    async def add_consumption(self, days: Days) -> None:
        """Add to what models did by day, which all processes on the collection share."""
        await self._transact(self._queue.consumption.add, days)

    async def consumption(self, since: int) -> Days:
        """Return what models did by day, from a day on; days without any are missing."""
        return await self._ask(self._queue.consumption.list, since)

    async def access_keys(self) -> list[AccessKey]:
        """Return the keys that open a server on this collection, revoked ones too."""
        return await self._ask(self._access_keys.list)

    async def put_access_key(self, key: AccessKey) -> None:
        """Store a key, in place of the one with its id. It is durable on return."""
        await self._transact(self._access_keys.put, key)

    async def identity(self) -> EmbedderIdentity | None:
        """Return the embedder of the stored vectors; ``None`` if there are none yet."""
        return await self._ask(self._embedder.find)

    async def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        """Return a page of memories, including superseded and expired ones, with all their data.

        Args:
            scope: the scope; ``None`` matches any id.
            expression: a filter.
            after: the last id of the previous page.
            limit: maximum number of memories.
            vectors: whether to include vectors and terms.
        """
        found = await self._ask(self._transfer.scan, scope, expression, after, limit, vectors)
        self._accesses.include([stored.row for stored in found])
        return found

    async def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        """Return a page of source turns."""
        return await self._ask(self._transfer.scan_turns, scope, after, limit)

    async def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        """Return the source turns that have these ids."""
        return await self._ask(self._transfer.get_turns, ids)

    async def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        """Return a page of the history of deleted memories; the ids are those of the entries."""
        return await self._ask(self._transfer.scan_deleted, after, limit)

    async def prepare_switch(self, identity: EmbedderIdentity, *, everything: bool) -> int:
        """Create the table for the vectors of another embedder.

        Vectors that an earlier call stored for the same embedder are kept; those of other embedders are
        dropped.

        Args:
            identity: the embedder.
            everything: whether memories that have a vector of this embedder get another one too.

        Returns:
            The number of memories without a vector of this embedder. If the store's vectors are of this
            embedder already, the number of memories without any vector, or of all with ``everything``.
        """
        await self._transact(self._prepared, self._transfer.add_shadow)
        return await self._transact(self._transfer.prepare_switch, identity, everything)

    async def missing_embeddings(
        self, identity: EmbedderIdentity, after: int, limit: int, *, everything: bool
    ) -> list[Row]:
        """Return a page of the memories that ``prepare_switch`` counts and for whose present text
        ``keep_embeddings`` was given no vector."""
        return await self._ask(self._transfer.missing_embeddings, identity, everything, after, limit)

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        """Store vectors for ``switch``; no search reads them."""
        await self._transact(self._transfer.keep_embeddings, embeddings)

    async def switch(self, identity: EmbedderIdentity, *, everything: bool) -> bool:
        """Replace the vectors by those of ``keep_embeddings``, and record their embedder, in one transaction.

        From then on, ``apply`` and ``search`` of every other open store on this collection raise
        ``EmbeddingMismatchError``, since their vectors are no longer comparable.

        Args:
            identity: the embedder.
            everything: as of ``prepare_switch``.

        Returns:
            ``False`` if a memory was added or changed and has no new vector; nothing was changed then.
        """
        switched: bool
        switched, refuses_former = await self._transact(
            self._prepared, self._transfer.switch, identity, everything
        )
        if refuses_former:
            self._embedder.forget()
        return switched

    @property
    def place(self) -> str:
        """The database and the collection, for messages."""
        return self._embedder.place

    async def find_move(self, user_id: str) -> Move | None:
        """Return the note of a user's move; see `_core.transfer.moves`."""
        return await self._ask(self._moves.find, user_id)

    async def note_move(self, user_id: str, move: Move, expected: Iterable[MoveState | None]) -> None:
        """Write the note of a move, which must be in one of these states, after all writes before it."""
        await self._transact(self._moves.note, user_id, move, frozenset(expected))

    async def forget_move(self, user_id: str, move: Move) -> None:
        """Remove the note of a move, if it is still there."""
        await self._transact(self._moves.forget, user_id, move)

    async def holdings(self, user_id: str) -> Holdings:
        """Return the names of what there is of a user, but for the history of memories."""
        await self._write_accesses()
        return await self._ask(self._moves.holdings, user_id)

    async def entries(self, memory_ids: Sequence[int]) -> dict[int, int]:
        """Return the ids of the history of memories, each with its memory."""
        return await self._ask(self._moves.entries, memory_ids)

    async def departing_memories(self, user_id: str, ids: Sequence[int]) -> list[Stored]:
        """Return memories with vectors and terms, without history and turns."""
        return await self._ask(self._moves.memories, user_id, ids)

    async def departing_turns(self, user_id: str, ids: Sequence[int]) -> list[Turn]:
        """Return source turns."""
        return await self._ask(self._moves.turns, user_id, ids)

    async def departing_entries(self, memory_ids: Sequence[int]) -> list[HistoryEntry]:
        """Return the history of memories."""
        return await self._ask(self._moves.history, memory_ids)

    async def departing_preferences(self, user_id: str, ids: Sequence[int]) -> list[Preference]:
        """Return preferences."""
        return await self._ask(self._moves.preferences, user_id, ids)

    async def departing_results(
        self, user_id: str, keys: Sequence[tuple[str, str, str]], notes: Sequence[str]
    ) -> list[KeptResult]:
        """Return results kept under idempotency keys, and notes of finished calls."""
        return await self._ask(self._moves.results, user_id, keys, notes)

    async def departing_work(self, user_id: str) -> Work:
        """Return the background work of a user that was closed."""
        return await self._ask(self._moves.work, user_id)

    async def clear_arriving(self, user_id: str, move: Move, difference: Difference) -> None:
        """Remove what is no longer where an arriving user comes from, or has changed there."""
        await self._transact(self._moves.clear, user_id, move, difference)

    async def store_arriving(self, user_id: str, move: Move, load: Load) -> None:
        """Store a page of an arriving user; what is there already stays."""
        await self._transact(self._moves.store, user_id, move, load)

    async def complete_move(self, user_id: str, move: Move, work: Work) -> None:
        """Accept writes of an arriving user from now on, and store their background work."""
        await self._transact(self._moves.switch, user_id, move, work)

    async def purge_part(self, user_id: str, move: Move, expected: MoveState) -> bool:
        """Remove a part of everything of a user without a trace; return whether it was the last one."""
        return await self._transact(self._moves.purge, user_id, move, expected)
