"""The application of a test, served by uvicorn on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, TypeVar

import httpx
import uvicorn

from powermem.server import Service, create_app

T = TypeVar("T")

CONFIG: dict[str, Any] = {
    "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
    "llm": {"provider": "none"},
    "embedder": {"provider": "mock"},
}


class Served:
    """Serves an application on loopback from the start of a ``with`` block to its end.

    Args:
        config: the configuration, without a store, a model or an embedder unless it names one.
        options: of ``create_app``.

    Attributes:
        app: the application.
        client: a client of it.
        admin: the header with a key that may do everything, where there are keys.
    """

    def __init__(self, config: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.app = create_app({**CONFIG, **(config or {})}, **options)
        self.client = httpx.Client(timeout=60)
        self.admin: dict[str, str] = {}
        self._started = threading.Event()
        self._server = _Server(
            uvicorn.Config(self.app, port=0, log_config=None, lifespan="on"), self._started
        )
        self._thread = threading.Thread(target=self._server.run, name="served", daemon=True)

    @property
    def service(self) -> Service:
        """What the parts of the application share."""
        service: Service = self.app.state.powermem
        return service

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.client.base_url)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a call of the memory or of the keys in the event loop of the server."""
        loop = self._server.loop
        assert loop is not None

        async def called() -> T:
            return await work()

        coroutine: Coroutine[Any, Any, T] = called()
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(60)

    def key(self, permission: str, **scope: Any) -> dict[str, str]:
        """Make a key; return the header that presents it."""
        text, _ = self.run(lambda: self.service.keys.create("test", permission, **scope))
        return {"Authorization": f"Bearer {text}"}

    def __enter__(self) -> Served:
        self._thread.start()
        if not self._started.wait(60):
            raise RuntimeError("the server did not start")
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.client.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join(60)


class _Server(uvicorn.Server):
    """Tells when it has started, and in which event loop."""

    def __init__(self, config: uvicorn.Config, listening: threading.Event) -> None:
        super().__init__(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._listening = listening

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self._listening.set()
