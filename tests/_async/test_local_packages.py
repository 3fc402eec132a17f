"""The local embedder where its packages are not installed."""

from __future__ import annotations

import sys

import pytest

from powermem._async.providers.local import AsyncLocalEmbedder
from powermem._core.embedding.minilm import MiniLM, MissingLocalModel


async def test_without_its_packages_it_can_be_made_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    embedder = AsyncLocalEmbedder(MiniLM())

    with pytest.raises(MissingLocalModel, match=r"tokenizers.*pip install 'onnxruntime"):
        await embedder.embed(["a text"])
    await embedder.close()
