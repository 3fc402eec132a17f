"""The estimate of tokens, beside what OpenAI's ``o200k_base`` really takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem.tokens import cut, estimate_tokens, within

REAL = [
    ("I moved to Lisbon in May 2023 and work as a nurse at the harbour clinic, three nights a week.", 24),
    ("Her sister's dog is called Bello; he loves long walks by the river and is afraid of thunder!", 21),
    ("Ich wohne seit drei Jahren in Köln und arbeite dort als Lehrerin an einer Grundschule.", 20),
    ("Od trzech lat mieszkam w Krakowie i pracuję jako nauczycielka w szkole podstawowej.", 24),
    ("Üç yıldır İzmir'de yaşıyorum ve bir ilkokulda öğretmen olarak çalışıyorum.", 23),
    ("Я уже три года живу в Казани и работаю учительницей в начальной школе.", 20),
    ("Ζω στη Θεσσαλονίκη εδώ και τρία χρόνια και δουλεύω ως δασκάλα.", 22),
    ("أعيش في القاهرة منذ ثلاث سنوات وأعمل معلمة في مدرسة ابتدائية.", 16),
    ("मैं तीन साल से पुणे में रहती हूँ और एक प्राथमिक विद्यालय में पढ़ाती हूँ।", 18),
    ("我三年前搬到了杭州，现在在一所小学当老师，周末喜欢去西湖边散步。", 24),
    ("三年前から京都に住んでいて、小学校で教師をしています。", 16),
    ("저는 삼 년 전부터 부산에 살면서 초등학교에서 교사로 일하고 있습니다.", 21),
]  # fmt: skip


@pytest.mark.parametrize(("text", "real"), REAL)
def test_the_estimate_is_high_rather_than_low(text: str, real: int) -> None:
    assert 0.95 * real <= estimate_tokens(text) <= 1.9 * real


def test_nothing_takes_nothing() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("2023") == 4


@given(st.text(), st.integers(0, 50))
def test_what_is_cut_fits_and_is_as_long_as_can_be(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert text.startswith(kept)
    assert estimate_tokens(kept) <= limit
    assert kept == text or estimate_tokens(text[: len(kept) + 1]) > limit


@given(st.lists(st.text()))
def test_parts_take_no_less_than_the_whole(parts: list[str]) -> None:
    assert estimate_tokens("".join(parts)) <= sum(map(estimate_tokens, parts))


def test_what_does_not_fit_is_passed_over() -> None:
    assert within([5, 9, 4, 1, 1], lambda size: size, 10) == [5, 4, 1]
    assert within([5, 9], lambda size: size, 0) == []
