"""Which language a text is in, and what becomes of its words."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from powermem._core.text import stemming
from powermem._core.text import terms as module
from powermem._core.text.languages import STOP_WORDS, content, likely_languages
from powermem._core.text.stemming import stem_in
from powermem._core.text.terms import first_person_terms, honorific_terms, query_forms, query_terms, terms

DATA = json.loads(files("powermem").joinpath(STOP_WORDS).read_text("utf-8"))
WORDS = {language: " ".join(lines).split() for language, lines in DATA["words"].items()}

TOLD = {
    "german": "Wo wohnt denn meine Schwester?",
    "french": "Ma sœur habite près de Lyon",
    "spanish": "Prefiero el café sin azúcar",
    "italian": "Dove abita la mia famiglia?",
    "portuguese": "Minha irmã mora em Lisboa",
    "dutch": "Mijn zus woont in Utrecht",
    "swedish": "Jag jobbar som läkare",
    "danish": "Hvornår kommer hun hjem?",
    "norwegian": "Hva heter søsteren din?",
    "finnish": "Missä minun siskoni asuu?",
    "hungarian": "A nővérem Szegeden lakik",
    "turkish": "Kız kardeşim İzmir'de yaşıyor",
    "polish": "Gdzie mieszka moja siostra?",
    "czech": "Kde bydlí můj bratr?",
    "romanian": "Sora mea locuiește în Cluj",
    "catalan": "La meva germana viu amb mi",
    "indonesian": "Saya suka kucing hitam",
    "serbian": "Što voli njegova sestra, gdje živi?",
    "lithuanian": "Mano sesuo gyvena Kaune, ar ne?",
    "estonian": "Mulle meeldivad mustad kassid",
    "basque": "Nire arreba eta bere laguna",
    "esperanto": "Mia fratino kaj ŝia amiko",
    "irish": "Tá mé agus mo dheirfiúr anseo",
    "persian": "خواهرم را در شیراز دیدم که است",
}
NOT_TOLD = [
    "The man from Los Angeles had a bet on the war",
    "El Paso, Texas",
    "Dinner with Björk and Zoë at the café",
    "Ludwig van Beethoven met Juan in Le Havre",
    "favourite colour",
    "cafe latte",
    "أين يعيش أخي من هذا",
    "我喜欢茶",
    "",
]
# Two forms of a word in a sentence of its language each.
FORMS = {
    "german": ("Ich mag alte Häuser", "Das ist ein Haus"),
    "french": ("Elle est née dans les montagnes", "Où est la montagne ?"),
    "spanish": ("Las canciones que me gustan", "¿Cuál es la canción?"),
    "italian": ("Mi piacciono i gatti e le montagne", "Dove è la montagna?"),
    "finnish": ("Minä olen ollut taloissa", "Missä on talo?"),
    "russian": ("Она живёт с кошками", "Где кошка?"),
    "arabic": ("شربت القهوة", "قهوة"),
    "greek": ("Μου αρέσουν οι γάτες", "Η γάτα"),
    "hindi": ("किताबें", "किताब"),
    "tamil": ("புத்தகங்கள்", "புத்தகம்"),
}


@pytest.fixture
def without_stemmers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extra ``languages`` is not installed."""
    caches = (stemming._stemmer, module._expand, module._ids, module._query_forms)
    monkeypatch.setitem(sys.modules, "snowballstemmer", None)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def told(sentence: str) -> tuple[str, ...]:
    return module._cut(sentence)[1]


@pytest.mark.parametrize(("language", "sentence"), TOLD.items(), ids=TOLD)
def test_a_short_sentence_tells_its_language(language: str, sentence: str) -> None:
    assert language in told(sentence)
    assert language in told(sentence.upper())


@pytest.mark.parametrize("sentence", NOT_TOLD)
def test_names_and_loan_words_tell_no_language(sentence: str) -> None:
    assert told(sentence) == ()


