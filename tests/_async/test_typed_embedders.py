"""Embedders that are told what a text is for, against a server that behaves like their APIs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from powermem import AsyncMemory
from powermem._async.providers.embedder import AsyncBatchedEmbedder
from powermem._async.providers.factory import build_embedder
from powermem._async.providers.http import AsyncHTTPClient
from powermem._core.wire.failure import Backoff
from powermem.config import resolve
from powermem.errors import AuthenticationError, ConfigError, ProviderError, RateLimitError
from tests.support.apiserver import ApiServer, Behaviour, Request, failure, slow_down

KEYS = {"aws_access_key_id": "AKID", "aws_secret_access_key": "the secret key", "aws_region": "eu-west-1"}

# The provider, its config besides the address, the dimension without a wish, and one that may be wished for.
MODELS = (
    ("voyage", {"api_key": "the secret key"}, 384, 512),
    ("cohere", {"api_key": "the secret key"}, 1024, 256),
    ("aws_bedrock", KEYS, 1024, 256),
    ("aws_bedrock", {**KEYS, "model": "cohere.embed-v4:0"}, 1024, 256),
)
NAMES = ("voyage", "cohere", "titan", "bedrock_cohere")

Embed = Callable[..., AsyncBatchedEmbedder]


@pytest.fixture
async def embedder(api: ApiServer):
    http = AsyncHTTPClient(backoff=Backoff(base=0.001, cap=0.002))
    made = []

    def make(provider: str, config: dict[str, Any], **more: Any) -> AsyncBatchedEmbedder:
        address = api.url.removesuffix("/v1") + {"voyage": "/v1", "cohere": "/v2"}.get(provider, "")
        given = {"provider": provider, "config": {"base_url": address, **config, **more}}
        built = build_embedder(resolve({"embedder": given}, {}).embedder, http)
        assert built is not None
        made.append(built)
        return built

    yield make
    for each in made:
        await each.close()
    await http.close()


def kinds(requests: list[Request]) -> list[Any]:
    """Return what each request says that its texts are for."""
    return [request.body.get("input_type") for request in requests]


@pytest.mark.parametrize(("provider", "config", "usual", "other"), MODELS, ids=NAMES)
async def test_texts_become_vectors(
    embedder: Embed, provider: str, config: dict[str, Any], usual: int, other: int
) -> None:
    texts = ["I like green tea", "green tea I like", "the car is red"]
    vectors = await embedder(provider, config).embed(texts)
    assert vectors.shape == (3, usual)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    wished = await embedder(provider, config, embedding_dims=other).embed(texts)
    assert wished.shape == (3, other)


@pytest.mark.parametrize(
    ("provider", "config", "wanted"),
    [
        ("voyage", MODELS[0][1], ["document", "query"]),
        ("cohere", MODELS[1][1], ["search_document", "search_query"]),
        ("aws_bedrock", MODELS[3][1], ["search_document", "search_query"]),
    ],
)
async def test_a_question_is_embedded_as_one(
    api: ApiServer, embedder: Embed, provider: str, config: dict[str, Any], wanted: list[str]
) -> None:
    built = embedder(provider, config)
    await built.embed_each(["I like tea"])
    assert kinds(api.requests) == wanted[:1]
    await built.embed_each(["what does she like?"], asking=True)
    # A question's vector is made of both its vectors.
    assert sorted(kinds(api.requests[1:])) == wanted
    assert "\\u0002" not in json.dumps([request.body for request in api.requests])


@pytest.mark.parametrize(
    ("provider", "config", "most"),
    [
        ("cohere", MODELS[1][1], 96),
        ("aws_bedrock", KEYS, 1),
        ("aws_bedrock", MODELS[3][1], 96),
        ("voyage", MODELS[0][1], 1000),
    ],
)
async def test_a_request_has_no_more_texts_than_the_model_takes(
    api: ApiServer, embedder: Embed, provider: str, config: dict[str, Any], most: int
) -> None:
    await embedder(provider, config, batch_size=1000).embed([f"text {number}" for number in range(500)])
    bodies = [request.body for request in api.requests]
    sizes = [len(body.get("texts") or body.get("input") or ["inputText"]) for body in bodies]
    assert sum(sizes) == 500
    assert max(sizes) <= most
    assert (max(sizes) > 96) == (most > 96)


@pytest.mark.parametrize(("provider", "config", "usual", "other"), MODELS, ids=NAMES)
async def test_errors_and_waits_are_those_of_every_provider(
    api: ApiServer, embedder: Embed, provider: str, config: dict[str, Any], usual: int, other: int
) -> None:
    del other
    api.script.append(slow_down(0))
    assert (await embedder(provider, config).embed(["tea"])).shape == (1, usual)
    assert len(api.requests) == 2
    api.rule = lambda request: failure(429, "too many requests")
    with pytest.raises(RateLimitError):
        await embedder(provider, config, max_retries=0).embed(["tea"])
    api.rule = lambda request: failure(401, "the secret key is wrong")
    with pytest.raises(AuthenticationError) as caught:
        await embedder(provider, config).embed(["tea"])
    assert provider in str(caught.value)
    api.rule = lambda request: failure(500, "x")
    with pytest.raises(ProviderError):
        await embedder(provider, config, max_retries=1).embed(["tea"])


async def test_a_vector_of_another_length_is_refused(embedder: Embed) -> None:
    built = embedder("cohere", {"api_key": "k", "model": "embed-english-v3.0"}, embedding_dims=64)
    with pytest.raises(ProviderError, match=r"vectors of 1024 numbers, expected 64.*embedding_dims"):
        await built.embed(["tea"])


async def test_a_key_is_sent_as_a_token(api: ApiServer, embedder: Embed) -> None:
    for provider, path in (("voyage", "/v1/embeddings"), ("cohere", "/v2/embed")):
        await embedder(provider, {"api_key": "the key"}).embed(["tea"])
        assert api.requests[-1].path == path
        assert api.requests[-1].headers["authorization"] == "Bearer the key"


async def test_bedrock_is_signed_or_takes_its_own_key(api: ApiServer, embedder: Embed) -> None:
    await embedder("aws_bedrock", {**KEYS, "aws_session_token": "a token"}).embed(["tea"])
    headers = api.requests[-1].headers
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert (
        "/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token,"
        in (headers["authorization"])
    )
    assert headers["x-amz-security-token"] == "a token"
    assert api.requests[-1].path == "/model/amazon.titan-embed-text-v2%3A0/invoke"
    await embedder("aws_bedrock", {"api_key": "a key of bedrock", "aws_region": "eu-west-1"}).embed(["tea"])
    assert api.requests[-1].headers["authorization"] == "Bearer a key of bedrock"


async def test_bedrock_finds_credentials_of_a_profile(
    api: ApiServer, embedder: Embed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("botocore")
    file = tmp_path / "credentials"
    file.write_text("[work]\naws_access_key_id = OFPROFILE\naws_secret_access_key = s\n", "utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    await embedder("aws_bedrock", {"aws_region": "eu-west-1", "aws_profile": "work"}).embed(["tea"])
    assert "Credential=OFPROFILE/" in api.requests[-1].headers["authorization"]
    with pytest.raises(ConfigError, match=r"aws_profile: .*play"):
        embedder("aws_bedrock", {"aws_region": "eu-west-1", "aws_profile": "play"})


@pytest.fixture
def account(api: ApiServer, tmp_path: Path) -> tuple[str, list[str]]:
    """A service account, whose tokens come from the server, and the tokens that it gave."""
    pytest.importorskip("google.auth")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    given: list[str] = []
    lock = threading.Lock()

    def rule(request: Request):
        if not request.path.endswith("/token"):
            return None
        with lock:
            given.append(f"token-{len(given)}")
        return Behaviour(200, {"access_token": given[-1], "expires_in": 3600, "token_type": "Bearer"})

    api.rule = rule
    path = tmp_path / "credentials.json"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    told = {
        "type": "service_account",
        "client_email": "memory@example.iam.gserviceaccount.com",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "token_uri": f"{api.url.removesuffix('/v1')}/token",
    }
    path.write_text(json.dumps(told), "utf-8")
    return str(path), given


@pytest.mark.parametrize(
    ("model", "sizes"), [("gemini-embedding-001", [1, 1, 1]), ("text-embedding-005", [3])]
)
async def test_vertex(
    api: ApiServer, embedder: Embed, account: tuple[str, list[str]], model: str, sizes: list[int]
) -> None:
    config = {
        "vertex_credentials_json": account[0],
        "project": "p",
        "location": "europe-west4",
        "model": model,
    }
    built = embedder("vertexai", config, embedding_dims=256)
    vectors = await built.embed(["I like green tea", "green tea I like", "the car is red"])
    assert vectors.shape == (3, 256)
    asked = [request for request in api.requests if request.path.endswith(":predict")]
    assert sorted(len(request.body["instances"]) for request in asked) == sizes
    assert {request.path for request in asked} == {
        f"/v1/projects/p/locations/europe-west4/publishers/google/models/{model}:predict"
    }
    # One token serves all requests until it expires.
    assert account[1] == ["token-0"]
    assert {request.headers["authorization"] for request in asked} == {"Bearer token-0"}
    await built.embed_each(["what does she like?"], asking=True)
    last = [request.body["instances"][0]["task_type"] for request in api.requests[-2:]]
    assert sorted(last) == ["RETRIEVAL_DOCUMENT", "RETRIEVAL_QUERY"]


async def test_vertex_needs_a_project(embedder: Embed, account: tuple[str, list[str]]) -> None:
    with pytest.raises(ConfigError, match=r"embedder\.config\.project: required"):
        embedder("vertexai", {"vertex_credentials_json": account[0]})
    with pytest.raises(ConfigError, match=r"vertex_credentials_json"):
        embedder("vertexai", {"vertex_credentials_json": "nowhere.json", "project": "p"})


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "embedder.config.aws_region: required for provider 'aws_bedrock'"),
        ({"aws_region": "x", "aws_access_key_id": "a"}, "go together"),
    ],
)
async def test_what_bedrock_needs(config: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resolve({"embedder": {"provider": "aws_bedrock", "config": config}}, {})


async def test_a_memory_searches_with_one(api: ApiServer) -> None:
    address = api.url.removesuffix("/v1")
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": {"provider": "cohere", "config": {"api_key": "k", "base_url": address}},
    }
    async with AsyncMemory(config) as memory:
        await memory.add("I keep bees on the roof", user_id="u", infer=False)
        found = await memory.search("who keeps bees?", user_id="u")
    assert [hit["memory"] for hit in found["results"]] == ["I keep bees on the roof"]
    assert {request.path for request in api.requests} == {"/v2/embed"}
