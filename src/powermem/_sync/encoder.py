# Generated from src/powermem/_async/encoder.py by scripts/run_unasync.py; edit that file instead.
"""From texts to stored vectors, with the check that they fit the store."""

from __future__ import annotations

from collections.abc import Sequence

from .._concurrency import Lock
from ..indexing import embedding_bytes
from ..types import EmbedderIdentity
from .providers.embedder import Embedder
from .stores.base import Store


class Encoder:
    """Embeds texts for one store. Without an embedder every text has no vector."""

    def __init__(self, embedder: Embedder | None, store: Store) -> None:
        self._embedder = embedder
        self._store = store
        self._identified = False
        self._lock = Lock()

    @property
    def identity(self) -> EmbedderIdentity | None:
        """Which embedder this is."""
        if self._embedder is None:
            return None
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, self._embedder.dimension)

    def check(self) -> None:
        """Refuse a store that holds another embedder's vectors.

        Raises:
            EmbeddingMismatchError: it does.
        """
        identity = self.identity
        if identity is not None:
            self._store.identify(identity)

    def restart(self) -> None:
        """Claim a store that has just been emptied."""
        self._identified = False
        self.check()

    def encode(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return the normalized vector of each text as bytes, or ``None`` without an embedder."""
        if self._embedder is None or not texts:
            return [None] * len(texts)
        vectors = self._embedder.embed(texts)
        if not self._identified:
            # Only now is the dimension known for certain.
            with self._lock:
                if not self._identified:
                    self._store.identify(
                        EmbedderIdentity(self._embedder.provider, self._embedder.model, vectors.shape[1])
                    )
                    self._identified = True
        return list(embedding_bytes(vectors))
