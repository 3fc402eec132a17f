# Generated from src/powermem/_async/views.py by scripts/run_unasync.py; edit that file instead.
"""The namespaces of a memory: ``llm``, ``augmentation`` and ``processing``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from .._core.clients.continuity import SEPARATE, Continuity
from .._core.inputs import Observer, check_amount, check_count, check_flag, check_seconds, check_share, named
from .._core.masking import shown
from .._core.tasks.task import ProcessStatus
from ..errors import InvalidInputError
from ..types import ProcessingStatistics

if TYPE_CHECKING:
    from .access import Access
    from .clients.attendance import Attendance

M = TypeVar("M")


@named("Memory.llm")
class Clients(Generic[M]):
    """Registration of LLM clients whose conversations are remembered.

    Args:
        memory: returned by calls that can be chained.
        attendance: handles the calls of clients.
    """

    def __init__(self, memory: M, attendance: Attendance) -> None:
        self._memory = memory
        self._attendance = attendance

    def register(self, client: object, *, history: int = 0, summary: bool | None = None) -> M:
        """Recall before each call of a client, and remember the conversation.

        Memories found by the user's last message are added to the end of the system prompt. The caller's
        arguments are not modified, and the client's own return value is returned. Clients derived by
        ``with_options`` and ``copy`` are registered too. Registering keeps neither the client nor the memory
        alive, and starts opening the memory. Registering a client again has no effect.

        Args:
            client: an ``OpenAI``, ``OpenAI``, ``AzureOpenAI``, ``AzureOpenAI``, ``Anthropic`` or
                ``Anthropic``, or one of their SDKs' clients for other clouds; a ``Client`` of
                ``google.genai``; the module ``litellm`` or its ``Router``; a chat model of LangChain.
            history: number of the last turns of the session that each call gets before its own messages,
                apart from those that it sends itself; see ``history_tokens``.
            summary: whether what is said before these turns is summarized in the background, and calls get
                the summary; ``None`` for whenever a language model is configured.

        Returns:
            The memory.

        Raises:
            UnsupportedLLMProviderError: it is none of these.
            InvalidInputError: it is registered with another memory.
            ClosedError: the memory was closed.
        """
        turns = check_count(history, "history", least=0)
        chosen = None if summary is None else check_flag(summary, "summary")
        self._attendance.register(client, Continuity(turns, summary=chosen) if turns else SEPARATE)
        return self._memory

    def unregister(self, client: object) -> M:
        """Release a client; without effect if it is not registered.

        Returns:
            The memory.
        """
        self._attendance.unregister(client)
        return self._memory

    def release(self) -> None:
        """Release all clients."""
        self._attendance.release()

    @property
    def recall_budget(self) -> float:
        """Seconds after which a call continues without recalled memories; 0 recalls nothing."""
        return self._attendance.budget

    @recall_budget.setter
    def recall_budget(self, seconds: float) -> None:
        self._attendance.budget = check_amount(seconds, "recall_budget")

    @property
    def opening_budget(self) -> float:
        """Seconds that calls wait for the store to be opened and a local model to be loaded.

        They count from ``register``, which starts both, and are not part of ``recall_budget``.
        """
        return self._attendance.opening_budget

    @opening_budget.setter
    def opening_budget(self, seconds: float) -> None:
        self._attendance.opening_budget = check_amount(seconds, "opening_budget")

    @property
    def recall_limit(self) -> int:
        """Maximum number of memories added to a call."""
        return self._attendance.limit

    @recall_limit.setter
    def recall_limit(self, limit: int) -> None:
        self._attendance.limit = check_count(limit, "recall_limit", least=1)

    @property
    def history_tokens(self) -> int:
        """Maximum tokens, as estimated, of the last turns that a call gets with ``history``."""
        return self._attendance.history_tokens

    @history_tokens.setter
    def history_tokens(self, tokens: int) -> None:
        self._attendance.history_tokens = check_count(tokens, "history_tokens", least=1)

    @property
    def recall_threshold(self) -> float | None:
        """Minimum score of recalled memories, 0 to 1."""
        return self._attendance.threshold

    @recall_threshold.setter
    def recall_threshold(self, threshold: float | None) -> None:
        self._attendance.threshold = check_share(threshold, "recall_threshold")


@named("Memory.augmentation")
class Augmentation:
    """Background extraction of memories from conversations with registered clients.

    Args:
        access: the memory's access to its engine.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all messages so far are processed, so that they can be recalled.

        Failed tasks count as done, see ``list_tasks``. A timeout of the wait cancels no task.

        Args:
            timeout: seconds, or ``None`` for no limit.

        Returns:
            Whether they are.
        """
        patience = check_seconds(timeout, "timeout")
        self._access.check()
        # Includes messages to earlier instances, since a program may make one per request.
        return self._access.engine().keeper.learn_all(patience)

    @property
    def max_workers(self) -> int:
        """How many users' conversations are processed concurrently. A change takes effect at once."""
        return self._access.width

    @max_workers.setter
    def max_workers(self, width: int) -> None:
        self._access.width = check_count(width, "max_workers", least=1)

    @property
    def db_writer_batch_size(self) -> int:
        """Maximum number of exchanges in one transaction. A change takes effect at once."""
        return self._access.batch_size

    @db_writer_batch_size.setter
    def db_writer_batch_size(self, size: int) -> None:
        self._access.batch_size = check_count(size, "db_writer_batch_size", least=1)


