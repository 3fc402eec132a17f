"""The statements of the ledger of a budget. No I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..wire.budget import Refusal, Spend, enter
from .collection import CollectionSQL
from .steps import Query, Statement, Steps

_NAME = "budget"


class LedgerSQL:
    """The ledger of one collection: a single row, which every entry replaces.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self._insert = sql.inserting(sql.meta, f"{sql.meta_key}, value", once=True)
        self._find = f"SELECT value FROM {sql.meta} WHERE {sql.meta_key} = ?{sql.locking}"
        self._replace = f"UPDATE {sql.meta} SET value = ? WHERE {sql.meta_key} = ?"

    def enter(self, entries: Sequence[Spend]) -> Steps[list[Refusal | None]]:
        """Make entries in order; return for each the refusal, or ``None``."""
        found = yield Query(self._find, (_NAME,))
        if not found:
            yield Statement(self._insert, (_NAME, "{}"))
            found = yield Query(self._find, (_NAME,))
        ledger, refusals = json.loads(found[0][0]), list[Refusal | None]()
        for entry in entries:
            outcome = enter(ledger, entry)
            if isinstance(outcome, Refusal):
                refusals.append(outcome)
            else:
                refusals.append(None)
                ledger = outcome
        yield Statement(self._replace, (json.dumps(ledger), _NAME))
        return refusals
