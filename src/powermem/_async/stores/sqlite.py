"""The SQLite store: runs the blocking engine on threads, and batches the work of concurrent callers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ..._concurrency import AsyncEvent, AsyncThreadBatcher, AsyncThreads, AsyncWorker
from ..._core.query.search import Hit, SearchRequest
from ..._core.sql.steps import Steps
from ..._sqlite.engine import Engine
from ...errors import PowerMemError, StoreError
from .base import MAX_BATCHES_PER_COMMIT, AsyncCollector, AsyncStore

T = TypeVar("T")

_logger = logging.getLogger("powermem")

_READERS = 4
_MAX_SEARCHES_PER_PASS = 16
# Seconds that closing waits for partitions that are being saved.
_PATIENCE = 5.0


class AsyncSQLiteStore(AsyncStore):
    """Memories in one SQLite file.

    Args:
        engine: the blocking engine; not open yet.
    """

    name = "sqlite"
    in_process = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        super().__init__(engine.sql, engine.embedder, engine.accesses)
        self._write_thread = AsyncThreads("powermem-sqlite-writer", 1)
        self._read_threads = AsyncThreads("powermem-sqlite-reader", _READERS)
        self._saver = AsyncWorker("powermem-partition-files", self._save_partitions)
        self._checkpointer = AsyncWorker("powermem-checkpoints", self._checkpoint)
        self._searches: AsyncThreadBatcher[SearchRequest, list[Hit]] = AsyncThreadBatcher(
            engine.search, max_size=_MAX_SEARCHES_PER_PASS, max_running=2, after=self._start_saver
        )

    @property
    def commits(self) -> int:
        """Number of committed transactions."""
        return self._engine.commits

    async def open(self) -> None:
        await self._write_thread.run(self._engine.open)
        self.read_only = self._engine.read_only

    async def close(self) -> None:
        await self._commits.close()
        await self._searches.close()
        if not await self._saver.join(_PATIENCE):
            self._saver.stop()
            await self._saver.join()
        await self._checkpointer.join()
        try:
            await self._write_thread.run(self._engine.close)
        finally:
            await self._write_thread.close()
            await self._read_threads.close()

    def _collector(self) -> AsyncCollector:
        return AsyncThreadBatcher(
            self._engine.apply, max_size=MAX_BATCHES_PER_COMMIT, after=self._start_checkpointer
        )

    async def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        answers = await self._searches.submit_many(requests)
        self._count(answers, touch)
        await self._check_answers(requests, answers, touch)
        return answers

    def _start_checkpointer(self) -> None:
        if self._engine.checkpoint_is_due:
            # What was committed is there whether or not another thread can be started.
            with suppress(PowerMemError):
                self._checkpointer.start()

    async def _checkpoint(self, stopping: AsyncEvent) -> None:
        del stopping
        try:
            await self._read_threads.run(self._engine.checkpoint)
        except PowerMemError as error:
            # A later one does it, or a commit.
            _logger.debug("the log of the database was not copied into it: %s", error)

    def _start_saver(self) -> None:
        if self._engine.unsaved:
            self._saver.start()

    async def _save_partitions(self, stopping: AsyncEvent) -> None:
        try:
            await self._read_threads.run(self._engine.save_partitions, stopping.is_set)
        except StoreError as error:
            # Everything works without them, only the first search of the next process takes longer.
            _logger.warning("%s", error)

    async def reset(self) -> None:
        await super().reset()
        await self._write_thread.run(self._engine.forget_partitions)

    async def _write_accesses(self) -> None:
        if not self._accesses:
            return
        try:
            await self._write_thread.run(self._engine.apply, [])
        except StoreError as error:
            # They wait for the next commit, and what is stored can be counted all the same.
            _logger.warning("how often memories were found could not be stored: %s", error)

    async def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return await self._write_thread.run(self._engine.transact, work, *args)

    async def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return await self._read_threads.run(self._engine.ask, work, *args)
