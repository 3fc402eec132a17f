"""Read a database of powermem 1.1 in place. All calls block."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from ...errors import InvalidInputError
from ..sql.schema import check_collection

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
