"""``/mcp``: the Model Context Protocol as a part of the application, with its keys and its one memory."""

from __future__ import annotations

import os

from fastapi import FastAPI
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .._core.access_keys import Permission
from ..config.environment import scope_variables
from ..mcp import McpEndpoint, create_server
from ..mcp.callers import Caller
from .authentication import CALLER
from .service import Service
from .tokens import TokenAuthentication

STATE_KEY = "POWERMEM_MCP_STATE_KEY"
"""The variable with the secret that all processes of a service share: any of them may get the answer to a
question that another one asked."""


def install(app: FastAPI, service: Service) -> None:
    """Add the endpoint; who asks has passed the keys of the application before."""
    settings = service.settings
    secret = os.environ.get(STATE_KEY)
    server = create_server(
        service.memory,
        **scope_variables(os.environ),
        caller_source=_caller,
        state_keys=[secret] if secret else (),
    )
    endpoint = McpEndpoint(
        server,
        # The requests of a session must all reach the process that has it.
        sessions=settings.workers == 1,
        # The application has looked at hosts and origins.
        host=None,
        max_body=settings.max_body_bytes,
    )
    service.while_running(endpoint.running)

    app.router.routes.append(Route("/mcp", endpoint=_Owned(endpoint), include_in_schema=False))
    if isinstance(service.authenticate, TokenAuthentication):
        app.router.routes.extend(service.authenticate.routes)
        service.open_to_everybody(*(route.path for route in service.authenticate.routes))


class _Owned:
    """The endpoint, whose sessions are of use only to the key that began them.

    Args:
        endpoint: the endpoint.
    """

    def __init__(self, endpoint: McpEndpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        key = scope[CALLER].key_id
        if key is not None:
            scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=key, scopes=[]))
        await self._endpoint(scope, receive, send)


def _caller(request: Request) -> Caller:
    asking = request.scope[CALLER]
    return Caller(asking.tied, may_write=asking.permission >= Permission.WRITE)
