"""MCP servers, spoken to by the official SDK's client in both eras of the protocol, and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("mcp")

import uvicorn
from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, ElicitResult
from starlette.applications import Starlette
from starlette.middleware import Middleware

from powermem import AsyncMemory
from powermem.mcp import McpEndpoint

SETTINGS: dict[str, Any] = {
    "vector_store": {"provider": "sqlite", "config": {"database_path": ":memory:"}},
    "embedder": {"provider": "mock"},
    "llm": {"provider": "none"},
}

ERAS = ("2026-07-28", "legacy")
"""The mode of a client that asks without a handshake, and of one that begins with ``initialize``."""


@pytest.fixture
async def memory() -> AsyncIterator[AsyncMemory]:
    """An empty memory: deterministic vectors, facts by rules."""
    async with AsyncMemory(SETTINGS) as opened:
        yield opened


@pytest.fixture(params=ERAS, ids=["stateless", "handshake"])
def era(request: pytest.FixtureRequest) -> str:
    """Each era of the protocol."""
    return str(request.param)


class Person:
    """Answers the questions of a server.

    Attributes:
        asked: the questions.
    """

    def __init__(self, action: str = "accept", **content: Any) -> None:
        self.asked: list[str] = []
        self._result = ElicitResult(action=action, content=content or None)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.asked.append(params.message)
        return self._result


def said(result: Any) -> str:
    """Return the text of a result, which has no other content."""
    (block,) = result.content
    return str(block.text)


def data(result: Any) -> dict[str, Any]:
    """Return the data of a result that is no error."""
    assert isinstance(result, CallToolResult)
    assert not result.is_error, said(result)
    structured: dict[str, Any] | None = result.structured_content
    assert structured is not None
    return structured


async def put(memory: AsyncMemory, text: str, user_id: str = "alice", **more: Any) -> str:
    """Store a text word for word and return its id."""
    added = await memory.add(text, user_id=user_id, infer=False, **more)
    return str(added["results"][0]["id"])


Serving = Callable[..., AbstractAsyncContextManager[str]]


@asynccontextmanager
async def serving(
    server: MCPServer[Any], *, middleware: list[Middleware] | None = None, **options: Any
) -> AsyncIterator[str]:
    """Serve over real HTTP while a block runs; yields the address of the endpoint."""
    endpoint = McpEndpoint(server, **options)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with endpoint.running():
            yield

    app = Starlette(routes=endpoint.routes, lifespan=lifespan, middleware=middleware)
    async with listening(app) as address:
        yield f"{address}/mcp"


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """Serve an application on a free port while a block runs; yields its address."""
    http = _Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    running = asyncio.create_task(http.serve())
    try:
        await http.listening.wait()
        port = http.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        http.should_exit = True
        await running


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def connected(server: MCPServer[Any] | str, era: str, person: Person | None = None, **more: Any) -> Client:
    """Return a client; one with a person can ask them."""
    return Client(server, mode=era, elicitation_callback=person, **more)
