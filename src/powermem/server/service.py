"""What the parts of the application share in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from time import perf_counter

from starlette.requests import HTTPConnection
from starlette.responses import Response

from .._async.memory import AsyncMemory
from .._core import clock
from ..config.sections import Server
from .authentication import Authenticate
from .keys import KeyRing
from .limits import Rates
from .metrics import Metrics
from .problems import Problem, Renderer, render
from .progress import Progress
from .stopping import told_of_signals


class Service:
    """One memory, and all that serves it. A part registers here what it needs besides its routes.

    Args:
        memory: the memory, which this process has once.
        settings: the section ``server`` of the configuration.
        owned: whether the memory is closed with the application.
        authenticate: finds out who calls, instead of the keys.

    Attributes:
        keys: who may call.
        rates: how often.
        metrics: counts requests.
        progress: follows tasks.
        closing: is set when the process is told to stop; endless responses end then.
        started: when it was made; seconds of ``perf_counter``.
        started_at: the same moment; microseconds UTC.
    """

    def __init__(
        self, memory: AsyncMemory, settings: Server, *, owned: bool, authenticate: Authenticate | None = None
    ) -> None:
        self.memory = memory
        self.settings = settings
        self.authenticate = authenticate
        self.keys = KeyRing(memory, settings.api_keys)
        self.rates = Rates(settings.rate_limit_per_minute)
        self.metrics = Metrics()
        self.closing = asyncio.Event()
        self.progress = Progress(memory, self.closing)
        self.started = perf_counter()
        self.started_at = clock.now()
        self._owned = owned
        self._open: set[str] = set()
        self._open_below: list[str] = []
        self._with_query_key: list[str] = []
        self._renderers: list[tuple[str, Renderer]] = []
        self._running: list[Callable[[], AbstractAsyncContextManager[None]]] = []

    def open_to_everybody(self, *paths: str) -> None:
        """Let paths be read without a key; one that ends in a slash stands for all below it."""
        self._open.update(path for path in paths if not path.endswith("/"))
        self._open_below.extend(path for path in paths if path.endswith("/"))

    def is_open(self, path: str) -> bool:
        """Return whether a path needs no key."""
        return path in self._open or any(path.startswith(begin) for begin in self._open_below)

    def key_in_query(self, prefix: str) -> None:
        """Accept a key as the parameter ``api_key`` below a path, for clients that send it so."""
        self._with_query_key.append(prefix)

    def takes_key_in_query(self, path: str) -> bool:
        """Return whether a key may be in the query."""
        return any(path.startswith(prefix) for prefix in self._with_query_key)

    def errors_as(self, prefix: str, renderer: Renderer) -> None:
        """Answer errors below a path in the form of another API."""
        self._renderers.append((prefix, renderer))

    def render(self, path: str, problem: Problem, request_id: str) -> Response:
        """Return a problem in the form that clients of this path read."""
        form = next((renderer for prefix, renderer in self._renderers if path.startswith(prefix)), render)
        return form(problem, request_id)

    def while_running(self, context: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        """Enter a context manager when the application starts, and leave it when it stops."""
        self._running.append(context)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open the memory and run the parts, for the time that the application serves."""
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(told_of_signals(self.closing.set))
                await self.memory.initialize()
                # Here, so that the tasks of the store belong to no request.
                await self.memory.processing.start()
                self.progress.attach()
                for context in self._running:
                    await stack.enter_async_context(context())
                yield
        finally:
            self.closing.set()
            if self._owned:
                await self.memory.close(drain=True, timeout=self.settings.drain_timeout)


def service_of(connection: HTTPConnection) -> Service:
    """Return the service of the application that a request is for."""
    service = connection.app.state.powermem
    assert isinstance(service, Service)
    return service
