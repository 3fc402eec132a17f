"""A loop in the background: a task, or a daemon thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context

from ..errors import PowerMemError
from .pool import NO_THREAD
from .signals import AsyncEvent, Event
from .waiting import patiently

_logger = logging.getLogger(__name__)


class AsyncWorker:
    """Run one function in the background until it returns or is asked to stop.

    Args:
        name: names the task and appears in the log.
        run: gets the stop event; it is to return soon after that is set.

    Attributes:
        name: as given.
        error: what ended the function, or ``None``. It is logged as well.
    """

    def __init__(self, name: str, run: Callable[[AsyncEvent], Awaitable[None]]) -> None:
        self.name = name
        self.error: BaseException | None = None
        self._run = run
        self._stopping = AsyncEvent()
        self._task: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the function is under way."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Start the function; do nothing when it is under way.

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
        """Ask the function to end; ``join`` waits for it."""
        self._stopping.set()

    async def join(self, timeout: float | None = None) -> bool:
        """Wait for the function to end.

        A function that was asked to stop and takes longer than the timeout is cancelled and awaited.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether it ended by itself in time.

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
        name: names the thread and appears in the log.
        run: gets the stop event; it is to return soon after that is set.

    Attributes:
        name: as given.
        error: what ended the function, or ``None``. It is logged as well.
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
        """Whether the function is under way."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the function; do nothing when it is under way.

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
        """Ask the function to end; ``join`` waits for it."""
        self._stopping.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the function to end.

        A thread cannot be cancelled: one that takes longer goes on, and dies with the process.

        Args:
            timeout: seconds, or ``None`` to wait for ever.

        Returns:
            Whether it ended by itself in time.

        Raises:
            RuntimeError: the function joins itself.
        """
        with self._lock:
            thread = self._thread
        if thread is None:
            return True
        _check_not_self(self.name, thread is threading.current_thread())

        def ended(seconds: float) -> bool:
            thread.join(seconds)
            return not thread.is_alive()

        return patiently(ended, timeout)

    def _main(self) -> None:
        # Here as well as in `start`: the function may look at its own worker at once, and an interrupt can
        # strike in `start` when the thread runs already.
        self._thread = threading.current_thread()
        try:
            self._run(self._stopping)
        except BaseException as error:
            # Nothing is above a thread's first function, so also SystemExit ends here.
            self.error = error
            _log_failure(self.name, error)


def _check_not_stopping(name: str, stopping: bool) -> None:
    if stopping:
        raise RuntimeError(f"worker {name!r} is stopping; join it before starting it again")


def _check_not_self(name: str, itself: bool) -> None:
    if itself:
        raise RuntimeError(f"worker {name!r} cannot join itself: it would wait for ever")


def _log_failure(name: str, error: BaseException) -> None:
    _logger.error("worker %r failed: %s", name, error, exc_info=error)
