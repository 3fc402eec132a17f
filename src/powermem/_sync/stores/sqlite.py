# Generated from src/powermem/_async/stores/sqlite.py by scripts/run_unasync.py; edit that file instead.
"""The SQLite store: runs the blocking engine on threads, and batches the work of concurrent callers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ..._concurrency import Event, ThreadBatcher, Threads, Worker
from ..._core.query.search import Hit, SearchRequest
from ..._core.sql.steps import Steps
from ..._sqlite.engine import Engine
from ...errors import PowerMemError, StoreError
from .base import MAX_BATCHES_PER_COMMIT, Collector, Store

T = TypeVar("T")

_logger = logging.getLogger("powermem")

_READERS = 4
_MAX_SEARCHES_PER_PASS = 16
# Seconds that closing waits for partitions that are being saved.
_PATIENCE = 5.0


class SQLiteStore(Store):
    """Memories in one SQLite file.

    Args:
        engine: the blocking engine; not open yet.
    """

    name = "sqlite"
    in_process = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        super().__init__(engine.sql, engine.embedder, engine.accesses)
        self._write_thread = Threads("powermem-sqlite-writer", 1)
        self._read_threads = Threads("powermem-sqlite-reader", _READERS)
        self._saver = Worker("powermem-partition-files", self._save_partitions)
        self._checkpointer = Worker("powermem-checkpoints", self._checkpoint)
        self._searches: ThreadBatcher[SearchRequest, list[Hit]] = ThreadBatcher(
            engine.search, max_size=_MAX_SEARCHES_PER_PASS, max_running=2, after=self._start_saver
        )

    @property
    def commits(self) -> int:
        """Number of committed transactions."""
        return self._engine.commits

    def open(self) -> None:
        self._write_thread.run(self._engine.open)
        self.read_only = self._engine.read_only

    def close(self) -> None:
        self._commits.close()
        self._searches.close()
        if not self._saver.join(_PATIENCE):
            self._saver.stop()
            self._saver.join()
        self._checkpointer.join()
        try:
            self._write_thread.run(self._engine.close)
        finally:
            self._write_thread.close()
            self._read_threads.close()

    def _collector(self) -> Collector:
        return ThreadBatcher(
            self._engine.apply, max_size=MAX_BATCHES_PER_COMMIT, after=self._start_checkpointer
        )

    def search(self, requests: Sequence[SearchRequest], *, touch: bool = True) -> list[list[Hit]]:
        answers = self._searches.submit_many(requests)
        self._count(answers, touch)
        self._check_answers(requests, answers, touch)
        return answers

    def _start_checkpointer(self) -> None:
        if self._engine.checkpoint_is_due:
            # What was committed is there whether or not another thread can be started.
            with suppress(PowerMemError):
                self._checkpointer.start()

    def _checkpoint(self, stopping: Event) -> None:
        del stopping
        try:
            self._read_threads.run(self._engine.checkpoint)
        except PowerMemError as error:
            # A later one does it, or a commit.
            _logger.debug("the log of the database was not copied into it: %s", error)

    def _start_saver(self) -> None:
        if self._engine.unsaved:
            self._saver.start()

    def _save_partitions(self, stopping: Event) -> None:
        try:
            self._read_threads.run(self._engine.save_partitions, stopping.is_set)
        except StoreError as error:
            # Everything works without them, only the first search of the next process takes longer.
            _logger.warning("%s", error)

    def reset(self) -> None:
        super().reset()
        self._write_thread.run(self._engine.forget_partitions)

    def _write_accesses(self) -> None:
        if not self._accesses:
            return
        try:
            self._write_thread.run(self._engine.apply, [])
        except StoreError as error:
            # They wait for the next commit, and what is stored can be counted all the same.
            _logger.warning("how often memories were found could not be stored: %s", error)

    def _transact(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return self._write_thread.run(self._engine.transact, work, *args)

    def _ask(self, work: Callable[..., Steps[T]], *args: Any) -> T:
        return self._read_threads.run(self._engine.ask, work, *args)
