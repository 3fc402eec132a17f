"""Memory for every host that speaks the Model Context Protocol (extra ``mcp``).

``create_server`` builds a server on an ``AsyncMemory``; ``McpEndpoint`` serves one over streamable HTTP
inside an ASGI application; ``serve_stdio`` and ``serve_http`` run one on their own, as ``powermem mcp`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .callers import Caller, CallerSource, ScopedToken
    from .http import McpEndpoint
    from .oauth import JwtVerifier
    from .server import create_server
    from .serving import serve_http, serve_stdio

__all__ = [
    "Caller",
    "CallerSource",
    "JwtVerifier",
    "McpEndpoint",
    "ScopedToken",
    "create_server",
    "serve_http",
    "serve_stdio",
]

_HOMES = {
    "Caller": "callers",
    "CallerSource": "callers",
    "JwtVerifier": "oauth",
    "McpEndpoint": "http",
    "ScopedToken": "callers",
    "create_server": "server",
    "serve_http": "serving",
    "serve_stdio": "serving",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        from .._core.hints.extras import pip_install

        raise ImportError(f"powermem.mcp.{name} needs the MCP SDK: run {pip_install('mcp')}") from error
