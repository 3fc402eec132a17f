"""Client-side deadlines for connections of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .base import Limit


class Watch:
    """Aborts a connection whose server takes too long, so that the pending operation fails.

    Args:
        abort: closes the socket at once.

    Attributes:
        expired: the limit that was exceeded, or ``None``.
    """

    __slots__ = ("_abort", "expired")

    def __init__(self, abort: Callable[[], object]) -> None:
        self._abort = abort
        self.expired: Limit | None = None

    @contextmanager
    def within(self, limit: Limit) -> Iterator[None]:
        """Abort the connection if the block takes longer than the limit."""
        timer = asyncio.get_running_loop().call_later(limit.seconds, self._expire, limit)
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self, limit: Limit) -> None:
        self.expired = limit
        self._abort()