def test_every_language_has_its_stemmer() -> None:
    assert {name for names in DATA["letters"].values() for name in names.split()} <= set(WORDS)
    assert all(stem_in(language, "x") == "x" for language in WORDS)


def test_few_languages_are_told_at_once() -> None:
    for words in WORDS.values():
        assert len(words) == len(set(words))
        assert all(len(likely_languages([word], word)) <= 3 for word in words)


@pytest.mark.parametrize(("memory", "question"), FORMS.values(), ids=FORMS)
def test_forms_of_a_word_meet(memory: str, question: str) -> None:
    assert set(terms(memory)) & set(query_terms(question))


def test_without_stemmers_the_words_themselves_are_terms(without_stemmers: None) -> None:
    assert stem_in("german", "häuser") is None
    assert terms("Das sind alte Häuser") == ["da", "sind", "alt", "hauser"]
    assert not set(terms(FORMS["german"][0])) & set(query_terms(FORMS["german"][1]))


@given(st.sampled_from([language for language in TOLD if language != "persian"]), st.text(max_size=20))
def test_stems_come_in_addition(language: str, words: str) -> None:
    # So a memory that was indexed by its words alone is found by a question whose language is told, and the
    # other way round.
    assume(not told(words))
    assert set(terms(words)) <= set(terms(f"{TOLD[language]} . {words}"))


def test_stemmers_serve_many_threads() -> None:
    words = [
        f"{start}{end}" for start in ("haus", "katz", "blum", "wohn") for end in ("en", "er", "ungen", "e")
    ]
    expected = [stem_in("german", word) for word in words]
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: [stem_in("german", word) for word in words], range(50)):
            assert got == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Wo ist der Bahnhof?", ["bahnhof"]),
        ("¿Dónde está la playa?", ["playa", "play"]),
        ("Где мой кот?", ["кот"]),
        ("ما هو الاسم؟", ["الاسم", "اسم"]),
        ("Wo ist der?", ["wo", "ist", "der"]),
        ("你最喜欢什么颜色？", ["最喜", "喜欢", "颜色"]),
        ("我们的目的是什么", ["目的"]),
        ("什么", ["什", "么", "什么"]),
        ("我在哪家医院上班？", ["在", "医院", "院上", "上班"]),
        ("你几点开会？", ["开会"]),
        ("怎么去机场", ["去机", "机场"]),
        ("能不能给我推荐餐厅吗", ["给", "推荐", "荐餐", "餐厅"]),
        ("好きな色は何ですか", ["好き", "色"]),
        ("私の職業は？", ["私", "職業"]),
        ("どこで英語を習っていますか", ["英語", "習"]),
        ("パーティーで飲んではいけないものは何？", ["パー", "ーテ", "ティ", "ィー", "飲"]),
        ("りんごが好きですか", ["りん", "んご", "好き"]),
        ("ぶどうが好き？", ["ぶど", "どう", "好き"]),
        ("いくらが好き？", ["いく", "くら", "好き"]),
        ("くだものは好き？", ["くだ", "だも", "好き"]),
        ("旅行はどうでしたか", ["旅行", "どう"]),
        ("很多大象", ["很多", "多大", "大象"]),
        ("几何考试在哪天？", ["几何", "何考", "考试", "试在"]),
        ("คะแนนสอบเท่าไร", ["คะ", "ะแ", "แน", "นน", "นส", "สอ", "อบ"]),
        ("給料が上がったのはいつ？", ["給料", "上が", "った", "たの", "のは"]),
        ("Womit fährt meine Tante zur Arbeit?", ["fahrt", "tant", "arbeit"]),
        ("Muss ich heute Abend etwas kochen?", ["heut", "abend", "kochen", "koch"]),
        ("Quand est-ce que je dois partir ?", ["partir", "part"]),
        ("Où ai-je garé ma voiture ?", ["gare", "gar", "voitur"]),
        ("¿Cuántos hermanos tengo?", ["hermano", "herman"]),
        ("Сколько лет моему сыну?", ["лет", "сыну", "сын"]),
        ("Quale treno devo prendere?", ["treno", "tren", "prender", "prend"]),
        ("मेरे कितने भाई हैं?", ["भाई", "भ"]),
        ("كم عمر ابنتي؟", ["عمر", "ابنتي", "ابنت"]),
        ("แมวของฉันอยู่ที่ไหน", ["แม", "มว"]),
        ("내 여동생은 몇 살이에요?", ["여동", "동생", "살"]),
        ("さくらは何色", ["さく", "くら", "色"]),
        ("고양이는 어디에 있어요?", ["고양", "양이"]),
        ("나무는 뭐예요", ["나무"]),
        ("๒๕๖๖", ["๒๕๖๖", "2566"]),
        ("٢٠٢٣", ["٢٠٢٣", "2023"]),
    ],
)
def test_words_that_say_nothing_are_not_looked_for(question: str, expected: list[str]) -> None:
    assert query_terms(question) == expected


