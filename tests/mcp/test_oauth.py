"""OAuth as a resource server: tokens that an authorization server of the test issued."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from powermem import AsyncMemory, ConfigError
from powermem.mcp import JwtVerifier, create_server

from .conftest import SETTINGS, connected, data, listening, serving
from .test_callers import with_token

RESOURCE = "https://memory.example/mcp"
SCOPES = "memory:read memory:write"


class Issuer:
    """An authorization server: its metadata, its keys, and the tokens that it signs.

    Attributes:
        url: where it is.
        fetched: how often its keys were asked for.
    """

    def __init__(self) -> None:
        self.url = ""
        self.fetched = 0
        self._keys: dict[str, Any] = {}
        self.add("first")

    def add(self, name: str, key: Any = None) -> None:
        self._keys[name] = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, *, key: str = "first", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign a token; a claim that is ``None`` is left out."""
        now = int(time.time())
        everything = {
            "iss": self.url, "aud": RESOURCE, "sub": "alice", "iat": now, "exp": now + 300, "scope": SCOPES
        } | claims  # fmt: skip
        signing = self._keys[key]
        algorithm = "ES256" if isinstance(signing, ec.EllipticCurvePrivateKey) else "RS256"
        return jwt.encode(
            {name: value for name, value in everything.items() if value is not None},
            signing,
            algorithm=algorithm,
            headers={"kid": key, **(headers or {})},
        )

    async def metadata(self, request: Request) -> Response:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

    async def keys(self, request: Request) -> Response:
        self.fetched += 1
        found = []
        for name, key in self._keys.items():
            elliptic = isinstance(key, ec.EllipticCurvePrivateKey)
            kind = jwt.algorithms.ECAlgorithm if elliptic else jwt.algorithms.RSAAlgorithm
            public = kind.to_jwk(key.public_key(), as_dict=True)
            found.append({**public, "kid": name, "use": "sig", "alg": "ES256" if elliptic else "RS256"})
        return JSONResponse({"keys": found})


@asynccontextmanager
async def issuing(metadata: str) -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = Starlette(routes=[Route(metadata, issuer.metadata), Route("/keys", issuer.keys)])
    async with listening(app) as issuer.url:
        yield issuer


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing("/.well-known/oauth-authorization-server") as found:
        yield found


async def test_a_token_brings_the_memory_of_its_subject(
    memory: AsyncMemory, issuer: Issuer, era: str
) -> None:
    verifier = JwtVerifier(issuer.url, RESOURCE)
    server = create_server(memory, token_verifier=verifier, auth=verifier.settings)
    async with serving(server) as address:
        async with connected(with_token(address, issuer.token()), era) as client:
            await client.call_tool("remember", {"text": "My bike is red."})
            assert data(await client.call_tool("get_status", {}))["user_id"] == "alice"
        async with connected(with_token(address, issuer.token(sub="bob")), era) as client:
            assert data(await client.call_tool("recall", {"query": "bike"}))["memories"] == []
        async with connected(with_token(f"{address}?user_id=alice", issuer.token(sub="bob")), era) as client:
            assert (await client.call_tool("recall", {"query": "bike"})).is_error
    assert issuer.fetched == 1
    assert await memory.users() == ["alice"]


async def test_a_host_learns_where_to_get_a_token(memory: AsyncMemory, issuer: Issuer) -> None:
    verifier = JwtVerifier(issuer.url, RESOURCE, required_scopes=["memory:read"])
    server = create_server(memory, token_verifier=verifier, auth=verifier.settings)
    async with serving(server) as address, httpx.AsyncClient(trust_env=False) as http:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        refused = await http.post(address, json=call)
        assert refused.status_code == 401
        pointer = "https://memory.example/.well-known/oauth-protected-resource/mcp"
        assert f'resource_metadata="{pointer}"' in refused.headers["www-authenticate"]
        path = httpx.URL(pointer).path
        about = (await http.get(httpx.URL(address).copy_with(path=path))).json()
        assert about["resource"] == RESOURCE
        assert about["authorization_servers"] == [issuer.url]
        assert about["scopes_supported"] == ["memory:read"]
        weak = {"Authorization": f"Bearer {issuer.token(scope='other')}"}
        assert (await http.post(address, json=call, headers=weak)).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "https://memory.example/other"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"nbf": 32_503_680_000},
        {"sub": None},
        {"sub": ""},
    ],
    ids=lambda claims: "-".join(f"{name}-{value}" for name, value in claims.items()),
)
async def test_a_token_of_others_for_others_or_without_an_end_is_refused(
    issuer: Issuer, claims: dict[str, Any]
) -> None:
    verifier = JwtVerifier(issuer.url, RESOURCE)
    assert await verifier.verify_token(issuer.token()) is not None
    assert await verifier.verify_token(issuer.token(**claims)) is None


