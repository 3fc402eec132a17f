"""Embedding models that a package of the user's runs on this machine: fastembed and sentence-transformers.

A model is loaded by its first text, and its weights are downloaded by the package unless they are there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError
from ..hints.extras import pip_install
from .traits import QUESTION

Run = Callable[[Sequence[str], bool], Any]
"""Returns the vectors of texts; the flag says whether they are questions."""

_MODULES = {"fastembed": "fastembed", "sentence_transformers": "sentence_transformers"}


class RuntimeModel:
    """A model of one of these packages.

    Args:
        runtime: ``"fastembed"`` or ``"sentence_transformers"``.
        model: the model's name.
        options: further arguments with which the package creates the model.

    Raises:
        ConfigError: the package is not installed.
    """

    def __init__(self, runtime: str, model: str, options: Mapping[str, Any] | None = None) -> None:
        if find_spec(_MODULES[runtime]) is None:
            raise ConfigError(
                f"embedder.provider {runtime!r} needs a package: run {pip_install(runtime.replace('_', '-'))}"
            )
        self._runtime = runtime
        self._model = model
        self._options = dict(options or {})
        self._lock = threading.Lock()
        self._run: Run | None = None

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Embed texts, of which those that begin with ``QUESTION`` are questions; blocks."""
        asked = [text.startswith(QUESTION) for text in texts]
        # Neither package promises that a model may be used by several threads.
        with self._lock:
            if self._run is None:
                self._run = _LOADERS[self._runtime](self._model, self._options)
            vectors: list[Any] = [None] * len(texts)
            for kind in (False, True):
                places = [place for place, asking in enumerate(asked) if asking == kind]
                if places:
                    found = self._run([texts[place].removeprefix(QUESTION) for place in places], kind)
                    for place, vector in zip(places, found, strict=True):
                        vectors[place] = vector
        return np.asarray(vectors, dtype=np.float32)


def _fastembed(model: str, options: Mapping[str, Any]) -> Run:
    loaded = import_module("fastembed").TextEmbedding(model_name=model, **options)
    return lambda texts, asking: list((loaded.query_embed if asking else loaded.passage_embed)(list(texts)))


def _sentence_transformers(model: str, options: Mapping[str, Any]) -> Run:
    loaded = import_module("sentence_transformers").SentenceTransformer(model, **options)

    def run(texts: Sequence[str], asking: bool) -> Any:
        # Since version 5 a model knows its prompts for either.
        encode = getattr(loaded, "encode_query" if asking else "encode_document", loaded.encode)
        return encode(list(texts), show_progress_bar=False, convert_to_numpy=True)

    return run


_LOADERS: Mapping[str, Callable[[str, Mapping[str, Any]], Run]] = {
    "fastembed": _fastembed,
    "sentence_transformers": _sentence_transformers,
}
