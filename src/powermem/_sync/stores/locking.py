# Generated from src/powermem/_async/stores/locking.py by scripts/run_unasync.py; edit that file instead.
"""What a transaction on a database server does to memories before all else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..._drivers.base import Connection
from ...changes import Amend, Change, Delete, LinkTurns, ReplaceText, Supersede
from ...sql.server import ServerSQL

PAUSES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Seconds to wait before a transaction that met another one is tried again."""

_CHUNK = 1000
_NAMING = (ReplaceText, Supersede, Amend, Delete, LinkTurns)


def lock_memories(
    connection: Connection, sql: ServerSQL, batches: Sequence[Sequence[Change]], accessed: Iterable[int]
) -> None:
    """Lock the memories that a transaction will change.

    In the same order everywhere, so that two processes do not wait for each other in a circle: servers take a
    second or more to notice.

    Args:
        connection: inside the transaction.
        sql: the collection's statements.
        batches: what will be applied.
        accessed: ids of the memories whose accesses will be counted.
    """
    named = {change.id for batch in batches for change in batch if isinstance(change, _NAMING)}
    ids = sorted(named.union(accessed))
    if len(ids) < 2:
        return
    for start in range(0, len(ids), _CHUNK):
        where = sql.among("id", ids[start : start + _CHUNK])
        # Beside an index of vectors, seekdb locks no row that another index alone can answer for.
        connection.fetch(
            f"SELECT id, version FROM {sql.records} WHERE {where.sql} ORDER BY id FOR UPDATE", where.values
        )


def count_accesses(connection: Connection, sql: ServerSQL, counts: Mapping[int, int]) -> None:
    """Write down how often memories were read; they are locked."""
    connection.execute_many(
        f"UPDATE {sql.records} SET access_count = access_count + ? WHERE id = ?",
        [(times, memory_id) for memory_id, times in counts.items()],
    )
