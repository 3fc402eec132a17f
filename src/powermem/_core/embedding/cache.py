"""A bounded cache of vectors."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


def text_key(model: str, text: str) -> bytes:
    """Return the key of a text's vector, 16 bytes."""
    # Unlike "replace", "surrogatepass" gives texts different keys that differ only in a lone surrogate.
    named = b"%b\0%b" % (model.encode("utf-8", "replace"), text.encode("utf-8", "surrogatepass"))
    return hashlib.blake2b(named, digest_size=16).digest()


class VectorCache:
    """The most recently used vectors; safe to share between threads.

    Args:
        size: maximum number of vectors; 0 to cache none.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        # Not guarded by a lock, which an interrupt could leave held: each method of the dict is atomic.
        self._vectors: OrderedDict[bytes, Vector] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, keys: Sequence[bytes]) -> list[Vector | None]:
        """Return the vector of each key, or ``None`` if it is not cached."""
        found = [self._vectors.get(key) for key in keys]
        for key, vector in zip(keys, found, strict=True):
            if vector is not None:
                # Another thread may have evicted it.
                with suppress(KeyError):
                    self._vectors.move_to_end(key)
        return found

    def put(self, key: bytes, vector: Vector) -> None:
        """Add a vector, and evict the least recently used one if the cache is full."""
        if not self._size:
            return
        # A copy, since a row would keep its whole batch in memory; read-only, since callers share it.
        kept = vector.copy()
        kept.flags.writeable = False
        self._vectors[key] = kept
        if len(self._vectors) > self._size:
            with suppress(KeyError):
                self._vectors.popitem(last=False)
