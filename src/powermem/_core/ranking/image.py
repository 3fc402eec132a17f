"""A partition as arrays and plain values, to be written to a file and read back without its memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .bm25 import Postings, Segment
from .codes import Codes
from .vectors import Vectors
from .windows import FurtherWindows

Array = npt.NDArray[Any]
Pieces = dict[str, list[Array]]

_SEGMENT = ("terms", "starts", "rows", "frequencies")
_CODES = ("bits", "steps", "scales")


class PartitionImage(NamedTuple):
    """What a partition consists of. Nothing in it changes when the partition does.

    Attributes:
        pieces: arrays by name, each in one or several pieces along the first axis.
        values: what else there is, as JSON can hold it.
    """

    pieces: Mapping[str, Sequence[Array]]
    values: Mapping[str, Any]


def vector_pieces(name: str, vectors: Vectors | Codes) -> Pieces:
    """Return the arrays of vectors or codes, their names beginning with this one."""
    if isinstance(vectors, Vectors):
        return {name: vectors.blocks}
    return {f"{name}.{part}": arrays for part, arrays in zip(_CODES, vectors.parts, strict=True)}


def read_vectors(
    name: str, arrays: Mapping[str, Array], dimension: int, length: int, *, coded: bool
) -> Vectors | Codes:
    """Return the vectors or codes of so many rows that `vector_pieces` came from."""
    if not coded:
        return Vectors.of(arrays[name]) if length else Vectors(dimension)
    parts = [arrays[f"{name}.{part}"] for part in _CODES] if length else []
    blocks = -(-length // Codes.block)
    return Codes.of(dimension, length, [list(np.split(part, blocks)) for part in parts])


def window_pieces(windows: FurtherWindows) -> Pieces:
    """Return the arrays of further windows."""
    rows, starts = windows.places
    return {**vector_pieces("windows", windows.vectors), "window_rows": [rows], "window_starts": [starts]}


def read_windows(arrays: Mapping[str, Array], dimension: int, length: int, *, coded: bool) -> FurtherWindows:
    """Return so many windows that `window_pieces` came from."""
    vectors = read_vectors("windows", arrays, dimension, length, coded=coded)
    return FurtherWindows.of(vectors, arrays["window_rows"], arrays["window_starts"])


def posting_pieces(postings: Postings) -> tuple[Pieces, list[tuple[int, int]]]:
    """Return the arrays of a full-text index, and the first row and number of rows of each segment."""
    segments, lengths = postings.settled()
    pieces: Pieces = {"lengths": [lengths]}
    for number, segment in enumerate(segments):
        pieces |= {f"{name}{number}": [getattr(segment, name)] for name in _SEGMENT}
    return pieces, [(segment.first, segment.count) for segment in segments]


def read_postings(arrays: Mapping[str, Array], segments: Sequence[tuple[int, int]]) -> Postings:
    """Return the full-text index that `posting_pieces` came from."""
    return Postings.of(
        [
            Segment(first, count, *(arrays[f"{name}{number}"] for name in _SEGMENT))
            for number, (first, count) in enumerate(segments)
        ],
        arrays["lengths"],
    )
