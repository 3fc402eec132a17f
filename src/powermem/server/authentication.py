"""Find out who calls. Every request passes here, so that no route can be forgotten.

A request without a key is served only while the server has no keys, from this machine and under a name of it:
another name would be that of a page that a browser shows, which had its address changed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from .caller import ANYONE, Caller
from .problems import ForbiddenError, UnauthorizedError

if TYPE_CHECKING:
    from .service import Service

Authenticate = Callable[[HTTPConnection], Awaitable["Caller | None"]]
"""Finds out who calls in another way than by our keys; ``None`` refuses the request."""

CALLER = "powermem.caller"
"""Where the scope of a request holds who calls."""

_SCHEMES = ("bearer", "token")
_LOCAL_NAMES = ("localhost", "localhost.localdomain")
_ENDLESS = {b"host": "", b"authorization": "", b"x-api-key": "", b"origin": ""}


class Authentication:
    """Middleware that puts who calls into the scope of each request.

    Args:
        app: the application.
        service: has the keys, the rates, and the paths that are open to everybody.
    """

    def __init__(self, app: ASGIApp, *, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # There are no websockets here.
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not self._service.is_open(path):
            caller = await self._caller(scope, path)
            self._service.rates.take(caller.key_id or _client(scope))
            scope[CALLER] = caller
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope, path: str) -> Caller:
        service = self._service
        if service.authenticate is not None:
            found = await service.authenticate(HTTPConnection(scope))
            if found is None:
                raise _unauthorized("the application that this server is part of refused the request")
            return found
        headers = {**_ENDLESS, **{name: value.decode("latin-1") for name, value in scope["headers"]}}
        key = presented_key(headers) or (_key_in_query(scope) if service.takes_key_in_query(path) else "")
        if key:
            caller = await service.keys.find(key)
            if caller is None:
                raise _unauthorized("this key is unknown, expired or revoked")
            return caller
        if await service.keys.exist():
            raise _unauthorized("this server needs a key")
        _check_local(scope, headers[b"host"], headers[b"origin"], service.settings.cors_origins)
        return ANYONE


def presented_key(headers: dict[bytes, str]) -> str:
    """Return the key in the headers of a request, ``""`` without one."""
    scheme, _, value = headers[b"authorization"].partition(" ")
    if scheme.lower() in _SCHEMES and value.strip():
        return value.strip()
    return headers[b"x-api-key"].strip()


def is_local(host: str) -> bool:
    """Return whether a host, without a port, is this machine: by its address, or a name of it."""
    name = host.strip("[]").lower().rstrip(".")
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _check_local(scope: Scope, host: str, origin: str, allowed: Iterable[str]) -> None:
    server = scope.get("server")
    # A socket of the file system has no port.
    listens = server is None or server[1] is None or is_local(server[0])
    named = urlsplit(f"//{host}").hostname or ""
    if not listens or not is_local(named):
        raise ForbiddenError(
            "this server has no keys, so it answers only on this machine; `powermem keys create` makes one"
        )
    if origin and origin not in allowed and not is_local(urlsplit(origin).hostname or ""):
        raise ForbiddenError(
            "pages of other origins may not call a server without keys; see server.cors_origins"
        )


def _unauthorized(detail: str) -> UnauthorizedError:
    return UnauthorizedError(detail, {"WWW-Authenticate": "Bearer"})


def _key_in_query(scope: Scope) -> str:
    return next(iter(parse_qs(scope.get("query_string", b"").decode("latin-1")).get("api_key", ())), "")


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return f"@{client[0]}" if client else "@"
