# Generated from src/powermem/_async/encoder.py by scripts/run_unasync.py; edit that file instead.
"""Embed texts for a store, and check that the vectors fit those in it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from itertools import compress, islice

import numpy as np

from .._concurrency import Lock
from .._core.embedding.cache import Vector
from .._core.embedding.traits import PLAIN, unread_scripts
from .._core.embedding.windows import MAX_WINDOWS, covered
from .._core.metering import count_texts
from .._core.ranking.windows import direction
from .._core.text.indexing import embedding_bytes
from .._core.values import EmbedderIdentity
from .._core.wire.reasons import TOO_LONG, UNUSABLE
from ..errors import ConfigError, EmbeddingMismatchError, PowerMemError, ProviderError
from .providers.embedder import BatchedEmbedder, Outcome
from .stores.base import Store

_logger = logging.getLogger("powermem")

_NEUTRAL = "memory"
# A query is one vector, the mean of those of its windows, of which a few suffice.
_QUERY_WINDOWS = 8
# Reasons that concern a single text and say nothing about others.
_ABOUT_ONE_TEXT = frozenset({TOO_LONG, UNUSABLE})
_NO_EMBEDDER = "embedder: none is configured, so there are no vectors to move to"


class Encoder:
    """Embeds texts for one store. Without an embedder every text has no vector."""

    def __init__(self, embedder: BatchedEmbedder | None, store: Store) -> None:
        self._embedder = embedder
        self._store = store
        self._identified = False
        self._lock = Lock()
        self._refusal: EmbeddingMismatchError | None = None
        self._moving = False
        self._traits = PLAIN if embedder is None else embedder.traits
        # Said once: `pop` gives it to one caller only.
        self._untold = [] if embedder is None else [embedder.model]

    @property
    def identity(self) -> EmbedderIdentity | None:
        """Identity of the embedder; ``None`` without one."""
        if self._embedder is None:
            return None
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, self._embedder.dimension)

    def check(self) -> None:
        """Check that the store holds no vectors of another embedder.

        Raises:
            EmbeddingMismatchError: it does.
        """
        identity = self.identity
        if identity is not None:
            self._store.identify(identity)

    def restart(self) -> None:
        """Check a store again that was just emptied, or switched to this embedder's vectors."""
        self._identified = False
        self._refusal = None
        self.check()

    @property
    def fits(self) -> bool:
        """Whether the store's vectors are this embedder's, which they stay while the store is open."""
        return self._refusal is None

    @property
    def refuses(self) -> bool:
        """Whether the store held another embedder's vectors when it was last checked."""
        return self._refusal is not None and not self._moving

    def admit(self) -> None:
        """Check a refused store again: another memory may have moved it to this embedder.

        Raises:
            EmbeddingMismatchError: it still holds another embedder's vectors.
        """
        self.check()
        self._refusal = None

    def refuse(self, error: EmbeddingMismatchError) -> None:
        """Raise this error for every text until the store's vectors have been replaced."""
        self._refusal = error

    def move(self, under_way: bool) -> None:
        """Set whether the store's vectors are being replaced by those of this embedder.

        During that time no text gets a vector, since it could not be compared with the ones in the store.
        """
        self._moving = under_way

    def learn_identity(self) -> EmbedderIdentity:
        """Return the identity including the dimension, embedding a word to find it out if necessary.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError(_NO_EMBEDDER)
        dimension = self._embedder.dimension
        if dimension is None:
            dimension = (self._embedder.embed([_NEUTRAL])).shape[1]
        return EmbedderIdentity(self._embedder.provider, self._embedder.model, dimension)

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Return the normalized vectors of each text as bytes, whatever the store holds; see `encode`.

        Raises:
            ConfigError: there is no embedder.
        """
        if self._embedder is None:
            raise ConfigError(_NO_EMBEDDER)
        # Moving a store ends only when every memory has a vector, so what has none gets a neutral one.
        texts = [text if self._traits.reads(text) else _NEUTRAL for text in texts]
        vectors: list[bytes] = []
        for windows, outcomes in self._embedder.embed_windows(texts, MAX_WINDOWS):
            usable, errors = self._usable(windows, outcomes)
            if not usable:
                _logger.warning("a text has no vector of its own, so it is found by its words: %s", errors[0])
                usable = [*self._embedder.embed([_NEUTRAL])]
            vectors.append(b"".join(embedding_bytes(np.stack(usable))))
        return vectors

    def encode(self, texts: Sequence[str], warnings: list[str] | None = None) -> list[bytes | None]:
        """Return the normalized vectors of each text as bytes, or ``None`` where there are none.

        A text that is too long for the embedder has several, one behind the other: one for each window. A
        text without a usable vector gets none, and so does one in a script that the embedder does not read;
        full-text search still finds them.

        Args:
            texts: the texts to embed.
            warnings: gets a sentence if any text was not embedded as a whole, and the first time that one is
                in a script that the embedder does not read.

        Raises:
            ProviderError: the embedder failed.
            EmbeddingMismatchError: the store holds another embedder's vectors.
        """
        return self._encode(texts, warnings, asking=False)

    def encode_queries(self, texts: Sequence[str], warnings: list[str] | None = None) -> list[bytes | None]:
        """As `encode` for questions, with one vector for each: the mean of its windows."""
        encoded = self._encode(texts, warnings, asking=True)
        return [self.as_query(vectors) for vectors in encoded]

    def as_query(self, vectors: bytes | None) -> bytes | None:
        """Return the vector with which to look for what is near a text that was encoded."""
        dimension = None if self._embedder is None else self._embedder.dimension
        return vectors if vectors is None or dimension is None else direction(vectors, dimension)

    def _encode(
        self, texts: Sequence[str], warnings: list[str] | None, *, asking: bool
    ) -> list[bytes | None]:
        if self._embedder is None or self._moving or not texts:
            return [None] * len(texts)
        if self._refusal is not None:
            raise EmbeddingMismatchError(*self._refusal.args)
        read = [self._traits.reads(text) for text in texts]
        told = texts
        if not all(read):
            self._tell_unread(warnings)
            told = [*compress(texts, read)]
        encoded = self._embed(self._embedder, told, warnings, asking) if told else []
        count_texts(len(encoded) - encoded.count(None))
        if len(encoded) == len(texts):
            return encoded
        rest = iter(encoded)
        return [next(rest) if reads else None for reads in read]

    def _tell_unread(self, warnings: list[str] | None) -> None:
        """Say once that there are texts in scripts that the embedder does not read."""
        with suppress(IndexError):
            warning = unread_scripts(self._untold.pop())
            _logger.warning("%s", warning)
            if warnings is not None:
                warnings.append(warning)

    def _embed(
        self,
        embedder: BatchedEmbedder,
        texts: Sequence[str],
        warnings: list[str] | None,
        asking: bool,
    ) -> list[bytes | None]:
        most = _QUERY_WINDOWS if asking else MAX_WINDOWS
        found = embedder.embed_windows(texts, most, asking=asking)
        usable: list[Vector] = []
        counts: list[int] = []
        remarks: list[str] = []
        for text, (windows, outcomes) in zip(texts, found, strict=True):
            if len(windows) == 1 and not isinstance(outcomes[0], PowerMemError):
                # As of most texts.
                usable.append(outcomes[0])
                counts.append(1)
                continue
            vectors, errors = self._usable(windows, outcomes)
            usable += vectors
            counts.append(len(vectors))
            if errors:
                what = "a part of a text has no vector" if vectors else "a text has no vector"
                remarks.append(f"{what}, so it is found by its words only: {errors[0]}")
            elif not covered(text, windows, most):
                remarks.append(
                    f"a text of {len(text)} characters takes more than {most} windows of the embedder "
                    f"{embedder.model}: {most} parts of it are compared by meaning, all of it by words"
                )
        if remarks:
            self._warn(remarks, warnings)
        if usable and not self._identified:
            self._identify(embedder, len(usable[0]))
        encoded = embedding_bytes(np.array(usable)) if usable else []
        if len(encoded) == len(counts) == counts.count(1):
            return [*encoded]
        rows = iter(encoded)
        return [b"".join(islice(rows, count)) or None for count in counts]

    def _usable(
        self, windows: Sequence[str], outcomes: Sequence[Outcome]
    ) -> tuple[list[Vector], list[ProviderError]]:
        """Return the vectors of a text's windows, and the errors that concern single ones.

        Windows in a script that the embedder does not read are left out, unless all of them are.
        """
        vectors: list[Vector] = []
        errors: list[ProviderError] = []
        read = [len(windows) == 1 or self._traits.reads(window) for window in windows]
        for outcome, counts in zip(outcomes, read, strict=True):
            if not isinstance(outcome, PowerMemError):
                if counts or not any(read):
                    vectors.append(outcome)
            elif isinstance(outcome, ProviderError) and outcome.reason in _ABOUT_ONE_TEXT:
                errors.append(outcome)
            else:
                raise outcome
        return vectors, errors

    def _warn(self, remarks: Sequence[str], warnings: list[str] | None) -> None:
        warning = remarks[0] + (f"; and {len(remarks) - 1} more like it" if len(remarks) > 1 else "")
        _logger.warning("%s", warning)
        if warnings is not None:
            warnings.append(warning)

    def _identify(self, embedder: BatchedEmbedder, dimension: int) -> None:
        # Not done by `check`: the dimension is known for certain only once there is a vector.
        with self._lock:
            if not self._identified:
                self._store.identify(EmbedderIdentity(embedder.provider, embedder.model, dimension))
                self._identified = True
