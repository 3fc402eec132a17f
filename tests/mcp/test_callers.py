"""Whose memory a request is about: the key, the address, the environment, and never a model alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl
from starlette.requests import Request

from powermem import AsyncMemory, InvalidInputError
from powermem._core.values import Scope
from powermem.mcp import Caller, ScopedToken, create_server

from .conftest import connected, data, put, said, serving

pytest.importorskip("httpx2")
import httpx2
from mcp.client.streamable_http import streamable_http_client

TOKENS = {
    "of-alice": ScopedToken(token="of-alice", client_id="host", scopes=[], user_id="alice"),
    "reading": ScopedToken(token="reading", client_id="host", scopes=[], user_id="alice", may_write=False),
    "of-any": ScopedToken(token="of-any", client_id="host", scopes=[]),
    "plain": AccessToken(token="plain", client_id="host", scopes=[], subject="alice"),
    "nobody": AccessToken(token="nobody", client_id="host", scopes=[]),
}  # fmt: skip


class Tokens:
    """Knows a few tokens."""

    async def verify_token(self, token: str) -> AccessToken | None:
        return TOKENS.get(token)


AUTH = AuthSettings(issuer_url=AnyHttpUrl("http://localhost:1"), resource_server_url=None)


@asynccontextmanager
async def sending(address: str, **headers: str) -> AsyncIterator[Any]:
    """A transport that sends headers of its own."""
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        streamable_http_client(address, http_client=http) as streams,
    ):
        yield streams


def with_token(address: str, token: str) -> Any:
    """Return a transport that sends a token."""
    return sending(address, Authorization=f"Bearer {token}")


async def owner(client: Any) -> dict[str, Any]:
    """Return whose memory a client reaches."""
    status = data(await client.call_tool("get_status", {}))
    return {name: status[name] for name in ("user_id", "agent_id", "run_id")}


@pytest.fixture
async def both(memory: AsyncMemory) -> dict[str, str]:
    """A memory of each of two users, by the name of the user."""
    return {
        "alice": await put(memory, "The bike of Alice is red.", "alice", agent_id="helper", run_id="r1"),
        "bob": await put(memory, "The bike of Bob is blue.", "bob", agent_id="helper", run_id="r2"),
    }


async def test_no_tool_reaches_the_memory_of_another(
    memory: AsyncMemory, both: dict[str, str], era: str
) -> None:
    async with connected(create_server(memory, user_id="alice"), era) as client:
        for name in ("recall", "search"):
            assert "Bob" not in said(await client.call_tool(name, {"query": "bike of Bob"}))
        assert data(await client.call_tool("list_memories", {}))["total"] == 1
        for name, arguments in (
            ("fetch", {"id": both["bob"]}),
            ("update_memory", {"memory_id": both["bob"], "text": "gone"}),
            ("forget", {"memory_id": both["bob"], "confirm": True}),
        ):
            result = await client.call_tool(name, arguments)
            assert result.is_error
            assert "Bob" not in said(result)
    record = await memory.get(both["bob"])
    assert record is not None
    assert record["memory"] == "The bike of Bob is blue."


@pytest.mark.parametrize(
    "ids", [{"agent_id": "helper", "run_id": "r1"}, {"user_id": "alice", "run_id": "r1"}]
)
async def test_a_run_is_a_bound_too(memory: AsyncMemory, both: dict[str, str], ids: dict[str, str]) -> None:
    other = await put(memory, "The car of Alice is green.", "alice", agent_id="helper", run_id="r9")
    async with connected(create_server(memory, **ids), "legacy") as client:
        assert data(await client.call_tool("list_memories", {}))["total"] == 1
        assert not (await client.call_tool("fetch", {"id": both["alice"]})).is_error
        for number in (both["bob"], other):
            assert (await client.call_tool("fetch", {"id": number})).is_error
            assert (await client.call_tool("forget", {"memory_id": number, "confirm": True})).is_error
    assert await memory.get(other) is not None


async def test_a_task_of_another_run_is_not_there(memory: AsyncMemory) -> None:
    added = await memory.add("I live in Rome.", user_id="alice", run_id="r2", async_mode=True)
    await memory.wait_for_processing("alice")
    arguments = {"task_id": added["task_id"]}
    for run, hidden in (("r1", True), ("r2", False)):
        async with connected(create_server(memory, user_id="alice", run_id=run), "legacy") as client:
            result = await client.call_tool("get_status", arguments)
            assert result.is_error == hidden
            assert data(await client.call_tool("get_status", {}))["memories"] == (0 if hidden else 1)


async def test_what_is_remembered_belongs_to_the_whole_scope(memory: AsyncMemory) -> None:
    server = create_server(memory, user_id="alice", agent_id="helper", run_id="r1")
    async with connected(server, "legacy") as client:
        added = data(await client.call_tool("remember", {"text": "I live in Lisbon."}))
    record = await memory.get(added["changes"][0]["id"])
    assert record is not None
    assert (record["user_id"], record["agent_id"], record["run_id"]) == ("alice", "helper", "r1")


async def test_a_server_that_serves_nobody_says_how_to_name_somebody(memory: AsyncMemory) -> None:
    await put(memory, "My bike is red.")
    async with connected(create_server(memory), "legacy") as client:
        result = await client.call_tool("recall", {"query": "bike"})
    assert result.is_error
    assert "POWERMEM_USER_ID" in said(result)


async def test_the_address_names_the_owner_and_wins_over_the_environment(
    memory: AsyncMemory, both: dict[str, str], era: str
) -> None:
    async with serving(create_server(memory, user_id="carol", agent_id="helper")) as address:
        async with connected(address, era) as client:
            assert await owner(client) == {"user_id": "carol", "agent_id": "helper", "run_id": None}
        async with connected(f"{address}?user_id=alice", era) as client:
            assert await owner(client) == {"user_id": "alice", "agent_id": "helper", "run_id": None}
            assert "Alice" in said(await client.call_tool("recall", {"query": "bike"}))
            assert "Alice" in (await client.read_resource("memory://recent")).contents[0].text
        async with connected(f"{address}?user_id=%20", era) as client:
            assert (await client.call_tool("recall", {"query": "bike"})).is_error


async def test_a_key_binds_the_address(memory: AsyncMemory, both: dict[str, str], era: str) -> None:
    server = create_server(memory, token_verifier=Tokens(), auth=AUTH)
    async with serving(server) as address:
        for token in ("of-alice", "plain"):
            async with connected(with_token(address, token), era) as client:
                assert (await owner(client))["user_id"] == "alice"
            async with connected(with_token(f"{address}?user_id=bob", token), era) as client:
                for name, arguments in (("recall", {"query": "bike"}), ("fetch", {"id": both["bob"]})):
                    result = await client.call_tool(name, arguments)
                    assert result.is_error
                    assert "Bob is" not in said(result)
                with pytest.raises(Exception, match="alice"):
                    await client.read_resource("memory://recent")
            async with connected(with_token(f"{address}?run_id=r2", token), era) as client:
                assert data(await client.call_tool("list_memories", {}))["total"] == 0
        async with connected(with_token(f"{address}?user_id=bob", "of-any"), era) as client:
            assert (await owner(client))["user_id"] == "bob"
        for token in ("of-any", "nobody"):
            async with connected(with_token(address, token), era) as client:
                assert (await client.call_tool("recall", {"query": "bike"})).is_error


async def test_a_key_that_may_only_read_changes_nothing(memory: AsyncMemory, both: dict[str, str]) -> None:
    server = create_server(memory, token_verifier=Tokens(), auth=AUTH)
    async with serving(server) as address, connected(with_token(address, "reading"), "legacy") as client:
        for name, arguments in (
            ("remember", {"text": "I live in Lisbon."}),
            ("update_memory", {"memory_id": both["alice"], "text": "gone"}),
            ("forget", {"memory_id": both["alice"], "confirm": True}),
        ):
            result = await client.call_tool(name, arguments)
            assert "may only read" in said(result)
        assert data(await client.call_tool("get_status", {}))["may_write"] is False
        assert data(await client.call_tool("list_memories", {}))["total"] == 1


@pytest.mark.parametrize("token", [None, "unknown"])
async def test_without_a_valid_token_nothing_is_served(memory: AsyncMemory, token: str | None) -> None:
    server = create_server(memory, user_id="alice", token_verifier=Tokens(), auth=AUTH)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    async with serving(server) as address, httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.post(address, json=call, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_an_application_in_front_may_say_who_asks(
    memory: AsyncMemory, both: dict[str, str], era: str
) -> None:
    def source(request: Request) -> Caller | None:
        name = request.headers.get("x-who")
        return Caller(Scope(user_id=name)) if name else None

    server = create_server(memory, caller_source=source)
    async with serving(server) as address:
        async with connected(sending(address, **{"X-Who": "bob"}), era) as asking:
            assert "Bob" in said(await asking.call_tool("recall", {"query": "bike"}))
        async with connected(address, era) as asking:
            assert (await asking.call_tool("recall", {"query": "bike"})).is_error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tools": "all"}, "core, upstream"),
        ({"any_user": True}, "any_user"),
        ({"user_id": " "}, "user_id"),
    ],
)
async def test_wrong_arguments_are_refused(
    memory: AsyncMemory, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        create_server(memory, **arguments)
