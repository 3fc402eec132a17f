# Generated from src/powermem/_async/bulk/opening.py by scripts/run_unasync.py; edit that file instead.
"""Files that are opened on a thread, and closed whatever becomes of the caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ..._concurrency import shield, to_thread

T = TypeVar("T")


def acquire(make: Callable[[], T], close: Callable[[T], object]) -> T:
    """Open something on a thread; close it when the caller is cancelled in the meantime."""
    opened: list[T] = []

    def note() -> None:
        opened.append(make())

    try:
        outlast(note)
    except BaseException:
        for each in opened:
            close(each)
        raise
    return opened[0]


def outlast(work: Callable[[], T]) -> T:
    """Call a function on a thread; a caller who is cancelled waits for its end."""
    return shield(partial(to_thread, work))
