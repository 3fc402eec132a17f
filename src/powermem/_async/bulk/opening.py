"""Files that are opened on a thread, and closed whatever becomes of the caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ..._concurrency import async_shield, async_to_thread

T = TypeVar("T")


async def async_acquire(make: Callable[[], T], close: Callable[[T], object]) -> T:
    """Open something on a thread; close it when the caller is cancelled in the meantime."""
    opened: list[T] = []

    def note() -> None:
        opened.append(make())

    try:
        await async_outlast(note)
    except BaseException:
        for each in opened:
            close(each)
        raise
    return opened[0]


async def async_outlast(work: Callable[[], T]) -> T:
    """Call a function on a thread; a caller who is cancelled waits for its end."""
    return await async_shield(partial(async_to_thread, work))
