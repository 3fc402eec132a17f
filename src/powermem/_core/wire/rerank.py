"""Rerank requests and their replies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from ...errors import ProviderError
from ...tokens import cut, estimate_tokens

Form = Literal["jina", "dashscope", "tei"]
"""The format of a request.

``"jina"`` is Jina's form, which most others share, Cohere and Zhipu among them. ``"dashscope"`` is that of
DashScope's own API, and ``"tei"`` that of Hugging Face's Text Embeddings Inference.
"""

# In tokens. Small cross-encoders read 512 of a query and a document together, and servers that do not
# truncate refuse longer input. DashScope's gte-rerank allows 30,000 in a request, and counts the query once
# for each document.
_LONGEST_QUERY = 128
_LONGEST_PAIR = 500
_LARGEST_REQUEST = 30_000

# JSON has integers that no float can hold.
_LARGEST_SCORE = 1e9


def cut_documents(query: str, documents: Sequence[str]) -> tuple[str, list[str]]:
    """Truncate a query and documents to what a reranker reads.

    Args:
        query: the query, cut to 128 tokens.
        documents: the candidates, at least one. Each is cut to 500 tokens including the query, or to less if
            the request would exceed 30,000.
    """
    query = cut(query, _LONGEST_QUERY)
    length = min(_LONGEST_PAIR, _LARGEST_REQUEST // len(documents)) - estimate_tokens(query)
    return query, [cut(document, length) for document in documents]


def rerank_body(form: Form, model: str, query: str, documents: Sequence[str], top_n: int) -> dict[str, Any]:
    """Build a request.

    Args:
        form: the format.
        model: the model's name; blank if the server has only one.
        query: the query.
        documents: the texts to rank.
        top_n: number of results to request.
    """
    texts = list(documents)
    if form == "tei":
        return {"query": query, "texts": texts, "truncate": True, "raw_scores": False}
    if form == "dashscope":
        return {
            "model": model,
            "input": {"query": query, "documents": texts},
            "parameters": {"top_n": top_n, "return_documents": False},
        }
    named = {"model": model} if model else {}
    return {**named, "query": query, "documents": texts, "top_n": top_n}


def read_ranking(provider: str, reply: Any, documents: int, top_n: int) -> list[tuple[int, float]]:
    """Read the ranking in a reply of any form.

    Args:
        provider: its name, for error messages.
        reply: the parsed reply.
        documents: number of documents sent.
        top_n: number of results requested.

    Returns:
        Pairs of a document's index and its relevance from 0 to 1, best first; ties keep the order of the
        request. Cosines and logits are accepted too: if any score is outside -1 to 1, all are treated as
        logits and go through the logistic function; otherwise negative scores count as 0.

    Raises:
        ProviderError: the reply has no ranking, ranks other documents, or has fewer results than requested.
    """
    results = _results(reply)
    if results is None:
        raise ProviderError(f"{provider} sent a reply without a ranking", provider=provider)
    ranking: dict[int, float] = {}
    for result in results:
        pair = _pair(result)
        if pair is None or pair[0] not in range(documents) or pair[0] in ranking:
            raise ProviderError(
                f"{provider} sent a ranking that does not match the {documents} documents", provider=provider
            )
        ranking[pair[0]] = pair[1]
    if len(ranking) < top_n:
        raise ProviderError(f"{provider} ranked only {len(ranking)} of {top_n} documents", provider=provider)
    order = sorted(ranking.items(), key=lambda pair: (-pair[1], pair[0]))[:top_n]
    logits = any(abs(score) > 1 for _, score in order)
    return [(index, _logistic(score) if logits else max(score, 0.0)) for index, score in order]


def _results(reply: Any) -> list[Any] | None:
    if isinstance(reply, dict):
        reply = reply.get("output", reply)
    if isinstance(reply, dict):
        reply = reply.get("results", reply.get("data"))
    return reply if isinstance(reply, list) else None


def _pair(result: Any) -> tuple[int, float] | None:
    if not isinstance(result, dict):
        return None
    index, score = result.get("index"), result.get("relevance_score", result.get("score"))
    if isinstance(index, bool) or not isinstance(index, int):
        return None
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not abs(score) < math.inf:
        return None
    return index, float(min(max(score, -_LARGEST_SCORE), _LARGEST_SCORE))


def _logistic(logit: float) -> float:
    # Two cases, so that the exponential cannot overflow.
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))
