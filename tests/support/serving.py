"""A server of a test, on a thread and an event loop of its own. It needs nothing but the standard library."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import TypeVar

_Server = TypeVar("_Server", bound="ThreadedServer")


class ThreadedServer(ABC):
    """Serves on loopback from the start of a ``with`` block to its end.

    Args:
        name: of the thread.
        scheme: ``"http"`` or ``"https"``.

    Attributes:
        port: where it listens, once it does.
    """

    def __init__(self, name: str, scheme: str = "http") -> None:
        self.port = 0
        self._scheme = scheme
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._released = asyncio.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def address(self) -> str:
        """The URL of the server, without a path: what Anthropic's SDK takes."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The base URL for the OpenAI form."""
        return f"{self.address}/v1"

    @abstractmethod
    async def _serve(self) -> None:
        """Listen, call ``_listens``, and serve until ``_stop`` is set."""

    def __enter__(self: _Server) -> _Server:
        self._thread.start()
        if not self._listening.wait(120):
            raise RuntimeError("the server did not start")
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(120)

    def hold(self) -> None:
        """Hold what is to be held, also after a release."""
        self._loop.call_soon_threadsafe(self._released.clear)

    def release(self) -> None:
        """Go on with what is held, as usual."""
        self._loop.call_soon_threadsafe(self._released.set)

    def _listens(self, port: int) -> None:
        self.port = port
        self._listening.set()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()
