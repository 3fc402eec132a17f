# Generated from tests/_async/test_providers_build.py by scripts/run_unasync.py; edit that file instead.
"""From a configuration to providers, for every provider there is; and those a program brings along."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from powermem._core.embedding import e5, minilm
from powermem._sync.providers.factory import build_embedder, build_llm, build_reranker
from powermem._sync.providers.http import HTTPClient
from powermem.config import resolve
from powermem.config.registry import known, register_embedder, register_llm
from powermem.config.tables import EMBEDDERS, LLMS, RERANKERS
from powermem.errors import ConfigError, ProviderError
from powermem.types import Completion, Schema
from tests.support.apiserver import failure

SCHEMA = Schema("facts", {"type": "object"})
MESSAGES = [{"role": "user", "content": "I like tea."}]
HTTP_PROTOCOLS = ("openai", "anthropic")


@pytest.fixture
def http():
    client = HTTPClient()
    yield client
    client.close()


def usable(table):
    return [row.name for row in table.values() if row.protocol in HTTP_PROTOCOLS and not row.instead]


def settings(kind, provider, **config):
    return getattr(resolve({kind: {"provider": provider, "config": config}}), kind)


@pytest.mark.parametrize("name", usable(LLMS))
def test_every_llm_answers(api, http, name):
    llm = build_llm(settings("llm", name, api_key="a-key-of-mine", base_url=api.url, model="m"), http)

    completion = llm.complete(MESSAGES, schema=SCHEMA)

    assert completion.text == '{"facts": []}'
    assert llm.provider == name


@pytest.mark.parametrize("name", usable(EMBEDDERS))
def test_every_embedder_embeds(api, http, name):
    config = {"api_key": "a-key-of-mine", "base_url": api.url, "model": "m"}
    embedder = build_embedder(settings("embedder", name, **config), http)

    vectors = embedder.embed([f"note {number}" for number in range(20)])
    embedder.close()

    assert vectors.shape == (20, 384)
    assert embedder.provider == name
    longest = max(len(request.body["input"]) for request in api.requests)
    assert longest <= EMBEDDERS[name].max_batch


def reranker_of(http, provider, **config):
    raw = {"reranker": {"enabled": True, "provider": provider, "config": config}}
    return build_reranker(resolve(raw).reranker, None, http)


DOCUMENTS = ["the car is red", "I like green tea", "green is a colour"]


@pytest.mark.parametrize(
    "name", [row.name for row in RERANKERS.values() if row.protocol != "llm" and not row.instead]
)
def test_every_reranker_ranks(api, http, name):
    reranker = reranker_of(http, name, api_key="a-key-of-mine", base_url=f"{api.url}/rerank", model="m")

    ranking = reranker.rerank("green tea", DOCUMENTS, 2)

    assert [index for index, _ in ranking] == [1, 2]
    assert ranking[0][1] > ranking[1][1]
    assert api.requests[0].headers["authorization"] == "Bearer a-key-of-mine"
    assert [index for index, _ in reranker.rerank("green tea", DOCUMENTS, 3)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("qwen", "/compatible-api/v1/reranks"),
        ("jina", "/v1/rerank"),
        ("zai", "/api/paas/v4/rerank"),
        ("cohere", "/v2/rerank"),
        ("tei", "/rerank"),
        ("generic", "/v1/rerank"),
    ],
)
def test_a_reranker_is_found_where_its_vendor_has_it(api, http, name, path):
    reranker = reranker_of(http, name, api_key="k", base_url=api.address)

    assert reranker.rerank("tea", ["car", "tea"], 1) == [(1, 1.0)]
    assert [request.path for request in api.requests] == [path]


@pytest.mark.parametrize("model", ["gte-rerank-v2", "qwen3-vl-rerank"])
def test_dashscopes_own_form_of_reranking_is_spoken(api, http, model):
    reranker = reranker_of(http, "qwen", api_key="k", model=model, base_url=api.address)

    assert reranker.rerank("tea", ["car", "tea"], 1) == [(1, 1.0)]
    assert api.requests[0].path == "/api/v1/services/rerank/text-rerank/text-rerank"
    assert api.requests[0].body["input"]["query"] == "tea"


def test_an_inference_server_gets_no_more_than_it_takes(api, http):
    reranker = reranker_of(http, "tei", base_url=api.address)
    documents = [f"number {number}" for number in range(70)]

    ranking = reranker.rerank("number 40 and 3", documents, 10)

    assert ranking[:2] == [(3, 0.5), (40, 0.5)]
    assert len(ranking) == 10
    assert sorted(len(request.body["texts"]) for request in api.requests) == [6, 32, 32]


def test_a_reranker_is_not_sent_what_it_would_not_read(api, http):
    reranker = reranker_of(http, "generic", base_url=api.address)

    reranker.rerank("tea " * 1000, ["tea " * 1000, "tea"], 2)
    reranker.rerank("tea", ["茶" * 1000] * 100, 2)

    long, many = (request.body for request in api.requests)
    assert (len(long["query"]), [len(text) for text in long["documents"]]) == (512, [1488, 3])
    assert {len(text) for text in many["documents"]} == {299}
    assert "model" not in long


def test_a_reranker_that_fails_is_an_error(api, http):
    api.rule = lambda request: failure(400, "too many documents")

    with pytest.raises(ProviderError, match="too many documents"):
        reranker_of(http, "generic", base_url=api.address).rerank("tea", ["tea"], 1)


def test_no_reranker_is_none(http):
    assert build_reranker(None, None, http) is None


def test_none_is_no_embedder(http):
    assert build_embedder(settings("embedder", "none"), http) is None


def test_the_mock_has_the_length_that_is_configured(http):
    embedder = build_embedder(settings("embedder", "mock", embedding_dims=48), http)

    assert (embedder.embed(["tea"])).shape == (1, 48)
    embedder.close()


def test_a_missing_local_model_is_told_once_and_done_without(http, monkeypatch, caplog):
    monkeypatch.setattr(minilm, "available", lambda: False)
    caplog.set_level(logging.WARNING, "powermem")

    assert build_embedder(settings("embedder", "default"), http) is None

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "pip install 'onnxruntime" in caplog.text


@pytest.mark.parametrize("name", ["local", "huggingface"])
def test_a_local_model_asked_for_by_name_is_required(http, monkeypatch, name):
    monkeypatch.setattr(minilm, "available", lambda: False)

    with pytest.raises(ConfigError, match=r"asked for, but not installed; run: pip install 'onnxruntime"):
        build_embedder(settings("embedder", name, model="all-MiniLM-L6-v2"), http)


def test_the_multilingual_model_is_required(http, monkeypatch):
    monkeypatch.setattr(e5, "_package", lambda: None)

    for name in ("default", "local", "huggingface"):
        with pytest.raises(ConfigError, match=r"embedder\.config\.model: the embedder multilingual-e5-small"):
            build_embedder(settings("embedder", name, model="multilingual-e5-small"), http)


def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(http):
    with pytest.raises(ConfigError, match="check the API key") as caught:
        build_llm(settings("llm", "openai", api_key="sk-first\nsk-second"), http)

    assert "sk-" not in str(caught.value)


class Chat:
    """A language model of the program's own."""

    def __init__(self, config):
        self.config = config
        self.model = "home-made"

    def complete(self, messages, schema=None):
        if self.config.get("broken"):
            raise KeyError("no answer")
        return Completion(f"{messages[-1]['content']} {schema.name if schema else ''}", 2, 1)


