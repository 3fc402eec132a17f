"""The embedder that needs no server and no key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from ..._concurrency import AsyncThreads, async_gather
from ...minilm import DIMENSION, MODEL, PROVIDER, SHARED, MiniLM, assemble

MAX_WORKERS = 4
"""A batch keeps a core busy; a machine with many cores has other work for them too."""


class AsyncLocalEmbedder:
    """Embed with all-MiniLM-L6-v2 on this machine.

    The model is loaded at the first text, once in the process. Texts are worked off in small batches, and a
    question that comes during a long load does not wait for the load.

    Args:
        model: the model to use; the one all embedders share unless given.
    """

    provider = PROVIDER
    model = MODEL
    dimension: int | None = DIMENSION

    def __init__(self, model: MiniLM = SHARED) -> None:
        self._minilm = model
        self._workers = min(MAX_WORKERS, _usable_cores())
        # One more than a load takes, so that a question finds a thread at once.
        self._threads = AsyncThreads("powermem-embed", self._workers + 1)

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Turn texts into vectors of length 1.

        Returns:
            Shape (texts, 384), in the order of the texts.

        Raises:
            ClosedError: ``close`` was called before.
            InvalidInputError: something in it is not a string.
            MissingLocalModel: a package is not installed.
            ProviderError: the model file is missing or is not the one that was tested.
        """
        batches = await self._threads.run(self._minilm.prepare, texts)
        runs = [partial(self._threads.run, self._minilm.run, batch) for batch in batches]
        return assemble(batches, await async_gather(runs, limit=self._workers))

    async def close(self) -> None:
        """Wait for the batches under way and give the threads up; may be called again."""
        await self._threads.close()


def _usable_cores() -> int:
    # What the process may use, which can be less than the machine has; Linux alone tells.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
