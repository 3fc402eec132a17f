# Generated from tests/_async/test_unread_scripts.py by scripts/run_unasync.py; edit that file instead.
"""Texts in scripts that the embedder does not read have no vectors, and are found by their words."""

from __future__ import annotations

from typing import Any

import pytest

from powermem import Memory
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


def test_only_what_the_model_reads_is_embedded(api: ApiServer, english: dict[str, Any]) -> None:
    with Memory(english) as memory:
        memory.add(FACTS, user_id="u", infer=False)
        assert sorted(embedded(api)) == ["I like green tea", "Ich wohne in Köln"]

        memory.search("我对什么过敏？", user_id="u")
        memory.search("Где моя кошка?", user_id="u")
        assert len(embedded(api)) == 2

        memory.search("Who likes tea?", user_id="u")
        assert embedded(api)[2:] == ["Who likes tea?"]


@pytest.mark.stores
def test_words_find_what_has_no_vector(api: ApiServer, english: dict[str, Any]) -> None:
    with Memory(english) as memory:
        memory.add(FACTS, user_id="u", infer=False)
        for question, answer in (
            ("花生", FACTS[0]),
            ("大阪", FACTS[1]),
            ("кошка", FACTS[2]),
            ("tea", FACTS[3]),
        ):
            first = (memory.search(question, user_id="u", explain=True))["results"][0]
            assert first["memory"] == answer
            assert (first["score_details"]["dense"] > 0) == (answer in FACTS[3:])


def test_a_multilingual_model_embeds_everything(api: ApiServer, config: dict[str, Any]) -> None:
    config["embedder"] = openai_embedder(api, model="bge-m3")
    with Memory(config) as memory:
        result = memory.add(FACTS, user_id="u", infer=False)

        assert sorted(embedded(api)) == sorted(FACTS)
        assert "warnings" not in result


def test_it_is_said_once_and_with_what_to_use(api: ApiServer, english: dict[str, Any]) -> None:
    with Memory(english) as memory:
        first = memory.add("I like green tea", user_id="u", infer=False)
        second = memory.add("我对花生过敏", user_id="u", infer=False)
        third = memory.add("妹は大阪に住んでいる", user_id="v", infer=False)
        asked = memory.search("花生", user_id="u")

    assert "warnings" not in first
    (warning,) = second["warnings"]
    assert f"{ENGLISH} does not read them" in warning
    assert "multilingual-e5-small" in warning or "bge-m3" in warning
    assert "warnings" not in third
    assert "warnings" not in asked


def test_a_search_says_it_too(api: ApiServer, english: dict[str, Any]) -> None:
    with Memory(english) as memory:
        memory.add("I like green tea", user_id="u", infer=False)

        (warning,) = (memory.search("绿茶", user_id="u"))["warnings"]

    assert "does not read them" in warning


def test_a_new_text_in_another_script_loses_the_vector(api: ApiServer, english: dict[str, Any]) -> None:
    with Memory(english) as memory:
        kept = (memory.add("I like green tea", user_id="u", infer=False))["results"][0]
        memory.update(kept["id"], "绿茶 tea 很好喝")

        (found,) = (memory.search("tea", user_id="u", explain=True))["results"]

    assert found["memory"] == "绿茶 tea 很好喝"
    assert found["score_details"]["dense"] == 0


def test_near_memories_are_looked_for_by_words(api: ApiServer, english: dict[str, Any]) -> None:
    """What inference compares a fact with is not chosen by vectors that say nothing."""
    with Memory(english) as memory:
        memory.add("我住在成都。", user_id="u")
        memory.add("我喜欢下围棋。", user_id="u")

        assert embedded(api) == []
        assert len((memory.get_all(user_id="u"))["results"]) == 2


@pytest.mark.stores
def test_moving_to_such_a_model_comes_to_an_end(
    api: ApiServer, config: dict[str, Any], english: dict[str, Any]
) -> None:
    with Memory(config) as memory:
        memory.add(FACTS, user_id="u", infer=False)
    with Memory(english) as memory:
        assert (memory.reembed())["reembedded"] == len(FACTS)

        sent = set(embedded(api))
        assert sent.isdisjoint(FACTS[:3])
        assert sent.issuperset(FACTS[3:])
        first = (memory.search("花生", user_id="u"))["results"][0]
        assert first["memory"] == FACTS[0]


def test_moving_to_a_multilingual_model_gives_every_memory_a_vector(
    api: ApiServer, config: dict[str, Any], english: dict[str, Any]
) -> None:
    with Memory(english) as memory:
        memory.add(FACTS, user_id="u", infer=False)
    config["embedder"] = openai_embedder(api, model="bge-m3")
    with Memory(config) as memory:
        assert (memory.reembed())["reembedded"] == len(FACTS)

        first = (memory.search(FACTS[0], user_id="u", explain=True))["results"][0]
        assert first["score_details"]["dense"] > 0.9
