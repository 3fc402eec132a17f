"""What ``search`` finds, in which order, and with what score."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest

from powermem import AsyncMemory, FilterError, InvalidInputError
from powermem._concurrency import async_gather

pytestmark = pytest.mark.stores

TEXTS = [
    "The cat sleeps on the sofa",
    "Green tea is what I drink in the morning",
    "My sister lives in Lisbon",
    "The train to Porto leaves at nine",
]


@pytest.fixture
async def filled(memory: AsyncMemory) -> AsyncMemory:
    for number, text in enumerate(TEXTS):
        await memory.add(
            text, user_id="u", infer=False, metadata={"n": number, "tags": ["a", "b"][: number % 3]}
        )
    return memory


def found(answer: dict[str, Any]) -> list[str]:
    return [item["memory"] for item in answer["results"]]


async def test_the_best_comes_first_with_a_score_from_0_to_1(filled: AsyncMemory) -> None:
    results = (await filled.search("Where does my sister live?", user_id="u"))["results"]
    assert results[0]["memory"] == TEXTS[2]
    scores = [item["score"] for item in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_a_result_is_a_record(filled: AsyncMemory) -> None:
    item = (await filled.search("tea", user_id="u", limit=1))["results"][0]
    assert set(item) == {
        "id", "memory", "user_id", "agent_id", "run_id", "actor_id", "memory_type", "metadata", "hash",
        "created_at", "updated_at", "valid_from", "valid_to", "expires_at", "superseded_by", "access_count",
        "title", "tags", "categories", "score",
    }  # fmt: skip


@pytest.mark.parametrize("many", [False, True], ids=["add", "add_many"])
async def test_what_an_assistant_said_is_ranked_as_such(many: bool, memory: AsyncMemory) -> None:
    said = [
        {"role": "user", "content": "I moved to Porto in May."},
        {"role": "assistant", "content": "Porto is a fine city."},
    ]
    if many:
        await memory.add_many([said], user_id="u", run_id="s", infer=False)
    else:
        await memory.add(said, user_id="u", run_id="s", infer=False)
    answer = await memory.search("Where is Porto?", user_id="u", explain=True)
    roles = {item["memory"]: item["score_details"]["role"] for item in answer["results"]}
    assert roles["I moved to Porto in May."] == 0
    assert roles["Porto is a fine city."] < 0


async def test_explain_shows_the_parts(filled: AsyncMemory) -> None:
    item = (await filled.search("green tea", user_id="u", explain=True))["results"][0]
    details = item["score_details"]
    assert details["dense"] > 0
    assert details["lexical"] > 0
    arms = {"dense", "lexical", "dense_rank", "lexical_rank"}
    total = sum(part for name, part in details.items() if name not in arms)
    assert {"vectors", "words", "prior"} <= details.keys()
    assert item["score"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-4)


@pytest.mark.parametrize(
    "query", ["what's tea?", "tea AND", "user-id: tea", '"tea', "tea*", "(tea OR", "^tea:"]
)
async def test_punctuation_is_no_query_language(filled: AsyncMemory, query: str) -> None:
    assert found(await filled.search(query, user_id="u"))[0] == TEXTS[1]


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize("query", ["", "   ", "\n\t"])
async def test_a_blank_query_finds_nothing(filled: AsyncMemory, query: str) -> None:
    assert await filled.search(query, user_id="u") == {"results": []}


async def test_chinese_is_found_by_part_of_a_sentence(memory: AsyncMemory) -> None:
    await memory.add("我早上喝绿茶", user_id="u", infer=False)
    await memory.add("他住在里斯本", user_id="u", infer=False)
    assert found(await memory.search("绿茶", user_id="u"))[0] == "我早上喝绿茶"


async def test_limit_and_its_other_name(filled: AsyncMemory) -> None:
    assert len((await filled.search("the", user_id="u", limit=2))["results"]) == 2
    assert len((await filled.search("the", user_id="u", top_k=1))["results"]) == 1


async def test_threshold_is_about_the_score_shown(filled: AsyncMemory) -> None:
    every = (await filled.search("green tea in the morning", user_id="u"))["results"]
    bar = every[0]["score"] - 0.01
    assert [
        item["id"]
        for item in (await filled.search("green tea in the morning", user_id="u", threshold=bar))["results"]
    ] == [item["id"] for item in every if item["score"] >= bar]
    assert (await filled.search("green tea in the morning", user_id="u", threshold=1.0))["results"] == []


async def test_filters_are_applied_before_ranking(filled: AsyncMemory) -> None:
    # Tea is by far the best match, so a filter applied after the limit would leave nothing.
    query = "Green tea in the morning, or a train?"
    assert found(await filled.search(query, user_id="u", limit=1)) == [TEXTS[1]]
    assert found(await filled.search(query, user_id="u", filters={"n": {"gte": 2}}, limit=1)) == [TEXTS[3]]
    tagged = await filled.search("who lives in Lisbon", user_id="u", filters={"tags": {"contains": "b"}})
    assert found(tagged) == [TEXTS[2]]


async def test_no_search_reaches_another_scope(memory: AsyncMemory) -> None:
    await memory.add("tea for the user", user_id="u", infer=False)
    await memory.add("tea for somebody else", user_id="v", infer=False, metadata={"user_id": "u"})
    await memory.add("tea for a run", user_id="u", agent_id="a", run_id="r", infer=False)
    assert set(found(await memory.search("tea", user_id="u"))) == {"tea for the user", "tea for a run"}
    assert found(await memory.search("tea", user_id="u", run_id="r")) == ["tea for a run"]
    assert found(await memory.search("tea", user_id="u", agent_id="b")) == []
    assert found(await memory.search("tea", agent_id="a")) == ["tea for a run"]
    assert found(await memory.search("tea", user_id="nobody")) == []
    assert len(found(await memory.search("tea"))) == 3
    wider = {"OR": [{"user_id": "v"}, {"NOT": {"user_id": "u"}}, {"metadata.user_id": "u"}]}
    assert found(await memory.search("tea", user_id="u", filters=wider)) == []


async def test_what_expired_is_found_only_when_asked_for(memory: AsyncMemory) -> None:
    old = await memory.add("old tea", user_id="u", infer=False)
    await memory.update(old["results"][0]["id"], expires_at="2001-01-01")
    await memory.add("new tea", user_id="u", infer=False, expires_at="2999-01-01")
    assert found(await memory.search("tea", user_id="u")) == ["new tea"]
    assert set(found(await memory.search("tea", user_id="u", include_expired=True))) == {"old tea", "new tea"}
    assert (await memory.get_all(user_id="u"))["total"] == 1


async def test_the_date_and_the_speaker_can_be_asked_for(memory: AsyncMemory) -> None:
    for month, name in (("04", "Ana"), ("05", "Bo"), ("06", "Cem")):
        await memory.add(
            "We met again", "u", infer=False, timestamp=f"2023-{month}-08", actor_id=name, run_id=name
        )
    may = (await memory.search("what happened in May 2023", user_id="u"))["results"][0]
    assert may["actor_id"] == "Bo"
    bo = (await memory.search("whom did Cem meet", user_id="u", explain=True))["results"][0]
    assert bo["actor_id"] == "Cem"
    assert bo["score_details"]["speaker"] > 0


async def test_the_answer_after_a_question_is_lifted(memory: AsyncMemory) -> None:
    for text in ("What is your favourite dish?", "Bacalhau, of course", "Let us talk later"):
        await memory.add(text, "u", run_id="r", infer=False)
    await memory.add("Of course the weather was fine", "u", run_id="other", infer=False)
    results = (await memory.search("favourite dish", user_id="u", explain=True))["results"]
    places = found({"results": results})
    assert places[0] == "What is your favourite dish?"
    assert places.index("Bacalhau, of course") < places.index("Of course the weather was fine")
    lifted = {item["memory"]: item["score_details"]["neighbour"] for item in results}
    assert lifted["Bacalhau, of course"] > lifted["Let us talk later"] > 0
    assert lifted["Of course the weather was fine"] == 0


async def test_what_was_said_in_several_runs_is_found_once(memory: AsyncMemory) -> None:
    for run in ("r1", "r2", "r3"):
        await memory.add("I drink tea", user_id="u", run_id=run, infer=False)
    await memory.add("My sister sells tea and cake", user_id="u", infer=False)
    await memory.add("I drink tea", user_id="v", infer=False)
    assert found(await memory.search("drink tea", user_id="u", limit=2)) == [
        "I drink tea",
        "My sister sells tea and cake",
    ]
    # What two users say are two memories, and so is one text in one run.
    assert found(await memory.search("drink tea", limit=3)).count("I drink tea") == 2
    assert found(await memory.search("drink tea", user_id="u", run_id="r2")) == ["I drink tea"]


async def test_many_queries_at_once(filled: AsyncMemory) -> None:
    queries = ["tea", "sister", " ", "train"]
    together = await filled.search_many(queries, user_id="u", limit=1)
    assert [found(answer) for answer in together] == [[TEXTS[1]], [TEXTS[2]], [], [TEXTS[3]]]
    apart = await async_gather([partial(filled.search, query, user_id="u", limit=1) for query in queries])
    assert [found(answer) for answer in apart] == [found(answer) for answer in together]


async def test_changes_are_seen_at_once(filled: AsyncMemory) -> None:
    tea = (await filled.search("tea", user_id="u"))["results"][0]
    await filled.update(tea["id"], "Black coffee with sugar")
    assert found(await filled.search("coffee", user_id="u", limit=1)) == ["Black coffee with sugar"]
    await filled.delete(tea["id"])
    assert "Black coffee with sugar" not in found(await filled.search("coffee", user_id="u"))
    await filled.delete_all(user_id="u")
    assert found(await filled.search("train", user_id="u")) == []


async def test_without_an_embedder_full_text_answers(config: dict[str, Any]) -> None:
    config["embedder"] = {"provider": "none"}
    async with AsyncMemory(config) as memory:
        await memory.add("Green tea is what I drink", user_id="u", infer=False)
        item = (await memory.search("drinking tea", user_id="u", explain=True))["results"][0]
        assert item["score_details"]["dense"] == 0
        assert item["score"] > 0.5
        assert "full text only" in (await memory.get_statistics())["embedder"]


async def test_searching_counts_as_access(filled: AsyncMemory) -> None:
    for _ in range(3):
        await filled.search("sister", user_id="u", limit=1)
    sister = (await filled.get_all(user_id="u", filters={"n": 2}))["results"][0]
    assert sister["access_count"] == 3


@pytest.mark.stores("sqlite")
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"query": 5}, "query"),
        ({"query": None}, "query"),
        ({"limit": 0}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"top_k": -1}, "top_k"),
        ({"threshold": 1.5}, "threshold"),
        ({"threshold": "high"}, "threshold"),
        ({"as_of": "then"}, "as_of"),
        ({"user_id": " "}, "user_id"),
        ({"rerank": True}, "reranker"),
    ],
)
async def test_wrong_input_is_named(memory: AsyncMemory, arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        await memory.search(**{"query": "tea", **arguments})


async def test_a_wrong_filter_is_named(memory: AsyncMemory) -> None:
    with pytest.raises(FilterError, match="gt"):
        await memory.search("tea", filters={"n": {"gtt": 1}})
