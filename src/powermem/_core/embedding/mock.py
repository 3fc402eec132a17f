"""Vectors from hashed words, for tests and demonstrations that must not depend on a model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ..patterns import Pattern

DIMENSION = 384

_WORD = Pattern(r"\w+")
# Feature hashing as in K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009:
# one bit of a hash is the sign, the others choose the dimension.
_TRIGRAM_WEIGHT = 0.3


def mock_vectors(texts: Sequence[str], dimension: int = DIMENSION) -> npt.NDArray[np.float32]:
    """Embed texts as hashed bags of words and letter trigrams.

    Texts with common words are similar; texts with common parts of words are slightly similar.

    Args:
        texts: the texts.
        dimension: the length of the vectors.

    Returns:
        Unit vectors of shape (len(texts), dimension), the same on every machine.
    """
    vectors = np.zeros((len(texts), dimension), dtype=np.float32)
    for vector, text in zip(vectors, texts, strict=True):
        for feature, weight in _features(text):
            digest = hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest()
            hashed = int.from_bytes(digest, "big")
            vector[(hashed >> 1) % dimension] += weight if hashed & 1 else -weight
        if not vector.any():
            # A unit vector is needed even for a text without words, or whose words cancel out.
            vector[0] = 1.0
        vector /= np.linalg.norm(vector)
    return vectors


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in _WORD.findall(text.casefold()):
        yield word, 1.0
        padded = f"<{word}>"
        for start in range(len(padded) - 2):
            yield padded[start : start + 3], _TRIGRAM_WEIGHT
