"""Opening a database file, and lending its connections."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .._core.forks import watch_forks
from .._core.sql.filters import register_functions
from .._core.transfer.database_files import (
    BESIDE,
    Identity,
    check_not_carried,
    create,
    creating,
    forget_open,
    identify,
    note_carried,
    note_closed,
    note_open,
    reason,
    uri,
)
from ..errors import ClosedError, StoreError, StoreUnavailableError

MEMORY = ":memory:"

# Seconds that a fork waits for a write or for searches under way.
_FORK_PATIENCE = 5.0

# Connections of the parent that were in use when this process was forked, kept from being closed.
_carried: list[object] = []


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

    Attributes:
        path: as given.
        read_only: whether the file, or its folder, cannot be written; known once it is open.
    """

    def __init__(self, path: str, *, timeout: float, wal: bool, synchronous: str) -> None:
        self.path = path
        self.read_only = False
        # The process may change its folder later, and opens further connections then.
        self._file = path if path == MEMORY else os.path.abspath(path)
        self._timeout = timeout
        self._wal = wal
        self._synchronous = synchronous
        self._mode = "rw"
        self._write_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._turn = threading.Condition()
        self._lent = 0
        self._forking = False
        self._closed = True
        self._files: tuple[Identity | None, ...] = ()
        self._held = False
        self._prepared = False

    @property
    def in_memory(self) -> bool:
        """Whether the database ends with this object."""
        return self.path == MEMORY

    def open(self) -> None:
        """Open the writer; makes the folder and the file when they do not exist."""
        if not self.in_memory:
            self._check_path()
            with creating:
                check_not_carried(self._file)
                if not os.path.lexists(self._file) or not os.path.exists(self._file):
                    self._make_folder()
                    create(self._file)
        self._closed = False
        self._mode, self.read_only = "rw", False
        try:
            self._writer = self._open_writer()
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise self._translated(error) from error
            raise
        watch_forks(self)

    def _check_path(self) -> None:
        if "\0" in self.path:
            raise StoreUnavailableError("database_path: has a NUL character, which no file name has")
        if self.path.startswith("file:"):
            raise StoreUnavailableError(
                f"{self.path}: write the path of the file itself; a URI is not taken (put './' in front of a "
                "name that begins with 'file:')"
            )
        if os.path.exists(self._file) and not os.path.isfile(self._file):
            what = "a folder" if os.path.isdir(self._file) else "a device or a pipe, and not a file"
            raise StoreUnavailableError(f"{self.path}: cannot open the database; this is {what}")
        if os.path.exists(self._file) and not os.access(self._file, os.R_OK):
            raise StoreUnavailableError(
                f"{self.path}: cannot open the database; this process may not read the file: check its "
                "permissions"
            )

    def _make_folder(self) -> None:
        try:
            Path(self._file).parent.mkdir(parents=True, exist_ok=True)
        except RecursionError as error:
            # Python makes one folder within another by recursion, a thousand levels deep at most.
            raise StoreUnavailableError(
                f"{self.path[:300]}: cannot make its folder: it is too deep"
            ) from error
        except OSError as error:
            raise StoreUnavailableError(
                f"{self.path[:300]}: cannot make its folder: {reason(error)}"
            ) from error

    def _open_writer(self) -> sqlite3.Connection:
        if self.in_memory:
            return self._connect()
        # Without rights to the file, SQLite would say so at the first row only: it lets a transaction begin.
        connection = self._connect_for_writing() if os.access(self._file, os.W_OK) else None
        if connection is None:
            connection = self._connect_read_only()
        try:
            self._note_files(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_for_writing(self) -> sqlite3.Connection | None:
        """Return a connection that can write, or ``None`` when the file can only be read."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._connect()
            if self._wal:
                connection.execute("PRAGMA journal_mode=WAL")
                # In pages. Bringing the log into the file waits for the disk; by default, in every commit of
                # some hundred memories.
                connection.execute("PRAGMA wal_autocheckpoint=4000")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.OperationalError) and self._not_writable(error):
                return None
            raise
        return connection

    def _not_writable(self, error: sqlite3.OperationalError) -> bool:
        text = str(error)
        if "readonly" in text or "read-only" in text:
            return True
        folder = os.path.dirname(os.path.realpath(self._file))
        # Without its log and its index beside it, nothing can be written either.
        return "unable to open" in text and os.path.isfile(self._file) and not os.access(folder, os.W_OK)

    def _connect_read_only(self) -> sqlite3.Connection:
        """Open a file for reading that cannot be written."""
        modes = ["ro"]
        if not os.path.exists(f"{self._file}-wal"):
            # The index of the log cannot be made here; nor can anybody write who has not made one.
            modes.append("ro&immutable=1")
        while True:
            self._mode = modes.pop(0)
            try:
                connection = self._connect()
                try:
                    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                except BaseException:
                    connection.close()
                    raise
            except sqlite3.OperationalError:
                if not modes:
                    raise
            else:
                self.read_only = True
                return connection

    def _connect(self) -> sqlite3.Connection:
        with creating:
            connection = sqlite3.connect(
                self._file if self.in_memory else uri(self._file, self._mode),
                uri=not self.in_memory,
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

    def _note_files(self, connection: sqlite3.Connection) -> None:
        # By now they exist, if they are to; the log and its index stay as long as this connection does.
        logged = (
            connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal" and "immutable" not in self._mode
        )
        names = BESIDE if logged else BESIDE[:1]
        self._files = tuple(identify(self._file + name) for name in names)
        note_open(self._files)
        self._held = True

    def _check_in_place(self, count: int = len(BESIDE)) -> None:
        """Refuse to write into files that no longer have a name.

        Args:
            count: how many of the files to look at; without a connection the log and its index are gone.

        Raises:
            StoreUnavailableError: the file, its log or its index was removed or replaced.
        """
        for name, file in zip(BESIDE[:count], self._files, strict=False):
            found = identify(self._file + name)
            if file is None or found == file:
                continue
            what = "removed" if found is None else "replaced by another file"
            raise StoreUnavailableError(
                f"{self.path}{name}: was {what} while the database was open; nothing of this call was "
                "stored. Close every memory that uses it, put the file back, and make a new memory"
            )

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writer inside a transaction that holds the write lock from its start.

        A deferred transaction that reads first cannot be upgraded while another process writes; ``BEGIN
        IMMEDIATE`` waits its turn instead. Any error rolls everything back.
        """
        with self._write_lock:
            connection = self._current_writer()
            if self.read_only:
                raise StoreError(
                    f"{self.path}: the database is open for reading only, since the file or its folder "
                    "cannot be written; check the permissions of both, and make a new memory"
                )
            with self._transaction(connection, "BEGIN IMMEDIATE", self._check_in_place):
                yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a reader inside a transaction, so that all its reads see one moment."""
        if self.in_memory:
            with self._write_lock:
                yield self._current_writer()
            return
        connection = self._take()
        try:
            with self._transaction(connection, "BEGIN"):
                yield connection
        finally:
            self._give_back(connection)

    def _current_writer(self) -> sqlite3.Connection:
        """Return the writer, opened again after a fork; called with the write lock held."""
        if self._closed:
            raise ClosedError("the store is closed")
        if self._writer is None:
            self._check_in_place(1)
            try:
                self._writer = self._open_writer()
            except sqlite3.Error as error:
                raise self._translated(error) from error
        return self._writer

    @contextmanager
    def _transaction(
        self, connection: sqlite3.Connection, begin: str, check: Callable[[], None] | None = None
    ) -> Iterator[None]:
        try:
            connection.execute(begin)
            yield
            if check is not None:
                check()
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise translate(error, self.path) from error
            raise

    def _take(self) -> sqlite3.Connection:
        with self._turn:
            self._turn.wait_for(lambda: not self._forking)
            if self._closed:
                raise ClosedError("the store is closed")
            self._lent += 1
            if self._idle:
                return self._idle.pop()
        try:
            connection = self._connect()
            connection.execute("PRAGMA query_only=1")
        except BaseException as error:
            self._returned()
            if isinstance(error, sqlite3.Error):
                raise self._translated(error) from error
            raise
        return connection

    def _translated(self, error: sqlite3.Error) -> StoreError:
        if not self.in_memory and not self._closed and not os.path.exists(self._file):
            return StoreUnavailableError(
                f"{self.path}: was removed while the database was open. Close every memory that uses it, put "
                f"the file back, and make a new memory ({error})"
            )
        return translate(error, self.path)

    def _returned(self) -> None:
        with self._turn:
            self._lent -= 1
            self._turn.notify_all()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            with self._turn:
                if not self._closed:
                    self._idle.append(connection)
                    return
            connection.close()
        finally:
            self._returned()

    def close(self) -> None:
        """Close every connection; one that is lent closes when it comes back."""
        with self._write_lock, self._turn:
            self._closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._held:
            self._held = False
            note_closed(self._files)

    def before_fork(self) -> None:
        """Close the connections, which open again when they are needed.

        SQLite knows in the memory of the process which locks it holds. A child would take over that
        knowledge, but not the locks: it could be locked out for ever, or write without a lock.
        """
        self._prepared = self._write_lock.acquire(timeout=_FORK_PATIENCE)
        if not self._prepared or self.in_memory:
            return
        with self._turn:
            self._forking = True
            if self._turn.wait_for(lambda: not self._lent, _FORK_PATIENCE):
                self._disconnect()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        with self._turn:
            self._forking = False
            self._turn.notify_all()
        if self._prepared:
            self._write_lock.release()

    def after_fork_in_child(self) -> None:
        """Refuse every call; what could not be closed before is never closed, for that would drop locks."""
        forget_open()
        if self._held:
            note_carried(self._files)
            _carried.append((self._writer, list(self._idle)))
        self._write_lock, self._turn = threading.Lock(), threading.Condition()
        self._writer, self._idle, self._held, self._closed = None, [], False, True
