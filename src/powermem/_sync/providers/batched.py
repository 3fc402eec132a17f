# Generated from src/powermem/_async/providers/batched.py by scripts/run_unasync.py; edit that file instead.
"""An embedder that puts the texts of many callers into few requests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..._concurrency import Batcher, Event, Lock
from ...cache import Vector, VectorCache, text_key
from ...errors import PowerMemError, ProviderError, QuotaExceededError
from ...tracing import span
from .embedder import Embedder

# What servers answer when a text is too long or otherwise not to their liking, or there are too many.
_UNACCEPTABLE = frozenset({400, 413, 422})
# A text that every model can embed.
_HARMLESS = "hello"

Outcome = Vector | PowerMemError


class _Flight:
    """Texts on their way to the model, for others that want their vectors too."""

    def __init__(self) -> None:
        self.landed = Event()
        self.outcomes: dict[bytes, Outcome] = {}


class BatchedEmbedder:
    """Wrap an embedder so that concurrent calls share requests and no text is embedded twice.

    A text that the model refuses fails its own caller only. Vectors come from a cache where they can, and
    must not be written to.

    Args:
        inner: the embedder to ask.
        batch_size: the most texts in a request. When the model takes fewer, that is found out.
        max_running: how many requests may be under way at once.
        cache_size: how many vectors to remember.

    Attributes:
        requests: how often the inner embedder was asked.
        embedded_texts: how many texts it was asked for.
        cache_hits: how many texts needed no asking.
    """

    def __init__(
        self,
        inner: Embedder,
        *,
        batch_size: int = 128,
        max_running: int = 4,
        cache_size: int = 10_000,
    ) -> None:
        self.requests = 0
        self.embedded_texts = 0
        self.cache_hits = 0
        self._inner = inner
        self._size = batch_size
        self._cache = VectorCache(cache_size)
        self._lock = Lock()
        self._flights: dict[bytes, _Flight] = {}
        self._batcher: Batcher[tuple[bytes, str], Vector] = Batcher(
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
        """Turn texts into vectors; see ``Embedder``.

        Raises:
            ProviderError: the first of these texts that failed, failed so.
            QuotaExceededError: the budget does not allow the first of them that failed.
            ClosedError: the embedder was closed before.
        """
        keys = [text_key(self.model, text) for text in texts]
        known = self._cache.get(keys)
        vectors = {key: vector for key, vector in zip(keys, known, strict=True) if vector is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if len(missing) < len(texts):
            with self._lock:
                self.cache_hits += len(texts) - len(missing)
        if missing:
            found = self._batcher.submit_many(missing.items())
            vectors.update(zip(missing, found, strict=True))
        if not keys:
            return np.empty((0, self.dimension or 0), dtype=np.float32)
        return np.stack([vectors[key] for key in keys])

    def close(self) -> None:
        """Finish what was accepted, then close the inner embedder; may be called again."""
        self._batcher.close()
        self._inner.close()

    def _work(self, items: list[tuple[bytes, str]]) -> list[Vector | Exception]:
        """Find the vectors of a batch: in the cache, in another batch under way, or by asking."""
        flight = _Flight()
        mine: dict[bytes, str] = {}
        awaited: dict[bytes, _Flight] = {}
        found: dict[bytes, Outcome] = {}
        with self._lock:
            # Looked up again: it may have come in while the text waited for its batch.
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
        return [found[key] for key, _ in items]

    def _ask(self, texts: dict[bytes, str], outcomes: dict[bytes, Outcome]) -> None:
        keys = list(texts)
        while keys:
            size = self._size
            part, keys = keys[:size], keys[size:]
            settled = self._settle([texts[key] for key in part])
            for key, outcome in zip(part, settled, strict=True):
                outcomes[key] = outcome
                if not isinstance(outcome, PowerMemError):
                    self._cache.put(key, outcome)

    def _settle(self, texts: list[str]) -> list[Outcome]:
        """Embed texts with one request, or find out which of them it is that cannot be."""
        try:
            return list(self._request(texts))
        except QuotaExceededError as error:
            # As many as are still allowed: what others share a request with is no reason to refuse them.
            left = error.limit - error.used
            if not 0 < left < len(texts):
                return [error] * len(texts)
            return [*self._settle(texts[:left]), *[error] * (len(texts) - left)]
        except ProviderError as error:
            if len(texts) == 1 or error.status not in _UNACCEPTABLE:
                return [error] * len(texts)
            # Nothing will do when the fault lies elsewhere, in the model's name for example.
            return self._divide(texts) if self._works() else [error] * len(texts)

    def _works(self) -> bool:
        try:
            self._request([_HARMLESS])
        except (ProviderError, QuotaExceededError):
            return False
        return True

    def _divide(self, texts: list[str]) -> list[Outcome]:
        half = (len(texts) + 1) // 2
        outcomes: list[Outcome] = []
        for part in (texts[:half], texts[half:]):
            try:
                outcomes.extend(self._request(part))
            except QuotaExceededError as error:
                outcomes.extend([error] * len(part))
            except ProviderError as error:
                divisible = len(part) > 1 and error.status in _UNACCEPTABLE
                outcomes.extend(self._divide(part) if divisible else [error] * len(part))
        if not any(isinstance(outcome, PowerMemError) for outcome in outcomes):
            # Nothing was wrong with the texts, so there were too many at once.
            self._size = min(self._size, half)
        return outcomes

    def _request(self, texts: list[str]) -> npt.NDArray[np.float32]:
        with self._lock:
            self.requests += 1
            self.embedded_texts += len(texts)
        with span("powermem.embed", {"gen_ai.request.model": self.model, "powermem.texts": len(texts)}):
            return self._inner.embed(texts)

    def _lost(self) -> ProviderError:
        return ProviderError(f"{self.provider}: the request was interrupted", provider=self.provider)
