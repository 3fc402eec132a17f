"""Long texts in windows: where they are cut, how many there are, and how rows with several are scored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.embedding.windows import MAX_WINDOWS, covered, divide, estimated, spans
from powermem._core.ranking.columns import FloatArray
from powermem._core.ranking.partition import Partition, PartitionCache, PartitionRows
from powermem._core.ranking.search import columns
from powermem._core.ranking.vectors import normalize
from powermem._core.ranking.windows import DISCOUNTS, SPREAD, best_cosines, direction, discount
from powermem._core.text.graphemes import boundary_after, boundary_before, is_boundary
from powermem.tokens import estimate_tokens

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TEXTS = {
    "English": "The ferry to the island leaves at nine. Take a coat, because the deck is cold! " * 40,
    "German": "Die Fähre zur Insel fährt um neun. Nimm einen Mantel mit, denn an Deck ist es kalt! " * 40,
    "Chinese": "去岛上的渡轮九点出发。带件外套，因为甲板上很冷！" * 60,
    "Japanese": "島へのフェリーは九時に出ます。甲板は寒いので、コートを持って行ってください！" * 50,
    "Korean": "섬으로 가는 배는 아홉 시에 떠나요. 갑판이 추우니 코트를 가져가세요! " * 50,
    "Arabic": "تغادر العبارة إلى الجزيرة في التاسعة. خذ معطفا، لأن السطح بارد؟ " * 50,
    "Hindi": "द्वीप के लिए नाव नौ बजे जाती है। डेक पर ठंड है, इसलिए कोट ले लो। " * 50,
    "Thai": "เรือข้ามฟากไปเกาะออกเก้าโมง เอาเสื้อคลุมไปด้วยเพราะบนดาดฟ้าหนาว " * 50,
    "without spaces": "x" * 5000,
    "emoji": FAMILY * 400,
    "flags": "\U0001f1f5\U0001f1f9\U0001f1eb\U0001f1f7" * 300,
    "combining": "e\u0301o\u0308\u0323" * 900,
    "jamo": "\u1100\u1161\u11a8" * 900,
    "surrogates": "\ud83d lone \udc00 ones. " * 300,
}
LIMIT = 60


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_windows_fit_and_cover_a_text_without_dividing_a_character(text: str) -> None:
    places = spans(text, estimated(LIMIT), 10_000)
    assert len(places) > 1
    assert (places[0][0], places[-1][1]) == (0, len(text))
    assert all(estimate_tokens(text[start:end]) <= LIMIT for start, end in places)
    for (start, end), (following, _) in pairwise(places):
        assert start < following <= end
        assert end - following <= (end - start) // 4
    assert all(is_boundary(text, place) for span in places for place in span)
    windows = divide(text, estimated(LIMIT), 10_000)
    assert windows == [text[start:end].strip() for start, end in places]
    assert covered(text, windows, 10_000)


@given(
    st.text(
        st.sampled_from(
            "ab. \n\r\t今。é\u0301\u200d\U0001f468\U0001f3fd\U0001f1f5\U0001f1f9\u0915\u094d\ud800"
        ),
        max_size=300,
    ),
    st.integers(4, 30),
    st.integers(2, 12),
)
def test_any_text_has_windows(text: str, limit: int, most: int) -> None:
    fitting = estimated(limit)
    windows = divide(text, fitting, most)
    assert 1 <= len(windows) <= most
    assert all(window in text for window in windows)
    assert windows == [text] or fitting(text, 0) < len(text) or not text.strip()
    for start, end in spans(text, fitting, most):
        assert 0 <= start < end
        assert is_boundary(text, start)
        assert is_boundary(text, end)
        # Only what looks like one character is longer than a window.
        assert estimate_tokens(text[start:end]) <= limit or boundary_after(text, start + 1) >= end


PARAGRAPH = "It rained all day. We stayed inside and played cards. " * 2
CODE = (
    "```python\n" + "".join(f"def step_{n}(value):\n    return value + {n}\n\n" for n in range(40)) + "```\n"
)
TABLE = "| name | price |\n|---|---|\n" + "".join(f"| item {n} | {n * n} |\n" for n in range(80))


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("\n\n".join(f"{n}. {PARAGRAPH}" for n in range(20)), ("cards.",)),
        ("".join(f"- item {n} of the list\n" for n in range(80)), ("list",)),
        (CODE, (*(f"+ {n}" for n in range(40)), "```")),
        (TABLE, (" |",)),
        ("I came home late. " * 60, ("late.",)),
        ("他回家很晚。" * 60, ("晚。",)),
        ("क्या आप घर पर हैं। " * 60, ("हैं।",)),
        ("one two three, four five six, " * 60, ("three,", "six,")),
        ("word " * 300, ("word",)),
    ],
    ids=["paragraphs", "list", "code", "table", "sentences", "Chinese", "Hindi", "clauses", "words"],
)
def test_a_window_ends_where_a_reader_pauses(text: str, ends: tuple[str, ...]) -> None:
    windows = divide(text, estimated(LIMIT))
    assert len(windows) > 2
    for window in windows:
        assert window.endswith(ends)


def test_the_last_window_is_no_leftover() -> None:
    for count in range(20, 60):
        windows = divide("I came home late. " * count, estimated(LIMIT))
        assert len(windows[-1]) >= len(windows[0]) // 3


def test_of_too_many_windows_they_are_at_equal_distances() -> None:
    text = " ".join(f"Sentence {number} is about tea." for number in range(4000))
    calls: list[int] = []
    fits = estimated(LIMIT)

    def fitting(text: str, start: int) -> int:
        calls.append(start)
        return fits(text, start)

    windows = divide(text, fitting, 16)
    assert len(windows) == 16
    places = [text.index(window) for window in windows]
    steps = np.diff(places)
    assert max(steps) < 1.2 * min(steps)
    assert text.startswith(windows[0])
    assert text.endswith(windows[-1])
    assert not covered(text, windows, 16)
    # However long the text.
    assert len(calls) <= 2 * 16 + 5


@pytest.mark.parametrize("marks", [3, 20, 100])
def test_a_text_that_ends_in_a_long_character_has_no_empty_window(marks: int) -> None:
    text = "ab. " * 40 + "e" + "\u0301" * marks
    for most in range(2, 12):
        assert all(start < end for start, end in spans(text, estimated(4), most))


@pytest.mark.parametrize("unit", ["a", "\n", " a", "界", "\u0301", "\U0001f1e6", "a. ", "\u0e01", FAMILY])
def test_a_million_characters_of_anything(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    windows = divide(text, estimated(254))
    assert 1 <= len(windows) <= MAX_WINDOWS


CLUSTERS = [
    "e\u0301", "\r\n", FAMILY, "\U0001f44d\U0001f3fd", "\U0001f1f5\U0001f1f9", "\u1100\u1161\u11a8",
    "\u0e01\u0e33", "\u0915\u094d\u0937", "1\ufe0f\u20e3", "\u0600\u0661", "\uac01\u11a8", " \u0301",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
]  # fmt: skip


@pytest.mark.parametrize("cluster", CLUSTERS, ids=[ascii(one) for one in CLUSTERS])
def test_nothing_is_cut_inside_a_character(cluster: str) -> None:
    text = f"a{cluster}b{cluster}"
    end = 1 + len(cluster)
    assert [place for place in range(end + 1) if is_boundary(text, place)] == [0, 1, end]
    assert boundary_before(text, end - 1) == 1
    assert boundary_after(text, 2) == end


def test_flags_are_counted_in_pairs() -> None:
    text = "\U0001f1f5\U0001f1f9\U0001f1eb\U0001f1f7"
    assert [place for place in range(5) if is_boundary(text, place)] == [0, 2, 4]


def test_syllables_of_hangul_are_cut_apart() -> None:
    text = "\u1100\u1161\u11a8" * 2 + "\uac00\uac01\u1100"
    assert [place for place in range(10) if is_boundary(text, place)] == [0, 3, 6, 7, 8, 9]


# Scores.

DIMENSION = 64


def vectors(count: int, seed: int) -> FloatArray:
    return normalize(np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32))


def page(sizes: list[int | None], first: int, seed: int) -> tuple[PartitionRows, list[FloatArray]]:
    """Return rows with so many windows each, as they come from a store, and their vectors."""
    stored = [
        np.zeros((1, DIMENSION), np.float32) if not n else vectors(n, seed + i) for i, n in enumerate(sizes)
    ]
    rows = [
        (first + i, "", "", None, 0, None, None, None if sizes[i] is None else one.tobytes(), b"", b"")
        for i, one in enumerate(stored)
    ]
    return columns(rows, DIMENSION), stored


def score(windows: FloatArray, query: FloatArray) -> float:
    """Return what a row scores."""
    return float((windows @ query).max()) - float(discount(np.array([len(windows)]))[0])


SIZES: list[list[int | None]] = [[1, 1], [3, 1, None, 5], [1], [2], [None], [64, 1, 2, 2]]


@pytest.mark.parametrize("coded", [False, True])
def test_a_row_is_as_near_as_its_best_window(coded: bool) -> None:
    partition = Partition(DIMENSION, coded=coded)
    expected: list[FloatArray] = []
    for number, sizes in enumerate(SIZES):
        rows, stored = page(sizes, 10 * number, 100 * number)
        partition.append(rows)
        expected += stored
    queries = vectors(3, 99)
    exact = np.array([[score(one, query) for one in expected] for query in queries])
    every = np.arange(len(expected))

    dense = partition.dense(queries)
    assert dense.shape == (3, len(expected))
    if coded:
        np.testing.assert_allclose(partition.refined(queries[0], every), exact[0], atol=0.02)
        some = every[1::3]
        np.testing.assert_allclose(partition.refined(queries[0], some), exact[0][some], atol=0.02)
    else:
        np.testing.assert_allclose(dense, exact, atol=1e-5)


def test_without_long_texts_nothing_is_kept_for_them() -> None:
    partition = Partition(DIMENSION)
    rows, _ = page([1, None, 1], 0, 0)
    partition.append(rows)
    assert rows.windows is None
    size = partition.nbytes
    more, _ = page([4], 10, 0)
    partition.append(more)
    assert partition.nbytes > size


def test_a_row_that_is_replaced_leaves_its_windows_behind() -> None:
    partition = Partition(DIMENSION)
    long, _ = page([4, 1], 1, 0)
    partition.append(long)
    short, (first,) = page([1], 1, 7)
    partition.append(short)
    query = vectors(1, 3)
    assert partition.dense(query)[0][2] == pytest.approx(float(first[0] @ query[0]), abs=1e-5)


def test_windows_that_do_not_fit_become_codes_once() -> None:
    cache = PartitionCache(4 * DIMENSION * 100, lambda: None, exact_rows=1000)
    partition = cache.make(DIMENSION, 10)
    first, expected = page([1] * 10, 0, 0)
    partition.append(first)
    assert not partition.coded
    for number in range(3):
        rows, stored = page([40], 100 + number, number)
        partition.append(rows)
        expected += stored
    assert partition.coded
    assert not cache.outgrown(partition)
    query = vectors(1, 5)[0]
    refined = partition.refined(query, np.arange(13))
    np.testing.assert_allclose(refined, [score(one, query) for one in expected], atol=0.02)


def test_the_best_of_many_windows_is_near_by_chance() -> None:
    """Of texts that have nothing to do with the query, the long ones come no nearer on average."""
    random = np.random.default_rng(1)
    for number in (2, 5, 20, MAX_WINDOWS):
        best = random.standard_normal((2000, number)).max(axis=1) * SPREAD
        left = float(best.mean()) - float(discount(np.array([number]))[0])
        assert abs(left) < 0.01
    assert discount(np.array([1, MAX_WINDOWS, 10 * MAX_WINDOWS])).tolist() == [
        0,
        *[pytest.approx(DISCOUNTS[-1])] * 2,
    ]


def test_cosines_of_stored_bytes() -> None:
    query = vectors(1, 1)[0]
    stored = [vectors(count, count) for count in (1, 3, 2, 1)]
    found = best_cosines(query, [one.tobytes() for one in stored])
    np.testing.assert_allclose(found, [score(one, query) for one in stored], atol=1e-6)
    assert direction(stored[0].tobytes(), DIMENSION) == stored[0].tobytes()
    mean = np.frombuffer(direction(stored[1].tobytes(), DIMENSION), np.float32)
    np.testing.assert_allclose(mean, normalize(stored[1].mean(axis=0, keepdims=True))[0], atol=1e-6)
