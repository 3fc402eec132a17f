"""Files beside a database that hold its largest partitions, so that a process need not build them again.

A file is a copy of what a partition was after some commit. It counts only if the database names it: the
transaction that adds a file's token to ``meta`` comes after the file is on the disk, so a database with the
token has gone through that commit, whatever became of it since, and the changes after it are read as usual.
A database that was restored from an older backup, emptied, or made anew under the same name does not have the
token. A file that is missing or does not fit is no error: the partition is then built from the tables.
"""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._core.ranking.image import Array, PartitionImage

_logger = logging.getLogger("powermem")

_MAGIC = b"powermem partition 1\n"
_CHECKED = ("token", "version", "order")
_ALIGNMENT = 64
# The disk keeps at least this many times the size of a file.
_SPARE = 3
_UNFINISHED = ".unfinished-"
# Seconds after which a file that was not finished is not being written any more.
_ABANDONED = 3600.0
# Bytes written at a time, so that a stop is soon noticed.
_CHUNK = 8 << 20


class Saved(NamedTuple):
    """What a file holds.

    Attributes:
        arrays: of `Partition.of`.
        values: likewise.
        sequence: the number of the commit after which the partition was so.
    """

    arrays: dict[str, Array]
    values: Mapping[str, Any]
    sequence: int


class PartitionFiles:
    """The files of one collection.

    Args:
        database: path of the database file.
        collection: its name.
        version: of what the rows of the tables mean; files of another are left out.
    """

    def __init__(self, database: str, collection: str, version: int) -> None:
        self._folder = Path(f"{database}-partitions")
        self._collection = collection
        self._version = version

    def key(self, user_id: str | None) -> str:
        """Return the key of ``meta`` whose value is the token of a user's file, or of the file of all."""
        return f"partition {self._digest(user_id)}"

    def _digest(self, user_id: str | None) -> str:
        named = json.dumps([user_id]).encode()
        return blake2b(named, digest_size=16).hexdigest()

    def _path(self, user_id: str | None) -> Path:
        return self._folder / f"{self._collection}-{self._digest(user_id)}"

    def holds(self, user_id: str | None) -> bool:
        """Whether there is a file for a user, good or not."""
        return self._path(user_id).exists()

    def read(self, user_id: str | None, token: str) -> Saved | None:
        """Return what the file with this token holds, or ``None`` if there is none."""
        try:
            with self._path(user_id).open("rb", buffering=0) as file:
                return self._read(file, token)
        except (OSError, ValueError, KeyError, TypeError) as error:
            _logger.debug("the saved search data of a user is not used: %s", error)
            return None

    def _read(self, file: Any, token: str) -> Saved | None:
        prefix = file.read(len(_MAGIC) + 8)
        if prefix[: len(_MAGIC)] != _MAGIC:
            return None
        length = int.from_bytes(prefix[len(_MAGIC) :], "little")
        header = json.loads(file.read(length))
        if [header[name] for name in _CHECKED] != [token, self._version, sys.byteorder]:
            return None
        start = _aligned(len(prefix) + length)
        data = np.frombuffer(_contents(file), dtype=np.uint8, count=header["size"], offset=start)
        arrays = {}
        for name, dtype, shape, offset in header["arrays"]:
            kind = np.dtype(dtype)
            size = kind.itemsize * int(np.prod(shape))
            arrays[name] = data[offset : offset + size].view(kind).reshape(shape)
        return Saved(arrays, header["values"], header["sequence"])

    def write(
        self,
        user_id: str | None,
        image: PartitionImage,
        sequence: int,
        stopped: Callable[[], bool],
    ) -> str | None:
        """Write a file in place of the last one of this user.

        Args:
            user_id: whose partition; ``None`` for that of all users.
            image: the partition.
            sequence: the number of the last commit in it.
            stopped: whether to leave it.

        Returns:
            The token, or ``None`` if nothing was written.

        Raises:
            OSError: the file cannot be written.
        """
        token = secrets.token_hex(16)
        arrays, size = [], 0
        for name, pieces in image.pieces.items():
            first = pieces[0] if pieces else np.empty(0, dtype=np.float32)
            shape = (sum(map(len, pieces)), *first.shape[1:])
            arrays.append((name, first.dtype.str, shape, size))
            size += _aligned(sum(piece.nbytes for piece in pieces))
        about: dict[str, Any] = dict(zip(_CHECKED, (token, self._version, sys.byteorder), strict=True))
        about |= {"sequence": sequence, "values": dict(image.values), "arrays": arrays, "size": size}
        header = json.dumps(about).encode()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._remove_abandoned()
        if shutil.disk_usage(self._folder).free < _SPARE * size:
            return None
        path = self._path(user_id)
        unfinished = path.with_name(f"{path.name}{_UNFINISHED}{token}")
        try:
            with open(unfinished, "xb", buffering=0, opener=_private) as file:
                prefix = _MAGIC + len(header).to_bytes(8, "little") + header
                _write(file, [np.frombuffer(prefix, dtype=np.uint8)], stopped)
                for pieces in image.pieces.values():
                    if not _write(file, pieces, stopped):
                        return None
                # The token must not be on the disk before this is.
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        return token

    def _remove_abandoned(self) -> None:
        """Remove what processes that were killed did not finish."""
        for path in self._folder.glob(f"*{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink(missing_ok=True)

    def remove(self, user_id: str | None) -> None:
        """Remove the file of a user, if there is one, and that of all users."""
        for one in {user_id, None}:
            with contextlib.suppress(OSError):
                self._path(one).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all files."""
        for path in self._folder.glob(f"{self._collection}-*"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _contents(file: Any) -> mmap.mmap | bytearray:
    """Return the bytes of a file, mapped, so that each page is loaded by the first search that needs it.

    Changes to them stay in this process. A file is never changed in place, but replaced, which Windows
    refuses while it is mapped: there it is read.
    """
    if os.name != "nt":
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    file.seek(0)
    return bytearray(file.readall())


def _write(file: Any, pieces: Sequence[Array], stopped: Callable[[], bool]) -> bool:
    """Write arrays one behind the other, and zeros up to the next aligned position; return whether all."""
    size = 0
    for piece in pieces:
        if not piece.nbytes:
            continue
        size += piece.nbytes
        view = memoryview(np.ascontiguousarray(piece)).cast("B")
        while len(view):
            if stopped():
                return False
            view = view[file.write(view[:_CHUNK]) :]
    file.write(bytes(_aligned(size) - size))
    return True
