"""Learning from what was said through clients, as ``memory.augmentation`` shows it."""

from __future__ import annotations

from typing import Protocol

from ...inputs import check_count, check_seconds, named


class AsyncLearner(Protocol):
    """The memory, as far as this needs it."""

    async def _settled(self, timeout: float | None) -> bool: ...

    def _width(self) -> int: ...

    def _widen(self, width: int) -> None: ...

    def _write_size(self) -> int: ...

    def _write_at_most(self, size: int) -> None: ...


@named("AsyncMemory.augmentation")
class AsyncAugmentation:
    """The work that follows on a conversation: extraction of what is worth remembering.

    Args:
        learner: does it.
    """

    def __init__(self, learner: AsyncLearner) -> None:
        self._learner = learner

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything that was said so far is learned, so that it can be recalled.

        What failed counts as done; its task says why, see ``list_tasks``. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether it is.
        """
        return await self._learner._settled(check_seconds(timeout, "timeout"))

    @property
    def max_workers(self) -> int:
        """How many users' conversations are worked on side by side. A change takes effect at once."""
        return self._learner._width()

    @max_workers.setter
    def max_workers(self, width: int) -> None:
        self._learner._widen(check_count(width, "max_workers", least=1))

    @property
    def db_writer_batch_size(self) -> int:
        """How many exchanges are written in one transaction at most. A change takes effect at once."""
        return self._learner._write_size()

    @db_writer_batch_size.setter
    def db_writer_batch_size(self, size: int) -> None:
        self._learner._write_at_most(check_count(size, "db_writer_batch_size", least=1))
