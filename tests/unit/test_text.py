"""Text as terms."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.clock import date_phrase, parse
from powermem._core.text.cleaning import content_hash, normalize
from powermem._core.text.languages import stop_words
from powermem._core.text.stemming import stem
from powermem._core.text.terms import count_terms, date_terms, query_terms, shared, term_id, terms

# The examples that the 1980 paper gives for its steps, run through all of them.
PORTER = {
    "caresses": "caress", "ponies": "poni", "ties": "ti", "caress": "caress", "cats": "cat",
    "feed": "feed", "agreed": "agre", "plastered": "plaster", "bled": "bled", "motoring": "motor",
    "sing": "sing",
    "conflated": "conflat", "troubled": "troubl", "sized": "size", "hopping": "hop", "tanned": "tan",
    "falling": "fall", "hissing": "hiss", "fizzed": "fizz", "failing": "fail", "filing": "file",
    "happy": "happi", "sky": "sky", "relational": "relat", "conditional": "condit", "rational": "ration",
    "valenci": "valenc", "digitizer": "digit", "radicalli": "radic", "vietnamization": "vietnam",
    "predication": "predic", "operator": "oper", "feudalism": "feudal", "decisiveness": "decis",
    "hopefulness": "hope", "callousness": "callous", "formaliti": "formal", "sensitiviti": "sensit",
    "triplicate": "triplic", "formative": "form", "electrical": "electr", "goodness": "good",
    "revival": "reviv", "allowance": "allow", "inference": "infer", "adjustable": "adjust",
    "defensible": "defens", "irritant": "irrit", "replacement": "replac", "adjustment": "adjust",
    "dependent": "depend", "adoption": "adopt", "homologou": "homolog", "communism": "commun",
    "effective": "effect", "bowdlerize": "bowdler", "probate": "probat", "rate": "rate", "cease": "ceas",
    "controll": "control", "roll": "roll", "generalizations": "gener", "oscillators": "oscil",
}  # fmt: skip


@pytest.mark.parametrize(("word", "expected"), PORTER.items())
def test_stemmer_follows_the_paper(word: str, expected: str) -> None:
    assert stem(word) == expected


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20))
def test_stemmer_never_fails_or_lengthens(word: str) -> None:
    stemmed = stem(word)
    assert stemmed
    # Step 1b may restore one "e".
    assert len(stemmed) <= len(word) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t!? ", []),
        ("Hiking HIKES hiked", ["hike", "hike", "hike"]),
        ("Alice's user_id", ["alic", "user_id", "user", "id"]),
        ("CN-A10293", ["cn-a10293", "cn", "a10293"]),
        ("foo.bar()", ["foo.bar", "foo", "bar"]),
        ("ann.lee+x@mail.example", ["ann.lee+x@mail.example", "ann", "lee", "x", "mail", "exampl"]),
        ("1.1.7", ["1.1.7", "1", "1", "7"]),
        ("10:30, really", ["10:30", "10", "30", "realli"]),
        ("1,000,000 people", ["1000000", "peopl"]),
        ("C++ and C#", ["c++", "c", "and", "c#", "c"]),
        ("e-mail email", ["email", "e", "mail", "email"]),
        ("U.S. p.m.", ["us", "pm"]),
        ("what's it'll don't can't won't", ["what", "it", "do", "can", "will"]),
        ("O'Brien", ["obrien", "brien"]),
        ("May 8th", ["mai", "8"]),
        ("café Ångström Straße Łódź", ["cafe", "angstrom", "strass", "lodz"]),
        ("привет Ёлка", ["привет", "елка", "елк"]),
        ("हिन्दी भाषा", ["हिन्दी", "हिन्द", "भाषा", "भाष"]),
        ("我爱咖啡", ["我", "爱", "咖", "啡", "我爱", "爱咖", "咖啡"]),
        ("iPhone15手机", ["iphone15", "手", "机", "手机"]),
        ("猫", ["猫"]),
        ("がか", ["が", "か", "がか"]),
        ("커피", ["커", "피", "커피"]),
        ("ok 👍🏽 ❤️ 🇫🇷", ["ok", "👍", "❤", "🇫🇷"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    "pair",
    [
        ("café", "cafe\u0301"),
        ("what\u2019s", "what's"),
        ("\uff26\uff35\uff2c\uff2c", "full"),
        ("İstanbul", "istanbul"),
        ("state\u2011of", "state-of"),
        ("soft\u00adhyphen", "softhyphen"),
        ("한글", unicodedata.normalize("NFD", "한글")),
    ],
)
def test_writings_of_one_word_are_one_term(pair: tuple[str, str]) -> None:
    assert terms(pair[0]) == terms(pair[1]) != []


def test_ascii_path_agrees_with_the_other() -> None:
    text = "Alice's CN-A10293, user_id: foo.bar at 10:30 (v1.1.7) don't e-mail O'Brien's C++ 8th 1,000"
    assert terms(text + " é") == [*terms(text), "e"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What's the user's favourite colour?", ["user", "favourit", "colour"]),
        ("tell me about topic5 please", ["tell", "topic5", "pleas"]),
        ("user-id: topic5 AND", ["userid", "user", "id", "topic5"]),
        ("who are you", ["who", "ar", "you"]),
        ("in May 2023", ["mai", "2023"]),
        ("cat cats CAT", ["cat"]),
        ("喜欢咖啡", ["喜欢", "欢咖", "咖啡"]),
        ("茶", ["茶"]),
        ("", []),
    ],
)
def test_query_terms(text: str, expected: list[str]) -> None:
    assert query_terms(text) == expected


def test_month_names_are_searchable() -> None:
    assert not stop_words("english") & {"may", "march", "august"}


@given(st.text())
def test_any_text_is_cut(text: str) -> None:
    found = terms(text)
    assert all(found)
    assert not any(character.isspace() for term in found for character in term)
    assert set(query_terms(text)) <= set(found)
    ids, counts = count_terms(text)
    assert ids == sorted({term_id(term) for term in found})
    assert all(1 <= count <= 255 for count in counts)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_case_does_not_matter_in_ascii(text: str) -> None:
    plain = text.encode("ascii", "ignore").decode()
    assert terms(plain.upper()) == terms(plain.lower())


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\x00", "a" * 100_000, "a-" * 50_000, "中" * 20_000])
def test_odd_texts_are_cut(text: str) -> None:
    ids, counts = count_terms(text)
    assert len(ids) == len(counts)
    assert len(content_hash(text)) == 32


def test_term_ids_never_change() -> None:
    # They are stored: another number would make every index unreadable.
    assert term_id("python") == 12810737210631960232
    assert term_id("咖啡") == 3432905309854342665


def test_counts() -> None:
    ids, counts = count_terms("tea tea coffee", extra=[term_id("coffe"), term_id("2023")])
    expected = {term_id("tea"): 2, term_id("coffe"): 2, term_id("2023"): 1}
    assert dict(zip(ids, counts, strict=True)) == expected
    assert ids == sorted(ids)
    assert count_terms("x " * 300)[1] == [255]


def test_normalize() -> None:
    assert normalize("  \uff21 b\u00a0\n\tc ") == "A b c"
    assert normalize("\u2460") == "1"


@given(st.text())
def test_normalize_is_idempotent_and_hash_follows_it(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once
    assert content_hash(once) == content_hash(text)


def test_content_hash() -> None:
    assert content_hash("User likes tea") == content_hash(" User  likes\ntea ")
    assert content_hash("User likes tea") != content_hash("user likes tea")
    assert content_hash("") == "e3b0c44298fc1c149afbf4c8996fb924"


def test_dates_are_found_by_their_words() -> None:
    moment = parse("2023-05-08T23:30:00Z")
    found = date_terms(moment)
    assert found == ["2023", "mai", "8", "mondai", "2023-05-08"]
    assert date_phrase(moment) == "8 May 2023"
    for question in ("What happened in May 2023?", "on Monday", "on May 8th", "on 2023-05-08"):
        assert set(query_terms(question)) & set(found)
    assert date_phrase(parse("1969-12-31")) == "31 December 1969"


def test_the_share_of_terms_counts_all_alike() -> None:
    assert shared(query_terms("Ana lives in Faro now"), terms("Ana lives in Porto")) == 0.5
    assert shared(query_terms("Ana likes tea"), terms("Bo has a dog")) == 0
    assert shared([], terms("anything")) == 0
