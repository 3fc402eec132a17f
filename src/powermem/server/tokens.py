"""OAuth tokens instead of keys: pass a `TokenAuthentication` to ``create_app`` as ``authenticate``."""

from __future__ import annotations

from mcp.server.auth.provider import principal_components
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from pydantic import AnyHttpUrl
from starlette.requests import HTTPConnection
from starlette.routing import Route

from .._core.values import Scope
from ..mcp import JwtVerifier
from .caller import Caller, Permission
from .problems import ForbiddenError, UnauthorizedError

_SCHEME = "bearer"


class TokenAuthentication:
    """Finds out who calls by the access token of an authorization server.

    A token reaches the memories of its user only, on every route of the application.

    Args:
        verifier: verifies the tokens.
    """

    def __init__(self, verifier: JwtVerifier) -> None:
        self._verifier = verifier
        settings = verifier.settings
        resource = settings.resource_server_url
        assert isinstance(resource, AnyHttpUrl)
        self._required = settings.required_scopes or []
        self._pointer = f'Bearer resource_metadata="{build_resource_metadata_url(resource)}"'
        self.routes: list[Route] = create_protected_resource_routes(
            resource, [settings.issuer_url], settings.required_scopes
        )
        """Routes that tell everybody which server issues the tokens (RFC 9728)."""

    async def __call__(self, connection: HTTPConnection) -> Caller:
        """Return who calls.

        Raises:
            UnauthorizedError: there is no valid token.
            ForbiddenError: it lacks a scope that is required.
        """
        scheme, _, text = connection.headers.get("authorization", "").partition(" ")
        token = await self._verifier.verify_token(text.strip()) if scheme.lower() == _SCHEME else None
        if token is None:
            raise UnauthorizedError(
                "this server needs a valid access token", {"WWW-Authenticate": self._pointer}
            )
        missing = [scope for scope in self._required if scope not in token.scopes]
        if missing:
            raise ForbiddenError(f"this needs a token with the scope {missing[0]}")
        may = Permission.WRITE if token.may_write else Permission.READ
        _, issuer, subject = principal_components(token)
        return Caller(f"{issuer} {subject}", "token", may, Scope(token.user_id, token.agent_id, token.run_id))
