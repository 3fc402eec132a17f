# Generated from src/powermem/_async/reading.py by scripts/run_unasync.py; edit that file instead.
"""The half of the facade that asks: calls are checked, passed on, and their answers shaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import clock
from ..errors import InvalidInputError
from ..filters import parse as parse_filters
from ..inputs import (
    Id,
    Moment,
    check_count,
    check_flag,
    check_limit,
    check_share,
    check_sort,
    is_theirs,
    read_id,
)
from ..masking import shown
from ..prompts import quote_recalled
from ..recalled import recalled_lines
from ..records import (
    answer_record,
    full_record,
    history_record,
    record,
    statistics_record,
    turn_record,
)
from ..rough import is_rough
from ..tracing import annotate, span
from ..types import Answer, Row
from .lifecycle import Lifecycle
from .retrieval.query import Query

_TIME_RANGES = {"7d": 7, "30d": 30, "90d": 90, "all": None}


class Reading(Lifecycle):
    """Searching, listing and counting."""

    def search(
        self,
        query: str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        limit: int = 30,
        threshold: float | None = None,
        *,
        top_k: int | None = None,
        max_tokens: int | None = None,
        as_of: Moment | None = None,
        include_expired: bool = False,
        rerank: bool | None = None,
        explain: bool = False,
    ) -> dict[str, Any]:
        """Find the memories that answer a query.

        Args:
            query: a question or any text. A blank one finds nothing.
            user_id: search this user's memories only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata; see ``docs/filters.md``.
            limit: how many results at most.
            threshold: leave out results with a lower score, 0 to 1.
            top_k: another name for ``limit``.
            max_tokens: how many tokens the texts of the results may take together, by the estimate of
                ``powermem.tokens``. The best are kept; one too long for what is left is passed over.
            as_of: search what was true at that moment.
            include_expired: also find what has expired.
            rerank: whether to use the reranker; by default when one is configured.
            explain: add ``score_details`` to each result.

        Returns:
            ``{"results": [...]}``, best first; each a record with ``"score"`` in 0..1. And ``"warnings"``, a
            list of texts, when the reranker failed, so that the results are in the order that they have
            without it, or when the embedder did not take all of the query.

        Raises:
            FilterError: a filter is wrong.
            InvalidInputError: another argument is wrong.
        """
        answers = self.search_many(
            [query],
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            filters=filters,
            limit=limit,
            threshold=threshold,
            top_k=top_k,
            max_tokens=max_tokens,
            as_of=as_of,
            include_expired=include_expired,
            rerank=rerank,
            explain=explain,
        )
        return answers[0]

    def search_many(
        self,
        queries: Sequence[str],
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        limit: int = 30,
        threshold: float | None = None,
        *,
        top_k: int | None = None,
        max_tokens: int | None = None,
        as_of: Moment | None = None,
        include_expired: bool = False,
        rerank: bool | None = None,
        explain: bool = False,
    ) -> list[dict[str, Any]]:
        """Answer several queries, embedded in one batch.

        Args:
            queries: the texts; the other arguments are those of ``search`` and hold for all.

        Returns:
            For each query what ``search`` returns.
        """
        if not isinstance(queries, (list, tuple)) or not all(isinstance(text, str) for text in queries):
            raise InvalidInputError("query: expected a string (search), or a list of strings (search_many)")
        asked = Query(
            scope=self._scope(user_id, agent_id, run_id, required=True),
            limit=check_limit(limit, top_k, least=1),
            expression=parse_filters(filters, self._zone),
            threshold=check_share(threshold, "threshold"),
            max_tokens=None if max_tokens is None else check_count(max_tokens, "max_tokens", least=1),
            as_of=None if as_of is None else clock.parse(as_of, "as_of", self._zone),
            include_expired=check_flag(include_expired, "include_expired"),
            rerank=None if rerank is None else check_flag(rerank, "rerank"),
            explain=check_flag(explain, "explain"),
            zone=self._zone,
        )
        return [answer_record(answer, explain=explain) for answer in self._answer(queries, asked)]

    def context(
        self,
        query: str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        limit: int = 10,
        threshold: float | None = None,
        *,
        top_k: int | None = None,
        max_tokens: int | None = None,
        as_of: Moment | None = None,
        rerank: bool | None = None,
    ) -> str:
        """Find the memories that answer a query, and write them as a text to put into a prompt.

        The text is marked as recalled: when it comes back in a conversation, nothing in it is taken for
        something newly said. What is superseded or expired is not in it.

        Args:
            query: a question or any text, such as the user's last message.
            user_id: search this user's memories only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata.
            limit: how many memories at most.
            threshold: leave out memories with a lower score, 0 to 1.
            top_k: another name for ``limit``.
            max_tokens: how many tokens the whole text may take, by the estimate of ``powermem.tokens``. The
                best memories are kept.
            as_of: what was true at that moment.
            rerank: whether to use the reranker; by default when one is configured.

        Returns:
            A line for each memory, the newest first, with its day and who said it; ``""`` when nothing is
            found or fits.

        Raises:
            FilterError: a filter is wrong.
            InvalidInputError: another argument is wrong.
        """
        if not isinstance(query, str):
            raise InvalidInputError(f"query: expected a string, got {type(query).__name__}")
        asked = Query(
            scope=self._scope(user_id, agent_id, run_id, required=True),
            limit=check_limit(limit, top_k, least=1),
            expression=parse_filters(filters, self._zone),
            threshold=check_share(threshold, "threshold"),
            as_of=None if as_of is None else clock.parse(as_of, "as_of", self._zone),
            rerank=rerank,
            zone=self._zone,
        )
        budget = None if max_tokens is None else check_count(max_tokens, "max_tokens", least=1)
        (answer,) = self._answer([query], asked)
        return quote_recalled(recalled_lines(answer.hits, budget))

    def get(
        self, memory_id: int | str, user_id: Id | None = None, agent_id: Id | None = None
    ) -> dict[str, Any] | None:
        """Return one memory, or ``None`` when there is none with this id, or it is not theirs.

        The id of a rough memory leads to the memory that has taken its place.
        """
        row = self._find(memory_id, user_id, agent_id, touch=True)
        while row is not None and is_rough(row) and row.superseded_by is not None:
            refined = self._find(row.superseded_by, user_id, agent_id, touch=True)
            if refined is None:
                break
            row = refined
        return None if row is None else full_record(row)

    def get_all(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        limit: int = 100,
        offset: int = 0,
        filters: Mapping[str, Any] | None = None,
        sort_by: str | None = "created_at",
        order: str = "desc",
        *,
        top_k: int | None = None,
    ) -> dict[str, Any]:
        """List current memories.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            limit: how many at most.
            offset: how many to pass over.
            filters: conditions on columns and metadata.
            sort_by: ``"created_at"``, ``"updated_at"`` or ``"id"``.
            order: ``"asc"`` or ``"desc"``.
            top_k: another name for ``limit``.

        Returns:
            ``{"results": [...], "total": int}``; the total is that of all pages.
        """
        column, descending = check_sort(sort_by, order)
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        limit, offset = check_limit(limit, top_k, least=0), check_count(offset, "offset", least=0)
        parts = self._ready()
        rows, total = parts.store.list_rows(
            whose, expression, sort_by=column, descending=descending, limit=limit, offset=offset
        )
        return {"results": [record(row) for row in rows], "total": total}

    def history(self, memory_id: int | str) -> list[dict[str, Any]]:
        """Return what happened to a memory, oldest first, also after it was deleted.

        Returns:
            ``{"memory_id", "event", "old_memory", "new_memory", "created_at", "actor"}`` for each change.
        """
        number = read_id(memory_id, "memory_id")
        parts = self._ready()
        return [] if number is None else [history_record(entry) for entry in parts.store.history(number)]

    def sources(self, memory_id: int | str) -> list[dict[str, Any]]:
        """Return the messages that a memory came from, oldest first.

        Returns:
            ``{"id", "role", "content", "actor_id", "sent_at"}`` for each.
        """
        number = read_id(memory_id, "memory_id")
        parts = self._ready()
        return [] if number is None else [turn_record(turn) for turn in parts.store.turns(number)]

    def count(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many current memories there are."""
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        parts = self._ready()
        return parts.store.count(whose, expression)

    def count_all(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many current memories there are; another name for ``count``."""
        return self.count(user_id, agent_id, run_id, filters)

    def users(self) -> list[str]:
        """Return the id of every user that has a memory, sorted."""
        parts = self._ready()
        return parts.store.users()

    def get_users(self) -> list[str]:
        """Return the id of every user that has a memory; another name for ``users``."""
        return self.users()

    def get_statistics(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        time_range: str | None = None,
        cutoff_date: Moment | None = None,
    ) -> dict[str, Any]:
        """Return numbers about the current memories, and what this memory is made of.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            time_range: ``"7d"``, ``"30d"``, ``"90d"`` or ``"all"``.
            cutoff_date: only what was created since then; wins over ``time_range``.
        """
        if time_range is not None and (not isinstance(time_range, str) or time_range not in _TIME_RANGES):
            raise InvalidInputError(
                f"time_range: expected one of {', '.join(_TIME_RANGES)}, got {shown(time_range)}"
            )
        days = _TIME_RANGES[time_range or "all"]
        since = None if days is None else clock.now() - days * clock.DAY
        if cutoff_date is not None:
            since = clock.parse(cutoff_date, "cutoff_date", self._zone)
        whose = self._scope(user_id, agent_id, None)
        parts = self._ready()
        return statistics_record(parts.store.statistics(whose, since), parts.description())

    def _answer(self, queries: Sequence[str], asked: Query) -> list[Answer]:
        with span("powermem.search", {"powermem.queries": len(queries), "powermem.limit": asked.limit}):
            parts = self._ready()
            if asked.rerank and parts.reranker is None:
                raise InvalidInputError(
                    "rerank: no reranker is configured; set the section 'reranker', with enabled true"
                )
            answers = parts.retrieval.search(queries, asked)
            annotate({"powermem.results": sum(len(answer.hits) for answer in answers)})
        return answers

    def _find(
        self, memory_id: int | str, user_id: Id | None, agent_id: Id | None, *, touch: bool = False
    ) -> Row | None:
        whose = self._scope(user_id, agent_id, None)
        number = read_id(memory_id, "memory_id")
        parts = self._ready()
        if number is None:
            return None
        found = parts.store.get_many([number], touch=touch, user_id=whose.user_id)
        row = found.get(number)
        return row if row is not None and is_theirs(row.scope, whose) else None
