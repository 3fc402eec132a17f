"""What a memory shows besides its methods: ``llm``, ``augmentation`` and ``processing``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from .._core import clock
from .._core.inputs import Observer, check_amount, check_count, check_seconds, check_share, named
from .._core.masking import shown
from .._core.tasks.task import ProcessStatus
from ..errors import InvalidInputError
from ..types import ProcessingStatistics

if TYPE_CHECKING:
    from .access import AsyncAccess
    from .clients.attendance import AsyncAttendance

M = TypeVar("M")


@named("AsyncMemory.llm")
class AsyncClients(Generic[M]):
    """Clients of language models whose conversations are remembered.

    Args:
        memory: returned by the calls that can be chained.
        attendance: attends the calls.
    """

    def __init__(self, memory: M, attendance: AsyncAttendance) -> None:
        self._memory = memory
        self._attendance = attendance

    def register(self, client: object) -> M:
        """Recall before each call of a client, and remember what was said in it.

        What is recalled by the user's last message is put at the end of the system prompt. The arguments of
        the call stay as they are, and what it returns is the client's own. Clients that ``with_options`` and
        ``copy`` make of it are attended as well. Registering keeps neither the client nor the memory alive,
        and begins to open the memory. Registering a client again has no effect.

        Args:
            client: an ``OpenAI``, ``AsyncOpenAI``, ``AzureOpenAI``, ``AsyncAzureOpenAI``, ``Anthropic`` or
                ``AsyncAnthropic``, or one of their SDKs' clients for other clouds.

        Returns:
            The memory.

        Raises:
            InvalidInputError: it is none of these, or another memory attends it.
            ClosedError: the memory was closed.
        """
        self._attendance.register(client)
        return self._memory

    def unregister(self, client: object) -> M:
        """Leave a client alone from now on. One that was never registered is left alone already.

        Returns:
            The memory.
        """
        self._attendance.unregister(client)
        return self._memory

    def release(self) -> None:
        """Leave all clients alone."""
        self._attendance.release()

    @property
    def recall_budget(self) -> float:
        """Seconds that a call waits for what is recalled, then it goes on without; 0 recalls nothing."""
        return self._attendance.budget

    @recall_budget.setter
    def recall_budget(self, seconds: float) -> None:
        self._attendance.budget = check_amount(seconds, "recall_budget")

    @property
    def opening_budget(self) -> float:
        """Seconds that calls wait for the store to be opened and a local model to be loaded.

        They count from ``register`` on, where both begin, and not as time for recalling.
        """
        return self._attendance.opening_budget

    @opening_budget.setter
    def opening_budget(self, seconds: float) -> None:
        self._attendance.opening_budget = check_amount(seconds, "opening_budget")

    @property
    def recall_limit(self) -> int:
        """How many memories are put into a call at most."""
        return self._attendance.limit

    @recall_limit.setter
    def recall_limit(self, limit: int) -> None:
        self._attendance.limit = check_count(limit, "recall_limit", least=1)

    @property
    def recall_threshold(self) -> float | None:
        """Memories with a lower score, 0 to 1, are left out."""
        return self._attendance.threshold

    @recall_threshold.setter
    def recall_threshold(self, threshold: float | None) -> None:
        self._attendance.threshold = check_share(threshold, "recall_threshold")


@named("AsyncMemory.augmentation")
class AsyncAugmentation:
    """The work that follows on a conversation: extraction of what is worth remembering.

    Args:
        access: the memory's access to its engine.
    """

    def __init__(self, access: AsyncAccess) -> None:
        self._access = access

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything that was said so far is learned, so that it can be recalled.

        What failed counts as done; its task says why, see ``list_tasks``. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether it is.
        """
        patience = check_seconds(timeout, "timeout")
        self._access.check()
        # Also what was said to instances before this one, where each request has one of its own.
        return await self._access.engine().keeper.learn_all(patience)

    @property
    def max_workers(self) -> int:
        """How many users' conversations are worked on side by side. A change takes effect at once."""
        return self._access.width

    @max_workers.setter
    def max_workers(self, width: int) -> None:
        self._access.width = check_count(width, "max_workers", least=1)

    @property
    def db_writer_batch_size(self) -> int:
        """How many exchanges are written in one transaction at most. A change takes effect at once."""
        return self._access.batch_size

    @db_writer_batch_size.setter
    def db_writer_batch_size(self, size: int) -> None:
        self._access.batch_size = check_count(size, "db_writer_batch_size", least=1)


@named("AsyncMemory.processing")
class AsyncProcessing:
    """Numbers about the work in the background, a way to be told of its results, and to do all of it.

    Args:
        access: the memory's access to its engine.
    """

    def __init__(self, access: AsyncAccess) -> None:
        self._access = access

    def on_task_done(self, callback: Observer) -> None:
        """Call a function whenever this process has brought a task to its end.

        Args:
            callback: gets what ``get_status`` returns. What it raises is logged. Until it returns the user's
                next task does not begin, so it must not wait for one.
        """
        if not callable(callback):
            raise InvalidInputError(f"callback: expected a function, got {shown(callback)}")
        self._access.share.observers.append(callback)

    async def start(self) -> None:
        """Work on the tasks of the store from now on, whoever made them, and look for new ones.

        A memory does so by itself once it has made a task, and when it finds some at its opening, unless
        ``processing.resume`` is off. A program that is there for the work alone calls this.
        """
        components = await self._access.open()
        components.processor.resume()

    async def stop(self, timeout: float | None = None) -> bool:
        """Take on no more tasks, and wait until those under way here are done. ``start`` goes on.

        What is left is there for other processes, and for the next start. Giving up to wait cancels nothing.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether all that was under way is done.
        """
        timeout = check_seconds(timeout, "timeout")
        components = await self._access.open()
        return await components.processor.pause(timeout)

    async def stats(self) -> ProcessingStatistics:
        """Count the work to do, and what was done of late.

        Returns:
            Of the store: ``"buffered"`` (turns that no task has taken on), ``"queue_depth"`` (tasks that have
            not begun), ``"running"``, ``"completed"``, ``"failed"``, ``"cancelled"`` (tasks) and
            ``"oldest_age"`` (seconds since the oldest of what waits came, or ``None``). Of this process:
            ``"working"`` (users whose work is under way) and ``"completed_per_minute"``,
            ``"failed_per_minute"`` (tasks in the last minute).
        """
        components = await self._access.open()
        found = await components.store.queue_statistics()
        tasks = {status: found.by_status.get(status, 0) for status in ProcessStatus}
        oldest = found.oldest_at
        return {
            "buffered": found.buffered,
            "queue_depth": tasks[ProcessStatus.PENDING],
            "running": tasks[ProcessStatus.RUNNING],
            "completed": tasks[ProcessStatus.COMPLETED],
            "failed": tasks[ProcessStatus.FAILED],
            "cancelled": tasks[ProcessStatus.CANCELLED],
            "oldest_age": None if oldest is None else max(0.0, (clock.now() - oldest) / 1_000_000),
            "working": components.processor.running,
            "completed_per_minute": components.runner.done.per_minute(),
            "failed_per_minute": components.runner.failed.per_minute(),
        }
