"""What SQLite says differently from a database server. No I/O."""

from __future__ import annotations

from .collection import CollectionSQL
from .dialects import SQLITE


class SQLiteSQL(CollectionSQL):
    """A collection in SQLite.

    A transaction that writes holds the only lock there is, so no row is locked by itself.
    """

    dialect = SQLITE
    locking = ""
    meta_key = "key"
    request_key = "key"
    # Before version 3.32, a statement takes at most 999 parameters.
    chunk = 900

    def __init__(self, collection: str) -> None:
        super().__init__(collection)
        self.vectors = f"{collection}_vectors"
        self.deleted = f"{collection}_deleted"
