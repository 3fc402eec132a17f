"""Pages of a list that stay right while memories come and go: each begins behind the one before."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .._core import clock
from .._core.inputs import SORT_COLUMNS
from .._core.sql.queries import Position
from ..errors import InvalidInputError


class Cursor(NamedTuple):
    """The end of a page.

    Attributes:
        sort_by: the column of the order.
        order: ``"asc"`` or ``"desc"``.
        value: that column of the last memory.
        id: its id.
        total: memories on all pages, as counted for the first.
    """

    sort_by: str
    order: str
    value: str
    id: str
    total: int

    @classmethod
    def behind(cls, records: Sequence[Mapping[str, Any]], sort_by: str, order: str, total: int) -> Cursor:
        """Return the end of a page."""
        last = records[-1]
        return cls(sort_by, order, str(last[sort_by]), str(last["id"]), total)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read what `text` has written.

        Raises:
            InvalidInputError: it is no cursor.
        """
        try:
            found = cls(*json.loads(urlsafe_b64decode(text.encode() + b"===")))
            known = found.order in ("asc", "desc") and found.sort_by in SORT_COLUMNS
            if not (
                known and all(isinstance(each, str) for each in found[:4]) and isinstance(found.total, int)
            ):
                raise ValueError
            found.position()
        except (ValueError, TypeError):
            raise InvalidInputError("cursor: expected next_cursor of the page before") from None
        return found

    def text(self) -> str:
        """Return it as a text for the next request."""
        return urlsafe_b64encode(json.dumps(self, separators=(",", ":")).encode()).decode().rstrip("=")

    def position(self) -> Position:
        """Return the place that the next page begins behind."""
        number = int(self.id)
        return Position(number if self.sort_by == "id" else clock.parse(self.value), number)
