# Generated from src/powermem/_async/providers/foreign.py by scripts/run_unasync.py; edit that file instead.
"""Models supplied by the program: objects of LangChain, and classes registered by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._core.embedding.windows import divide_each, estimated
from ..._core.metering import count_completion
from ..._core.tracing import asking, note_cost
from ..._core.wire.foreign import completion_of, foreign_error, vectors_of
from ..._core.wire.formats import with_schema
from ..._core.wire.reasons import UNUSABLE
from ..._drivers._foreign import call
from ...errors import ConfigError, PowerMemError, ProviderError
from ...types import ChatMessage, Completion, Schema
from .http import Limiter

# Names of the async and the sync method. The first pair that an object has tells its kind.
_CHAT = (("complete", "complete"), ("ainvoke", "invoke"), ("generate_response", "generate_response"))
_EMBED = (
    ("aembed_documents", "embed_documents"),
    ("embed_batch", "embed_batch"),
    ("embed", "embed"),
)


class ForeignLLM:
    """A language model given as an object.

    It has one of these methods, sync or async: ``complete(messages, schema=None)``, which returns text or a
    ``Completion``; ``invoke(messages)`` or ``ainvoke``, like LangChain's chat models;
    ``generate_response(messages, response_format=None)``, which returns text.

    Args:
        target: the object.
        provider: the provider's configured name.
        model: the model's name.
        max_concurrency: maximum number of calls in flight.

    Raises:
        ConfigError: the object has none of the methods.
    """

    def __init__(self, target: object, *, provider: str, model: str, max_concurrency: int = 64) -> None:
        self.provider = provider
        self.model = model
        self._target = target
        self._names = _names(provider, target, _CHAT)
        self._limiter = Limiter(max_concurrency)

    def complete(self, messages: Sequence[ChatMessage], *, schema: Schema | None = None) -> Completion:
        """Answer a chat; the schema is put into the prompt unless the object has ``complete``."""
        with asking("powermem.llm", "chat", self.provider, self.model):
            completion = self._complete(messages, schema)
            note_cost(completion, self.provider, self.model)
            count_completion(completion)
            return completion

    def _complete(self, messages: Sequence[ChatMessage], schema: Schema | None) -> Completion:
        request, options = list(messages), dict[str, Any]()
        if self._names[1] == "complete":
            options["schema"] = schema
        elif schema is not None:
            request = with_schema(messages, schema)
            if self._names[1] == "generate_response":
                options["response_format"] = {"type": "json_object"}
        with self._limiter.turn():
            try:
                reply = call(self._target, *self._names, request, **options)
            except PowerMemError:
                raise
            except Exception as error:
                raise foreign_error(self.provider, error) from error
        return completion_of(self.provider, reply)


class ForeignEmbedder:
    """An embedder given as an object.

    It has one of these methods, sync or async: ``embed_documents(texts)`` or ``aembed_documents``, like
    LangChain's embeddings; ``embed_batch(texts)``; ``embed(texts)``. Each returns an array or a list of
    vectors.

    Args:
        target: the object.
        provider: the provider's configured name.
        model: the model's name.
        dimension: the length of the vectors, if known.
        max_concurrency: maximum number of calls in flight.
        window: the tokens that it takes of a text, if that is known.

    Raises:
        ConfigError: the object has none of the methods.
    """

    def __init__(
        self,
        target: object,
        *,
        provider: str,
        model: str,
        dimension: int | None = None,
        max_concurrency: int = 64,
        window: int | None = None,
    ) -> None:
        self.provider = provider
        self.model = model
        self.dimension = dimension
        self._target = target
        self._names = _names(provider, target, _EMBED)
        self._limiter = Limiter(max_concurrency)
        self._fitting = None if window is None else estimated(window)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts; see ``Embedder``."""
        with self._limiter.turn():
            try:
                rows = call(self._target, *self._names, list(texts))
            except PowerMemError:
                raise
            except Exception as error:
                raise foreign_error(self.provider, error) from error
        vectors = vectors_of(self.provider, rows, len(texts))
        if self.dimension is None and len(vectors):
            self.dimension = vectors.shape[1]
        if len(vectors) and vectors.shape[1] != self.dimension:
            raise ProviderError(
                f"{self.provider} returned vectors of {vectors.shape[1]} numbers, expected {self.dimension}",
                provider=self.provider,
                reason=UNUSABLE,
            )
        return vectors

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows by the estimate of their tokens; see ``Embedder``."""
        return divide_each(texts, self._fitting, most)

    def close(self) -> None:
        """Do nothing: the object belongs to the program."""


def _names(provider: str, target: object, known: Sequence[tuple[str, str]]) -> tuple[str, str]:
    for names in known:
        if any(callable(getattr(target, name, None)) for name in names):
            return names
    wanted = ", ".join(plain for _, plain in known)
    raise ConfigError(f"{provider}: {type(target).__name__} needs one of the methods {wanted}")
