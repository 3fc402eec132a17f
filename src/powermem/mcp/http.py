"""Serving MCP over streamable HTTP inside an ASGI application."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..errors import InvalidInputError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_MOST_BYTES = 4 * 1024 * 1024


class McpEndpoint:
    """An MCP server as an ASGI application.

    Add ``routes`` to an application, and enter ``running()`` for as long as the application runs::

        endpoint = McpEndpoint(create_server(memory, user_id="alice"))
        app.router.routes.extend(endpoint.routes)

    Args:
        server: the result of ``create_server``.
        path: where it answers.
        sessions: keep a session for each client of a protocol before 2026-07-28, so that it can be asked
            questions during a call. Its requests must then all reach the same process; with several
            processes, or behind a balancer, leave it out.
        host: the address that the application is bound to; on loopback, requests from pages of other origins
            are refused. ``None`` if the application looks at hosts and origins itself.
        allowed_hosts: values of the header ``Host`` to answer to, such as ``"memory.example.com"``; of no
            other. By default those of loopback, or any if ``host`` is another address.
        allowed_origins: pages from which a browser may ask, such as ``"https://app.example.com"``.
        max_body: bytes of a request at most.
    """

    def __init__(
        self,
        server: MCPServer[Any],
        *,
        path: str = "/mcp",
        sessions: bool = False,
        host: str | None = "127.0.0.1",
        allowed_hosts: Sequence[str] = (),
        allowed_origins: Sequence[str] = (),
        max_body: int = _MOST_BYTES,
    ) -> None:
        if not path.startswith("/"):
            raise InvalidInputError(f"path: expected one that begins with a slash, got {path!r}")
        self._server = server
        self._app = server.streamable_http_app(
            streamable_http_path=path,
            stateless_http=not sessions,
            max_request_body_size=max_body,
            transport_security=_security(host, allowed_hosts, allowed_origins),
            host=host or "",
        )

    @property
    def routes(self) -> list[Route]:
        """Routes to add to an application: the endpoint, and with OAuth the metadata of the resource."""
        return [
            Route(route.path, endpoint=self, include_in_schema=False)
            for route in self._app.routes
            if isinstance(route, Route)
        ]

    def running(self) -> AbstractAsyncContextManager[None]:
        """Serve while a block runs; an application enters it once, in its lifespan."""
        return self._server.session_manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        # A copy: the application inside puts itself into it.
        await self._app(dict(scope), receive, send)


def _security(
    host: str | None, hosts: Sequence[str], origins: Sequence[str]
) -> TransportSecuritySettings | None:
    if not hosts and not origins and host in LOOPBACK:
        return None  # the SDK's own, for loopback
    names = [name for given in hosts for name in (given, f"{given}:*")]
    if host in LOOPBACK:
        names += [f"{name}:*" for name in ("127.0.0.1", "localhost", "[::1]")]
        origins = [*origins, *(f"http://{name}:*" for name in ("127.0.0.1", "localhost", "[::1]"))]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=bool(names), allowed_hosts=names, allowed_origins=list(origins)
    )
