"""The results of a recall: as objects, and as lines of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from ...tokens import estimate_tokens, within
from ...types import FactRecord
from ..clock import date_phrase, to_iso
from ..prompts.quoting import quote_recalled, quoted_line
from ..query.search import Hit
from ..values import Row


@dataclass(frozen=True, slots=True)
class RecalledFact:
    """A fact known about a user.

    Attributes:
        id: the id of the memory.
        content: the text.
        similarity: the score for the query, 0 to 1.
        created_at: when it was stored, ISO-8601 in UTC.
    """

    id: int
    content: str
    similarity: float
    created_at: str

    @classmethod
    def of(cls, hit: Hit) -> RecalledFact:
        """Convert a search result."""
        return cls(hit.row.id, hit.row.text, hit.score, to_iso(hit.row.created_at))

    def to_dict(self) -> FactRecord:
        """Return it as a dict."""
        return cast("FactRecord", asdict(self))


# Pickles name it as users do, so that it can move.
RecalledFact.__module__ = "powermem"


def once(hits: Sequence[Hit]) -> list[Hit]:
    """Return hits without duplicates: of the same text of one user, such as in two runs, only the best."""
    best: dict[tuple[str | None, str], Hit] = {}
    for hit in hits:
        best.setdefault((hit.row.scope.user_id, hit.row.hash), hit)
    return list(best.values())


def recalled_lines(hits: Sequence[Hit], max_tokens: int | None = None) -> list[str]:
    """Write memories for a model, the most recent first.

    Args:
        hits: the results, best first.
        max_tokens: the estimated budget of all lines once quoted; the best that fit are kept.

    Returns:
        One line each, with the date since which it is true (or on which it was said) and the speaker.
    """
    rows = [hit.row for hit in hits]
    if max_tokens is not None:
        rows = within(rows, _cost, max_tokens - estimate_tokens(quote_recalled([""])))
    return [
        recalled_line(row) for row in sorted(rows, key=lambda row: (row.valid_from, row.id), reverse=True)
    ]


def recalled_line(row: Row) -> str:
    """Return a memory as ``"[8 May 2023] Ana: text"``, with the date since which it is true."""
    speaker = f"{row.actor_id}: " if row.actor_id else ""
    return f"[{date_phrase(row.valid_from, row.utc_offset)}] {speaker}{row.text}"


def _cost(row: Row) -> int:
    return estimate_tokens(f"{quoted_line(recalled_line(row))}\n")
