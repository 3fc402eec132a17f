"""Embedding requests and replies."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from powermem._core.wire.foreign import vectors_of
from powermem._core.wire.formats import embedding_body, read_embeddings
from powermem.errors import ProviderError


def test_a_request_asks_only_for_what_is_wanted():
    assert embedding_body("m", ["a"]) == {"model": "m", "input": ["a"]}
    assert embedding_body("m", ("a", "b"), dimension=8, packed=True, parameters={"user": "u"}) == {
        "model": "m",
        "input": ["a", "b"],
        "user": "u",
        "dimensions": 8,
        "encoding_format": "base64",
    }


def test_lists_and_base64_give_the_same_vectors():
    rows = np.array([[0.25, -1.5], [3.0, 1e-7]], dtype=np.float32)
    listed = {"data": [{"index": i, "embedding": row.tolist()} for i, row in enumerate(rows)]}
    packed = {
        "data": [
            {"index": i, "embedding": base64.b64encode(row.astype("<f4").tobytes()).decode()}
            for i, row in enumerate(rows)
        ]
    }

    for reply in (listed, packed):
        vectors = read_embeddings("p", reply, 2)
        assert vectors.dtype == np.float32
        np.testing.assert_array_equal(vectors, rows)


def test_vectors_come_in_the_order_of_the_texts():
    reply = {"data": [{"index": 1, "embedding": [1.0]}, {"index": 0, "embedding": [0.0]}]}

    assert read_embeddings("p", reply, 2).tolist() == [[0.0], [1.0]]


def test_without_indices_the_order_is_kept():
    assert read_embeddings("p", {"data": [{"embedding": [1]}, {"embedding": [2]}]}, 2).tolist() == [
        [1.0],
        [2.0],
    ]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (None, "without embeddings"),
        ([None, None], "without embeddings"),
        ([{"index": "0", "embedding": [1.0]}, {"embedding": [1.0]}], "do not match"),
        ([{"embedding": [1.0]}], "do not match the 2 texts"),
        ([{"embedding": [1.0]}] * 3, "do not match the 2 texts"),
        ([{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}], "do not match"),
        ([{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}], "do not match"),
        ([{"embedding": [1.0]}, {"embedding": [1.0, 2.0]}], "different lengths"),
        ([{"embedding": [1.0]}, {"embedding": None}], "finite|different lengths|not of numbers"),
        ([{"embedding": [1.0]}, {}], "finite|different lengths|not of numbers"),
        ([{"embedding": ["a"]}, {"embedding": ["b"]}], "not of numbers"),
        ([{"embedding": "@@@"}, {"embedding": "@@@"}], "not of numbers"),
        ([{"embedding": "AAA="}, {"embedding": "AAA="}], "not of numbers"),
        ([{"embedding": []}, {"embedding": []}], "empty or nested"),
        ([{"embedding": [[1.0]]}, {"embedding": [[1.0]]}], "empty or nested"),
        ([{"embedding": [float("nan")]}, {"embedding": [1.0]}], "not finite"),
        ([{"embedding": [1e300]}, {"embedding": [1.0]}], "not finite"),
    ],
)
def test_a_wrong_reply_is_an_error(data, complaint):
    with pytest.raises(ProviderError, match=complaint):
        read_embeddings("p", {"data": data}, 2)


@pytest.mark.parametrize("reply", [None, [], "text", 7])
def test_a_reply_that_is_no_object_is_an_error(reply):
    with pytest.raises(ProviderError, match="without embeddings"):
        read_embeddings("p", reply, 1)


def test_foreign_vectors_are_checked():
    np.testing.assert_array_equal(vectors_of("p", np.eye(2), 2), np.eye(2, dtype=np.float32))
    assert vectors_of("p", ([1, 2],), 1).shape == (1, 2)
    with pytest.raises(ProviderError, match="1 vectors for 2 texts"):
        vectors_of("p", [[1.0]], 2)
    with pytest.raises(ProviderError, match="generator for 1 texts"):
        vectors_of("p", (row for row in [[1.0]]), 1)
