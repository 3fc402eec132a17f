"""The SQLite store: the blocking engine behind threads, with the work of concurrent callers put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..._concurrency import AsyncBatcher, AsyncThreads
from ...changes import Change, Outcome
from ...filters import Expression
from ...sql.steps import Steps
from ...sqlite.engine import Engine
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
from .queue import AsyncQueueStore

T = TypeVar("T")

_READERS = 4
_MAX_BATCHES_PER_COMMIT = 256
_MAX_SEARCHES_PER_PASS = 16


class AsyncSQLiteStore(AsyncQueueStore):
    """Memories in one SQLite file.

    Args:
        engine: the blocking part; not open yet.
    """

    name = "sqlite"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = engine.queue
        self._write_thread = AsyncThreads("powermem-sqlite-writer", 1)
        self._read_threads = AsyncThreads("powermem-sqlite-reader", _READERS)
        self._commits: AsyncBatcher[Sequence[Change], list[Outcome]] = AsyncBatcher(
            self._commit, max_size=_MAX_BATCHES_PER_COMMIT
        )
        self._searches: AsyncBatcher[SearchRequest, list[Hit]] = AsyncBatcher(
            self._search, max_size=_MAX_SEARCHES_PER_PASS, max_running=2
        )

    @property
    def commits(self) -> int:
        """How many transactions were committed."""
        return self._engine.commits

    @property
    def read_only(self) -> bool:
        return self._engine.read_only

    async def open(self) -> None:
        await self._write_thread.run(self._engine.open)

    async def close(self) -> None:
        await self._commits.close()
        await self._searches.close()
        try:
            await self._write_thread.run(self._engine.close)
        finally:
            await self._write_thread.close()
            await self._read_threads.close()

    async def identify(self, identity: EmbedderIdentity) -> None:
        await self._write_thread.run(self._engine.identify, identity)

    async def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        return await self._commits.submit(changes)

    async def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        return await self._write_thread.run(self._engine.apply, batches)

    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        hits = await self._searches.submit_many(requests)
        if touch:
            self._engine.touch([hit.row.id for found in hits for hit in found])
        return hits

    async def _search(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception]:
        return list(await self._read_threads.run(self._engine.search, requests))

    async def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        rows = await self._read_threads.run(self._engine.get_many, ids)
        if touch:
            self._engine.touch(list(rows))
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
        return await self._read_threads.run(
            self._engine.list_rows,
            scope,
            expression,
            sort_by=sort_by,
            descending=descending,
            limit=limit,
            offset=offset,
        )

    async def count(self, scope: Scope, expression: Expression | None) -> int:
        return await self._read_threads.run(self._engine.count, scope, expression)

    async def users(self) -> list[str]:
        return await self._read_threads.run(self._engine.users)

    async def history(self, memory_id: int) -> list[HistoryEntry]:
        return await self._read_threads.run(self._engine.history, memory_id)

    async def turns(self, memory_id: int) -> list[Turn]:
        return await self._read_threads.run(self._engine.turns, memory_id)

    async def recall_request(self, scope: Scope, key: str) -> str | None:
        return await self._read_threads.run(self._engine.recall_request, scope, key)

    async def statistics(self, scope: Scope, since: int | None) -> Statistics:
        return await self._write_thread.run(self._engine.statistics, scope, since)

    async def reset(self) -> None:
        await self._write_thread.run(self._engine.reset)

    async def identity(self) -> EmbedderIdentity | None:
        return await self._read_threads.run(self._engine.identity)

    async def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        return await self._read_threads.run(
            self._engine.scan, scope, expression, after, limit, vectors=vectors
        )

    async def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        return await self._read_threads.run(self._engine.scan_turns, scope, after, limit)

    async def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        return await self._read_threads.run(self._engine.get_turns, ids)

    async def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        return await self._read_threads.run(self._engine.scan_deleted, after, limit)

    async def prepare_switch(self, identity: EmbedderIdentity) -> int:
        return await self._write_thread.run(self._engine.prepare_switch, identity)

    async def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        return await self._write_thread.run(self._engine.missing_embeddings, identity, after, limit)

    async def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        await self._write_thread.run(self._engine.keep_embeddings, embeddings)

    async def switch(self, identity: EmbedderIdentity) -> bool:
        return await self._write_thread.run(self._engine.switch, identity)

    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return await self._write_thread.run(self._engine.transact, work, *args)

    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return await self._read_threads.run(self._engine.ask, work, *args)
