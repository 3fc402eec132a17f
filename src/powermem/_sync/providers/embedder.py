# Generated from src/powermem/_async/providers/embedder.py by scripts/run_unasync.py; edit that file instead.
"""Embedding models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..._core.embedding.mock import DIMENSION, mock_vectors
from ..._core.wire.ability import Retrial, refused_field
from ..._core.wire.failure import Failure
from ..._core.wire.openai import embedding_body, read_embeddings
from ..._core.wire.reasons import UNUSABLE
from ...errors import ProviderError
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
    ) -> None:
        self.provider = client.provider
        self.model = model
        self.dimension = dimension
        self._client = client
        self._initial = (dimension if pass_dimensions else None, packed)
        self._requested_dimension, self._packed = self._initial
        self._retrial = Retrial()
        self._parameters = dict(parameters or {})

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
    """

    provider = "mock"
    model = "mock"

    def __init__(self, dimension: int = DIMENSION) -> None:
        self.dimension = dimension

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return unit vectors; texts that share words get similar ones."""
        return mock_vectors(texts, self.dimension)

    def close(self) -> None:
        """Do nothing."""
