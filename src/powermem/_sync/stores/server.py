# Generated from src/powermem/_async/stores/server.py by scripts/run_unasync.py; edit that file instead.
"""What the stores on database servers have in common; how they search is their own."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial

from ..._concurrency import Batcher, gather, sleep
from ..._drivers.base import (
    CommitUnknownError,
    Connection,
    ConnectionLostError,
    Driver,
    NoReplyError,
    ReadOnlyServerError,
    TransactionAbortedError,
)
from ...accesses import Accesses
from ...changes import Change, Outcome
from ...clock import now as clock_now
from ...errors import EmbeddingMismatchError, StoreError, StoreUnavailableError
from ...filters import Expression
from ...sql.evidence import evidence
from ...sql.server import NewColumn, ServerSQL
from ...types import (
    EmbedderIdentity,
    Embedding,
    HistoryEntry,
    Hit,
    Row,
    Scope,
    SearchRequest,
    Statistics,
    Stored,
    Turn,
)
from .locking import PAUSES, count_accesses, lock_memories
from .mover import ServerMover
from .pool import Pool, Reader
from .queue import ServerQueueStore, lock_lanes
from .reader import ServerReader
from .writer import ServerWriter

_logger = logging.getLogger("powermem")

_MAX_BATCHES_PER_COMMIT = 256
_MAX_SEARCHES_AT_ONCE = 4


class ServerStore(ServerQueueStore):
    """Memories on a database server.

    Args:
        driver: opens connections.
        sql: the collection's statements.
        least: how many connections to open at once.
        most: how many there may be.
        recycle: seconds after which a connection is replaced; negative for never.
        timeout: seconds to wait for a connection while all are in use.
    """

    def __init__(
        self,
        driver: Driver,
        sql: ServerSQL,
        *,
        least: int = 1,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        self._where = f"{driver.server}"
        self._sql = sql
        self._pool = Pool(driver, least=least, most=most, recycle=recycle, timeout=timeout)
        self._writer = ServerWriter(sql)
        self._queue = self._writer.queue
        self._reader = ServerReader(sql)
        # What a transaction changes is left to those who look for it.
        self._mover = ServerMover(sql, lambda connection, rows: None)
        self._accesses = Accesses()
        self._commits: Batcher[Sequence[Change], list[Outcome]] = Batcher(
            self._commit, max_size=_MAX_BATCHES_PER_COMMIT
        )
        self._switches: int | None = None
        self.commits = 0
        """How many transactions were committed."""

    @abstractmethod
    def _search(self, request: SearchRequest) -> list[Hit]:
        """Answer one search, best first, unless there was a switch to another embedder."""

    def _prepare(self, connection: Connection) -> None:
        """Check the server and keep other processes from creating the schema meanwhile."""

    def _enter(self, connection: Connection) -> None:
        """Lock what all who write lock first, where there is such a thing."""

    def _adopt(self, connection: Connection, identity: EmbedderIdentity) -> None:
        """Get ready for vectors of this embedder, which are the first."""

    def _abandon(self, connection: Connection) -> None:
        """Give up what was made ready for the vectors that are about to go."""

    def open(self) -> None:
        self._pool.open()
        try:
            self._migrate()
        except BaseException:
            self._pool.close()
            raise

    def close(self) -> None:
        self._commits.close()
        try:
            self._write_accesses()
        finally:
            self._pool.close()

    def _migrate(self) -> None:
        sql = self._sql
        with self._pool.transaction() as connection:
            self._prepare(connection)
            known = sql.exists()
            if not connection.fetch(known.sql, known.values):
                for statement in sql.schema():
                    connection.execute(statement)
                self._set_meta(connection, "schema_version", str(sql.schema_version))
                self._set_meta(connection, "switches", "0")
                self._note_migration(connection, sql.schema_version)
                return
            version = int(self._meta(connection, "schema_version") or 0)
            if version > sql.schema_version:
                raise StoreError(
                    f"{self._where}: collection {sql.collection!r} was written by a newer powermem (schema "
                    f"{version}, this one knows {sql.schema_version}); upgrade powermem"
                )
            steps = sql.steps()
            for step in range(version, sql.schema_version):
                for change in steps[step]:
                    if isinstance(change, str):
                        connection.execute(change)
                    else:
                        self._add_column(connection, change)
                self._set_meta(connection, "schema_version", str(step + 1))
                self._note_migration(connection, step + 1)

    def _add_column(self, connection: Connection, new: NewColumn) -> None:
        known = new.known
        if connection.fetch(known.sql, known.values):
            return
        try:
            connection.execute(new.statement)
        except StoreError:
            # Such a statement ends the transaction that keeps others from doing the same.
            if not connection.fetch(known.sql, known.values):
                raise

    def _note_migration(self, connection: Connection, version: int) -> None:
        sql = self._sql.inserting(self._sql.migrations, "version, applied_at", once=True)
        connection.execute(sql, (version, clock_now()))

    def _meta(self, connection: Reader | Connection, name: str, lock: str = "") -> str | None:
        found = connection.fetch(f"SELECT value FROM {self._sql.meta} WHERE name = ?{lock}", (name,))
        return found[0][0] if found else None

    def _set_meta(self, connection: Connection, name: str, value: str) -> None:
        connection.execute(self._sql.setting(), (name, value))

    def _identity(self, connection: Reader | Connection) -> EmbedderIdentity | None:
        found = dict(
            connection.fetch(
                f"SELECT name, value FROM {self._sql.meta} WHERE name IN ('embedder', 'model', 'dimension')"
            )
        )
        if "dimension" not in found:
            return None
        return EmbedderIdentity(found["embedder"], found["model"], int(found["dimension"]))

    def _set_identity(self, connection: Connection, identity: EmbedderIdentity) -> None:
        dimension = str(identity.dimension)
        named = {"embedder": identity.provider, "model": identity.model, "dimension": dimension}
        for name, value in named.items():
            self._set_meta(connection, name, value)
        self._adopt(connection, identity)

    def identify(self, identity: EmbedderIdentity) -> None:
        with self._pool.reading() as reader:
            stored = self._identity(reader)
            switches = self._meta(reader, "switches")
        if stored is None:
            if identity.dimension is None:
                return
            settled = self._carry_out(partial(self._settle, identity))
            stored, switches = settled
        if not stored.accepts(identity):
            raise EmbeddingMismatchError(
                f"{self._where}: collection {self._sql.collection!r} holds vectors of {stored}, but the "
                f"configured embedder is {identity}; configure the former again, or move the memories to the "
                "new one with reembed()"
            )
        self._switches = int(switches or 0)

    def _settle(
        self, identity: EmbedderIdentity, connection: Connection
    ) -> tuple[EmbedderIdentity, str | None]:
        """Return whose vectors the collection holds, from now on this embedder's where there were none."""
        self._prepare(connection)
        stored = self._identity(connection)
        if stored is None:
            self._set_identity(connection, identity)
            stored = identity
        return stored, self._meta(connection, "switches")

    def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        return self._commits.submit(changes)

    def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        try:
            return self._write(batches)
        except (StoreUnavailableError, TransactionAbortedError):
            raise
        except StoreError:
            if len(batches) == 1:
                raise
        # Nothing was applied. What the server refuses in one batch must not fail the others.
        results: list[list[Outcome] | Exception] = []
        for batch in batches:
            try:
                results += self._write([batch])
            except Exception as error:
                results.append(error)
        return results

    def _write(self, batches: Sequence[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        """Apply batches in one transaction, again when it was not carried out through no fault of theirs."""
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            counts = self._accesses.take()
            results: list[list[Outcome] | Exception] = []
            try:
                with self._pool.transaction() as connection:
                    self._enter(connection)
                    lock_lanes(connection, self._queue, batches)
                    lock_memories(connection, self._sql, batches, counts)
                    if counts:
                        count_accesses(connection, self._sql, counts)
                    if batches:
                        # Whoever wants to replace the vectors waits until these are written.
                        self._check_embedder(connection, self._sql.sharing)
                    results = self._writer.apply(connection, batches) if batches else []
            except TransactionAbortedError:
                self._accesses.put_back(counts)
                pause = next(pauses, None)
                if pause is None:
                    raise
                sleep(pause)
            except CommitUnknownError as error:
                if self._was_committed(batches, results, error):
                    break
                self._accesses.put_back(counts)
                if not repeatable:
                    raise
                repeatable = False
            except (ConnectionLostError, ReadOnlyServerError) as error:
                # Nothing was written. Another connection may lead to a server that is up, or a primary.
                self._accesses.put_back(counts)
                if isinstance(error, NoReplyError) or not repeatable:
                    raise
                repeatable = False
            except BaseException:
                self._accesses.put_back(counts)
                raise
            else:
                break
        self.commits += 1
        return results

    def _write_accesses(self) -> None:
        """Write down how often memories were read, where this account may write at all."""
        if not self._accesses:
            return
        try:
            self._write([])
        except StoreError as error:
            if isinstance(error, StoreUnavailableError) and not isinstance(error, ReadOnlyServerError):
                raise
            _logger.warning("how often memories were read is not kept: %s", error)

    def _was_committed(
        self,
        batches: Sequence[Sequence[Change]],
        results: Sequence[Sequence[Outcome] | Exception],
        error: CommitUnknownError,
    ) -> bool:
        """Return whether a transaction was carried out whose end nobody reported.

        Raises:
            CommitUnknownError: the server cannot be asked, or the transaction left no trace of its own.
        """
        trace = evidence(self._sql, batches, results) if results else None
        if trace is None:
            raise error
        try:
            with self._pool.transaction() as connection:
                # Whoever writes holds one of these locks until the end.
                self._enter(connection)
                self._meta(connection, "switches", " FOR UPDATE")
                return bool(connection.fetch(trace.sql, trace.values))
        except StoreError as failure:
            raise error from failure

    def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        try:
            answers = self._search_all(requests)
        except StoreError:
            # Vectors of another length cannot even be compared: then that is what went wrong.
            with self._pool.reading() as reader:
                self._check_embedder(reader)
            raise
        for hits in answers:
            self._accesses.include([hit.row for hit in hits])
        if touch:
            self._accesses.add(hit.row.id for hits in answers for hit in hits)
        return answers

    def _search_all(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        if len(requests) == 1:
            return [self._search(requests[0])]
        calls = [partial(self._search, request) for request in requests]
        return gather(calls, _MAX_SEARCHES_AT_ONCE)

    def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        with self._pool.reading() as reader:
            rows = self._reader.get_many(reader, ids, user_id)
        self._accesses.include(list(rows.values()))
        if touch:
            self._accesses.add(rows)
        return rows

    def list_rows(
        self,
        scope: Scope,
        expression: Expression | None,
        *,
        sort_by: str,
        descending: bool,
        limit: int,
        offset: int,
    ) -> tuple[list[Row], int]:
        with self._pool.reading() as reader:
            rows, total = self._reader.list_rows(
                reader,
                scope,
                expression,
                now=clock_now(),
                sort_by=sort_by,
                descending=descending,
                limit=limit,
                offset=offset,
            )
        self._accesses.include(rows)
        return rows, total

    def count(self, scope: Scope, expression: Expression | None) -> int:
        with self._pool.reading() as reader:
            return self._reader.count(reader, scope, expression, now=clock_now())

    def users(self) -> list[str]:
        with self._pool.reading() as reader:
            return self._reader.users(reader)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        with self._pool.reading() as reader:
            return self._reader.history(reader, memory_id)

    def turns(self, memory_id: int) -> list[Turn]:
        with self._pool.reading() as reader:
            return self._reader.turns(reader, memory_id)

    def recall_request(self, scope: Scope, key: str) -> str | None:
        with self._pool.reading() as reader:
            return self._reader.recall_request(reader, scope, key)

    def statistics(self, scope: Scope, since: int | None) -> Statistics:
        self._write_accesses()
        with self._pool.reading() as reader:
            return self._reader.statistics(reader, scope, now=clock_now(), since=since)

    def reset(self) -> None:
        self._carry_out(self._empty)

    def _empty(self, connection: Connection) -> None:
        self._enter(connection)
        for statement in self._sql.emptying():
            connection.execute(statement)

    def identity(self) -> EmbedderIdentity | None:
        with self._pool.reading() as reader:
            return self._identity(reader)

    def _check_embedder(self, connection: Reader | Connection, lock: str = "") -> None:
        # Another process may have moved the memories to another embedder since this one was let in.
        if self._switches is None:
            return
        self._refuse_switched(connection, self._meta(connection, "switches", lock))

    def _refuse_switched(self, connection: Reader | Connection, switches: str | None) -> None:
        """Raise ``EmbeddingMismatchError`` when there were more switches than at the start."""
        if self._switches is not None and int(switches or 0) != self._switches:
            identity = self._identity(connection)
            raise EmbeddingMismatchError(
                f"{self._where}: collection {self._sql.collection!r} was moved to the vectors of {identity} "
                "while it was open; configure that embedder and open it again"
            )

    def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        with self._pool.reading() as reader:
            found = self._mover.scan(reader, scope, expression, after, limit, vectors=vectors)
        self._accesses.include([stored.row for stored in found])
        return found

    def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        with self._pool.reading() as reader:
            return self._mover.scan_turns(reader, scope, after, limit)

    def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        with self._pool.reading() as reader:
            return self._mover.get_turns(reader, ids)

    def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        with self._pool.reading() as reader:
            return self._mover.scan_deleted(reader, after, limit)

    def prepare_switch(self, identity: EmbedderIdentity) -> int:
        self._carry_out(self._add_shadow)
        return self._carry_out(partial(self._begin_switch, identity))

    def _add_shadow(self, connection: Connection) -> None:
        self._prepare(connection)
        connection.execute(self._sql.shadow_table())

    def _begin_switch(self, identity: EmbedderIdentity, connection: Connection) -> int:
        if self._meta(connection, "shadow", " FOR UPDATE") != str(identity):
            self._mover.discard(connection)
            self._set_meta(connection, "shadow", str(identity))
        every = self._identity(connection) != identity
        return self._mover.count_missing(connection, every=every)

    def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        with self._pool.reading() as reader:
            every = self._identity(reader) != identity
            return self._mover.missing(reader, after, limit, every=every)

    def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        self._carry_out(partial(self._keep, embeddings))

    def _keep(self, embeddings: Sequence[Embedding], connection: Connection) -> None:
        # Two that move the same memories take turns.
        self._meta(connection, "shadow", " FOR UPDATE")
        self._mover.keep(connection, embeddings)

    def switch(self, identity: EmbedderIdentity) -> bool:
        switched, refuses_former = self._carry_out(partial(self._switch, identity))
        if refuses_former:
            self._switches = None
        return switched

    def _switch(self, identity: EmbedderIdentity, connection: Connection) -> tuple[bool, bool]:
        """Return whether the vectors were replaced, and whether those of another embedder were."""
        self._prepare(connection)
        self._meta(connection, "shadow", " FOR UPDATE")
        switches = int(self._meta(connection, "switches", " FOR UPDATE") or 0)
        former = self._identity(connection)
        if self._mover.count_missing(connection, every=former != identity):
            return False, False
        self._abandon(connection)
        self._mover.swap(connection)
        self._set_identity(connection, identity)
        self._set_meta(connection, "shadow", "")
        if former in (None, identity):
            return True, False
        self._set_meta(connection, "switches", str(switches + 1))
        return True, True
