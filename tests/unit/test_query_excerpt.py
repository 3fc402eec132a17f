"""What is read of a long query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.query.excerpt import MAX_TERMS, MAX_TOKENS, excerpt, few_terms
from powermem.tokens import estimate_tokens

SCRIPTS = {
    "English": "We sat by the sea and talked. ",
    "Chinese": "我们坐在海边聊天。",
    "Japanese": "海辺に座って話しました。",
    "Arabic": "جلسنا على شاطئ البحر وتحدثنا. ",
    "Hindi": "हम समुद्र के किनारे बैठे। ",
    "Thai": "เรานั่งริมทะเล",
    "emoji": "😀👍🏽",
    "one word": "a",
    "digits": "1234567890",
    "brackets": "<[({",
    "blanks": " \t\n",
    "NUL": "tea\0",
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_beginning_and_the_end_of_a_long_query_are_read(script: str) -> None:
    filling = SCRIPTS[script] * (100_000 // len(SCRIPTS[script]))
    query = f"Which sister?\n{filling}\nWhose cello?"
    read = excerpt(query)
    assert estimate_tokens(read) <= MAX_TOKENS
    assert read.startswith("Which sister?")
    assert read.endswith("Whose cello?")
    if script != "blanks":
        assert estimate_tokens(read) > MAX_TOKENS - 50


def test_words_stay_whole() -> None:
    words = [f"word{number}" for number in range(20_000)]
    assert set(excerpt(" ".join(words)).split()) < set(words)


@given(st.text(max_size=50), st.integers(0, 400))
def test_a_query_that_fits_is_read_as_it_is(text: str, times: int) -> None:
    query = text * times
    read = excerpt(query)
    if len(query) <= MAX_TOKENS:
        assert read == query
    elif estimate_tokens(query) <= MAX_TOKENS:
        assert read.split() == query.split()
    assert estimate_tokens(read) <= max(MAX_TOKENS, estimate_tokens(query))


def test_of_too_many_terms_the_first_and_the_last_are_looked_for() -> None:
    terms = list(range(MAX_TERMS))
    assert few_terms(terms) == terms
    many = list(range(10 * MAX_TERMS))
    kept = few_terms(many)
    assert len(kept) == MAX_TERMS
    assert (kept[0], kept[-1]) == (many[0], many[-1])
    assert sorted(set(kept)) == kept
