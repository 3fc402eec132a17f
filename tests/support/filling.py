"""Many memories quickly: through the engine of a store, without a model and without an event loop."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from powermem._core.changes.reconcile import Candidate, NewMemories, add
from powermem._core.changes.writes import AddMemory, Change
from powermem._core.clock import now
from powermem._core.ranking.partition import PartitionCache
from powermem._core.text.indexing import embedding_bytes
from powermem._core.values import EmbedderIdentity, Fact, Scope
from powermem._sqlite.engine import Engine

_BATCH = 1000
# As many different words as a large conversation has; common ones are drawn more often.
_WORDS = 20_000


def caches_of(nbytes: int) -> Callable[..., PartitionCache[Any]]:
    """Return what makes caches of this size, whatever was asked for; a row of 384 dimensions takes 1.8 KB."""

    def make(_: int, make_lock: Callable[[], Any], *, exact_rows: int) -> PartitionCache[Any]:
        return PartitionCache(nbytes, make_lock, exact_rows=exact_rows)

    return make


def random_vectors(count: int, dimension: int = 384, seed: int = 1) -> npt.NDArray[np.float32]:
    """Return vectors that point everywhere; shape (count, dimension)."""
    return np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)


def random_texts(count: int, words: int = 12, seed: int = 1) -> list[str]:
    """Return texts of invented words, whose frequencies fall off as those of a language do."""
    chance = random.Random(seed)
    return [
        " ".join(f"w{int(_WORDS ** chance.random())}" for _ in range(words)) + f" n{number}"
        for number in range(count)
    ]


def fill(
    path: str,
    texts: Sequence[str],
    vectors: npt.NDArray[np.float32],
    scopes: Sequence[Scope],
    identity: EmbedderIdentity,
    collection: str = "memories",
) -> None:
    """Store texts with their vectors in a database file; ``scopes`` are dealt out in turn."""
    engine = Engine(path, collection, synchronous="off")
    engine.open()
    try:
        engine.transact(engine.embedder.settle, identity)
        at = now()
        packed = embedding_bytes(vectors)
        for start in range(0, len(texts), _BATCH):
            batch: list[Change] = []
            for number in range(start, min(start + _BATCH, len(texts))):
                new = NewMemories(scopes[number % len(scopes)], at)
                change = add(new, Candidate(Fact(texts[number]), None, (), packed[number]))
                assert isinstance(change, AddMemory)
                batch.append(change)
            engine.apply([batch])
    finally:
        engine.close()
