# Generated from src/powermem/_async/providers/typed.py by scripts/run_unasync.py; edit that file instead.
"""Embedding models that are told whether a text is a question; see ``_core.wire.input_types``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from ..._concurrency import gather
from ..._core.embedding.windows import divide_each, estimated
from ..._core.wire.input_types import Form, read_typed, typed, typed_body
from ..._core.wire.reasons import UNUSABLE
from ...errors import ProviderError
from .http import EndpointClient


class TypedEmbedder:
    """A model behind one of these APIs.

    Args:
        client: calls the endpoint.
        form: the form of requests and replies.
        model: the model's name.
        dimension: the expected length of the vectors.
        pass_dimensions: whether to request that length.
        window: the tokens that the model takes of a text, if that is known.
    """

    def __init__(
        self,
        client: EndpointClient,
        *,
        form: Form,
        model: str,
        dimension: int | None = None,
        pass_dimensions: bool = False,
        window: int | None = None,
    ) -> None:
        self.provider = client.provider
        self.model = model
        self.dimension = dimension
        self._client = client
        self._form: Form = form
        self._requested = dimension if pass_dimensions else None
        self._fitting = None if window is None else estimated(window)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts, with one request for questions and one for the others; see ``Embedder``."""
        if not texts:
            return np.empty((0, self.dimension or 0), dtype=np.float32)
        told, asked = typed(texts)
        requests = [(places, asking) for places, asking in ((told, False), (asked, True)) if places]
        found = gather(
            [
                partial(self._request, [texts[place] for place in places], asking)
                for places, asking in requests
            ]
        )
        lengths = {vectors.shape[1] for vectors in found}
        if self.dimension is None:
            self.dimension = max(lengths)
        if lengths != {self.dimension}:
            sent = " and ".join(map(str, sorted(lengths)))
            raise ProviderError(
                f"{self.provider}: {self.model} sent vectors of {sent} numbers, expected {self.dimension}; "
                "check embedder.config.embedding_dims",
                provider=self.provider,
                reason=UNUSABLE,
            )
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for (places, _), some in zip(requests, found, strict=True):
            vectors[places] = some
        return vectors

    def divide(self, texts: Sequence[str], most: int) -> list[list[str]]:
        """Divide texts into windows by the estimate of their tokens; see ``Embedder``."""
        return divide_each(texts, self._fitting, most)

    def close(self) -> None:
        """Do nothing: the connections belong to the HTTP client."""

    def _request(self, texts: list[str], asking: bool) -> npt.NDArray[np.float32]:
        body = typed_body(self._form, self.model, texts, asking=asking, dimension=self._requested)
        return read_typed(self._form, self.provider, self._client.post(body), len(texts))
