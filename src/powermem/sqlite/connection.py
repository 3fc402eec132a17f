"""Opening a database file, and lending its connections."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ClosedError, StoreError, StoreUnavailableError
from ..sql.filters import register_functions

MEMORY = ":memory:"


def translate(error: sqlite3.Error, path: str) -> StoreError:
    """Return our error for one of SQLite's, with what to do about it."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return StoreUnavailableError(
            f"{path}: another process kept the database locked; raise vector_store.config.timeout, or "
            f"find what holds it ({text})"
        )
    if "readonly" in text or "read-only" in text:
        return StoreError(
            f"{path}: the database cannot be written; check the permissions of file and folder ({text})"
        )
    if "full" in text:
        return StoreError(f"{path}: the disk is full; nothing of this call was stored ({text})")
    if "disk I/O" in text:
        return StoreError(
            f"{path}: the disk could not be read or written; is it full, or over a quota? nothing of this "
            f"call was stored ({text})"
        )
    if "not a database" in text or "malformed" in text:
        return StoreError(f"{path}: this file is not a healthy SQLite database ({text})")
    if "unable to open" in text:
        return StoreUnavailableError(
            f"{path}: cannot open the database; is it a folder, or not accessible? ({text})"
        )
    return StoreError(f"{path}: {text}")


class Database:
    """One writer connection and as many readers as are in use at once.

    An in-memory database lives in a single connection, so there readers and the writer take turns.
    """

    def __init__(self, path: str, *, timeout: float, wal: bool, synchronous: str) -> None:
        self.path = path
        self._timeout = timeout
        self._wal = wal
        self._synchronous = synchronous
        self._write_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False

    @property
    def in_memory(self) -> bool:
        """Whether the database ends with this object."""
        return self.path == MEMORY

    def open(self) -> None:
        """Open the writer; makes the folder and the file when they do not exist."""
        if not self.in_memory:
            try:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(f"{self.path}: cannot make its folder ({error})") from error
        try:
            self._writer = self._connect()
            if self._wal and not self.in_memory:
                self._writer.execute("PRAGMA journal_mode=WAL")
                # In pages. Bringing the log into the file waits for the disk; by default, in every commit of
                # some hundred memories.
                self._writer.execute("PRAGMA wal_autocheckpoint=4000")
        except sqlite3.Error as error:
            self.close()
            raise translate(error, self.path) from error
        self._closed = False

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=self._timeout,
            isolation_level=None,
            # Connections move between threads, but only one thread has one at a time.
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA temp_store=MEMORY")
            # In KiB. What the operating system has cached is nearly as close, and shared by all connections.
            connection.execute("PRAGMA cache_size=-4096")
            register_functions(connection)
        except BaseException:
            # The file is read for the first time here, and may turn out to be none of SQLite's.
            connection.close()
            raise
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writer inside a transaction that holds the write lock from its start.

        A deferred transaction that reads first cannot be upgraded while another process writes; ``BEGIN
        IMMEDIATE`` waits its turn instead. Any error rolls everything back.
        """
        with self._write_lock:
            connection = self._writer
            if connection is None:
                raise ClosedError("the store is closed")
            with self._transaction(connection, "BEGIN IMMEDIATE"):
                yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a reader inside a transaction, so that all its reads see one moment."""
        if self.in_memory:
            with self._write_lock:
                if self._writer is None:
                    raise ClosedError("the store is closed")
                yield self._writer
            return
        connection = self._take()
        try:
            with self._transaction(connection, "BEGIN"):
                yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection, begin: str) -> Iterator[None]:
        try:
            connection.execute(begin)
            yield
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    def _take(self) -> sqlite3.Connection:
        with self._idle_lock:
            if self._closed or self._writer is None:
                raise ClosedError("the store is closed")
            if self._idle:
                return self._idle.pop()
        try:
            connection = self._connect()
            connection.execute("PRAGMA query_only=1")
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection; one that is lent closes when it comes back."""
        with self._write_lock, self._idle_lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
