"""What a recall finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RecalledFact:
    """Something that is known of a user.

    Attributes:
        id: the memory's id.
        content: what is known.
        similarity: how well it answers the query, 0 to 1.
        created_at: when it was stored; ISO-8601 in UTC.
    """

    id: int
    content: str
    similarity: float
    created_at: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> RecalledFact:
        """Return a search result in this form."""
        return cls(record["id"], record["memory"], record["score"], record["created_at"])

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict."""
        return asdict(self)
