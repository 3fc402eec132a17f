"""The embedder that all libraries get, with vectors kept in a file for the next run."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from powermem._core.embedding.cache import text_key
from powermem._core.embedding.weights import PROVIDER

FloatArray = npt.NDArray[np.float32]

# So many texts are embedded at once.
_BATCH = 32
_TOKENS = 1 << 20


class Model(Protocol):
    """A local model of powermem."""

    name: str
    dimension: int

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return vectors of length 1; shape (texts, dimension)."""

    def fitting(self, text: str, start: int, *, limit: int = ...) -> int:
        """Return where a window of the text ends that begins at ``start``."""


class Batch(NamedTuple):
    """Texts to embed at once, and where their vectors belong."""

    rows: Sequence[int]
    texts: Sequence[str]


class CachedEmbedder:
    """Turn texts into vectors, each once. May be used from many threads.

    It has the methods of powermem's local models too, so that powermem can be given it in place of one.

    Args:
        model: computes the vectors.
        path: the SQLite file in which the vectors are kept; it holds no text.

    Attributes:
        seconds: how long the model has worked so far.
        fresh: while true every text goes to the model, so that its time is measured.
    """

    provider = PROVIDER

    def __init__(self, model: Model, path: Path | None = None) -> None:
        self.name = model.name
        self.dimension = model.dimension
        self.seconds = 0.0
        self.fresh = False
        self._model = model
        self._lock = threading.Lock()
        self._vectors = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=60
        )
        self._vectors.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB)")

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return vectors of length 1; shape (texts, dimension)."""
        with self._lock:
            keys = [text_key(self.name, text) for text in texts]
            known = {} if self.fresh else {key: found for key in keys if (found := self._find(key))}
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            for batch in self._batches(list(missing)):
                started = time.perf_counter()
                vectors = self._model.embed([missing[key] for key in batch])
                self.seconds += time.perf_counter() - started
                known |= {key: row.tobytes() for key, row in zip(batch, vectors, strict=True)}
                self._vectors.execute("BEGIN")
                self._vectors.executemany(
                    "INSERT OR IGNORE INTO vectors VALUES (?, ?)", [(key, known[key]) for key in batch]
                )
                self._vectors.execute("COMMIT")
        every = np.empty((len(texts), self.dimension), np.float32)
        for row, key in zip(every, keys, strict=True):
            row[:] = np.frombuffer(known[key], dtype=np.float32)
        return every

    def load(self) -> None:
        """Do nothing: the model is loaded at its first text."""

    def fitting(self, text: str, start: int, *, limit: int = _TOKENS) -> int:
        """Return where a window of the text ends that begins at ``start``."""
        if limit == _TOKENS:
            return self._model.fitting(text, start)
        return self._model.fitting(text, start, limit=limit)

    def prepare(self, texts: Sequence[str]) -> list[Batch]:
        """Put all texts into one batch; `embed` divides it."""
        return [Batch(range(len(texts)), texts)] if texts else []

    def run(self, batch: Batch) -> FloatArray:
        """Return the vectors of a batch."""
        return self.embed(batch.texts)

    def close(self) -> None:
        """Close the file."""
        self._vectors.close()

    def _find(self, key: bytes) -> bytes | None:
        row = self._vectors.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    @staticmethod
    def _batches(keys: list[bytes]) -> list[list[bytes]]:
        return [keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH)]
