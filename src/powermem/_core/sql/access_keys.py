"""The statements of a server's keys, which are rows of ``meta``. No I/O."""

from __future__ import annotations

from ..access_keys import AccessKey, decode, encode
from .collection import CollectionSQL
from .steps import Query, Statement, Steps

PREFIX = "key:"
"""Names of these rows begin with it; emptying a collection keeps them."""


class AccessKeysSQL:
    """The keys of one collection, shared by all processes that serve it.

    Args:
        sql: the collection's tables and what its database says differently.
    """

    def __init__(self, sql: CollectionSQL) -> None:
        self._sql = sql
        column = f"SUBSTR({sql.meta_key}, 1, {len(PREFIX)})"
        self._list = f"SELECT value FROM {sql.meta} WHERE {column} = ?"

    def list(self) -> Steps[list[AccessKey]]:
        """Return every key, revoked ones too, oldest first."""
        rows = yield Query(self._list, (PREFIX,))
        return sorted((decode(value) for (value,) in rows), key=lambda key: (key.created_at, key.id))

    def put(self, key: AccessKey) -> Steps[None]:
        """Write a key, in place of the one with its id."""
        yield Statement(self._sql.setting(), (f"{PREFIX}{key.id}", self._sql.meta_value(encode(key))))
