"""``powermem mcp``: serve memories to a host that speaks the Model Context Protocol."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from argparse import Namespace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from .._core.garbage import started, starting
from .._core.hints.extras import pip_install
from .configuration import configuration
from .output import CommandError, Output, UsageError

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from .._async.memory import AsyncMemory
    from ..mcp.oauth import JwtVerifier

_PORT = 8848


def mcp(options: Namespace, output: Output) -> int:
    """Serve one host over pipes, or several over HTTP."""
    _check(options)
    with starting():
        return _serve(options)


def _serve(options: Namespace) -> int:
    try:
        from ..mcp import serve_http, serve_stdio
        from ..mcp.serving import Wire
    except ImportError:
        raise CommandError(f"powermem mcp needs the MCP SDK: run {pip_install('mcp')}") from None
    if options.transport != "stdio":
        server, memory = _server(options)
        port = options.port if options.port is not None else _PORT
        print(f"powermem mcp: http://{_in_url(options.host)}:{port}/mcp", file=sys.stderr)
        asyncio.run(serve_http(server, memory, host=options.host, port=port))
        return 0
    # Standard output belongs to the protocol from here on, whatever a plug-in prints or logs.
    with Wire() as wire:
        asyncio.run(serve_stdio(*_server(options), wire=wire))
    return 0


def _server(options: Namespace) -> tuple[MCPServer[Any], AsyncMemory]:
    from .._async.memory import AsyncMemory
    from ..mcp import create_server

    memory = AsyncMemory(configuration(options))
    verifier = _verifier(options)
    server = create_server(
        memory,
        **_whose(options, verified=verifier is not None),
        tools=options.tools,
        any_user=options.any_user,
        token_verifier=verifier,
        auth=None if verifier is None else verifier.settings,
    )
    started()
    return server, memory


def _check(options: Namespace) -> None:
    over_http = options.transport != "stdio"
    if options.transport == "sse":
        raise UsageError(
            "mcp: the transport sse is no longer part of the protocol; use streamable-http, which every "
            "current host speaks"
        )
    if not over_http and (options.port is not None or options.oauth_issuer is not None):
        raise UsageError("mcp: a port and --oauth-issuer go with streamable-http")
    if (options.oauth_issuer is None) != (options.oauth_resource is None):
        raise UsageError("mcp: --oauth-issuer and --oauth-resource go together")
    if options.any_user and options.tools != "upstream":
        raise UsageError("mcp: --any-user goes with --tools upstream, whose arguments name the user")
    if over_http and options.oauth_issuer is None and not _is_loopback(options.host):
        raise UsageError(
            f"mcp: {options.host} can be reached from other machines, and anybody there could read the "
            "memories; add --oauth-issuer and --oauth-resource, or use `powermem serve`, which has keys"
        )


def _verifier(options: Namespace) -> JwtVerifier | None:
    if options.oauth_issuer is None:
        return None
    from ..mcp.oauth import JwtVerifier

    return JwtVerifier(options.oauth_issuer, options.oauth_resource, user_claim=options.oauth_user_claim)


def _whose(options: Namespace, *, verified: bool) -> dict[str, Any]:
    """Return the ids of the scope: from the options, then from the environment, then the login name."""
    from ..config.environment import read_variables, scope_variables

    given = dict(os.environ) if options.config is not None else read_variables(options.env_file)
    asked = {"user_id": options.user, "agent_id": options.agent, "run_id": options.run}
    ids = {name: asked[name] or value for name, value in scope_variables(given).items()}
    if any(ids.values()) or verified or options.any_user:
        return ids
    return {**ids, "user_id": _login()}


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        # In a container, whose users may have no names.
        return "default"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
