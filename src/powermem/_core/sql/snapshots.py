"""Keep partitions up to date by PostgreSQL's snapshots. No I/O.

Every transaction that changes memories lists them, with its own number, under their user. Transactions commit
in any order, and none waits for another to number its commit. So a partition stores the snapshot that it was
read in, which says of every transaction whether it was committed by then; the listed changes of the others
are what it lacks. A search sees everything that any process committed before it started.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..ranking.partition import Entry, Partition, PartitionCache
from .dialects import Fragment
from .embedder import EmbedderSQL
from .partitions import LoadedSQL, append, append_all
from .steps import Loading, Query, Statement, Steps

_FOLLOWED = ("switches", "dimension", "trimmed", "era")
# The changes of this many transactions stay listed; a partition that is further behind is loaded again.
_LISTED = 8192
# One in this many transactions deletes older ones.
_TRIM_EVERY = 1024
# Where nothing changed, a partition's snapshot is replaced once the oldest transaction that it may lack is
# this much older than that of a new one: with an old snapshot, more of the list is read.
_LAG = 1000
_ALWAYS = 2000
"""A partition of up to this many rows is loaded whenever it is missing: the server would read as many."""
# An estimate of what a row takes besides its vector.
_ROW_BYTES = 700


class Missing(NamedTuple):
    """What a partition lacks.

    Attributes:
        since: the snapshot of the partition.
        ids: the memories that were changed or deleted by what that snapshot does not see.
    """

    since: str
    ids: list[int]


class Seen(NamedTuple):
    """What a search sees; a `Freshness` for snapshots.

    Attributes:
        era: how often everything had to be loaded again.
        trimmed: up to this transaction, changes are no longer listed.
        dimension: length of the vectors, ``None`` before the first.
        snapshot: of the query that read all this.
        missing: what the partitions lack, by user; without those that are not loaded.
    """

    era: int
    trimmed: int
    dimension: int | None
    snapshot: str
    missing: Mapping[str | None, Missing]


class SnapshotSQL(LoadedSQL):
    """A collection whose changes are listed by the transaction that made them."""

    changes: str

    def list_changes(self, users: Mapping[int, str]) -> Steps[None]:
        """List memories as changed, given whose they are; the last statement of a transaction."""
        if not users:
            return
        yield Statement(
            f"INSERT INTO {self.changes} (user_id, xid, ids) SELECT user_id, pg_current_xact_id(), "
            "array_agg(id) FROM unnest(?::text[], ?::bigint[]) AS changed (user_id, id) GROUP BY user_id",
            (list(users.values()), list(users)),
        )
        if random.random() * _TRIM_EVERY < 1:
            yield from self.trim()

    def trim(self, listed: int = _LISTED) -> Steps[None]:
        """Delete old changes, unless another process does."""
        if not (yield Query(f"SELECT 1 FROM {self.meta} WHERE name = 'trimmed' FOR UPDATE SKIP LOCKED")):
            return
        # Older than every running transaction, so that no new snapshot can lack one of them.
        found = yield Query(
            f"SELECT xid::text FROM {self.changes} WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) "
            "ORDER BY xid DESC OFFSET ? LIMIT 1",
            (listed,),
        )
        if found:
            yield Statement(f"DELETE FROM {self.changes} WHERE xid <= ?::text::xid8", found[0])
            yield Statement(f"UPDATE {self.meta} SET value = ? WHERE name = 'trimmed'", found[0])

    def seen(self, snapshots: Mapping[str | None, str]) -> Query:
        """Return the query for what partitions with these snapshots lack.

        Its first row is the current snapshot and pairs of name and value; each other one an index into
        ``snapshots`` and ids.
        """
        names = ", ".join(f"'{name}'" for name in _FOLLOWED)
        parts = [
            Fragment(
                "SELECT -1, NULL::bigint[], pg_current_snapshot()::text, "
                f"(SELECT array_agg(ARRAY[name, value]) FROM {self.meta} WHERE name IN ({names}))"
            )
        ]
        unseen = (
            "xid >= pg_snapshot_xmin({0}::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, {0}::pg_snapshot)"
        )
        nothing = "NULL::text, NULL::text[]"
        users = {user: i for i, user in enumerate(snapshots) if user is not None}
        if users:
            known = "unnest(?::integer[], ?::text[], ?::text[]) AS known (place, whose, snapshot)"
            parts.append(
                Fragment(
                    f"SELECT place, ids, {nothing} FROM {known} JOIN {self.changes} ON user_id = whose "
                    f'COLLATE "C" WHERE {unseen.format("snapshot")}',
                    (list(users.values()), list(users), [snapshots[user] for user in users]),
                )
            )
        if None in snapshots:
            snapshot = snapshots[None]
            parts.append(
                Fragment(
                    f"SELECT ?::integer, ids, {nothing} FROM {self.changes} WHERE {unseen.format('?::text')}",
                    ([*snapshots].index(None), snapshot, snapshot),
                )
            )
        return Query(
            " UNION ALL ".join(part.sql for part in parts), [one for part in parts for one in part.values]
        )

    def next_era(self) -> str:
        """Return the statement after which every cache, here and in other processes, is loaded again."""
        return f"UPDATE {self.meta} SET value = (value::bigint + 1)::text WHERE name = 'era'"


class SnapshotLoader:
    """Steps that fill the partitions of a cache; see `PartitionLoader`.

    A partition that would evict others is loaded at its second chance only, so that many large ones do not
    drive each other out with every search.

    Args:
        sql: the collection.
        embedder: whose vectors it holds.
        cache: the partitions.
    """

    def __init__(self, sql: SnapshotSQL, embedder: EmbedderSQL, cache: PartitionCache[Any]) -> None:
        self._sql = sql
        self._embedder = embedder
        self._cache = cache
        # Users whose partition was not loaded although it could be, the most recent ones last.
        self._deferred: OrderedDict[str | None, None] = OrderedDict()

    def freshness(self, users: Sequence[str | None] = ()) -> Steps[Seen]:
        """Return what a search sees, and what the partitions of these users lack.

        Raises:
            EmbeddingMismatchError: another embedder took over.
        """
        entries = [self._cache.entry(user) for user in users]
        snapshots = {one.user_id: one.snapshot for one in entries if one.partition is not None}
        (_, _, snapshot, pairs), *found = yield self._sql.seen(snapshots)
        named = dict(pairs)
        yield from self._embedder.refuse(named.get("switches"))
        ids: list[list[int]] = [[] for _ in snapshots]
        for place, some, *_ in found:
            ids[place] += some
        dimension = named.get("dimension")
        return Seen(
            era=int(named["era"]),
            trimmed=int(named["trimmed"]),
            dimension=None if dimension is None else int(dimension),
            snapshot=snapshot,
            missing={
                user: Missing(since, changed)
                for (user, since), changed in zip(snapshots.items(), ids, strict=True)
            },
        )

    def update(self, entry: Entry[Any], seen: Seen) -> Loading[Partition | None]:
        """Bring a partition up to date; return it, or ``None`` where it is left to the server."""
        partition = entry.partition
        if partition is None or self._cache.outgrown(partition) or not _continues(entry, partition, seen):
            entry.partition = None
            partition = yield from self._load(entry.user_id, seen)
        else:
            missing = seen.missing.get(entry.user_id)
            if missing is None or missing.since != entry.snapshot:
                # Another search has loaded it, or brought it up to date, since this one asked.
                seen = yield from self.freshness([entry.user_id])
                return (yield from self.update(entry, seen))
            if not missing.ids:
                if _oldest(seen.snapshot) > _oldest(entry.snapshot) + _LAG:
                    entry.snapshot = seen.snapshot
                return partition
            # Until it is whole again there is none: after an error or a cancellation the next search loads
            # it, although a thread may still be adding rows to what is dropped here.
            entry.partition = None
            if len(partition) + len(missing.ids) > self._most(seen):
                partition = yield from self._load(entry.user_id, seen)
            else:
                partition.remove(missing.ids)
                yield from append(self._sql, partition, entry.user_id, missing.ids)
        # Rows may be newer than this snapshot, and are then read again, which does no harm.
        entry.sequence, entry.snapshot = seen.era, seen.snapshot
        entry.partition = partition
        self._cache.resize(entry)
        return partition

    def _load(self, user_id: str | None, seen: Seen) -> Loading[Partition | None]:
        size: int = (yield self._sql.size(user_id))[0][0]
        if size > self._most(seen) or self._defers(user_id, size * _row_bytes(seen)):
            return None
        partition = self._cache.make(seen.dimension, size)
        yield from append_all(self._sql, partition, user_id)
        return partition

    def _most(self, seen: Seen) -> int:
        """Return how many rows a partition may have."""
        return min(self._sql.held, max(_ALWAYS, self._cache.limit // _row_bytes(seen)))

    def _defers(self, user_id: str | None, size: int) -> bool:
        """Return whether a partition of this many bytes has to wait for its second chance."""
        if size <= _ALWAYS * _ROW_BYTES or self._cache.nbytes + size <= self._cache.limit:
            return False
        if user_id in self._deferred:
            del self._deferred[user_id]
            return False
        self._deferred[user_id] = None
        if len(self._deferred) > _LISTED:
            self._deferred.popitem(last=False)
        return True


def _row_bytes(seen: Seen) -> int:
    return _ROW_BYTES + 4 * (seen.dimension or 0)


def _oldest(snapshot: str) -> int:
    """Return the transaction before which a snapshot sees all."""
    return int(snapshot.partition(":")[0])


def _newest(snapshot: str) -> int:
    """Return the transaction from which on a snapshot sees none."""
    return int(snapshot.split(":")[1])


def _continues(entry: Entry[Any], partition: Partition, seen: Seen) -> bool:
    """Return whether what a partition lacks is listed."""
    return (
        entry.sequence == seen.era
        and _oldest(entry.snapshot) > seen.trimmed
        # On a server that was restored from a copy, transactions are numbered again.
        and _newest(entry.snapshot) <= _newest(seen.snapshot)
        # The first vector of the collection is among the changes.
        and not (partition.dimension is None and seen.dimension is not None)
    )
