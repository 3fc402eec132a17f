"""Streamable HTTP: real connections, clients of every version, and applications that mount the endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from mcp import Client
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from powermem import AsyncMemory, InvalidInputError
from powermem.mcp import McpEndpoint, create_server
from tests.support.apiserver import HANG, ApiServer
from tests.support.scripted import openai_llm

from .conftest import SETTINGS, Person, connected, data, listening, put, serving

HEADERS = {"Accept": "application/json, text/event-stream"}
OLD = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")


def message(method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def answer_in(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    if response.headers["content-type"].startswith("application/json"):
        return response.json()
    (line,) = [line for line in response.text.split("\n") if line.startswith("data: {")]
    return json.loads(line.removeprefix("data: "))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers=HEADERS, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("sessions", [False, True])
async def test_both_eras_over_real_http(memory: AsyncMemory, era: str, sessions: bool) -> None:
    async with (
        serving(create_server(memory, user_id="alice"), sessions=sessions) as address,
        connected(address, era) as client,
    ):
        await client.call_tool("remember", {"text": "I live in Lisbon."})
        found = data(await client.call_tool("recall", {"query": "Where do I live?"}))
    assert [hit["text"] for hit in found["memories"]] == ["I live in Lisbon."]


@pytest.mark.parametrize("version", OLD)
async def test_an_old_client_without_the_sdk(
    memory: AsyncMemory, http: httpx.AsyncClient, version: str
) -> None:
    await put(memory, "My bike is red.")
    async with serving(create_server(memory, user_id="alice"), sessions=True) as address:
        about = {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "old", "version": "1"},
        }
        greeting = await http.post(address, json=message("initialize", **about))
        assert answer_in(greeting)["result"]["protocolVersion"] == version
        session = {"Mcp-Session-Id": greeting.headers["mcp-session-id"], "MCP-Protocol-Version": version}
        ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert (await http.post(address, json=ready, headers=session)).status_code == 202
        call = message("tools/call", 2, name="recall", arguments={"query": "bike"})
        result = answer_in(await http.post(address, json=call, headers=session))["result"]
        assert "My bike is red." in result["content"][0]["text"]
        # Another client does not share its session, and one that is over is gone.
        assert (await http.delete(address, headers=session)).status_code == 200
        assert (await http.post(address, json=call, headers=session)).status_code == 404


async def test_a_stateless_call_without_the_sdk(memory: AsyncMemory, http: httpx.AsyncClient) -> None:
    prefix = "io.modelcontextprotocol/"
    meta = {f"{prefix}protocolVersion": "2026-07-28", f"{prefix}clientCapabilities": {}}
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "remember"}
    call = message("tools/call", name="remember", arguments={"text": "I live in Lisbon."}, _meta=meta)
    async with serving(create_server(memory, user_id="alice")) as address:
        result = answer_in(await http.post(address, json=call, headers=headers))["result"]
        assert result["resultType"] == "complete"
        assert result["structuredContent"]["changes"][0]["event"] == "ADD"
        # What the headers say must be what the message says.
        mismatch = await http.post(address, json=call, headers={**headers, "Mcp-Name": "recall"})
        assert mismatch.status_code == 400
        assert mismatch.json()["error"]["code"] == -32020
        discover = message("server/discover", _meta=meta)
        found = answer_in(
            await http.post(address, json=discover, headers={**headers, "Mcp-Method": "server/discover"})
        )
        assert found["result"]["supportedVersions"] == ["2026-07-28"]
        tools = answer_in(
            await http.post(
                address,
                json=message("tools/list", _meta=meta),
                headers={**headers, "Mcp-Method": "tools/list"},
            )
        )
        assert tools["result"]["cacheScope"] == "public"
        assert tools["result"]["ttlMs"] > 0


@pytest.mark.parametrize(
    "keys", [["a secret that both of them have 123"], []], ids=["shared", "of each its own"]
)
async def test_the_answer_to_a_question_may_reach_another_process(
    memory: AsyncMemory, http: httpx.AsyncClient, keys: list[str]
) -> None:
    number = await put(memory, "My bike is red.")
    prefix = "io.modelcontextprotocol/"
    meta = {
        f"{prefix}protocolVersion": "2026-07-28",
        f"{prefix}clientCapabilities": {"elicitation": {"form": {}}},
    }
    headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "forget"}

    async def call(address: str, **more: Any) -> Any:
        body = message("tools/call", name="forget", arguments={"memory_id": number}, _meta=meta, **more)
        return (await http.post(address, json=body, headers=headers)).json()

    def server() -> Any:
        return create_server(memory, user_id="alice", state_keys=keys)

    async with serving(server()) as first, serving(server()) as second:
        asked = (await call(first))["result"]
        assert asked["resultType"] == "input_required"
        ((name, question),) = asked["inputRequests"].items()
        assert "My bike is red." in question["params"]["message"]
        answers = {name: {"action": "accept", "content": {"forget": True}}}
        # An answer to no question is asked for again.
        forged = (await call(second, inputResponses=answers))["result"]
        assert forged["resultType"] == "input_required"
        done = await call(second, inputResponses=answers, requestState=asked["requestState"])
    if keys:
        assert done["result"]["structuredContent"]["forgotten"] is True
    else:
        assert "error" in done
    assert (await memory.get(number) is None) == bool(keys)


async def test_a_person_is_asked_over_http(memory: AsyncMemory, era: str) -> None:
    number = await put(memory, "My bike is red.")
    person = Person(forget=True)
    async with (
        serving(create_server(memory, user_id="alice"), sessions=True) as address,
        connected(address, era, person) as client,
    ):
        assert data(await client.call_tool("forget", {"memory_id": number}))["forgotten"] is True
    assert len(person.asked) == 1


async def test_without_sessions_an_old_client_needs_the_flag(memory: AsyncMemory) -> None:
    """Nothing leads back to it during a call, whatever it is able to ask."""
    number = await put(memory, "My bike is red.")
    person = Person(forget=True)
    async with (
        serving(create_server(memory, user_id="alice")) as address,
        connected(address, "legacy", person) as client,
    ):
        assert (await client.call_tool("forget", {"memory_id": number})).is_error
        assert (
            data(await client.call_tool("forget", {"memory_id": number, "confirm": True}))["forgotten"]
            is True
        )
    assert person.asked == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Content-Type": "text/plain"}, 400),
    ],
)
async def test_a_page_of_another_origin_cannot_reach_loopback(
    memory: AsyncMemory, http: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    async with serving(create_server(memory, user_id="alice")) as address:
        body = json.dumps(message("tools/list"))
        answer = await http.post(
            address, content=body, headers={"Content-Type": "application/json", **headers}
        )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("options", "host", "status"),
    [
        ({"host": "0.0.0.0", "allowed_hosts": ["memory.example"]}, "memory.example", 200),
        ({"host": "0.0.0.0", "allowed_hosts": ["memory.example"]}, "memory.example:8848", 200),
        ({"host": "0.0.0.0", "allowed_hosts": ["memory.example"]}, "other.example", 421),
        ({"allowed_hosts": ["memory.example"]}, "localhost:80", 200),
        ({"host": "0.0.0.0"}, "any.example", 200),
    ],
)
async def test_the_names_of_a_server_can_be_listed(
    memory: AsyncMemory, http: httpx.AsyncClient, options: dict[str, Any], host: str, status: int
) -> None:
    async with serving(create_server(memory, user_id="alice"), **options) as address:
        answer = await http.post(address, json=message("tools/list"), headers={"Host": host})
    assert answer.status_code == status


async def test_a_body_has_a_limit(memory: AsyncMemory, http: httpx.AsyncClient) -> None:
    async with serving(create_server(memory, user_id="alice"), max_body=1_000) as address:
        call = message("tools/call", name="remember", arguments={"text": "x" * 2_000})
        assert (await http.post(address, json=call)).status_code == 413
    assert await memory.count() == 0


@pytest.mark.parametrize("below", ["", "/memory"])
async def test_an_application_may_mount_the_endpoint(memory: AsyncMemory, era: str, below: str) -> None:
    endpoint = McpEndpoint(create_server(memory, user_id="alice"))

    async def hello(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"hello from {type(request.app).__name__}")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with endpoint.running():
            yield

    routes = [*endpoint.routes, Route("/hello", hello)]
    app = Starlette(routes=[Mount(below, routes=routes)] if below else routes, lifespan=lifespan)
    async with listening(app) as address, httpx.AsyncClient(trust_env=False) as http:
        async with connected(f"{address}{below}/mcp", era) as client:
            assert data(await client.call_tool("get_status", {}))["user_id"] == "alice"
        assert (await http.get(f"{address}{below}/hello")).text == "hello from Starlette"


def test_a_path_begins_with_a_slash(memory: AsyncMemory) -> None:
    with pytest.raises(InvalidInputError, match="slash"):
        McpEndpoint(create_server(memory), path="mcp")


Connect = Callable[[AsyncMemory], Any]


@asynccontextmanager
async def in_process(memory: AsyncMemory, era: str) -> AsyncIterator[Client]:
    async with connected(create_server(memory, user_id="alice"), era) as client:
        yield client


@asynccontextmanager
async def over_http(memory: AsyncMemory, era: str) -> AsyncIterator[Client]:
    async with serving(create_server(memory, user_id="alice")) as address, connected(address, era) as client:
        yield client


@asynccontextmanager
async def over_http_with_a_session(memory: AsyncMemory, era: str) -> AsyncIterator[Client]:
    server = create_server(memory, user_id="alice")
    async with serving(server, sessions=True) as address, connected(address, era) as client:
        yield client


@pytest.mark.parametrize(
    ("connect", "era"),
    [
        (in_process, "2026-07-28"),
        (in_process, "legacy"),
        (over_http, "2026-07-28"),
        # An old client says that it gives up in a request of its own, which takes a session to belong to.
        (over_http_with_a_session, "legacy"),
    ],
)
async def test_a_client_that_gives_up_ends_its_call(
    api: ApiServer, monkeypatch: pytest.MonkeyPatch, era: str, connect: Any
) -> None:
    """While a model thinks; other calls go on."""
    arrived, ended = asyncio.Event(), asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def rule(request: Any) -> Any:
        loop.call_soon_threadsafe(arrived.set)
        return HANG

    api.rule = rule
    async with AsyncMemory({**SETTINGS, "llm": openai_llm(api)}) as memory:
        add = memory.add

        async def watched(*arguments: Any, **more: Any) -> Any:
            try:
                return await add(*arguments, **more)
            except BaseException as error:
                ended.set_result(type(error))
                raise

        monkeypatch.setattr(memory, "add", watched)
        async with connect(memory, era) as client:
            call = asyncio.create_task(client.call_tool("remember", {"text": "I live in Lisbon."}))
            await arrived.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await ended is asyncio.CancelledError
            assert data(await client.call_tool("recall", {"query": "Lisbon"}))["memories"] == []
        api.release()