@named("Memory.processing")
class Processing:
    """Statistics, callbacks, start and stop of background work.

    Args:
        access: the memory's access to its engine.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def on_task_done(self, callback: Observer) -> None:
        """Call a function whenever a task ends in this process.

        Args:
            callback: gets the result of ``get_status``. Its exceptions are logged. The user's next task does
                not start until it returns, so it must not wait for one.
        """
        if not callable(callback):
            raise InvalidInputError(f"callback: expected a function, got {shown(callback)}")
        self._access.share.observers.append(callback)

    def start(self) -> None:
        """Start running the tasks of the store, from any process, and polling for new ones.

        A memory starts automatically when it creates a task, or finds unfinished ones on opening, unless
        ``processing.resume`` is off. A dedicated worker calls this.
        """
        components = self._access.open()
        components.processor.resume()

    def stop(self, timeout: float | None = None) -> bool:
        """Start no more tasks, and wait for the running ones. ``start`` resumes.

        Other tasks wait for other processes or the next start. A timeout of the wait cancels no task.

        Args:
            timeout: seconds, or ``None`` for no limit.

        Returns:
            Whether all running tasks are done.
        """
        timeout = check_seconds(timeout, "timeout")
        components = self._access.open()
        return components.processor.pause(timeout)

    def stats(self) -> ProcessingStatistics:
        """Count waiting, running and recently finished work.

        Returns:
            Of the store: ``"buffered"`` (turns that no task has claimed), ``"queue_depth"`` (tasks that have
            not started), ``"running"``, ``"completed"``, ``"failed"``, ``"cancelled"`` (tasks) and
            ``"oldest_age"`` (age of the oldest waiting item in seconds, or ``None``). Of this process:
            ``"working"`` (users with a running task) and ``"completed_per_minute"``,
            ``"failed_per_minute"`` (tasks in the last minute).
        """
        components = self._access.open()
        found = components.store.queue_statistics()
        found.record()
        tasks = {status: found.by_status.get(status, 0) for status in ProcessStatus}
        return {
            "buffered": found.buffered,
            "queue_depth": tasks[ProcessStatus.PENDING],
            "running": tasks[ProcessStatus.RUNNING],
            "completed": tasks[ProcessStatus.COMPLETED],
            "failed": tasks[ProcessStatus.FAILED],
            "cancelled": tasks[ProcessStatus.CANCELLED],
            "oldest_age": found.oldest_age(),
            "working": components.processor.running,
            "completed_per_minute": components.runner.done.per_minute(),
            "failed_per_minute": components.runner.failed.per_minute(),
        }
