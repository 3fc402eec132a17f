# Generated from tests/_async/test_languages.py by scripts/run_unasync.py; edit that file instead.
"""Full text in any language: other forms of a word are found, and no text breaks a search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from powermem import Memory

pytestmark = pytest.mark.stores

# A memory, another one that shares no word with the question, and the question.
LANGUAGES = {
    "Chinese": ("我周末喜欢去西湖边喝龙井茶", "我在上海的银行上班", "你喜欢喝什么茶？"),
    "Japanese": ("毎朝ﾗﾝﾆﾝｸﾞをしています", "妹は大阪に住んでいる", "ランニングはどこでしますか"),
    "Korean": ("저는 커피를 매일 마셔요", "동생은 부산에 살아요", "커피는 누가 마시나요?"),
    "Arabic": ("يحب أخي القَهْوة في الصباح", "تعيش أختي قرب البحر", "هل عندك قهـوة؟"),
    "Persian": ("من کتاب‌های تاریخ را می‌خوانم", "خواهرم در شیراز است", "کتاب"),
    "German": ("Ich habe zwei Wohnungen in München gekauft", "Der Zug fährt um neun", "Wo ist die Wohnung?"),
    "Russian": ("Моя сестра живёт с двумя кошками", "Поезд уходит в девять", "У кого есть кошка?"),
    "Spanish": ("Me gustan las canciones de mi abuela", "El tren sale a las nueve", "¿Qué canción te gusta?"),
    "French": ("J'aime les histoires de l'océan", "Le train part à neuf heures", "Quelle histoire est-ce ?"),
    "Turkish": ("Ben kitapları çok severim", "Tren için bilet var", "Bu kitap ne?"),
    "Hindi": ("मुझे पुरानी किताबें पसंद हैं", "मेरी बहन दिल्ली में है", "कौन सी किताब?"),
    "Greek": ("Μου αρέσουν οι γάτες", "Το τρένο φεύγει στις εννέα", "Ποια γάτα είναι;"),
}

IDENTIFIERS = [
    "The order CN-A10293 has not arrived",
    "Docs are at https://docs.example.org/guide/fast_start?lang=en#top",
    "getUserName() is slow since v1.2.3",
    "Write to ann.lee+bills@mail.example",
    "Dinner was 🍕 again",
    "Posted under #SlowTravel",
]
ASKED = {
    "CN-A10293": 0, "cn-a10293?": 0, "docs.example.org": 1, "the guide": 1, "fast start": 1, "user name": 2,
    "getUserName": 2, "v1.2.3": 2, "ann.lee+bills@mail.example": 3, "who is Lee": 3, "🍕": 4, "travel": 5,
    "\u202b\uff23\uff2e\u2011\uff21\uff11\uff10\uff12\uff19\uff13\u202c": 0,
}  # fmt: skip

ODD = [
    "\x00", "tea\x00", "\ud800", "\udfff tea", "\u200d", "\u202e", "\ufeff", "\U0010ffff", "\ufdd0\ufdd1",
    "' OR 1=1 --", '"', '"tea', "tea* -\"x\" +y <z ~w @4 (v", "a & !b | c:* <-> d", "tea NEAR/2 cup AND NOT",
    "\\", "%_\\%", "{}[]$", "🇫", "👩\u200d👩\u200d👧", "e" + "\u0301" * 50, "ا" + "\u064b" * 50,
    "ｶﾞ", "ﷺ", "㍿", "가" * 500,
]  # fmt: skip


@pytest.fixture
def worded(config: dict[str, Any]) -> Iterator[Memory]:
    """A memory that goes by words alone."""
    config["embedder"] = {"provider": "none"}
    with Memory(config) as memory:
        yield memory


def test_another_form_of_a_word_is_found(worded: Memory) -> None:
    for language, (wanted, other, _) in LANGUAGES.items():
        worded.add_many([wanted, other], user_id=language, infer=False)
    for language, (wanted, other, question) in LANGUAGES.items():
        results = (worded.search(question, user_id=language, explain=True))["results"]
        found = {item["memory"]: item["score_details"]["lexical"] for item in results}
        assert found.get(wanted, 0) > 0.1, language
        assert found.get(other, 0) == 0, language


def test_identifiers_addresses_and_emoji_are_found(worded: Memory) -> None:
    worded.add_many(IDENTIFIERS, user_id="u", infer=False)
    answers = worded.search_many(list(ASKED), user_id="u", limit=1)
    found = {query: answer["results"][0]["memory"] for query, answer in zip(ASKED, answers, strict=True)}
    assert found == {query: IDENTIFIERS[place] for query, place in ASKED.items()}


def test_no_text_breaks_a_search(memory: Memory) -> None:
    kept = [text for text in ODD if "\ud800" not in text and "\udfff" not in text]
    memory.add_many([f"{text} tea" for text in kept], user_id="u", infer=False)
    answers = memory.search_many(ODD, user_id="u", limit=3)
    assert len(answers) == len(ODD)
    for text in kept:
        found = memory.search(f"{text} tea", user_id="u")
        assert f"{text} tea" in [item["memory"] for item in found["results"]]


# A question in the first person, a memory in it, and one with the same words about somebody else.
OWN = {
    "German": (
        "Wogegen bin ich allergisch?",
        "Ich bin gegen Nüsse allergisch.",
        "Jonas ist allergisch gegen Katzen.",
    ),
    "French": (
        "À quoi suis-je allergique ?",
        "Je suis allergique aux noix.",
        "Luc est allergique aux chats.",
    ),
    "Spanish": ("¿A qué tengo alergia?", "Tengo alergia a las nueces.", "Luis es de alergia a los gatos."),
    "Russian": ("На что у меня аллергия?", "У меня аллергия на орехи.", "У Павла аллергия на кошек."),
    "Chinese": ("我对什么过敏？", "我对花生过敏。", "小李对猫毛过敏。"),
    "Japanese": ("アレルギーは何？", "花粉にアレルギーがあります。", "田中さんは猫にアレルギーがあります。"),
    "Hindi": ("मुझे किससे एलर्जी है?", "मुझे मूंगफली से एलर्जी है।", "रवि को बिल्ली से एलर्जी है।"),
}


def test_a_question_in_the_first_person_is_about_who_asks(worded: Memory) -> None:
    for language, (question, own, other) in OWN.items():
        worded.add([other, own], user_id=language, infer=False)
        found = (worded.search(question, user_id=language))["results"]
        assert [item["memory"] for item in found] == [own, other], language


def test_a_question_about_somebody_else_stays_one(worded: Memory) -> None:
    for language, question in (
        ("German", "Wogegen ist Jonas allergisch?"),
        ("Chinese", "小李对什么过敏？"),
        ("Japanese", "田中さんのアレルギーは何？"),
    ):
        _, own, other = OWN[language]
        worded.add([own, other], user_id=language, infer=False)
        found = (worded.search(question, user_id=language))["results"]
        assert [item["memory"] for item in found] == [other, own], language
