"""Edits of texts as a model requests them, and how texts and folders are shown to it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...errors import InvalidInputError

MAX_LINES = 999_999
_WIDTH = len(str(MAX_LINES))
# Lines around a change that a snippet shows.
_AROUND = 2
# Levels of a folder that a listing shows.
_LEVELS = 2


def replaced(path: str, text: str, old: str, new: str) -> tuple[str, int]:
    """Return a text with one part replaced, and the index of the line where it begins.

    Raises:
        InvalidInputError: the part is not there exactly once.
    """
    count = text.count(old) if old else 0
    if count == 0:
        raise InvalidInputError(
            f"No replacement was performed, old_str `{old}` did not appear verbatim in {path}."
        )
    if count > 1:
        lines, start = list[int](), 0
        while (place := text.find(old, start)) != -1:
            lines.append(text[:place].count("\n") + 1)
            start = place + 1
        raise InvalidInputError(
            f"No replacement was performed. Multiple occurrences of old_str `{old}` in lines: "
            f"{', '.join(map(str, lines))}. Please ensure it is unique"
        )
    return text.replace(old, new), text[: text.find(old)].count("\n")


def inserted(text: str, line: int, new: str) -> str:
    """Return a text with another one inserted behind so many lines.

    Raises:
        InvalidInputError: the text has fewer lines.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not 0 <= line <= len(lines):
        raise InvalidInputError(
            f"Invalid `insert_line` parameter: {line}. It should be within the range [0, {len(lines)}]."
        )
    lines.insert(line, new.rstrip("\n"))
    return "\n".join(lines) + "\n"


def numbered(lines: Sequence[str], first: int = 1) -> str:
    """Return lines with their numbers."""
    return "\n".join(f"{str(first + i).rjust(_WIDTH)}\t{line}" for i, line in enumerate(lines))


def snippet(text: str, changed: int) -> str:
    """Return the numbered lines around the line with an index."""
    lines = text.split("\n")
    begin = max(0, changed - _AROUND)
    return numbered(lines[begin : changed + _AROUND + 1], begin + 1)


def file_view(path: str, text: str, view_range: Sequence[int] | None = None) -> str:
    """Return a file with numbered lines, as Anthropic's memory tool shows it.

    Args:
        path: of the file.
        text: its content.
        view_range: the first and the last line to show; -1 for the end.

    Raises:
        InvalidInputError: it has too many lines.
    """
    lines, first = text.split("\n"), 1
    if len(lines) > MAX_LINES:
        raise InvalidInputError(f"File {path} exceeds maximum line limit of 999,999 lines.")
    if view_range is not None and len(view_range) == 2:
        first = max(1, view_range[0])
        last = len(lines) if view_range[1] == -1 else view_range[1]
        lines = lines[first - 1 : last]
    return f"Here's the content of {path} with line numbers:\n{numbered(lines, first)}"


def folder_view(folder: str, sizes: Mapping[str, int]) -> str:
    """Return the listing of a folder, two levels deep, as Anthropic's memory tool shows it.

    Args:
        folder: its path.
        sizes: the sizes of all files below it, in bytes, by path.
    """
    totals: dict[tuple[str, ...], int] = {}
    files: set[tuple[str, ...]] = set()
    for path, size in sizes.items():
        parts = tuple(path[len(folder) + 1 :].split("/"))
        if any(part.startswith(".") for part in parts):
            continue
        files.add(parts)
        for end in range(1, len(parts) + 1):
            totals[parts[:end]] = totals.get(parts[:end], 0) + size
    lines = [f"{file_size(sum(totals[parts] for parts in files))}\t{folder}"]
    for parts in sorted(totals):
        if len(parts) <= _LEVELS:
            name = "/".join(parts)
            lines.append(f"{file_size(totals[parts])}\t{folder}/{name}{'' if parts in files else '/'}")
    header = f"Here're the files and directories up to 2 levels deep in {folder}, excluding hidden items:"
    return "\n".join([header, *lines])


def file_size(count: int) -> str:
    """Return a number of bytes as a model reads it, such as ``"1.5K"``."""
    if count == 0:
        return "0B"
    power = min((count.bit_length() - 1) // 10, 3)
    size = count / 1024**power
    return f"{int(size)}{'BKMG'[power]}" if size == int(size) else f"{size:.1f}{'BKMG'[power]}"


def listed(paths: Iterable[str], folder: str) -> list[str]:
    """Return the paths below a folder, or the path itself, sorted."""
    return sorted(path for path in paths if path == folder or path.startswith(f"{folder}/"))


def excerpt(text: str, query: str, size: int) -> str:
    """Return at most ``size`` characters of a text, around the first word of a query that is in it."""
    lower = text.lower()
    places = [place for word in query.lower().split() if (place := lower.find(word)) >= 0]
    begin = max(0, min(min(places, default=0) - size // 3, len(text) - size))
    return text[begin : begin + size]
