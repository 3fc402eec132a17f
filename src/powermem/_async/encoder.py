"""From texts to stored vectors, with the check that they fit the store."""

from __future__ import annotations

from collections.abc import Sequence

from .._concurrency import AsyncLock
from ..errors import ConfigError, EmbeddingMismatchError
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
        self._refusal: EmbeddingMismatchError | None = None
        self._moving = False

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
        """Claim a store that has just been emptied, or given this embedder's vectors."""
        self._identified = False
        self._refusal = None
        await self.check()

    @property
    def refuses(self) -> bool:
        """Whether the store held another embedder's vectors when it was last looked at."""
        return self._refusal is not None and not self._moving

    async def admit(self) -> None:
        """Look again at a store that was refused: another memory may have moved it to this embedder.

        Raises:
            EmbeddingMismatchError: it still holds another embedder's vectors.
        """
        await self.check()
        self._refusal = None

    def refuse(self, error: EmbeddingMismatchError) -> None:
        """Raise this error at every text, until the store's vectors have been replaced."""
        self._refusal = error

    def move(self, under_way: bool) -> None:
        """Say whether the store's vectors are being replaced by this embedder's.

        Meanwhile no text has a vector, since it could not be compared with those that are there.
        """
        self._moving = under_way

    async def learn_identity(self) -> EmbedderIdentity:
        """Return which embedder this is, with the dimension, for which a word may have to be embedded.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError("embedder: none is configured, so there are no vectors to move to")
        dimension = self._embedder.dimension
        if dimension is None:
            dimension = (await self._embedder.embed(["memory"])).shape[1]
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, dimension)

    async def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Return the normalized vector of each text as bytes, whatever the store holds.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError("embedder: none is configured, so there are no vectors to move to")
        return list(embedding_bytes(await self._embedder.embed(texts)))

    async def encode(self, texts: Sequence[str]) -> list[bytes | None]:
        """Return the normalized vector of each text as bytes, or ``None`` where it can have none."""
        if self._embedder is None or self._moving or not texts:
            return [None] * len(texts)
        if self._refusal is not None:
            raise EmbeddingMismatchError(*self._refusal.args)
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
