"""Terms of many texts at once: bit by bit those of each text alone, since they are stored."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.text import vocabulary
from powermem._core.text.indexing import index, index_each
from powermem._core.values import Row, Scope

AT = 1_700_000_000_000_000

TEXTS = [
    "I like green tea, and my cat likes tea too.",
    "",
    " \t\n ",
    "tea tea tea",
    "x " * 300,
    "Where were you yesterday?",
    "Is this you? [shares a photo]",
    "Were you there? I left early in the morning.",
    "My name is Ana, and they call me Annie.",
    "Hello, I'm called O'Brien",
    "In May 2023, at 10:30, we paid 1,000 for CN-A10293 (v1.1.7).",
    "TODAY: user_id, userId, foo.bar@example.com, C++ and e-mail; 8th of March",
    "yesterday-today x2023 2023x 20234 (2024) last\x1cnext\x0bweek",
    "don't can't won't what's state-of-the-art U.S. rock'n'roll",
    "a" * 64 + " " + "b" * 65,
    "a" * 200,
    "a-" * 40,
    "It\u2019s \u201cfine\u201d \u2014 really\u2026 a\u00a0b \u00ab2023\u00bb",
    "today\u02bcs news",
    "Today\u2019s news: next\u2013week\u2026",
    "Ich wohne seit letztem Jahr in München und trinke gern Tee.",
    "Ich wohne seit dem Sommer in Bonn und trinke gern Tee.",
    "Je m'appelle Zoé et j'habite à Lyon.",
    "est-ce que tu aimes le chocolat ?",
    "Me llamo José; vivo en España desde hace dos años. ¿Y tú?",
    "Mi piace il caffè, non mi piace il tè.",
    "Ik woon in Utrecht en ik hou van fietsen.",
    "Eu moro em São Paulo e não gosto de café.",
    "Jag bor i Malmö och dricker ofta te.",
    "Mieszkam w Łodzi i lubię herbatę.",
    "Я живу в Москве и люблю чай.",
    "Ζω στην Αθήνα και μου αρέσει ο καφές;",
    "אני גר בתל אביב ואוהב תה.",
    "أنا أعيش في القاهرة وأحب الشاي؟",
    "मैं दिल्ली में रहता हूँ और चाय पसंद है।",
    "ฉันชอบดื่มชา",
    "私は東京に住んでいて、昨日お茶を飲みました。",
    "我去年住在北京，喜欢喝茶。你呢？",
    "저는 서울에 살고 차를 좋아해요.",
    "Tôi sống ở Hà Nội và thích trà.",
    "İstanbul'da yaşıyorum ve çay severim.",
    "tea \U0001f375 and \u2615, \U0001f1eb\U0001f1f7!",
    "\uff26\uff35\uff2c\uff2c width, soft\u00adhyphen, \u017feven, \u212aelvin",
    "lone \ud800 surrogate",
]


def _row(
    text: str,
    actor_id: str | None = None,
    at: int = AT,
    utc_offset: int | None = None,
    facets: dict[str, object] | None = None,
) -> Row:
    return Row(1, Scope("ana"), text, "", actor_id, valid_from=at, utc_offset=utc_offset, facets=facets or {})


def _agree(rows: list[Row], sources: list[str] | None = None) -> None:
    sources = sources or [""] * len(rows)
    assert index_each(rows, sources) == [index(*both) for both in zip(rows, sources, strict=True)]


@pytest.mark.parametrize("text", TEXTS)
def test_each_text_has_the_terms_that_it_has_alone(text: str) -> None:
    _agree([_row(text)] * 7)


def test_texts_of_any_languages_can_be_cut_together() -> None:
    _agree([_row(text) for text in TEXTS])
    _agree([_row(f"{one} {other}") for one, other in product(TEXTS, repeat=2)])


FACETS = [
    {"role": "assistant"},
    {"role": "user", "kind": "fact", "title": "Tea"},
    {"entities": ("Green Tea", "Ana"), "tags": ["food"]},
    {"claims": ["ana:likes"], "event_at": AT + 90_000_000_000},
]


def test_speaker_date_facets_and_source_count_as_for_one() -> None:
    whose = [None, "Ana", "Ana Maria", "安娜", "u1@example.com"]
    moments = [(AT, None), (AT, 3600), (AT, -86_399), (0, 0), (-1, 0), (-(1 << 62), 0), (1 << 62, 86_399)]
    texts = ["Ana drank tea on Tuesday 14.", "お茶", "Did she?"]
    rows = [
        _row(text, actor, *moment, facets)
        for text, actor, moment, facets in product(texts, whose, moments, [None, *FACETS])
    ]
    _agree(rows)
    _agree(rows, [["", row.text, "Ana said: I drink tea daily"][place % 3] for place, row in enumerate(rows)])


WORDS = st.sampled_from([word for text in TEXTS for word in text.split()])
WRITTEN = st.lists(WORDS | st.text(max_size=8), max_size=12).map(" ".join) | st.text(max_size=40)


@given(st.lists(st.tuples(WRITTEN, st.sampled_from([None, "Ana", "安娜"])), min_size=6, max_size=12))
def test_any_texts_have_the_terms_that_they_have_alone(said: list[tuple[str, str | None]]) -> None:
    _agree([_row(text, actor) for text, actor in said])


def test_what_it_knows_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_MOST_PARTS", 50)
    monkeypatch.setattr(vocabulary, "_spare", [])
    for turn in range(20):
        _agree([_row(f"word{turn}x{number} tea") for number in range(8)])
        assert all(len(known) < 50 for known in vocabulary._spare)
    assert len(vocabulary._spare) <= 1


def test_threads_share_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_spare", [])
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            rows = [[_row(f"{text} {turn}") for text in TEXTS[:20]] for turn in range(40)]
            list(pool.map(_agree, rows))
    finally:
        sys.setswitchinterval(interval)
    assert len(vocabulary._spare) <= 4