async def test_a_token_with_a_signature_that_proves_nothing_is_refused(issuer: Issuer) -> None:
    verifier = JwtVerifier(issuer.url, RESOURCE)
    good = issuer.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    head, body, signature = good.split(".")
    for bad in (
        jwt.encode(claims, "", algorithm="none", headers={"kid": "first"}),
        # With a secret that everybody knows: the name of the key.
        jwt.encode(claims, "first" * 8, algorithm="HS256", headers={"kid": "first"}),
        jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "first"}),
        f"{head}.{body}.{signature[:-4]}AAAA",
        "not a token",
        "",
    ):
        assert await verifier.verify_token(bad) is None


@pytest.mark.parametrize(
    "metadata",
    ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"],
)
async def test_the_keys_are_found_by_either_kind_of_metadata(metadata: str) -> None:
    async with issuing(metadata) as issuer:
        assert await JwtVerifier(issuer.url, RESOURCE).verify_token(issuer.token()) is not None


async def test_new_keys_are_fetched_once_in_a_while(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000.0]
    monkeypatch.setattr("powermem.mcp.oauth.monotonic", lambda: clock[0])
    verifier = JwtVerifier(issuer.url, RESOURCE)
    assert await verifier.verify_token(issuer.token()) is not None
    issuer.add("second", ec.generate_private_key(ec.SECP256R1()))
    fresh = issuer.token(key="second")
    for _ in range(5):
        # Nobody makes us ask again and again by naming keys that do not exist.
        assert await verifier.verify_token(fresh) is None
    assert issuer.fetched == 1
    clock[0] += 61
    assert await verifier.verify_token(fresh) is not None
    assert await verifier.verify_token(issuer.token()) is not None
    assert issuer.fetched == 2


async def test_what_a_token_allows(issuer: Issuer) -> None:
    verifier = JwtVerifier(
        issuer.url, RESOURCE, user_claim="email", write_scope="memory:write", jwks_url=f"{issuer.url}/keys"
    )
    writes = await verifier.verify_token(issuer.token(email="a@b.example"))
    reads = await verifier.verify_token(issuer.token(email="a@b.example", scope=None, scp=["memory:read"]))
    assert (writes.user_id, writes.may_write) == ("a@b.example", True)
    assert (reads.user_id, reads.may_write) == ("a@b.example", False)
    assert await verifier.verify_token(issuer.token()) is None, "without the claim, it is nobody's"


async def test_an_issuer_that_cannot_be_reached_refuses_everybody(issuer: Issuer) -> None:
    assert await JwtVerifier("http://127.0.0.1:9", RESOURCE).verify_token(issuer.token()) is None
    # Its metadata must be its own.
    assert await JwtVerifier(f"{issuer.url}/x", RESOURCE).verify_token(issuer.token()) is None


@pytest.mark.parametrize("arguments", [("http://a.example", RESOURCE), ("https://a.example", "ftp://b")])
def test_addresses_are_encrypted(arguments: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match="https://"):
        JwtVerifier(*arguments)


async def test_the_whole_application_may_take_tokens(issuer: Issuer, era: str) -> None:
    pytest.importorskip("fastapi")
    from powermem.server import TokenAuthentication, create_app

    verifier = JwtVerifier(issuer.url, RESOURCE, required_scopes=["memory:read"], write_scope="memory:write")
    app = create_app(SETTINGS, authenticate=TokenAuthentication(verifier))
    async with listening(app) as address, httpx.AsyncClient(trust_env=False, base_url=address) as http:
        refused = await http.get("/v1/memories")
        assert refused.status_code == 401
        pointer = "https://memory.example/.well-known/oauth-protected-resource/mcp"
        assert refused.headers["www-authenticate"] == f'Bearer resource_metadata="{pointer}"'
        about = (await http.get(httpx.URL(pointer).path)).json()
        assert about["authorization_servers"] == [issuer.url]
        for token, status in ((issuer.token(), 200), (issuer.token(scope="other"), 403), ("x", 401)):
            answer = await http.get("/v1/memories", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
        async with connected(with_token(f"{address}/mcp", issuer.token()), era) as client:
            await client.call_tool("remember", {"text": "My bike is red."})
            assert data(await client.call_tool("get_status", {}))["user_id"] == "alice"
        reading = issuer.token(sub="bob", scope="memory:read")
        async with connected(with_token(f"{address}/mcp", reading), era) as client:
            assert data(await client.call_tool("recall", {"query": "bike"}))["memories"] == []
            assert (await client.call_tool("remember", {"text": "My car is blue."})).is_error
        other = {"Authorization": f"Bearer {reading}"}
        assert (await http.get("/v1/memories", params={"user_id": "alice"}, headers=other)).status_code == 403
        assert "bike" not in (await http.get("/v1/memories", headers=other)).text
