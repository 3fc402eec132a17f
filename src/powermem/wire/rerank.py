"""Requests that put documents in order of relevance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ProviderError


def rerank_body(
    model: str, query: str, documents: Sequence[str], top_n: int, *, nested: bool
) -> dict[str, Any]:
    """Build a request.

    Args:
        model: the model's name.
        query: what to look for.
        documents: what to put in order.
        top_n: how many results to ask for.
        nested: whether to use DashScope's own form instead of Jina's, which most others share.
    """
    if nested:
        return {
            "model": model,
            "input": {"query": query, "documents": list(documents)},
            "parameters": {"top_n": top_n, "return_documents": False},
        }
    return {"model": model, "query": query, "documents": list(documents), "top_n": top_n}


def read_ranking(provider: str, reply: Any, documents: int) -> list[tuple[int, float]]:
    """Read the order in a reply of either form.

    Args:
        provider: its name, for errors.
        reply: the parsed reply.
        documents: how many documents were sent.

    Returns:
        Pairs of a document's index and its relevance, best first.

    Raises:
        ProviderError: the reply holds no ranking, or one of other documents.
    """
    value = reply.get("output", reply) if isinstance(reply, dict) else None
    results = value.get("results") if isinstance(value, dict) else None
    if not isinstance(results, list):
        raise ProviderError(f"{provider} sent a reply without a ranking", provider=provider)
    ranking: dict[int, float] = {}
    for result in results:
        pair = _pair(result)
        if pair is None or pair[0] not in range(documents) or pair[0] in ranking:
            raise ProviderError(
                f"{provider} sent a ranking that does not match the {documents} documents", provider=provider
            )
        ranking[pair[0]] = pair[1]
    return sorted(ranking.items(), key=lambda pair: -pair[1])


def _pair(result: Any) -> tuple[int, float] | None:
    if not isinstance(result, dict):
        return None
    index, score = result.get("index"), result.get("relevance_score", result.get("score"))
    if not isinstance(index, int) or not isinstance(score, (int, float)) or not math.isfinite(score):
        return None
    return index, float(score)
