"""Database files in the file system: creating, recognizing and identifying them.

POSIX drops every lock that this process holds on a file when any descriptor of that file is closed, and
SQLite relies on such locks. So nothing here, and nothing elsewhere in powermem, opens a database file past
SQLite.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from ...errors import StoreUnavailableError
from ..forks import watch_forks

_MAGIC = b"SQLite format 3\0"

BESIDE = ("", "-wal", "-shm")
"""Behind the path of a database: the names of the files that belong to it."""

creating = threading.Lock()
"""Held while a file is made and while a connection to one is opened, see `create`."""


class Identity(NamedTuple):
    """Which file it is, whatever its names."""

    device: int
    number: int


# Seconds that a fork waits for a file that is being made or opened.
_FORK_PATIENCE = 5.0


class _Creating:
    """Delays forks while another thread holds `creating`, which would stay locked in the child."""

    _held = False

    def before_fork(self) -> None:
        self._held = creating.acquire(timeout=_FORK_PATIENCE)

    def after_fork_in_parent(self) -> None:
        if self._held:
            creating.release()

    after_fork_in_child = after_fork_in_parent


_creating = _Creating()
watch_forks(_creating)

_open: Counter[Identity] = Counter()
_carried: set[Identity] = set()


def identify(path: str) -> Identity | None:
    """Return which file a path leads to, or ``None`` when there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return Identity(found.st_dev, found.st_ino)


def note_open(files: tuple[Identity | None, ...]) -> None:
    """Remember that a database of this process has these files open."""
    _open.update(file for file in files if file is not None)


def note_closed(files: tuple[Identity | None, ...]) -> None:
    """Undo `note_open`."""
    for file in files:
        if file is not None:
            _open[file] -= 1
            if _open[file] <= 0:
                del _open[file]


def note_carried(files: tuple[Identity | None, ...]) -> None:
    """Remember that this process was forked while its parent was using these files."""
    _carried.update(file for file in files if file is not None)


def forget_open() -> None:
    """Forget which files are open, in a process that was just forked: they are its parent's."""
    _open.clear()


def is_open(path: str | os.PathLike[str]) -> bool:
    """Return whether a path leads to a file of a database that is open in this process."""
    return identify(os.fspath(path)) in _open


def check_not_carried(path: str) -> None:
    """Refuse a file that SQLite believes to be in use in this process, since it was when this was forked.

    Raises:
        StoreUnavailableError: it is such a file.
    """
    if identify(path) in _carried:
        raise StoreUnavailableError(
            f"{path}: this process was forked while its parent was in the middle of a long write to this "
            "database; fork before using the memory, or start processes by 'spawn'"
        )


def create(path: str) -> None:
    """Make an empty file that only its owner may read, unless there is one.

    Call it with `creating` held: closing the new file would drop the locks of a connection that another
    thread opened in the meantime.

    Raises:
        StoreUnavailableError: it cannot be made.
    """
    try:
        # Where a link leads nowhere yet, the file is made at its end.
        os.close(os.open(os.path.realpath(path), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except (OSError, ValueError) as error:
        raise StoreUnavailableError(f"{path}: cannot make the database: {reason(error)}") from error


def reason(error: OSError | ValueError) -> str:
    """Return why a file or a folder could not be made, and what to do."""
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{error.filename} is a file and no folder"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
        return f"{said}; check the permissions of the folder that is to hold it"
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return "its name is too long"
    return said


def uri(path: str, mode: str) -> str:
    """Return a path as SQLite's URI, in which every character of the path means itself."""
    return f"{Path(path).absolute().as_uri()}?mode={mode}"


def is_database(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is an SQLite database, as SQLite tells."""
    if not os.path.isfile(path) or os.path.getsize(path) == 0:
        return False
    if is_open(path):
        return True
    try:
        with closing(sqlite3.connect(uri(os.fspath(path), "ro"), uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        if "not a database" not in str(error):
            # Locked, or in need of repair: a database all the same. What may not be read is nothing yet.
            return os.access(path, os.R_OK)
        # No connection can have it open as a database, so it may be read: it may be a damaged one.
        with open(path, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    return True