@pytest.mark.parametrize("run", ["茶", "我", "は", "를", "나", "ก", "の" * 100])
def test_every_part_of_a_run_is_some_text(run: str) -> None:
    assert all(content(run))
    assert query_terms(run)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("getUserName", ["getusernam", "get", "user", "name"]),
        ("api.fetchAll", ["api.fetchall", "api", "fetchal", "fetch", "all"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("iPhone McDonald GHz", ["iphon", "mcdonald", "mc", "donald", "ghz"]),
        ("aGVsbG8gd29ybGQ", ["agvsbg8gd29ybgq"]),
        ("#SlowTravel", ["slowtravel", "slow", "travel"]),
        ("https://docs.example.org/a_b?x=1", [
            "http", "docs.example.org", "doc", "exampl", "org", "a_b", "a", "b", "x", "1"]),
        ("a\u200bb \u202babc\u202c ab\u200f.", ["ab", "abc", "ab"]),
        ("كـتاب كِتَاب", ["كتاب", "كتاب"]),
    ],
)  # fmt: skip
def test_identifiers_and_invisible_characters(written: str, expected: list[str]) -> None:
    assert terms(written) == expected


def test_a_brand_is_asked_for_as_a_whole() -> None:
    assert query_terms("YouTube and GitHub") == ["youtub", "github"]


def test_the_forms_of_a_word_are_told() -> None:
    forms = query_forms("Wo sind meine Wohnungen und topic-5?")
    assert forms == {
        "wohnungen": "wohnungen", "wohnung": "wohnungen", "topic-5": "topic-5", "topic": "topic", "5": "5"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Wo wohne ich?", {"ich", "mein"}),
        ("Quel animal ai-je ?", {"je", "mon"}),
        ("Сколько лет моему сыну?", {"я", "моему"}),
        ("我对什么过敏？", {"我"}),
        ("私の車は何色？", {"私", "僕"}),
        ("내 생일은 언제예요?", {"나는", "제가"}),
        ("मेरे कितने भाई हैं?", {"मैं", "मेरे"}),
        ("Wo wohnt Jonas?", set()),
        ("小李住在哪里？", set()),
        ("Where do I live?", set()),
        ("", set()),
    ],
)
def test_the_first_person_of_a_question_is_found_in_its_language(question: str, expected: set[str]) -> None:
    found = first_person_terms(question)

    assert expected <= set(found) if expected else found == []


def test_a_japanese_question_that_names_nobody_is_about_who_asks() -> None:
    assert honorific_terms("アレルギーは何？")[0] == ["さん"]
    for question in (
        "田中さんのアレルギーは何？",
        "彼はどこに住んでいる？",
        "我对什么过敏？",
        "Where?",
        "誰が来た？",
    ):
        assert honorific_terms(question) == ([], []), question
