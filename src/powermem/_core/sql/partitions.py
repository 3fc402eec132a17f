"""Load partitions from the tables of a collection, and keep them up to date. No I/O.

Every commit of any process has a number. A partition stores the last number that it has seen; if the
collection has a higher one, the changes since then are read. So a search sees everything that any process
committed before the search started.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..ranking.partition import Entry, Partition, PartitionCache
from ..ranking.search import columns
from .collection import CollectionSQL
from .dialects import Fragment
from .embedder import EmbedderSQL
from .steps import Compute, Loading, Query, Steps

_KEPT = "id, agent_id, run_id, actor_id, valid_from, valid_to, expires_at"


class Freshness(NamedTuple):
    """The state of a collection.

    Attributes:
        sequence: number of the last commit.
        trimmed: up to this number, changes are no longer listed.
        dimension: length of the vectors, ``None`` before the first.
        indexed: whether the server can search partitions that are too large to rank here.
    """

    sequence: int
    trimmed: int
    dimension: int | None
    indexed: bool = False


class LoadedSQL(CollectionSQL):
    """A collection from which partitions are loaded.

    Attributes:
        held: of a user with more rows no partition is loaded where the server can search.
        page_rows: how many rows are read at a time.
    """

    held = 0
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


class PartitionLoader:
    """Steps that fill the partitions of a cache.

    Args:
        sql: the collection.
        embedder: whose vectors it holds.
        cache: the partitions.
    """

    def __init__(self, sql: FollowedSQL, embedder: EmbedderSQL, cache: PartitionCache[Any]) -> None:
        self._sql = sql
        self._embedder = embedder
        self._cache = cache

    def freshness(self, users: Sequence[str | None] = ()) -> Steps[Freshness]:
        """Return how far the collection is.

        Args:
            users: whose partitions are wanted; here, one number tells of all.

        Raises:
            EmbeddingMismatchError: another embedder took over.
        """
        del users
        progress = dict((yield Query(self._sql.progress)))
        yield from self._embedder.refuse(progress.get("switches"))
        return self._sql.freshness(progress)

    def update(self, entry: Entry[Any], freshness: Freshness) -> Loading[Partition | None]:
        """Bring a partition up to date; return it, or ``None`` where it is left to the server."""
        partition = entry.partition
        if (
            partition is None
            or self._cache.outgrown(partition)
            or entry.sequence < freshness.trimmed
            # The first vector of the collection is among the changes.
            or (partition.dimension is None and freshness.dimension is not None)
        ):
            entry.partition = None
            partition = yield from self._load(entry.user_id, freshness)
        elif entry.sequence >= freshness.sequence:
            return partition
        else:
            # Until it is whole again there is none: after an error or a cancellation the next search loads
            # it, although a thread may still be adding rows to what is dropped here.
            entry.partition = None
            changed = [row[0] for row in (yield self._sql.changed(entry.user_id, entry.sequence))]
            if len(partition) + len(changed) > self._sql.held and freshness.indexed:
                partition = yield from self._load(entry.user_id, freshness)
            else:
                partition.remove(changed)
                yield from append(self._sql, partition, entry.user_id, changed)
        # Rows may be newer than this number, and are then read again, which does no harm.
        entry.sequence = freshness.sequence
        entry.partition = partition
        self._cache.resize(entry)
        return partition

    def _load(self, user_id: str | None, freshness: Freshness) -> Loading[Partition | None]:
        size: int = (yield self._sql.size(user_id))[0][0]
        if size > self._sql.held and freshness.indexed:
            return None
        partition = self._cache.make(freshness.dimension, size)
        listed = self._sql.listed(user_id)
        if listed is not None:
            yield from append(self._sql, partition, user_id, [row[0] for row in (yield listed)])
        else:
            yield from append_all(self._sql, partition, user_id)
        return partition


def append_all(sql: LoadedSQL, partition: Partition, user_id: str | None) -> Loading[None]:
    """Read the rows of a user into an empty partition, page by page."""
    after = -1
    while found := (yield sql.page(user_id, after, sql.page_rows)):
        yield Compute(_add, (sql, partition, found))
        after = found[-1][0]


def append(sql: LoadedSQL, partition: Partition, user_id: str | None, ids: Sequence[int]) -> Loading[None]:
    """Read the rows with these ids into a partition, as far as they exist."""
    for chunk in sql.chunks(ids):
        if found := (yield sql.chosen(user_id, chunk)):
            yield Compute(_add, (sql, partition, found))


def of_user(user_id: str | None) -> Fragment:
    """Return whether a row is this user's; every row is for ``None``."""
    return Fragment("1 = 1") if user_id is None else Fragment("user_id = ?", (user_id,))


def _add(sql: LoadedSQL, partition: Partition, rows: Sequence[Sequence[Any]]) -> None:
    partition.append(columns(sql.loaded_rows(rows), partition.dimension))
