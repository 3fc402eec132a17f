"""The models that run on this machine, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from . import e5, minilm
from .minilm import Vectors

__all__ = ["LocalModel", "assemble", "is_available", "local_model"]


class LocalModel(Protocol):
    """A model that embeds in batches."""

    provider: str
    name: str
    dimension: int

    def load(self) -> None:
        """Load the model now, unless it is loaded."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the normalized vectors of texts; shape (texts, dimension)."""
        ...

    def fitting(self, text: str, start: int, *, limit: int = ...) -> int:
        """Return where a window ends that begins at ``start``; see ``windows.Fitting``."""
        ...

    def prepare(self, texts: Sequence[str]) -> Sequence[Any]:
        """Divide texts into batches, each with the index of its texts as ``rows``."""
        ...

    def run(self, batch: Any) -> Vectors:
        """Compute the vectors of one batch, in the order of its ``rows``."""
        ...


def local_model(name: str) -> LocalModel:
    """Return the model that all memories of the process share, which loads at its first text."""
    return e5.SHARED if name == e5.MODEL else minilm.SHARED


def is_available(name: str) -> bool:
    """Return whether the packages of a model are installed, without importing them."""
    return e5.available() if name == e5.MODEL else minilm.available()


def assemble(batches: Sequence[Any], parts: Sequence[Vectors], dimension: int) -> Vectors:
    """Return the vectors of all batches in the order of the texts.

    Args:
        batches: the result of ``LocalModel.prepare``.
        parts: the result of ``LocalModel.run`` for each batch.
        dimension: the length of the vectors.

    Returns:
        Shape (texts, dimension).
    """
    vectors = np.empty((sum(len(batch.rows) for batch in batches), dimension), np.float32)
    for batch, part in zip(batches, parts, strict=True):
        vectors[batch.rows] = part
    return vectors
