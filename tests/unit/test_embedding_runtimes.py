"""Models that a package runs; the packages are stood in for, since they download what they run."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from powermem import Memory
from powermem._core.embedding.runtimes import RuntimeModel
from powermem._core.embedding.traits import QUESTION
from powermem.errors import ConfigError


class Recorded:
    """What was called, of either package."""

    def __init__(self) -> None:
        self.created: list[tuple[Any, dict[str, Any]]] = []
        self.calls: list[tuple[str, list[str]]] = []

    def vectors(self, kind: str, texts: Iterable[str]) -> list[Any]:
        self.calls.append((kind, list(texts)))
        return [np.array([len(text), kind == "query"], dtype=np.float64) for text in self.calls[-1][1]]


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    log = Recorded()

    class TextEmbedding:
        def __init__(self, model_name: str, **options: Any) -> None:
            log.created.append((model_name, options))

        def query_embed(self, query: list[str]) -> Any:
            return iter(log.vectors("query", query))

        def passage_embed(self, texts: list[str]) -> Any:
            return iter(log.vectors("passage", texts))

    class SentenceTransformer:
        def __init__(self, model: str, **options: Any) -> None:
            log.created.append((model, options))

        def encode(self, texts: list[str], *, show_progress_bar: bool, convert_to_numpy: bool) -> Any:
            return np.stack(log.vectors("passage", texts))

        def encode_query(self, texts: list[str], *, show_progress_bar: bool, convert_to_numpy: bool) -> Any:
            return np.stack(log.vectors("query", texts))

    for name, cls in (("fastembed", TextEmbedding), ("sentence_transformers", SentenceTransformer)):
        module = ModuleType(name)
        module.__spec__ = sys.__spec__
        setattr(module, cls.__name__, cls)
        monkeypatch.setitem(sys.modules, name, module)
    return log


@pytest.mark.parametrize("runtime", ["fastembed", "sentence_transformers"])
def test_questions_and_texts_keep_their_places(recorded: Recorded, runtime: str) -> None:
    model = RuntimeModel(runtime, "m", {"device": "cpu"})
    assert recorded.created == []
    vectors = model.embed(["a", f"{QUESTION}bb", "ccc"])
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[1, 0], [2, 1], [3, 0]]
    assert recorded.calls == [("passage", ["a", "ccc"]), ("query", ["bb"])]
    model.embed(["a"])
    assert recorded.created == [("m", {"device": "cpu"})]


@pytest.mark.parametrize("runtime", ["fastembed", "sentence_transformers"])
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    monkeypatch.setattr("powermem._core.embedding.runtimes.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=f"pip install '{runtime.replace('_', '-')}>="):
        RuntimeModel(runtime, "m")


@pytest.mark.parametrize("runtime", ["fastembed", "sentence_transformers"])
def test_a_memory_searches_with_one(recorded: Recorded, runtime: str) -> None:
    section = {"provider": runtime, "config": {"model": "mine", "model_kwargs": {"threads": 1}}}
    config = {
        "vector_store": {"config": {"database_path": ":memory:"}},
        "llm": {"provider": "none"},
        "embedder": section,
    }
    with Memory(config) as memory:
        memory.add("I keep bees", user_id="u", infer=False)
        assert memory.search("bees?", user_id="u")["results"]
    assert recorded.created == [("mine", {"threads": 1})]
    assert {kind for kind, _ in recorded.calls} == {"passage", "query"}
