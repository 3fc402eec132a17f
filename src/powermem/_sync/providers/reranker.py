# Generated from src/powermem/_async/providers/reranker.py by scripts/run_unasync.py; edit that file instead.
"""Rerankers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from ..._concurrency import gather
from ...errors import ProviderError
from ...parsing import ParseError, parse_ranking
from ...prompts import RERANKING_SCHEMA, reranking_messages
from ...wire.endpoint import Endpoint
from ...wire.rerank import Form, cut_documents, read_ranking, rerank_body
from .http import HTTPClient
from .limiter import Limiter
from .llm import LLM


class Reranker(Protocol):
    """Something that puts documents in order of relevance to a query."""

    @property
    def provider(self) -> str:
        """Its configured name."""
        ...

    @property
    def max_candidates(self) -> int:
        """Most documents to give to it for one query."""
        ...

    @property
    def top_n(self) -> int | None:
        """Most results that a search may have that uses it; any number when it is ``None``."""
        ...

    def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents.

        Args:
            query: what to look for.
            documents: the candidates, at least one; the beginnings of long ones are read.
            top_n: how many to return, no more than there are.

        Returns:
            Pairs of a document's index and its relevance from 0 to 1, best first.

        Raises:
            ProviderError: there is no ranking.
        """
        ...


class HTTPReranker:
    """A model behind a rerank API over HTTP.

    Args:
        http: the client to send with.
        endpoint: the address of the rerank method.
        form: what requests look like.
        model: the model's name.
        max_candidates: most documents to give to it for one query.
        top_n: most results of a search that uses it.
        batch_size: most documents of one request.
        max_concurrency: how many requests may be in flight.
        timeout: seconds for each attempt, if not the client's.
        max_retries: how often to try again, if not the client's.
    """

    def __init__(
        self,
        http: HTTPClient,
        endpoint: Endpoint,
        *,
        form: Form,
        model: str,
        max_candidates: int = 100,
        top_n: int | None = None,
        batch_size: int = 1000,
        max_concurrency: int = 64,
        timeout: float | None = None,
        max_retries: int | None = None,
    ) -> None:
        self.provider = endpoint.provider
        self.model = model
        self.max_candidates = max_candidates
        self.top_n = top_n
        self._http = http
        self._endpoint = endpoint
        self._form = form
        self._batch_size = batch_size
        self._limiter = Limiter(max_concurrency)
        self._timeout = timeout
        self._max_retries = max_retries

    def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents; see ``Reranker``."""
        query, documents = cut_documents(query, documents)
        size = self._batch_size
        starts = range(0, len(documents), size)
        batches = gather(
            [partial(self._batch, query, documents[start : start + size], top_n) for start in starts]
        )
        ranking = [
            (start + index, score)
            for start, batch in zip(starts, batches, strict=True)
            for index, score in batch
        ]
        return sorted(ranking, key=lambda pair: -pair[1])[:top_n]

    def _batch(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        wanted = min(top_n, len(documents))
        reply = self._http.post(
            self._endpoint,
            rerank_body(self._form, self.model, query, documents, wanted),
            limiter=self._limiter,
            timeout=self._timeout,
            max_retries=self._max_retries,
        )
        return read_ranking(self.provider, reply, len(documents), wanted)


class LLMReranker:
    """A language model that is asked, once for each query, which documents help to answer it.

    Args:
        llm: the model.
        max_candidates: most documents to give to it for one query.
        top_n: most results of a search that uses it.
    """

    def __init__(self, llm: LLM, *, max_candidates: int = 30, top_n: int | None = None) -> None:
        self.provider = llm.provider
        self.max_candidates = max_candidates
        self.top_n = top_n
        self._llm = llm

    def rerank(self, query: str, documents: Sequence[str], top_n: int) -> list[tuple[int, float]]:
        """Rank documents; see ``Reranker``. One that the model does not name has a relevance of 0."""
        query, documents = cut_documents(query, documents)
        aliases = [f"M{number}" for number in range(1, len(documents) + 1)]
        request = reranking_messages(query, list(zip(aliases, documents, strict=True)))
        completion = self._llm.complete(request, schema=RERANKING_SCHEMA)
        try:
            scores = parse_ranking(completion.text, aliases=aliases)
        except ParseError as error:
            raise ProviderError(
                f"{self.provider}: the model's answer could not be read as a ranking: {error}",
                provider=self.provider,
            ) from error
        ranking = [(index, scores.get(alias, 0.0)) for index, alias in enumerate(aliases)]
        return sorted(ranking, key=lambda pair: -pair[1])[:top_n]
