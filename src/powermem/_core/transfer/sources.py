"""The source of an import in any format, and databases of powermem 1.1. All calls block."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError
from .. import clock
from ..inputs import File
from ..masking import shown
from ..sql.schema import check_collection
from ..tasks.task import Preference
from ..values import EmbedderIdentity, HistoryEntry, Stored, Turn
from . import FORMATS
from .files import LineReader, is_database_path
from .lines import Header, Item, read_header, read_item, read_record, records

_COLUMNS = {"id", "vector", "payload"}


class UpstreamDatabase:
    """The SQLite file of powermem 1.1, opened read-only: a table of ids, vectors and JSON payloads.

    Args:
        path: the file.
        collection: the name of the table; ``None`` for the only one of this form.

    Raises:
        InvalidInputError: there is no such table, or several; the message lists those that exist.
    """

    def __init__(self, path: str | os.PathLike[str], collection: str | None = None) -> None:
        self._path = Path(path)
        self._after = -1
        try:
            self._connection = sqlite3.connect(
                f"{self._path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise InvalidInputError(f"source: cannot read {self._path} ({error})") from error
        try:
            self._table = self._find(collection)
        except sqlite3.Error as error:
            self._connection.close()
            raise InvalidInputError(f"source: cannot read {self._path} ({error})") from error

    def _find(self, collection: str | None) -> str:
        tables: list[str] = [
            name
            for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if {column[1] for column in self._connection.execute(f'PRAGMA table_info("{name}")')} >= _COLUMNS
        ]
        if collection is not None and check_collection(collection) in tables:
            return collection
        if collection is None and len(tables) == 1:
            return tables[0]
        ours = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%\\_records' ESCAPE '\\'"
        ).fetchone()
        self._connection.close()
        if not tables and ours is not None:
            raise InvalidInputError(
                f"source: {self._path} is a database of this version, not one of powermem 1.1: open it as "
                "vector_store.config.database_path, or import what export_memories() writes of it"
            )
        found = ", ".join(tables) or "none"
        raise InvalidInputError(
            f"source: {self._path}: expected one table with the columns id, vector and payload, "
            f"found: {found}" + ("; name one of them as collection" if len(tables) > 1 else "")
        )

    def take(self, count: int) -> list[tuple[int, dict[str, Any]]]:
        """Return the next ``count`` rows by id, with the payload as text; fewer at the end."""
        try:
            found = self._connection.execute(
                f'SELECT id, payload FROM "{self._table}" WHERE id > ? ORDER BY id LIMIT ?',
                (self._after, count),
            ).fetchall()
        except sqlite3.Error as error:
            raise InvalidInputError(f"source: cannot read {self._path} ({error})") from error
        if found:
            self._after = found[-1][0]
        return [(row_id, {"id": row_id, "payload": payload}) for row_id, payload in found]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@dataclass(slots=True)
class Page:
    """A page of items of a source.

    Attributes:
        memories: the memories.
        turns: the source turns.
        history: history entries of deleted memories.
        preferences: the preferences.
        errors: the number of each line or record that could not be read, and the error.
        last: whether it is the last page.
    """

    memories: list[Stored] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    last: bool = False

    def put(self, item: Item) -> None:
        """Add an item."""
        if isinstance(item, Stored):
            self.memories.append(item)
        elif isinstance(item, Turn):
            self.turns.append(item)
        elif isinstance(item, Preference):
            self.preferences.append(item)
        else:
            self.history.append(item)


def foreign_page(found: Iterable[tuple[int, Any]], *, last: bool) -> Page:
    """Return a page of records of other libraries, each passed with its number for errors."""
    page = Page(last=last)
    now = clock.now()
    for number, value in found:
        try:
            page.put(read_record(_decode(value) if isinstance(value, str) else value, now))
        except InvalidInputError as error:
            page.errors.append((number, str(error)))
    return page


class Source:
    """Reads pages of items from a file.

    Args:
        source: a path, an open file, or JSON text.
        format: one of ``FORMATS``.
        collection: the table of a powermem 1.1 database.

    Raises:
        InvalidInputError: it cannot be read, or has none of the formats.
    """

    def __init__(self, source: File, format: str = "auto", collection: str | None = None) -> None:
        if not isinstance(format, str) or format not in FORMATS:
            raise InvalidInputError(f"format: expected one of {', '.join(FORMATS)}, got {shown(format)}")
        self.embedder: EmbedderIdentity | None = None
        self._reader: LineReader | None = None
        self._database: UpstreamDatabase | None = None
        self._records: Iterator[tuple[int, Any]] = iter(())
        self._header: Header | None = None
        self._first: list[tuple[int, str]] = []
        if format == "powermem-1.1" or (format == "auto" and is_database_path(source)):
            if not isinstance(source, (str, os.PathLike)):
                raise InvalidInputError("source: a powermem 1.1 database is given by its path")
            self._database = UpstreamDatabase(source, collection)
            return
        if isinstance(source, str) and source.lstrip()[:1] in ("{", "["):
            self._records = enumerate(records(_decode(source)), 1)
            return
        self._reader = LineReader(source)
        try:
            self._open(format)
        except BaseException:
            self.close()
            raise

    def _open(self, format: str) -> None:
        assert self._reader is not None
        self._first = self._reader.take(1)
        self._header = read_header(self._first[0][1]) if self._first else Header(None)
        if self._header is not None and format in ("auto", "jsonl"):
            self.embedder = self._header.embedder
            self._first = []
            return
        if format == "jsonl":
            raise InvalidInputError("source: the first line is not the header of an export")
        self._header = None
        if self._first and not _complete(self._first[0][1]):
            # A document that spans several lines, read as a whole.
            lines = [text for _, text in self._first]
            while more := self._reader.take(1000):
                lines += [text for _, text in more]
            self._first = []
            self._records = enumerate(records(_decode("\n".join(lines))), 1)
        elif self._first and (document := json.loads(self._first[0][1])):
            # A whole document, or the first of several records with a line each; `_take_records` reads the
            # rest.
            self._first = []
            self._records = enumerate(records(document), 1)

    def take(self, count: int) -> Page:
        """Read the next items.

        Args:
            count: the most lines or records to read.
        """
        if self._header is not None:
            assert self._reader is not None
            page = Page()
            lines = self._reader.take(count)
            page.last = len(lines) < count
            for number, line in lines:
                try:
                    page.put(read_item(line, self._header))
                except InvalidInputError as error:
                    page.errors.append((number, str(error)))
            return page
        found = self._database.take(count) if self._database is not None else self._take_records(count)
        return foreign_page(found, last=len(found) < count)

    def _take_records(self, count: int) -> list[tuple[int, Any]]:
        taken = list(islice(self._records, count))
        if len(taken) < count and self._reader is not None:
            taken += self._reader.take(count - len(taken))
        return taken

    def close(self) -> None:
        """Close the file or database."""
        for opened in (self._reader, self._database):
            if opened is not None:
                opened.close()


def _complete(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            "source: neither an export of powermem, nor JSON of powermem 1.1 or of mem0, nor a database of "
            f"powermem 1.1; not valid JSON ({error})"
        ) from None
