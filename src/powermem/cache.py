"""A bounded memory of vectors."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


def text_key(model: str, text: str) -> bytes:
    """Return the key of a text's vector: 16 bytes, whatever the length of the text."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(model.encode("utf-8", "replace"))
    digest.update(b"\0")
    # Unlike "replace", this keeps texts apart that differ in a broken character only.
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


class VectorCache:
    """The vectors used last; safe to share between threads.

    Args:
        size: how many to remember; 0 for none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        # Each of its methods is atomic. A lock would be held between them, where an interrupt can strike.
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, keys: Sequence[bytes]) -> list[Vector | None]:
        """Return the vectors of keys, ``None`` for each that is not remembered."""
        found = [self._vectors.get(key) for key in keys]
        for key, vector in zip(keys, found, strict=True):
            if vector is not None:
                # Another thread may have taken it out since.
                with suppress(KeyError):
                    self._vectors.move_to_end(key)
        return found

    def put(self, key: bytes, vector: Vector) -> None:
        """Remember a vector and forget the one unused for longest if there is no room."""
        if not self._size:
            return
        # A row of a batch would keep the whole batch in memory; and nobody may write into what is shared.
        kept = vector.copy()
        kept.flags.writeable = False
        self._vectors[key] = kept
        if len(self._vectors) > self._size:
            with suppress(KeyError):
                self._vectors.popitem(last=False)
