"""Search with a reranker, and what happens when it fails."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from powermem import AsyncMemory
from tests.support.apiserver import DROP, GARBAGE, HANG, ApiServer, Behaviour, failure
from tests.support.scripted import openai_llm

TEXTS = [
    "The cat sleeps all morning on the sofa",
    "Green tea is what I drink in the morning",
    "In the morning the train is late",
]
# Words decide at the test server, and here they want the train.
QUERY = "morning train late"


@pytest.fixture
def config(config: dict[str, Any], api: ApiServer) -> dict[str, Any]:
    reach = {"base_url": api.address, "max_retries": 0}
    return {**config, "reranker": {"enabled": True, "provider": "generic", "config": reach}}


@pytest.fixture
async def filled(memory: AsyncMemory) -> AsyncMemory:
    await memory.add([{"role": "user", "content": text} for text in TEXTS], user_id="u", infer=False)
    return memory


def found(answer: dict[str, Any]) -> list[str]:
    return [item["memory"] for item in answer["results"]]


async def test_the_reranker_has_the_last_word(filled: AsyncMemory, api: ApiServer) -> None:
    def backwards(request: Any) -> Behaviour:
        texts = request.body["documents"]
        scores = [0.9 if "cat" in text else 0.2 for text in texts]
        return Behaviour(body={"results": [{"index": i, "score": s} for i, s in enumerate(scores)]})

    api.rule = backwards
    plain = (await filled.search(QUERY, user_id="u", rerank=False, explain=True))["results"]
    assert not api.of("rerank")
    ranked = (await filled.search(QUERY, user_id="u", limit=2, explain=True))["results"]
    assert [item["memory"] for item in ranked] == [TEXTS[0], plain[0]["memory"]]
    assert [item["score"] for item in ranked] == [0.9, 0.2]
    assert ranked[1]["score_details"] == {
        **plain[0]["score_details"],
        "recency": pytest.approx(plain[0]["score_details"]["recency"], abs=1e-4),
        "fused": pytest.approx(plain[0]["score"], abs=1e-4),
        "rerank": 0.2,
    }
    assert found(await filled.search(QUERY, user_id="u", threshold=0.5, rerank=True)) == [TEXTS[0]]
    # It saw more than were wanted.
    assert len(api.of("rerank")[0].body["documents"]) == 3


WRONG_INDEX = {"results": [{"index": 7, "relevance_score": 0.5}]}
ONE_MISSING = {"results": [{"index": 0, "relevance_score": 0.5}]}


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (failure(401, "bad key"), "refused the credentials"),
        (failure(429), "asks to slow down"),
        (failure(500), "500"),
        (DROP, "generic"),
        (GARBAGE, "not valid JSON"),
        (Behaviour(body={"answer": 42}), "without a ranking"),
        (Behaviour(body=WRONG_INDEX), "does not match the 3 documents"),
        (Behaviour(body=ONE_MISSING), "ranked only 1 of 2"),
    ],
)
async def test_a_search_outlives_its_reranker(
    filled: AsyncMemory,
    api: ApiServer,
    caplog: pytest.LogCaptureFixture,
    behaviour: Behaviour,
    said: str,
) -> None:
    api.rule = lambda request: behaviour
    answer = await filled.search(QUERY, user_id="u", limit=2, explain=True)
    plain = await filled.search(QUERY, user_id="u", limit=2, explain=True, rerank=False)
    assert found(answer) == found(plain)
    assert "rerank" not in answer["results"][0]["score_details"]
    (warning,) = answer["warnings"]
    assert warning.startswith("the results are not reranked: generic")
    assert said in warning
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == [warning]
    assert "warnings" not in plain


async def test_a_search_does_not_wait_for_ever(config: dict[str, Any], api: ApiServer) -> None:
    config["reranker"]["config"]["timeout"] = 0.1
    api.rule = lambda request: HANG
    async with AsyncMemory(config) as memory:
        await memory.add(TEXTS[0], user_id="u", infer=False)
        answer = await memory.search(QUERY, user_id="u")
    assert found(answer) == TEXTS[:1]
    assert "did not answer within 0.1 s" in answer["warnings"][0]


async def test_the_threshold_counts_without_the_reranker_too(filled: AsyncMemory, api: ApiServer) -> None:
    api.rule = lambda request: failure(500)
    answer = await filled.search(QUERY, user_id="u", threshold=1.0)
    assert (answer["results"], len(answer["warnings"])) == ([], 1)


async def test_many_queries_are_reranked_each(filled: AsyncMemory, api: ApiServer) -> None:
    def refuse_the_cat(request: Any) -> Behaviour | None:
        return failure(500) if "cat" in request.body["query"] else None

    api.rule = refuse_the_cat
    answers = await filled.search_many(["tea", " ", "the cat", "train"], user_id="u", limit=1)
    assert [found(answer) for answer in answers] == [[TEXTS[1]], [], [TEXTS[0]], [TEXTS[2]]]
    assert ["warnings" in answer for answer in answers] == [False, False, True, False]


async def test_a_reranker_keeps_no_more_than_configured(config: dict[str, Any], api: ApiServer) -> None:
    config["reranker"]["config"] |= {"top_n": 2, "max_candidates": 3}
    async with AsyncMemory(config) as memory:
        for number in range(6):
            await memory.add(f"tea number {number}", user_id="u", infer=False)
        assert len((await memory.search("tea", user_id="u"))["results"]) == 2
    config["reranker"]["config"]["top_n"] = None
    async with AsyncMemory(config) as memory:
        items = (await memory.search("tea number 4", user_id="u", limit=5, explain=True))["results"]
    assert [len(request.body["documents"]) for request in api.of("rerank")] == [3, 3]
    assert ["rerank" in item["score_details"] for item in items] == [True] * 3 + [False] * 2
    scores = [item["score"] for item in items]
    assert scores == sorted(scores, reverse=True)


Ask = Callable[[str], Any]


@pytest.fixture
async def asked(config: dict[str, Any], api: ApiServer) -> AsyncIterator[AsyncMemory]:
    """A memory that asks its language model for the order."""
    changed = {**config, "llm": openai_llm(api), "reranker": {"enabled": True, "provider": "llm"}}
    async with AsyncMemory(changed) as memory:
        await memory.add([{"role": "user", "content": text} for text in TEXTS], user_id="u", infer=False)
        yield memory


def offered(messages: list[dict[str, Any]]) -> dict[str, str]:
    inside = messages[1]["content"].split("<memories>\n")[1].split("\n</memories>")[0]
    records = [json.loads(line) for line in inside.split("\n")]
    # In front of each text is the day on which it was said.
    return {record["text"].partition("] ")[2]: record["alias"] for record in records}


async def test_a_language_model_reranks_in_one_call(asked: AsyncMemory, api: ApiServer) -> None:
    def cat_only(messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
        return json.dumps({"ranking": [{"alias": offered(messages)[TEXTS[0]], "score": 80}]})

    api.on_chat = cat_only
    answer = await asked.search(QUERY, user_id="u", explain=True)
    assert found(answer)[0] == TEXTS[0]
    assert [item["score"] for item in answer["results"]] == [0.8, 0.0, 0.0]
    # What it left out stays in the order of the search.
    fused = [item["score_details"]["fused"] for item in answer["results"][1:]]
    assert fused == sorted(fused, reverse=True)
    assert "warnings" not in answer
    assert len(api.of("chat")) == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Sorry, no.", "could not be read as a ranking"),
        ('{"ranking": [{"alias": "M9", "score": 80}]}', "'M9' was not offered"),
        ('{"ranking": [{"alias": "M1", "sco', "could not be read as a ranking"),
    ],
)
async def test_a_search_outlives_a_confused_model(
    asked: AsyncMemory, api: ApiServer, reply: str, said: str
) -> None:
    api.on_chat = lambda messages, body: reply
    answer = await asked.search(QUERY, user_id="u")
    assert found(answer) == found(await asked.search(QUERY, user_id="u", rerank=False))
    assert said in answer["warnings"][0]
    assert len(api.of("chat")) == 1
