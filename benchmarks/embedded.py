"""Vectors of the local embedder, and more of the same kind: what made-up vectors cannot tell is recall."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from powermem._core.embedding.local import assemble
from powermem._core.embedding.minilm import DIMENSION, SHARED
from powermem._core.ranking.vectors import normalize

from . import sentences
from .quality import forms

FloatArray = npt.NDArray[np.float32]

_TOLD, _ASKED = 24_000, 300


@dataclass(frozen=True, slots=True)
class Embedded:
    """Real vectors of texts and of questions; both of shape (n, 384)."""

    told: FloatArray
    asked: FloatArray

    def more(self, start: int, count: int) -> FloatArray:
        """Return unit vectors, each between two of the real ones and near the first; shape (count, 384).

        A made vector has between none and half of the second, and noise of a fifth of its length: so every
        real one stands in the middle of a crowd of others, which is harder than a million different texts.
        """
        draw = np.random.default_rng(1 + start)
        first = self.told[np.arange(start, start + count) % len(self.told)]
        second = self.told[draw.integers(len(self.told), size=count)]
        share = draw.uniform(0, 0.5, size=(count, 1)).astype(np.float32)
        noise = draw.standard_normal(first.shape, dtype=np.float32)
        noise *= np.float32(0.2 / first.shape[1] ** 0.5)
        return normalize((1 - share) * first + share * second + noise)


def read(kept: Path, data: Path | None) -> Embedded:
    """Return the vectors of sentences, and of LoCoMo's turns and questions where there is a file of them.

    They are computed at the first call, which takes a minute or more, and kept in a file.
    """
    if not kept.exists():
        told, asked = sentences.told(_TOLD, seed=1), sentences.asked(_ASKED, seed=2)
        if data is not None:
            for one in forms.read(str(data))[0].conversations:
                told += [turn.text for session in one.sessions for turn in session.turns]
                asked += [question.text for question in one.questions]
        np.savez(kept, told=_embed(told), asked=_embed(asked))
    with np.load(kept) as found:
        return Embedded(found["told"], found["asked"])


def _embed(texts: list[str]) -> FloatArray:
    batches = SHARED.prepare(list(dict.fromkeys(texts)))
    return normalize(assemble(batches, [SHARED.run(batch) for batch in batches], DIMENSION))
