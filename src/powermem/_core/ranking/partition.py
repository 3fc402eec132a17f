"""The searchable part of one user's memories, held in memory as columns.

A store fills a partition from its tables and then applies changes to it. Rows are only appended or hidden: a
changed row is hidden and appended again. Nothing here depends on SQL.

The lock of a cache's entry must be held while its partition is used; the store chooses the kind of lock. The
entries themselves are guarded here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ..text.terms import query_terms
from .bm25 import Postings
from .codes import Codes
from .columns import BoolArray, Columns, FloatArray, IntArray, encode, group_starts
from .image import (
    Array,
    PartitionImage,
    Pieces,
    posting_pieces,
    read_postings,
    read_vectors,
    read_windows,
    vector_pieces,
    window_pieces,
)
from .turns import Beside, Links, Turns
from .vectors import Vectors
from .windows import FurtherWindows

FOREVER = 2**63 - 1
"""Stands for "no end" in the columns of times."""

_COLUMNS = ("ids", "valid_from", "valid_to", "expires_at", "agents", "runs", "actors")

# Up to this many rows, the turns beside all of them are kept.
_FEW = 1 << 11
_OVERHEAD = 8192
_OVERHEAD_OF_ENTRY = 512
_OVERHEAD_PER_ROW = 200
# With the usual span of two turns.
_LINKS_PER_ROW = 50
# An estimate for the words of a memory; those of LoCoMo's turns take 66.
_WORDS_PER_ROW = 100
# Up to this share of the cache, a partition may evict others although a server could search for it.
_SMALL = 1 / 16


@dataclass(slots=True)
class PartitionRows:
    """Rows to append to a partition, as columns of equal length.

    ``embeddings`` are the concatenated normalized float32 vectors as bytes, zeros for a row without one, or
    empty if no row has one. ``further`` are those of the windows behind the first likewise, and ``windows``
    their numbers in each row; ``None`` if no row has any. ``terms`` and ``frequencies`` are the concatenated
    term ids (uint64) and counts (uint8) as bytes; ``sizes`` are their numbers in each row.
    """

    ids: list[int]
    agents: list[str]
    runs: list[str]
    actors: list[str | None]
    valid_from: list[int]
    valid_to: list[int | None]
    expires_at: list[int | None]
    embeddings: bytes
    terms: bytes
    frequencies: bytes
    sizes: list[int]
    further: bytes = b""
    windows: list[int] | None = None


class Partition:
    """Columns, vectors and postings of the memories that are searched together.

    Args:
        dimension: length of the vectors, or ``None`` without vectors.
        coded: hold codes instead of the vectors; `dense` then returns estimates.
        exact: with more vectors than this, those of all windows, codes take their place.
    """

    def __init__(self, dimension: int | None, *, coded: bool = False, exact: int | None = None) -> None:
        self.dimension = dimension
        self.coded = coded
        self._exact = exact
        self._columns = Columns(**dict.fromkeys(_COLUMNS, np.int64))
        # The codes of names, by which the columns hold them.
        self._agents: dict[str, int] = {}
        self._runs: dict[str, int] = {}
        self._actors: dict[str, int] = {}
        self._speakers: dict[str, list[int]] = {}
        self._named = 0
        self._row_of: dict[int, int] = {}
        self._hidden: set[int] = set()
        self._may_expire = False
        self._turns = Turns()
        # Kept until the rows change.
        self._links: tuple[int, Links] | None = None
        self._current: BoolArray | None = None
        self.vectors: Vectors | Codes | None = None
        if dimension:
            self.vectors = Codes(dimension) if coded else Vectors(dimension)
        self._further: FurtherWindows | None = None
        self.postings = Postings()

    def image(self) -> PartitionImage:
        """Return the partition as arrays, which share its memory where they do not change."""
        before, after, stale = self._turns.links
        pieces: Pieces = {
            **{name: [self._columns[name]] for name in _COLUMNS},
            "before": [before],
            "after": [after],
            "stale": [stale],
            "hidden": [np.array(sorted(self._hidden), dtype=np.int64)],
        }
        if self.vectors is not None:
            pieces |= vector_pieces("vectors", self.vectors)
        if self._further is not None:
            pieces |= window_pieces(self._further)
        postings, segments = posting_pieces(self.postings)
        values = {
            "dimension": self.dimension,
            "coded": self.coded,
            "rows": len(self._columns),
            "windows": None if self._further is None else len(self._further),
            "segments": segments,
            "agents": list(self._agents),
            "runs": list(self._runs),
            "actors": list(self._actors),
        }
        return PartitionImage(pieces | postings, values)

    @classmethod
    def of(cls, arrays: Mapping[str, Array], values: Mapping[str, Any], exact: int | None) -> Partition:
        """Return the partition of an image.

        Args:
            arrays: of `PartitionImage.pieces`, each in one piece; the partition keeps and changes them.
            values: those of the image.
            exact: as of the constructor.
        """
        dimension, coded, rows = values["dimension"], values["coded"], values["rows"]
        partition = cls(dimension, coded=coded, exact=exact)
        partition._columns = Columns.of(**{name: arrays[name] for name in _COLUMNS})
        partition._agents, partition._runs, partition._actors = (
            {name: code for code, name in enumerate(values[kind])} for kind in ("agents", "runs", "actors")
        )
        partition._turns = Turns.of(arrays["before"], arrays["after"], arrays["stale"])
        partition._hidden = set(arrays["hidden"].tolist())
        partition._may_expire = bool((arrays["expires_at"] != FOREVER).any())
        partition._row_of = dict(zip(arrays["ids"].tolist(), range(rows), strict=True))
        for row in partition._hidden:
            memory_id = int(arrays["ids"][row])
            if partition._row_of.get(memory_id) == row:
                del partition._row_of[memory_id]
        if dimension:
            partition.vectors = read_vectors("vectors", arrays, dimension, rows, coded=coded)
            if values["windows"] is not None:
                partition._further = read_windows(arrays, dimension, values["windows"], coded=coded)
        partition.postings = read_postings(arrays, values["segments"])
        return partition

    @property
    def drift(self) -> int:
        """The number of changes that led here: rows, and those of them that were hidden since."""
        return len(self._columns) + len(self._hidden)

    def __len__(self) -> int:
        """Return the number of rows that are not hidden."""
        return len(self._row_of)

    @property
    def ids(self) -> IntArray:
        """The id of every row, hidden ones included; shape (n,)."""
        return self._columns["ids"]

    @property
    def valid_from(self) -> IntArray:
        """Since when each row is true, microseconds UTC; shape (n,)."""
        return self._columns["valid_from"]

    @property
    def nbytes(self) -> int:
        """The allocated bytes, with an estimate for the Python objects."""
        vectors = self.vectors.nbytes if self.vectors is not None else 0
        vectors += self._further.nbytes if self._further is not None else 0
        rows = len(self._columns)
        each = _OVERHEAD_PER_ROW if rows > _FEW else _OVERHEAD_PER_ROW + _LINKS_PER_ROW
        return _OVERHEAD + vectors + self.postings.nbytes + rows * each

    @property
    def wasteful(self) -> bool:
        """Whether enough rows are hidden to make a rebuild worthwhile."""
        return len(self._hidden) > 1000 + len(self._row_of) // 2

    def append(self, rows: PartitionRows) -> None:
        """Add rows; a row whose id is already here replaces the old one."""
        self.remove(rows.ids)
        self._links = self._current = None
        start = len(self._columns)
        self._columns.extend(
            ids=rows.ids,
            valid_from=rows.valid_from,
            valid_to=[FOREVER if moment is None else moment for moment in rows.valid_to],
            expires_at=[FOREVER if moment is None else moment for moment in rows.expires_at],
            agents=encode(self._agents, rows.agents),
            runs=encode(self._runs, rows.runs),
            actors=encode(self._actors, (actor or "" for actor in rows.actors)),
        )
        self._may_expire = self._may_expire or any(moment is not None for moment in rows.expires_at)
        self._row_of.update(zip(rows.ids, range(start, start + len(rows.ids)), strict=True))
        self._turns.append(self.runs(np.arange(start, start + len(rows.ids))))
        if self.vectors is not None:
            flat = np.frombuffer(rows.embeddings, dtype=np.float32)
            self.vectors.append(flat.reshape(len(rows.ids), self.vectors.dimension))
            if rows.windows is not None:
                self._append_windows(self.vectors.dimension, start, rows.further, rows.windows)
        self.postings.append(
            np.frombuffer(rows.terms, dtype=np.uint64),
            np.frombuffer(rows.frequencies, dtype=np.uint8),
            np.asarray(rows.sizes, dtype=np.int64),
        )

    def _append_windows(self, dimension: int, start: int, further: bytes, windows: list[int]) -> None:
        if self._further is None:
            self._further = FurtherWindows(dimension, coded=self.coded)
        numbers = np.array(windows, dtype=np.int64)
        having = np.flatnonzero(numbers)
        vectors = np.frombuffer(further, dtype=np.float32).reshape(-1, dimension)
        self._further.append(start + having, numbers[having], vectors)
        held = len(self._columns) + len(self._further)
        if self._exact is not None and held > self._exact and isinstance(self.vectors, Vectors):
            self.vectors = self.vectors.coded()
            self._further.encode()
            self.coded = True

    def remove(self, ids: Iterable[int]) -> None:
        """Hide the rows with these ids; unknown ids are ignored."""
        for memory_id in ids:
            row = self._row_of.pop(memory_id, None)
            if row is not None:
                self._links = self._current = None
                self._hidden.add(row)
                self._turns.remove(row)

    def visible(
        self,
        now: int,
        *,
        agent: str | None = None,
        run: str | None = None,
        as_of: int | None = None,
        include_expired: bool = False,
        only: IntArray | None = None,
    ) -> BoolArray:
        """Return which rows a search may find.

        Args:
            now: the current time in microseconds.
            agent: only rows of this agent.
            run: only rows of this run.
            as_of: only rows that were true at that time, instead of those that are true now.
            include_expired: also rows that have expired.
            only: the ids that passed a filter; shape (k,).

        Returns:
            Shape (n,), bool; not to be changed.
        """
        mask = self._shown() if as_of is None else self._shown_at(as_of)
        if self._may_expire and not include_expired:
            mask = mask & (self._columns["expires_at"] > (now if as_of is None else as_of))
        if agent is not None:
            mask = mask & (self._columns["agents"] == self._agents.get(agent, -1))
        if run is not None:
            mask = mask & (self._columns["runs"] == self._runs.get(run, -1))
        if only is not None:
            allowed = np.zeros(len(mask), dtype=np.bool_)
            allowed[[row for i in only.tolist() if (row := self._row_of.get(i)) is not None]] = True
            mask = mask & allowed
        return mask

    def _shown(self) -> BoolArray:
        """Return which rows are true now, which is kept; nobody can change it."""
        if self._current is None:
            current: BoolArray = self._columns["valid_to"] == FOREVER
            current[list(self._hidden)] = False
            current.flags.writeable = False
            self._current = current
        return self._current

    def _shown_at(self, moment: int) -> BoolArray:
        """Return which rows were true at a moment."""
        shown: BoolArray = (self._columns["valid_from"] <= moment) & (self._columns["valid_to"] > moment)
        shown[list(self._hidden)] = False
        return shown

    def dense(self, queries: FloatArray) -> FloatArray:
        """Return the cosine of each query with each row, or an estimate if coded.

        That of a text in several windows is that of the best of them, less a discount; see `windows`.

        Returns:
            Shape (m, n).
        """
        if self.vectors is None:
            return np.zeros((len(queries), len(self._columns)), dtype=np.float32)
        scores = self.vectors.similarities(queries)
        if self._further is not None:
            self._further.lift(queries, scores)
        return scores

    def refined(self, query: FloatArray, rows: IntArray) -> FloatArray:
        """Return better estimates than `dense` for some rows of a coded partition; see `Codes.refined`."""
        assert isinstance(self.vectors, Codes), "only these have estimates"
        scores = self.vectors.refined(query, rows)
        if self._further is not None:
            self._further.lift_refined(query, rows, scores)
        return scores

    def spoken_by(self, terms: Iterable[str]) -> BoolArray | None:
        """Return which rows a speaker named by one of these terms said, shape (n,), or ``None``."""
        # The index of names is extended by the speakers that have been added since the last call.
        known = self._actors
        if self._named < len(known):
            for name in islice(known, self._named, None):
                for term in query_terms(name):
                    self._speakers.setdefault(term, []).append(known[name])
            self._named = len(known)
        codes = [code for term in self._speakers.keys() & terms for code in self._speakers[term]]
        return np.isin(self._columns["actors"], codes) if codes else None

    def voices(self, rows: IntArray) -> IntArray:
        """Return the code of the speaker of each of these rows; same shape."""
        codes: IntArray = self._columns["actors"][rows]
        return codes

    def runs(self, rows: IntArray) -> IntArray:
        """Return the code of the run of each of these rows, -1 for none; same shape."""
        codes: IntArray = self._columns["runs"][rows]
        without = self._runs.get("", -1)
        return np.where(codes == without, -1, codes)

    def links(self, span: int) -> Links | None:
        """Return the turns beside all rows, which are kept; ``None`` for many rows."""
        count = len(self._columns)
        if count > _FEW:
            return None
        if self._links is None or self._links[0] != span:
            runs = self._sort_turns()
            order = np.argsort(runs, kind="stable")
            starts = group_starts(runs[order])
            groups = np.empty(count, dtype=np.intp)
            groups[order] = np.repeat(np.arange(len(starts)), np.diff(starts, append=count))
            lines = self._turns.lines(np.arange(count), span)
            lines[lines < 0] = count
            self._links = span, Links(lines, order, starts, groups, runs < 0)
        return self._links[1]

    def lines(self, rows: IntArray, span: int) -> npt.NDArray[np.intp]:
        """Return the turn at each step from each row, the number of all rows for none; see `Turns.lines`."""
        if self._turns.stale(self.runs(rows)):
            self._sort_turns()
        lines = self._turns.lines(rows, span)
        lines[lines < 0] = len(self._columns)
        return lines

    def _sort_turns(self) -> IntArray:
        """Sort the runs that need it, and return the codes of the runs of all rows, -1 for none."""
        runs = self.runs(np.arange(len(self._columns)))
        shown = runs.copy()
        shown[list(self._hidden)] = -1
        self._turns.order(shown, self._columns["valid_from"], self._columns["ids"])
        return runs

    def beside(self, rows: IntArray, span: int) -> Beside:
        """Return the turns shortly before and after rows in their runs; see `Beside`.

        Args:
            rows: rows that are not hidden.
            span: the number of turns in each direction.
        """
        if self._turns.stale(self.runs(rows)):
            self._sort_turns()
        return self._turns.beside(rows, span)


Lock = TypeVar("Lock")


@dataclass(slots=True)
class Entry(Generic[Lock]):
    """A partition, its freshness and its lock.

    Attributes:
        user_id: the user whose memories it holds; ``None`` for those of all users.
        lock: to be held while any of the other attributes is read or changed.
        partition: ``None`` until it is loaded.
        sequence: the number of the last commit that it includes.
        snapshot: what it includes, on PostgreSQL; see `_core.sql.snapshots`.
        saved: how many changes had led to what of it was last saved; 0 for nothing.
        size: its size in bytes as accounted for by the cache.
        left: the number of the user's rows if these are left to the server, else 0.
        per_row: the bytes that a row took in a partition that became too large; 0 if none did.
        used: when the user was searched last, as the number of that use.
        before: when the user was searched before that, 0 for never.
    """

    user_id: str | None
    lock: Lock
    partition: Partition | None = None
    sequence: int = -1
    snapshot: str = ""
    saved: int = 0
    size: int = 0
    left: int = 0
    per_row: float = 0.0
    used: int = 0
    before: int = 0


class PartitionCache(Generic[Lock]):
    """A cache that evicts the least recently used partitions.

    Args:
        limit_bytes: the total size allowed.
        make_lock: creates the lock of an entry.
        exact_rows: a partition with more rows holds codes instead of vectors.
    """

    def __init__(self, limit_bytes: int, make_lock: Callable[[], Lock], *, exact_rows: int) -> None:
        self.limit = limit_bytes
        self._exact_rows = exact_rows
        self._make_lock = make_lock
        self._entries: OrderedDict[str | None, Entry[Lock]] = OrderedDict()
        self._total = 0
        self._uses = count(1)
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes held by all partitions."""
        with self._lock:
            return self._total

    def entry(self, user_id: str | None) -> Entry[Lock]:
        """Return the entry of a user, which may not be loaded yet."""
        with self._lock:
            entry = self._entries.get(user_id)
            if entry is None:
                entry = self._entries[user_id] = Entry(user_id, self._make_lock())
            self._entries.move_to_end(user_id)
            entry.before, entry.used = entry.used, next(self._uses)
            return entry

    def known(self, user_id: str | None) -> Entry[Lock] | None:
        """Return the entry of a user, if there is one, which is no use of it."""
        with self._lock:
            entry = self._entries.get(user_id)
        return entry

    @property
    def left(self) -> set[str | None]:
        """The users whose memories are left to the server."""
        with self._lock:
            left = {user_id for user_id, entry in self._entries.items() if entry.left}
        return left

    def estimate(self, rows: int, dimension: int | None) -> int:
        """Return about how many bytes a partition takes that `make` makes for ``rows`` rows."""
        width = dimension or 0
        coded = self.codes(dimension, rows)
        vector = width + width // 8 + 8 if coded else 4 * width
        return _OVERHEAD + rows * (vector + _OVERHEAD_PER_ROW + _WORDS_PER_ROW)

    def admits(self, entry: Entry[Lock], nbytes: int) -> bool:
        """Return whether a partition is worth its room, where a server could search for it.

        A small one always is. A larger one has to fit beside those of the users who were searched since this
        one was. Otherwise a few large users who take turns would evict, with every search, what the next one
        needs.

        Args:
            entry: whose it is, as `entry` returned it for the present search.
            nbytes: its size.
        """
        if nbytes <= _SMALL * self.limit:
            return True
        with self._lock:
            others = (one for one in self._entries.values() if one is not entry and one.used > entry.before)
            needed = nbytes + sum(one.size for one in others)
        return needed <= self.limit

    def make(self, dimension: int | None, rows: int) -> Partition:
        """Return an empty partition with space for ``rows`` rows.

        It is coded if these are too many or their vectors exceed the limit of the cache.
        """
        partition = Partition(dimension, coded=self.codes(dimension, rows), exact=self.exact(dimension))
        if partition.vectors is not None:
            partition.vectors.reserve(rows)
        return partition

    def codes(self, dimension: int | None, rows: int) -> bool:
        """Return whether a new partition of so many rows holds codes."""
        return rows > self._exact_rows or self._too_large(rows, dimension)

    def exact(self, dimension: int | None) -> int:
        """Return from how many vectors on a partition takes codes instead."""
        exact = 2 * self._exact_rows
        return min(exact, self.limit // (4 * dimension)) if dimension else exact

    def outgrown(self, partition: Partition) -> bool:
        """Return whether a partition should be rebuilt: with codes, or without its hidden rows."""
        if partition.wasteful or partition.coded:
            return partition.wasteful
        # Twice the limit of `make`, since vectors that are already in memory are better than codes.
        rows = len(partition)
        return rows > 2 * self._exact_rows or self._too_large(rows, partition.dimension)

    def _too_large(self, rows: int, dimension: int | None) -> bool:
        return rows * (dimension or 0) * 4 > self.limit

    def resize(self, entry: Entry[Lock]) -> None:
        """Account for an entry that has just been filled, and evict others until all fit."""
        size = _OVERHEAD_OF_ENTRY if entry.partition is None else entry.partition.nbytes
        with self._lock:
            if self._entries.get(entry.user_id) is not entry:
                # It was evicted while it was being filled, and is released when its search is done.
                return
            self._total += size - entry.size
            entry.size = size
            for key in list(self._entries):
                # The one in use stays even if it alone is too large: the search has already loaded it.
                if self._total <= self.limit or key == entry.user_id:
                    return
                self._total -= self._entries.pop(key).size

    def clear(self) -> None:
        """Drop all entries."""
        with self._lock:
            self._entries.clear()
            self._total = 0
