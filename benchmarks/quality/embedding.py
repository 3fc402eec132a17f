"""The embedder that all libraries get, with vectors kept in a file for the next run."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from powermem._core.embedding.cache import text_key

FloatArray = npt.NDArray[np.float32]


class Model(Protocol):
    """What turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return vectors of length 1; shape (texts, dimension)."""


class CachedEmbedder:
    """Turn texts into vectors, each once. May be used from many threads.

    Args:
        model: computes the vectors.
        name: of the model; vectors of another one in the same file are not mixed up with its own.
        path: the SQLite file in which the vectors are kept; it holds no text.

    Attributes:
        seconds: how long the model has worked so far.
        fresh: while true every text goes to the model, so that its time is measured.
    """

    def __init__(self, model: Model, name: str, path: Path | None = None) -> None:
        self.model = name
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
            keys = [text_key(self.model, text) for text in texts]
            known = {} if self.fresh else {key: found for key in keys if (found := self._find(key))}
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            if missing:
                started = time.perf_counter()
                vectors = self._model.embed(list(missing.values()))
                self.seconds += time.perf_counter() - started
                known |= {key: row.tobytes() for key, row in zip(missing, vectors, strict=True)}
                self._vectors.execute("BEGIN")
                self._vectors.executemany(
                    "INSERT OR IGNORE INTO vectors VALUES (?, ?)", [(key, known[key]) for key in missing]
                )
                self._vectors.execute("COMMIT")
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    def close(self) -> None:
        """Close the file."""
        self._vectors.close()

    def _find(self, key: bytes) -> bytes | None:
        row = self._vectors.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]
