# Generated from src/powermem/_async/providers/embedder.py by scripts/run_unasync.py; edit that file instead.
"""Embedding models, and the batching and caching of the texts of concurrent callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..._concurrency import Batcher, Event, Lock
from ..._core.embedding.cache import Vector, VectorCache, text_key
from ..._core.embedding.mock import DIMENSION, mock_vectors
from ..._core.embedding.traits import PLAIN, TOLD, Traits
from ..._core.embedding.windows import divide_each, estimated
from ..._core.instruments import Value
from ..._core.tracing import asking
from ..._core.wire.ability import Retrial, refused_field
from ..._core.wire.failure import Failure
from ..._core.wire.formats import embedding_body, read_embeddings
from ..._core.wire.reasons import QUOTA, TOO_LONG, UNUSABLE
from ..._core.wire.sizing import Sizing
from ...errors import PowerMemError, ProviderError, QuotaExceededError
from ...tokens import cut, estimate_tokens
from .http import EndpointClient


class Embedder(Protocol):
    """An embedding model."""

    @property
    def provider(self) -> str:
        """The provider's configured name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until it is known."""
        ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts.

        Returns:
            Shape (len(texts), dimension), in the order of the texts, as returned by the model.

        Raises:
            ProviderError: the model failed, or returned unusable vectors.
        """
        ...

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide each text into windows that the model takes as a whole.

        Args:
            texts: the texts.
            most: the most windows of one text.
        """
        ...

    def close(self) -> None:
        """Release all resources. Idempotent."""
        ...


class OpenAIEmbedder:
    """A model behind OpenAI's embeddings API, or one of the many services that speak it.

    Args:
        client: calls the embeddings endpoint.
        model: the model's name.
        dimension: the expected length of the vectors.
        pass_dimensions: whether to request that length.
        packed: whether the endpoint is known to support base64, which is smaller and faster to parse.
        parameters: further fields of each request.
        window: the tokens that the model takes of a text, if that is known.
    """

    def __init__(
        self,
        client: EndpointClient,
        *,
        model: str,
        dimension: int | None = None,
        pass_dimensions: bool = False,
        packed: bool = False,
        parameters: Mapping[str, Any] | None = None,
        window: int | None = None,
    ) -> None:
        self.provider = client.provider
        self.model = model
        self.dimension = dimension
        self._client = client
        self._initial = (dimension if pass_dimensions else None, packed)
        self._requested_dimension, self._packed = self._initial
        self._retrial = Retrial()
        self._parameters = dict(parameters or {})
        self._fitting = None if window is None else estimated(window)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts with one request; see ``Embedder``."""
        if not texts:
            return np.empty((0, self.dimension or 0), dtype=np.float32)
        vectors = read_embeddings(self.provider, self._request(texts), len(texts))
        if self.dimension is None:
            self.dimension = vectors.shape[1]
        if vectors.shape[1] != self.dimension:
            raise ProviderError(
                f"{self.provider}: {self.model} sent vectors of {vectors.shape[1]} numbers, "
                f"expected {self.dimension}; check embedder.config.embedding_dims",
                provider=self.provider,
                reason=UNUSABLE,
            )
        return vectors

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows by the estimate of their tokens; see ``Embedder``."""
        return divide_each(texts, self._fitting, most)

    def close(self) -> None:
        """Do nothing: the connections belong to the HTTP client."""

    def _request(self, texts: Sequence[str]) -> Any:
        while True:
            body = embedding_body(
                self.model,
                texts,
                dimension=self._requested_dimension,
                packed=self._packed,
                parameters=self._parameters,
            )
            reply = self._client.send(body)
            if not isinstance(reply, Failure):
                if self._retrial.is_due():
                    self._requested_dimension, self._packed = self._initial
                return reply
            match refused_field(reply, body):
                case "encoding_format":
                    self._packed = False
                case "dimensions":
                    self._requested_dimension = None
                case _:
                    raise reply.error()
            self._retrial.give_up()


class MockEmbedder:
    """Embeds by hashing words, with the same result on every machine; for tests.

    Args:
        dimension: the length of the vectors.
        window: the tokens that it takes of a text; ``None`` for any number.
    """

    provider = "mock"
    model = "mock"

    def __init__(self, dimension: int = DIMENSION, *, window: int | None = None) -> None:
        self.dimension = dimension
        self._fitting = None if window is None else estimated(window)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return unit vectors; texts that share words get similar ones."""
        return mock_vectors(texts, self.dimension)

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows by the estimate of their tokens; see ``Embedder``."""
        return divide_each(texts, self._fitting, most)

    def close(self) -> None:
        """Do nothing."""


