"""Who may call, and from where."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import HTTPConnection

from powermem.server import Caller, create_app
from powermem.server.authentication import is_local
from powermem.server.caller import Permission
from tests.support.served import CONFIG, Served


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("app.localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.mark.parametrize(
    "headers",
    [
        # A page whose name was pointed at this machine, and a page of another origin.
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_keys_no_page_of_a_browser_is_served(served: Served, headers: dict[str, str]) -> None:
    answer = served.client.get("/v1/memories", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "ForbiddenError")


async def test_without_keys_only_a_loopback_address_is_served() -> None:
    app = create_app(CONFIG)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.1.2.3") as client:
        answer = await client.get("/v1/memories")
    assert (answer.status_code, answer.json()["error"]) == (403, "ForbiddenError")
    await app.state.powermem.memory.close()


def test_another_application_may_find_out_who_calls() -> None:
    async def authenticate(connection: HTTPConnection) -> Caller | None:
        name = connection.headers.get("x-user")
        return None if name is None else Caller(None, name, Permission.READ)

    with Served(authenticate=authenticate) as server:
        path = "/v1/memories"
        assert server.client.get(path).status_code == 401
        assert server.client.get(path, headers={"X-User": "ana"}).status_code == 200
        assert server.client.delete(path, headers={"X-User": "ana"}).status_code == 403


@pytest.mark.parametrize("form", ["Bearer {}", "Token {}", "bearer  {}"])
def test_a_key_is_presented_in_any_of_the_usual_ways(locked: Served, form: str) -> None:
    key = locked.admin["Authorization"].partition(" ")[2]
    for headers in ({"Authorization": form.format(key)}, {"X-API-Key": key}):
        assert locked.client.get("/v1/memories", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer sk-pm-wrong"}, {"Authorization": "Basic x"}]
)
def test_where_there_are_keys_nothing_else_will_do(locked: Served, headers: dict[str, str]) -> None:
    answer = locked.client.get("/v1/memories", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "UnauthorizedError")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert locked.client.get("/health/live").status_code == 200


def test_a_key_in_the_address_is_no_key(locked: Served) -> None:
    key = locked.admin["Authorization"].partition(" ")[2]
    assert locked.client.get("/v1/memories", params={"api_key": key}).status_code == 401


def test_a_revoked_key_is_refused_at_once_here_and_soon_elsewhere(locked: Served) -> None:
    from powermem.server.keys import FRESH, KeyRing

    now = 0.0
    other = KeyRing(locked.service.memory, elapsed=lambda: now)
    text, key = locked.run(lambda: locked.service.keys.create("short", "read"))
    headers = {"Authorization": f"Bearer {text}"}
    assert locked.client.get("/v1/memories", headers=headers).status_code == 200
    assert locked.run(lambda: other.find(text)) is not None
    locked.run(lambda: locked.service.keys.revoke(key.id))
    assert locked.client.get("/v1/memories", headers=headers).status_code == 401
    now = FRESH
    assert locked.run(lambda: other.find(text)) is None


def test_revoking_the_last_key_opens_nothing() -> None:
    with Served() as server:
        _, key = server.run(lambda: server.service.keys.create("only", "admin"))
        server.run(lambda: server.service.keys.revoke(key.id))
        assert server.client.get("/v1/memories").status_code == 401
        # Nor does deleting everything.
        server.run(server.service.memory.reset)
        server.service.keys._read_at = None
        assert server.client.get("/v1/memories").status_code == 401


def test_a_configured_key_may_do_everything() -> None:
    with Served({"server": {"api_keys": "tulip-tulip-tulip, other"}}) as server:
        headers = {"X-API-Key": "tulip-tulip-tulip"}
        assert server.client.get("/metrics", headers=headers).status_code == 200
        assert server.client.get("/metrics").status_code == 401
        assert "tulip" not in repr(server.service.settings)
