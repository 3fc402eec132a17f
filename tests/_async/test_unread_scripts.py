"""Texts in scripts that the embedder does not read have no vectors, and are found by their words."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import AsyncMemory
from tests.support.apiserver import ApiServer
from tests.support.scripted import openai_embedder

# By its name, a model whose vocabulary is English.
ENGLISH = "all-minilm"

FACTS = ["我对花生过敏", "妹は大阪に住んでいる", "Моя кошка спит", "I like green tea", "Ich wohne in Köln"]


def embedded(api: ApiServer) -> list[str]:
    return [text for request in api.of("embed") for text in request.body["input"]]


@pytest.fixture
def english(api: ApiServer, config: dict[str, Any]) -> dict[str, Any]:
    return {**config, "embedder": openai_embedder(api, model=ENGLISH)}


async def test_only_what_the_model_reads_is_embedded(api: ApiServer, english: dict[str, Any]) -> None:
    async with AsyncMemory(english) as memory:
        await memory.add(FACTS, user_id="u", infer=False)
        assert sorted(embedded(api)) == ["I like green tea", "Ich wohne in Köln"]

        await memory.search("我对什么过敏？", user_id="u")
        await memory.search("Где моя кошка?", user_id="u")
        assert len(embedded(api)) == 2

        await memory.search("Who likes tea?", user_id="u")
        assert embedded(api)[2:] == ["Who likes tea?"]


@pytest.mark.stores
async def test_words_find_what_has_no_vector(api: ApiServer, english: dict[str, Any]) -> None:
    async with AsyncMemory(english) as memory:
        await memory.add(FACTS, user_id="u", infer=False)
        for question, answer in (
            ("花生", FACTS[0]),
            ("大阪", FACTS[1]),
            ("кошка", FACTS[2]),
            ("tea", FACTS[3]),
        ):
            first = (await memory.search(question, user_id="u", explain=True))["results"][0]
            assert first["memory"] == answer
            assert (first["score_details"]["dense"] > 0) == (answer in FACTS[3:])


async def test_a_multilingual_model_embeds_everything(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api, model="bge-m3")
    async with AsyncMemory(config) as memory:
        result = await memory.add(FACTS, user_id="u", infer=False)

        assert sorted(embedded(api)) == sorted(FACTS)
        assert "warnings" not in result


async def test_it_is_said_once_and_with_what_to_use(api: ApiServer, english: dict[str, Any]) -> None:
    async with AsyncMemory(english) as memory:
        first = await memory.add("I like green tea", user_id="u", infer=False)
        second = await memory.add("我对花生过敏", user_id="u", infer=False)
        third = await memory.add("妹は大阪に住んでいる", user_id="v", infer=False)
        asked = await memory.search("花生", user_id="u")

    assert "warnings" not in first
    (warning,) = second["warnings"]
    assert f"{ENGLISH} does not read them" in warning
    assert "multilingual-e5-small" in warning or "bge-m3" in warning
    assert "warnings" not in third
    assert "warnings" not in asked


async def test_a_search_says_it_too(api: ApiServer, english: dict[str, Any]) -> None:
    async with AsyncMemory(english) as memory:
        await memory.add("I like green tea", user_id="u", infer=False)

        (warning,) = (await memory.search("绿茶", user_id="u"))["warnings"]

    assert "does not read them" in warning


async def test_a_new_text_in_another_script_loses_the_vector(api: ApiServer, english: dict[str, Any]) -> None:
    async with AsyncMemory(english) as memory:
        kept = (await memory.add("I like green tea", user_id="u", infer=False))["results"][0]
        await memory.update(kept["id"], "绿茶 tea 很好喝")

        (found,) = (await memory.search("tea", user_id="u", explain=True))["results"]

    assert found["memory"] == "绿茶 tea 很好喝"
    assert found["score_details"]["dense"] == 0


async def test_near_memories_are_looked_for_by_words(api: ApiServer, english: dict[str, Any]) -> None:
    """What inference compares a fact with is not chosen by vectors that say nothing."""
    async with AsyncMemory(english) as memory:
        await memory.add("我住在成都。", user_id="u")
        await memory.add("我喜欢下围棋。", user_id="u")

        assert embedded(api) == []
        assert len((await memory.get_all(user_id="u"))["results"]) == 2


@pytest.mark.stores
async def test_moving_to_such_a_model_comes_to_an_end(
    api: ApiServer, config: dict[str, Any], english: dict[str, Any]
) -> None:
    async with AsyncMemory(config) as memory:
        await memory.add(FACTS, user_id="u", infer=False)
    async with AsyncMemory(english) as memory:
        assert (await memory.reembed())["reembedded"] == len(FACTS)

        sent = set(embedded(api))
        assert sent.isdisjoint(FACTS[:3])
        assert sent.issuperset(FACTS[3:])
        first = (await memory.search("花生", user_id="u"))["results"][0]
        assert first["memory"] == FACTS[0]


async def test_moving_to_a_multilingual_model_gives_every_memory_a_vector(
    api: ApiServer, config: dict[str, Any], english: dict[str, Any]
) -> None:
    async with AsyncMemory(english) as memory:
        await memory.add(FACTS, user_id="u", infer=False)
    config["embedder"] = openai_embedder(api, model="bge-m3")
    async with AsyncMemory(config) as memory:
        assert (await memory.reembed())["reembedded"] == len(FACTS)

        first = (await memory.search(FACTS[0], user_id="u", explain=True))["results"][0]
        assert first["score_details"]["dense"] > 0.9
