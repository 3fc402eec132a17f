"""What is done otherwise where there are few rows gives the same as where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.query.search import Cues, SearchRequest
from powermem._core.ranking import bm25
from powermem._core.ranking import partition as partition_module
from powermem._core.ranking.partition import Partition, PartitionRows
from powermem._core.ranking.search import Search, cosines
from powermem._core.ranking.signals import Lines, Pairs, same_run
from powermem._core.ranking.vectors import normalize
from powermem._core.ranking.weights import Weights
from powermem._core.text.flags import ASKS, FROM_ASSISTANT, TELLS_TIME
from powermem._core.text.terms import term_id
from powermem._core.values import Scope

DIMENSION = 4
WORDS = [term_id(word) for word in ("tea", "cup", "cups", "dog", "rome", ASKS, FROM_ASSISTANT, TELLS_TIME)]
FORMS = {term_id("cups"): term_id("cup")}


@contextmanager
def as_if_many() -> Iterator[None]:
    with (
        patch.object(partition_module, "_FEW", -1),
        patch.object(bm25, "_FEW", -1),
        patch.object(bm25, "_KNOWN", -1),
    ):
        yield


def rows(seed: int, first: int, count: int) -> PartitionRows:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 5, count).tolist()
    terms = [np.sort(rng.choice(np.array(WORDS, dtype=np.uint64), size, replace=False)) for size in sizes]
    vectors = normalize(rng.standard_normal((count, DIMENSION)).astype(np.float32))
    return PartitionRows(
        ids=list(range(first, first + count)),
        agents=rng.choice(["", "a"], count).tolist(),
        runs=rng.choice(["", "r", "s", "t"], count).tolist(),
        actors=rng.choice(["Tea", "Bo"], count).tolist(),
        valid_from=rng.integers(0, 9, count).tolist(),
        valid_to=[None if number else 5 for number in rng.integers(0, 5, count).tolist()],
        expires_at=[None] * count,
        embeddings=vectors.tobytes(),
        terms=b"".join(one.tobytes() for one in terms),
        frequencies=rng.integers(0, 4, sum(sizes)).astype(np.uint8).tobytes(),
        sizes=sizes,
    )


def filled(seed: int, parts: list[int], removed: int) -> Partition:
    partition = Partition(DIMENSION)
    first = 1
    for number, count in enumerate(parts):
        partition.append(rows(seed + number, first, count))
        # What was asked for before is extended by the rows that follow.
        partition.postings.flags()
        partition.links(2)
        first += count
    partition.remove(np.random.default_rng(seed).integers(1, first, removed).tolist())
    return partition


@given(
    seed=st.integers(0, 10_000),
    parts=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    removed=st.integers(0, 5),
    span=st.integers(1, 4),
    limit=st.integers(1, 10),
    words=st.booleans(),
)
def test_a_search_finds_the_same(
    seed: int, parts: list[int], removed: int, span: int, limit: int, words: bool
) -> None:
    partition = filled(seed, parts, removed)
    query = normalize(np.random.default_rng(seed + 99).standard_normal((1, DIMENSION)).astype(np.float32))
    request = SearchRequest(
        Scope("u", "a" if seed % 3 == 0 else None),
        query.tobytes(),
        WORDS[:5] if words else None,
        limit,
        Cues(frozenset({"tea"}), when=True),
        FORMS if seed % 2 else {},
    )

    def found() -> list[tuple[int, float, Mapping[str, float]]]:
        (dense,) = cosines(partition, [request.embedding])
        search = Search(partition, request, dense, weights=Weights(span=span), only=None, now=10)
        return [(one, each.score, each.parts) for one, each in search.ranked()]

    few = found()
    with as_if_many():
        many = found()
    # Sums of the same numbers in another order.
    assert [one for one, *_ in few] == [one for one, *_ in many]
    for (_, score, shown), (_, other, others) in zip(few, many, strict=True):
        assert score == pytest.approx(other, abs=1e-6)
        assert dict(shown) == pytest.approx(dict(others), abs=1e-5)


@given(
    seed=st.integers(0, 10_000),
    parts=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    removed=st.integers(0, 3),
    span=st.integers(1, 3),
    share=st.sampled_from([0.05, 0.2, 0.6, 1.0]),
)
def test_neighbours_are_the_same_as_lines_and_as_pairs(
    seed: int, parts: list[int], removed: int, span: int, share: float
) -> None:
    partition = filled(seed, parts, removed)
    rng = np.random.default_rng(seed)
    visible = partition.visible(10)
    chosen = visible & (rng.random(len(visible)) < share)
    pool = np.flatnonzero(chosen)
    # Kept for all rows, or followed from each.
    with nullcontext() if seed % 2 else as_if_many():
        taking_part, lines = Lines.of(partition, pool, np.append(chosen, False), visible, span)
    pairs = Pairs.of(partition, pool, visible, span)
    expected = np.union1d(np.flatnonzero(chosen), pairs.rows)
    assert taking_part.tolist() == expected.tolist()
    pairs = pairs.among(expected)
    assert lines.paired() == pairs.paired()
    codes = rng.integers(0, 2, len(expected))
    assert lines.differing(codes) == pytest.approx(pairs.differing(codes))
    factors = np.arange(span + 1, dtype=np.float32)
    for shape in ((len(expected),), (len(expected), 3)):
        values = rng.random(shape, dtype=np.float32)
        for by in (np.divide, np.multiply):
            assert lines.most(values, factors, by).tolist() == pairs.most(values, factors, by).tolist()


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 0.25, 0.5, 0.75]), st.booleans(), st.integers(-1, 2)),
        min_size=1,
        max_size=12,
    )
)
def test_the_best_other_row_of_a_run(given_rows: list[tuple[float, bool, int]]) -> None:
    base, strong, runs = (np.array(column) for column in zip(*given_rows, strict=True))
    found = same_run(base.astype(np.float32), strong, runs.astype(np.int64))
    for place, (_, _, run) in enumerate(given_rows):
        others = [
            score
            for other, (score, lifts, own) in enumerate(given_rows)
            if other != place and lifts and own == run and run >= 0
        ]
        expected = max(others, default=0)
        own_score = given_rows[place][0]
        if given_rows[place][1] or own_score < expected:
            assert found[place] == pytest.approx(expected)


def test_a_search_of_few_rows_looks_its_words_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    partition = filled(1, [40], 0)
    looked_up: list[int] = []
    find = bm25.Segment.find

    def counted(self: bm25.Segment, terms: np.ndarray) -> object:
        looked_up.append(len(terms))
        return find(self, terms)

    monkeypatch.setattr(bm25.Segment, "find", counted)
    request = SearchRequest(Scope("u"), None, WORDS[:5], 10, Cues(when=True))
    for _ in range(2):
        looked_up.clear()
        Search(partition, request, None, weights=Weights(), only=None, now=10).ranked()
    # The flags are kept from the first search on.
    assert looked_up == [5]