class OldChat:
    """One of the older kind, with a plain method."""

    def __init__(self, config):
        self.asked = []

    def generate_response(self, messages, response_format=None):
        return f"{len(messages)} {response_format}"


class Vectors:
    """An embedder of the program's own."""

    dimension = 2

    def __init__(self, config):
        self.value = config["value"]

    def embed(self, texts):
        return [[self.value, len(text)] for text in texts]


class BatchVectors:
    """One with a plain method for batches, which returns too few."""

    def __init__(self, config):
        pass

    def embed_batch(self, texts):
        return np.ones((1, 3))


def test_a_registered_llm_answers(http):
    register_llm("test-chat", Chat)
    llm = build_llm(settings("llm", "test-chat"), http)

    completion = llm.complete(MESSAGES, schema=SCHEMA)

    assert completion == Completion("I like tea. facts", 2, 1)
    assert (llm.provider, llm.model) == ("test-chat", "home-made")
    assert "test-chat" in known("llm")


def test_a_registered_llm_of_the_older_kind_answers(http):
    register_llm("test-old-chat", OldChat)
    llm = build_llm(settings("llm", "test-old-chat", model="m"), http)

    assert (llm.complete(MESSAGES, schema=SCHEMA)).text == "2 {'type': 'json_object'}"
    assert (llm.complete(MESSAGES)).text == "1 None"


def test_what_a_registered_llm_raises_becomes_our_error(http):
    register_llm("test-broken", Chat)
    llm = build_llm(settings("llm", "test-broken", broken=True), http)

    with pytest.raises(ProviderError, match="test-broken failed: KeyError: 'no answer'") as caught:
        llm.complete(MESSAGES)

    assert isinstance(caught.value.__cause__, KeyError)


def test_a_registered_embedder_embeds(http):
    register_embedder("test-vectors", Vectors)
    embedder = build_embedder(settings("embedder", "test-vectors", value=7.0), http)

    assert (embedder.embed(["tea", "cakes"])).tolist() == [[7.0, 3.0], [7.0, 5.0]]
    assert embedder.dimension == 2
    embedder.close()


def test_a_registered_embedder_that_takes_one_text_at_a_time_is_found_out(http):
    register_embedder("test-few", BatchVectors)
    embedder = build_embedder(settings("embedder", "test-few"), http)

    assert len(embedder.embed(["tea", "cake"])) == 2
    embedder.close()


class NoVectors:
    def embed(self, texts: list[str]) -> list[list[float]]:
        return []


def test_a_registered_embedder_is_checked(http):
    register_embedder("test-none", lambda config: NoVectors())
    embedder = build_embedder(settings("embedder", "test-none"), http)

    with pytest.raises(ProviderError, match="test-none returned 0 vectors for 2 texts"):
        embedder.embed(["tea", "cake"])
    embedder.close()


def test_a_class_without_a_method_that_fits_is_refused(http):
    register_llm("test-nothing", lambda config: object())

    with pytest.raises(
        ConfigError, match="object needs one of the methods complete, invoke, generate_response"
    ):
        build_llm(settings("llm", "test-nothing"), http)


def test_langchain_models_are_used_as_they_are(http):
    models = pytest.importorskip("langchain_core.language_models.fake_chat_models")
    embeddings = pytest.importorskip("langchain_core.embeddings.fake")
    chat = models.FakeListChatModel(responses=['{"facts": []}'])

    llm = build_llm(settings("llm", "langchain", model=chat), http)
    fake = embeddings.DeterministicFakeEmbedding(size=12)
    embedder = build_embedder(settings("embedder", "langchain", model=fake), http)

    assert (llm.complete(MESSAGES, schema=SCHEMA)).text == '{"facts": []}'
    assert (embedder.embed(["tea", "cake"])).shape == (2, 12)
    embedder.close()
