"""Store requested tasks from a background worker, so that the call that requests them returns at once."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Sequence

from ..._concurrency import AsyncEvent, AsyncMailbox, AsyncWorker
from ..._core.values import Scope
from ...errors import ClosedError

Asked = tuple[int, Scope]
"""The id of a task, and the scope whose messages it processes."""


class AsyncSubmitter:
    """Accepts tasks without waiting, and stores them in order.

    Args:
        submit: stores tasks; must not raise, which would end the submitter.
    """

    _MOST = 200
    """Maximum number of tasks in one transaction."""

    def __init__(self, submit: Callable[[Sequence[Asked]], Awaitable[None]]) -> None:
        self._submit = submit
        self._asked = AsyncMailbox[Asked]()
        self._unsettled: dict[int, AsyncEvent] = {}
        self._lock = threading.Lock()
        self._worker = AsyncWorker("powermem-submit", self._run)
        self._closed = False

    def ask(self, task_id: int, scope: Scope) -> None:
        """Queue a task to be stored.

        Raises:
            ClosedError: ``close`` was called before.
        """
        with self._lock:
            if self._closed:
                raise ClosedError("this memory was closed; make a new one")
            self._worker.start()
            self._unsettled[task_id] = AsyncEvent()
            self._asked.post((task_id, scope))

    async def settle(self, task_id: int) -> None:
        """Wait until a task requested here is stored, or could not be stored."""
        if (settled := self._unsettled.get(task_id)) is not None:
            await settled.wait()

    async def close(self, timeout: float | None) -> None:
        """Store the queued tasks, and accept no more.

        Args:
            timeout: seconds.
        """
        with self._lock:
            self._closed = True
            self._worker.stop()
            self._asked.end()
        await self._worker.join(timeout)

    async def _run(self, stopping: AsyncEvent) -> None:
        while asked := await self._asked.take(lambda: self._MOST):
            try:
                await self._submit(asked)
            finally:
                for task_id, _ in asked:
                    self._unsettled.pop(task_id).set()
