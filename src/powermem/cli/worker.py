"""``powermem worker``: a process that only runs background tasks."""

from __future__ import annotations

import asyncio
import gc
import signal
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .configuration import configuration, place, without_resuming
from .output import Output
from .tasks import described

if TYPE_CHECKING:
    from .._async.memory import AsyncMemory

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# The interval, in seconds, at which a second signal is checked for.
_POLL_INTERVAL = 0.1


def worker(options: Namespace, output: Output) -> int:
    """Run background tasks until a signal arrives."""
    from .._async.memory import AsyncMemory

    chosen = {} if options.concurrency is None else {"concurrency": options.concurrency}
    config = without_resuming(configuration(options), **chosen)
    asyncio.run(_work(AsyncMemory(config), place(config), output))
    return 0


async def _work(memory: AsyncMemory, store: str, output: Output) -> None:
    signals = _StopSignals()
    memory.processing.on_task_done(lambda task: output.print_line({"event": "task", **task}, described(task)))
    drained = False
    with signals.listening():
        try:
            await memory.processing.start()
            # All objects so far are permanent: freezing them spares the event loop long collections.
            gc.freeze()
            _say(output, "watching", f"watching {store}", store=store)
            await signals.first.wait()
            _say(output, "stopping", "finishing what is under way; a second signal leaves it to others")
            while not drained and not signals.second.is_set():
                drained = await memory.processing.stop(_POLL_INTERVAL)
        finally:
            await memory.close(drain=drained)
    _say(output, "stopped", "stopped" if drained else "stopped; what was under way is left to others")


def _say(output: Output, event: str, line: str, **more: Any) -> None:
    output.print_line({"event": event, **more}, f"powermem worker: {line}")


class _StopSignals:
    """Records signals: the first asks for a graceful stop, the second for an immediate one."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals while a block runs."""
        loop = asyncio.get_running_loop()

        def on_signal(number: int, frame: object) -> None:
            # Not loop.add_signal_handler, which Windows does not have.
            loop.call_soon_threadsafe(self._count)

        former: list[tuple[signal.Signals, Any]] = [
            (each, signal.signal(each, on_signal)) for each in _SIGNALS
        ]
        try:
            yield
        finally:
            for each, handler in former:
                signal.signal(each, handler)

    def _count(self) -> None:
        (self.second if self.first.is_set() else self.first).set()
