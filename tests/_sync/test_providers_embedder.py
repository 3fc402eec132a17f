# Generated from tests/_async/test_providers_embedder.py by scripts/run_unasync.py; edit that file instead.
"""Embedders against a real server, alone and in batches."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from powermem._concurrency import gather
from powermem._core.wire.endpoint import build_endpoint
from powermem._core.wire.failure import Backoff
from powermem._sync.providers.embedder import BatchedEmbedder, MockEmbedder, OpenAIEmbedder
from powermem._sync.providers.factory import build_embedder
from powermem._sync.providers.http import EndpointClient, HTTPClient
from powermem.config import resolve
from powermem.errors import ClosedError, ProviderError, RateLimitError
from tests.support.apiserver import Behaviour, failure


@pytest.fixture
def http():
    client = HTTPClient(backoff=Backoff(base=0.001, cap=0.002))
    yield client
    client.close()


@pytest.fixture
def plain(api, http):
    endpoint = build_endpoint("openai", f"{api.url}/embeddings")
    return partial(OpenAIEmbedder, EndpointClient(http, endpoint, max_retries=0), model="m")


@pytest.fixture
def batched(plain):
    made = []

    def make(**options):
        made.append(BatchedEmbedder(plain(), **options))
        return made[-1]

    yield make
    for embedder in made:
        embedder.close()


def test_texts_become_vectors(api, plain):
    embedder = plain()
    assert embedder.dimension is None

    vectors = embedder.embed(["I like green tea", "green tea I like", "the car is red"])

    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert embedder.dimension == 384
    assert api.requests[0].body == {
        "model": "m",
        "input": ["I like green tea", "green tea I like", "the car is red"],
    }


def test_base64_gives_the_same_vectors(api, plain):
    texts = ["I like tea", "我喜欢喝茶"]

    listed, packed = plain().embed(texts), plain(packed=True).embed(texts)

    assert api.requests[1].body["encoding_format"] == "base64"
    np.testing.assert_allclose(packed, listed, atol=1e-7)


def test_a_server_without_base64_is_asked_for_lists_from_then_on(api, plain):
    def rule(request):
        return failure(400, "unknown encoding_format") if "encoding_format" in request.body else None

    api.rule = rule
    embedder = plain(packed=True)

    embedder.embed(["tea"])
    embedder.embed(["more tea"])

    assert ["encoding_format" in request.body for request in api.requests] == [True, False, False]


def test_a_length_is_asked_for_and_checked(api, plain):
    assert (plain(dimension=64, pass_dimensions=True).embed(["tea"])).shape == (1, 64)
    assert (plain(dimension=384).embed(["tea"])).shape == (1, 384)
    with pytest.raises(ProviderError, match=r"vectors of 384 numbers, expected 64.*embedding_dims"):
        plain(dimension=64).embed(["tea"])

    assert [request.body.get("dimensions") for request in api.requests] == [64, None, None]


def test_a_model_of_one_length_is_not_asked_for_it_again(api, plain):
    def rule(request):
        refused = failure(400, "This model does not support specifying dimensions.")
        return refused if "dimensions" in request.body else None

    api.rule = rule
    embedder = plain(dimension=384, pass_dimensions=True)

    embedder.embed(["tea"])
    embedder.embed(["more tea"])

    assert ["dimensions" in request.body for request in api.requests] == [True, False, False]


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": [1.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [None]}],
    ],
)
def test_a_wrong_reply_is_an_error(api, plain, data):
    api.script.append(Behaviour(body={"data": data}))

    with pytest.raises(ProviderError, match="openai sent"):
        plain().embed(["tea", "cake"])


def test_azure_is_addressed_by_deployment(api, http):
    config = {
        "api_key": "azure-key-123",
        "azure_endpoint": api.address,
        "azure_deployment": "d",
        "api_version": "v",
    }
    settings = resolve({"embedder": {"provider": "azure_openai", "config": config}}).embedder
    embedder = build_embedder(settings, http)

    embedder.embed(["tea"])
    embedder.close()

    (request,) = api.requests
    assert request.path == "/openai/deployments/d/embeddings"
    assert request.query == "api-version=v"
    assert request.headers["api-key"] == "azure-key-123"
    assert request.body["encoding_format"] == "base64"


def test_calls_at_once_share_requests(api, batched):
    api.delays["embed"] = 0.01
    embedder = batched()
    texts = [f"note {number}" for number in range(200)]

    rows = gather([partial(embedder.embed, [text]) for text in texts], limit=64)

    # How few depends on when threads get to run; what tasks must reach is tested on its own.
    assert len(api.requests) <= 100
    assert sum(len(request.body["input"]) for request in api.requests) == 200
    assert embedder.requests == len(api.requests)
    assert embedder.embedded_texts == 200
    np.testing.assert_array_equal(np.concatenate(rows), embedder.embed(texts))


def test_a_lone_call_waits_for_nobody(api, batched):
    embedder = batched()

    for number in range(5):
        embedder.embed([f"note {number}"])

    assert len(api.requests) == 5


def test_the_same_text_is_embedded_once(api, batched):
    api.delays["embed"] = 0.02
    embedder = batched()

    rows = gather([partial(embedder.embed, ["tea", "tea"])] * 10)

    assert sum(request.body["input"].count("tea") for request in api.requests) == 1
    assert all(np.array_equal(row, rows[0]) for row in rows)
    assert rows[0].shape == (2, 384)


def test_a_text_under_way_in_another_request_is_waited_for(api, batched):
    api.delays["embed"] = 0.03
    embedder = batched(batch_size=16, max_running=4)
    crowd = [[f"note {number}" for number in range(start, start + 16)] for start in (0, 8, 16)]

    results = gather([partial(embedder.embed, texts) for texts in crowd])

    sent = [text for request in api.requests for text in request.body["input"]]
    assert len(sent) == len(set(sent)) == 32
    for texts, vectors in zip(crowd, results, strict=True):
        np.testing.assert_array_equal(vectors, embedder.embed(texts))


def test_what_is_known_is_not_asked_for(api, batched):
    embedder = batched()
    first = embedder.embed(["tea", "cake"])

    again = embedder.embed(["cake", "tea", "milk"])

    np.testing.assert_array_equal(again[:2], first[::-1])
    assert [request.body["input"] for request in api.requests] == [["tea", "cake"], ["milk"]]
    assert embedder.cache_hits == 2


def test_without_a_cache_everything_is_asked_for(api, batched):
    embedder = batched(cache_size=0)

    embedder.embed(["tea"])
    embedder.embed(["tea"])

    assert len(api.requests) == 2


def test_what_callers_do_with_vectors_does_not_reach_the_cache(batched):
    embedder = batched()
    first = embedder.embed(["tea"])
    first *= 0

    assert (embedder.embed(["tea"])).any()


def test_many_texts_are_split(api, batched):
    texts = [f"note {number}" for number in range(25)]

    vectors = batched(batch_size=10).embed(texts)

    assert vectors.shape == (25, 384)
    assert max(len(request.body["input"]) for request in api.requests) <= 10


def test_no_texts_need_no_request(api, batched):
    assert (batched().embed([])).shape == (0, 0)
    assert api.requests == []


def test_a_text_that_is_refused_fails_its_own_caller_only(api, batched):
    def rule(request):
        bad = any("BAD" in text for text in request.body["input"])
        return failure(400, "a text is too long") if bad else Behaviour(delay=0.005)

    api.rule = rule
    embedder = batched(max_running=1)
    texts = [f"note {number}" for number in range(40)]
    texts[17] = "BAD"
    failed = {}

    def embed(text):
        try:
            return embedder.embed([text])
        except ProviderError as error:
            failed[text] = error
            return None

    gather([partial(embed, text) for text in texts])

    assert list(failed) == ["BAD"]
    assert failed["BAD"].status == 400


def test_the_others_of_a_refused_request_are_embedded_with_few_more(api, batched):
    def rule(request):
        return failure(400, "too long") if "BAD" in request.body["input"] else None

    api.rule = rule
    embedder = batched(max_running=1)
    texts = [f"note {number}" for number in range(64)]

    with pytest.raises(ProviderError, match="too long"):
        embedder.embed([*texts, "BAD"])

    # The request itself, one to see whether any can work, and two for each of seven halvings.
    assert len(api.requests) <= 16
    before = len(api.requests)
    assert (embedder.embed(texts)).shape == (64, 384)
    assert len(api.requests) == before


def test_a_request_that_can_never_work_is_not_taken_apart(api, batched):
    api.rule = lambda request: failure(400, "no such model")

    with pytest.raises(ProviderError, match="no such model"):
        batched(max_running=1).embed([f"note {number}" for number in range(50)])

    assert len(api.requests) == 2


def test_the_size_that_a_server_takes_is_found_and_kept(api, batched):
    def rule(request):
        return failure(413, "batch too large") if len(request.body["input"]) > 8 else None

    api.rule = rule
    embedder = batched()

    embedder.embed([f"note {number}" for number in range(32)])
    before = len(api.requests)
    vectors = embedder.embed([f"line {number}" for number in range(32)])

    assert vectors.shape == (32, 384)
    assert [len(request.body["input"]) for request in api.requests[before:]] == [8, 8, 8, 8]


def test_the_size_grows_again_when_the_server_takes_more(api, batched):
    api.limits.embed_batch = 4
    embedder = batched(batch_size=16, cache_size=0)
    embedder.embed([f"note {number}" for number in range(16)])

    api.limits.embed_batch = None
    for _ in range(40):
        embedder.embed([f"note {number}" for number in range(16)])

    assert len(api.requests[-1].body["input"]) == 16


def test_a_server_of_one_vector_a_request_is_asked_little_more_than_once_a_text(api, batched):
    api.limits.spoil = lambda items: items[:1]
    embedder = batched(max_running=1)

    embedder.embed([f"note {number}" for number in range(128)])

    # The request itself, a probe, six halvings, and each text.
    assert len(api.requests) <= 1 + 1 + 6 + 128


def test_other_failures_reach_all_callers(api, batched):
    api.rule = lambda request: failure(429, "slow down", delay=0.01)
    embedder = batched(max_running=1)
    errors = []

    def embed(number):
        try:
            embedder.embed([f"note {number}"])
        except RateLimitError as error:
            errors.append(error)

    gather([partial(embed, number) for number in range(10)])

    assert len(errors) == 10


def test_after_a_failure_the_same_text_can_be_embedded(api, batched):
    api.script.append(failure(500, "it broke"))
    embedder = batched()

    with pytest.raises(ProviderError):
        embedder.embed(["tea"])

    assert (embedder.embed(["tea"])).shape == (1, 384)


def test_a_closed_embedder_says_so(batched):
    embedder = batched()
    embedder.close()
    embedder.close()

    with pytest.raises(ClosedError):
        embedder.embed(["tea"])


def test_the_wrapper_is_named_as_what_it_wraps(batched):
    embedder = batched()

    assert (embedder.provider, embedder.model, embedder.dimension) == ("openai", "m", None)
    embedder.embed(["tea"])
    assert embedder.dimension == 384


def test_the_mock_needs_no_server():
    embedder = MockEmbedder(32)

    vectors = embedder.embed(["I like tea", "tea I like", "cars"])

    assert vectors.shape == (3, 32)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    embedder.close()
