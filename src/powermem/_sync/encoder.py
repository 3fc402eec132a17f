# Generated from src/powermem/_async/encoder.py by scripts/run_unasync.py; edit that file instead.
"""From texts to stored vectors, with the check that they fit the store."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from .._concurrency import Lock
from ..cache import Vector
from ..errors import ConfigError, EmbeddingMismatchError, PowerMemError, ProviderError
from ..indexing import embedding_bytes
from ..types import EmbedderIdentity
from ..wire.reasons import TOO_LONG, UNUSABLE
from .providers.batched import BatchedEmbedder
from .stores.base import Store

_logger = logging.getLogger("powermem")

_NEUTRAL = "memory"
# What lies in one text, and says nothing about others.
_ABOUT_ONE_TEXT = frozenset({TOO_LONG, UNUSABLE})


class Encoder:
    """Embeds texts for one store. Without an embedder every text has no vector."""

    def __init__(self, embedder: BatchedEmbedder | None, store: Store) -> None:
        self._embedder = embedder
        self._store = store
        self._identified = False
        self._lock = Lock()
        self._refusal: EmbeddingMismatchError | None = None
        self._moving = False

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
        """Claim a store that has just been emptied, or given this embedder's vectors."""
        self._identified = False
        self._refusal = None
        self.check()

    @property
    def fits(self) -> bool:
        """Whether the store's vectors are this embedder's, which they stay while the store is open."""
        return self._refusal is None

    @property
    def refuses(self) -> bool:
        """Whether the store held another embedder's vectors when it was last looked at."""
        return self._refusal is not None and not self._moving

    def admit(self) -> None:
        """Look again at a store that was refused: another memory may have moved it to this embedder.

        Raises:
            EmbeddingMismatchError: it still holds another embedder's vectors.
        """
        self.check()
        self._refusal = None

    def refuse(self, error: EmbeddingMismatchError) -> None:
        """Raise this error at every text, until the store's vectors have been replaced."""
        self._refusal = error

    def move(self, under_way: bool) -> None:
        """Say whether the store's vectors are being replaced by this embedder's.

        Meanwhile no text has a vector, since it could not be compared with those that are there.
        """
        self._moving = under_way

    def learn_identity(self) -> EmbedderIdentity:
        """Return which embedder this is, with the dimension, for which a word may have to be embedded.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError("embedder: none is configured, so there are no vectors to move to")
        dimension = self._embedder.dimension
        if dimension is None:
            dimension = (self._embedder.embed([_NEUTRAL])).shape[1]
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, dimension)

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Return the normalized vector of each text as bytes, whatever the store holds.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError("embedder: none is configured, so there are no vectors to move to")
        found = self._embedder.embed_each(texts)
        vectors: list[Vector] = []
        for outcome in found:
            if isinstance(outcome, ProviderError) and outcome.reason in _ABOUT_ONE_TEXT:
                _logger.warning("a text has no vector of its own, so it is found by its words: %s", outcome)
                # Each has some vector, or the store would wait for it without end.
                outcome = (self._embedder.embed([_NEUTRAL]))[0]
            if isinstance(outcome, PowerMemError):
                raise outcome
            vectors.append(outcome)
        return list(embedding_bytes(np.stack(vectors)))

    def encode(self, texts: Sequence[str], warnings: list[str] | None = None) -> list[bytes | None]:
        """Return the normalized vector of each text as bytes, or ``None`` where it can have none.

        Of a text that is longer than the embedder takes, the vector is that of its beginning. A text that the
        embedder has no usable vector for has none; it is still found by its words.

        Args:
            texts: what to embed.
            warnings: a sentence is added to it for each kind of text that was not embedded as a whole.

        Raises:
            ProviderError: the embedder failed.
            EmbeddingMismatchError: the store holds another embedder's vectors.
        """
        if self._embedder is None or self._moving or not texts:
            return [None] * len(texts)
        if self._refusal is not None:
            raise EmbeddingMismatchError(*self._refusal.args)
        vectors: list[Vector] = []
        places: list[int] = []
        doubts: list[str] = []
        for place, outcome in enumerate(self._embedder.embed_each(texts)):
            if not isinstance(outcome, PowerMemError):
                vectors.append(outcome)
                places.append(place)
                if (part := self._embedder.embedded_part(texts[place])) is not None:
                    doubts.append(_shortened(self._embedder, texts[place], part))
            elif isinstance(outcome, ProviderError) and outcome.reason in _ABOUT_ONE_TEXT:
                doubts.append(f"a text has no vector, so it is found by its words only: {outcome}")
            else:
                raise outcome
        if doubts:
            told = doubts[0] if len(doubts) == 1 else f"{doubts[0]}; and {len(doubts) - 1} more like it"
            _logger.warning("%s", told)
            if warnings is not None:
                warnings.append(told)
        encoded: list[bytes | None] = [None] * len(texts)
        if not vectors:
            return encoded
        if not self._identified:
            # Only now is the dimension known for certain.
            with self._lock:
                if not self._identified:
                    self._store.identify(
                        EmbedderIdentity(self._embedder.provider, self._embedder.model, len(vectors[0]))
                    )
                    self._identified = True
        for place, vector in zip(places, embedding_bytes(np.stack(vectors)), strict=True):
            encoded[place] = vector
        return encoded


def _shortened(embedder: BatchedEmbedder, text: str, part: int) -> str:
    return (
        f"a text of {len(text)} characters is longer than the embedder {embedder.model} takes: about the "
        f"first {part} are compared by meaning, all of it by words"
    )
