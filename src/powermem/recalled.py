"""What a recall finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from .clock import date_phrase, to_iso
from .prompts import quote_recalled, quoted_line
from .tokens import estimate_tokens, within
from .types import FactRecord, Hit, Row


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
    def of(cls, hit: Hit) -> RecalledFact:
        """Return what a search found in this form."""
        return cls(hit.row.id, hit.row.text, hit.score, to_iso(hit.row.created_at))

    def to_dict(self) -> FactRecord:
        """Return it as a dict."""
        return cast("FactRecord", asdict(self))


def once(hits: Sequence[Hit]) -> list[Hit]:
    """Return hits without those whose text the same user has among better ones, such as of another run."""
    best: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        best.setdefault((hit.row.scope.user_id, hit.row.hash), hit)
    return list(best.values())


def recalled_lines(hits: Sequence[Hit], max_tokens: int | None = None) -> list[str]:
    """Write memories for a model to read, the newest truth first.

    Args:
        hits: what was found, best first.
        max_tokens: how many tokens they may take together once they are quoted, as estimated; the best are
            kept.

    Returns:
        One text for each, with the day since when it is true, or on which it was said, and who said it.
    """
    rows = [hit.row for hit in hits]
    if max_tokens is not None:
        rows = within(rows, _cost, max_tokens - estimate_tokens(quote_recalled([""])))
    return [told(row) for row in sorted(rows, key=lambda row: (row.valid_from, row.id), reverse=True)]


def told(row: Row) -> str:
    """Return a memory with the day since when it is true, or on which it was said, and who said it."""
    speaker = f"{row.actor_id}: " if row.actor_id else ""
    return f"[{date_phrase(row.valid_from, row.utc_offset)}] {speaker}{row.text}"


def _cost(row: Row) -> int:
    return estimate_tokens(f"{quoted_line(told(row))}\n")
