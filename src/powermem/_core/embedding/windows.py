"""Divide a text that is longer than an embedder takes into windows, each of which gets a vector.

A window ends where a reader would pause, if there is such a place in its last half: at a blank line, else at
the end of a line, of a sentence, of a clause, of a word. It begins a little before the end of the one before,
so that a sentence at the seam is whole in one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ..patterns import Pattern
from ..text.graphemes import boundary_after, boundary_before, is_boundary

MAX_WINDOWS = 64
"""The most windows of one text. Of a longer text they are taken at equal distances, and the rest of it is
found by its words only. With the local model that is beyond about 60,000 characters of English."""

SHORT = 80
"""A text of no more characters is not worth dividing."""

OVERLAP = 8
"""A window shares up to one part in eight with the one before."""

Fitting: TypeAlias = Callable[[str, int], int]
"""Returns where a window ends at the latest that begins at a place of a text; behind that place."""

# Where a window may end, the best first; the cut is behind the match.
_PAUSES = (
    Pattern(r"(?:\r\n|\n|\r|\u2029)[^\S\r\n]*(?:\r\n|\n|\r|\u2029)\s*"),
    Pattern(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]"),
    Pattern(r"[.!?\u2026]+[\"'\u2019\u201d\u00bb)\]*_]*\s+|"
               r"[\u3002\uff01\uff1f\uff0e\uff61\u0964\u0965\u061f\u06d4\u1362\u104b\u17d4\u0589]+"
               r"[\"'\u2019\u201d\u00bb\u300d\u300f\uff09)\]]*\s*"),
    Pattern(r"[,;:\u2013\u2014|]\s+|[\uff0c\u3001\uff1b\uff1a\u060c\u061b\u104a]\s*"),
    Pattern(r"\s+"),
)  # fmt: skip
_SENTENCE = 2
# The last two windows are of about equal length, since one of a few words is near to too many queries.
_LAST_TWO = 1.5
# How often the last of a few windows is moved towards the end of the text.
_TRIES = 4


def divide_each(texts: Sequence[str], fitting: Fitting | None, most: int) -> list[list[str]]:
    """Return the windows of each text; without a limit each is its only one."""
    if fitting is None:
        return [[text] for text in texts]
    return [[text] if len(text) <= SHORT else divide(text, fitting, most) for text in texts]


def divide(text: str, fitting: Fitting, most: int = MAX_WINDOWS) -> list[str]:
    """Return the windows of a text: itself if it fits, else parts of it in order.

    The number of calls of ``fitting`` is at most twice ``most``, so that the time does not grow with the text
    beyond that.

    Args:
        text: any text.
        fitting: how much fits.
        most: the most windows, at least 2; of more they are taken at equal distances, with the beginning and
            the end.
    """
    if fitting(text, 0) >= len(text):
        return [text]
    return [part for start, end in spans(text, fitting, most) if (part := text[start:end].strip())] or [text]


def spans(text: str, fitting: Fitting, most: int) -> list[tuple[int, int]]:
    """Return where the windows of a text begin and end; see `divide`."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(text) and len(found) < most:
        end = _end(text, start, fitting)
        found.append((start, end))
        start = end if end >= len(text) else _next(text, start, end)
    return found if not found or found[-1][1] >= len(text) else _spread(text, found, fitting)


def _spread(text: str, first: list[tuple[int, int]], fitting: Fitting) -> list[tuple[int, int]]:
    """Return as many windows at equal distances over the whole text."""
    most = len(first)
    length = max(1, sum(end - start for start, end in first) // most)
    step = (len(text) - length) / (most - 1)
    spread = [first[0]]
    for number in range(1, most):
        place = int(number * step)
        start = _pause_before(text, place, min(place + length // 4, len(text) - 1))
        start = boundary_after(text, place) if start is None else start
        if start < len(text):
            spread.append((start, _end(text, start, fitting)))
    for _ in range(_TRIES):
        start, end = spread[-1]
        if end >= len(text):
            break
        start = boundary_after(text, start + len(text) - end)
        if start >= len(text):
            # The text ends in what looks like one character and is longer than the rest.
            break
        spread[-1] = (start, _end(text, start, fitting))
    return spread


def _end(text: str, start: int, fitting: Fitting) -> int:
    """Return where the window ends that begins at ``start``."""
    latest = min(max(fitting(text, start), start + 1), len(text))
    if latest == len(text):
        return latest
    left = len(text) - start
    if left < _LAST_TWO * (latest - start):
        latest = min(latest, start + int(left * 0.6) + 1)
    middle = start + (latest - start) // 2
    pause = _pause_before(text, middle, latest)
    if pause is not None:
        return pause
    end = boundary_before(text, latest, start)
    # What looks like one character and fits no window has one of its own.
    return end if end > start else boundary_after(text, latest)


def _next(text: str, start: int, end: int) -> int:
    """Return where the window begins that follows one from ``start`` to ``end``."""
    earliest = max(end - (end - start) // OVERLAP, start + 1)
    # The earliest end of a sentence or a line there, else of a word.
    for pauses in (_PAUSES[1 : _SENTENCE + 1], _PAUSES[-1:]):
        places = [
            found.end()
            for pause in pauses
            for found in pause.finditer(text, earliest, end)
            if found.end() < end and is_boundary(text, found.end())
        ]
        if places:
            return min(places)
    begin = boundary_before(text, earliest, start)
    return begin if begin > start else end


def _pause_before(text: str, first: int, last: int) -> int | None:
    """Return the last of the best pauses behind ``first`` and up to ``last``."""
    for pause in _PAUSES:
        for found in reversed(list(pause.finditer(text, first, last))):
            if found.end() > first and is_boundary(text, found.end()):
                return found.end()
    return None


def covered(text: str, windows: list[str], most: int = MAX_WINDOWS) -> bool:
    """Return whether windows hold about all of a text: they do unless there were too many."""
    return len(windows) < most or sum(map(len, windows)) >= 0.9 * len(text)


def estimated(limit: int) -> Fitting:
    """Return what fits a limit in tokens as ``powermem.tokens`` estimates them.

    Args:
        limit: tokens, at least 1.
    """

    def fitting(text: str, start: int) -> int:
        if len(text) - start <= limit:
            # No character counts more than one.
            return len(text)
        # Each character counts at least a quarter.
        part = text[start : start + 4 * limit]
        costs = _quarters(part)
        if int(costs.sum()) <= 4 * limit:
            return start + len(part)
        return start + int(np.searchsorted(np.cumsum(costs), 4 * limit, side="right"))

    return fitting


def _quarters(text: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the cost of each character in quarters of a token; see ``powermem.tokens``."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    costs = np.full(len(codes), 4, dtype=np.int64)
    lower = codes | 0x20
    costs[((lower >= 0x61) & (lower <= 0x7A)) | (codes == 0x20) | ((codes >= 0x09) & (codes <= 0x0D))] = 1
    costs[((codes >= 0x250) & (codes <= 0x10FF)) | ((codes >= 0x1200) & (codes <= 0x1FFF))] = 2
    return costs
