"""Learn early that the process is told to stop, so that endless responses end and the server can drain."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def told_of_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call a function in the event loop when a signal ends the process, before the server's own handler.

    Servers tell their applications only when every response has ended. Outside the main thread, where signals
    cannot be handled, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    former = {number: signal.getsignal(number) for number in _SIGNALS}

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        handler = former[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler is signal.SIG_DFL:
            signal.signal(number, handler)
            signal.raise_signal(number)

    ours = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        for number in ours:
            # Unless somebody has taken it over in the meantime.
            if signal.getsignal(number) is on_signal:
                signal.signal(number, former[number])
