"""The turns beside what a server found, so that a search can lift them with it. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Protocol

from ..ranking.server_rows import ServerRows
from .steps import Steps


class SearchingSQL(Protocol):
    """A collection whose server can search."""

    def turns_beside(
        self, found: ServerRows, rows: Sequence[int], span: int
    ) -> Steps[list[tuple[int, int, int]]]:
        """Return the turns around rows that were found: the row's id, the turn's, and the distance in turns.

        Args:
            found: the rows.
            rows: which of them, by position.
            span: how many turns to look away in each direction.
        """


def with_turns_beside(
    sql: SearchingSQL,
    rows: Sequence[tuple[Any, ...]],
    found: ServerRows,
    pool: Sequence[int],
    span: int,
    read: Callable[[list[int]], Steps[list[tuple[Any, ...]]]],
) -> Steps[ServerRows]:
    """Return the rows with those said beside the best of them.

    Args:
        sql: the collection.
        rows: the rows found, as `ServerRows` takes them.
        found: the same.
        pool: the best of them, by position.
        span: how many turns to look away in each direction.
        read: returns the rows with these ids.
    """
    asked = [row for row in pool if found.run_ids[row]]
    if not asked:
        return found
    near = yield from sql.turns_beside(found, asked, span)
    missing = list({other for _, other, _ in near}.difference(found.ids))
    if missing:
        # Of equals the oldest comes first.
        rows = sorted([*rows, *(yield from read(missing))], key=itemgetter(0))
    place = {values[0]: row for row, values in enumerate(rows)}
    beside: dict[int, list[tuple[int, int]]] = {}
    for memory_id, other, distance in near:
        if other in place:
            beside.setdefault(place[memory_id], []).append((distance, place[other]))
    return ServerRows(rows, beside)
