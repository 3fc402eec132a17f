"""Learn the maximum size of a request from a model's refusals. No I/O."""

from __future__ import annotations


class Sizing:
    """The current size limit of requests.

    A refusal halves it. After a while it is doubled again, since the refusal may have had another cause, or
    the server may have been updated.

    Args:
        size: the initial and maximum size; ``None`` for no limit.
        patience: number of accepted requests until the size is doubled; doubled itself each time that the
            larger size is refused.
    """

    def __init__(self, size: int | None = None, *, patience: int = 50) -> None:
        self._most = size
        self._size = size
        self._patience = patience
        self._taken = 0
        self._grown = False

    @property
    def size(self) -> int | None:
        """The current limit; ``None`` if there is none."""
        return self._size

    def allows(self, size: int) -> bool:
        """Return whether a request of this size is within the limit."""
        return self._size is None or size <= self._size

    def refuse(self, size: int) -> None:
        """Record that a request of this size was refused, and lower the limit to half of it."""
        if self._grown:
            self._patience, self._grown = 2 * self._patience, False
        half = max(1, size // 2)
        self._size = half if self._size is None else min(self._size, half)
        self._taken = 0

    def take(self, size: int) -> None:
        """Record that a request of this size was accepted; small ones are ignored, as they test no limit."""
        if self._size is None or self._size == self._most or 2 * size <= self._size:
            return
        self._taken += 1
        if self._taken >= self._patience:
            self._taken, self._grown = 0, True
            self._size = 2 * self._size if self._most is None else min(self._most, 2 * self._size)
