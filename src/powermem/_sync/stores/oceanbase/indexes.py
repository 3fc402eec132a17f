# Generated from src/powermem/_async/stores/oceanbase/indexes.py by scripts/run_unasync.py; edit that file instead.
"""Build OceanBase's search indexes: a vector column, an index on it, and one on words.

DDL cannot be rolled back, and ends a transaction. So every step is repeatable, and incomplete indexes are not
used: ``meta`` records which are complete, and until then searches rank in this process.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ...._concurrency import sleep
from ...._core.sql.dialects import Fragment
from ...._core.sql.oceanbase import MAX_INDEXED_DIMENSION, OceanBaseSQL
from ...._core.sql.steps import TransactionAbortedError
from ...._drivers.base import Connection, Driver

_CHUNK = 500
# Seconds before a retry after a conflict.
_PAUSE = 0.1


class Builder:
    """Builds the indexes of a collection; of several processes, one builds and the others wait.

    Args:
        driver: opens connections; those of the pool may be too few.
        sql: the collection's statements.
    """

    def __init__(self, driver: Driver, sql: OceanBaseSQL) -> None:
        self._driver = driver
        self._sql = sql

    def words(self) -> None:
        """Add missing columns and indexes to a collection of an older schema, and fill them."""
        with self._alone() as worker:
            if _progress(worker, self._sql, "words") != "0":
                return
            with self._unwritten():
                for statement in self._sql.create_words(*self._there(worker)):
                    worker.execute(statement)
            after = -1
            while found := _fetch(worker, self._sql.wordless(after, _CHUNK)):
                lengths = {memory_id: sum(frequencies) for memory_id, frequencies in found}
                self._write(worker, [self._sql.fill_words(lengths)])
                after = found[-1][0]
            self._note(worker, "words", "1")

    def near(self, dimension: int) -> None:
        """Build the index for vectors of this length in place of any other."""
        if dimension > MAX_INDEXED_DIMENSION:
            return
        with self._alone() as worker:
            if _progress(worker, self._sql, "near") == str(dimension):
                return
            if _progress(worker, self._sql, "near_column") != str(dimension):
                self._make_near(worker, dimension)
            after = -1
            # From here on, every write fills the column too, so only these rows lack it.
            while found := _fetch(worker, self._sql.unplaced(dimension, after, _CHUNK)):
                ids = [values[0] for values in found]
                self._write(worker, [self._sql.fill_near(dimension, ids)])
                after = ids[-1]
            self._note(worker, "near", str(dimension))

    def _make_near(self, worker: Connection, dimension: int) -> None:
        # If this is interrupted, searches do not use the incomplete column.
        self._note(worker, "near", "")
        self._note(worker, "near_column", "")
        with self._unwritten() as holder:
            drop = self._sql.drop_near(*self._there(worker))
            for statement in (*drop, *self._sql.create_near(dimension)):
                worker.execute(statement)
            holder.execute(self._sql.setting(), ("near_column", str(dimension)))

    def _there(self, worker: Connection) -> tuple[set[str], set[str]]:
        columns = _fetch(worker, self._sql.columns())
        keys = _fetch(worker, self._sql.keys())
        return {values[0] for values in columns}, {values[0] for values in keys}

    def _note(self, worker: Connection, name: str, value: str) -> None:
        self._write(worker, [Fragment(self._sql.setting(), (name, value))])

    def _write(self, worker: Connection, statements: Sequence[Fragment]) -> None:
        """Run statements in their own transaction, serialized with all writes of memories."""
        while True:
            try:
                worker.begin()
                worker.fetch(self._sql.lock_sequence)
                for statement in statements:
                    worker.execute(statement.sql, statement.values)
                worker.commit()
            except TransactionAbortedError:
                worker.rollback()
                sleep(_PAUSE)
            else:
                return

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """Lend a connection for statements of any length while no other process builds."""
        with self._connected() as holder, self._connected() as worker:
            self._hold(holder, self._sql.lock_building)
            yield worker
            holder.rollback()

    @contextmanager
    def _unwritten(self) -> Iterator[Connection]:
        """Lend a connection in a transaction that blocks every write.

        If a write runs while an index is created, seekdb ends one of them with an internal error.
        """
        with self._connected() as holder:
            self._hold(holder, self._sql.lock_sequence)
            yield holder
            holder.commit()

    def _hold(self, connection: Connection, lock: str) -> None:
        while True:
            try:
                connection.begin()
                connection.fetch(lock)
            except TransactionAbortedError:
                connection.rollback()
                sleep(_PAUSE)
            else:
                return

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        driver = copy.copy(self._driver)
        driver.server = replace(driver.server, statement_timeout=0)
        connection = driver.connect()
        try:
            yield connection
        finally:
            connection.close()


def _fetch(connection: Connection, query: Fragment) -> list[tuple[Any, ...]]:
    return connection.fetch(query.sql, query.values)


def _progress(connection: Connection, sql: OceanBaseSQL, name: str) -> str | None:
    found = dict(connection.fetch(sql.progress))
    return found.get(name)
