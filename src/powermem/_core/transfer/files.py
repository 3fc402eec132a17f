"""Read and write files line by line. All calls block."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from ...errors import InvalidInputError
from ..inputs import File, check_path
from .database_files import is_database, is_open

# UTF-32 first, since its byte order mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class LineWriter:
    """Writes lines to a file, which appears at its path only when complete and on disk.

    Args:
        target: the file; an open file is left open.
    """

    def __init__(self, target: File) -> None:
        self._path: Path | None = None
        self._file: IO[Any]
        if isinstance(target, (str, os.PathLike)):
            # Absolute, since the program may change its working directory before the file is complete.
            self._path = check_path(target, "path_or_file")
            if is_open(self._path):
                raise InvalidInputError(
                    f"path_or_file: {self._path} is a database that is open; choose another path"
                )
            if self._path.is_dir():
                raise InvalidInputError(f"path_or_file: {self._path} is a folder; give the path of a file")
            # A device or a pipe is written to, not replaced.
            self._replaces = self._path.is_file() or not self._path.exists()
            self._part = self._path.with_name(f"{self._path.name}.part") if self._replaces else self._path
            with self._explained():
                self._file = _open(self._part, "wb", packed=_packed(self._path))
        elif hasattr(target, "write"):
            _check_usable(target, "path_or_file", "writ")
            self._file = target
        else:
            raise InvalidInputError(
                f"path_or_file: expected a path or a file open for writing, got {type(target).__name__}"
            )
        self._binary = self._path is not None or not isinstance(self._file, io.TextIOBase)

    def write(self, lines: Iterable[str]) -> None:
        """Write lines that have no line breaks."""
        text = "".join(f"{line}\n" for line in lines)
        with self._explained():
            self._file.write(text.encode() if self._binary else text)

    def finish(self) -> None:
        """Flush the file and move it to its path."""
        with self._explained():
            if self._path is None:
                self._file.flush()
                return
            self._file.close()
            if not self._replaces:
                return
            with open(self._part, "rb+") as part:
                os.fsync(part.fileno())
            os.replace(self._part, self._path)

    def abandon(self) -> None:
        """Close and delete the incomplete file after an error."""
        if self._path is not None:
            # On a full disk, close fails too, since it flushes.
            with suppress(OSError):
                self._file.close()
            if self._replaces:
                with suppress(FileNotFoundError):
                    self._part.unlink()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # Errors of the caller's own file are passed on unchanged.
            if self._path is None:
                raise
            raise InvalidInputError(
                f"path_or_file: cannot write {str(self._path)[:300]} ({error.strerror})"
            ) from error


class LineReader:
    """Reads numbered lines; a context manager.

    Args:
        source: the file; an open file is left open.
    """

    def __init__(self, source: File) -> None:
        self._own = isinstance(source, (str, os.PathLike))
        self._number = 0
        self._file: IO[Any]
        if isinstance(source, (str, os.PathLike)):
            # Absolute, since the program may change its working directory while the file is read.
            path = check_path(source, "source")
            if is_database_path(path):
                raise InvalidInputError(
                    f"source: {path} is an SQLite database, not an export; leave format out, or give the "
                    "file that export_memories() has written"
                )
            try:
                self._file = _open_to_read(path)
            except (OSError, EOFError) as error:
                reason = getattr(error, "strerror", None) or error
                raise InvalidInputError(f"source: cannot read {str(path)[:300]} ({reason})") from error
        elif hasattr(source, "readline"):
            _check_usable(source, "source", "read")
            self._file = source
        else:
            raise InvalidInputError(
                f"source: expected a path or a file open for reading, got {type(source).__name__}"
            )
        self._lines = iter(self._file)

    def __enter__(self) -> LineReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._own:
            self._file.close()

    def take(self, count: int) -> list[tuple[int, str]]:
        """Return the next ``count`` lines that are not blank, with their numbers; fewer at the end."""
        taken: list[tuple[int, str]] = []
        while len(taken) < count and (lines := self._read(count - len(taken))):
            for line in lines:
                self._number += 1
                text = self._decode(line) if isinstance(line, bytes) else line
                if text := text.strip("\ufeff \t\r\n"):
                    taken.append((self._number, text))
        return taken

    def _read(self, count: int) -> list[Any]:
        try:
            return list(islice(self._lines, count))
        except (EOFError, zlib.error) as error:
            raise InvalidInputError(
                f"source: the compressed file is damaged or cut short, after line {self._number} ({error})"
            ) from error
        except UnicodeError as error:
            # A file opened in text mode, or one with a byte order mark.
            raise InvalidInputError(
                f"source: the text after line {self._number} is not in the encoding that the file was opened "
                "with; open it with its own, as in open(path, encoding='gb18030')"
            ) from error
        except OSError as error:
            raise InvalidInputError(f"source: cannot read on after line {self._number} ({error})") from error

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            # The encoding is not guessed: a wrong guess would store wrong text.
            raise InvalidInputError(
                f"source: line {self._number} is not UTF-8 text (byte {error.object[error.start]:#04x} at "
                f"position {error.start}); nothing from there on was imported. Save the file as UTF-8, or "
                "give it opened with its encoding, as in open(path, encoding='gb18030')"
            ) from None


def _check_usable(file: IO[Any], name: str, use: str) -> None:
    can = getattr(file, f"{use}able", None)
    if getattr(file, "closed", False) is True:
        raise InvalidInputError(f"{name}: this file is closed; give it open for {use}ing, or a path")
    if callable(can) and can() is False:
        raise InvalidInputError(f"{name}: this file is not open for {use}ing; give one that is, or a path")


def is_database_path(source: File) -> bool:
    """Return whether a path leads to an SQLite database."""
    return isinstance(source, (str, os.PathLike)) and "\0" not in os.fspath(source) and is_database(source)


def _open_to_read(path: Path) -> IO[Any]:
    with open(path, "rb") as file:
        begin = file.read(4)
    opened: Any = _open(path, "rb", packed=begin.startswith(b"\x1f\x8b"))
    if begin.startswith(b"\x1f\x8b"):
        begin = opened.peek(4)[:4]
    named = next((encoding for mark, encoding in _MARKS if begin.startswith(mark)), None)
    return opened if named is None else io.TextIOWrapper(opened, encoding=named)


def _packed(path: Path) -> bool:
    return path.suffix == ".gz"


def _open(path: Path, mode: str, *, packed: bool) -> IO[Any]:
    # Only the owner may read an export, like the database.
    opened: Any = open(path, mode, opener=_private if mode == "wb" else None)  # noqa: SIM115
    if not packed:
        return cast("IO[Any]", opened)
    try:
        # Level 5 compresses nearly as well as the default of 9 in a third of the time.
        zipped = gzip.GzipFile(filename="", mode=mode, compresslevel=5, fileobj=opened)
    except BaseException:
        opened.close()
        raise
    # GzipFile closes only a file in this attribute.
    zipped.myfileobj = opened
    return cast("IO[Any]", zipped)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
