"""How much a model takes at once, found out by its refusals. No I/O."""

from __future__ import annotations


class Sizing:
    """The largest size that is known to be taken.

    A refusal lowers it. It grows again after a while, since what was refused may have had another reason, and
    a server may take more after an update.

    Args:
        size: the size to begin with; ``None`` for any.
        patience: how often a size must be taken until twice as much is tried. Each time that twice as much is
            refused doubles it.
    """

    def __init__(self, size: int | None = None, *, patience: int = 50) -> None:
        self._most = size
        self._size = size
        self._patience = patience
        self._taken = 0
        self._grown = False

    @property
    def size(self) -> int | None:
        """The most to send at once; ``None`` when there is no limit."""
        return self._size

    def allows(self, size: int) -> bool:
        """Return whether so much may be sent at once."""
        return self._size is None or size <= self._size

    def refuse(self, size: int) -> None:
        """Note that so much was refused, and that half of it is to be tried."""
        if self._grown:
            self._patience, self._grown = 2 * self._patience, False
        half = max(1, size // 2)
        self._size = half if self._size is None else min(self._size, half)
        self._taken = 0

    def take(self, size: int) -> None:
        """Note that so much was taken; what is far from the limit says nothing about it."""
        if self._size is None or self._size == self._most or 2 * size <= self._size:
            return
        self._taken += 1
        if self._taken >= self._patience:
            self._taken, self._grown = 0, True
            self._size = 2 * self._size if self._most is None else min(self._most, 2 * self._size)
