"""The facade: every public method checks its arguments, calls a service, and shapes the result."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import ref

from .._concurrency import AsyncItems, async_refuse_misuse, async_residence, async_to_thread
from .._core import clock
from .._core.changes.addition import Addition, read_addition
from .._core.changes.writes import Amend, Delete, DeleteWhere
from .._core.clock import read_zone
from .._core.filters.parse import parse as parse_filters
from .._core.forks import undivided
from .._core.inputs import (
    KEEP,
    File,
    Id,
    Item,
    Listener,
    Moment,
    check_around,
    check_choice,
    check_count,
    check_flag,
    check_id,
    check_limit,
    check_rate,
    check_scope,
    check_seconds,
    check_share,
    check_sort,
    check_text_given,
    is_theirs,
    named,
    read_id,
)
from .._core.masking import shown
from .._core.messages.normalize import Content, Messages, check_conversation, read_messages
from .._core.messages.rough import is_rough
from .._core.metadata import check_metadata
from .._core.prompts.quoting import quote_recalled, strip_recalled
from .._core.query.around import Visibility
from .._core.results.recalled import RecalledFact
from .._core.results.records import (
    answer_record,
    earlier_records,
    full_record,
    history_record,
    listed_task,
    message_record,
    preference_record,
    record,
    statistics_record,
    task_record,
    turn_record,
    updated_record,
)
from .._core.tasks.buffering import waiting_turns
from .._core.tasks.task import ProcessStatus, Task, work_scope
from .._core.text.cleaning import clean_text
from .._core.values import Row, Scope
from ..errors import InvalidInputError, NotFoundError, PowerMemError
from ..types import (
    AddManyResult,
    AddResult,
    DeleteAllResult,
    ExportResult,
    FullRecord,
    HistoryRecord,
    HistoryResult,
    ImportResult,
    MemoryPage,
    MemoryStatistics,
    MessageRecord,
    MoveResult,
    PreferenceRecord,
    RecalledText,
    ReembedResult,
    SearchResult,
    TaskRecord,
    TaskStatus,
    TurnRecord,
    UpdatedRecord,
)
from .processing.handle import AsyncProcessTask
from .retrieval.query import Query
from .views import AsyncAugmentation, AsyncClients, AsyncProcessing

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._core.sql.queries import Position
    from ..config import MemoryConfig
    from .assembly import Components
    from .bulk.moving import AsyncMover
    from .used_config import AsyncUsedConfig

_tasks_logger = logging.getLogger("powermem.processing")

_TIME_RANGES = {"7d": 7, "30d": 30, "90d": 90, "all": None}

# Default number of a user's messages to process at once: each exchange is processed when it ends.
_AT_ONCE = 1


@async_refuse_misuse
@named("AsyncMemory")
class AsyncMemory:
    """A lasting memory for AI agents.

    Constructing does no I/O. Use it as ``async with AsyncMemory(config) as memory``, or call ``initialize``
    and ``close``; the first call of any method initializes it. One instance serves many tasks or threads at
    once.

    In the signatures below, ``Id`` is a string, an integer or a ``UUID``; ``Moment`` a ``datetime``, an
    ISO-8601 string, or seconds since 1970; ``Messages`` a text, a message as a ``dict`` or object, or several
    of these. What methods return is described in ``powermem.types``.

    Args:
        config: a ``dict``, a ``MemoryConfig``, or ``None`` for what ``auto_config()`` finds.
        agent_id: the default agent of calls that name none.
        conn: a database that you have already: an engine (of either colour) or ``sessionmaker`` of
            SQLAlchemy, a URL, or a function that returns a new connection of psycopg, PyMySQL or sqlite3.
        auto_process: process a user's buffered messages automatically, at ``batch_threshold`` of them.
        batch_threshold: number of messages; an exchange has two.
        max_retries: how often failed background work is retried before it counts as failed.

    Raises:
        ConfigError: the configuration is wrong; the message names the path of the key.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | MemoryConfig | None = None,
        *,
        agent_id: Id | None = None,
        conn: object = None,
        auto_process: bool = False,
        batch_threshold: int = 10,
        max_retries: int = 2,
    ) -> None:
        # The settings' classes, models, stores and clients: loaded for the first memory, not for the class.
        # Import locks held by another thread would stay locked in a child forked in the meantime.
        with undivided():
            from .access import AsyncAccess
            from .assembly import read_design
            from .clients.attendance import AsyncAttendance

        self._auto_process = check_flag(auto_process, "auto_process")
        self._batch_threshold = check_count(batch_threshold, "batch_threshold", least=1)
        retries = check_count(max_retries, "max_retries", least=0)
        design = read_design(config, conn, retries)
        self._settings, self._zone = design.settings, design.zone
        self._agent_id = check_id(agent_id, "agent_id")
        self._access = AsyncAccess(design, resumes=self._auto_process)
        enough = self._batch_threshold if self._auto_process else _AT_ONCE
        self._attendance = AsyncAttendance(ref(self._access), self._agent_id, enough, self._zone)

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | MemoryConfig | None = None, **options: Any) -> Self:
        """Make a memory from a configuration; the same as calling the class."""
        return cls(config, **options)

    @property
    def config(self) -> AsyncUsedConfig:
        """The configuration; ``config.storage.build()`` creates the tables."""
        from .used_config import AsyncUsedConfig

        return AsyncUsedConfig.of(self._access.config, self._access)

    async def initialize(self) -> None:
        """Open store and providers. Calling it again, or from two tasks at once, does no harm.

        Raises:
            ConfigError: the configured store is not available.
            StoreError: the store cannot be opened.
            ClosedError: the memory was closed, or belongs to another event loop.
        """
        # Also with another embedder's vectors, since `reembed()` is called on an open memory.
        await self._access.open(any_vectors=True)

    async def close(self, drain: bool = True, timeout: float | None = 30) -> None:
        """Finish work under way and close everything. Further calls have no effect; other methods then fail.

        Registered clients are released. Resources shared by other instances of the same configuration are
        closed with the last of them.

        Args:
            drain: finish the background work started here; otherwise leave it for the next start.
            timeout: seconds for finishing; work that takes longer is left for the next start.
        """
        drain, timeout = check_flag(drain, "drain"), check_seconds(timeout, "timeout")
        self._access.check_place()
        self._attendance.release()
        await self._access.close(drain, timeout)

    def __repr__(self) -> str:
        from .._core.results.tables import overview_text

        return overview_text(type(self).__name__, self._overview())

    def _repr_html_(self) -> str:
        from .._core.results.tables import overview_html

        return overview_html(type(self).__name__, self._overview())

    def _overview(self) -> dict[str, str]:
        access = vars(self).get("_access")
        # A traceback may show it while its configuration is refused.
        return {"state": "not constructed"} if access is None else access.overview()

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.close()

    async def add(
        self,
        messages: Messages,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        metadata: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        scope: str | None = None,
        memory_type: str | None = None,
        prompt: str | None = None,
        infer: bool = True,
        *,
        actor_id: Id | None = None,
        timestamp: Moment | None = None,
        timezone: str | tzinfo | None = None,
        expires_at: Moment | None = None,
        async_mode: bool | str = False,
        idempotency_key: str | None = None,
    ) -> AddResult:
        """Store memories of messages.

        Args:
            messages: a string, one message, or several of these, in the form of any provider, as dicts or as
                objects. Content that cannot be remembered, such as tool calls, is left out.
            user_id: whose memory it is. An id is a string, an integer or a UUID, of at most 128 characters.
            agent_id: which agent's.
            run_id: of which conversation.
            metadata: JSON values to keep with every memory.
            filters: which stored memories may be updated, with ``infer``.
            scope: kept as ``metadata["scope"]``.
            memory_type: kept with every memory; else the kind of the fact.
            prompt: replaces the instructions for extracting facts.
            infer: extract facts and reconcile them with what is stored; otherwise each message is stored word
                for word.
            actor_id: who said it, where a message has no ``name``.
            timestamp: when it was said, where a message has no ``timestamp``: a ``datetime``, an ISO-8601
                string, or seconds since 1970; now if left out. Dates such as "yesterday" are read against it,
                on the speaker's calendar.
            timezone: the speaker's, such as ``"Europe/Berlin"``, where a time has no offset of its own;
                otherwise the configured one.
            expires_at: from then on no search finds it; a moment that has not come yet.
            async_mode: return as soon as the messages can be found word for word, and extract in the
                background; ``get_status`` says when. Also ``"async"`` and ``"sync"``. Images and audio always
                go this way.
            idempotency_key: a second call with the same key and scope returns the first one's result.

        Returns:
            ``{"results", "status", "task_id", "usage"}``; with ``infer``, ``"extractor"``; ``"warnings"``,
            sentences, where a model did not do all that was asked of it. Each result has ``"event"``:
            ``"ADD"``, ``"UPDATE"`` or ``"DELETE"``; what is known already is left out. Word for word, a
            message that is known already comes back with the event ``"NONE"``.

        Raises:
            InvalidInputError: an argument is wrong; nothing was stored.
            ExtractionError: the model's answer could not be read, or is never whole. What was learned is
                stored; the messages that were not learned from wait, and ``process`` or ``flush`` learns
                from them.
            ProviderError: a model failed or refused; the messages wait as above.

        Examples:
            >>> added = await memory.add("I'm allergic to peanuts. Any ideas for dinner?", user_id="ana")
            >>> [(change["event"], change["memory"]) for change in added["results"]]
            [('ADD', "I'm allergic to peanuts.")]

            Word for word, whatever it says:

            >>> kept = await memory.add("See you at 8.", user_id="ana", infer=False)
            >>> kept["results"][0]["memory"]
            'See you at 8.'
        """
        started = perf_counter()
        asked = self._addition(
            messages,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            metadata=metadata,
            filters=filters,
            scope=scope,
            memory_type=memory_type,
            prompt=prompt,
            infer=infer,
            actor_id=actor_id,
            timestamp=timestamp,
            timezone=timezone,
            expires_at=expires_at,
            async_mode=async_mode,
            idempotency_key=idempotency_key,
        )
        components = await self._ready()
        return await components.adding.add(asked, started, self._access.share)

    async def add_many(
        self,
        items: AsyncItems[Item],
        *,
        concurrency: int = 16,
        batch_size: int = 64,
        on_progress: Listener | None = None,
        on_error: str = "collect",
        checkpoint: str | os.PathLike[str] | None = None,
        rate_limit: float | None = None,
        **defaults: Any,
    ) -> AddManyResult:
        """Add many items concurrently. The items are read lazily, so there may be any number.

        Args:
            items: an iterable or async iterable of texts, of messages or lists of them, or of dicts of the
                arguments of ``add``.
            concurrency: maximum number of items with a language model at once; with 1, their order is kept.
            batch_size: maximum number of items in progress at once without a language model; these share
                embedding requests and transactions.
            on_progress: is called with the counts so far, at most ten times a second.
            on_error: ``"collect"`` records errors and continues; ``"raise"`` stops at the first one.
            checkpoint: path of a file that records progress. The same call with the same items continues
                where an earlier one ended, even if it was killed: nothing is lost or stored twice, and
                failed items are retried.
            rate_limit: maximum number of items started per second.
            defaults: arguments of ``add`` for items without them.

        Returns:
            ``{"added", "failed", "skipped", "errors", "usage"}``: items that were added, that failed, and
            that the checkpoint says were done; ``{"index", "error"}`` for each that failed; and what all
            cost.

        Raises:
            InvalidInputError: an argument is wrong, or the checkpoint belongs to other items.

        Examples:
            >>> items = [f"Ticket {number} is closed." for number in range(50)]
            >>> done = await memory.add_many(items, user_id="desk", infer=False)
            >>> done["added"], done["failed"]
            (50, 0)
        """
        from .._core.transfer.checkpoint import Checkpoint
        from .bulk.loading import AsyncLoader

        width = check_count(concurrency, "concurrency", least=1)
        batch = check_count(batch_size, "batch_size", least=1)
        check_choice(on_error, "on_error", ("collect", "raise"))
        rate = check_rate(rate_limit, "rate_limit")
        components = await self._ready()
        share = 1
        if width > 1 and (components.model is None or defaults.get("infer") is False):
            width = max(width, batch)
            if rate is None:
                # Two halves, so that one is embedded while a server stores the other. In this process they
                # would only take turns, and commit twice.
                share = width if components.store.in_process else width // 2
        loader = AsyncLoader(
            partial(components.adding.add_each, read=self._addition, maker=self._access.share),
            items,
            accepted=tuple(inspect.signature(self.add).parameters),
            width=width // share,
            share=share,
            defaults=defaults,
            collect=on_error == "collect",
            listener=on_progress,
            checkpoint=None if checkpoint is None else await async_to_thread(Checkpoint, checkpoint),
            rate_limit=rate,
        )
        return await loader.run()

    async def search(
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
        around: int = 0,
        as_of: Moment | None = None,
        include_expired: bool = False,
        rerank: bool | None = None,
        explain: bool = False,
    ) -> SearchResult:
        """Find the memories that answer a query.

        Args:
            query: a question or any text. A blank one finds nothing. Of more than 1,000 tokens, as estimated,
                the beginning and the end are read, 500 tokens each.
            user_id: search this user's memories only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata; see ``docs/filters.md``.
            limit: how many results at most.
            threshold: leave out results with a lower score, 0 to 1.
            top_k: another name for ``limit``.
            max_tokens: how many tokens the texts of the results may take together, by the estimate of
                ``powermem.tokens``. The best are kept; one too long for what is left is passed over. What is
                left then goes to the turns around them.
            around: how many turns just before and just after each result to add under ``"around"``: of its
                run, or without one of the same call of ``add``; of a fact, around the turns it came from. At
                most 20. ``limit`` and ``threshold`` do not count them.
            as_of: search what was true at that moment.
            include_expired: also find what has expired.
            rerank: whether to use the reranker; by default when one is configured.
            explain: add ``score_details`` to each result.

        Returns:
            ``{"results": [...]}``, best first; each a record with ``"score"`` in 0..1, and with
            ``around`` also ``"around"``, a list of turns in the order of time; see
            ``powermem.types.NeighbourRecord``. A turn that is itself a result, or is beside two, is given
            once. And ``"warnings"``, a list of texts, when the reranker failed, so that the results are in
            the order that they have without it, or when the embedder did not take all of the query.

        Raises:
            FilterError: a filter is wrong.
            InvalidInputError: another argument is wrong.

        Examples:
            >>> added = await memory.add(["I live in Oslo.", "My cat is called Otto."], user_id="ana")
            >>> found = await memory.search("What is the cat called?", user_id="ana", limit=1)
            >>> found["results"][0]["memory"]
            'My cat is called Otto.'
            >>> 0 <= found["results"][0]["score"] <= 1
            True
        """
        answers = await self.search_many(
            [query],
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            filters=filters,
            limit=limit,
            threshold=threshold,
            top_k=top_k,
            max_tokens=max_tokens,
            around=around,
            as_of=as_of,
            include_expired=include_expired,
            rerank=rerank,
            explain=explain,
        )
        return answers[0]

    async def search_many(
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
        around: int = 0,
        as_of: Moment | None = None,
        include_expired: bool = False,
        rerank: bool | None = None,
        explain: bool = False,
    ) -> list[SearchResult]:
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
            around=check_around(around),
            zone=self._zone,
        )
        components = await self._ready()
        return [
            answer_record(answer, explain=explain)
            for answer in await components.retrieval.search(queries, asked)
        ]

    async def context(
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
        around: int = 0,
        history: bool = False,
        as_of: Moment | None = None,
        rerank: bool | None = None,
    ) -> RecalledText:
        """Find the memories that answer a query, and write them as a text to put into a prompt.

        The text is marked as recalled: when it comes back in a conversation, nothing in it is taken for
        something newly said. Nothing is in it twice: neither the same words, nor a fact beside the message
        that states it.

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
                best memories are kept, then what they superseded, then the turns around them.
            around: how many turns just before and just after each memory to include, at most 20; see
                ``search``.
            history: whether to include, marked as superseded, what the memories have taken the place of.
            as_of: include only memories that were true at that moment, marked if they were superseded since.
            rerank: whether to use the reranker; by default when one is configured.

        Returns:
            A text with a line for each memory, the newest first, with its day and who said it; ``""`` when
            nothing is found or fits. Its attribute ``tokens`` is the estimate for the whole text.

        Raises:
            FilterError: a filter is wrong.
            InvalidInputError: another argument is wrong.

        Examples:
            >>> added = await memory.add("My cat is called Otto.", user_id="ana", timestamp="2026-05-03")
            >>> print(await memory.context("What is the cat called?", user_id="ana"))
            <powermem-recall>
            What is remembered from earlier conversations, ... It is data that may help ...
            - [3 May 2026] My cat is called Otto.
            </powermem-recall>
        """
        if not isinstance(query, str):
            raise InvalidInputError(f"query: expected a string, got {type(query).__name__}")
        asked = Query(
            scope=self._scope(user_id, agent_id, run_id, required=True),
            limit=check_limit(limit, top_k, least=1),
            expression=parse_filters(filters, self._zone),
            threshold=check_share(threshold, "threshold"),
            as_of=None if as_of is None else clock.parse(as_of, "as_of", self._zone),
            rerank=None if rerank is None else check_flag(rerank, "rerank"),
            around=check_around(around),
            zone=self._zone,
        )
        budget = None if max_tokens is None else check_count(max_tokens, "max_tokens", least=1)
        components = await self._ready()
        passages = await components.retrieval.recall(
            query, asked, max_tokens=budget, history=check_flag(history, "history")
        )
        return RecalledText(quote_recalled(passages))

    async def get(
        self,
        memory_id: int | str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        *,
        run_id: Id | None = None,
    ) -> FullRecord | None:
        """Return one memory.

        The id of a rough memory, which ``add`` returns with ``async_mode``, leads to the memory that has
        taken its place.

        Args:
            memory_id: which one, as a number or as its digits in a string.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            The record; ``None`` when there is none with this id, or it is not theirs.

        Examples:
            >>> added = await memory.add("My cat is called Otto.", user_id="ana")
            >>> record = await memory.get(added["results"][0]["id"], user_id="ana")
            >>> record["memory"], record["user_id"]
            ('My cat is called Otto.', 'ana')
        """
        row = await self._find(memory_id, user_id, agent_id, run_id, touch=True)
        while row is not None and row.superseded_by is not None and is_rough(row):
            refined = await self._find(row.superseded_by, user_id, agent_id, run_id, touch=True)
            if refined is None:
                break
            row = refined
        return None if row is None else full_record(row)

    async def get_all(
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
        as_of: Moment | None = None,
        history: bool = False,
    ) -> MemoryPage:
        """List current memories, or those of a moment in the past.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            limit: how many at most.
            offset: how many to pass over.
            filters: conditions on columns and metadata.
            sort_by: ``"created_at"``, ``"updated_at"``, ``"valid_from"`` or ``"id"``.
            order: ``"asc"`` or ``"desc"``.
            top_k: another name for ``limit``.
            as_of: list what was true at that moment, with the texts of that time.
            history: whether to return, as ``earlier``, what the memories have taken the place of.

        Returns:
            ``{"results": [...], "total": int}``; the total is that of all pages. With ``history`` also
            ``"earlier"``, keyed by the ids of memories.

        Examples:
            >>> added = await memory.add(["I live in Oslo.", "My cat is called Otto."], user_id="ana")
            >>> page = await memory.get_all(user_id="ana", limit=1, order="asc")
            >>> [record["memory"] for record in page["results"]], page["total"]
            (['I live in Oslo.'], 2)
        """
        limit, offset = check_limit(limit, top_k, least=0), check_count(offset, "offset", least=0)
        asked = (user_id, agent_id, run_id, limit, offset, filters, sort_by, order, as_of, history)
        return await self._page(*asked)

    async def history(
        self,
        memory_id: int | str,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
    ) -> list[HistoryRecord]:
        """Return what happened to a memory, oldest first, also after it was deleted.

        Args:
            memory_id: which one.
            user_id: it must be this user's. With an id, nothing is returned of a deleted memory, since it is
                no longer known whose it was.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            ``{"memory_id", "event", "old_memory", "new_memory", "created_at", "actor"}`` for each change.

        Examples:
            >>> added = await memory.add("My cat is called Otto.", user_id="ana")
            >>> record = await memory.update(added["results"][0]["id"], "My cat is called Ottilie.")
            >>> [change["event"] for change in await memory.history(record["id"])]
            ['ADD', 'UPDATE']
        """
        number = await self._visible(memory_id, user_id, agent_id, run_id)
        components = await self._ready()
        if number is None:
            return []
        # Whose it is was checked; without an id given, it may be anybody's.
        whose = check_id(user_id, "user_id")
        return [history_record(entry) for entry in await components.store.history(number, user_id=whose)]

    async def sources(
        self,
        memory_id: int | str,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
    ) -> list[TurnRecord]:
        """Return the messages that a memory came from, oldest first.

        Args:
            memory_id: which one.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            ``{"id", "role", "content", "actor_id", "sent_at"}`` for each.
        """
        number = await self._visible(memory_id, user_id, agent_id, run_id)
        components = await self._ready()
        if number is None:
            return []
        # Whose it is was checked; without an id given, every user's turns count.
        whose = check_id(user_id, "user_id")
        return [turn_record(turn) for turn in await components.store.turns(number, user_id=whose)]

    async def count(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many current memories there are.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata; see ``docs/filters.md``.
        """
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        components = await self._ready()
        return await components.store.count(whose, expression)

    async def count_all(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Return how many current memories there are; another name for ``count``."""
        return await self.count(user_id, agent_id, run_id, filters)

    async def users(self) -> list[str]:
        """Return the id of every user that has a memory, sorted."""
        components = await self._ready()
        return await components.store.users()

    async def get_users(self) -> list[str]:
        """Return the id of every user that has a memory; another name for ``users``."""
        return await self.users()

    async def get_statistics(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        time_range: str | None = None,
        cutoff_date: Moment | None = None,
        *,
        run_id: Id | None = None,
    ) -> MemoryStatistics:
        """Return numbers about the current memories, and what this memory is made of.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            time_range: ``"7d"``, ``"30d"``, ``"90d"`` or ``"all"``.
            cutoff_date: only what was created since then; wins over ``time_range``.
            run_id: this conversation's only.

        Returns:
            ``{"total_memories": int, "by_type": {type: int}, "by_tag": {tag: int}, "by_category":
            {category: int}, "avg_importance": float, "top_accessed": [{"id", "content", "access_count"}],
            "growth_trend": {"2026-05-01": int}, "age_distribution": {"< 1 day": int, ...}, "store": str,
            "embedder": str, "extractor": str}``.

        Raises:
            InvalidInputError: an argument is wrong.
        """
        if time_range is not None and (not isinstance(time_range, str) or time_range not in _TIME_RANGES):
            raise InvalidInputError(
                f"time_range: expected one of {', '.join(_TIME_RANGES)}, got {shown(time_range)}"
            )
        days = _TIME_RANGES[time_range or "all"]
        since = None if days is None else clock.now() - days * clock.DAY
        if cutoff_date is not None:
            since = clock.parse(cutoff_date, "cutoff_date", self._zone)
        whose = self._scope(user_id, agent_id, run_id)
        components = await self._ready()
        return statistics_record(await components.store.statistics(whose, since), **components.description())

    async def update(
        self,
        memory_id: int | str,
        content: str | None = None,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        replace_metadata: bool = False,
        expires_at: Moment | None = KEEP,
        text: str | None = None,
        data: str | None = None,
        run_id: Id | None = None,
    ) -> UpdatedRecord | None:
        """Change a memory.

        The new text is a correction: it holds for the past too, from the memory's ``valid_from`` on. What a
        model learned later, in ``add``, holds from then on; ``as_of`` before it finds the text of that time.

        Args:
            memory_id: which one.
            content: the new text; it is embedded again and the old one goes to the history.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            metadata: merged into what is there (RFC 7396: ``None`` removes a key).
            replace_metadata: replace instead of merging.
            expires_at: the new moment of expiry; ``None`` for never.
            text: another name for ``content``.
            data: another name for ``content``.
            run_id: it must be of this conversation.

        Returns:
            The record, or ``None`` when there is no such memory or it is not theirs. With ``"warnings"`` when
            the text has more windows than are embedded.

        Raises:
            InvalidInputError: there is nothing to change, or the scope already holds this text in another
            memory.

        Examples:
            >>> added = await memory.add("My cat is called Otto.", user_id="ana")
            >>> changed = await memory.update(
            ...     added["results"][0]["id"], "My cat is called Ottilie.", metadata={"checked": True}
            ... )
            >>> changed["memory"], changed["metadata"]
            ('My cat is called Ottilie.', {'checked': True})
        """
        given = [value for value in (content, text, data) if value is not None]
        if len(given) > 1:
            raise InvalidInputError("update: give the new text once, as content")
        wording = check_text_given(given[0], "content") if given else None
        extra = None if metadata is None else check_metadata(metadata)
        until = (
            None
            if expires_at is KEEP or expires_at is None
            else clock.parse(expires_at, "expires_at", self._zone)
        )
        replaced = check_flag(replace_metadata, "replace_metadata")
        if wording is None and extra is None and expires_at is KEEP:
            raise InvalidInputError("update: give content, metadata or expires_at")
        components = await self._ready()
        row = await self._find(memory_id, user_id, agent_id, run_id)
        if row is None:
            return None
        changed = Amend(
            row.id,
            clock.now(),
            metadata=extra,
            replace_metadata=replaced,
            expires_at=until,
            set_expires_at=expires_at is not KEEP,
            user_id=row.scope.user_id or "",
        )
        amendments = [] if extra is None and expires_at is KEEP else [changed]
        updated, warnings = await components.adding.update(row, wording, amendments)
        return None if updated is None else updated_record(updated, warnings)

    async def delete(
        self,
        memory_id: int | str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        *,
        run_id: Id | None = None,
    ) -> bool:
        """Delete a memory for good, with its earlier versions; its history stays.

        Args:
            memory_id: which one, as a number or as its digits in a string.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            Whether there was one with this id, and it was theirs.

        Examples:
            >>> added = await memory.add("My cat is called Otto.", user_id="ana")
            >>> cat = added["results"][0]["id"]
            >>> await memory.delete(cat), await memory.delete(cat)
            (True, False)
        """
        components = await self._ready()
        row = await self._find(memory_id, user_id, agent_id, run_id)
        if row is None:
            return False
        outcomes = await components.store.apply(
            [Delete(row.id, clock.now(), user_id=row.scope.user_id or "")]
        )
        return outcomes[0] is not None

    async def delete_all(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> DeleteAllResult:
        """Delete every memory of a scope, superseded ones too; without ``filters`` also its source turns.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata; see ``docs/filters.md``.

        Returns:
            ``{"deleted": int}``.

        Raises:
            InvalidInputError: no id was given; to delete everything, call ``reset``.

        Examples:
            >>> added = await memory.add(["I live in Oslo.", "My cat is called Otto."], user_id="ana")
            >>> await memory.delete_all(user_id="ana")
            {'deleted': 2}
        """
        whose = self._scope(user_id, agent_id, run_id)
        if whose == Scope():
            raise InvalidInputError(
                "delete_all: give user_id, agent_id or run_id; reset() deletes everything"
            )
        expression = parse_filters(filters, self._zone)
        components = await self._ready()
        outcomes = await components.store.apply([DeleteWhere(whose, expression, clock.now())])
        deleted = outcomes[0]
        assert isinstance(deleted, int)
        return {"deleted": deleted}

    async def reset(self) -> None:
        """Delete everything in the collection: memories, history, source turns."""
        components = await self._access.open(any_vectors=True)
        await components.store.reset()
        await components.encoder.restart()

    @property
    def processing(self) -> AsyncProcessing:
        """Statistics and control of background work."""
        return AsyncProcessing(self._access)

    async def add_exchange(
        self,
        user_id: Id,
        user_message: Content,
        assistant_message: Content,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: Id | None = None,
        *,
        timezone: str | tzinfo | None = None,
    ) -> tuple[MessageRecord, MessageRecord]:
        """Store a user's message and the reply durably in the buffer, to be processed later.

        Args:
            user_id: whose it is.
            user_message: the user's message; a text, or parts in the form of any provider.
            assistant_message: the reply; in the same forms, or a whole response object.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.
            timezone: the speaker's, where the timestamp has no offset; otherwise the configured one.

        Returns:
            Both source turns: ``{"id", "role", "content", "actor_id", "sent_at"}``; the id of one that says
            nothing to remember, such as a call of a tool, is ``None``.

        Raises:
            InvalidInputError: an argument is wrong; nothing was stored.

        Examples:
            >>> said, replied = await memory.add_exchange("ana", "I'm vegetarian.", "Noted.")
            >>> said["content"]
            "I'm vegetarian."
            >>> await memory.flush("ana")
            1
            >>> [record["memory"] for record in (await memory.get_all(user_id="ana"))["results"]]
            ["I'm vegetarian."]
        """
        messages = [("user", user_message), ("assistant", assistant_message)]
        user, assistant = await self._buffer(user_id, messages, timestamp, run_id, agent_id, timezone)
        return user, assistant

    async def add_message(
        self,
        user_id: Id,
        role: str,
        content: Content,
        timestamp: Moment | None = None,
        run_id: str | None = None,
        agent_id: Id | None = None,
        *,
        timezone: str | tzinfo | None = None,
    ) -> MessageRecord:
        """Store one message durably in the buffer, to be processed later.

        Args:
            user_id: whose it is.
            role: role of the speaker, such as ``"user"``.
            content: a text, or parts in the form of any provider.
            timestamp: when; now if it is left out.
            run_id: in which conversation.
            agent_id: with which agent.
            timezone: the speaker's, where the timestamp has no offset; otherwise the configured one.

        Returns:
            The source turn: ``{"id", "role", "content", "actor_id", "sent_at"}``; its id is ``None`` when it
            says nothing to remember, such as a call of a tool.
        """
        (turn,) = await self._buffer(user_id, [(role, content)], timestamp, run_id, agent_id, timezone)
        return turn

    async def process(self, user_id: Id) -> int:
        """Process a user's buffered messages, and wait for the result.

        Turns of failed tasks are retried.

        Args:
            user_id: whose; messages are processed per user.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or another error; the turns are kept, and can be processed again.
        """
        scope = work_scope(self._user(user_id), self._agent_id)
        components = await self._ready()
        (handle,) = await components.scheduler.begin([scope], again=True, maker=self._access.share)
        count = await handle.wait()
        handle.raise_for_error()
        return count

    def process_async(self, user_id: Id) -> AsyncProcessTask:
        """Start processing a user's buffered messages, and return at once.

        Args:
            user_id: whose; messages are processed per user.

        Returns:
            The task, which can be inspected and awaited.
        """
        scope = work_scope(self._user(user_id), self._agent_id)
        self._access.check()
        return self._access.engine().submit(scope, self._access.share)

    async def flush(self, user_id: Id | None = None) -> int:
        """Process all buffered messages, including those that arrive while it runs.

        Args:
            user_id: only this user's; all users' by default.

        Returns:
            How many memories were written.

        Raises:
            ProviderError: or another error, the first one; everything else was processed.
        """
        only = None if user_id is None else self._user(user_id)
        components = await self._ready()
        return await components.scheduler.flush(only, self._agent_id, self._access.share)

    async def get_preferences(
        self, user_id: Id, agent_id: Id | None = None, run_id: Id | None = None
    ) -> list[PreferenceRecord]:
        """Return what a user likes or wants, oldest first.

        Args:
            user_id: whose.
            agent_id: learned with this agent only.
            run_id: learned in this conversation only.

        Returns:
            ``{"preference_type", "preference", "reasoning", "run_id"}`` and whose it is; the type is
            ``"explicit_preference"`` if stated, ``"implicit_preference"`` if inferred.
        """
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        components = await self._ready()
        return [preference_record(preference) for preference in await components.store.preferences(scope)]

    async def wait_for_processing(self, user_id: Id | None = None, timeout: float | None = None) -> int:
        """Wait for every task in flight. A timeout or cancellation of the wait cancels no task.

        Args:
            user_id: only this user's; all users' by default.
            timeout: seconds, or ``None`` for no limit.

        Returns:
            How many memories these tasks wrote.

        Raises:
            ProcessTimeout: it takes longer.
        """
        scope = Scope() if user_id is None else self._user(user_id)
        patience = check_seconds(timeout, "timeout")
        components = await self._ready()
        return await components.scheduler.wait(scope, patience)

    async def get_status(
        self,
        task_id: int | str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        *,
        run_id: Id | None = None,
    ) -> TaskStatus:
        """Return the progress of a task.

        Args:
            task_id: as ``add`` returned it, or ``ProcessTask.id``.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            ``{"task_id", "status", "stage", "error", "results", "preferences", "created_at", "updated_at"}``;
            the status is ``"running"``, ``"completed"``, ``"failed"`` or ``"cancelled"``.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
        """
        return task_record(await self._task(task_id, user_id, agent_id, run_id))

    async def list_tasks(
        self,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        status: str | ProcessStatus | None = None,
        limit: int = 100,
        offset: int = 0,
        *,
        top_k: int | None = None,
    ) -> list[TaskRecord]:
        """List tasks, the newest first.

        Args:
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            status: only those in this state, such as ``"failed"``.
            limit: how many at most.
            offset: how many to pass over.
            top_k: another name for ``limit``.

        Returns:
            ``{"task_id", "status", "stage", "error", "kind", "user_id", "agent_id", "run_id", "attempts",
            "knowledge_count", "created_at", "updated_at", "due_at"}`` for each; the status is one of
            ``ProcessStatus``, as text.

        Raises:
            InvalidInputError: an argument is wrong.
        """
        whose = self._scope(user_id, agent_id, run_id, required=True)
        statuses = frozenset(ProcessStatus)
        if status is not None:
            names = [str(each) for each in ProcessStatus]
            statuses = frozenset({ProcessStatus(check_choice(status, "status", names))})
        size, skipped = check_limit(limit, top_k, least=0), check_count(offset, "offset", least=0)
        components = await self._ready()
        tasks = await components.store.list_tasks(whose, statuses, limit=size, offset=skipped)
        return [listed_task(task) for task in tasks]

    async def retry_task(
        self,
        task_id: int | str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        *,
        run_id: Id | None = None,
    ) -> AsyncProcessTask:
        """Restart a task that failed or was cancelled.

        Args:
            task_id: as ``add`` returned it, or ``ProcessTask.id``.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            The task, which can be inspected and waited for.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
            InvalidInputError: it is neither.
        """
        task = await self._task(task_id, user_id, agent_id, run_id)
        components = await self._ready()
        handle = await components.scheduler.retry(task, self._access.share)
        if handle is None:
            raise InvalidInputError(
                f"task_id: task {task.id} is {task.status}; only failed or cancelled tasks can be retried"
            )
        return handle

    async def cancel_task(
        self,
        task_id: int | str,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        *,
        run_id: Id | None = None,
    ) -> bool:
        """Cancel a task. Its turns stay, and can be processed by another one.

        Args:
            task_id: as ``add`` returned it, or ``ProcessTask.id``.
            user_id: it must be this user's.
            agent_id: it must be this agent's.
            run_id: it must be of this conversation.

        Returns:
            Whether it was unfinished.

        Raises:
            NotFoundError: there is no such task, or it is not theirs.
        """
        task = await self._task(task_id, user_id, agent_id, run_id)
        components = await self._ready()
        return await components.scheduler.cancel(task)

    async def export_memories(
        self,
        path_or_file: File,
        format: str = "jsonl",
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        include_vectors: bool = False,
        on_progress: Listener | None = None,
    ) -> ExportResult:
        """Write memories to a file, with their ids, history, source turns and all else that belongs to them.

        Also those superseded or expired are written; page by page, so that any number takes the same memory.
        A path appears when the file is whole; one that ends in ``.gz`` is compressed.

        Args:
            path_or_file: a path, or a file that is open for writing text or bytes.
            format: ``"jsonl"``: a header line, then one JSON object a line.
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata.
            include_vectors: write the vectors too, so that an import with the same embedder need not embed.
            on_progress: is called with the counts so far.

        Returns:
            ``{"exported", "turns", "deleted"}``: memories, source turns, and history entries of memories that
            exist no more. The last are written when neither an id nor a filter is given.

        Raises:
            InvalidInputError: the file cannot be written.
        """
        from .bulk.exporting import AsyncExporter

        check_choice(format, "format", ("jsonl",))
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        vectors = check_flag(include_vectors, "include_vectors")
        components = await self._access.open(any_vectors=True)
        exporter = AsyncExporter(components.store, whose, expression, vectors=vectors)
        return await exporter.write(path_or_file, on_progress)

    async def import_memories(
        self,
        source: File | Mapping[str, Any],
        format: str = "auto",
        *,
        collection: str | None = None,
        on_progress: Listener | None = None,
    ) -> ImportResult:
        """Store memories that an export, powermem 1.1 or mem0 has written.

        What is here already stays as it is, so importing twice changes nothing. Memories without a vector, or
        with one of another embedder, are embedded.

        Args:
            source: a path, a file open for reading, or JSON text. For a database of powermem 1.1, which is
                not changed, the path of its SQLite file, or the ``vector_store`` section with which 1.1 was
                configured for PostgreSQL, OceanBase or MySQL.
            format: ``"jsonl"`` (our own), ``"powermem"`` (1.1's JSON), ``"mem0"``, ``"powermem-1.1"``, or
                ``"auto"`` to find out.
            collection: the name of the database's table, when it has several.
            on_progress: is called with the counts so far.

        Returns:
            ``{"imported", "skipped", "failed", "errors"}``: memories that were new, that were here already,
            and unreadable lines, the first 100 of them as ``{"line", "error"}``.

        Raises:
            InvalidInputError: the source cannot be read, or is in no format that is known.
        """
        from .._core.transfer.sources import Source
        from .bulk.exporting import PAGE, async_acquire
        from .bulk.importing import AsyncImporter, AsyncUpstreamTable

        components = await self._ready()
        importer = AsyncImporter(components.store, components.encoder)
        if isinstance(source, Mapping):
            check_choice(format, "format", ("auto", "powermem-1.1"))
            async with AsyncUpstreamTable(source, collection) as table:
                return await importer.read(table.take, on_progress)
        opened = await async_acquire(partial(Source, source, format, collection), Source.close)
        try:
            await importer.expect(opened.embedder)
            return await importer.read(partial(async_to_thread, opened.take, PAGE), on_progress)
        finally:
            opened.close()

    async def load_history(
        self,
        source: str | os.PathLike[str],
        format: str = "auto",
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        me: str | Collection[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        infer: bool = True,
        timezone: str | tzinfo | None = None,
        day_first: bool | None = None,
        columns: Mapping[str, str] | None = None,
        encoding: str | None = None,
        again: bool = False,
        concurrency: int = 8,
        on_progress: Listener | None = None,
        rate_limit: float | None = None,
    ) -> HistoryResult:
        """Load a chat history, or the export of another memory.

        What was loaded before is left out, also if it was loaded from an older export. So a load that was
        interrupted is simply repeated.

        Args:
            source: the path of a file, a folder or a ZIP archive.
            format: ``"chatgpt"``, ``"claude"``, ``"gemini"``, ``"whatsapp"``, ``"telegram"``, ``"slack"``,
                ``"discord"``, ``"csv"``, ``"mbox"``, ``"mem0"``, ``"zep"``, ``"letta"``, ``"memobase"``,
                ``"mcp-memory"``, or ``"auto"`` to detect it.
            user_id: whose memories they become; if omitted, the user's that the export names, or in chats of
                people the name of the speaker who is the user.
            agent_id: which agent's.
            run_id: of which conversation; if omitted, each conversation or thread is one.
            me: names, ids or addresses of the speaker who is the user. Needed only for chats of people, if
                neither the export nor ``user_id`` tells.
            metadata: JSON values to keep with every memory.
            infer: extract facts from chats; otherwise each message is stored word for word. Memories of other
                libraries are always stored as they are.
            timezone: the zone of times without an offset, else the configured one.
            day_first: whether dates such as 3/4/24 begin with the day; found from all dates if omitted.
            columns: of CSV, the names of columns, as ``{"text": "Body", "speaker": "From", "time": "Sent"}``.
            encoding: of a text file that is not UTF-8.
            again: also store what was loaded before.
            concurrency: maximum number of parts of conversations with a language model at once; with 1,
                their order is kept.
            on_progress: is called with the counts so far, at most ten times a second.
            rate_limit: maximum number of calls started per second.

        Returns:
            ``{"format", "user_id", "conversations", "messages", "memories", "skipped", "failed", "left_out",
            "errors", "usage"}``.

        Raises:
            InvalidInputError: the file cannot be read or has no known format, dates can be read in two ways,
                or it is not known which of the speakers is the user; nothing was stored.
        """
        from .._core.histories.calls import Target
        from .._core.histories.history import History
        from .bulk.histories import AsyncHistoryLoader
        from .bulk.importing import AsyncImporter

        check_flag(infer, "infer")
        width = check_count(concurrency, "concurrency", least=1)
        rate = check_rate(rate_limit, "rate_limit")
        kept = {} if metadata is None else check_metadata(metadata)
        theirs = None if user_id is None else check_id(user_id, "user_id")
        make = partial(
            History,
            source,
            format,
            me=me,
            user_id=theirs,
            timezone=self._zone if timezone is None else timezone,
            day_first=day_first,
            columns=columns,
            encoding=encoding,
        )
        history = await async_to_thread(make)
        name = await async_to_thread(history.find_user)
        whose = self._scope(name if theirs is None else theirs, agent_id, run_id)
        components = await self._ready()
        loader = AsyncHistoryLoader(
            components.adding,
            components.store,
            AsyncImporter(components.store, components.encoder),
            self._addition,
            self._access.share,
            Target(history.format, *whose, kept),
            infer=infer,
            again=again,
        )
        return await loader.load(history, width=width, rate_limit=rate, listener=on_progress)

    async def copy_to(
        self,
        target: AsyncMemory,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        filters: Mapping[str, Any] | None = None,
        on_progress: Listener | None = None,
    ) -> ImportResult:
        """Copy memories into another memory, whatever store it has; what is there already stays as it is.

        Vectors are copied when both have the same embedder; otherwise the other one embeds.

        Args:
            target: the other memory.
            user_id: this user's only.
            agent_id: this agent's only.
            run_id: this conversation's only.
            filters: conditions on columns and metadata.
            on_progress: is called with the counts so far.

        Returns:
            ``{"imported", "skipped", "failed", "errors"}`` as of ``import_memories``.
        """
        from .bulk.exporting import AsyncExporter
        from .bulk.importing import AsyncImporter

        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        if not isinstance(target, AsyncMemory):
            raise InvalidInputError(f"target: expected an AsyncMemory, got {shown(target)}")
        components = await self._access.open(any_vectors=True)
        other = await target._access.open()
        store = components.store
        importer = AsyncImporter(other.store, other.encoder)
        await importer.expect(await store.identity())
        return await importer.copy(AsyncExporter(store, whose, expression, vectors=True), on_progress)

    async def move_user(
        self,
        user_id: Id,
        target: AsyncMemory,
        *,
        keep: bool = False,
        on_progress: Listener | None = None,
    ) -> MoveResult:
        """Move a user to another memory, whatever store it has, while both are in use.

        Memories with their versions, vectors and history, source turns, links, preferences, tasks, waiting
        messages and results kept under idempotency keys are copied, and what is written meanwhile is
        followed. For the last changes, both stores refuse writes of the user with ``UserMovedError``; from
        then on the target accepts them, and this memory does not. A call that was interrupted or killed is
        continued by the next one. The target must not hold anything of the user.

        Args:
            user_id: whose.
            target: the other memory.
            keep: leave what was moved here, where it can be read; otherwise it is deleted, and calls that
                would find nothing of the user raise ``UserMovedError``.
            on_progress: is called with the number of memories so far.

        Returns:
            ``{"memories", "turns", "rounds", "paused", "seconds"}``.

        Raises:
            InvalidInputError: the target has something of the user, or is the same collection.
            UserMovedError: the user was moved somewhere else.
        """
        mover = await self._mover(user_id, target)
        return await mover.run(on_progress, keep=check_flag(keep, "keep"))

    async def cancel_move(self, user_id: Id, target: AsyncMemory) -> None:
        """Undo a move that was interrupted before the target accepted writes; this memory does so again.

        Args:
            user_id: whose.
            target: the memory to which the user was being moved.

        Raises:
            InvalidInputError: the user is not being moved there, or has arrived.
        """
        await (await self._mover(user_id, target)).cancel()

    async def _mover(self, user_id: Id, target: AsyncMemory) -> AsyncMover:
        from .bulk.importing import AsyncImporter
        from .bulk.moving import AsyncMover

        whose = check_id(user_id, "user_id")
        if whose is None:
            raise InvalidInputError("user_id: expected an id, got None")
        if not isinstance(target, AsyncMemory):
            raise InvalidInputError(f"target: expected an AsyncMemory, got {shown(target)}")
        components = await self._access.open(any_vectors=True)
        other = await target._access.open()
        importer = AsyncImporter(other.store, other.encoder)
        return AsyncMover(whose, components.store, other.store, importer)

    async def reembed(
        self, *, batch_size: int = 256, on_progress: Listener | None = None, everything: bool = False
    ) -> ReembedResult:
        """Move the store to the configured embedder, which embeds every memory again.

        This is the one call that works on a memory whose store holds another embedder's vectors. If it is
        interrupted, the next call continues where it stopped. Until it ends, memories with the old embedder
        search as before, and this one by words; both may add. Then all vectors change in one transaction, and
        memories still open with the old embedder raise ``EmbeddingMismatchError``.

        Args:
            batch_size: number of memories embedded at a time.
            on_progress: is called with the counts so far.
            everything: embed also the memories that this embedder has embedded before. Long texts of before
                powermem embedded them in windows need it, and all texts after ``embedder.config.max_tokens``
                has changed.

        Returns:
            ``{"reembedded", "embedder", "seconds"}``.

        Raises:
            ConfigError: no embedder is configured.
        """
        from .bulk.reembedding import AsyncReembedder

        check_count(batch_size, "batch_size", least=1)
        components = await self._access.open(any_vectors=True)
        reembedder = AsyncReembedder(components.store, components.encoder)
        return await reembedder.run(batch_size, on_progress, everything=check_flag(everything, "everything"))

    @property
    def llm(self) -> AsyncClients[Self]:
        """Registration of LLM clients whose conversations are remembered."""
        return AsyncClients(self, self._attendance)

    @property
    def augmentation(self) -> AsyncAugmentation:
        """Background processing of conversations with registered clients."""
        return AsyncAugmentation(self._access)

    def attribution(self, entity_id: Id, process_id: Id | None = None) -> Self:
        """Set the speaker for this task or thread, and those started from it.

        It is stored in a context variable, so concurrent requests never mix. Without a speaker, nothing is
        recalled or remembered.

        Args:
            entity_id: whose conversation it is; the ``user_id`` of what is remembered.
            process_id: with which agent; the ``agent_id``.

        Returns:
            This memory.

        Raises:
            InvalidInputError: an id is of a wrong type, blank, or longer than 128 characters.
        """
        self._attendance.attributions.attribute(entity_id, process_id)
        return self

    def new_session(self) -> Self:
        """Start a new conversation in this task or thread, with a new id; see ``session_id``."""
        self._attendance.attributions.begin_session()
        return self

    def set_session(self, session_id: Id) -> Self:
        """Continue a conversation in this task or thread.

        Args:
            session_id: the ``run_id`` of what is remembered.

        Raises:
            InvalidInputError: the id is of a wrong type, blank, or longer than 128 characters.
        """
        if session_id is None:
            raise InvalidInputError("session_id: expected a string; new_session() begins one with its own id")
        self._attendance.attributions.begin_session(session_id)
        return self

    @property
    def session_id(self) -> str | None:
        """The conversation of this task or thread, if it has a name."""
        return self._attendance.attributions.current().session_id

    async def recall(
        self, query: str, limit: int | None = 5, *, top_k: int | None = None
    ) -> list[RecalledFact]:
        """Find memories about the user set by ``attribution``, across agents and conversations.

        A memory with an ``agent_id`` finds only the memories of this agent.

        Args:
            query: a question or any text.
            limit: maximum number of facts; 5 if ``None``.
            top_k: another name for ``limit``.

        Returns:
            The facts, best first; none without a speaker.

        Raises:
            InvalidInputError: an argument is wrong.
        """
        asked = check_text_given(clean_text(query) if isinstance(query, str) else query, "query")
        size = check_limit(5 if limit is None else limit, top_k, least=1)
        who = self._attendance.named()
        if who is None:
            return []
        hits = await self._attendance.find(self._access, asked, who, size, None)
        return [RecalledFact.of(hit) for hit in hits]

    async def delete_entity_memories(self, entity_id: Id | None = None) -> DeleteAllResult:
        """Delete what is known about a user, and keep what was said.

        Memories, preferences and messages that wait to be processed are forgotten, of all conversations and,
        unless this memory has an agent of its own, of all agents; the source turns stay, and nothing is
        learned from them again.

        Args:
            entity_id: the user; the one set by ``attribution`` without it.

        Returns:
            ``{"deleted": int}``, the number of memories.

        Raises:
            InvalidInputError: there is no user.
        """
        who = self._attendance.attributions.current().entity_id if entity_id is None else entity_id
        if who is None:
            raise InvalidInputError("entity_id: expected a user, since attribution(entity_id) names none")
        whose = self._scope(who, None, None)
        components = await self._ready()
        # What is being written now belongs to what was said before.
        await self._access.engine().keeper.settle(None)
        (deleted,) = await components.store.apply([DeleteWhere(whose, None, clock.now(), keep_turns=True)])
        assert isinstance(deleted, int)
        return {"deleted": deleted}

    async def observe(self, messages: Messages, reply: object = None) -> list[TurnRecord]:
        """Remember an exchange with any language model, and learn from it in the background.

        Only the user's last message is new, and only if no reply to it is included, so the whole history can
        be passed each time.

        Args:
            messages: a text, a message, or the messages of the request, in the form of
                any provider.
            reply: a text, or a response in the form of any provider.

        Returns:
            The stored source turns: ``{"id", "role", "content", "actor_id", "sent_at"}``; none without a
            speaker, see ``attribution``.

        Raises:
            InvalidInputError: the messages are of a wrong type.
        """
        from .._core.clients.exchange import new_messages
        from .._core.clients.replies import reply_text

        said, _ = new_messages(check_conversation(messages))
        turns = await self._attendance.keep(self._access, said, strip_recalled(reply_text(reply)))
        return [turn_record(turn) for turn in turns]

    def wrap(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does what a registered client does: it recalls before and remembers after.

        Args:
            fn: asks a language model; of either colour. Its argument ``messages``, ``input`` or ``prompt``,
                or else its first one, is a text or a list of messages. What is recalled is put into its
                argument ``system`` or ``instructions`` if that is given, and else among the messages. What it
                returns, or yields piece by piece, may have the form of any provider.

        Raises:
            InvalidInputError: it cannot be called.
        """
        from .._drivers.clients import wrapped

        if not callable(fn):
            raise InvalidInputError(f"fn: expected a function, got {type(fn).__name__}")
        self._access.check_open()
        self._attendance.prepare()
        return wrapped(fn, self._attendance)

    async def _ready(self) -> Components:
        """Return the components, opened if they are not."""
        engine = self._access.admitted
        # The usual case, without another call.
        if engine is not None and engine.affinity == async_residence() and engine.components is not None:
            return engine.components
        return await self._access.open()

    async def _page(
        self,
        user_id: object,
        agent_id: object,
        run_id: object,
        limit: int,
        offset: int,
        filters: Mapping[str, Any] | None,
        sort_by: object,
        order: object,
        as_of: Moment | None,
        history: object,
        after: Position | None = None,
    ) -> MemoryPage:
        """Return a page of ``get_all``.

        Behind a place in the order, nothing before it is read and nothing is counted: the total is then the
        number of the page, and one more if it is not the last.
        """
        column, descending = check_sort(sort_by, order)
        whose = self._scope(user_id, agent_id, run_id, required=True)
        expression = parse_filters(filters, self._zone)
        moment = None if as_of is None else clock.parse(as_of, "as_of", self._zone)
        with_history = check_flag(history, "history")
        components = await self._ready()
        ordered: dict[str, Any] = {"sort_by": column, "descending": descending, "as_of": moment}
        if after is None:
            rows, total = await components.store.list_rows(
                whose, expression, limit=limit, offset=offset, **ordered
            )
        else:
            rows = await components.store.next_rows(
                whose, expression, limit=limit + 1, after=after, **ordered
            )
            rows, total = rows[:limit], len(rows)
        page: MemoryPage = {"results": [record(row) for row in rows], "total": total}
        if with_history:
            visibility = Visibility(clock.now(), as_of=moment)
            earlier = await components.retrieval.earlier(rows, visibility, whose.user_id)
            page["earlier"] = earlier_records(earlier, whose)
        return page

    def _scope(self, user_id: object, agent_id: object, run_id: object, *, required: bool = False) -> Scope:
        scope = check_scope(user_id, self._agent_id if agent_id is None else agent_id, run_id)
        if required and scope == Scope() and self._settings.security.require_scope:
            raise InvalidInputError(
                "give user_id, agent_id or run_id: security.require_scope refuses calls for all users"
            )
        return scope

    def _addition(
        self,
        messages: object = None,
        *,
        user_id: object = None,
        agent_id: object = None,
        run_id: object = None,
        **arguments: Any,
    ) -> Addition:
        """Check the arguments of ``add``."""
        return read_addition(
            self._scope(user_id, agent_id, run_id),
            messages,
            **arguments,
            private_urls=self._settings.security.allow_private_urls,
            zone=self._zone,
        )

    async def _find(
        self,
        memory_id: int | str,
        user_id: Id | None,
        agent_id: Id | None,
        run_id: Id | None,
        *,
        touch: bool = False,
    ) -> Row | None:
        whose = self._scope(user_id, agent_id, run_id)
        number = read_id(memory_id, "memory_id")
        components = await self._ready()
        if number is None:
            return None
        found = await components.store.get_many([number], touch=touch, user_id=whose.user_id)
        row = found.get(number)
        return row if row is not None and is_theirs(row.scope, whose) else None

    async def _visible(
        self, memory_id: int | str, user_id: Id | None, agent_id: Id | None, run_id: Id | None
    ) -> int | None:
        """Return the id as a number; ``None`` if it is none, or the memory is not theirs."""
        number = read_id(memory_id, "memory_id")
        if number is None or user_id is agent_id is run_id is None:
            return number
        return None if await self._find(memory_id, user_id, agent_id, run_id) is None else number

    async def _buffer(
        self,
        user_id: Id,
        messages: Sequence[tuple[str, object]],
        timestamp: Moment | None,
        run_id: Id | None,
        agent_id: Id | None,
        timezone: str | tzinfo | None,
    ) -> list[MessageRecord]:
        scope = self._scope(self._user(user_id).user_id, agent_id, run_id)
        at = clock.now()
        zone = self._zone if timezone is None else read_zone(timezone)
        said = clock.local_time(at, zone) if timestamp is None else clock.parse_local(timestamp, zone)
        private = self._settings.security.allow_private_urls
        buffered = [
            waiting_turns(
                read_messages(
                    {"role": role, "content": content}, sent_at=said, zone=zone, private_urls=private
                ),
                scope,
                at,
            )
            for role, content in messages
        ]
        components = await self._ready()
        turns = list(chain.from_iterable(buffered))
        if turns:
            await components.store.apply(turns)
        if turns and self._auto_process:
            try:
                await components.scheduler.begin_when_due(
                    scope, self._agent_id, self._batch_threshold, self._access.share
                )
            except PowerMemError as error:
                # The turn is stored, and an error would make the caller add it again.
                _tasks_logger.warning("processing could not be started for %r: %s", user_id, error)
        return [
            message_record(str(role), said.at, waiting[0].turn if waiting else None)
            for waiting, (role, _) in zip(buffered, messages, strict=True)
        ]

    async def _task(
        self, task_id: int | str, user_id: Id | None, agent_id: Id | None, run_id: Id | None
    ) -> Task:
        whose = self._scope(user_id, agent_id, run_id)
        number = read_id(task_id, "task_id")
        components = await self._ready()
        task = None if number is None else await components.scheduler.find(number, whose)
        if task is None:
            raise NotFoundError(f"task_id: there is no task {shown(task_id)}, or it belongs to another user")
        return task

    def _user(self, user_id: object) -> Scope:
        scope = Scope(check_id(user_id, "user_id"))
        if scope.user_id is None:
            raise InvalidInputError("user_id: required here; messages are processed per user")
        return scope
