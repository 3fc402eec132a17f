"""``/mcp`` of the application: with its keys, for clients of both eras."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("mcp")

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from tests.support.served import Served

ERAS = pytest.mark.parametrize("era", ["2026-07-28", "legacy"])


async def agree(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"forget": True})


@asynccontextmanager
async def host(served: Served, era: str, headers: dict[str, str], query: str = "") -> AsyncIterator[Client]:
    """A host with a key, whose person agrees to everything."""
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(
            streamable_http_client(f"{served.url}/mcp{query}", http_client=http),
            mode=era,
            elicitation_callback=agree,
        ) as client,
    ):
        yield client


def text(result: Any) -> str:
    return str(result.content[0].text)


@ERAS
async def test_a_key_reaches_its_user_and_nobody_else(locked: Served, era: str) -> None:
    keys = {user: locked.key("write", user_id=f"mcp-{era}-{user}") for user in ("alice", "bob")}
    async with host(locked, era, keys["alice"]) as client:
        added = await client.call_tool("remember", {"text": "My bike is red."})
        number = added.structured_content["changes"][0]["id"]
        assert "My bike is red." in text(await client.call_tool("recall", {"query": "bike"}))
    async with host(locked, era, keys["bob"]) as client:
        assert "My bike" not in text(await client.call_tool("recall", {"query": "bike"}))
        for name, arguments in (
            ("fetch", {"id": number}),
            ("update_memory", {"memory_id": number, "text": "gone"}),
            ("forget", {"memory_id": number}),
        ):
            assert (await client.call_tool(name, arguments)).is_error
    async with host(locked, era, keys["bob"], f"?user_id=mcp-{era}-alice") as client:
        assert (await client.call_tool("recall", {"query": "bike"})).is_error
    async with host(locked, era, keys["alice"]) as client:
        assert (await client.call_tool("forget", {"memory_id": number})).structured_content == {
            "id": number,
            "forgotten": True,
            "text": "My bike is red.",
        }


@ERAS
async def test_a_key_that_may_only_read_changes_nothing(locked: Served, era: str) -> None:
    async with host(locked, era, locked.key("read", user_id="mcp-reader")) as client:
        assert "may only read" in text(await client.call_tool("remember", {"text": "My bike is red."}))
        assert not (await client.call_tool("recall", {"query": "bike"})).is_error


@ERAS
async def test_without_keys_the_address_says_whose_memory_it_is(served: Served, era: str) -> None:
    async with host(served, era, {}, "?user_id=mcp-carol") as client:
        status = (await client.call_tool("get_status", {})).structured_content
        assert status is not None
        assert status["user_id"] == "mcp-carol"
    async with host(served, era, {}) as client:
        assert "user_id=" in text(await client.call_tool("recall", {"query": "bike"}))


def test_without_a_valid_key_nothing_is_served(locked: Served) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for headers in ({}, {"Authorization": "Bearer pm_wrong"}):
        answer = locked.client.post("/mcp", json=call, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_serves_the_key_that_began_it_only(locked: Served) -> None:
    accept = {"Accept": "application/json, text/event-stream"}
    alice, bob = ({**accept, **locked.key("write", user_id=f"mcp-{name}")} for name in ("alice", "bob"))
    about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    greeting = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    begun = locked.client.post("/mcp", json=greeting, headers=alice)
    assert begun.status_code == 200
    session = {"Mcp-Session-Id": begun.headers["mcp-session-id"], "MCP-Protocol-Version": "2025-06-18"}
    call = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    assert locked.client.post("/mcp", json=call, headers={**bob, **session}).status_code == 404
    assert locked.client.post("/mcp", json=call, headers={**alice, **session}).status_code == 200
    assert locked.client.delete("/mcp", headers={**alice, **session}).status_code == 200


def test_a_page_of_another_origin_gets_nothing(served: Served) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        assert served.client.post("/mcp?user_id=u", json=call, headers=headers).status_code == 403


def test_the_endpoint_can_be_left_out() -> None:
    with Served({"server": {"disabled": ["mcp"]}}) as server:
        assert server.client.post("/mcp", json={}).status_code == 404


@pytest.mark.parametrize(
    ("settings", "begin"),
    [
        ({}, "memory://memories/"),
        ({"public_url": "https://memory.example/"}, "https://memory.example/dashboard#/memories/"),
        ({"public_url": "https://memory.example", "disabled": ["dashboard"]}, "memory://memories/"),
    ],
)
async def test_results_link_to_the_page_where_its_address_is_known(
    settings: dict[str, object], begin: str
) -> None:
    with Served({"server": settings}) as served:
        async with host(served, "auto", {}, "?user_id=mcp-dora") as client:
            added = await client.call_tool("remember", {"text": "My bike is red."})
            number = added.structured_content["changes"][0]["id"]
            for found in (
                (await client.call_tool("search", {"query": "bike"})).structured_content["results"][0],
                (await client.call_tool("fetch", {"id": number})).structured_content,
            ):
                assert found["url"] == f"{begin}{number}"
