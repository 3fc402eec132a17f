"""What the stores on database servers have in common; how they search is their own."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial

from ..._concurrency import AsyncBatcher, async_gather, async_sleep
from ..._drivers.base import (
    AsyncConnection,
    AsyncDriver,
    CommitUnknownError,
    ConnectionLostError,
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
from .locking import PAUSES, async_count_accesses, async_lock_memories
from .mover import AsyncServerMover
from .pool import AsyncPool, AsyncReader
from .queue import AsyncServerQueueStore, async_lock_lanes
from .reader import AsyncServerReader
from .writer import AsyncServerWriter

_logger = logging.getLogger("powermem")

_MAX_BATCHES_PER_COMMIT = 256
_MAX_SEARCHES_AT_ONCE = 4


class AsyncServerStore(AsyncServerQueueStore):
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
        driver: AsyncDriver,
        sql: ServerSQL,
        *,
        least: int = 1,
        most: int = 10,
        recycle: float = 3600,
        timeout: float = 60,
    ) -> None:
        self._where = f"{driver.server}"
        self._sql = sql
        self._pool = AsyncPool(driver, least=least, most=most, recycle=recycle, timeout=timeout)
        self._writer = AsyncServerWriter(sql)
        self._queue = self._writer.queue
        self._reader = AsyncServerReader(sql)
        # What a transaction changes is left to those who look for it.
        self._mover = AsyncServerMover(sql, lambda connection, rows: None)
        self._accesses = Accesses()
        self._commits: AsyncBatcher[Sequence[Change], list[Outcome]] = AsyncBatcher(
            self._commit, max_size=_MAX_BATCHES_PER_COMMIT
        )
        self._switches: int | None = None
        self.commits = 0
        """How many transactions were committed."""

    @abstractmethod
    async def _search(self, request: SearchRequest) -> list[Hit]:
        """Answer one search, best first, unless there was a switch to another embedder."""

    async def _prepare(self, connection: AsyncConnection) -> None:
        """Check the server and keep other processes from creating the schema meanwhile."""

    async def _enter(self, connection: AsyncConnection) -> None:
        """Lock what all who write lock first, where there is such a thing."""

    async def _adopt(self, connection: AsyncConnection, identity: EmbedderIdentity) -> None:
        """Get ready for vectors of this embedder, which are the first."""

    async def _abandon(self, connection: AsyncConnection) -> None:
        """Give up what was made ready for the vectors that are about to go."""

    async def open(self) -> None:
        await self._pool.open()
        try:
            await self._migrate()
        except BaseException:
            await self._pool.close()
            raise

    async def close(self) -> None:
        await self._commits.close()
        try:
            await self._write_accesses()
        finally:
            await self._pool.close()

    async def _migrate(self) -> None:
        sql = self._sql
        async with self._pool.transaction() as connection:
            await self._prepare(connection)
            known = sql.exists()
            if not await connection.fetch(known.sql, known.values):
                for statement in sql.schema():
                    await connection.execute(statement)
                await self._set_meta(connection, "schema_version", str(sql.schema_version))
                await self._set_meta(connection, "switches", "0")
                await self._note_migration(connection, sql.schema_version)
                return
            version = int(await self._meta(connection, "schema_version") or 0)
            if version > sql.schema_version:
                raise StoreError(
                    f"{self._where}: collection {sql.collection!r} was written by a newer powermem (schema "
                    f"{version}, this one knows {sql.schema_version}); upgrade powermem"
                )
            steps = sql.steps()
            for step in range(version, sql.schema_version):
                for change in steps[step]:
                    if isinstance(change, str):
                        await connection.execute(change)
                    else:
                        await self._add_column(connection, change)
                await self._set_meta(connection, "schema_version", str(step + 1))
                await self._note_migration(connection, step + 1)

    async def _add_column(self, connection: AsyncConnection, new: NewColumn) -> None:
        known = new.known
        if await connection.fetch(known.sql, known.values):
            return
        try:
            await connection.execute(new.statement)
        except StoreError:
            # Such a statement ends the transaction that keeps others from doing the same.
            if not await connection.fetch(known.sql, known.values):
                raise

    async def _note_migration(self, connection: AsyncConnection, version: int) -> None:
        sql = self._sql.inserting(self._sql.migrations, "version, applied_at", once=True)
        await connection.execute(sql, (version, clock_now()))

    async def _meta(self, connection: AsyncReader | AsyncConnection, name: str, lock: str = "") -> str | None:
        found = await connection.fetch(f"SELECT value FROM {self._sql.meta} WHERE name = ?{lock}", (name,))
        return found[0][0] if found else None

    async def _set_meta(self, connection: AsyncConnection, name: str, value: str) -> None:
        await connection.execute(self._sql.setting(), (name, value))

    async def _identity(self, connection: AsyncReader | AsyncConnection) -> EmbedderIdentity | None:
        found = dict(
            await connection.fetch(
                f"SELECT name, value FROM {self._sql.meta} WHERE name IN ('embedder', 'model', 'dimension')"
            )
        )
        if "dimension" not in found:
            return None
        return EmbedderIdentity(found["embedder"], found["model"], int(found["dimension"]))

    async def _set_identity(self, connection: AsyncConnection, identity: EmbedderIdentity) -> None:
        dimension = str(identity.dimension)
        named = {"embedder": identity.provider, "model": identity.model, "dimension": dimension}
        for name, value in named.items():
            await self._set_meta(connection, name, value)
        await self._adopt(connection, identity)

    async def identify(self, identity: EmbedderIdentity) -> None:
        async with self._pool.reading() as reader:
            stored = await self._identity(reader)
            switches = await self._meta(reader, "switches")
        if stored is None:
            if identity.dimension is None:
                return
            settled = await self._carry_out(partial(self._settle, identity))
            stored, switches = settled
        if not stored.accepts(identity):
            raise EmbeddingMismatchError(
                f"{self._where}: collection {self._sql.collection!r} holds vectors of {stored}, but the "
                f"configured embedder is {identity}; configure the former again, or move the memories to the "
                "new one with reembed()"
            )
        self._switches = int(switches or 0)

    async def _settle(
        self, identity: EmbedderIdentity, connection: AsyncConnection
    ) -> tuple[EmbedderIdentity, str | None]:
        """Return whose vectors the collection holds, from now on this embedder's where there were none."""
        await self._prepare(connection)
        stored = await self._identity(connection)
        if stored is None:
            await self._set_identity(connection, identity)
            stored = identity
        return stored, await self._meta(connection, "switches")

    async def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        return await self._commits.submit(changes)

    async def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        try:
            return await self._write(batches)
        except (StoreUnavailableError, TransactionAbortedError):
            raise
        except StoreError:
            if len(batches) == 1:
                raise
        # Nothing was applied. What the server refuses in one batch must not fail the others.
        results: list[list[Outcome] | Exception] = []
        for batch in batches:
            try:
                results += await self._write([batch])
            except Exception as error:
                results.append(error)
        return results

    async def _write(self, batches: Sequence[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        """Apply batches in one transaction, again when it was not carried out through no fault of theirs."""
        pauses = iter(PAUSES)
        repeatable = True
        while True:
            counts = self._accesses.take()
            results: list[list[Outcome] | Exception] = []
            try:
                async with self._pool.transaction() as connection:
                    await self._enter(connection)
                    await async_lock_lanes(connection, self._queue, batches)
                    await async_lock_memories(connection, self._sql, batches, counts)
                    if counts:
                        await async_count_accesses(connection, self._sql, counts)
                    if batches:
                        # Whoever wants to replace the vectors waits until these are written.
                        await self._check_embedder(connection, self._sql.sharing)
                    results = await self._writer.apply(connection, batches) if batches else []
            except TransactionAbortedError:
                self._accesses.put_back(counts)
                pause = next(pauses, None)
                if pause is None:
                    raise
                await async_sleep(pause)
            except CommitUnknownError as error:
                if await self._was_committed(batches, results, error):
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

    async def _write_accesses(self) -> None:
        """Write down how often memories were read, where this account may write at all."""
        if not self._accesses:
            return
        try:
            await self._write([])
        except StoreError as error:
            if isinstance(error, StoreUnavailableError) and not isinstance(error, ReadOnlyServerError):
                raise
            _logger.warning("how often memories were read is not kept: %s", error)

    async def _was_committed(
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
            async with self._pool.transaction() as connection:
                # Whoever writes holds one of these locks until the end.
                await self._enter(connection)
                await self._meta(connection, "switches", " FOR UPDATE")
                return bool(await connection.fetch(trace.sql, trace.values))
        except StoreError as failure:
            raise error from failure

    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        try:
            answers = await self._search_all(requests)
        except StoreError:
            # Vectors of another length cannot even be compared: then that is what went wrong.
            async with self._pool.reading() as reader:
                await self._check_embedder(reader)
            raise
        for hits in answers:
            self._accesses.include([hit.row for hit in hits])
        if touch:
            self._accesses.add(hit.row.id for hits in answers for hit in hits)
        return answers

    async def _search_all(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        if len(requests) == 1:
            return [await self._search(requests[0])]
        calls = [partial(self._search, request) for request in requests]
        return await async_gather(calls, _MAX_SEARCHES_AT_ONCE)

    async def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        async with self._pool.reading() as reader:
            rows = await self._reader.get_many(reader, ids, user_id)
        self._accesses.include(list(rows.values()))
        if touch:
            self._accesses.add(rows)
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
    ) -> tuple[list[Row], int]:
        async with self._pool.reading() as reader:
            rows, total = await self._reader.list_rows(
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

    async def count(self, scope: Scope, expression: Expression | None) -> int:
        async with self._pool.reading() as reader:
            return await self._reader.count(reader, scope, expression, now=clock_now())

    async def users(self) -> list[str]:
        async with self._pool.reading() as reader:
            return await self._reader.users(reader)

    async def history(self, memory_id: int) -> list[HistoryEntry]:
        async with self._pool.reading() as reader:
            return await self._reader.history(reader, memory_id)

    async def turns(self, memory_id: int) -> list[Turn]:
        async with self._pool.reading() as reader:
            return await self._reader.turns(reader, memory_id)

    async def recall_request(self, scope: Scope, key: str) -> str | None:
        async with self._pool.reading() as reader:
            return await self._reader.recall_request(reader, scope, key)

    async def statistics(self, scope: Scope, since: int | None) -> Statistics:
        await self._write_accesses()
        async with self._pool.reading() as reader:
            return await self._reader.statistics(reader, scope, now=clock_now(), since=since)

    async def reset(self) -> None:
        await self._carry_out(self._empty)

    async def _empty(self, connection: AsyncConnection) -> None:
        await self._enter(connection)
        for statement in self._sql.emptying():
            await connection.execute(statement)

    async def identity(self) -> EmbedderIdentity | None:
        async with self._pool.reading() as reader:
            return await self._identity(reader)

    async def _check_embedder(self, connection: AsyncReader | AsyncConnection, lock: str = "") -> None:
        # Another process may have moved the memories to another embedder since this one was let in.
        if self._switches is None:
            return
        await self._refuse_switched(connection, await self._meta(connection, "switches", lock))

    async def _refuse_switched(self, connection: AsyncReader | AsyncConnection, switches: str | None) -> None:
        """Raise ``EmbeddingMismatchError`` when there were more switches than at the start."""
        if self._switches is not None and int(switches or 0) != self._switches:
            identity = await self._identity(connection)
            raise EmbeddingMismatchError(
                f"{self._where}: collection {self._sql.collection!r} was moved to the vectors of {identity} "
                "while it was open; configure that embedder and open it again"
            )

    async def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        async with self._pool.reading() as reader:
            found = await self._mover.scan(reader, scope, expression, after, limit, vectors=vectors)
        self._accesses.include([stored.row for stored in found])
        return found

    async def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        async with self._pool.reading() as reader:
            return await self._mover.scan_turns(reader, scope, after, limit)

    async def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        async with self._pool.reading() as reader:
            return await self._mover.get_turns(reader, ids)

    async def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        async with self._pool.reading() as reader:
            return await self._mover.scan_deleted(reader, after, limit)

    async def prepare_switch(self, identity: EmbedderIdentity) -> int:
        await self._carry_out(self._add_shadow)
        return await self._carry_out(partial(self._begin_switch, identity))

    async def _add_shadow(self, connection: AsyncConnection) -> None:
        await self._prepare(connection)
        await connection.execute(self._sql.shadow_table())

    async def _begin_switch(self, identity: EmbedderIdentity, connection: AsyncConnection) -> int:
        if await self._meta(connection, "shadow", " FOR UPDATE") != str(identity):
            await self._mover.discard(connection)
            await self._set_meta(connection, "shadow", str(identity))
        every = await self._identity(connection) != identity
        return await self._mover.count_missing(connection, every=every)

    async def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        async with self._pool.reading() as reader:
            every = await self._identity(reader) != identity
            return await self._mover.missing(reader, after, limit, every=every)

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        await self._carry_out(partial(self._keep, embeddings))

    async def _keep(self, embeddings: Sequence[Embedding], connection: AsyncConnection) -> None:
        # Two that move the same memories take turns.
        await self._meta(connection, "shadow", " FOR UPDATE")
        await self._mover.keep(connection, embeddings)

    async def switch(self, identity: EmbedderIdentity) -> bool:
        switched, refuses_former = await self._carry_out(partial(self._switch, identity))
        if refuses_former:
            self._switches = None
        return switched

    async def _switch(self, identity: EmbedderIdentity, connection: AsyncConnection) -> tuple[bool, bool]:
        """Return whether the vectors were replaced, and whether those of another embedder were."""
        await self._prepare(connection)
        await self._meta(connection, "shadow", " FOR UPDATE")
        switches = int(await self._meta(connection, "switches", " FOR UPDATE") or 0)
        former = await self._identity(connection)
        if await self._mover.count_missing(connection, every=former != identity):
            return False, False
        await self._abandon(connection)
        await self._mover.swap(connection)
        await self._set_identity(connection, identity)
        await self._set_meta(connection, "shadow", "")
        if former in (None, identity):
            return True, False
        await self._set_meta(connection, "switches", str(switches + 1))
        return True, True
