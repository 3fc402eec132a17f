"""Load partitions from the tables of a collection, and keep them up to date. No I/O.

Every commit of any process that changes memories has a number. A partition stores the last number that it
has seen; if the collection has a higher one, the changes since then are read. So a search sees everything
that any process committed before the search started.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from ..ranking.partition import Entry, Partition, PartitionCache
from ..ranking.search import columns
from .collection import CollectionSQL
from .dialects import Fragment
from .embedder import EmbedderSQL
from .steps import Compute, Loading, Query, Steps

SQL = TypeVar("SQL", bound="LoadedSQL")

_KEPT = "id, agent_id, run_id, actor_id, valid_from, valid_to, expires_at"


class Missing(NamedTuple):
    """What a partition lacks.

    Attributes:
        since: the snapshot in which the partition was read.
        ids: the memories that were changed or deleted by what that snapshot does not see.
    """

    since: str
    ids: list[int]


class Freshness(NamedTuple):
    """The state of a collection.

    Attributes:
        sequence: number of the last commit.
        trimmed: up to this number, changes are no longer listed.
        dimension: length of the vectors, ``None`` before the first.
        indexed: whether the server can search partitions that are too large to rank here.
        snapshot: what this was read in, where `_core.sql.snapshots` says what partitions lack.
        missing: what they lack, by user.
    """

    sequence: int
    trimmed: int
    dimension: int | None
    indexed: bool = False
    snapshot: str = ""
    missing: Mapping[str | None, Missing] = MappingProxyType({})


class LoadedSQL(CollectionSQL):
    """A collection from which partitions are loaded.

    Attributes:
        held: of a user with more rows no partition is loaded where the server can search, if there is such a
            number.
        page_rows: how many rows are read at a time.
    """

    held: int | None = None
    page_rows = 5000

    @property
    def loaded_columns(self) -> str:
        """The columns of a row in a partition; `loaded_rows` makes of them what is ranked."""
        return f"{_KEPT}, {self.embedded}, {self.indexed}"

    def loaded_rows(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows of `loaded_columns` as `_core.ranking.search.columns` takes them."""
        return rows

    def size(self, user_id: str | None) -> Query:
        """Return the query for the number of rows of a user, or of all for ``None``."""
        where = of_user(user_id)
        return Query(f"SELECT count(*) FROM {self.records} WHERE {where.sql}", where.values)

    def listed(self, user_id: str | None) -> Query | None:
        """Return the query for the ids of a user's rows, where rows are read faster by id than by page."""
        del user_id
        return None

    def page(self, user_id: str | None, after: int, limit: int) -> Query:
        """Return the query for a user's next rows by id."""
        where = of_user(user_id)
        return Query(
            f"SELECT {self.loaded_columns} FROM {self.with_vectors} "
            f"WHERE {where.sql} AND id > ? ORDER BY id LIMIT ?",
            (*where.values, after, limit),
        )

    def chosen(self, user_id: str | None, ids: Sequence[int]) -> Query:
        """Return the query for those rows that exist."""
        where = self.named(ids, user_id)
        return Query(f"SELECT {self.loaded_columns} FROM {self.with_vectors} WHERE {where.sql}", where.values)


class FollowedSQL(LoadedSQL):
    """A collection whose changes are listed by the number of their commit.

    Attributes:
        followed: keys of ``meta`` that a search reads first.
        trimmed: the name in ``meta`` of the number up to which changes are no longer listed.
    """

    followed: tuple[str, ...] = ("sequence", "trimmed", "dimension", "switches")
    trimmed = "trimmed"

    @property
    def progress(self) -> str:
        """The query for how far the collection is: pairs of name and value."""
        names = ", ".join(f"'{name}'" for name in self.followed)
        return f"SELECT {self.meta_key}, value FROM {self.meta} WHERE {self.meta_key} IN ({names})"

    def freshness(self, progress: Mapping[str, Any]) -> Freshness:
        """Return what `progress` found."""
        dimension = progress.get("dimension")
        return Freshness(
            int(progress["sequence"]),
            int(progress[self.trimmed]),
            None if dimension is None else int(dimension),
        )

    @abstractmethod
    def changed(self, user_id: str | None, since: int) -> Query:
        """Return the query for the ids of a user's memories that were changed or deleted after a commit."""


