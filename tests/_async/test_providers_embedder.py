"""Embedders against a real server, alone and in batches."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from powermem._async.providers.embedder import AsyncBatchedEmbedder, AsyncMockEmbedder, AsyncOpenAIEmbedder
from powermem._async.providers.factory import build_embedder
from powermem._async.providers.http import AsyncEndpointClient, AsyncHTTPClient
from powermem._concurrency import async_gather
from powermem._core.wire.endpoint import build_endpoint
from powermem._core.wire.failure import Backoff
from powermem.config import resolve
from powermem.errors import ClosedError, ProviderError, RateLimitError
from tests.support.apiserver import Behaviour, failure


@pytest.fixture
async def http():
    client = AsyncHTTPClient(backoff=Backoff(base=0.001, cap=0.002))
    yield client
    await client.close()


@pytest.fixture
def plain(api, http):
    endpoint = build_endpoint("openai", f"{api.url}/embeddings")
    return partial(AsyncOpenAIEmbedder, AsyncEndpointClient(http, endpoint, max_retries=0), model="m")


@pytest.fixture
async def batched(plain):
    made = []

    def make(**options):
        made.append(AsyncBatchedEmbedder(plain(), **options))
        return made[-1]

    yield make
    for embedder in made:
        await embedder.close()


async def test_texts_become_vectors(api, plain):
    embedder = plain()
    assert embedder.dimension is None

    vectors = await embedder.embed(["I like green tea", "green tea I like", "the car is red"])

    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert embedder.dimension == 384
    assert api.requests[0].body == {
        "model": "m",
        "input": ["I like green tea", "green tea I like", "the car is red"],
    }


async def test_base64_gives_the_same_vectors(api, plain):
    texts = ["I like tea", "我喜欢喝茶"]

    listed, packed = await plain().embed(texts), await plain(packed=True).embed(texts)

    assert api.requests[1].body["encoding_format"] == "base64"
    np.testing.assert_allclose(packed, listed, atol=1e-7)


async def test_a_server_without_base64_is_asked_for_lists_from_then_on(api, plain):
    def rule(request):
        return failure(400, "unknown encoding_format") if "encoding_format" in request.body else None

    api.rule = rule
    embedder = plain(packed=True)

    await embedder.embed(["tea"])
    await embedder.embed(["more tea"])

    assert ["encoding_format" in request.body for request in api.requests] == [True, False, False]


async def test_a_length_is_asked_for_and_checked(api, plain):
    assert (await plain(dimension=64, pass_dimensions=True).embed(["tea"])).shape == (1, 64)
    assert (await plain(dimension=384).embed(["tea"])).shape == (1, 384)
    with pytest.raises(ProviderError, match=r"vectors of 384 numbers, expected 64.*embedding_dims"):
        await plain(dimension=64).embed(["tea"])

    assert [request.body.get("dimensions") for request in api.requests] == [64, None, None]


async def test_a_model_of_one_length_is_not_asked_for_it_again(api, plain):
    def rule(request):
        refused = failure(400, "This model does not support specifying dimensions.")
        return refused if "dimensions" in request.body else None

    api.rule = rule
    embedder = plain(dimension=384, pass_dimensions=True)

    await embedder.embed(["tea"])
    await embedder.embed(["more tea"])

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
async def test_a_wrong_reply_is_an_error(api, plain, data):
    api.script.append(Behaviour(body={"data": data}))

    with pytest.raises(ProviderError, match="openai sent"):
        await plain().embed(["tea", "cake"])


async def test_azure_is_addressed_by_deployment(api, http):
    config = {
        "api_key": "azure-key-123",
        "azure_endpoint": api.address,
        "azure_deployment": "d",
        "api_version": "v",
    }
    settings = resolve({"embedder": {"provider": "azure_openai", "config": config}}).embedder
    embedder = build_embedder(settings, http)

    await embedder.embed(["tea"])
    await embedder.close()

    (request,) = api.requests
    assert request.path == "/openai/deployments/d/embeddings"
    assert request.query == "api-version=v"
    assert request.headers["api-key"] == "azure-key-123"
    assert request.body["encoding_format"] == "base64"


async def test_calls_at_once_share_requests(api, batched):
    api.delays["embed"] = 0.01
    embedder = batched()
    texts = [f"note {number}" for number in range(200)]

    rows = await async_gather([partial(embedder.embed, [text]) for text in texts], limit=64)

    # How few depends on when threads get to run; what tasks must reach is tested on its own.
    assert len(api.requests) <= 100
    assert sum(len(request.body["input"]) for request in api.requests) == 200
    assert embedder.requests == len(api.requests)
    assert embedder.embedded_texts == 200
    np.testing.assert_array_equal(np.concatenate(rows), await embedder.embed(texts))


async def test_a_lone_call_waits_for_nobody(api, batched):
    embedder = batched()

    for number in range(5):
        await embedder.embed([f"note {number}"])

    assert len(api.requests) == 5


async def test_the_same_text_is_embedded_once(api, batched):
    api.delays["embed"] = 0.02
    embedder = batched()

    rows = await async_gather([partial(embedder.embed, ["tea", "tea"])] * 10)

    assert sum(request.body["input"].count("tea") for request in api.requests) == 1
    assert all(np.array_equal(row, rows[0]) for row in rows)
    assert rows[0].shape == (2, 384)


async def test_a_text_under_way_in_another_request_is_waited_for(api, batched):
    api.delays["embed"] = 0.03
    embedder = batched(batch_size=16, max_running=4)
    crowd = [[f"note {number}" for number in range(start, start + 16)] for start in (0, 8, 16)]

    results = await async_gather([partial(embedder.embed, texts) for texts in crowd])

    sent = [text for request in api.requests for text in request.body["input"]]
    assert len(sent) == len(set(sent)) == 32
    for texts, vectors in zip(crowd, results, strict=True):
        np.testing.assert_array_equal(vectors, await embedder.embed(texts))


async def test_what_is_known_is_not_asked_for(api, batched):
    embedder = batched()
    first = await embedder.embed(["tea", "cake"])

    again = await embedder.embed(["cake", "tea", "milk"])

    np.testing.assert_array_equal(again[:2], first[::-1])
    assert [request.body["input"] for request in api.requests] == [["tea", "cake"], ["milk"]]
    assert embedder.cache_hits == 2


async def test_without_a_cache_everything_is_asked_for(api, batched):
    embedder = batched(cache_size=0)

    await embedder.embed(["tea"])
    await embedder.embed(["tea"])

    assert len(api.requests) == 2


async def test_what_callers_do_with_vectors_does_not_reach_the_cache(batched):
    embedder = batched()
    first = await embedder.embed(["tea"])
    first *= 0

    assert (await embedder.embed(["tea"])).any()


async def test_many_texts_are_split(api, batched):
    texts = [f"note {number}" for number in range(25)]

    vectors = await batched(batch_size=10).embed(texts)

    assert vectors.shape == (25, 384)
    assert max(len(request.body["input"]) for request in api.requests) <= 10


async def test_no_texts_need_no_request(api, batched):
    assert (await batched().embed([])).shape == (0, 0)
    assert api.requests == []


async def test_a_text_that_is_refused_fails_its_own_caller_only(api, batched):
    def rule(request):
        bad = any("BAD" in text for text in request.body["input"])
        return failure(400, "a text is too long") if bad else Behaviour(delay=0.005)

    api.rule = rule
    embedder = batched(max_running=1)
    texts = [f"note {number}" for number in range(40)]
    texts[17] = "BAD"
    failed = {}

    async def embed(text):
        try:
            return await embedder.embed([text])
        except ProviderError as error:
            failed[text] = error
            return None

    await async_gather([partial(embed, text) for text in texts])

    assert list(failed) == ["BAD"]
    assert failed["BAD"].status == 400


async def test_the_others_of_a_refused_request_are_embedded_with_few_more(api, batched):
    def rule(request):
        return failure(400, "too long") if "BAD" in request.body["input"] else None

    api.rule = rule
    embedder = batched(max_running=1)
    texts = [f"note {number}" for number in range(64)]

    with pytest.raises(ProviderError, match="too long"):
        await embedder.embed([*texts, "BAD"])

    # The request itself, one to see whether any can work, and two for each of seven halvings.
    assert len(api.requests) <= 16
    before = len(api.requests)
    assert (await embedder.embed(texts)).shape == (64, 384)
    assert len(api.requests) == before


async def test_a_request_that_can_never_work_is_not_taken_apart(api, batched):
    api.rule = lambda request: failure(400, "no such model")

    with pytest.raises(ProviderError, match="no such model"):
        await batched(max_running=1).embed([f"note {number}" for number in range(50)])

    assert len(api.requests) == 2


async def test_the_size_that_a_server_takes_is_found_and_kept(api, batched):
    def rule(request):
        return failure(413, "batch too large") if len(request.body["input"]) > 8 else None

    api.rule = rule
    embedder = batched()

    await embedder.embed([f"note {number}" for number in range(32)])
    before = len(api.requests)
    vectors = await embedder.embed([f"line {number}" for number in range(32)])

    assert vectors.shape == (32, 384)
    assert [len(request.body["input"]) for request in api.requests[before:]] == [8, 8, 8, 8]


async def test_the_size_grows_again_when_the_server_takes_more(api, batched):
    api.limits.embed_batch = 4
    embedder = batched(batch_size=16, cache_size=0)
    await embedder.embed([f"note {number}" for number in range(16)])

    api.limits.embed_batch = None
    for _ in range(40):
        await embedder.embed([f"note {number}" for number in range(16)])

    assert len(api.requests[-1].body["input"]) == 16


async def test_a_server_of_one_vector_a_request_is_asked_little_more_than_once_a_text(api, batched):
    api.limits.spoil = lambda items: items[:1]
    embedder = batched(max_running=1)

    await embedder.embed([f"note {number}" for number in range(128)])

    # The request itself, a probe, six halvings, and each text.
    assert len(api.requests) <= 1 + 1 + 6 + 128


async def test_other_failures_reach_all_callers(api, batched):
    api.rule = lambda request: failure(429, "slow down", delay=0.01)
    embedder = batched(max_running=1)
    errors = []

    async def embed(number):
        try:
            await embedder.embed([f"note {number}"])
        except RateLimitError as error:
            errors.append(error)

    await async_gather([partial(embed, number) for number in range(10)])

    assert len(errors) == 10


async def test_after_a_failure_the_same_text_can_be_embedded(api, batched):
    api.script.append(failure(500, "it broke"))
    embedder = batched()

    with pytest.raises(ProviderError):
        await embedder.embed(["tea"])

    assert (await embedder.embed(["tea"])).shape == (1, 384)


async def test_a_closed_embedder_says_so(batched):
    embedder = batched()
    await embedder.close()
    await embedder.close()

    with pytest.raises(ClosedError):
        await embedder.embed(["tea"])


async def test_the_wrapper_is_named_as_what_it_wraps(batched):
    embedder = batched()

    assert (embedder.provider, embedder.model, embedder.dimension) == ("openai", "m", None)
    await embedder.embed(["tea"])
    assert embedder.dimension == 384


async def test_the_mock_needs_no_server():
    embedder = AsyncMockEmbedder(32)

    vectors = await embedder.embed(["I like tea", "tea I like", "cars"])

    assert vectors.shape == (3, 32)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    await embedder.close()
