"""Rerankers."""

from __future__ import annotations

from collections.abc import Sequence

from ...wire.endpoint import Endpoint
from ...wire.rerank import read_ranking, rerank_body
from .http import AsyncHTTPClient
from .limiter import AsyncLimiter


class AsyncReranker:
    """A model that puts documents in order of relevance to a query.

    Args:
        http: the client to send with.
        endpoint: the address of the rerank method; the one of DashScope's own API is recognized by it.
        model: the model's name.
        top_n: the most documents to return for any call; all unless given.
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
        top_n: int | None = None,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self.model = model
        self._top_n = top_n
        self._http = http
        self._endpoint = endpoint
        self._nested = "/services/rerank/" in endpoint.target
        self._limiter = AsyncLimiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    async def rerank(
        self, query: str, documents: Sequence[str], top_n: int | None = None
    ) -> list[tuple[int, float]]:
        """Rank documents.

        Args:
            query: what to look for.
            documents: the candidates.
            top_n: how many to return; all unless given.

        Returns:
            Pairs of a document's index and its relevance, best first.

        Raises:
            ProviderError: there is no ranking.
        """
        if not documents:
            return []
        wanted = min(top_n or len(documents), self._top_n or len(documents), len(documents))
        body = rerank_body(self.model, query, documents, wanted, nested=self._nested)
        reply = await self._http.post(
            self._endpoint,
            body,
            limiter=self._limiter,
            timeout=self._timeout,
            max_retries=self._max_retries,
        )
        return read_ranking(self.provider, reply, len(documents))[:wanted]
