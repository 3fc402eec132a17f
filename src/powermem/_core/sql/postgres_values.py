"""Vectors and arrays on their way to PostgreSQL, in its binary form. No I/O."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

# A vector: its length and an unused number, before the elements in network order.
_HEADER = struct.Struct(">HH")
# An array: the number of its dimensions, whether it has NULLs, and the type of its elements; then the number
# of elements, and the index of the first. Each element follows its size in bytes, -1 for NULL.
_ARRAY, _EXTENT, _SIZE = struct.Struct(">iiI"), struct.Struct(">ii"), struct.Struct(">i")
_NULL = _SIZE.pack(-1)
_NUMBERS = {"bigint": struct.Struct(">q"), "integer": struct.Struct(">i"), "smallint": struct.Struct(">h")}


class Vector(bytes):
    """A float32 vector on its way to the server, in the binary form of pgvector's type ``vector``."""

    def __new__(cls, embedding: bytes) -> Vector:
        """Convert float32 bytes, the lowest byte of each number first."""
        elements = array("f", embedding)
        elements.byteswap()
        return super().__new__(cls, _HEADER.pack(len(elements), 0) + elements.tobytes())


def loaded(vectors: bytes) -> bytes:
    """Return the float32 bytes of one vector, or of several of one length, as the server sends them."""
    size = _HEADER.size + 4 * _HEADER.unpack_from(vectors)[0]
    numbers = np.frombuffer(vectors, np.uint8).reshape(-1, size)[:, _HEADER.size :]
    return np.ascontiguousarray(numbers).view(">f4").astype("<f4").tobytes()


class Array(list[Any]):
    """An array on its way to the server.

    Args:
        type: the SQL name of its elements' type.
        elements: what it holds, ``None`` for NULL.
    """

    __slots__ = ("type",)

    def __init__(self, type: str, elements: Iterable[Any] = ()) -> None:
        super().__init__(elements)
        self.type = type

    def packed(self, oid: int) -> bytes:
        """Return the server's binary form.

        Args:
            oid: by which the server knows the elements' type.
        """
        if not self:
            return _ARRAY.pack(0, 0, oid)
        head = _ARRAY.pack(1, 1, oid) + _EXTENT.pack(len(self), 1)
        number = _NUMBERS.get(self.type)
        if number is None:
            return head + _joined(one.encode() if type(one) is str else one for one in self)
        nulls = self.count(None)
        if nulls == len(self):
            return head + _NULL * nulls
        if nulls:
            return head + _joined(None if one is None else number.pack(one) for one in self)
        elements = np.empty(len(self), dtype=[("size", ">i4"), ("value", f">i{number.size}")])
        elements["size"], elements["value"] = number.size, self
        return head + elements.tobytes()


def _joined(elements: Iterable[bytes | None]) -> bytes:
    parts: list[bytes] = []
    for one in elements:
        if one is None:
            parts.append(_NULL)
        else:
            parts += (_SIZE.pack(len(one)), one)
    return b"".join(parts)
