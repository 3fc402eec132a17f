# Generated from src/powermem/_async/stores/sqlite.py by scripts/run_unasync.py; edit that file instead.
"""The SQLite store: the blocking engine behind threads, with the work of concurrent callers put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ..._concurrency import Batcher, Threads
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
from .queue import QueueStore

T = TypeVar("T")

_READERS = 4
_MAX_BATCHES_PER_COMMIT = 256
_MAX_SEARCHES_PER_PASS = 16


class SQLiteStore(QueueStore):
    """Memories in one SQLite file.

    Args:
        engine: the blocking part; not open yet.
    """

    name = "sqlite"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = engine.queue
        self._write_thread = Threads("powermem-sqlite-writer", 1)
        self._read_threads = Threads("powermem-sqlite-reader", _READERS)
        self._commits: Batcher[Sequence[Change], list[Outcome]] = Batcher(
            self._commit, max_size=_MAX_BATCHES_PER_COMMIT
        )
        self._searches: Batcher[SearchRequest, list[Hit]] = Batcher(
            self._search, max_size=_MAX_SEARCHES_PER_PASS, max_running=2
        )

    @property
    def commits(self) -> int:
        """How many transactions were committed."""
        return self._engine.commits

    @property
    def read_only(self) -> bool:
        return self._engine.read_only

    def open(self) -> None:
        self._write_thread.run(self._engine.open)

    def close(self) -> None:
        self._commits.close()
        self._searches.close()
        try:
            self._write_thread.run(self._engine.close)
        finally:
            self._write_thread.close()
            self._read_threads.close()

    def identify(self, identity: EmbedderIdentity) -> None:
        self._write_thread.run(self._engine.identify, identity)

    def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        return self._commits.submit(changes)

    def _commit(self, batches: list[Sequence[Change]]) -> list[list[Outcome] | Exception]:
        return self._write_thread.run(self._engine.apply, batches)

    def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        hits = self._searches.submit_many(requests)
        if touch:
            self._engine.touch([hit.row.id for found in hits for hit in found])
        return hits

    def _search(self, requests: list[SearchRequest]) -> list[list[Hit] | Exception]:
        return list(self._read_threads.run(self._engine.search, requests))

    def get_many(
        self, ids: Sequence[int], *, touch: bool = False, user_id: str | None = None
    ) -> dict[int, Row]:
        rows = self._read_threads.run(self._engine.get_many, ids)
        if touch:
            self._engine.touch(list(rows))
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
        return self._read_threads.run(
            self._engine.list_rows,
            scope,
            expression,
            sort_by=sort_by,
            descending=descending,
            limit=limit,
            offset=offset,
        )

    def count(self, scope: Scope, expression: Expression | None) -> int:
        return self._read_threads.run(self._engine.count, scope, expression)

    def users(self) -> list[str]:
        return self._read_threads.run(self._engine.users)

    def history(self, memory_id: int) -> list[HistoryEntry]:
        return self._read_threads.run(self._engine.history, memory_id)

    def turns(self, memory_id: int) -> list[Turn]:
        return self._read_threads.run(self._engine.turns, memory_id)

    def recall_request(self, scope: Scope, key: str) -> str | None:
        return self._read_threads.run(self._engine.recall_request, scope, key)

    def statistics(self, scope: Scope, since: int | None) -> Statistics:
        return self._write_thread.run(self._engine.statistics, scope, since)

    def reset(self) -> None:
        self._write_thread.run(self._engine.reset)

    def identity(self) -> EmbedderIdentity | None:
        return self._read_threads.run(self._engine.identity)

    def scan(
        self, scope: Scope, expression: Expression | None, after: int, limit: int, *, vectors: bool = False
    ) -> list[Stored]:
        return self._read_threads.run(self._engine.scan, scope, expression, after, limit, vectors=vectors)

    def scan_turns(self, scope: Scope, after: int, limit: int) -> list[Turn]:
        return self._read_threads.run(self._engine.scan_turns, scope, after, limit)

    def get_turns(self, ids: Sequence[int]) -> list[Turn]:
        return self._read_threads.run(self._engine.get_turns, ids)

    def scan_deleted(self, after: int, limit: int) -> list[HistoryEntry]:
        return self._read_threads.run(self._engine.scan_deleted, after, limit)

    def prepare_switch(self, identity: EmbedderIdentity) -> int:
        return self._write_thread.run(self._engine.prepare_switch, identity)

    def missing_embeddings(self, identity: EmbedderIdentity, after: int, limit: int) -> list[Row]:
        return self._write_thread.run(self._engine.missing_embeddings, identity, after, limit)

    def keep_embeddings(self, embeddings: Sequence[Embedding]) -> None:
        self._write_thread.run(self._engine.keep_embeddings, embeddings)

    def switch(self, identity: EmbedderIdentity) -> bool:
        return self._write_thread.run(self._engine.switch, identity)

    def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return self._write_thread.run(self._engine.transact, work, *args)

    def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return self._read_threads.run(self._engine.ask, work, *args)
