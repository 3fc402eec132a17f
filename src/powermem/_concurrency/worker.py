"""A long-running function in the background, on a task or a daemon thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context

from ..errors import PowerMemError
from .signals import AsyncEvent, Event, join_thread
from .threads import NO_THREAD

_logger = logging.getLogger(__name__)


class AsyncWorker:
    """Run one function in the background until it returns or is asked to stop.

    Args:
        name: name of the task, used in the log.
        run: takes the stop event and must return soon after it is set.

    Attributes:
        name: as given.
        error: the exception that ended the function, or ``None``. It is also logged.
    """

    def __init__(self, name: str, run: Callable[[AsyncEvent], Awaitable[None]]) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._run = run
        self._stopping = AsyncEvent()
        self._task: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the function is running."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Start the function; do nothing if it is running.

        Raises:
            RuntimeError: it was asked to stop and has not ended yet.
        """
        if self.alive:
            _check_not_stopping(self.name, self._stopping.is_set())
            return
        self._stopping.clear()
        self.error = None
        self._task = asyncio.get_running_loop().create_task(self._main(), name=self.name)

    def stop(self) -> None:
        """Ask the function to return; ``join`` waits for it."""
        self._stopping.set()

    async def join(self, timeout: float | None = None) -> bool:
        """Wait for the function to end.

        A function that was asked to stop and exceeds the timeout is cancelled and awaited.

        Args:
            timeout: seconds, or ``None`` for no limit.

        Returns:
            Whether it ended within the timeout, without being cancelled.

        Raises:
            RuntimeError: the function joins itself.
        """
        task = self._task
        if task is None:
            return True
        _check_not_self(self.name, task is asyncio.current_task())
        await asyncio.wait({task}, timeout=timeout)
        if task.done():
            return True
        if self._stopping.is_set():
            task.cancel()
            await asyncio.wait({task})
        return False

    async def _main(self) -> None:
        try:
            await self._run(self._stopping)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self.error = error
            _log_failure(self.name, error)
        except BaseException as error:
            self.error = error
            raise


class Worker:
    """Run one function in the background until it returns or is asked to stop.

    Args:
        name: name of the thread, used in the log.
        run: takes the stop event and must return soon after it is set.

    Attributes:
        name: as given.
        error: the exception that ended the function, or ``None``. It is also logged.
    """

    def __init__(self, name: str, run: Callable[[Event], None]) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._run = run
        self._stopping = Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the function is running."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the function; do nothing if it is running.

        Raises:
            RuntimeError: it was asked to stop and has not ended yet.
            PowerMemError: no thread can be started.
        """
        with self._lock:
            if self.alive:
                _check_not_stopping(self.name, self._stopping.is_set())
                return
            self._stopping.clear()
            self.error = None
            thread = threading.Thread(
                target=copy_context().run, args=(self._main,), name=self.name, daemon=True
            )
            try:
                thread.start()
            except RuntimeError as error:
                raise PowerMemError(NO_THREAD) from error
            self._thread = thread

    def stop(self) -> None:
        """Ask the function to return; ``join`` waits for it."""
        self._stopping.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the function to end.

        A thread cannot be cancelled: after the timeout it keeps running until it returns or the process ends.

        Args:
            timeout: seconds, or ``None`` for no limit.

        Returns:
            Whether it ended within the timeout.

        Raises:
            RuntimeError: the function joins itself.
        """
        with self._lock:
            thread = self._thread
        if thread is None:
            return True
        _check_not_self(self.name, thread is threading.current_thread())
        return join_thread(thread, timeout)

    def _main(self) -> None:
        # Set here as well as in `start`: the function may inspect its own worker before `start` returns, and
        # an interrupt can strike in `start` after the thread began to run.
        self._thread = threading.current_thread()
        try:
            self._run(self._stopping)
        except BaseException as error:
            # No caller above a thread's first function could handle it, so SystemExit ends here too.
            self.error = error
            _log_failure(self.name, error)


def _check_not_stopping(name: str, stopping: bool) -> None:
    if stopping:
        raise RuntimeError(f"worker {name!r} is stopping; join it before starting it again")


def _check_not_self(name: str, itself: bool) -> None:
    if itself:
        raise RuntimeError(f"worker {name!r} cannot join itself: it would wait forever")


def _log_failure(name: str, error: BaseException) -> None:
    _logger.error("worker %r failed: %s", name, error, exc_info=error)
