"""Rerankers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from ..._concurrency import async_gather
from ..._core.parsing.answer import ParseError
from ..._core.parsing.ranking import parse_ranking
from ..._core.prompts.reranking import RERANKING_SCHEMA, reranking_messages
from ..._core.wire.rerank import Form, cut_documents, read_ranking, rerank_body
from ...errors import ProviderError
from .http import AsyncEndpointClient
from .llm import AsyncLLM


class AsyncReranker(Protocol):
    """Orders documents by relevance to a query."""

    @property
    def provider(self) -> str:
        """The provider's configured name."""
        ...

    @property
    def max_candidates(self) -> int:
        """Maximum number of documents for one query."""
        ...

    @property
    def top_n(self) -> int | None:
        """Maximum number of results of a search that uses it; ``None`` for no limit."""
        ...

    async def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents.

        Args:
            query: the query.
            documents: the candidates, at least one; long ones are truncated.
            top_n: how many to return, at most the number of documents.

        Returns:
            Pairs of a document's index and its relevance from 0 to 1, best first.

        Raises:
            ProviderError: the model gave no ranking.
        """
        ...


class AsyncHTTPReranker:
    """A model behind a rerank API over HTTP.

    Args:
        client: calls the rerank endpoint.
        form: the format of requests.
        model: the model's name.
        max_candidates: maximum number of documents for one query.
        top_n: maximum number of results of a search.
        batch_size: maximum number of documents in one request.
    """

    def __init__(
        self,
        client: AsyncEndpointClient,
        *,
        form: Form,
        model: str,
        max_candidates: int = 100,
        top_n: int | None = None,
        batch_size: int = 1000,
    ) -> None:
        self.provider = client.provider
        self.model = model
        self.max_candidates = max_candidates
        self.top_n = top_n
        self._client = client
        self._form = form
        self._batch_size = batch_size

    async def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents; see ``AsyncReranker``."""
        query, documents = cut_documents(query, documents)
        size = self._batch_size
        starts = range(0, len(documents), size)
        batches = await async_gather(
            [partial(self._batch, query, documents[start : start + size], top_n) for start in starts]
        )
        ranking = [
            (start + index, score)
            for start, batch in zip(starts, batches, strict=True)
            for index, score in batch
        ]
        return sorted(ranking, key=lambda pair: -pair[1])[:top_n]

    async def _batch(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        wanted = min(top_n, len(documents))
        reply = await self._client.post(rerank_body(self._form, self.model, query, documents, wanted))
        return read_ranking(self.provider, reply, len(documents), wanted)


class AsyncLLMReranker:
    """A language model that scores in one request how much each document helps to answer the query.

    Args:
        llm: the model.
        max_candidates: maximum number of documents for one query.
        top_n: maximum number of results of a search.
    """

    def __init__(self, llm: AsyncLLM, *, max_candidates: int = 30, top_n: int | None = None) -> None:
        self.provider = llm.provider
        self.max_candidates = max_candidates
        self.top_n = top_n
        self._llm = llm

    async def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents; see ``AsyncReranker``. Documents missing from the answer get 0."""
        query, documents = cut_documents(query, documents)
        aliases = [f"M{number}" for number in range(1, len(documents) + 1)]
        request = reranking_messages(query, list(zip(aliases, documents, strict=True)))
        completion = await self._llm.complete(request, schema=RERANKING_SCHEMA)
        try:
            scores = parse_ranking(completion.text, aliases=aliases)
        except ParseError as error:
            raise ProviderError(
                f"{self.provider}: the model's answer could not be read as a ranking: {error}",
                provider=self.provider,
            ) from error
        ranking = [(index, scores.get(alias, 0.0)) for index, alias in enumerate(aliases)]
        return sorted(ranking, key=lambda pair: -pair[1])[:top_n]
