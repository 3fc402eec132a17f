"""``/mcp``: the Model Context Protocol as a part of the application, with its keys and its one memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context
from importlib import import_module
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .._core.access_keys import Permission
from ..config.environment import scope_variables
from ..config.sections import Server
from .authentication import CALLER
from .dashboard import MEMORY_PAGE
from .service import Service

if TYPE_CHECKING:
    from ..mcp import McpEndpoint
    from ..mcp.callers import Caller

STATE_KEY = "POWERMEM_MCP_STATE_KEY"
"""The variable with the secret that all processes of a service share: any of them may get the answer to a
question that another one asked."""


def install(app: FastAPI, service: Service) -> None:
    """Add the endpoint; who asks has passed the keys of the application before."""
    endpoint = _Endpoint(service)
    service.while_running(endpoint.running)
    app.router.routes.append(Route("/mcp", endpoint=endpoint, include_in_schema=False))
    # Those of a `TokenAuthentication`, which tell where tokens come from.
    for route in getattr(service.authenticate, "routes", ()):
        app.router.routes.append(route)
        service.open_to_everybody(route.path)


class _Endpoint:
    """The endpoint, made at its first request: the SDK takes longer to import than all else takes to start.

    Its sessions are of use only to the key that began them.

    Args:
        service: has the memory and the settings.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._scope = scope_variables(os.environ)
        self._endpoint: McpEndpoint | None = None
        self._starting: asyncio.Task[McpEndpoint] | None = None
        self._running: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if self._endpoint is None:
            if self._starting is None:
                # In an empty context: it belongs to no request, and none that goes away ends it.
                self._starting = Context().run(asyncio.get_running_loop().create_task, self._start())
            self._endpoint = await asyncio.shield(self._starting)
        from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
        from mcp.server.auth.provider import AccessToken

        key = scope[CALLER].key_id
        if key is not None:
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=key, scopes=[]))
        await self._endpoint(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """End the endpoint's sessions with the application."""
        try:
            yield
        finally:
            self._ended.set()
            if self._running is not None:
                await self._running

    async def _start(self) -> McpEndpoint:
        for name in ("http", "server"):
            await asyncio.to_thread(import_module, f"powermem.mcp.{name}")
        endpoint = self._made()
        started = asyncio.Event()
        # Entered and left by one task, as the SDK wants it.
        self._running = asyncio.get_running_loop().create_task(self._run(endpoint, started))
        waiting = asyncio.get_running_loop().create_task(started.wait())
        await asyncio.wait({self._running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not started.is_set():
            waiting.cancel()
            await self._running
        return endpoint

    async def _run(self, endpoint: McpEndpoint, started: asyncio.Event) -> None:
        async with endpoint.running():
            started.set()
            await self._ended.wait()

    def _made(self) -> McpEndpoint:
        from ..mcp import McpEndpoint, create_server
        from ..mcp.results import MEMORY_URI

        settings, secret = self._service.settings, os.environ.get(STATE_KEY)
        server = create_server(
            self._service.memory,
            **self._scope,
            caller_source=_caller,
            memory_url=_memory_url(settings) or MEMORY_URI,
            state_keys=[secret] if secret else (),
        )
        return McpEndpoint(
            server,
            # The requests of a session must all reach the process that has it.
            sessions=settings.workers == 1,
            # The application has looked at hosts and origins.
            host=None,
            max_body=settings.max_body_bytes,
        )


def _memory_url(settings: Server) -> str | None:
    """Return where a person sees a memory, if there is a page and it is known where."""
    if settings.public_url is None or {"dashboard", "v1"} & set(settings.disabled):
        return None
    return f"{settings.public_url}{MEMORY_PAGE}"


def _caller(request: Request) -> Caller:
    from ..mcp.callers import Caller

    asking = request.scope[CALLER]
    return Caller(asking.tied, may_write=asking.permission >= Permission.WRITE)
