"""What a query becomes before it is embedded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from powermem import AsyncMemory
from powermem._core.embedding.mock import mock_vectors

QUERY = "Where did Ana go?"


class Listening:
    """An embedder that keeps what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(list(texts))
        return [[float(number) for number in row] for row in mock_vectors(texts)]


@pytest.mark.parametrize(("voiced", "asked"), [(True, [QUERY, "Where did I go?"]), (False, [QUERY])])
async def test_a_question_is_also_asked_in_the_words_of_whom_it_is_about(
    config: dict[str, Any], voiced: bool, asked: list[str]
) -> None:
    embedder = Listening()
    section = {"provider": "langchain", "config": {"model": embedder}}
    async with AsyncMemory({**config, "embedder": section, "search": {"voiced": voiced}}) as memory:
        await memory.add("I went to Rome", user_id="u", actor_id="Ana", infer=False)
        assert embedder.asked.pop() == ["I went to Rome"]
        item = (await memory.search(QUERY, user_id="u", explain=True))["results"][0]
    assert embedder.asked == [asked]
    mean = np.mean(mock_vectors(asked), axis=0)
    cosine = mean @ mock_vectors(["I went to Rome"])[0] / np.linalg.norm(mean)
    assert item["score_details"]["dense"] == pytest.approx(float(cosine), abs=1e-5)


async def test_a_weight_of_zero_switches_a_part_off(config: dict[str, Any]) -> None:
    async with AsyncMemory({**config, "search": {"speaker": 0, "dense": 0}}) as memory:
        await memory.add("I went to Rome", user_id="u", actor_id="Ana", infer=False)
        item = (await memory.search("Did Ana go to Rome", user_id="u", explain=True))["results"][0]
    parts = item["score_details"]
    assert not {"speaker", "vectors"} & parts.keys()
    arms = {"dense", "lexical", "dense_rank", "lexical_rank"}
    total = sum(part for name, part in parts.items() if name not in arms)
    assert item["score"] == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-5)
