# Generated from tests/_async/test_local_packages.py by scripts/run_unasync.py; edit that file instead.
"""The local embedder where its packages are not installed."""

from __future__ import annotations

import sys

import pytest

from powermem._core.embedding.minilm import MiniLM, MissingLocalModel
from powermem._sync.providers.local import LocalEmbedder


def test_without_its_packages_it_can_be_made_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    embedder = LocalEmbedder(MiniLM())

    with pytest.raises(MissingLocalModel, match=r"tokenizers.*pip install 'onnxruntime"):
        embedder.embed(["a text"])
    embedder.close()
