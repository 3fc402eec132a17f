"""From texts to stored vectors, with the check that they fit the store."""

from __future__ import annotations

from collections.abc import Sequence

from .._concurrency import AsyncLock
from ..indexing import embedding_bytes
from ..types import EmbedderIdentity
from .providers.embedder import AsyncEmbedder
from .stores.base import AsyncStore


class AsyncEncoder:
    """Embeds texts for one store. Without an embedder every text has no vector."""

    def __init__(self, embedder: AsyncEmbedder | None, store: AsyncStore) -> None:
        self._embedder = embedder
        self._store = store
        self._identified = False
        self._lock = AsyncLock()

    @property
    def identity(self) -> EmbedderIdentity | None:
        """Which embedder this is."""
        if self._embedder is None:
            return None
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, self._embedder.dimension)

    async def check(self) -> None:
        """Refuse a store that holds another embedder's vectors.

        Raises:
            EmbeddingMismatchError: it does.
        """
        identity = self.identity
        if identity is not None:
            await self._store.identify(identity)

    async def restart(self) -> None:
        """Claim a store that has just been emptied."""
        self._identified = False
        await self.check()

    async def encode(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return the normalized vector of each text as bytes, or ``None`` without an embedder."""
        if self._embedder is None or not texts:
            return [None] * len(texts)
        vectors = await self._embedder.embed(texts)
        if not self._identified:
            # Only now is the dimension known for certain.
            async with self._lock:
                if not self._identified:
                    await self._store.identify(
                        EmbedderIdentity(self._embedder.provider, self._embedder.model, vectors.shape[1])
                    )
                    self._identified = True
        return list(embedding_bytes(vectors))
