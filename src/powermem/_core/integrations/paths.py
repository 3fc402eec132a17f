"""Paths of files over memories: below one root, which no path leaves. No I/O."""

from __future__ import annotations

import unicodedata

from ...errors import InvalidInputError
from ..masking import shown
from ..patterns import Pattern
from ..text.cleaning import check_text

ROOT = "/memories"
"""The root of all paths."""

MAX_BYTES = 1024
"""Longest path, in bytes of UTF-8; the bound of Anthropic's memory stores, like the next one."""
MAX_SEGMENTS = 20

_CONTROL = Pattern("[\x00-\x1f\x7f\\\\]")


def check_path(path: object) -> str:
    """Return a path below the root, or the root, normalized: NFC, without ``.``, ``..`` and doubled slashes.

    Raises:
        InvalidInputError: it is no path below the root.
    """
    if not isinstance(path, str):
        raise InvalidInputError(f"path: expected a string, got {type(path).__name__}")
    check_text(path, "path")
    if path != ROOT and not path.startswith(f"{ROOT}/"):
        raise InvalidInputError(f"path: must start with {ROOT}, got: {path}")
    if _CONTROL.search(path):
        raise InvalidInputError(f"path: no control characters and backslashes, got {shown(path)}")
    segments: list[str] = []
    for segment in unicodedata.normalize("NFC", path).split("/")[2:]:
        if segment == "..":
            if not segments:
                raise InvalidInputError(f"path: {path} would escape {ROOT} directory")
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    if len(segments) > MAX_SEGMENTS:
        raise InvalidInputError(f"path: at most {MAX_SEGMENTS} segments, got {len(segments)}")
    whole = "/".join([ROOT, *segments])
    if len(whole.encode()) > MAX_BYTES:
        raise InvalidInputError(f"path: at most {MAX_BYTES} bytes, got {len(whole.encode())}")
    return whole


def check_file(path: object) -> str:
    """Return the path of a file, which is not the root.

    Raises:
        InvalidInputError: see `check_path`.
    """
    whole = check_path(path)
    if whole == ROOT:
        raise InvalidInputError(f"path: {ROOT} is the directory of all files; name a file below it")
    return whole


def parents(path: str) -> list[str]:
    """Return the folders that a path is in, without the root, outermost first."""
    parts = path.split("/")[2:-1]
    return ["/".join([ROOT, *parts[: end + 1]]) for end in range(len(parts))]
