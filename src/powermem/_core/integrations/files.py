"""Files over memories, as values. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from ...errors import InvalidInputError
from ..clock import to_iso
from ..text.cleaning import check_text
from ..values import Row
from .documents import PATH, version_of

MAX_CHARACTERS = 1_000_000
"""Longest content of a file."""


class MemoryFile(NamedTuple):
    """A file as it was read.

    Attributes:
        path: of the file.
        content: its text.
        version: changes with every write; pass it as ``if_version`` to write only if nobody else has.
        updated_at: of its last write, ISO-8601.
    """

    path: str
    content: str
    version: str
    updated_at: str


class FoundFile(NamedTuple):
    """A file that a search found; ``score`` is 0 to 1."""

    file: MemoryFile
    score: float


def check_content(content: object) -> str:
    """Return the content of a file, unchanged.

    Raises:
        InvalidInputError: it is no text, too long, or not valid Unicode.
    """
    if not isinstance(content, str):
        raise InvalidInputError(f"content: expected a string, got {type(content).__name__}")
    if len(content) > MAX_CHARACTERS:
        raise InvalidInputError(f"content: at most {MAX_CHARACTERS:,} characters, got {len(content):,}")
    return check_text(content, "content")


def read_file(row: Row) -> MemoryFile:
    """Return the file that a memory is."""
    return MemoryFile(str(row.metadata[PATH]), row.text, version_of(row), to_iso(row.updated_at))
