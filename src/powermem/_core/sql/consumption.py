"""The statements of what models did by day: a row of ``meta`` for each day. No I/O."""

from __future__ import annotations

import json

from ..wire.consumption import Days, total
from .collection import CollectionSQL
from .steps import Query, Statement, Steps

_PREFIX = "usage:"


class ConsumptionSQL:
    """The days of one collection.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        key = sql.meta_key
        self._insert = sql.inserting(sql.meta, f"{key}, value", once=True)
        self._find = f"SELECT value FROM {sql.meta} WHERE {key} = ?{sql.locking}"
        self._replace = f"UPDATE {sql.meta} SET value = ? WHERE {key} = ?"
        self._list = f"SELECT value FROM {sql.meta} WHERE SUBSTR({key}, 1, {len(_PREFIX)}) = ?"

    def add(self, days: Days) -> Steps[None]:
        """Add amounts to days."""
        for day in sorted(days):
            name = f"{_PREFIX}{day}"
            # Another process may insert the row just now; then this one waits for it.
            yield Statement(self._insert, (name, json.dumps({"day": day})))
            found = yield Query(self._find, (name,))
            amounts = json.loads(found[0][0])
            del amounts["day"]
            yield Statement(self._replace, (json.dumps({"day": day, **total(amounts, days[day])}), name))

    def list(self, since: int) -> Steps[dict[int, dict[str, int]]]:
        """Return the amounts of the days from one on."""
        rows = yield Query(self._list, (_PREFIX,))
        found = (json.loads(value) for (value,) in rows)
        return {each.pop("day"): each for each in found if each["day"] >= since}
