"""Embedders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...errors import ProviderError
from ...mock import DIMENSION, mock_vectors
from ...wire.ability import Retrial, refused_field
from ...wire.endpoint import Endpoint
from ...wire.failure import Failure
from ...wire.openai import embedding_body, read_embeddings
from ...wire.reasons import UNUSABLE
from .http import AsyncHTTPClient
from .limiter import AsyncLimiter


class AsyncEmbedder(Protocol):
    """Something that turns texts into vectors."""

    @property
    def provider(self) -> str:
        """Its configured name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    @property
    def dimension(self) -> int | None:
        """The length of the vectors; ``None`` until it is known."""
        ...

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Turn texts into vectors.

        Returns:
            Shape (len(texts), dimension), in the order of the texts, as the model gave them.

        Raises:
            ProviderError: it failed, or gave something that is no vector.
        """
        ...

    async def close(self) -> None:
        """Give up what it holds; may be called again."""
        ...


class AsyncOpenAIEmbedder:
    """A model behind OpenAI's embeddings API, or one of the many that speak it.

    Args:
        http: the client to send with.
        endpoint: the address of the embeddings method.
        model: the model's name.
        dimension: the length of vector to expect.
        pass_dimensions: whether to ask for that length.
        packed: whether the endpoint is known to send base64, which is smaller and faster to read.
        parameters: further fields of each request.
        max_concurrency: how many requests may be in flight.
        timeout: seconds for each attempt, if not the client's.
        max_retries: how often to try again, if not the client's.
    """

    def __init__(
        self,
        http: AsyncHTTPClient,
        endpoint: Endpoint,
        *,
        model: str,
        dimension: int | None = None,
        pass_dimensions: bool = False,
        packed: bool = False,
        parameters: Mapping[str, Any] | None = None,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self.model = model
        self.dimension = dimension
        self._http = http
        self._endpoint = endpoint
        self._first = (dimension if pass_dimensions else None, packed)
        self._asked, self._packed = self._first
        self._retrial = Retrial()
        self._parameters = dict(parameters or {})
        self._limiter = AsyncLimiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Turn texts into vectors with one request; see ``AsyncEmbedder``."""
        if not texts:
            return np.empty((0, self.dimension or 0), dtype=np.float32)
        vectors = read_embeddings(self.provider, await self._ask(texts), len(texts))
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

    async def close(self) -> None:
        """Do nothing: the connections belong to the HTTP client."""

    async def _ask(self, texts: Sequence[str]) -> Any:
        while True:
            body = embedding_body(
                self.model, texts, dimension=self._asked, packed=self._packed, parameters=self._parameters
            )
            reply = await self._http.send(
                self._endpoint,
                body,
                limiter=self._limiter,
                timeout=self._timeout,
                max_retries=self._max_retries,
            )
            if not isinstance(reply, Failure):
                if self._retrial.is_due():
                    self._asked, self._packed = self._first
                return reply
            match refused_field(reply, body):
                case "encoding_format":
                    self._packed = False
                case "dimensions":
                    self._asked = None
                case _:
                    raise reply.error()
            self._retrial.give_up()


class AsyncMockEmbedder:
    """Embed by the words alone, the same on every machine; for tests.

    Args:
        dimension: the length of the vectors.
    """

    provider = "mock"
    model = "mock"

    def __init__(self, dimension: int = DIMENSION) -> None:
        self.dimension = dimension

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Turn texts into unit vectors; those of texts that share words are near."""
        return mock_vectors(texts, self.dimension)

    async def close(self) -> None:
        """Do nothing: there is nothing to give up."""
