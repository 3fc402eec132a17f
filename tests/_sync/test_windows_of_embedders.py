# Generated from tests/_async/test_windows_of_embedders.py by scripts/run_unasync.py; edit that file instead.
"""An embedder that takes less than it is given, or gives back something else than was asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from powermem import Memory
from powermem._concurrency import gather
from powermem.errors import ProviderError
from tests.support.apiserver import ApiServer, Behaviour, failure, too_long
from tests.support.behaviours import Items, count_tokens
from tests.support.scripted import openai_embedder

LONG = " ".join(f"Sentence {number} is about tea." for number in range(60)) + " The secret word is xylophone."


@pytest.fixture
def remote(config: dict[str, Any], api: ApiServer) -> Iterator[Memory]:
    with Memory({**config, "embedder": openai_embedder(api)}) as memory:
        yield memory


@pytest.mark.parametrize(
    "refusal",
    [
        too_long(),
        too_long(413, "Request Entity Too Large"),
        Behaviour(413, "<html><body>413 Request Entity Too Large</body></html>"),
        too_long(422, "Input validation error: `inputs` must have less than 512 tokens. Given: 4000"),
        too_long(500, "the input length exceeds the context length"),
        failure(400, "Bad Request"),
    ],
)
def test_no_call_fails_because_a_text_is_too_long(remote: Memory, api: ApiServer, refusal: Behaviour) -> None:
    api.limits.embed_window = 100
    api.limits.refusal = refusal

    added = remote.add(LONG, user_id="u", infer=False)
    later = remote.add("Nice. " + LONG, user_id="u", async_mode=True)
    changed = remote.update(added["results"][0]["id"], "Well. " + LONG)
    found = remote.search("xylophone " + LONG, user_id="u")
    many = remote.search_many([LONG, "tea"], user_id="u")
    context = remote.context(LONG, user_id="u")
    remote.attribution("u")
    facts = remote.recall(LONG)

    assert changed is not None
    for result in (added, later, changed, found, many[0]):
        assert "warnings" not in result
    assert all((found["results"], many[1]["results"], context, facts))
    remote.add(LONG, user_id="v", infer=False)
    # The end is as near as the beginning.
    for query in ("Sentence 59 is about tea. The secret word is xylophone.", "Sentence 0 is about tea."):
        (hit,) = (remote.search(query, user_id="v", explain=True))["results"]
        assert hit["score_details"]["dense"] > 0.6
    remote.wait_for_processing("u")


def test_what_fits_is_remembered(remote: Memory, api: ApiServer) -> None:
    api.limits.embed_window = 100
    remote.add(LONG, user_id="u", infer=False)
    refused = len(api.of("embed"))
    remote.add(LONG.replace("tea", "honey"), user_id="u", infer=False)
    assert len(api.of("embed")) == refused + 1
    windows = api.of("embed")[-1].body["input"]
    assert len(windows) > 1
    assert 50 <= max(map(count_tokens, windows)) <= 100
    assert " ".join(windows).endswith("The secret word is xylophone.")


def test_one_text_costs_its_neighbours_nothing(remote: Memory, api: ApiServer) -> None:
    api.limits.embed_window = 100
    texts = [f"note {number}" for number in range(20)]
    texts[7] = LONG

    results = gather([partial(remote.add, text, user_id="u", infer=False) for text in texts], limit=20)

    assert not any("warnings" in result for result in results)
    assert (remote.get_all(user_id="u"))["total"] == 20
    # As many as before fit one request.
    remote.add_many([{"messages": f"line {i}", "user_id": "u", "infer": False} for i in range(64)])
    assert max(len(request.body["input"]) for request in api.of("embed")[-4:]) > 8


def _one(items: Items) -> Items:
    return items[:1]


def _fewer(items: Items) -> Items:
    return items[:-1] if len(items) > 1 else items


def _more(items: Items) -> Items:
    return items + items[:1] if len(items) > 1 else items


def _same_index(items: Items) -> Items:
    return [{**item, "index": 0} for item in items]


def _no_index(items: Items) -> Items:
    return [{"embedding": item["embedding"]} for item in items]


def _text_index(items: Items) -> Items:
    return [{**item, "index": str(item["index"])} for item in items]


def _one_null(items: Items) -> Items:
    return [{**item, "embedding": None} if number else item for number, item in enumerate(items)]


@pytest.mark.parametrize("spoil", [_one, _fewer, _more, _same_index, _no_index, _text_index, _one_null])
def test_a_wrong_count_of_vectors_is_halved_like_a_refused_batch(
    remote: Memory, api: ApiServer, spoil: Callable[[Items], Items]
) -> None:
    api.limits.spoil = spoil
    texts = [f"I like tea number {number}." for number in range(10)]

    gather([partial(remote.add, text, user_id="u", infer=False) for text in texts], limit=10)

    found = remote.search("I like tea number 4.", user_id="u", limit=1)
    assert found["results"][0]["memory"] == texts[4]
    assert (remote.get_all(user_id="u"))["total"] == 10


@pytest.mark.parametrize(
    "bad", [None, [], [math.nan] * 384, [1.0] * 3, "@@", {"a": 1}, [None] * 384, [10**400]]
)
def test_a_single_bad_vector_costs_one_text_its_vector(remote: Memory, api: ApiServer, bad: Any) -> None:
    def spoil(items: Items) -> Items:
        request = api.of("embed")[-1]
        texts = request.body["input"]
        return [
            {**item, "embedding": bad} if "poison" in text else item
            for item, text in zip(items, texts, strict=True)
        ]

    api.limits.spoil = spoil
    remote.add("I like tea.", user_id="u", infer=False)

    result = remote.add([{"role": "user", "content": text} for text in ("cake", "poison ivy", "milk")],
                              user_id="u", infer=False)  # fmt: skip

    assert len(result["results"]) == 3
    assert "by its words only" in result["warnings"][0]
    found = remote.search("ivy", user_id="u")
    assert found["results"][0]["memory"] == "poison ivy"


def test_a_server_without_usable_vectors_is_an_error(remote: Memory, api: ApiServer) -> None:
    api.limits.spoil = lambda items: []
    with pytest.raises(ProviderError, match="do not match"):
        remote.add("I like tea.", user_id="u", infer=False)


def test_reembedding_passes_over_no_text(config: dict[str, Any], api: ApiServer) -> None:
    with Memory(config) as memory:
        for text in ("I like tea.", "poison ivy", LONG):
            memory.add(text, user_id="u", infer=False)
    api.limits.embed_window = 100
    api.limits.spoil = lambda items: [
        {**item, "embedding": None} if "poison" in text else item
        for item, text in zip(items, api.of("embed")[-1].body["input"], strict=True)
    ]
    memory = Memory({**config, "embedder": openai_embedder(api)})
    try:
        assert (memory.reembed())["reembedded"] == 3
        assert (memory.search("ivy", user_id="u"))["results"][0]["memory"] == "poison ivy"
    finally:
        memory.close()
