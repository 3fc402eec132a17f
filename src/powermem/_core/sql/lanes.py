"""The statements of lanes: which worker holds a user's tasks, and when the next one is due. No I/O.

Transactions that lock a lane do so before they lock any task, and several lanes in the order of their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ..changes.writes import LeaseLost
from .collection import CollectionSQL
from .steps import Query, Statement, Statements, Steps

T = TypeVar("T")

NEVER = (1 << 63) - 1
"""The due time of a lane without open tasks."""

_CHUNK = 500


class LaneSQL:
    """One collection's statements.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self._lanes = sql.lanes
        self._insert = sql.inserting(sql.lanes, "lane, owner, held_until, due_at", once=True)
        self._locking = sql.locking

    def make_due(self, due: Mapping[str, int]) -> Steps[None]:
        """Make lanes due at these moments at the latest.

        The lanes stay locked until the end of the transaction. A concurrent `let_go` looks for open tasks
        either before it, and then the due time written here stays, or after it, and finds the new tasks.
        """
        lanes = sorted(due.items())
        yield Statements(self._insert, [(lane, "", 0, at) for lane, at in lanes])
        yield Statements(
            f"UPDATE {self._lanes} SET due_at = CASE WHEN due_at < ? THEN due_at ELSE ? END WHERE lane = ?",
            [(at, at, lane) for lane, at in lanes],
        )

    def lock(self, names: Iterable[str]) -> Steps[None]:
        """Lock the lanes that exist."""
        for lanes in chunks(sorted(set(names))):
            yield Query(
                f"SELECT lane FROM {self._lanes} WHERE lane IN ({marks(lanes)}) ORDER BY lane{self._locking}",
                lanes,
            )

    def check(self, owner: str, lane: str) -> Steps[None]:
        """Raise ``LeaseLost`` unless this owner holds a lane; it stays locked until the transaction ends."""
        found = yield Query(f"SELECT owner FROM {self._lanes} WHERE lane = ?{self._locking}", (lane,))
        if not found or found[0][0] != owner:
            raise LeaseLost(f"{lane!r} is held by another owner")

    def find_due(self, at: int, ended: int, limit: int, lane: str | None) -> Steps[list[str]]:
        """Return lanes with a due task and without a running lease, the longest due first.

        Args:
            at: now.
            ended: leases that were to end by then are over; 0 for none of them.
            limit: how many at most.
            lane: only this one.
        """
        only, values = ("", ()) if lane is None else (" AND lane = ?", (lane,))
        found = yield Query(
            f"SELECT lane FROM {self._lanes} WHERE due_at <= ? AND held_until <= ?{only} "
            "ORDER BY due_at, lane LIMIT ?",
            (at, ended, *values, limit),
        )
        return [name for (name,) in found]

    def claim(self, owner: str, at: int, ended: int, until: int, lanes: Sequence[str]) -> Steps[list[str]]:
        """Lease lanes, apart from those that another worker has leased first."""
        claimed = set()
        for lane in sorted(lanes):
            # MySQL counts only rows whose values change; a new owner always changes this one.
            count = yield Statement(
                f"UPDATE {self._lanes} SET owner = ?, held_until = ? "
                "WHERE lane = ? AND held_until <= ? AND due_at <= ?",
                (owner, until, lane, ended, at),
            )
            if count == 1:
                claimed.add(lane)
        return [lane for lane in lanes if lane in claimed]

    def find_misdated(self, latest_due: int, latest_lease: int, limit: int) -> Steps[list[str]]:
        """Return lanes with a due time or a lease so far ahead that a wrong clock must have written it.

        Args:
            latest_due: nothing is due later.
            latest_lease: no lease ends later.
            limit: how many at most.
        """
        found = yield Query(
            f"SELECT lane FROM {self._lanes} WHERE (due_at > ? AND due_at < ?) "
            "OR (due_at < ? AND held_until > ?) ORDER BY lane LIMIT ?",
            (latest_due, NEVER, NEVER, latest_lease, limit),
        )
        return [name for (name,) in found]

    def redate(
        self, lanes: Sequence[str], at: int, lease: int, latest_due: int, latest_lease: int
    ) -> Steps[int]:
        """Correct lanes that `find_misdated` found: make them due now, and let leases end as if taken now."""
        yield from self.lock(lanes)
        changed = 0
        for names in chunks(sorted(lanes)):
            where = f"lane IN ({marks(names)})"
            changed += yield Statement(
                f"UPDATE {self._lanes} SET due_at = ? WHERE due_at > ? AND due_at < ? AND {where}",
                (at, latest_due, NEVER, *names),
            )
            changed += yield Statement(
                f"UPDATE {self._lanes} SET held_until = ? WHERE held_until > ? AND {where}",
                (at + lease, latest_lease, *names),
            )
        return changed

    def renew(self, owner: str, names: Sequence[str], until: int) -> Steps[list[str]]:
        """Renew leases; return the lanes that this owner still holds."""
        held: set[str] = set()
        for lanes in chunks(sorted(set(names))):
            found = yield Query(
                f"SELECT lane FROM {self._lanes} WHERE lane IN ({marks(lanes)}) AND owner = ? "
                f"ORDER BY lane{self._locking}",
                (*lanes, owner),
            )
            kept = [lane for (lane,) in found]
            if kept:
                yield Statement(
                    f"UPDATE {self._lanes} SET held_until = ? WHERE lane IN ({marks(kept)})", (until, *kept)
                )
            held.update(kept)
        return [lane for lane in names if lane in held]

    def hold(self, lane: str, until: int) -> Steps[None]:
        """Renew the lease of a lane that was checked."""
        yield Statement(f"UPDATE {self._lanes} SET held_until = ? WHERE lane = ?", (until, lane))

    def let_go(self, lane: str, due_at: int) -> Steps[None]:
        """Release a lane that was checked."""
        yield Statement(
            f"UPDATE {self._lanes} SET owner = '', held_until = 0, due_at = ? WHERE lane = ?", (due_at, lane)
        )

    def remove(self, lane: str) -> Steps[None]:
        """Delete a lane unless it is leased."""
        yield Statement(f"DELETE FROM {self._lanes} WHERE lane = ? AND owner = ''", (lane,))


def chunks(values: Sequence[T]) -> list[Sequence[T]]:
    """Return values in chunks that every database accepts as parameters of one statement."""
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def marks(values: Sequence[object]) -> str:
    """Return the placeholders for these values."""
    return ", ".join("?" * len(values))
