"""The files of an export: one file, a folder, or a ZIP archive, also one that was downloaded in part."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from ...errors import InvalidInputError
from ..inputs import check_path
from .values import Report

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PIECE = 1 << 16
_LOCAL = b"PK\x03\x04"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


class Export:
    """The files of an export, by name.

    Args:
        source: the path of a file, a folder or an archive.

    Attributes:
        name: the name of the file or folder.
        members: the names of its files, in order; a single file has its own name.
        size: the bytes of all files together, as far as known.

    Raises:
        InvalidInputError: it cannot be read.
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        path = check_path(source, "source")
        self.name = path.name
        self._opened: Callable[[str], IO[bytes]]
        try:
            if path.is_dir():
                self._read_folder(path)
            else:
                with path.open("rb") as file:
                    begin = file.read(4)
                if begin == _LOCAL:
                    self._read_archive(path)
                else:
                    self._read_file(path, packed=begin.startswith(b"\x1f\x8b"))
        except OSError as error:
            raise InvalidInputError(f"source: cannot read {str(path)[:300]} ({error.strerror})") from error

    def _read_file(self, path: Path, *, packed: bool) -> None:
        self.members = [path.name.removesuffix(".gz") if packed else path.name]
        self.size = path.stat().st_size
        self._opened = partial(_open_packed if packed else _open_plain, path)

    def _read_folder(self, path: Path) -> None:
        files = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
        named = {one.relative_to(path).as_posix(): one for one in files}
        self.members = list(named)
        self.size = sum(one.stat().st_size for one in files)
        self._opened = lambda name: named[name].open("rb")

    def _read_archive(self, path: Path) -> None:
        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError):
            # The directory is at the end, which a download in part lacks.
            salvaged = _SalvagedArchive(path)
            self.members = [name for name in salvaged.places if _is_wanted(name)]
            self.size = path.stat().st_size
            self._opened = salvaged.open
            return
        infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        archive.close()
        self.members = sorted(name for name in infos if _is_wanted(name))
        self.size = sum(infos[name].file_size for name in self.members)

        def opened(name: str) -> IO[bytes]:
            return io.BufferedReader(_Member(path, name))

        self._opened = opened

    def named(self, *names: str) -> list[str]:
        """Return the members with one of these file names, case ignored."""
        wanted = {name.casefold() for name in names}
        return [one for one in self.members if one.rpartition("/")[2].casefold() in wanted]

    def has_packed(self, name: str) -> bool:
        """Return whether a member is compressed itself."""
        with self.binary(name) as file:
            return file.read(2) == b"\x1f\x8b"

    def binary(self, name: str) -> IO[bytes]:
        """Open a member."""
        try:
            return self._opened(name)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InvalidInputError(f"source: cannot read {name[:200]} ({error})") from error

    def text(self, name: str, report: Report, encoding: str | None = None) -> TextFile:
        """Open a member as text."""
        return TextFile(self.binary(name), name, report, encoding)

    def head(self, name: str, size: int = 1 << 18) -> str:
        """Return the beginning of a member as text."""
        with self.text(name, Report()) as file:
            return file.read(size)


class TextFile:
    """A text file, decoded as UTF-8 if it has no mark of another encoding; a context manager.

    Bytes that are no UTF-8 become lone surrogates, which `has_bad_bytes` finds; the reader leaves such a
    message out and says where. A damaged compressed file ends where the damage begins, which is noted.

    Args:
        file: the bytes.
        name: its name, for what is noted.
        report: gets what is wrong with it.
        encoding: its encoding; ``None`` for UTF-8, or what its first bytes say.
    """

    def __init__(self, file: IO[bytes], name: str, report: Report, encoding: str | None = None) -> None:
        self._file = file
        self._name = name
        self._report = report
        begin = self._piece(_PIECE)
        found = next((known for mark, known in _MARKS if begin.startswith(mark)), None)
        self.encoding = encoding or found or "utf-8"
        errors = "surrogateescape" if self.encoding.startswith("utf-8") else "replace"
        self._decoder = codecs.getincrementaldecoder(self.encoding)(errors)
        self._text = self._decoder.decode(begin)
        self._ended = not begin

    def __enter__(self) -> TextFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int = _PIECE) -> str:
        """Return at most ``size`` characters; none at the end."""
        while len(self._text) < size and not self._ended:
            self._fill()
        piece, self._text = self._text[:size], self._text[size:]
        return piece

    def lines(self) -> Iterator[str]:
        """Yield the lines without their line breaks; only ``\\n``, ``\\r\\n`` and ``\\r`` end one."""
        text = ""
        while piece := self.read(_PIECE):
            text += piece
            *whole, text = text.replace("\r\n", "\n").split("\n")
            yield from whole
            if text.endswith("\r") and self._ended and not self._text:
                text = text[:-1]
        if text:
            yield text

    def _fill(self) -> None:
        piece = self._piece(_PIECE)
        self._ended = not piece
        self._text += self._decoder.decode(piece, final=self._ended)

    def _piece(self, size: int) -> bytes:
        return piece_of(self._file, self._name, self._report, size)


