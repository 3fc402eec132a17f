"""The statements of the ledger of a budget. No I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..budget import Refusal, Spend, enter
from .steps import Query, Statement, Steps

_NAME = "budget"


class LedgerSQL:
    """The ledger of one collection: a single row, which every entry replaces.

    Args:
        table: where a collection keeps what it knows of itself.
        column: the name of its key.
        insert: the statement that adds a row to it, unless there is one.
        locking: what a SELECT ends in so that its rows stay as they are until the transaction is over.
    """

    def __init__(self, table: str, column: str, insert: str, locking: str) -> None:
        self._insert = insert
        self._find = f"SELECT value FROM {table} WHERE {column} = ?{locking}"
        self._replace = f"UPDATE {table} SET value = ? WHERE {column} = ?"

    def enter(self, entries: Sequence[Spend]) -> Steps[list[Refusal | None]]:
        """Make entries, one after the other; return for each why it was refused, if it was."""
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