class Loader(ABC, Generic[SQL]):
    """Steps that fill the partitions of a cache.

    Args:
        sql: the collection.
        embedder: whose vectors it holds.
        cache: the partitions.

    Attributes:
        crowded: whether a partition was loaded that does not fit, for want of a server that can search.
    """

    def __init__(self, sql: SQL, embedder: EmbedderSQL, cache: PartitionCache[Any]) -> None:
        self._sql = sql
        self._embedder = embedder
        self._cache = cache
        self.crowded = False

    @abstractmethod
    def freshness(self, users: Sequence[str | None]) -> Steps[Freshness]:
        """Return how far the collection is, and perhaps what the partitions of users lack.

        Raises:
            EmbeddingMismatchError: another embedder took over.
        """

    @abstractmethod
    def _changed(self, entry: Entry[Any], freshness: Freshness) -> Steps[Sequence[int] | None]:
        """Return the ids of what changed since a partition was read; ``None`` if it needs nothing."""

    @abstractmethod
    def _moved(self, entry: Entry[Any], freshness: Freshness) -> bool:
        """Return whether the number of a user's rows may be another than when they were counted."""

    @abstractmethod
    def _broken(self, entry: Entry[Any], freshness: Freshness) -> bool:
        """Return whether changes are missing from the list of those since a partition was read."""

    def update(self, entry: Entry[Any], freshness: Freshness) -> Loading[Partition | None]:
        """Bring a partition up to date; return it, or ``None`` where it is left to the server."""
        partition = entry.partition
        if partition is None or self._spent(partition, entry, freshness):
            entry.partition = None
            partition = yield from self._load(entry, freshness)
        else:
            changed = yield from self._changed(entry, freshness)
            if changed is None:
                return partition
            # Until it is whole again there is none: after an error or a cancellation the next search loads
            # it, although a thread may still be adding rows to what is dropped here.
            entry.partition = None
            partition.remove(changed)
            partition = yield from self._append(partition, entry, changed, freshness)
        # Rows may be newer than this, and are then read again, which does no harm.
        entry.sequence, entry.snapshot = freshness.sequence, freshness.snapshot
        entry.partition = partition
        self._cache.resize(entry)
        if entry.size > self._cache.limit:
            self.crowded = True
        return partition

    def _spent(self, partition: Partition, entry: Entry[Any], freshness: Freshness) -> bool:
        """Return whether a partition has to be loaded anew."""
        return (
            self._cache.outgrown(partition)
            or self._broken(entry, freshness)
            # The first vector of the collection is among the changes.
            or (partition.dimension is None and freshness.dimension is not None)
            # It was loaded before the server could search.
            or (freshness.indexed and entry.size > self._cache.limit)
        )

    def _load(self, entry: Entry[Any], freshness: Freshness) -> Loading[Partition | None]:
        size = entry.left
        if not size or self._moved(entry, freshness):
            size = (yield self._sql.size(entry.user_id))[0][0]
            if 2 * size <= entry.left:
                # What is left may be other texts than those that took so much.
                entry.per_row = 0.0
        needed = max(self._cache.estimate(size, freshness.dimension), int(size * entry.per_row))
        too_many = self._sql.held is not None and size > self._sql.held
        if too_many or not self._cache.admits(entry, needed):
            if freshness.indexed:
                entry.left = size
                return None
            self.crowded = True
        entry.left = 0
        partition = self._cache.make(freshness.dimension, size)
        listed = self._sql.listed(entry.user_id)
        if listed is not None:
            return (yield from self._append(partition, entry, [row[0] for row in (yield listed)], freshness))
        after = -1
        while found := (yield self._sql.page(entry.user_id, after, self._sql.page_rows)):
            if not (yield from self._add(partition, entry, found, size, freshness)):
                return None
            after = found[-1][0]
        return partition

    def _append(
        self, partition: Partition, entry: Entry[Any], ids: Sequence[int], freshness: Freshness
    ) -> Loading[Partition | None]:
        """Add rows to a partition; return ``None`` where it is left to the server, since it is too large."""
        rows = len(partition) + len(ids)
        for chunk in self._sql.chunks(ids):
            found = yield self._sql.chosen(entry.user_id, chunk)
            if found and not (yield from self._add(partition, entry, found, rows, freshness)):
                return None
        return partition

    def _add(
        self,
        partition: Partition,
        entry: Entry[Any],
        found: Sequence[Sequence[Any]],
        rows: int,
        freshness: Freshness,
    ) -> Loading[bool]:
        """Add rows to a partition; return whether the user's rows are still held here.

        Args:
            partition: the partition.
            entry: whose it is.
            found: the rows.
            rows: the number of rows that it will have.
            freshness: the state of the collection.
        """
        if not freshness.indexed:
            yield Compute(_append, (self._sql, partition, found))
            return True
        nbytes: int = yield Compute(_measured, (self._sql, partition, found))
        if nbytes <= self._cache.limit:
            return True
        # Long texts have several vectors, which no count of the rows foresees.
        foreseen = self._cache.estimate(rows, partition.dimension)
        entry.left = rows
        entry.per_row = foreseen / rows + max(nbytes - foreseen, 0) / len(partition)
        return False


class PartitionLoader(Loader[FollowedSQL]):
    """Follows a collection by the number of its last commit."""

    def freshness(self, users: Sequence[str | None] = ()) -> Steps[Freshness]:
        del users
        progress = dict((yield Query(self._sql.progress)))
        yield from self._embedder.refuse(progress.get("switches"))
        return self._sql.freshness(progress)

    def _changed(self, entry: Entry[Any], freshness: Freshness) -> Steps[Sequence[int] | None]:
        if not self._moved(entry, freshness):
            return None
        return [row[0] for row in (yield self._sql.changed(entry.user_id, entry.sequence))]

    def _moved(self, entry: Entry[Any], freshness: Freshness) -> bool:
        return entry.sequence < freshness.sequence

    def _broken(self, entry: Entry[Any], freshness: Freshness) -> bool:
        return entry.sequence < freshness.trimmed


def of_user(user_id: str | None) -> Fragment:
    """Return whether a row is this user's; every row is for ``None``."""
    return Fragment("1 = 1") if user_id is None else Fragment("user_id = ?", (user_id,))


def _append(sql: LoadedSQL, partition: Partition, rows: Sequence[Sequence[Any]]) -> None:
    partition.append(columns(sql.loaded_rows(rows), partition.dimension))


def _measured(sql: LoadedSQL, partition: Partition, rows: Sequence[Sequence[Any]]) -> int:
    """Add rows to a partition, and return its size in bytes."""
    _append(sql, partition, rows)
    return partition.nbytes
