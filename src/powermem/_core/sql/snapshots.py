"""Keep partitions up to date by PostgreSQL's snapshots. No I/O.

Every transaction that changes memories lists them, with its own number, under their user. Transactions commit
in any order, and none waits for another to number its commit. So a partition stores the snapshot that it was
read in, which says of every transaction whether it was committed by then; the listed changes of the others
are what it lacks. A search sees everything that any process committed before it started.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ..ranking.partition import Entry, Partition
from .dialects import Fragment
from .partitions import Freshness, LoadedSQL, Loader, Missing
from .postgres_values import Array
from .steps import Loading, Query, Statement, Steps

_FOLLOWED = ("switches", "dimension", "trimmed", "era")
# The changes of this many transactions stay listed; a partition that is further behind is loaded again.
_LISTED = 8192
# One in this many transactions deletes older ones.
_TRIM_EVERY = 1024
# Where nothing changed, a partition's snapshot is replaced once the oldest transaction that it may lack is
# this much older than that of a new one: with an old snapshot, more of the list is read.
_LAG = 1000


class SnapshotSQL(LoadedSQL):
    """A collection whose changes are listed by the transaction that made them.

    Attributes:
        changes: the table of the list.
    """

    changes: str

    def list_changes(self, users: Mapping[int, str]) -> Steps[None]:
        """List memories as changed, given whose they are; the last statement of a transaction."""
        if not users:
            return
        yield Statement(
            f"INSERT INTO {self.changes} (user_id, xid, ids) SELECT user_id, pg_current_xact_id(), "
            "array_agg(id) FROM unnest(?::text[], ?::bigint[]) AS changed (user_id, id) GROUP BY user_id",
            (Array("text", users.values()), Array("bigint", users)),
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
                    (
                        Array("integer", users.values()),
                        Array("text", users),
                        Array("text", [snapshots[user] for user in users]),
                    ),
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


class SnapshotLoader(Loader[SnapshotSQL]):
    """Follows a collection by snapshots."""

    def freshness(self, users: Sequence[str | None] = ()) -> Steps[Freshness]:
        entries = [entry for entry in map(self._cache.known, users) if entry is not None]
        snapshots = {one.user_id: one.snapshot for one in entries if one.partition is not None or one.left}
        (_, _, snapshot, pairs), *found = yield self._sql.seen(snapshots)
        named = dict(pairs)
        yield from self._embedder.refuse(named.get("switches"))
        ids: list[list[int]] = [[] for _ in snapshots]
        for place, some, *_ in found:
            ids[place] += some
        dimension = named.get("dimension")
        return Freshness(
            # Only these numbers are in order.
            sequence=int(named["era"]),
            trimmed=int(named["trimmed"]),
            dimension=None if dimension is None else int(dimension),
            indexed=True,
            snapshot=snapshot,
            missing={
                user: Missing(since, changed)
                for (user, since), changed in zip(snapshots.items(), ids, strict=True)
            },
        )

    def update(self, entry: Entry[Any], freshness: Freshness) -> Loading[Partition | None]:
        known = entry.partition is not None or entry.left
        if known and self._missing(entry, freshness) is None:
            # Another search has loaded it, or brought it up to date, since this one asked.
            freshness = yield from self.freshness([entry.user_id])
        return (yield from super().update(entry, freshness))

    def _missing(self, entry: Entry[Any], freshness: Freshness) -> Missing | None:
        missing = freshness.missing.get(entry.user_id)
        return None if missing is None or missing.since != entry.snapshot else missing

    def _changed(self, entry: Entry[Any], freshness: Freshness) -> Steps[Sequence[int] | None]:
        yield from ()
        missing = self._missing(entry, freshness)
        if missing is not None and missing.ids:
            return missing.ids
        if _oldest(freshness.snapshot) > _oldest(entry.snapshot) + _LAG:
            entry.snapshot = freshness.snapshot
        return None

    def _moved(self, entry: Entry[Any], freshness: Freshness) -> bool:
        missing = self._missing(entry, freshness)
        return missing is None or bool(missing.ids) or self._broken(entry, freshness)

    def _broken(self, entry: Entry[Any], freshness: Freshness) -> bool:
        return (
            entry.sequence != freshness.sequence
            or _oldest(entry.snapshot) <= freshness.trimmed
            # On a server that was restored from a copy, transactions are numbered again.
            or _newest(entry.snapshot) > _newest(freshness.snapshot)
        )


def _oldest(snapshot: str) -> int:
    """Return the transaction before which a snapshot sees all."""
    return int(snapshot.partition(":")[0])


def _newest(snapshot: str) -> int:
    """Return the transaction from which on a snapshot sees none."""
    return int(snapshot.split(":")[1])
