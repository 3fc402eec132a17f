"""Running an MCP server on its own: over the pipes of a host, or over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette

from ..errors import PowerMemError
from .http import McpEndpoint

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._async.memory import AsyncMemory

_logger = logging.getLogger("powermem.mcp")

# Seconds. Hosts kill a server about two seconds after they closed its pipes; what is left is done at the next
# start.
_DRAIN = 1.5
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def serve_stdio(server: MCPServer[Any], memory: AsyncMemory, *, wire: Wire | None = None) -> None:
    """Serve one host over standard input and output, until it closes them.

    Only the protocol reaches standard output: whatever else is written there goes to standard error.

    Args:
        server: the result of ``create_server``.
        memory: its memory; it is opened in the background and closed at the end.
        wire: keeps standard output for the protocol since before the call.
    """
    with nullcontext(wire) if wire is not None else Wire() as kept, _ending_at_once(memory):
        async with _open(memory):
            # The SDK takes standard output over before it waits for anything.
            with kept.open():
                await server.run_stdio_async()


async def serve_http(
    server: MCPServer[Any], memory: AsyncMemory, *, host: str = "127.0.0.1", port: int = 8848, **options: Any
) -> None:
    """Serve hosts over streamable HTTP at ``/mcp``, until the process is asked to end.

    Args:
        server: the result of ``create_server``.
        memory: its memory; it is opened in the background and closed at the end.
        host: the address to bind.
        port: the port to bind.
        options: further arguments of ``McpEndpoint``.
    """
    import uvicorn

    endpoint = McpEndpoint(server, host=host, **{"sessions": True, **options})

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with _open(memory), endpoint.running():
            yield

    app = Starlette(routes=endpoint.routes, lifespan=lifespan)
    config = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5
    )
    await uvicorn.Server(config).serve()


class Wire:
    """Standard output, kept for the protocol: what is written to it goes to standard error meanwhile.

    That of child processes goes there too, and what Python has buffered, at the beginning as at the end.
    """

    def __init__(self) -> None:
        self._kept: int | None = None

    def __enter__(self) -> Self:
        try:
            self._kept = os.dup(1)
        except OSError:
            return self  # the process has no standard output
        self._divert()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._kept is not None:
            sys.stdout.flush()
            os.dup2(self._kept, 1)
            os.close(self._kept)
            self._kept = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let go of standard output while a block runs, whose first step takes it over."""
        if self._kept is None:
            yield
            return
        sys.stdout.flush()
        os.dup2(self._kept, 1)
        try:
            yield
        finally:
            self._divert()
            sys.stdout.flush()

    def _divert(self) -> None:
        with contextlib.suppress(OSError):
            os.dup2(2, 1)


@asynccontextmanager
async def _open(memory: AsyncMemory) -> AsyncIterator[None]:
    """Open a memory beside a block, so that a host need not wait, and close it."""
    opening = asyncio.create_task(_opened(memory))
    try:
        yield
    finally:
        await opening
        await memory.close(timeout=_DRAIN)


async def _opened(memory: AsyncMemory) -> None:
    try:
        await memory.initialize()
    except PowerMemError as error:
        # Each call tries again, and tells the person.
        _logger.warning("%s", error)


@contextmanager
def _ending_at_once(memory: AsyncMemory) -> Iterator[None]:
    """End the process on a signal: its reader of standard input waits in a thread that nothing interrupts."""
    loop = asyncio.get_running_loop()

    async def leave(number: int) -> None:
        with contextlib.suppress(PowerMemError):
            await memory.close(drain=False)
        sys.stderr.flush()
        os._exit(128 + number)

    def on_signal(number: int, frame: object) -> None:
        # Not loop.add_signal_handler, which Windows does not have.
        loop.call_soon_threadsafe(lambda: asyncio.ensure_future(leave(number)))

    previous = {each: signal.signal(each, on_signal) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
