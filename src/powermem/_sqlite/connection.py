"""Open a database file, and lend its connections."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

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

# Seconds that a fork waits for a running write or search.
_FORK_PATIENCE = 5.0

# Seconds between attempts at what SQLite refuses at once.
_RETRY = 0.01

# Pages of the log. From the first number on, `Database.checkpoint` copies it into the file, which takes some
# ten milliseconds and waits for the disk; from the second on, a commit does.
_CHECKPOINT, _LATEST_CHECKPOINT = 4000, 16_000
_COPY = "PRAGMA wal_checkpoint(PASSIVE)"
# What the pages of a commit are estimated by, since SQLite does not tell: those of any, and the changed rows
# that share one, both with 384 dimensions.
_PAGES_OF_COMMIT, _ROWS_OF_PAGE = 8, 3

# Connections of the parent that were in use during the fork. Kept, since closing them would drop its locks.
_carried: list[object] = []


def translate(error: sqlite3.Error, path: str) -> StoreError:
    """Return the error of powermem for one of SQLite, with advice."""
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
    """One connection for writing, and as many for reading as are used at once.

    An in-memory database has a single connection, which readers and the writer share in turns.

    Attributes:
        path: as given.
        read_only: whether the file or its folder is not writable; known once it is open.
    """

    def __init__(self, path: str, *, timeout: float, wal: bool, synchronous: str) -> None:
        self.path = path
        self.read_only = False
        # Absolute, since the process may change its folder before further connections are opened.
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
        self._logged = 0

    @property
    def file(self) -> str:
        """The absolute path."""
        return self._file

    @property
    def in_memory(self) -> bool:
        """Whether the database is in memory."""
        return self.path == MEMORY

    def open(self) -> None:
        """Open the writer; create the folder and the file if missing."""
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
            # Path.mkdir creates parents by recursion, which fails for paths about a thousand levels deep.
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
        # Checked here: SQLite lets a transaction start on a read-only file, and fails only at the first row.
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
        """Return a connection for writing, or ``None`` if the file is read-only."""
        connection: sqlite3.Connection | None = None
        try:
            connection = self._connect()
            if self._wal:
                self._keep_log(connection)
                # For what `checkpoint` leaves: beside other processes that write, it may not reach the end.
                connection.execute(f"PRAGMA wal_autocheckpoint={_LATEST_CHECKPOINT}")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sqlite3.OperationalError) and self._not_writable(error):
                return None
            raise
        return connection

    def _keep_log(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait here for a connection that is about to write, such as one that does the same.
        patience = monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() >= patience:
                    raise
                sleep(_RETRY)
            else:
                return

    def _not_writable(self, error: sqlite3.OperationalError) -> bool:
        text = str(error)
        if "readonly" in text or "read-only" in text:
            return True
        folder = os.path.dirname(os.path.realpath(self._file))
        # Writing also needs the log and its index, which are files in the same folder.
        return "unable to open" in text and os.path.isfile(self._file) and not os.access(folder, os.W_OK)

    def _connect_read_only(self) -> sqlite3.Connection:
        """Open a read-only file."""
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
                # Connections move between threads, but only one thread uses each at a time.
                check_same_thread=False,
                cached_statements=256,
            )
        try:
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA temp_store=MEMORY")
            # In KiB. Small, since the operating system's cache is nearly as fast, and shared by all
            # connections.
            connection.execute("PRAGMA cache_size=-4096")
            register_functions(connection)
        except BaseException:
            # The first access to the file, which may turn out not to be a database.
            connection.close()
            raise
        return connection

    def _note_files(self, connection: sqlite3.Connection) -> None:
        # All files exist by now; the log and its index exist as long as this connection is open.
        logged = (
            connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal" and "immutable" not in self._mode
        )
        names = BESIDE if logged else BESIDE[:1]
        self._files = tuple(identify(self._file + name) for name in names)
        note_open(self._files)
        self._held = True

    def _check_in_place(self, count: int = len(BESIDE)) -> None:
        """Check that the files were not deleted or replaced, which would lose everything written.

        Args:
            count: number of files to check; without a connection, the log and its index do not exist.

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

        A deferred transaction that reads first cannot be upgraded while another process writes, whereas
        ``BEGIN IMMEDIATE`` waits for the lock. Any error rolls everything back.
        """
        with self._write_lock:
            connection = self._current_writer()
            if self.read_only:
                raise StoreError(
                    f"{self.path}: the database is open for reading only, since the file or its folder "
                    "cannot be written; check the permissions of both, and make a new memory"
                )
            before = connection.total_changes
            with self._transaction(connection, "BEGIN IMMEDIATE", self._check_in_place):
                yield connection
            self._logged += _PAGES_OF_COMMIT + (connection.total_changes - before) // _ROWS_OF_PAGE

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether commits have filled the log, by an estimate of their pages."""
        return self._logged >= _CHECKPOINT and self._wal and not self.in_memory and not self.read_only

    def checkpoint(self) -> None:
        """Copy what the log holds into the file, most of it beside whoever writes, so that no commit has to.

        Raises:
            StoreError: the file cannot be written.
        """
        self._logged = 0
        connection = self._take()
        try:
            # Twice, since others write while it is under way.
            for _ in range(2):
                connection.execute(_COPY).fetchall()
        except sqlite3.Error as error:
            raise self._translated(error) from error
        finally:
            self._give_back(connection)
        # Copies what is left, which is little, so that the next transaction starts the log anew.
        with self._write_lock:
            writer = self._current_writer()
            try:
                writer.execute(_COPY).fetchall()
            except sqlite3.Error as error:
                raise self._translated(error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a reader inside a transaction, so that all its reads see the same snapshot."""
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
        """Return the writer, reopened after a fork; called with the write lock held."""
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
        """Close all connections; a lent one is closed when it is returned."""
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
        """Close the connections, which are reopened on demand.

        SQLite keeps track of its file locks in memory. A child would inherit that memory, but not the locks:
        it could be locked out forever, or write without a lock.
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
        """Make every call fail. Open connections are never closed, which would drop the parent's locks."""
        forget_open()
        if self._held:
            note_carried(self._files)
            _carried.append((self._writer, list(self._idle)))
        self._write_lock, self._turn = threading.Lock(), threading.Condition()
        self._writer, self._idle, self._held, self._closed = None, [], False, True
