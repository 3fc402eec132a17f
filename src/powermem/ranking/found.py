"""Rows that a database server found for one search, on their way to be ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..text import query_terms
from . import bm25

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]


class Found:
    """Columns of the rows, in the order in which the server sent them.

    Args:
        rows: of: id, user, run, actor, valid_from, visible, cosine, length, words, frequencies. Cosine is
            ``None`` for a row without a vector, words and frequencies for one that has no term of the query.
        beside: for rows that have neighbours the pairs of (distance in turns, row); ``None`` when the rows
            are whole runs, so that the neighbours can be told from them.
    """

    def __init__(
        self,
        rows: Sequence[Sequence[Any]],
        beside: Mapping[int, list[tuple[int, int]]] | None = None,
    ) -> None:
        columns = list(zip(*rows, strict=True)) if rows else [()] * 10
        self.ids: Sequence[int] = columns[0]
        self.users: Sequence[str] = columns[1]
        self.run_ids: Sequence[str] = columns[2]
        codes: dict[str, int] = {"": -1}
        numbers = [codes.setdefault(run, len(codes)) for run in self.run_ids]
        self._runs = np.array(numbers, dtype=np.int64)
        self._actors: Sequence[str | None] = columns[3]
        self._begins = np.array(columns[4], dtype=np.int64)
        self.visible: BoolArray = np.array(columns[5], dtype=np.bool_)
        self._cosines: Sequence[float | None] = columns[6]
        self._lengths = np.array(columns[7], dtype=np.float32)
        self._words: Sequence[bytes | None] = columns[8]
        self._frequencies: Sequence[bytes | None] = columns[9]
        self._beside = beside

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def valid_from(self) -> npt.NDArray[np.int64]:
        """When each row began to be true, microseconds UTC; shape (n,)."""
        return self._begins

    def dense(self) -> FloatArray:
        """Return the cosines; a row without a vector has 0."""
        cosines = np.array(self._cosines, dtype=np.float32)
        return np.nan_to_num(cosines, copy=False, nan=0.0)

    def lexical(
        self,
        terms: Sequence[int],
        forms: Mapping[int, int] | None = None,
        *,
        documents: int | None = None,
        mean: float = 0.0,
        frequencies: Mapping[int, int] | None = None,
    ) -> FloatArray:
        """Return the full text scores.

        Args:
            terms: distinct term ids of the query.
            forms: of those that are forms of a word besides it, the id of that word.
            documents: how many rows the search could find; ``None`` when the visible rows here are all.
            mean: their mean length.
            frequencies: in how many of them each term occurs.
        """
        visible = self.visible
        having = [row for row, words in enumerate(self._words) if words is not None]
        words = np.frombuffer(b"".join(self._words[row] or b"" for row in having), dtype=np.uint64)
        counts = np.frombuffer(b"".join(self._frequencies[row] or b"" for row in having), dtype=np.uint8)
        sizes = np.zeros(len(self), dtype=np.int64)
        sizes[having] = [len(self._frequencies[row] or b"") for row in having]
        if documents is None:
            documents = int(np.count_nonzero(visible))
            mean = float(self._lengths[visible].mean()) if documents else 0.0
        occurrences = bm25.occurrences(terms, words) if terms else (sizes[:0], sizes[:0])
        if frequencies is None:
            places, which = occurrences
            seen = np.repeat(visible, sizes)[places]
            frequencies = dict(
                zip(terms, np.bincount(which[seen], minlength=len(terms)).tolist(), strict=True)
            )
        return bm25.scores(
            terms,
            forms or {},
            occurrences,
            counts,
            sizes,
            self._lengths,
            documents=documents,
            mean=mean,
            frequencies=frequencies,
        )

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows were said by somebody whose name has one of these terms; shape (n,)."""
        wanted = set(terms)
        named = {actor for actor in set(self._actors) if actor and not wanted.isdisjoint(query_terms(actor))}
        return np.array([actor in named for actor in self._actors], dtype=np.bool_) if named else None

    def runs(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the number of the run of each of these rows, -1 for none; shape as given."""
        return self._runs[rows]

    def neighbours(self, row: int, span: int) -> list[tuple[int, int]]:
        """Return pairs of (distance in turns, row) of what was said around a row in the same run."""
        if self._beside is None:
            self._beside = self._told_apart(span)
        return self._beside.get(row, [])

    def _told_apart(self, span: int) -> dict[int, list[tuple[int, int]]]:
        runs: dict[str, list[tuple[int, int, int]]] = {}
        begins = self._begins.tolist()
        for row, run in enumerate(self.run_ids):
            if run:
                runs.setdefault(run, []).append((begins[row], self.ids[row], row))
        beside: dict[int, list[tuple[int, int]]] = {}
        for turns in runs.values():
            order = [row for _, _, row in sorted(turns)]
            for at, row in enumerate(order):
                first = max(at - span, 0)
                near = order[first : at + span + 1]
                beside[row] = [(abs(first + i - at), other) for i, other in enumerate(near) if other != row]
        return beside
