"""What a search is asked for, apart from its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timezone, tzinfo

from ...filters import Expression
from ...types import Scope


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, apart from the text.

    Attributes:
        scope: whose memories.
        limit: how many results at most.
        expression: a parsed filter.
        threshold: results with a lower score are left out.
        max_tokens: how many tokens all results may take together, as estimated.
        as_of: search what was true at that moment, microseconds UTC.
        include_expired: also find what has expired.
        rerank: whether to use the reranker; ``None`` for when there is one.
        explain: whether to tell which place each arm gives a result.
        zone: where it is asked: the days that the text names are those there.
    """

    scope: Scope
    limit: int
    expression: Expression | None = None
    threshold: float | None = None
    max_tokens: int | None = None
    as_of: int | None = None
    include_expired: bool = False
    rerank: bool | None = None
    explain: bool = False
    zone: tzinfo = timezone.utc
