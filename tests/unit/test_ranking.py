"""Vectors, postings, partitions and fusion against plain, slow definitions."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermem._core import ranking
from powermem._core.query.search import Cues
from powermem._core.ranking.bm25 import K1, B, Postings
from powermem._core.ranking.codes import Codes
from powermem._core.ranking.fusion import best, combine, highest, rank
from powermem._core.ranking.partition import Partition, PartitionRows
from powermem._core.ranking.vectors import Vectors, normalize
from powermem._core.ranking.weights import Weights
from powermem._core.text.terms import count_terms, term_id


def unit(*values: float) -> np.ndarray:
    return normalize(np.array([values], dtype=np.float32))


def rows(*texts: str, first: int = 1, vectors: np.ndarray | None = None, **columns: list) -> PartitionRows:
    counted = [count_terms(text) for text in texts]
    n = len(texts)
    return PartitionRows(
        ids=columns.get("ids", list(range(first, first + n))),
        agents=columns.get("agents", [""] * n),
        runs=columns.get("runs", [""] * n),
        actors=columns.get("actors", [None] * n),
        valid_from=columns.get("valid_from", [0] * n),
        valid_to=columns.get("valid_to", [None] * n),
        expires_at=columns.get("expires_at", [None] * n),
        embeddings=b"" if vectors is None else vectors.astype(np.float32).tobytes(),
        terms=b"".join(np.array(ids, dtype=np.uint64).tobytes() for ids, _ in counted),
        frequencies=b"".join(bytes(counts) for _, counts in counted),
        sizes=[len(ids) for ids, _ in counted],
    )


def ids(*words: str) -> list[int]:
    return [term_id(word) for word in words]


def test_similarities_equal_the_plain_product_however_rows_arrive() -> None:
    rng = np.random.default_rng(7)
    matrix = normalize(rng.standard_normal((20_000, 8)).astype(np.float32))
    vectors = Vectors(8)
    vectors.reserve(100)
    for start, stop in ((0, 1), (1, 100), (100, 101), (101, 17_000), (17_000, 20_000)):
        vectors.append(matrix[start:stop])
    queries = normalize(rng.standard_normal((3, 8)).astype(np.float32))
    assert len(vectors) == 20_000
    np.testing.assert_allclose(vectors.similarities(queries), queries @ matrix.T, atol=1e-6)
    np.testing.assert_allclose(vectors.similarities(queries[:1]), queries[:1] @ matrix.T, atol=1e-6)


def test_many_queries_at_once_get_what_each_gets_alone() -> None:
    rng = np.random.default_rng(8)
    vectors = Vectors(24)
    vectors.append(normalize(rng.standard_normal((20_001, 24)).astype(np.float32)))
    queries = normalize(rng.standard_normal((9, 24)).astype(np.float32))
    alone = [vectors.similarities(query[np.newaxis])[0] for query in queries]
    np.testing.assert_allclose(vectors.similarities(queries), alone, atol=1e-6)
    few = Vectors(24)
    few.append(queries[:2])
    np.testing.assert_allclose(few.similarities(queries), queries @ queries[:2].T, atol=1e-6)


def test_appending_wastes_little_memory() -> None:
    vectors = Vectors(384)
    vectors.reserve(50_000)
    vectors.append(np.zeros((50_000, 384), dtype=np.float32))
    vectors.append(np.zeros((1, 384), dtype=np.float32))
    assert vectors.nbytes < 1.2 * 50_001 * 384 * 4


def test_a_vector_of_zeros_stays_zero() -> None:
    assert not normalize(np.zeros((1, 4), dtype=np.float32)).any()


def plain_bm25(documents: list[list[str]], query: list[list[str]]) -> list[float]:
    mean = sum(map(len, documents)) / len(documents)
    scores, whole = [0.0] * len(documents), 0.0
    for forms in query:
        holders = max(sum(form in document for document in documents) for form in forms)
        weight = math.log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))
        whole += weight
        for i, document in enumerate(documents):
            times = max(document.count(form) for form in forms)
            scores[i] += weight * times * (K1 + 1) / (times + K1 * (1 - B + B * len(document) / mean))
    return [min(score / whole, 1) for score in scores]


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=12), min_size=1, max_size=30),
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True),
    st.integers(1, 4),
    st.data(),
)
def test_postings_score_as_the_formula_says(
    documents: list[list[str]], query: list[str], alike: int, data: st.DataObject
) -> None:
    postings = Postings()
    rest = list(documents)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        batch, rest = rest[:size], rest[size:]
        counted = [sorted((term_id(t), document.count(t)) for t in set(document)) for document in batch]
        postings.append(
            np.array([i for c in counted for i, _ in c], dtype=np.uint64),
            np.array([n for c in counted for _, n in c], dtype=np.uint8),
            np.array([len(c) for c in counted]),
        )
    visible = np.ones(len(documents), dtype=bool)
    forms = {term_id(term): term_id(query[0]) for term in query[1:alike]}
    words = [query[:alike], *([term] for term in query[alike:])]
    np.testing.assert_allclose(
        postings.match(ids(*query), visible, forms).scores, plain_bm25(documents, words), rtol=1e-4, atol=1e-6
    )


def test_hidden_rows_do_not_change_the_statistics() -> None:
    alone, among = Partition(None), Partition(None)
    alone.append(rows("green tea", "black coffee"))
    among.append(rows("green tea", "black coffee", "tea tea tea", "tea and more tea of every kind"))
    among.remove([3, 4])
    query = ids("tea", "green")
    left = alone.postings.match(query, alone.visible(0)).scores
    right = among.postings.match(query, among.visible(0)).scores
    np.testing.assert_allclose(left, right[:2])


def test_a_row_that_changes_is_found_by_its_new_text_only() -> None:
    partition = Partition(2)
    partition.append(rows("green tea", "coffee", vectors=np.vstack([unit(1, 0), unit(0, 1)])))
    partition.append(rows("oolong", ids=[1], vectors=unit(0, 1)))
    assert len(partition) == 2
    visible = partition.visible(0)
    old, new = (partition.postings.match(ids(word), visible).scores for word in ("tea", "oolong"))
    assert not old[visible].any()
    assert partition.ids[int(np.argmax(np.where(visible, new, -1)))] == 1


def test_visibility_by_time_expiry_agent_and_run() -> None:
    partition = Partition(None)
    partition.append(
        rows(
            *"abcd",
            agents=["x", "", "x", "x"],
            runs=["r", "r", "", "r"],
            valid_from=[10, 10, 10, 50],
            valid_to=[None, 40, None, None],
            expires_at=[None, None, 100, None],
        )
    )

    def seen(now: int = 0, **options: Any) -> list[int]:
        found: list[int] = partition.ids[partition.visible(now, **options)].tolist()
        return found

    assert seen() == [1, 3, 4]
    assert seen(now=100) == [1, 4]
    assert seen(now=100, include_expired=True) == [1, 3, 4]
    assert seen(as_of=20) == [1, 2, 3]
    assert seen(as_of=40) == [1, 3]
    assert seen(agent="x") == [1, 3, 4]
    assert seen(agent="") == []
    assert seen(run="r") == [1, 4]
    assert seen(run="nobody") == []
    assert seen(only=np.array([3, 4, 99])) == [3, 4]


def test_neighbours_are_the_turns_before_and_after_in_the_same_run() -> None:
    partition = Partition(None)
    partition.append(rows(*"abcdef", runs=["r", "s", "r", "r", "", "r"], valid_from=[3, 1, 1, 2, 2, 4]))

    def beside(*rows: int, span: int = 2) -> set[tuple[int, int, int]]:
        return set(zip(*(c.tolist() for c in partition.beside(np.array(rows, dtype=int), span)), strict=True))

    # In order of time run r is c (row 2), d (3), a (0), f (5).
    assert beside(3, 5) == {(0, 1, 2), (0, 1, 0), (0, 2, 5), (1, 1, 0), (1, 2, 3)}
    assert beside(4) == beside() == set()
    partition.remove([1])
    assert beside(3) == {(0, 1, 2), (0, 1, 5)}
    partition.append(rows("g", first=7, runs=["r"], valid_from=[2]))
    assert beside(3, span=1) == {(0, 1, 2), (0, 1, 6)}
    partition.remove([7])
    partition.append(rows("d", ids=[4], runs=["s"], valid_from=[0]))
    assert beside(2, 7) == {(0, 1, 5), (1, 1, 1)}


def test_speakers_are_found_by_any_part_of_their_name() -> None:
    partition = Partition(None)
    partition.append(rows(*"abc", actors=["Ana Lima", None, "Bo"]))
    spoken = partition.spoken_by(["ana"])
    assert spoken is not None
    assert spoken.tolist() == [True, False, False]
    assert partition.spoken_by(["nobody"]) is None


def test_best_leaves_out_what_is_hidden_or_scores_nothing() -> None:
    scores = np.array([0.5, 0.9, 0.0, 0.5, 0.7], dtype=np.float32)
    visible = np.array([True, False, True, True, True])
    assert best(scores, visible, 10).tolist() == [4, 0, 3]
    assert best(scores, visible, 2).tolist() == [4, 0]


def test_without_vectors_full_text_counts_whole() -> None:
    lexical = np.array([0.8], dtype=np.float32)
    assert combine(None, lexical, Weights()) == lexical
    assert combine(lexical, None, Weights()) == lexical
    assert combine(np.array([-1.0], dtype=np.float32), lexical, Weights())[0] == pytest.approx(0.4)


def test_a_turn_beside_a_good_one_is_lifted_and_the_parts_add_up() -> None:
    partition = Partition(None)
    partition.append(rows("Where did you go?", "To Lisbon, by train", "Something else", runs=["r", "r", "q"]))
    visible = partition.visible(0)
    lexical = partition.postings.match(ids("lisbon"), visible)
    weights = Weights(recency=0, coverage=0)
    found = rank(partition, visible, None, lexical, limit=10, now=0, weights=weights)
    assert [partition.ids[r.row] for r in found] == [2, 1]
    assert found[1].parts["neighbour"] > found[0].parts["neighbour"] == 0
    for one in found:
        added = {name: part for name, part in one.parts.items() if name not in ("dense", "lexical")}
        assert one.score == pytest.approx(1 / (1 + math.exp(-sum(added.values()))), abs=1e-5)


def test_the_rest_of_a_good_run_is_lifted_by_its_best_other_turn() -> None:
    partition = Partition(None)
    texts = ["tea and trains", "one", "two", "three", "green tea", "tea", "tea"]
    partition.append(rows(*texts, runs=["r", "r", "r", "r", "r", "q", ""]))
    visible = partition.visible(0)
    lexical = partition.postings.match(ids("tea", "train"), visible)

    def added(weights: Weights) -> dict[int, float]:
        found = rank(partition, visible, None, lexical, limit=10, now=0, weights=weights)
        return {int(partition.ids[one.row]): one.parts.get("neighbour", 0.0) for one in found}

    lifted = added(Weights(recency=0, coverage=0))
    # The best turn by the second best and the second best by the best, four turns away.
    assert lifted[1] / lifted[5] == pytest.approx(lexical.scores[4] / lexical.scores[0])
    # Alone in its run, and without a run.
    assert lifted[6] == lifted[7] == 0
    assert set(added(Weights(recency=0, coverage=0, neighbour=0)).values()) == {0}


def test_scores_stay_within_one() -> None:
    partition = Partition(1)
    partition.append(rows("tea", "tea", runs=["r", "r"], vectors=np.ones((2, 1)), actors=["Tea", "Tea"]))
    visible = partition.visible(0)
    dense = np.ones(2, dtype=np.float32)
    lexical = partition.postings.match(ids("tea"), visible)
    for one in rank(partition, visible, dense, lexical, limit=5, now=0, cues=Cues(frozenset(["tea"]))):
        assert 0 <= one.score <= 1


def test_codes_estimate_the_cosine_and_rank_the_near_ones_first() -> None:
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((80, 200)).astype(np.float32)
    matrix = normalize(
        centres[np.arange(20_000) % 80] + 0.7 * rng.standard_normal((20_000, 200)).astype(np.float32)
    )
    matrix[19_999] = 0
    codes = Codes(200)
    for start, stop in ((0, 1), (1, 4000), (4000, 17_000), (17_000, 20_000)):
        codes.append(matrix[start:stop])
    queries = normalize(matrix[:30] + 0.02 * rng.standard_normal((30, 200)).astype(np.float32))
    estimates, exact = codes.similarities(queries), queries @ matrix.T
    assert estimates.shape == exact.shape
    assert np.abs(estimates - exact).mean() < 0.08
    for query, estimate, truth in zip(queries, estimates, exact, strict=True):
        near = set(np.argsort(-truth)[:10].tolist())
        likely = np.sort(np.argsort(-estimate)[:500])
        assert len(near & set(likely.tolist())) >= 9
        np.testing.assert_allclose(codes.refined(query, likely), truth[likely], atol=0.005)
    everything = codes.refined(queries[0], np.arange(20_000))
    np.testing.assert_allclose(everything, exact[0], atol=0.005)
    assert everything[19_999] == 0
    assert codes.nbytes < 0.6 * matrix.nbytes


@settings(max_examples=60)
@given(
    st.integers(1, 3000), st.integers(1, 40), st.sampled_from([2, 50, 100_000]), st.floats(0, 1), st.data()
)
def test_the_best_are_those_of_a_full_sort(
    length: int, count: int, levels: int, share: float, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    scores = (rng.integers(-1, levels, length) / levels).astype(np.float32)
    visible = rng.random(length) < share
    order = sorted((-score, row) for row, score in enumerate(scores.tolist()) if visible[row] and score > 0)
    expected = [row for _, row in order]
    assert best(scores, visible, count).tolist() == expected[:count]
    taken = highest(scores, visible, count).tolist()
    assert set(expected[:count]) <= set(taken) <= set(expected)
    assert taken == sorted(taken)


@pytest.mark.parametrize("module", sorted(Path(ranking.__path__[0]).glob("*.py")), ids=lambda path: path.stem)
def test_no_product_is_left_to_blas(module: Path) -> None:
    """It would use every core, and add the last rows in another order; `vectors` cuts its own into blocks."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.MatMult) for node in ast.walk(tree))
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert module.stem == "vectors" or called.isdisjoint({"matmul", "dot", "inner", "tensordot"})
