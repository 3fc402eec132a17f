"""Vectors from words alone, and the memory of vectors."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from powermem._core.embedding.cache import VectorCache, text_key
from powermem._core.embedding.mock import mock_vectors

TEA = [-0.98287225, 0.18428856, 0, 0, 0, 0, 0, 0]


def test_texts_that_share_words_are_near():
    tea, too, cats = mock_vectors(["I like green tea", "Green tea is what I like", "My cats sleep all day"])

    assert tea @ too > 0.7
    assert tea @ too > tea @ cats + 0.4


def test_vectors_are_unit_and_of_the_length_asked_for():
    vectors = mock_vectors(["tea", "", "...", "我喜欢喝茶", "x\ud83d"], dimension=64)

    assert vectors.shape == (5, 64)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_the_same_text_has_the_same_vector_everywhere():
    vector = mock_vectors(["tea"], dimension=8)[0]

    np.testing.assert_allclose(vector, mock_vectors(["something else", "tea"], dimension=8)[1])
    # Written down, because it must not change from one version to the next either.
    np.testing.assert_allclose(vector, TEA, atol=1e-6)


def test_no_texts_have_no_vectors():
    assert mock_vectors([]).shape == (0, 384)


def test_a_cache_forgets_what_was_unused_for_longest():
    cache = VectorCache(2)
    vectors = np.eye(3, dtype=np.float32)

    cache.put(b"a", vectors[0])
    cache.put(b"b", vectors[1])
    cache.get([b"a"])
    cache.put(b"c", vectors[2])

    assert [vector is not None for vector in cache.get([b"a", b"b", b"c"])] == [True, False, True]
    assert len(cache) == 2


def test_a_cache_keeps_a_copy_that_nobody_can_change():
    cache = VectorCache(2)
    row = np.ones((2, 4), dtype=np.float32)[0]
    cache.put(b"a", row)
    row[:] = 7

    (kept,) = cache.get([b"a"])

    assert kept is not None
    assert kept.tolist() == [1, 1, 1, 1]
    assert kept.base is None
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2


def test_a_cache_of_no_size_keeps_nothing():
    cache = VectorCache(0)
    cache.put(b"a", np.ones(1, dtype=np.float32))

    assert cache.get([b"a"]) == [None]


def test_a_cache_is_safe_between_threads():
    cache = VectorCache(16)
    vector = np.ones(4, dtype=np.float32)
    failures: list[Exception] = []

    def work(seed: int) -> None:
        try:
            for step in range(2000):
                key = bytes([(seed * 31 + step) % 64])
                cache.put(key, vector)
                cache.get([key, b"other"])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(cache) <= 16


def test_keys_tell_models_and_texts_apart():
    keys = {
        text_key("m", "a"),
        text_key("n", "a"),
        text_key("m", "b"),
        text_key("m", "\ud83d"),
        text_key("m", "?"),
    }

    assert len(keys) == 5
    assert text_key("m", "a") == text_key("m", "a")
