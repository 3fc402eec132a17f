"""Which texts an embedder can read, by their script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.embedding.traits import Traits, traits_of, unread_scripts
from powermem._core.text.scripts import latin_share

UNREAD = {
    "chinese": "我昨天在公园里跑了五公里",
    "japanese": "週末にギターを習っています。",
    "korean": "저는 매운 음식을 못 먹어요",
    "russian": "Мой брат живёт в Самаре.",
    "greek": "Η αδερφή μου μένει στη Λάρισα.",
    "arabic": "أحب القهوة بدون سكر",
    "persian": "خواهرم معلم است",
    "hebrew": "אני גר בחיפה",
    "hindi": "मुझे चाय पसंद है",
    "tamil": "எனக்கு காபி பிடிக்கும்",
    "thai": "ผมแพ้กุ้งและปู",
    "georgian": "მე მიყვარს ჩაი",
    "armenian": "Ես սիրում եմ թեյ",
    "amharic": "እኔ ቡና እወዳለሁ",
    "khmer": "ខ្ញុំចូលចិត្តកាហ្វេ",
    "burmese": "ကျွန်တော် လက်ဖက်ရည် ကြိုက်တယ်",
    "with a name": "Bart在圣诞节晚会上跳舞，感觉非常开心。",
    "with a brand": "Вчера мне подарили новый iPhone на день рождения",
    "with numbers": "会议在2024年5月3日15:30开始",
    "half-width kana": "ｷﾞﾀｰを習っています",
}
READ = {
    "english": "My brother lives in Leeds.",
    "german": "Mein Bruder wohnt in Köln, gleich am Fluß.",
    "french": "Ma sœur préfère le thé à la menthe.",
    "vietnamese": "Chị tôi mở một tiệm hoa gần bệnh viện.",
    "turkish": "Kardeşim İzmir'de öğretmenlik yapıyor.",
    "a quoted word": "The Chinese word 猫 means cat, as in 小猫.",
    "a foreign name": "I met Дмитрий at the station in Berlin yesterday.",
    "decomposed": "cafe\u0301 cre\u0300me",
    "numbers": "+49 30 1234567",
    "emoji": "🎉🎉",
    "empty": "",
    "symbols": "→ × ÷ © ™ €",
    "full width": "ＨＥＬＬＯ ｗｏｒｌｄ",
    "code": "def f(x): return x*2  # 注释",
}


@pytest.mark.parametrize("text", UNREAD.values(), ids=list(UNREAD))
def test_a_model_of_latin_script_does_not_read_other_scripts(text: str):
    assert not Traits(latin=True).reads(text)
    assert Traits().reads(text)


@pytest.mark.parametrize("text", READ.values(), ids=list(READ))
def test_a_model_of_latin_script_reads_texts_that_are_mostly_in_it(text: str):
    assert Traits(latin=True).reads(text)


def test_the_share_counts_words():
    assert latin_share("我的 MacBook Pro 坏了") == 0.5
    assert latin_share("новый iPhone сломался") == pytest.approx(1 / 3)
    assert latin_share("ทดสอบระบบ test") == pytest.approx(1 / 3.25)


@given(st.text(), st.text())
def test_the_share_is_a_share(left: str, right: str):
    assert 0 <= latin_share(left) <= 1
    low, high = sorted((latin_share(left), latin_share(right)))
    if low == high == 1:
        assert latin_share(f"{left}\n{right}") == 1


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("default", "all-MiniLM-L6-v2"),
        ("huggingface", "sentence-transformers/all-MiniLM-L12-v2"),
        ("ollama", "nomic-embed-text"),
        ("ollama", "nomic-embed-text:v1.5"),
        ("ollama", "all-minilm"),
        ("ollama", "mxbai-embed-large"),
        ("siliconflow", "BAAI/bge-large-en-v1.5"),
        ("ollama", "snowflake-arctic-embed:335m"),
        ("huggingface", "intfloat/e5-large-v2"),
    ],
)
def test_models_with_the_vocabulary_of_english_read_latin_script_only(provider: str, model: str):
    assert traits_of(provider, model).latin


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("default", "multilingual-e5-small"),
        ("openai", "text-embedding-3-small"),
        ("ollama", "bge-m3"),
        ("ollama", "nomic-embed-text-v2-moe"),
        ("ollama", "snowflake-arctic-embed2"),
        ("siliconflow", "BAAI/bge-large-zh-v1.5"),
        ("huggingface", "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"),
        ("together", "intfloat/multilingual-e5-large-instruct"),
        ("mock", "mock"),
        ("mine", "my-model"),
    ],
)
def test_any_other_model_reads_every_script(provider: str, model: str):
    assert not traits_of(provider, model).latin


def test_only_the_local_multilingual_model_wants_prefixes():
    traits = traits_of("default", "multilingual-e5-small")

    assert (traits.query, traits.passage) == ("query: ", "passage: ")
    assert traits_of("openai", "multilingual-e5-small") == Traits()


def test_the_warning_says_what_to_use_instead():
    warning = unread_scripts("all-MiniLM-L6-v2")

    assert "all-MiniLM-L6-v2 does not read them" in warning
    assert "multilingual-e5-small" in warning or "bge-m3" in warning
