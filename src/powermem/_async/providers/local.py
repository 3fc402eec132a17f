"""The local embedder, which needs no server and no key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from ..._concurrency import AsyncThreads, async_gather
from ..._core.embedding.local import LocalModel, assemble
from ..._core.embedding.minilm import SHARED
from ..._core.embedding.windows import SHORT, divide_each

MAX_WORKERS = 4
"""Each running batch occupies a core; this leaves some for the program."""


class AsyncLocalEmbedder:
    """Embeds on this machine.

    The model is loaded at the first text, once per process. Texts are processed in small batches, so that a
    query does not wait for a long list of texts to finish.

    Args:
        model: the model; by default the English one that all embedders share.
        window: the tokens of a window, if they are to be fewer than the model takes.
    """

    def __init__(self, model: LocalModel = SHARED, *, window: int | None = None) -> None:
        self.provider = model.provider
        self.model = model.name
        self.dimension: int | None = model.dimension
        self._model = model
        self._fitting = model.fitting if window is None else partial(model.fitting, limit=window)
        self._workers = min(MAX_WORKERS, _usable_cores())
        # One more than a long list of texts uses, so that a query gets a thread at once.
        self._threads = AsyncThreads("powermem-embed", self._workers + 1)

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return normalized vectors of shape (texts, 384); see ``MiniLM.embed`` and ``E5.embed``."""
        batches = await self._threads.run(self._model.prepare, texts)
        runs = [partial(self._threads.run, self._model.run, batch) for batch in batches]
        return assemble(batches, await async_gather(runs, limit=self._workers), self._model.dimension)

    async def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows by their tokens; see ``AsyncEmbedder``."""
        if all(len(text) <= SHORT for text in texts):
            return [[text] for text in texts]
        # On a thread, since this may load the model, and counts the tokens of all that is longer.
        return await self._threads.run(divide_each, texts, self._fitting, most)

    async def close(self) -> None:
        """Wait for running batches and end the threads. Idempotent."""
        await self._threads.close()


def _usable_cores() -> int:
    # On Linux, the cores that this process may use, which can be fewer than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