# Statuses for texts that are too long, too many or otherwise refused.
_UNACCEPTABLE = frozenset({400, 413, 422})
# A text that every model can embed.
_HARMLESS = "hello"
# Characters. A text refused without a reason is shortened only if it is at least `_LENGTHY`, since its length
# may be the reason; and never below `_LEAST`, where something else must be wrong.
_LENGTHY = 200
_LEAST = 40
# How often texts are divided again because the model refused one and so told that its limit is lower.
_ROUNDS = 4

Outcome = Vector | PowerMemError


class _Flight:
    """Texts in a request, so that other callers can wait for their vectors."""

    def __init__(self) -> None:
        self.landed = Event()
        self.outcomes: dict[bytes, Outcome] = {}


class BatchedEmbedder:
    """Wrap an embedder so that concurrent calls share requests and no text is embedded twice.

    A text that the model refuses fails only in its own caller. If a text is too long for the model, half of
    it is tried, a quarter and so on, until the model accepts it; that length is remembered, and longer texts
    are divided into windows of it. Returned vectors may be cached, so they are read-only.

    Args:
        inner: the embedder.
        batch_size: maximum number of texts in a request; lowered automatically if the model refuses as many.
        max_running: maximum number of concurrent requests.
        cache_size: maximum number of cached vectors.
        traits: what is known about the model.

    Attributes:
        traits: what is known about the model.
        requests: number of requests to the inner embedder.
        embedded_texts: number of texts in these requests.
        cache_hits: number of texts that were not part of a request.
    """

    def __init__(
        self,
        inner: Embedder,
        *,
        batch_size: int = 128,
        max_running: int = 4,
        cache_size: int = 10_000,
        traits: Traits = PLAIN,
    ) -> None:
        self.traits = traits
        self.requests = 0
        self.embedded_texts = 0
        self.cache_hits = 0
        self._inner = inner
        self._batch = Sizing(batch_size)
        self._length = Sizing()
        self._cache = VectorCache(cache_size)
        self._lock = Lock()
        self._flights: dict[bytes, _Flight] = {}
        # Outcomes are wrapped in tuples, since a batcher would raise errors among them.
        self._batcher: Batcher[tuple[bytes, str], tuple[Outcome]] = Batcher(
            self._work, max_size=batch_size, max_running=max_running, min_share=min(16, batch_size)
        )

    @property
    def provider(self) -> str:
        """The inner embedder's configured name."""
        return self._inner.provider

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until it is known."""
        return self._inner.dimension

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts; see ``Embedder``. The error of the first text that failed is raised.

        Raises:
            ProviderError: the model failed or refused the text.
            QuotaExceededError: the budget does not allow it.
            ClosedError: the embedder was closed before.
        """
        found = self.embed_each(texts)
        vectors = []
        for outcome in found:
            if isinstance(outcome, PowerMemError):
                raise outcome
            vectors.append(outcome)
        return np.stack(vectors) if vectors else np.empty((0, self.dimension or 0), dtype=np.float32)

    def embed_each(self, texts: Sequence[str], *, asking: bool = False) -> list[Outcome]:
        """Return for each text its vector, or the error that prevented it.

        Args:
            texts: the texts.
            asking: whether they are questions. If the model distinguishes these from the texts to be found,
                the vector of one is made of its vectors as either; see ``TOLD``.

        Raises:
            ClosedError: the embedder was closed before.
        """
        told = [self.traits.passage + text for text in texts]
        if not asking or self.traits.query == self.traits.passage:
            return self._embed_each(told)
        asked = [self.traits.query + text for text in texts]
        found = self._embed_each(asked + told)
        return [_joined(*both) for both in zip(found[: len(texts)], found[len(texts) :], strict=True)]

    def _embed_each(self, texts: Sequence[str]) -> list[Outcome]:
        keys = [text_key(self.model, text) for text in texts]
        known = self._cache.get(keys)
        missing = {key: text for key, text, vector in zip(keys, texts, known, strict=True) if vector is None}
        if len(missing) == len(texts):
            # As of most calls.
            return [outcome for (outcome,) in self._batcher.submit_many(missing.items())]
        with self._lock:
            self.cache_hits += len(texts) - len(missing)
        found = self._batcher.submit_many(missing.items()) if missing else []
        new = {key: outcome for key, (outcome,) in zip(missing, found, strict=True)}
        return [new[key] if vector is None else vector for key, vector in zip(keys, known, strict=True)]

    def embed_windows(
        self, texts: Sequence[str], most: int, *, asking: bool = False
    ) -> list[tuple[list[str], list[Outcome]]]:
        """Return for each text its windows, and the vector or the error of each.

        Args:
            texts: the texts.
            most: the most windows of one text.
            asking: as of `embed_each`.

        Raises:
            ClosedError: the embedder was closed before.
        """
        divided = self._divide_texts(texts, most)
        outcomes = self._embed_divided(divided, asking)
        for _ in range(_ROUNDS):
            if self._length.size is None:
                # No text was ever too long.
                break
            partly = [
                place
                for place, windows in enumerate(divided)
                if any(self._is_cut(window) for window in windows)
            ]
            if not partly:
                break
            again = self._divide_texts([texts[place] for place in partly], most)
            found = self._embed_divided(again, asking)
            for place, windows, own in zip(partly, again, found, strict=True):
                divided[place], outcomes[place] = windows, own
        return list(zip(divided, outcomes, strict=True))

    def _divide_texts(self, texts: Sequence[str], most: int) -> list[list[str]]:
        divided = self._inner.divide(texts, most)
        limit = self._length.size
        if limit is None:
            return divided
        learned = divide_each(texts, estimated(limit), most)
        # The model's own window counts unless it is too long, by experience.
        return [
            own if all(estimate_tokens(window) <= limit for window in own) else other
            for own, other in zip(divided, learned, strict=True)
        ]

    def _embed_divided(self, divided: Sequence[Sequence[str]], asking: bool) -> list[list[Outcome]]:
        found = self.embed_each([window for windows in divided for window in windows], asking=asking)
        limit, outcomes = self._length.size, iter(found)
        each = [list(islice(outcomes, len(windows))) for windows in divided]
        if limit is not None:
            for windows, own in zip(divided, each, strict=True):
                if len(windows) > 1 and not any(isinstance(one, PowerMemError) for one in own):
                    self._length.take(limit)
        return each

    def _is_cut(self, text: str) -> bool:
        return len(self._fitting(text)) < len(text)

    def close(self) -> None:
        """Wait for accepted texts, then close the inner embedder. Idempotent."""
        self._batcher.close()
        self._inner.close()

    def _work(self, items: list[tuple[bytes, str]]) -> list[tuple[Outcome] | Exception]:
        """Get the vectors of a batch from the cache, from other running batches, or from the model."""
        flight = _Flight()
        mine: dict[bytes, str] = {}
        awaited: dict[bytes, _Flight] = {}
        found: dict[bytes, Outcome] = {}
        with self._lock:
            # Check the cache again: vectors may have been added while the texts waited for their batch.
            known = self._cache.get([key for key, _ in items])
            for (key, text), vector in zip(items, known, strict=True):
                if vector is not None:
                    found[key] = vector
                elif key in self._flights and key not in mine:
                    awaited[key] = self._flights[key]
                else:
                    mine[key] = text
                    self._flights[key] = flight
            self.cache_hits += len(items) - len(mine)
        try:
            self._ask(mine, flight.outcomes)
        finally:
            with self._lock:
                for key in mine:
                    del self._flights[key]
            flight.landed.set()
        found.update(flight.outcomes)
        for key, other in awaited.items():
            other.landed.wait()
            found[key] = other.outcomes[key] if key in other.outcomes else self._lost()
        return [(found[key],) for key, _ in items]

    def _ask(self, texts: dict[bytes, str], outcomes: dict[bytes, Outcome]) -> None:
        keys = list(texts)
        while keys:
            size = self._batch.size
            part, keys = keys[:size], keys[size:] if size is not None else []
            limit = self._length.size
            fitting = [self._fitting(texts[key]) for key in part]
            for key, text, outcome in zip(part, fitting, self._settle(fitting), strict=True):
                outcomes[key] = outcome
                if not isinstance(outcome, PowerMemError):
                    self._cache.put(key, outcome)
                    if limit is not None and len(text) < len(texts[key]):
                        self._length.take(limit)

    def _fitting(self, text: str) -> str:
        """Return the part of a text that the model is known to accept."""
        limit = self._length.size
        if limit is None or len(text) <= limit:
            return text
        return cut(text, limit)

    def _settle(self, texts: list[str]) -> list[Outcome]:
        """Embed texts with one request; if it is refused, find out which texts are the reason."""
        try:
            vectors = self._request(texts)
        except QuotaExceededError as error:
            # Embed as many as the budget still allows: sharing a request must not make a caller fail.
            left = error.limit - error.used
            if not 0 < left < len(texts):
                return [error] * len(texts)
            return [*self._settle(texts[:left]), *[error] * (len(texts) - left)]
        except ProviderError as error:
            if not _may_be_the_texts(error):
                return [error] * len(texts)
            # Without this probe, every text would be tried alone if the fault is, say, the model's name.
            if _needs_probing(error, texts) and not self._works():
                return [_general(error)] * len(texts)
            return self._divide(texts, error, [])
        self._batch.take(len(texts))
        return list(vectors)

    def _works(self) -> bool:
        try:
            self._request([_HARMLESS])
        except (ProviderError, QuotaExceededError):
            return False
        return True

    def _divide(self, texts: list[str], error: ProviderError, odd: list[str]) -> list[Outcome]:
        """Embed texts that were refused together.

        Args:
            texts: the refused ones.
            error: why.
            odd: gets the texts that were refused alone.
        """
        if len(texts) == 1:
            odd.append(texts[0])
            return [self._shorten(texts[0], error)]
        half = (len(texts) + 1) // 2
        outcomes: list[Outcome] = []
        refused: list[str] = []
        for part in (texts[:half], texts[half:]):
            outcomes.extend(self._embed_part(part, error, refused))
        odd += refused
        if not refused and not any(isinstance(outcome, PowerMemError) for outcome in outcomes):
            # All texts were accepted in smaller requests, so the batch was too large.
            self._batch.refuse(len(texts))
        return outcomes

    def _embed_part(self, texts: list[str], error: ProviderError, odd: list[str]) -> list[Outcome]:
        if len(texts) > 1 and not self._batch.allows(len(texts)):
            return self._divide(texts, error, odd)
        try:
            return list(self._request(texts))
        except QuotaExceededError as quota:
            return [quota] * len(texts)
        except ProviderError as refusal:
            if _may_be_the_texts(refusal):
                return self._divide(texts, refusal, odd)
            return [refusal] * len(texts)

    def _shorten(self, text: str, error: ProviderError) -> Outcome:
        """Embed the beginning of a text that was refused alone."""
        if error.reason != TOO_LONG and (error.reason or len(text) < _LENGTHY):
            return error
        while len(text) > _LEAST:
            text = text[: max(_LEAST, len(text) // 2)]
            try:
                vectors = self._request([text])
            except QuotaExceededError as quota:
                return quota
            except ProviderError as refusal:
                if not _may_be_the_texts(refusal):
                    return refusal
                continue
            self._length.refuse(2 * estimate_tokens(text))
            shortened: Vector = vectors[0]
            return shortened
        return error if self._works() else _general(error)

    def _request(self, texts: list[str]) -> npt.NDArray[np.float32]:
        with self._lock:
            self.requests += 1
            self.embedded_texts += len(texts)
        further: dict[str, Value] = {"powermem.texts": len(texts)}
        with asking("powermem.embed", "embeddings", self.provider, self.model, **further):
            return self._inner.embed(texts)

    def _lost(self) -> ProviderError:
        return ProviderError(f"{self.provider}: the request was interrupted", provider=self.provider)


def _joined(asked: Outcome, told: Outcome) -> Outcome:
    """Return the vector of a question from its vectors as a question and as a text to be found."""
    if isinstance(asked, PowerMemError) or isinstance(told, PowerMemError):
        return asked if isinstance(asked, PowerMemError) else told
    joined: Vector = np.float32(1 - TOLD) * asked + np.float32(TOLD) * told
    return joined


def _may_be_the_texts(error: ProviderError) -> bool:
    if error.reason == QUOTA:
        return False
    return error.status in _UNACCEPTABLE or error.reason in (TOO_LONG, UNUSABLE)


def _needs_probing(error: ProviderError, texts: Sequence[str]) -> bool:
    if error.reason == TOO_LONG:
        return False
    return len(texts) > 1 or error.reason == UNUSABLE or len(texts[0]) >= _LENGTHY


def _general(error: ProviderError) -> ProviderError:
    """Return an error that blames no text."""
    return ProviderError(str(error), provider=error.provider, status=error.status)
