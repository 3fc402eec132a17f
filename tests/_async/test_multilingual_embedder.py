"""The multilingual local model behind a memory, and questions that are embedded otherwise than texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from powermem import AsyncMemory
from powermem._async.providers.embedder import AsyncBatchedEmbedder, AsyncMockEmbedder
from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._core.embedding import e5
from powermem._core.embedding.traits import TOLD, Traits

FACTS = {
    "我对花粉过敏，春天很少出门。": "哪个季节我不爱去外面？",
    "祖母は京都で小さな旅館を営んでいます。": "家族の誰が宿を経営していますか？",
    "Nach dem Unfall habe ich mein Motorrad verkauft.": "Welches Fahrzeug besitze ich nicht mehr?",
    "Моя собака боится грозы.": "Чего пугается питомец во время молнии?",
    "I learned to bake bread from my uncle.": "我跟谁学会了烤面包？",
}


class Recorder(AsyncMockEmbedder):
    """Keeps the texts that it is given."""

    def __init__(self) -> None:
        super().__init__(8)
        self.given: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Any:
        self.given += texts
        return await super().embed(texts)


async def test_the_cache_keeps_questions_and_texts_apart() -> None:
    inner = Recorder()
    embedder = AsyncBatchedEmbedder(inner, traits=Traits("query: ", "passage: "))

    (told,) = await embedder.embed_each(["tea"])
    (asked,) = await embedder.embed_each(["tea"], asking=True)
    again = [(await embedder.embed_each(["tea"], asking=asking))[0] for asking in (True, False)]
    await embedder.close()

    assert inner.given == ["passage: tea", "query: tea"]
    assert not np.array_equal(asked, told)
    assert np.array_equal(again[0], asked)
    assert np.array_equal(again[1], told)


async def test_a_question_is_embedded_in_both_ways() -> None:
    embedder = AsyncBatchedEmbedder(Recorder(), traits=Traits("query: ", "passage: "))
    plain = Recorder()

    found = await embedder.embed_each(["tea", "where?"], asking=True)
    await embedder.close()

    assert embedder.requests == 1
    for text, vector in zip(("tea", "where?"), found, strict=True):
        asked, told = await plain.embed([f"query: {text}", f"passage: {text}"])
        np.testing.assert_allclose(vector, (1 - TOLD) * asked + TOLD * told, atol=1e-6)


async def test_most_models_get_texts_as_they_are() -> None:
    inner = Recorder()
    embedder = AsyncBatchedEmbedder(inner)

    await embedder.embed_each(["tea"], asking=True)
    await embedder.embed_each(["tea", "query: tea"])
    await embedder.close()

    assert inner.given == ["tea", "query: tea"]


@pytest.mark.slow
@pytest.mark.skipif(not e5.available(), reason="the multilingual model is not installed")
class TestWithTheModel:
    """On the real model."""

    async def test_it_says_what_it_is(self) -> None:
        embedder = AsyncLocalEmbedder(e5.SHARED)

        said = (embedder.provider, embedder.model, embedder.dimension)
        texts = ["query: 茶", "passage: 茶", "tea " * 300]
        vectors = await embedder.embed(texts)
        await embedder.close()

        assert said == ("default", "multilingual-e5-small", 384)
        np.testing.assert_allclose(vectors, e5.SHARED.embed(texts), atol=1e-5)

    async def test_a_question_in_other_words_or_another_language_finds_the_answer(
        self, config: dict[str, Any]
    ) -> None:
        config["embedder"] = {"provider": "local", "config": {"model": "multilingual-e5-small"}}
        async with AsyncMemory(config) as memory:
            result = await memory.add(list(FACTS), user_id="u", infer=False)
            assert "warnings" not in result
            for fact, question in FACTS.items():
                found = (await memory.search(question, user_id="u", limit=2))["results"]
                assert fact in [item["memory"] for item in found]

    async def test_a_database_of_the_english_model_is_moved(self, config: dict[str, Any]) -> None:
        async with AsyncMemory(config) as memory:
            await memory.add(list(FACTS), user_id="u", infer=False)
        config["embedder"] = {"provider": "local", "config": {"model": "multilingual-e5-small"}}
        async with AsyncMemory(config) as memory:
            assert (await memory.reembed())["embedder"] == "default (multilingual-e5-small, 384 dimensions)"
            found = (await memory.search(FACTS["Моя собака боится грозы."], user_id="u", limit=1))["results"]

        assert [item["memory"] for item in found] == ["Моя собака боится грозы."]
