"""Search: embed the query, query the store, rerank, and cut to the token limit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import partial
from typing import TYPE_CHECKING

from ..._concurrency import AsyncMeanwhile, async_gather, async_sleep
from ..._core import clock
from ..._core.instruments import STORE, Value, measured
from ..._core.query.around import Visibility, conversations, neighbours
from ..._core.query.excerpt import excerpt, few_terms
from ..._core.query.question import Question, read, voiced
from ..._core.query.search import Answer, Hit, SearchRequest
from ..._core.ranking.vectors import mean_direction
from ..._core.results.recalled import Recollection, distinct, once, recalled_line, recalled_passages
from ..._core.tracing import annotate, span
from ..._core.values import Row
from ...errors import InvalidInputError, ProviderError
from ...tokens import estimate_tokens, within
from ..encoder import AsyncEncoder
from ..first_use import AsyncFirstUse
from ..stores.base import AsyncStore
from .query import Query

if TYPE_CHECKING:
    from ..providers.reranker import AsyncReranker

_logger = logging.getLogger("powermem")

# A reranker gets this many times the wanted number of results, up to its own maximum.
_CANDIDATES = 3
# Concurrent requests to the reranker for one call; each takes a thread in the sync colour.
_RERANKED_AT_ONCE = 8
# How far back a recall follows what was superseded by what was superseded.
_GENERATIONS = 5
# Questions that are read in one turn of the event loop; each takes some 0.1 ms.
_READ_AT_ONCE = 8


class AsyncRetrieval:
    """Searches a store.

    Args:
        store: the store.
        encoder: embeds the queries.
        reranker: reorders the results, if there is one.
        voiced: whether to embed a question about a person also in the first person, as that person would
            state it.
    """

    def __init__(
        self,
        store: AsyncStore,
        encoder: AsyncEncoder,
        reranker: AsyncReranker | None,
        *,
        voiced: bool = True,
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._reranker = reranker
        self._voiced = voiced
        self._meanwhile = AsyncMeanwhile()
        self._first_use = AsyncFirstUse()

    async def search(self, texts: Sequence[str], query: Query) -> list[Answer]:
        """Search for each text; return hits best first, none for a blank text.

        Raises:
            InvalidInputError: the query asks for a reranker, and none is configured.
        """
        traced: dict[str, Value] = {"powermem.queries": len(texts), "powermem.limit": query.limit}
        with span("powermem.search", traced, store=self._store.name):
            if query.rerank and self._reranker is None:
                raise InvalidInputError(
                    "rerank: no reranker is configured; set the section 'reranker', with enabled true"
                )
            answers = await self._search(texts, query)
            annotate({"powermem.results": sum(len(answer.hits) for answer in answers)})
        return answers

    async def _search(self, texts: Sequence[str], query: Query) -> list[Answer]:
        asked = [i for i, text in enumerate(texts) if text.strip()]
        texts = list(map(excerpt, texts))
        now = clock.now()
        warnings: list[str] = []
        sought = [texts[i] for i in asked]
        reading = _Reading(sought, now, query.zone)
        await self._first_use.run(reading.begin)
        with self._meanwhile.computing(reading.begin):
            vectors = await self._encode(sought, warnings)
        questions = await reading.finish()
        reranker = None if query.rerank is False else self._reranker
        limit = query.limit
        if reranker is not None:
            query = query._replace(limit=min(limit, reranker.top_n or limit))
            limit = max(query.limit, min(query.limit * _CANDIDATES, reranker.max_candidates))
        requests = [
            SearchRequest(
                scope=query.scope,
                embedding=vector,
                terms=few_terms(question.sought.terms),
                forms=question.sought.forms,
                cues=question.cues,
                limit=limit,
                expression=query.expression,
                as_of=query.as_of,
                include_expired=query.include_expired,
                # The threshold applies to the final score.
                threshold=None if reranker is not None else query.threshold,
                explain=query.explain,
            )
            for question, vector in zip(questions, vectors, strict=True)
        ]
        found = [Answer(hits, tuple(warnings)) for hits in await self._find(requests)]
        if reranker is not None:
            found = await async_gather(
                [
                    partial(_reranked, reranker, texts[i], answer, query)
                    for i, answer in zip(asked, found, strict=True)
                ],
                _RERANKED_AT_ONCE,
            )
        if query.max_tokens is not None:
            found = [answer._replace(hits=within(answer.hits, _cost, query.max_tokens)) for answer in found]
        if query.around:
            found = await self._add_around(found, query, now)
        empty = Answer([], around={} if query.around else None)
        answers = dict(zip(asked, found, strict=True))
        return [answers.get(i, empty) for i in range(len(texts))]

    async def recall(
        self, text: str, query: Query, *, max_tokens: int | None = None, history: bool = False
    ) -> list[list[str]]:
        """Search, and write what is found as lines for a prompt; see `recalled_passages`.

        Args:
            text: the query.
            query: its parameters, of which ``max_tokens`` is left out.
            max_tokens: the estimated budget of the whole text once quoted.
            history: whether to show what the results have superseded.
        """
        (answer,) = await self.search([text], query._replace(around=0))
        if not answer.hits:
            return []
        user_id = query.scope.user_id
        sources = await self._store.sources([hit.row.id for hit in answer.hits], user_id=user_id)
        hits = distinct(answer.hits, sources)
        ids = [hit.row.id for hit in hits]
        visibility = Visibility(clock.now(), query.expression, query.as_of)
        found = Recollection(hits, sources)
        if history:
            rows = [hit.row for hit in hits]
            found = replace(found, earlier=await self.earlier(rows, visibility, user_id))
        if query.around:
            surroundings = await self._store.around(ids, query.around, user_id=user_id)
            around = neighbours(hits, surroundings, visibility)
            passages = conversations(hits, surroundings, around)
            found = replace(found, around=around, passages=passages)
        return recalled_passages(found, max_tokens)

    async def earlier(
        self, shown_rows: Sequence[Row], visibility: Visibility, user_id: str | None
    ) -> dict[int, list[Row]]:
        """Return what each memory has superseded, and what that had, the latest first, by its id.

        Args:
            shown_rows: the memories; none of them is returned.
            visibility: decides what may be shown beside them.
            user_id: whose they are, if they are of one user.
        """
        owners = {row.id: row for row in shown_rows}
        shown = set(owners)
        # What comes before a version is superseded by the memory that it is a version of.
        versions = {row.superseded_by: row for row in owners.values() if row.is_version}
        owners.update({successor: row for successor, row in versions.items() if successor is not None})
        earlier: dict[int, list[Row]] = {}
        for _ in range(_GENERATIONS):
            rows = await self._store.superseded(list(owners), user_id=user_id)
            owners = {
                row.id: owners[row.superseded_by]
                for row in rows
                if row.superseded_by in owners
                and row.id not in shown
                and visibility.held(row)
                and row.came_before(owners[row.superseded_by])
            }
            shown.update(owners)
            for row in rows:
                if row.id in owners:
                    earlier.setdefault(owners[row.id].id, []).append(row)
            if not owners:
                break
        for found in earlier.values():
            found.sort(key=lambda row: (row.valid_to or 0, row.id), reverse=True)
        return earlier

    async def _add_around(self, answers: Sequence[Answer], query: Query, now: int) -> list[Answer]:
        """Add the turns beside the results that fit into what the results leave of the budget."""
        ids = list({hit.row.id for answer in answers for hit in answer.hits})
        surroundings = await self._store.around(ids, query.around, user_id=query.scope.user_id)
        visibility = Visibility(now, query.expression, query.as_of, query.include_expired)
        with_turns = []
        for answer in answers:
            found = neighbours(answer.hits, surroundings, visibility)
            if query.max_tokens is not None:
                left = query.max_tokens - sum(map(_cost, answer.hits))
                each = [(memory_id, turn) for memory_id, turns in found.items() for turn in turns]
                found = {}
                for memory_id, turn in within(each, lambda one: estimate_tokens(one[1].text), left):
                    found.setdefault(memory_id, []).append(turn)
            with_turns.append(answer._replace(around=found))
        return with_turns

    async def _find(self, requests: Sequence[SearchRequest]) -> list[list[Hit]]:
        """Query the store, without duplicates of a text of one user."""
        with measured(STORE, {"db.operation.name": "search"}, self._store.name):
            found = await self._store.search(requests)
        answers = list(map(once, found))
        again = [
            i
            for i, (request, hits) in enumerate(zip(requests, found, strict=True))
            if len(answers[i]) < len(hits) == request.limit
        ]
        if again:
            # Rare: duplicates from several runs have displaced other results, so fetch more.
            more = [replace(requests[i], limit=2 * requests[i].limit) for i in again]
            for i, hits in zip(again, await self._store.search(more, touch=False), strict=True):
                answers[i] = once(hits)[: requests[i].limit]
        return answers

    async def _encode(self, texts: Sequence[str], warnings: list[str]) -> list[bytes | None]:
        """Return the vector of each query, or the mean with the vector of its first-person form."""
        forms: dict[int, str] = {}
        if self._voiced:
            forms = {i: form for i, text in enumerate(texts) if (form := voiced(text)) is not None}
        vectors = await self._encoder.encode_queries([*texts, *forms.values()], warnings)
        own = vectors[: len(texts)]
        for i, other in zip(forms, vectors[len(texts) :], strict=True):
            first = own[i]
            if first is not None and other is not None:
                own[i] = mean_direction(first, other)
        return own


class _Reading:
    """Reads the questions of a search while the embedder answers, as far as there is time.

    Args:
        texts: the questions.
        now: the current time, microseconds UTC.
        zone: the time zone of the user.
    """

    def __init__(self, texts: Sequence[str], now: int, zone: tzinfo) -> None:
        self._texts = texts
        self._read = partial(read, now=now, zone=zone)
        self._questions: list[Question] = []

    def begin(self) -> None:
        """Read the first questions."""
        done = len(self._questions)
        self._questions += map(self._read, self._texts[done : done + _READ_AT_ONCE])

    async def finish(self) -> list[Question]:
        """Read the others, and return all."""
        while len(self._questions) < len(self._texts):
            self.begin()
            if len(self._questions) < len(self._texts):
                # Others on the event loop have their turn.
                await async_sleep(0)
        return self._questions


async def _reranked(reranker: AsyncReranker, text: str, answer: Answer, query: Query) -> Answer:
    """Return the hits in the reranker's order, or as they are with a warning if it fails."""
    hits, warnings = answer.hits, tuple(answer.warnings)
    if not hits:
        return answer
    try:
        hits = await _rerank(reranker, text, hits, query.limit)
    except ProviderError as error:
        warnings = (*warnings, f"the results are not reranked: {error}")
        _logger.warning("%s", warnings[-1])
    least = query.threshold or 0.0
    return Answer([hit for hit in hits[: query.limit] if hit.score >= least], warnings)


async def _rerank(reranker: AsyncReranker, text: str, hits: Sequence[Hit], limit: int) -> list[Hit]:
    seen, rest = hits[: reranker.max_candidates], hits[reranker.max_candidates :]
    with span("powermem.rerank", {"powermem.candidates": len(seen)}):
        order = await reranker.rerank(text, [recalled_line(hit.row) for hit in seen], min(limit, len(seen)))
    ranked = [_scored(seen[i], score) for i, score in order]
    # Hits beyond the reranker's maximum follow with a score no higher than the last one.
    return ranked + [hit._replace(score=min(hit.score, ranked[-1].score)) for hit in rest]


def _scored(hit: Hit, score: float) -> Hit:
    details = {**hit.details, "fused": hit.score, "rerank": score}
    return hit._replace(score=score, details=details)


def _cost(hit: Hit) -> int:
    return estimate_tokens(hit.row.text)
