# Generated from src/powermem/_async/retrieval/query.py by scripts/run_unasync.py; edit that file instead.
"""The parameters of a search."""

from __future__ import annotations

from datetime import timezone, tzinfo
from typing import NamedTuple

from ..._core.filters.expression import Expression
from ..._core.values import Scope


class Query(NamedTuple):
    """The parameters of a search, apart from the text.

    Attributes:
        scope: whose memories to search.
        limit: maximum number of results.
        expression: a parsed filter.
        threshold: minimum score of a result.
        max_tokens: maximum estimated number of tokens of all results together.
        as_of: search the memories valid at that moment, microseconds UTC.
        include_expired: whether to include expired memories.
        rerank: whether to use the reranker; ``None`` to use it if there is one.
        explain: whether to add the rank of a result in each kind of search.
        around: how many turns before and after each result to add.
        zone: the time zone for days named in the text.
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
    around: int = 0
    zone: tzinfo = timezone.utc
