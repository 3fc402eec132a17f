"""Search: embed the query, ask the store, rerank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...filters import Expression
from ...indexing import query_ids
from ...types import Hit, Scope, SearchRequest
from ..encoder import AsyncEncoder
from ..providers.reranker import AsyncReranker
from ..stores.base import AsyncStore

# A reranker sees three times as many candidates as are wanted, but no more than it can read in one go.
_CANDIDATES = 3
_MOST_CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, apart from the text."""

    scope: Scope
    limit: int
    expression: Expression | None = None
    threshold: float | None = None
    as_of: int | None = None
    include_expired: bool = False
    rerank: bool = False


class AsyncRetrieval:
    """Answers queries from a store."""

    def __init__(self, store: AsyncStore, encoder: AsyncEncoder, reranker: AsyncReranker | None) -> None:
        self._store = store
        self._encoder = encoder
        self._reranker = reranker

    async def search(self, texts: Sequence[str], query: Query) -> list[list[Hit]]:
        """Answer each text, best first; all are embedded in one batch. A blank text has no answer."""
        asked = [i for i, text in enumerate(texts) if text.strip()]
        vectors = await self._encoder.encode([texts[i] for i in asked])
        reranker = self._reranker if query.rerank else None
        limit = query.limit
        if reranker is not None:
            limit = max(limit, min(limit * _CANDIDATES, _MOST_CANDIDATES))
        requests = []
        for i, vector in zip(asked, vectors, strict=True):
            terms, words = query_ids(texts[i])
            requests.append(
                SearchRequest(
                    scope=query.scope,
                    embedding=vector,
                    terms=terms,
                    words=words,
                    limit=limit,
                    expression=query.expression,
                    as_of=query.as_of,
                    include_expired=query.include_expired,
                    # The threshold is about the final score.
                    threshold=None if reranker is not None else query.threshold,
                )
            )
        answers: list[list[Hit]] = [[] for _ in texts]
        for i, hits in zip(asked, await self._store.search(requests), strict=True):
            answers[i] = hits if reranker is None else await self._rerank(reranker, texts[i], hits, query)
        return answers

    async def _rerank(self, reranker: AsyncReranker, text: str, hits: list[Hit], query: Query) -> list[Hit]:
        if not hits:
            return []
        order = await reranker.rerank(text, [hit.row.text for hit in hits], min(query.limit, len(hits)))
        ranked = [
            replace(hits[i], score=score, details={**hits[i].details, "rerank": score}) for i, score in order
        ]
        if query.threshold is not None:
            ranked = [hit for hit in ranked if hit.score >= query.threshold]
        return ranked[: query.limit]
