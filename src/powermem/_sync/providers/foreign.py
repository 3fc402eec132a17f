# Generated from src/powermem/_async/providers/foreign.py by scripts/run_unasync.py; edit that file instead.
"""Models that a program brings along: LangChain's objects, and classes registered by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._drivers._foreign import call
from ...errors import ConfigError, PowerMemError, ProviderError
from ...tracing import annotate_cost, span
from ...types import ChatMessage, Completion, Schema
from ...wire.foreign import completion_of, foreign_error, vectors_of
from ...wire.openai import with_schema
from ...wire.reasons import UNUSABLE
from .limiter import Limiter

# Method names, for tasks and for threads. The first pair that an object has says what kind of object it is.
_CHAT = (("complete", "complete"), ("ainvoke", "invoke"), ("generate_response", "generate_response"))
_EMBED = (
    ("aembed_documents", "embed_documents"),
    ("embed_batch", "embed_batch"),
    ("embed", "embed"),
)


class ForeignLLM:
    """A language model given as an object.

    It has one of these methods, plain or a coroutine function: ``complete(messages, schema=None)``, which
    returns text or a ``Completion``; ``invoke(messages)`` or ``ainvoke``, as LangChain's chat models have;
    ``generate_response(messages, response_format=None)``, which returns text.

    Args:
        target: the object.
        provider: its configured name.
        model: the model's name.
        max_concurrency: how many calls may be in flight.

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
        """Answer a chat; unless the object has ``complete``, the schema goes into the prompt."""
        with span("powermem.llm", {"gen_ai.request.model": self.model}):
            completion = self._complete(messages, schema)
            annotate_cost(completion)
            return completion

    def _complete(self, messages: Sequence[ChatMessage], schema: Schema | None) -> Completion:
        asked, options = list(messages), dict[str, Any]()
        if self._names[1] == "complete":
            options["schema"] = schema
        elif schema is not None:
            asked = with_schema(messages, schema)
            if self._names[1] == "generate_response":
                options["response_format"] = {"type": "json_object"}
        with self._limiter.turn():
            try:
                reply = call(self._target, *self._names, asked, **options)
            except PowerMemError:
                raise
            except Exception as error:
                raise foreign_error(self.provider, error) from error
        return completion_of(self.provider, reply)


class ForeignEmbedder:
    """An embedder given as an object.

    It has one of these methods, plain or a coroutine function: ``embed_documents(texts)`` or
    ``aembed_documents``, as LangChain's embeddings have; ``embed_batch(texts)``; ``embed(texts)``. Each
    returns an array or a list of vectors.

    Args:
        target: the object.
        provider: its configured name.
        model: the model's name.
        dimension: the length of its vectors, when known.
        max_concurrency: how many calls may be in flight.

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
    ) -> None:
        self.provider = provider
        self.model = model
        self.dimension = dimension
        self._target = target
        self._names = _names(provider, target, _EMBED)
        self._limiter = Limiter(max_concurrency)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Turn texts into vectors; see ``Embedder``."""
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

    def close(self) -> None:
        """Do nothing: the object belongs to the program."""


def _names(provider: str, target: object, known: Sequence[tuple[str, str]]) -> tuple[str, str]:
    for names in known:
        if any(callable(getattr(target, name, None)) for name in names):
            return names
    wanted = ", ".join(plain for _, plain in known)
    raise ConfigError(f"{provider}: {type(target).__name__} needs one of the methods {wanted}")
