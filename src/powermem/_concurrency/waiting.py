"""Ways to wait that respect a timeout and stay interruptible."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

# Seconds. On Windows, waiting for a lock ignores Ctrl-C until the timeout, so threads wait in short slices.
_SLICE = 0.5


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of the calling task, or ``None`` outside of any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def awaited(fn: Callable[[], Awaitable[T]]) -> T:
    """Call a function and await its result, as the coroutine that a task needs."""
    return await fn()


async def resolved(waiter: asyncio.Future[bool], timeout: float | None) -> bool:
    """Wait for the future; after ``timeout`` seconds, resolve it with ``False``."""
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


async def all_done(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Wait until all tasks are done. A cancellation of the caller is raised only after that."""
    cancelled: asyncio.CancelledError | None = None
    while pending := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def join_thread(thread: threading.Thread, timeout: float | None) -> bool:
    """Wait for a thread to end; return ``False`` if it is still running after ``timeout`` seconds."""
    return wait_in_slices(partial(_ended, thread), timeout)


def _ended(thread: threading.Thread, seconds: float) -> bool:
    thread.join(seconds)
    return not thread.is_alive()


def wait_in_slices(attempt: Callable[[float], bool], timeout: float | None) -> bool:
    """Repeat a timed wait until it succeeds or the timeout passes; return whether it succeeded.

    Args:
        attempt: waits at most the given number of seconds and returns whether it succeeded.
        timeout: seconds, or ``None`` for no limit.
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
