# Generated from src/powermem/_async/providers/local.py by scripts/run_unasync.py; edit that file instead.
"""The local embedder, which needs no server and no key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from ..._concurrency import Threads, gather
from ..._core.embedding.local import LocalModel, assemble
from ..._core.embedding.minilm import SHARED

MAX_WORKERS = 4
"""Each running batch occupies a core; this leaves some for the program."""


class LocalEmbedder:
    """Embeds on this machine.

    The model is loaded at the first text, once per process. Texts are processed in small batches, so that a
    query does not wait for a long list of texts to finish.

    Args:
        model: the model; by default the English one that all embedders share.
    """

    def __init__(self, model: LocalModel = SHARED) -> None:
        self.provider = model.provider
        self.model = model.name
        self.dimension: int | None = model.dimension
        self._model = model
        self._workers = min(MAX_WORKERS, _usable_cores())
        # One more than a long list of texts uses, so that a query gets a thread at once.
        self._threads = Threads("powermem-embed", self._workers + 1)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return normalized vectors of shape (texts, 384); see ``MiniLM.embed`` and ``E5.embed``."""
        batches = self._threads.run(self._model.prepare, texts)
        runs = [partial(self._threads.run, self._model.run, batch) for batch in batches]
        return assemble(batches, gather(runs, limit=self._workers), self._model.dimension)

    def close(self) -> None:
        """Wait for running batches and end the threads. Idempotent."""
        self._threads.close()


def _usable_cores() -> int:
    # On Linux, the cores that this process may use, which can be fewer than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
