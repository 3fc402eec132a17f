"""Rerank requests and replies."""

from __future__ import annotations

import math
from typing import Any

import pytest

from powermem._core.wire.rerank import cut_documents, read_ranking, rerank_body
from powermem.errors import ProviderError

RESULTS = [
    {"index": 1, "relevance_score": 0.2},
    {"index": 0, "relevance_score": 0.9, "document": {"text": "a"}},
]


def test_a_request_in_each_form() -> None:
    assert rerank_body("jina", "m", "q", ["a", "b"], 1) == {
        "model": "m",
        "query": "q",
        "documents": ["a", "b"],
        "top_n": 1,
    }
    assert rerank_body("dashscope", "m", "q", ["a"], 1) == {
        "model": "m",
        "input": {"query": "q", "documents": ["a"]},
        "parameters": {"top_n": 1, "return_documents": False},
    }
    assert rerank_body("tei", "m", "q", ["a"], 1) == {
        "query": "q",
        "texts": ["a"],
        "truncate": True,
        "raw_scores": False,
    }


@pytest.mark.parametrize(
    "reply",
    [
        {"results": RESULTS},
        {"output": {"results": RESULTS}},
        {"object": "list", "data": RESULTS},
        [{"index": result["index"], "score": result["relevance_score"]} for result in RESULTS],
    ],
)
def test_a_ranking_is_read_best_first(reply: Any) -> None:
    assert read_ranking("p", reply, 2, 2) == [(0, 0.9), (1, 0.2)]
    assert read_ranking("p", reply, 3, 1) == [(0, 0.9)]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.5, 0.5, 1], [(2, 1.0), (0, 0.5), (1, 0.5)]),
        # Cosines, as of Jina's latest model.
        ([-0.3, 0.4, -0.1], [(1, 0.4), (2, 0.0), (0, 0.0)]),
        # Logits, as of a llama.cpp server.
        ([7.74, 0.0, -11.0], [(0, 1 / (1 + math.exp(-7.74))), (1, 0.5), (2, 1 / (1 + math.exp(11)))]),
        ([10**400, -1e308, 0.0], [(0, 1.0), (2, 0.5), (1, 0.0)]),
    ],
)
def test_every_scale_becomes_shares(scores: list[float], expected: list[tuple[int, float]]) -> None:
    results = [{"index": index, "score": score} for index, score in enumerate(scores)]
    ranking = read_ranking("p", results, 3, 3)
    assert [index for index, _ in ranking] == [index for index, _ in expected]
    assert [score for _, score in ranking] == pytest.approx([score for _, score in expected])


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        {"results": None},
        {"results": [None]},
        {"results": [{"index": 2, "relevance_score": 0.1}]},
        {"results": [{"index": -1, "relevance_score": 0.1}]},
        {"results": [{"index": True, "relevance_score": 0.1}]},
        {"results": [{"index": 0, "relevance_score": None}]},
        {"results": [{"index": 0, "relevance_score": float("nan")}]},
        {"results": [{"index": "0", "relevance_score": 0.1}]},
        {"results": [{"index": 0, "relevance_score": 0.1}] * 2},
        {"results": [{"index": 0, "relevance_score": 0.1}]},
    ],
)
def test_a_wrong_ranking_is_an_error(reply: Any) -> None:
    with pytest.raises(ProviderError, match=r"without a ranking|does not match|only 1 of 2"):
        read_ranking("p", reply, 2, 2)


def test_only_what_a_reranker_reads_is_left() -> None:
    assert cut_documents("q", ["a", "b " * 10]) == ("q", ["a", "b " * 10])
    query, documents = cut_documents("word " * 1000, ["word " * 1000, "short"])
    assert (len(query), [len(text) for text in documents]) == (4 * 128, [4 * (500 - 128), 5])
    # A hundred of them share what one request may have.
    _, documents = cut_documents("q", ["茶" * 1000] * 100)
    assert {len(text) for text in documents} == {299}
