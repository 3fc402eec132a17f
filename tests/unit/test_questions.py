"""Reading a query: its words, whom it asks about, and when."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.clock import from_datetime, to_iso
from powermem._core.query.question import find_period, read, voiced
from powermem._core.text import flags
from powermem._core.text.terms import count_terms, term_id

NOW = from_datetime(datetime(2026, 11, 21, 9, 30))


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("Where did Ana go?", "Where did I go?"),
        ("What is Ana's favourite tea?", "What is my favourite tea?"),
        ("What does Ana think of Bo's dog?", "What does I think of Bo's dog?"),
        ("Where did Ana Maria put Ana Maria\u2019s keys?", "Where did I put my keys?"),
        ("What did Ana and Bo cook?", "What did I and Bo cook?"),
        ("When was the party?", None),
        ("Ana's tea", None),
        ("where did she go", None),
        ("安娜去了哪里？", None),
        ("", None),
    ],
)
def test_a_question_about_somebody_is_put_in_their_words(query: str, form: str | None) -> None:
    assert voiced(query) == form


@pytest.mark.parametrize(
    ("query", "first", "end"),
    [
        ("What did we plan last May?", "2026-05-01", "2026-06-01"),
        ("What happened last November?", "2025-11-01", "2025-12-01"),
        ("Who came in December?", "2025-12-01", "2026-01-01"),
        ("Where was Ana in 2022?", "2022-01-01", "2023-01-01"),
        ("Who called in February 2024?", "2024-02-01", "2024-03-01"),
        ("What was on 8 May 2023?", "2023-05-08", "2023-05-09"),
        ("What was on 2023-05-08?", "2023-05-08", "2023-05-09"),
        ("What did she eat yesterday?", "2026-11-20", "2026-11-21"),
        ("What did she do last weekend?", "2026-11-14", "2026-11-16"),
        ("What did I say two weeks ago?", "2026-11-07", "2026-11-08"),
        ("我们两周前聊了什么？", "2026-11-07", "2026-11-08"),
        ("三个月前", "2026-08-01", "2026-09-01"),
        ("上个月她去了哪里？", "2026-10-01", "2026-11-01"),
        ("去年", "2025-01-01", "2026-01-01"),
        ("1999年5月", "1999-05-01", "1999-06-01"),
    ],
)
def test_a_time_in_a_query_is_a_period(query: str, first: str, end: str) -> None:
    period = find_period(query, NOW)
    assert period is not None
    assert (to_iso(period.start)[:10], to_iso(period.end)[:10]) == (first, end)
    # The first day is among the terms by which an event is found, or its year is.
    assert {term_id(first), term_id(first[:4])} & set(period.terms)


@pytest.mark.parametrize(
    "query", ["What may Ana do?", "May Ana come?", "the 31 June 2023", "in two weeks", "3 2"]
)
def test_what_names_no_time_has_no_period(query: str) -> None:
    assert find_period(query, NOW) is None


@pytest.mark.parametrize(
    ("query", "when"),
    [
        ("When did Ana move?", True),
        ("what year was it", True),
        ("什么时候搬家的？", True),
        ("Wann kam sie?", True),
        ("Where did Ana go when it rained?", False),
    ],
)
def test_a_query_may_ask_for_a_time(query: str, when: bool) -> None:
    assert read(query, NOW).cues.when is when


def test_phrases_are_what_stands_in_quotation_marks() -> None:
    cues = read('Who said "green tea" or “black coffee” or "cake"?', NOW).cues
    assert cues.phrases == [[term_id("green"), term_id("tea")], [term_id("black"), term_id("coffe")]]


@given(st.text(max_size=60))
def test_any_text_can_be_asked(text: str) -> None:
    question = read(text, NOW)
    assert len(set(question.sought.terms)) == len(question.sought.terms)


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("Where were you?", [flags.ASKS]),
        ("Is this you? [shares a photo]", [flags.ASKS]),
        # What is seen in the photo tells something.
        ("Is this you? [shares a photo of a dog]", []),
        ("I drink tea with milk. And you?", []),
        ("你去哪了？", [flags.ASKS]),
        ("Really? I had no idea.", []),
        ("I moved last week", [flags.TELLS_TIME]),
        ("Were you there yesterday?", [flags.ASKS, flags.TELLS_TIME]),
        ("我昨天去了", [flags.TELLS_TIME]),
        ("", []),
    ],
)
def test_a_text_is_marked_by_what_it_asks_and_tells(text: str, noted: list[str]) -> None:
    assert flags.of(text) == noted


def test_marks_and_sources_add_terms_but_no_length() -> None:
    plain, counts = count_terms("green tea")
    with_more, more = count_terms("green tea", (), ["tea", "?", "porto"])
    assert set(with_more) == {*plain, term_id("?"), term_id("porto")}
    assert sum(more) == sum(counts) == 2
