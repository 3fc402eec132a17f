"""How a task or a thread waits: with a time limit, and so that it can be interrupted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any

# On Windows a blocked lock does not notice Ctrl-C before its time is up, so threads wait in slices (seconds).
_SLICE = 0.5


async def arrived(waiter: asyncio.Future[bool], timeout: float | None) -> bool:
    """Wait until the waiter is resolved; resolve it with ``False`` when the time is up."""
    if timeout is None:
        return await waiter
    timer = asyncio.get_running_loop().call_later(timeout, _give_up, waiter)
    try:
        return await waiter
    finally:
        timer.cancel()


def _give_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)


async def finished(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait until all tasks are done, even if the caller is cancelled; raise that cancellation afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def patiently(attempt: Callable[[float], bool], timeout: float | None) -> bool:
    """Repeat a timed wait until it succeeds (``True``) or the time is up (``False``).

    Args:
        attempt: waits at most the given number of seconds and tells whether it succeeded.
        timeout: seconds, or ``None`` to wait for ever.
    """
    if timeout is None:
        while not attempt(_SLICE):
            continue
        return True
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > _SLICE:
        if attempt(_SLICE):
            return True
    return attempt(max(left, 0.0))