def piece_of(file: IO[bytes], name: str, report: Report, size: int = _PIECE) -> bytes:
    """Return the next bytes of a member; none at its end, or where damage begins, which is noted."""
    try:
        # One read at a time: a longer one would lose what came before an error.
        return cast("io.BufferedReader", file).read1(size)
    except (EOFError, zlib.error, zipfile.BadZipFile, OSError) as error:
        report.fault(name, f"the compressed file is damaged or cut short ({error})")
        return b""


def _open_plain(path: Path, name: str) -> IO[bytes]:
    return path.open("rb")


def _open_packed(path: Path, name: str) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb"))


def has_bad_bytes(text: str) -> bool:
    """Return whether a text has bytes that are no UTF-8."""
    return any("\udc80" <= character <= "\udcff" for character in text) if not text.isascii() else False


def _is_wanted(name: str) -> bool:
    # What macOS adds to archives.
    last = name.rpartition("/")[2]
    return bool(last) and not last.startswith("._") and not name.startswith("__MACOSX/")


class _Member(io.RawIOBase):
    """A member of an archive, which is closed with it."""

    def __init__(self, path: Path, name: str) -> None:
        self._archive = zipfile.ZipFile(path)
        try:
            self._member = cast("zipfile.ZipExtFile", self._archive.open(name))
        except BaseException:
            self._archive.close()
            raise

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        piece = self._member.read1(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._member.close()
        self._archive.close()
        super().close()


class _SalvagedArchive:
    """An archive without a directory: its members are found by their local headers.

    Args:
        path: the file.

    Attributes:
        places: for each member where its data begin, their method, and their length if known.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.places: dict[str, tuple[int, int, int | None]] = {}
        with path.open("rb") as file:
            at = 0
            while (header := self._header(file, at)) is not None:
                name, data, method, length = header
                if not name.endswith("/"):
                    self.places[name] = (data, method, length)
                at = data + (length if length is not None else self._length(file, data, method))
                at = self._next(file, at)

    @staticmethod
    def _header(file: IO[bytes], at: int) -> tuple[str, int, int, int | None] | None:
        file.seek(at)
        fixed = file.read(30)
        if len(fixed) < 30 or fixed[:4] != _LOCAL:
            return None
        _, _, flags, method, _, _, _, packed, _, named, extra = struct.unpack("<4sHHHHHIIIHH", fixed)
        name = file.read(named).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        known = None if flags & 8 or packed == 0xFFFFFFFF else packed
        return name, at + 30 + named + extra, method, known

    @staticmethod
    def _length(file: IO[bytes], at: int, method: int) -> int:
        """Return the length of data whose header does not tell it."""
        file.seek(at)
        length = 0
        if method == zipfile.ZIP_DEFLATED:
            inflate = zlib.decompressobj(-15)
            while not inflate.eof and (piece := file.read(_PIECE)):
                try:
                    inflate.decompress(piece)
                except zlib.error:
                    return length
                length += len(piece) - len(inflate.unused_data)
        return length

    @staticmethod
    def _next(file: IO[bytes], at: int) -> int:
        """Return the position of the next header at or after a position; there may be a descriptor before "
        "it."""
        file.seek(at)
        found = file.read(64).find(_LOCAL)
        return at + max(found, 0)

    def open(self, name: str) -> IO[bytes]:
        """Open a member; its data end where the file does."""
        at, method, length = self.places[name]
        file = self._path.open("rb")
        file.seek(at)
        return io.BufferedReader(_Inflated(file, method, length))


class _Inflated(io.RawIOBase):
    """The data of a member of an archive that was downloaded in part; reading past the cut raises."""

    def __init__(self, file: IO[bytes], method: int, length: int | None) -> None:
        self._file = file
        self._left = length
        self._inflate: Any = zlib.decompressobj(-15) if method == zipfile.ZIP_DEFLATED else None
        self._out = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        while not self._out and not (self._inflate is not None and self._inflate.eof):
            want = _PIECE if self._left is None else min(_PIECE, self._left)
            piece = self._file.read(want) if want else b""
            if self._left is not None:
                self._left -= len(piece)
            if not piece:
                if self._left or self._inflate is not None:
                    raise EOFError("the archive ends early")
                return 0
            self._out = piece if self._inflate is None else self._inflate.decompress(piece)
        count = min(len(view), len(self._out))
        view[:count] = self._out[:count]
        self._out = self._out[count:]
        return count

    def close(self) -> None:
        self._file.close()
        super().close()
